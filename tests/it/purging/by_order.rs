//! Reliability 58.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use accession::asker::Role;

use crate::kit::{
    Database, HOME, Kind, Outcome, Person, Server, accession, accession_with, init, is_sound, naaccr_text,
};

/// The last name of the patient that goes, and of one that stays.
const GOES: &str = "Dunmoreg";
const STAYS: &str = "Everharti";
const ORDER: &str = "Order 2026-88 of the district court, 3 November 2026";

fn code(person: &Person, steps: i64) -> String {
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    person.secret.code_at(now + steps * 30)
}

fn purge(db: &Database, words: &[&str], typed: &str) -> Outcome {
    let mut all = vec!["purge", "--database", db.url(), "--order", ORDER, "--json"];
    all.extend_from_slice(words);
    accession_with(&all, typed.as_bytes(), &[])
}

/// A registry with five patients, one of whom was searched for, sent out in a file and received twice.
fn registry(db: &Database) {
    init(db);
    let text = naaccr_text(1, 5);
    assert!(text.contains(GOES) && text.contains(STAYS));
    let parts = text.split("<Patient>").map(|part| match part.contains(GOES) {
        true => part.replace("Core biopsy, left", &format!("{GOES} came back. Core biopsy, left")),
        false => part.to_owned(),
    });
    let changed = parts.collect::<Vec<_>>().join("<Patient>");
    for (name, text) in [("first.xml", text), ("second.xml", changed)] {
        let file = db.folder().join(name);
        std::fs::write(&file, text).unwrap();
        let words = ["import", file.to_str().unwrap(), "--database", db.url(), "--on-change", "replace", "--json"];
        accession(&words).expect_code(0);
    }
    let manager = Person::add(db, "manager", &[Role::RegistryManager], &[]);
    let server = Server::start(db.url());
    let mut visitor = manager.at(&server);
    visitor.get("/account");
    for name in [GOES, STAYS] {
        visitor.post("/patients", &[("name", name)]).expect_status(303);
        let found = visitor.post("/patients", &[("name", name)]);
        visitor.get(found.location()).expect_status(200);
    }
    let form =
        [("recipient", "The State"), ("purpose", "Yearly file"), ("type", "A"), ("version", "250"), ("status", "")];
    let job = visitor.post("/submissions", &form).expect_status(303).location().to_owned();
    let until = Instant::now() + Duration::from_secs(60);
    while !visitor.get(&job).text().contains("Keep the file") {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(db.number("SELECT count(*) FROM file") >= 3 && db.number("SELECT count(*) FROM audit_detail") >= 2);
}

/// Every text column of every table that holds the word.
fn places_of(db: &Database, word: &str) -> Vec<String> {
    let columns = db.values(match db.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name AS value FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.type = 'TEXT'"
        }
        Kind::Postgres => {
            "SELECT c.table_name || '.' || c.column_name AS value FROM information_schema.columns c \
             JOIN information_schema.tables t USING (table_schema, table_name) \
             WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = 'text'"
        }
    });
    assert!(columns.len() > 100);
    let mut places = Vec::new();
    for place in columns.into_iter().flatten() {
        let (table, column) = place.split_once('.').unwrap();
        let query = format!("SELECT count(*) FROM {table} WHERE lower({column}) LIKE '%{}%'", word.to_lowercase());
        if db.number(&query) > 0 {
            places.push(place);
        }
    }
    places
}

/// Every table with a column that points to a patient, tumor or abstract, and how many rows point to this one.
fn rows_of(db: &Database, patient: i64) -> Vec<(String, i64)> {
    let columns = db.values(match db.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name AS value FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND c.name IN ('patient_id', 'tumor_id', 'abstract_id') ORDER BY 1"
        }
        Kind::Postgres => {
            "SELECT c.table_name || '.' || c.column_name AS value FROM information_schema.columns c \
             JOIN information_schema.tables t USING (table_schema, table_name) WHERE c.table_schema = 'public' \
             AND t.table_type = 'BASE TABLE' AND c.column_name IN ('patient_id', 'tumor_id', 'abstract_id') ORDER BY 1"
        }
    });
    let found = columns.into_iter().flatten().filter(|place| !place.starts_with("audit."));
    found
        .map(|place| {
            let (table, column) = place.split_once('.').unwrap();
            let count = db.number(&format!("SELECT count(*) FROM {table} WHERE {column} = {patient}"));
            (place, count)
        })
        .collect()
}

