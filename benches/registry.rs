//! A registry at work: what an import costs, and what people at the pages feel meanwhile and afterwards.
//!
//! ```text
//! cargo bench --bench registry                                      100,000 tumors on SQLite, both parts
//! cargo bench --bench registry -- pages --tumors 1000000            the pages alone, on a larger registry
//! cargo bench --bench registry -- import pages --postgres           on a private PostgreSQL
//! cargo bench --bench registry -- pages --database sqlite:big.db    the pages, on a registry at hand (it gets a user)
//! ```
//!
//! *import*: full abstracts (type A, as `accession synth` writes them) go through the server's import job while a second
//! person signs in, opens 200 abstracts and saves 50. Printed are the processor time of the server and of the command,
//! rows a second of wall time, the most memory either held, and the times of that person's pages and saves.
//!
//! *pages*: in a registry filled by `accession synth --into`, one person searches, opens the home page, the list of
//! those due for follow-up, patients and abstracts; the median, the 95th percentile and the longest time of each.
//!
//! Times are wall time as the browser's side sees them, over loopback; look at the machine's load first.

#![allow(clippy::unwrap_used, dead_code, unused_imports, unused_macros)]

#[path = "../tests/it/kit/mod.rs"]
mod kit;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use accession::asker::Role;
use kit::{Database, Kind, Person, Server, Visitor, accession, cpu_of, encode, init, measured, peak_of};

/// Tumors a patient has on average in what `accession synth` makes.
const TUMORS_A_PATIENT: f64 = 1.128;
const SECTIONS: [&str; 6] = ["accession", "patient", "identification", "stage", "treatment", "text"];
const OPENED: usize = 200;
const SAVED: usize = 50;

struct Asked {
    import: bool,
    pages: bool,
    kind: Kind,
    tumors: usize,
    database: Option<String>,
}

fn asked() -> Asked {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    let both = !has("import") && !has("pages");
    let after = |word: &str| words.iter().position(|w| w == word).and_then(|at| words.get(at + 1).cloned());
    let tumors = after("--tumors").and_then(|n| n.parse().ok());
    Asked {
        import: both || has("import"),
        pages: both || has("pages"),
        kind: if has("--postgres") { Kind::Postgres } else { Kind::Sqlite },
        tumors: tumors.unwrap_or(100_000),
        database: after("--database"),
    }
}

fn patients_for(tumors: usize) -> String {
    format!("{:.0}", tumors as f64 / TUMORS_A_PATIENT)
}

/// Times of one kind, in milliseconds.
fn say(what: &str, times: &mut [Duration]) {
    times.sort();
    let ms = |at: usize| times.get(at.min(times.len().saturating_sub(1))).map_or(0.0, |t| t.as_secs_f64() * 1_000.0);
    println!(
        "{what:34} {:5} times   median {:7.1} ms   95 % {:7.1} ms   most {:7.1} ms",
        times.len(),
        ms(times.len() / 2),
        ms(times.len() * 95 / 100),
        ms(times.len())
    );
}

/// One page, timed; it must answer 200.
fn page(visitor: &mut Visitor, path: &str) -> Duration {
    let began = Instant::now();
    visitor.get(path).expect_status(200);
    began.elapsed()
}

/// Saves a text in an abstract as the page's script does, against the versions it saw.
fn save(visitor: &mut Visitor, db: &Database, case: i64, value: &str) -> Duration {
    let seen = db.number(&format!("SELECT version FROM abstract WHERE id = {case}"));
    let patient = db
        .number(&format!("SELECT p.version FROM patient p JOIN abstract a ON a.patient_id = p.id WHERE a.id = {case}"));
    let origin = visitor.url().to_owned();
    let body = format!("csrf={}&seen={seen}&seen_patient={patient}&value={}", visitor.csrf(), encode(value));
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", "application/json"),
        ("origin", origin.as_str()),
    ];
    let began = Instant::now();
    let answer = visitor.send("POST", &format!("/cases/{case}/items/2520"), &headers, body.as_bytes());
    let took = began.elapsed();
    answer.expect_status(200);
    took
}

/// Ids spread evenly over a table.
fn spread(db: &Database, table: &str, wanted: usize) -> Vec<i64> {
    let most = db.number(&format!("SELECT max(id) FROM {table}_live"));
    (0..wanted as i64)
        .map(|at| 1 + at * (most - 1) / wanted as i64)
        .map(|from| db.number(&format!("SELECT min(id) FROM {table}_live WHERE id >= {from}")))
        .collect()
}

