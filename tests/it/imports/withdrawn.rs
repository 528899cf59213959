//! A whole import is taken back, and brought back, and nothing else is touched.

use accession::cli::database::see_through;
use accession::registry::change::{Because, Change, amend_abstract};
use accession::registry::clock::Clock;
use accession::registry::operations;
use accession::registry::store::{By, DatabaseUrl, Store, StoreError, records};

use super::import;
use crate::kit::{Database, accession, init, is_sound, naaccr_file};

fn live(db: &Database) -> [i64; 3] {
    ["patient", "tumor", "abstract"].map(|table| db.number(&format!("SELECT count(*) FROM {table}_live")))
}

fn withdraw(db: &Database, import: &str, reason: &str) -> crate::kit::Outcome {
    accession(&["withdraw", import, "--database", db.url(), "--reason", reason, "--json"])
}

on_both!(a_withdrawn_import_goes_whole_but_for_what_a_person_worked_at, |db| {
    init(db);
    let first = naaccr_file(db.folder(), "first.xml", 1, 3);
    let second = naaccr_file(db.folder(), "second.xml", 101, 5);
    import(db, &first.display().to_string(), &[]);
    import(db, &second.display().to_string(), &[]);
    assert_eq!(live(db), [8, 8, 8]);

    // Somebody corrects one case of the second file.
    let store = Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap();
    let touched = db.number("SELECT max(id) FROM abstract");
    let before = records::abstract_(&mut store.reading().unwrap(), &By::system("test"), touched).unwrap();
    let change = vec![Change::new("primarySite", "C509")];
    store
        .write(move |tx| {
            let because = Because::typed("seen in the report");
            amend_abstract(tx, &By::system("test"), touched, before.version, &change, &because)
        })
        .unwrap();

    assert!(withdraw(db, "2", "short").expect_code(2).stderr.contains("reason"));
    assert!(withdraw(db, "9", "no such import at all").expect_code(2).stderr.contains("no such record"));
    assert_eq!(live(db), [8, 8, 8]);
    let came = withdraw(db, "2", "the wrong file was sent").expect_code(1).json();
    assert_eq!(
        (came["abstracts"].as_i64(), came["patients"].as_i64(), came["kept"].as_i64()),
        (Some(4), Some(4), Some(1))
    );
    assert_eq!(came["listed"], serde_json::json!([before.patient]));
    assert_eq!(live(db), [4, 4, 4]);
    assert_eq!(db.number("SELECT count(*) FROM abstract_live WHERE import_id = 1"), 3);
    assert!(withdraw(db, "2", "the wrong file was sent").expect_code(2).stderr.contains("already"));
    is_sound(db);

    // Undone: everything stands as it stood.
    let by = By::system("test");
    let operation = operations::newest(&mut store.reading().unwrap(), &by, 1).unwrap().remove(0);
    assert_eq!((operation.kind.as_str(), operation.reason.as_str()), ("withdraw", "the wrong file was sent"));
    store.write(move |tx| operations::undo(tx, &by, operation.id, "it was the right file")).unwrap();
    assert_eq!(see_through(&store, db.number("SELECT max(id) FROM job")).unwrap().state, "done");
    assert_eq!(live(db), [8, 8, 8]);
    let again = store.write(|tx| operations::undo(tx, &By::system("test"), 1, "it was the right file"));
    assert!(matches!(again, Err(StoreError::Refused(_))));

    // Taken back once more; the file may then come again, and only what stayed is known.
    withdraw(db, "2", "the wrong file was sent").expect_code(1);
    let report = import(db, &second.display().to_string(), &[]);
    assert_eq!((report["added"].as_i64(), report["unchanged"].as_i64()), (Some(4), Some(1)), "{report}");
    assert_eq!(live(db), [8, 8, 8]);
    is_sound(db);
});