on_both!(what_is_removed_by_order_is_gone_from_everywhere_but_the_fact_in_the_audit, |db| {
    registry(db);
    let patient = db.number(&format!("SELECT id FROM patient WHERE last_name = '{GOES}'"));
    // One tumor and one abstract each, so that the three ids are the same number.
    assert_eq!(db.number(&format!("SELECT id FROM abstract WHERE patient_id = {patient}")), patient);
    let id = patient.to_string();
    assert!(places_of(db, GOES).len() > 4, "{:?}", places_of(db, GOES));
    let ann = Person::add(db, "ann", &[Role::Administrator], &[]);
    let ben = Person::add(db, "ben", &[Role::Administrator], &[]);
    let carl = Person::add(db, "carl", &[Role::RegistryManager], &[HOME]);
    let password = &ann.password;
    let shown = purge(db, &["--patient", &id], "").expect_code(1).json();
    assert_eq!((&shown["removed"], shown["patients"].as_array().unwrap().len()), (&false.into(), 1));
    assert_eq!(shown["files"].as_array().unwrap().len(), 3, "two received files and an export: {shown}");
    let word = shown["confirm"].as_str().unwrap().to_owned();
    let sure = |people: &[&str]| {
        let mut words = vec!["--patient", &id, "--confirm", &word];
        people.iter().for_each(|login| words.extend(["--administrator", login]));
        words.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |people: &[&str], typed: String| {
        let words = sure(people);
        purge(db, &words.iter().map(String::as_str).collect::<Vec<_>>(), &typed)
    };
    let lines = |one: &Person, step: i64, two: &Person, other: i64| {
        format!("{password}\n{}\n{password}\n{}\n", code(one, step), code(two, other))
    };
    // Refused: the wrong word, one administrator, the same twice, somebody else, a wrong password, nothing typed.
    purge(db, &["--patient", &id, "--confirm", "00000000", "--administrator", "ann", "--administrator", "ben"], "")
        .expect_code(2);
    run(&["ann"], lines(&ann, 0, &ben, 0)).expect_code(2);
    run(&["ann", "Ann"], lines(&ann, 0, &ann, 0)).expect_code(2);
    run(&["carl", "ann"], lines(&carl, 0, &ann, 0)).expect_code(2);
    run(&["ben", "ann"], format!("wrong password of ben\n{}\n", code(&ben, 0))).expect_code(2);
    run(&["ann", "ben"], String::new()).expect_code(2);
    assert_eq!(db.number("SELECT count(*) FROM patient"), 5);
    let others = db.number(&format!("SELECT count(*) FROM history WHERE record_id <> {patient}"));

    let done = run(&["ann", "ben"], lines(&ann, 0, &ben, 0)).expect_code(0).json();
    assert_eq!(done["removed"], true);
    for (place, rows) in rows_of(db, patient) {
        assert_eq!(rows, 0, "{place}");
    }
    assert_eq!(places_of(db, GOES), Vec::<String>::new());
    assert_eq!(db.number(&format!("SELECT count(*) FROM history WHERE record_id = {patient}")), 0);
    assert_eq!(db.number(&format!("SELECT count(*) FROM history WHERE record_id <> {patient}")), others);
    assert_eq!(db.number("SELECT count(*) FROM file"), 0);
    assert_eq!(db.number("SELECT count(*) FROM file_chunk"), 0);
    if db.kind() == Kind::Sqlite {
        for ending in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{ending}", db.file().display())).unwrap_or_default();
            let there = |word: &str| bytes.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()));
            assert!(!there(GOES), "the name is still in the file{ending}");
            assert!(ending == "-wal" || there(STAYS), "the look finds a name that is there");
        }
    }
    // The fact stays, the rest is untouched, the chain holds.
    let fact = db.values("SELECT note AS value FROM audit WHERE action = 'purge'");
    assert_eq!(fact.len(), 1);
    let fact = fact[0].clone().unwrap();
    assert!(fact.contains(ORDER) && fact.contains("ann, ben") && fact.contains(&format!("patients {id};")), "{fact}");
    assert_eq!(db.number("SELECT count(*) FROM patient_live"), 4);
    assert!(!places_of(db, STAYS).is_empty());
    assert_eq!(db.number("SELECT count(*) FROM audit_detail"), 1, "the search that found another keeps its terms");
    is_sound(db);
    purge(db, &["--patient", &id], "").expect_code(2);
    // The next backup does not hold it either.
    let kept = db.folder().join("after.backup");
    accession(&["backup", kept.to_str().unwrap(), "--database", db.url()]).expect_code(0);
    let again = Database::fresh(db.kind()).unwrap();
    accession(&["restore", kept.to_str().unwrap(), "--database", again.url()]).expect_code(0);
    assert_eq!(places_of(&again, GOES), Vec::<String>::new());
    is_sound(&again);
});
