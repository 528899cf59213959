//! Kills while an import is read, applied, published.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::chance::Chance;
use crate::kit::{Database, Kind, Outcome, Server, accession, init, is_sound, naaccr_file};

const PATIENTS: usize = 1200;

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

/// Where the kill met the import: reading, applying, or at publishing (all is applied, or it is published but not done).
fn stage_met(db: &Database) -> Option<&'static str> {
    let row = db.values(
        "SELECT i.state || ' ' || CASE WHEN j.total > 0 AND j.done >= j.total THEN 'all' ELSE 'some' END AS value \
         FROM import i JOIN job j ON j.id = i.job_id ORDER BY i.id DESC LIMIT 1",
    );
    match row.into_iter().flatten().next()?.as_str() {
        "read all" | "read some" => Some("read"),
        "apply some" => Some("apply"),
        "apply all" | "publish all" | "publish some" | "change all" | "change some" => Some("publish"),
        _ => None,
    }
}

/// Publishing lasts a few milliseconds: makes its transaction last some tenths of a second, or as before.
fn publish_slowly(db: &Database, slowly: bool) {
    db.tamper(match (db.kind(), slowly) {
        (Kind::Sqlite, true) => {
            "CREATE TRIGGER slowly BEFORE DELETE ON hidden_import BEGIN SELECT count(*) FROM (WITH RECURSIVE t(n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 1000000) SELECT n FROM t); END"
        }
        (Kind::Postgres, true) => {
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN OLD; END'; \
             CREATE TRIGGER slowly BEFORE DELETE ON hidden_import FOR EACH ROW EXECUTE FUNCTION slowly()"
        }
        (Kind::Sqlite, false) => "DROP TRIGGER slowly",
        (Kind::Postgres, false) => "DROP TRIGGER slowly ON hidden_import; DROP FUNCTION slowly",
    });
}

/// Lets the import come to a stage and kills the server somewhere in it. Answers whether there was time to.
fn kill_in(db: &Database, stage: &str, server: &mut Server, chance: &mut Chance) -> bool {
    if !wait_for(db, stage) {
        return false;
    }
    // Not in the first moment alone; publishing is over in less than half a second.
    chance.wait_up_to(if stage == "publish" { 400 } else { 30 });
    server.kill();
    true
}

on_both!(imports_killed_in_every_stage_are_whole_in_the_end, |db| {
    init(db);
    let mut chance = Chance::new();
    let mut kills: BTreeMap<&str, u32> = BTreeMap::new();
    let mut server = Server::start(db.url());
    let few = |kills: &BTreeMap<&str, u32>, stage: &str| kills.get(stage).is_none_or(|n| *n < 3);
    let mut imports = 0;
    while ["read", "apply", "publish"].iter().any(|stage| few(&kills, stage)) {
        assert!(imports < 12, "after {imports} imports: {kills:?}");
        let file = naaccr_file(db.folder(), &format!("{imports}.xml"), 1 + imports * PATIENTS, PATIENTS);
        imports += 1;
        publish_slowly(db, true);
        let jobs_before = db.number("SELECT count(*) FROM job");
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| import(&file, db.url()));
            let until = Instant::now() + Duration::from_secs(60);
            while db.number("SELECT count(*) FROM job") == jobs_before && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(1));
            }
            for stage in ["read", "apply", "publish"] {
                let visible_before = db.number("SELECT count(*) FROM abstract_live");
                if !few(&kills, stage) || !kill_in(db, stage, &mut server, &mut chance) {
                    continue;
                }
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
            let run = asked.join().unwrap();
            publish_slowly(db, false);
            is_whole(db, &file, imports, run);
        });
    }
    println!("{kills:?} in {imports} imports");
    drop(server);
});

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