fn import(asked: &Asked) {
    let db = Database::fresh(asked.kind).unwrap();
    init(&db);
    accession(&["synth", "--patients", "2000", "--seed", "3", "--type", "A", "--into", db.url()]).expect_code(0);
    let person = Person::add(&db, "second", &[Role::Abstractor, Role::RegistryManager], &[]);
    let file: PathBuf = db.folder().join("many.xml");
    let file = file.display().to_string();
    let patients = patients_for(asked.tumors);
    accession(&["synth", "--patients", &patients, "--seed", "7", "--type", "A", "--out", &file]).expect_code(0);
    let cases = spread(&db, "abstract", OPENED);
    let server = Server::start(db.url());
    let cpu_before = cpu_of(server.pid()).unwrap();

    let over = AtomicBool::new(false);
    let began = Instant::now();
    let (run, took, mut opened, mut saved, signed_in) = std::thread::scope(|scope| {
        let importing = scope.spawn(|| {
            let words =
                ["import", &file, "--database", db.url(), "--facility", kit::HOME, "--sender", "bench", "--json"];
            let run = measured(&words, |_| ());
            over.store(true, Ordering::Relaxed);
            (run, began.elapsed())
        });
        std::thread::sleep(Duration::from_secs(2));
        let at = Instant::now();
        let mut visitor = person.at(&server);
        let signed_in = at.elapsed();
        visitor.get("/account").expect_status(200);
        let (mut opened, mut saved) = (Vec::new(), Vec::new());
        for (at, case) in cases.iter().enumerate() {
            opened.push(page(&mut visitor, &format!("/cases/{case}/{}", SECTIONS[at % SECTIONS.len()])));
            if at % (OPENED / SAVED) == 0 {
                saved.push(save(&mut visitor, &db, *case, &format!("Seen in clinic, note {at}.")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        println!(
            "the second person was done {}",
            if over.load(Ordering::Relaxed) { "AFTER the import" } else { "before the import was" }
        );
        let (run, took) = importing.join().unwrap();
        (run, took, opened, saved, signed_in)
    });
    let line = &run.outcome.json_lines()[0];
    let cpu = cpu_of(server.pid()).unwrap() - cpu_before;
    let tumors = line["tumors"].as_f64().unwrap();
    println!("import on {:?}: {line}", asked.kind);
    println!(
        "CPU: server {:.1} s (with the second person's pages), command {:.1} s; wall {:.1} s; {:.0} abstracts a second; peak: server {} MB, command {} MB",
        cpu.as_secs_f64(),
        run.cpu.as_secs_f64(),
        took.as_secs_f64(),
        tumors / took.as_secs_f64(),
        peak_of(server.pid()).unwrap() / 1024,
        run.peak_kib / 1024
    );
    println!("sign-in meanwhile {:.0} ms", signed_in.as_secs_f64() * 1_000.0);
    say("abstracts opened meanwhile", &mut opened);
    say("saves meanwhile", &mut saved);
}

/// Searches for a text and follows to what was found.
fn search(visitor: &mut Visitor, text: &str) -> Duration {
    let began = Instant::now();
    let asked = visitor.post("/patients", &[("text", text)]);
    let found = asked.location().trim_start_matches(visitor.url()).to_owned();
    assert!(found.starts_with("/patients/"), "{} {found:?}", asked.status);
    let answer = visitor.get(&found);
    assert!(matches!(answer.status, 200 | 303), "{}", answer.status);
    began.elapsed()
}

/// A fresh registry of synthetic patients.
fn filled(asked: &Asked) -> Database {
    let db = Database::fresh(asked.kind).unwrap();
    init(&db);
    let began = Instant::now();
    let patients = patients_for(asked.tumors);
    accession(&["synth", "--patients", &patients, "--seed", "7", "--type", "A", "--into", db.url()]).expect_code(0);
    println!("filled in {:.0} s", began.elapsed().as_secs_f64());
    db
}

fn pages(asked: &Asked) {
    let db = match &asked.database {
        Some(url) => Database::at_hand(url),
        None => filled(asked),
    };
    println!(
        "{} tumors of {} patients on {:?}",
        db.number("SELECT count(*) FROM tumor_live"),
        db.number("SELECT count(*) FROM patient_live"),
        db.kind()
    );
    let login = format!("bench-{}", std::process::id());
    let person = Person::add(&db, &login, &[Role::Abstractor, Role::RegistryManager], &[]);
    let began = Instant::now();
    let server = Server::start(db.url());
    println!("server ready after {:.0} ms", began.elapsed().as_secs_f64() * 1_000.0);
    let mut visitor = person.at(&server);
    visitor.get("/patients").expect_status(200);
    let people = spread(&db, "patient", 100);
    let names = |columns: &str| -> Vec<String> {
        people
            .iter()
            .filter_map(|id| db.values(&format!("SELECT {columns} AS value FROM patient WHERE id = {id}")).remove(0))
            .collect()
    };
    let ways = [
        ("search: last, first", names("last_name || ', ' || first_name")),
        ("search: first last", names("first_name || ' ' || last_name")),
        ("search: last name", names("last_name")),
        ("search: three letters", names("substr(last_name, 1, 3)")),
        ("search: last name, year of birth", names("last_name || ' ' || (birth_low / 10000)")),
        ("search: birth date", names("CAST(birth_low AS TEXT)")),
    ];
    for (what, texts) in ways {
        let mut times: Vec<Duration> = texts.iter().map(|text| search(&mut visitor, text)).collect();
        say(what, &mut times);
    }
    let lists =
        [("home", "/"), ("due for follow-up", "/follow-up"), ("jobs", "/jobs"), ("reconciliation", "/reconcile")];
    for (what, path) in lists {
        let mut times: Vec<Duration> = (0..40).map(|_| page(&mut visitor, path)).collect();
        say(what, &mut times);
    }
    let mut times: Vec<Duration> = people.iter().map(|id| page(&mut visitor, &format!("/patients/{id}"))).collect();
    say("patient", &mut times);
    let cases = spread(&db, "abstract", 200);
    let mut times: Vec<Duration> = cases
        .iter()
        .enumerate()
        .map(|(at, case)| page(&mut visitor, &format!("/cases/{case}/{}", SECTIONS[at % SECTIONS.len()])))
        .collect();
    say("abstract", &mut times);
    let mut times: Vec<Duration> =
        cases.iter().take(100).map(|case| save(&mut visitor, &db, *case, "Seen in clinic.")).collect();
    say("save of an item", &mut times);
    println!("peak of the server {} MB", peak_of(server.pid()).unwrap() / 1024);
}

fn main() {
    let asked = asked();
    if asked.import {
        import(&asked);
    }
    if asked.pages {
        pages(&asked);
    }
}
