//! Kills while an import is read, applied, published.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::chance::Chance;
use crate::kit::{Database, Outcome, Server, accession, init, is_sound, naaccr_file};

const PATIENTS: usize = 800;

/// The step of the newest job, and whether it runs.
fn step(db: &Database) -> (String, String) {
    let found = db.values("SELECT state || ' ' || step AS value FROM job ORDER BY id DESC LIMIT 1");
    let text = found.into_iter().flatten().next().unwrap_or_default();
    let (state, step) = text.split_once(' ').unwrap_or(("", ""));
    (state.to_owned(), step.to_owned())
}

/// Waits until the job is in this step or past it; answers whether it still runs.
fn wait_for(db: &Database, wanted: &str) -> bool {
    let order = ["", "read", "apply", "publish", "change"];
    let place = |step: &str| order.iter().position(|known| *known == step).unwrap_or(0);
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        let (state, now) = step(db);
        if state == "done" || state == "failed" {
            return false;
        }
        if state == "running" && place(&now) >= place(wanted) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    panic!("the job never came to {wanted}: {:?}", step(db));
}

fn counts(db: &Database) -> [i64; 3] {
    ["patient", "tumor", "abstract"].map(|table| db.number(&format!("SELECT count(*) FROM {table}")))
}

fn import(file: &Path, url: &str) -> Outcome {
    accession(&["import", &file.display().to_string(), "--database", url, "--json"])
}

/// The state that must be there once so many imports were carried to their end, whatever happened on the way.
fn is_whole(db: &Database, file: &Path, imports: usize, run: Outcome) {
    assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
    let line = &run.json_lines()[0];
    assert_eq!(line["outcome"], "published", "{line}");
    assert_eq!((&line["added"], &line["tumors"]), (&PATIENTS.into(), &PATIENTS.into()), "{line}");
    let n = i64::try_from(PATIENTS * imports).unwrap();
    assert_eq!(counts(db), [n; 3]);
    assert_eq!(db.number("SELECT count(*) FROM hidden_import"), 0);
    let doubles = "SELECT count(*) FROM (SELECT accession, sequence FROM abstract GROUP BY facility_id, accession, sequence HAVING count(*) > 1) d";
    assert_eq!(db.number(doubles), 0);
    is_sound(db);
    if imports == 1 {
        let again = import(file, db.url()).json_lines().remove(0);
        assert_eq!((&again["added"], &again["unchanged"]), (&0.into(), &PATIENTS.into()), "{again}");
        assert_eq!(counts(db), [n; 3]);
    }
}

/// Where the kill met the job: reading, applying, or at publishing (all is applied, or it is published but not done).
fn stage_met(db: &Database) -> Option<&'static str> {
    let row = db.values(
        "SELECT state || ' ' || step || ' ' || CASE WHEN total > 0 AND done >= total THEN 'all' ELSE 'some' END AS value FROM job ORDER BY id DESC LIMIT 1",
    );
    let row = row.into_iter().flatten().next()?;
    let parts: Vec<&str> = row.split(' ').collect();
    match parts.as_slice() {
        ["running", "read", _] => Some("read"),
        ["running", "apply", "all"] | ["running", "publish" | "change", _] => Some("publish"),
        ["running", "apply", _] => Some("apply"),
        _ => None,
    }
}

on_both!(
    #[ignore = "long: kills until each stage was met three times, publishing lasts a few milliseconds"]
    imports_killed_in_every_stage_are_whole_in_the_end,
    |db| {
        init(db);
        let mut chance = Chance::new();
        let mut kills: BTreeMap<&str, u32> = BTreeMap::new();
        let mut server = Server::start(db.url());
        let enough =
            |kills: &BTreeMap<&str, u32>| ["read", "apply", "publish"].iter().all(|stage| kills.get(stage) >= Some(&3));
        let mut imports = 0;
        while !enough(&kills) {
            assert!(imports < 12, "after {imports} imports: {kills:?}");
            let file = naaccr_file(db.folder(), &format!("{imports}.xml"), 1 + imports * PATIENTS, PATIENTS);
            imports += 1;
            let jobs_before = db.number("SELECT count(*) FROM job");
            std::thread::scope(|scope| {
                let asked = scope.spawn(|| import(&file, db.url()));
                let until = Instant::now() + Duration::from_secs(60);
                while db.number("SELECT count(*) FROM job") == jobs_before && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(1));
                }
                for stage in ["read", "apply", "publish", "publish"] {
                    if kills.get(stage) >= Some(&3) || !wait_for(db, if stage == "publish" { "apply" } else { stage }) {
                        continue;
                    }
                    // Publishing is one short piece at the end of applying: kill around that moment.
                    let nearly = "SELECT CASE WHEN step <> 'apply' OR (total > 0 AND done >= total) THEN 1 ELSE 0 END FROM job ORDER BY id DESC LIMIT 1";
                    let until = Instant::now() + Duration::from_secs(60);
                    while stage == "publish" && db.number(nearly) == 0 && Instant::now() < until {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    chance.wait_up_to(if stage == "publish" { 8 } else { 30 });
                    let visible_before = db.number("SELECT count(*) FROM abstract_live");
                    server.kill();
                    let whole = i64::try_from(imports * PATIENTS).unwrap();
                    let visible = db.number("SELECT count(*) FROM abstract_live");
                    assert!(
                        visible == whole || visible == whole - i64::try_from(PATIENTS).unwrap(),
                        "{visible} abstracts are to be seen"
                    );
                    assert!(visible >= visible_before);
                    if let Some(met) = stage_met(db) {
                        *kills.entry(met).or_default() += 1;
                    }
                    // As if the dead server's lease had run out, which takes 20 s by the clock.
                    db.tamper("UPDATE job SET lease_until = 0 WHERE state = 'running'");
                    server = Server::start(db.url());
                }
                is_whole(db, &file, imports, asked.join().unwrap());
            });
        }
        println!("{kills:?} in {imports} imports");
        drop(server);
    }
);

on_both!(the_next_server_takes_over_by_itself, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "many.xml", 1, PATIENTS);
    let mut server = Server::start(db.url());
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| import(&file, db.url()));
        assert!(wait_for(db, "read"));
        server.kill();
        let began = Instant::now();
        let next = Server::start(db.url());
        assert!(began.elapsed() < Duration::from_secs(10), "ready again after {:?}", began.elapsed());
        is_whole(db, &file, 1, asked.join().unwrap());
        drop(next);
    });
});
