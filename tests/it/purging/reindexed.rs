//! `accession reindex` brings columns and search tables back to what the items say.

use crate::kit::{Database, accession, init, is_sound, naaccr_file};

fn search_tables(db: &Database) -> (Vec<Option<String>>, Vec<Option<String>>) {
    let names = "SELECT patient_id || ' ' || kind || ' ' || last_folded || ' ' || first_folded || ' ' || last_sound || ' ' || last_sound_2 AS value \
                 FROM patient_name ORDER BY 1";
    let numbers = "SELECT patient_id || ' ' || kind || ' ' || facility_id || ' ' || value AS value FROM patient_identifier ORDER BY 1";
    (db.values(names), db.values(numbers))
}

on_both!(columns_and_search_tables_are_written_anew_from_the_items, |db| {
    init(db);
    let file = naaccr_file(db.folder(), "people.xml", 1, 130);
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
    let before = search_tables(db);
    assert!(before.0.len() >= 130 && before.1.len() >= 260);
    db.tamper(
        "UPDATE patient SET last_name = 'Wrong', birth_low = 1 WHERE id IN (3, 120); UPDATE tumor SET site = 'C999' WHERE id = 5; \
         UPDATE abstract SET class = '99', accession = NULL WHERE id = 7; DELETE FROM patient_name WHERE patient_id = 9; \
         UPDATE patient_name SET last_folded = 'wrong' WHERE patient_id = 11; \
         DELETE FROM patient_identifier WHERE patient_id = 12 AND kind <> 'sent'",
    );
    assert_ne!(search_tables(db), before);
    let found = accession(&["check", "--database", db.url(), "--json"]).expect_code(1);
    assert!(found.stdout.contains("promoted"), "{}", found.stdout);
    let versions = db.values("SELECT CAST(sum(version) AS TEXT) AS value FROM patient");
    let run = accession(&["reindex", "--database", db.url(), "--json"]).expect_code(0);
    assert_eq!(run.json(), serde_json::json!({"patients": 130, "tumors": 130, "abstracts": 130}));
    assert_eq!(search_tables(db), before);
    assert_eq!(db.values("SELECT CAST(sum(version) AS TEXT) AS value FROM patient"), versions, "no record was changed");
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'reindex'"), 1);
    is_sound(db);
});

on_both!(an_earlier_name_is_still_searched_for_afterwards, |db| {
    use accession::registry::change::{Because, Change, amend_patient};
    use accession::registry::clock::Clock;
    use accession::registry::store::{By, DatabaseUrl, Store};
    init(db);
    let file = naaccr_file(db.folder(), "people.xml", 1, 2);
    accession(&["import", file.to_str().unwrap(), "--database", db.url(), "--json"]).expect_code(0);
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    store
        .write(|tx| {
            let because = Because::typed("married");
            amend_patient(
                tx,
                &By::system("tests"),
                1,
                1,
                &[Change { item: "nameLast".into(), value: "Newname".into() }],
                &because,
            )
        })
        .unwrap();
    drop(store);
    let before = search_tables(db);
    assert_eq!(
        db.number("SELECT count(DISTINCT last_folded) FROM patient_name WHERE patient_id = 1 AND kind = 'name'"),
        2
    );
    accession(&["reindex", "--database", db.url()]).expect_code(0);
    assert_eq!(search_tables(db), before);
});
