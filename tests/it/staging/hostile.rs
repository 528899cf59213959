//! Archives that are damaged, hostile or do not fit together are refused, with the reason.

#![allow(clippy::unwrap_used)]

use accession::staging::{Edition, Refused};
use serde_json::json;

use super::made::{Made, an_archive, problems, stage};

fn whole() -> Made {
    let mut archive = an_archive();
    archive.schema(json!({}));
    archive
}

fn reason(archive: &Made) -> String {
    archive.opened().unwrap_err().to_string()
}

#[test]
fn the_plain_archive_is_taken() {
    let edition = whole().opened().unwrap();
    assert_eq!((edition.algorithm(), edition.version()), ("made", "1.0"));
}

#[test]
fn what_is_no_zip_or_cut_short_is_refused() {
    assert!(matches!(Edition::from_archive(b"hello"), Err(Refused::Damaged(_))));
    let zip = whole().zip();
    for length in [0, 1, zip.len() / 2, zip.len() - 1] {
        assert!(Edition::from_archive(&zip[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_damaged_byte_never_panics() {
    let zip = whole().zip();
    for at in (0..zip.len()).step_by(5) {
        let mut damaged = zip.clone();
        damaged[at] ^= 0x55;
        let _ = Edition::from_archive(&damaged);
    }
}

#[test]
fn names_that_leave_the_archive_are_refused() {
    for name in ["../schemas/x.json", "/etc/passwd", "schemas/../../x.json", "schemas\\x.json", "C:/x.json", "a//b"] {
        let mut archive = whole();
        archive.entry(name, "{}");
        assert!(matches!(archive.opened(), Err(Refused::UnsafeName(_))), "{name}");
    }
}

#[test]
fn an_entry_that_grows_without_measure_is_refused() {
    let mut archive = whole();
    archive.entry("tables/bomb.json", " ".repeat(5_000_000));
    assert_eq!(reason(&archive), "tables/bomb.json grows more than 50 times when unpacked");
    archive.entry("tables/bomb.json", " ".repeat(11_000_000));
    assert_eq!(reason(&archive), "tables/bomb.json is larger than allowed when unpacked");
}

#[test]
fn a_second_entry_of_a_name_is_refused() {
    let mut archive = whole();
    archive.entry("tables/twin1.json", "{}").entry("tables/twin2.json", "{}");
    let mut zip = archive.zip();
    // Both the entry's own head and the directory name it.
    while let Some(at) = memchr::memmem::find(&zip, b"twin2") {
        zip[at + 4] = b'1';
    }
    let refused = Edition::from_archive(&zip).unwrap_err();
    assert!(matches!(refused, Refused::Repeated { listed: 7, names: 6 }), "{refused}");
}

#[test]
fn too_many_entries_are_refused() {
    let mut archive = whole();
    archive.pad(10_001);
    assert!(matches!(archive.opened(), Err(Refused::TooMany(_))));
}

#[test]
fn objects_of_another_version_or_name_are_refused() {
    let mut archive = whole();
    let table = |id: &str, version: &str| {
        json!({"id": id, "algorithm": "made", "version": version, "definition": [], "rows": []}).to_string()
    };
    archive.entry("tables/a.json", table("a", "2.0"));
    assert!(
        reason(&archive).starts_with("tables/a.json: is of made 2.0, while the archive is of made 1.0"),
        "{}",
        reason(&archive)
    );
    archive.entry("tables/a.json", table("b", "1.0"));
    assert_eq!(reason(&archive), "tables/a.json: its id is b, which is not the file's name");
    archive.entry("tables/a.json", "{\"id\":\"a\"}");
    assert_eq!(reason(&archive), "tables/a.json: names no algorithm or no version");
    archive.entry("tables/a.json", "{\"id\":");
    assert!(reason(&archive).starts_with("tables/a.json: cannot be read"));
}

#[test]
fn rows_of_another_length_and_unknown_endpoints_are_refused() {
    let mut archive = whole();
    archive.table("a", json!([["x", "INPUT"], ["y", "ENDPOINT"]]), json!([["1", "MATCH"], ["2"]]));
    assert_eq!(reason(&archive), "tables/a.json: row 2 has 1 cells where the table has 2 columns");
    archive.table("a", json!([["x", "INPUT"], ["y", "ENDPOINT"]]), json!([["1", "GO"]]));
    assert!(reason(&archive).contains("\"GO\" is not an endpoint"));
    archive.table("a", json!([["x", "INPUT"], ["y", "ENDPOINT"]]), json!([["1", "JUMP:"]]));
    assert!(reason(&archive).contains("\"JUMP:\" is not an endpoint"));
    archive.table("a", json!([["x", "OUTPUT"]]), json!([["1"]]));
    assert!(reason(&archive).contains("column x is of the unknown type OUTPUT"));
}

#[test]
fn an_initial_context_may_not_set_an_input() {
    let mut archive = an_archive();
    archive.schema(json!({"mappings": [{"id": "m", "initial_context": [{"key": "site", "value": "C619"}]}]}));
    assert_eq!(reason(&archive), "schema only sets site in an initial context, but site is one of its inputs");
}

#[test]
fn the_lists_of_valid_codes_must_be_there() {
    let mut archive = whole();
    archive.table("histology", json!([["other", "INPUT"]]), json!([["8000"]]));
    assert!(reason(&archive).contains("needs a table histology"));
}

#[test]
fn compiled_tables_that_are_damaged_are_refused_and_never_panic() {
    let compiled = accession::staging::compile_archive(&whole().zip(), accession::staging::Keep::Everything).unwrap();
    assert!(Edition::from_compiled(&compiled).is_ok());
    for at in (0..compiled.len()).step_by(3) {
        assert!(Edition::from_compiled(&compiled[..at]).is_err());
        let mut damaged = compiled.clone();
        damaged[at] ^= 0x2a;
        let _ = Edition::from_compiled(&damaged);
    }
}

/// Tables that each jump twice to the next double the way with each table: 40 of them would take years.
#[test]
fn jumps_that_double_are_refused_and_end_where_they_are_let_through() {
    let mut archive = an_archive();
    for at in 0..40 {
        let columns = json!([["site", "INPUT"], ["stage", "ENDPOINT"], ["other", "ENDPOINT"]]);
        let next = format!("JUMP:t{}", at + 1);
        archive.table(&format!("t{at}"), columns, json!([["*", next, next]]));
    }
    archive.table("t40", json!([["site", "INPUT"], ["stage", "ENDPOINT"]]), json!([["*", "VALUE:1"]]));
    archive.schema(json!({"mappings": [{"id": "m", "tables": [{"id": "t0"}]}]}));
    assert_eq!(
        reason(&archive),
        "schema only may send a case through more than 10000 tables, by tables that jump to others more than once"
    );
    let edition = archive.let_through();
    let staged = stage(&edition, &[]);
    assert_eq!((staged.path().len(), staged.output("stage")), (10_000, Some("1")));
    assert!(problems(&staged).iter().all(|p| p.starts_with("INFINITE_LOOP")), "{:?}", problems(&staged));
    assert!(staged.problems.len() < 1000);
}
