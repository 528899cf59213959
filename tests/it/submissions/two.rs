//! A hospital sends to a central registry that runs beside it: rejects are reported back, corrected, accepted; both agree.

use std::collections::BTreeSet;

use accession::registry::change::{Because, Change, amend_abstract};
use accession::registry::store::{By, StoreError, records, settings};

use super::{own_recipient, path_of, store, submit};
use crate::kit::{Database, HOME, Server, accession, init, init_as, is_sound, naaccr_file};

fn set_site(db: &Database, id: i64, site: &'static str) {
    let set = store(db).write(move |tx| {
        let by = By::system("test");
        let seen = records::abstract_(tx.conn, &by, id)?.version;
        amend_abstract(tx, &by, id, seen, &[Change::new("primarySite", site)], &Because::typed("test"))?;
        Ok::<(), StoreError>(())
    });
    set.unwrap();
}

fn receive(central: &Database, file: &std::path::Path, sha256: &str, report: &std::path::Path) -> serde_json::Value {
    let run = accession(&[
        "receive",
        file.to_str().unwrap(),
        "--facility",
        HOME,
        "--sha256",
        sha256,
        "--report",
        report.to_str().unwrap(),
        "--json",
        "--database",
        central.url(),
    ]);
    assert!(matches!(run.code, Some(0 | 1)), "{}{}", run.stdout, run.stderr);
    run.json()
}

fn numbers(db: &Database, query: &str) -> BTreeSet<String> {
    db.values(query).into_iter().flatten().collect()
}

on_both!(what_a_hospital_sends_a_central_registry_takes_and_both_ledgers_agree, |hospital| {
    let central = Database::fresh(hospital.kind()).unwrap();
    init(hospital);
    init_as(&central, "central", &[]);
    let edits = |tx: &mut accession::registry::store::Tx<'_>| {
        settings::set(tx, &By::system("test"), "receive.edit_set", "iarc", "a small set for the test")
    };
    store(&central).write(edits).unwrap();
    let file = naaccr_file(hospital.folder(), "some.xml", 1, 30);
    accession(&["import", file.to_str().unwrap(), "--database", hospital.url()]);
    own_recipient(hospital, "to-state", "changes", "when-corrected");
    // Two women with a tumor of the prostate: numbers divisible by four are women with a tumor of the breast.
    for id in [4, 8] {
        set_site(hospital, id, "C619");
    }
    let server = Server::start(central.url());
    let first = submit(hospital, "to-state", "out-1");
    assert_eq!(first["new"], 30, "{first}");
    let path = path_of(&first, "A").unwrap();
    let report = hospital.folder().join("report-1.csv");

    // Another file than was sent is refused whole.
    let wrong = receive(&central, &path, &"0".repeat(64), &hospital.folder().join("report-0.csv"));
    assert_eq!((&wrong["outcome"], &wrong["accepted"]), (&"refused".into(), &0.into()), "{wrong}");
    assert_eq!(central.number("SELECT count(*) FROM abstract_live"), 0);

    let sum = first["files"][0]["sha256"].as_str().unwrap();
    let received = receive(&central, &path, sum, &report);
    assert_eq!(
        (&received["outcome"], &received["accepted"], &received["rejected"]),
        (&"partly".into(), &28.into(), &2.into()),
        "{received}"
    );
    assert_eq!(central.number("SELECT count(*) FROM abstract_live"), 28);
    let ack = |batch: &serde_json::Value, report: &std::path::Path| {
        accession(&[
            "submissions",
            "ack",
            batch["batch"].as_str().unwrap(),
            report.to_str().unwrap(),
            "--json",
            "--database",
            hospital.url(),
        ])
        .json()
    };
    let loaded = ack(&first, &report);
    assert_eq!((&loaded["accepted"], &loaded["rejected"], &loaded["unanswered"]), (&28.into(), &2.into(), &0.into()));
    let reasons = "SELECT reason AS value FROM submission_ledger WHERE state = 'rejected'";
    assert!(
        numbers(hospital, reasons).iter().all(|why| why.contains("primarySite") || why.contains("sex")),
        "{:?}",
        numbers(hospital, reasons)
    );

    // Not corrected, nothing goes; corrected, both go again as new.
    let nothing = submit(hospital, "to-state", "out-2");
    assert!(nothing["batch"].is_null() && nothing["blocked"].as_array().unwrap().len() == 2, "{nothing}");
    for id in [4, 8] {
        set_site(hospital, id, "C509");
    }
    let correction = submit(hospital, "to-state", "out-3");
    assert_eq!(correction["new"], 2, "{correction}");
    let report = hospital.folder().join("report-3.csv");
    let received = receive(&central, &path_of(&correction, "A").unwrap(), "", &report);
    assert_eq!((&received["outcome"], &received["accepted"]), (&"accepted".into(), &2.into()), "{received}");
    let loaded = ack(&correction, &report);
    assert_eq!((&loaded["accepted"], &loaded["rejected"]), (&2.into(), &0.into()));

    let sent = "SELECT a.accession AS value FROM submission_ledger l JOIN abstract a ON a.id = l.abstract_id WHERE l.state = 'accepted'";
    let taken = "SELECT accession AS value FROM abstract_live";
    assert_eq!(numbers(hospital, sent), numbers(&central, taken));
    assert_eq!(numbers(hospital, sent).len(), 30);
    drop(server);
    is_sound(&central);
    is_sound(hospital);
});
