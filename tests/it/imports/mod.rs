//! Imports: what goes in comes out, nobody is joined who is not one person, nothing is taken twice, and a bad file
//! changes nothing.

pub mod compare;
mod dictionaries;
mod refused;
mod reviews;
mod withdrawn;

use crate::kit::{Database, accession, init};
use compare::{differences, shared};

fn import(db: &Database, file: &str, options: &[&str]) -> serde_json::Value {
    let mut words = vec!["import", "--database", db.url(), "--json", file];
    words.extend_from_slice(options);
    accession(&words).json()
}

/// A small real file of the shared folder, where that is there.
pub fn shared_v26() -> Option<String> {
    shared("synthetic/full-abstract-v26.xml.gz")
}

/// Imports a file and looks that it was taken.
pub fn import_small(db: &Database, file: &str) {
    assert_eq!(import(db, file, &[])["outcome"], "published");
}

fn export_as_received(db: &Database, version: &str) -> String {
    let out = db.folder().join("out.xml.gz").display().to_string();
    let words = [
        "export",
        "--database",
        db.url(),
        "--type",
        "A",
        "--version",
        version,
        "--as-received",
        "--out",
        &out,
        "--json",
    ];
    accession(&words).expect_code(0);
    out
}

fn comes_back(db: &Database, file: &str, version: &str, patients: i64, tumors: i64) {
    let Some(file) = shared(file) else { return };
    init(db);
    let report = import(db, &file, &[]);
    assert_eq!((report["patients"].as_i64(), report["tumors"].as_i64()), (Some(patients), Some(tumors)), "{report}");
    assert_eq!(report["added"].as_i64(), Some(tumors), "{report}");
    let out = export_as_received(db, version);
    let found = differences(&file, &out);
    assert!(found.is_empty(), "{} differences, first: {:?}", found.len(), found.first());

    let again = import(db, &file, &[]);
    assert_eq!((again["added"].as_i64(), again["unchanged"].as_i64()), (Some(0), Some(tumors)), "{again}");
    assert_eq!(db.number("SELECT count(*) FROM abstract"), tumors);
    assert_eq!(db.number("SELECT count(*) FROM patient"), patients);
}

on_both!(every_item_of_full_abstract_v25_comes_back, |db| {
    comes_back(db, "synthetic/full-abstract-v25.xml.gz", "250", 1994, 2310);
});

on_both!(every_item_of_full_abstract_v26_comes_back, |db| {
    comes_back(db, "synthetic/full-abstract-v26.xml.gz", "260", 501, 601);
});

on_both!(every_item_of_the_naaccr_sample_comes_back, |db| {
    comes_back(db, "naaccr/samples/naaccr-xml-sample-v250-abstract-1000.xml.gz", "250", 943, 1000);
});

on_both!(three_files_make_one_registry_and_join_nobody, |db| {
    let names = [
        "synthetic/full-abstract-v25.xml.gz",
        "synthetic/full-abstract-v26.xml.gz",
        "naaccr/samples/naaccr-xml-sample-v250-abstract-1000.xml.gz",
    ];
    init(db);
    for name in names {
        let Some(file) = shared(name) else { return };
        import(db, &file, &[]);
    }
    assert_eq!(db.number("SELECT count(*) FROM patient WHERE state = 'live'"), 3438);
    assert_eq!(db.number("SELECT count(*) FROM tumor WHERE state = 'live'"), 3911);
    assert_eq!(db.number("SELECT count(*) FROM import_problem WHERE kind = 'same_id_other_person'"), 501);
});

on_both!(exporting_refreshes_exactly_the_items_it_says, |db| {
    let Some(file) = shared("synthetic/full-abstract-v26.xml.gz") else { return };
    init(db);
    import(db, &file, &[]);
    let out = db.folder().join("out.xml.gz").display().to_string();
    let words = ["export", "--database", db.url(), "--type", "A", "--version", "260", "--out", &out, "--json"];
    let report = accession(&words).expect_code(0).json();
    assert_eq!(report["tumors"].as_i64(), Some(601));
    // What the staging rules derive goes out too, where the file had nothing.
    let derived = |id: &str| id.starts_with("derived") || ["schemaId", "pediatricId", "csVersionDerived"].contains(&id);
    let of_ours = |d: &compare::Difference| d.left.is_none() && derived(&d.item);
    let mut items: Vec<String> = differences(&file, &out).into_iter().filter(|d| !of_ours(d)).map(|d| d.item).collect();
    items.sort();
    items.dedup();
    assert_eq!(items, ["dateCaseReportExported", "vendorName"]);
});

on_both!(an_incidence_or_confidential_file_holds_no_item_outside_its_type, |db| {
    let Some(file) = shared("synthetic/full-abstract-v25.xml.gz") else { return };
    init(db);
    import(db, &file, &[]);
    for record_type in ["I", "C"] {
        let out = db.folder().join(format!("{record_type}.xml.gz")).display().to_string();
        let words =
            ["export", "--database", db.url(), "--type", record_type, "--version", "250", "--out", &out, "--json"];
        let report = accession(&words).expect_code(0).json();
        assert!(
            report["lost"].as_array().unwrap().iter().any(|l| l["reason"] == "not in this record type"),
            "{report}"
        );
        let inspected = accession(&["naaccr", "inspect", &out, "--json", "--mode", "strict"]).expect_code(0).json();
        assert_eq!(inspected["outcome"], "ok", "{inspected}");
        assert_eq!(inspected["tumors"].as_i64(), Some(2310));
    }
});

on_both!(the_same_content_and_time_give_the_same_bytes, |db| {
    let Some(file) = shared("synthetic/full-abstract-v26.xml.gz") else { return };
    init(db);
    import(db, &file, &[]);
    let out = db.folder().join("out.xml.gz").display().to_string();
    let words = [
        "export",
        "--database",
        db.url(),
        "--version",
        "260",
        "--as-received",
        "--time",
        "2026-01-01T00:00:00Z",
        "--out",
        &out,
        "--json",
    ];
    let report = accession(&words).expect_code(0).json();
    // One value for both databases: the two tests of this fact hold each other to the same bytes.
    assert_eq!(report["sha256"].as_str(), Some(compare::ONE_SUM), "{report}");
});

on_both!(a_changed_record_waits_for_a_person_and_replaces_when_asked, |db| {
    init(db);
    let first = compare::small_file(db, "first.xml", "C504", "SMITH");
    let second = compare::small_file(db, "second.xml", "C505", "SMITH");
    assert_eq!(import(db, &first, &[])["added"].as_i64(), Some(1));
    let site = "SELECT count(*) FROM tumor WHERE site = 'C505'";
    assert_eq!(import(db, &second, &[])["review"].as_i64(), Some(1));
    assert_eq!((db.number(site), db.number("SELECT count(*) FROM review WHERE state = 'open'")), (0, 1));

    let third = compare::small_file(db, "third.xml", "C506", "SMITH");
    assert_eq!(import(db, &third, &["--on-change", "replace"])["changed"].as_i64(), Some(1));
    assert_eq!(db.number("SELECT count(*) FROM tumor WHERE site = 'C506'"), 1);
    assert_eq!(db.number("SELECT count(*) FROM abstract"), 1);
    assert_eq!(import(db, &third, &["--on-change", "replace"])["unchanged"].as_i64(), Some(1));
});

on_both!(an_unknown_item_and_an_extension_are_kept, |db| {
    init(db);
    let file = compare::file_with_unknown_item(db);
    let report = import(db, &file, &[]);
    assert_eq!(report["added"].as_i64(), Some(1), "{report}");
    assert!(report["problems"].as_i64().unwrap() > 0);
    assert_eq!(db.number("SELECT count(*) FROM abstract WHERE items LIKE '%\"?:ownItem\":\"kept\"%'"), 1);
});
