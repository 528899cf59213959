//! A backup restores into either database, and what comes out then is what came out before.

use super::a_registry;
use crate::kit::{Database, Kind, accession};

fn exported(db: &Database, name: &str) -> String {
    let out = db.folder().join(name).display().to_string();
    let words = ["export", "--database", db.url(), "--version", "260", "--as-received", "--out", &out, "--json"];
    accession(&words).expect_code(0).json()["sha256"].as_str().unwrap().to_string()
}

fn restored_into(db: &Database, kind: Kind, backup: &str, key: &[&str]) -> Option<Database> {
    let other = Database::fresh(kind).ok()?;
    let mut words = vec!["restore", backup, "--database", other.url()];
    words.extend_from_slice(key);
    accession(&words).expect_code(0);
    assert_eq!(exported(&other, "after.xml.gz"), exported(db, "before.xml.gz"));
    assert_eq!(accession(&["check", "--database", other.url(), "--json"]).json()["outcome"], "sound");
    Some(other)
}

on_both!(a_backup_restores_into_either_database_and_exports_the_same, |db| {
    if !a_registry(db) {
        return;
    }
    let backup = db.folder().join("b.backup").display().to_string();
    accession(&["backup", &backup, "--database", db.url()]).expect_code(0);
    for kind in [Kind::Sqlite, Kind::Postgres] {
        restored_into(db, kind, &backup, &[]);
    }
});

on_both!(an_encrypted_backup_opens_with_its_key_alone, |db| {
    if !a_registry(db) {
        return;
    }
    let place = |name: &str| db.folder().join(name).display().to_string();
    let (backup, key, other) = (place("s.backup"), place("key"), place("other-key"));
    accession(&["backup", "--database", db.url(), "--new-key", &key]).expect_code(0);
    accession(&["backup", "--database", db.url(), "--new-key", &other]).expect_code(0);
    accession(&["backup", &backup, "--database", db.url(), "--key-file", &key]).expect_code(0);
    let bytes = std::fs::read(&backup).unwrap();
    assert!(!bytes.windows(8).any(|w| w == b"nameLast"));

    let fresh = Database::fresh(Kind::Sqlite).unwrap();
    for wrong in [vec![], vec!["--key-file", other.as_str()]] {
        let mut words = vec!["restore", &backup, "--database", fresh.url()];
        words.extend(wrong);
        let run = accession(&words).expect_code(2);
        assert!(run.stderr.contains("Nothing was changed"), "{}", run.stderr);
        assert!(!fresh.file().exists());
    }
    // Cut short and changed: refused, nothing made.
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for damaged in [&bytes[..bytes.len() - 100], changed.as_slice()] {
        let path = place("damaged.backup");
        std::fs::write(&path, damaged).unwrap();
        accession(&["restore", &path, "--database", fresh.url(), "--key-file", &key]).expect_code(2);
        assert!(!fresh.file().exists());
    }
    restored_into(db, Kind::Sqlite, &backup, &["--key-file", &key]);
});

on_both!(a_restore_never_overwrites_a_registry, |db| {
    if !a_registry(db) {
        return;
    }
    let backup = db.folder().join("b.backup").display().to_string();
    accession(&["backup", &backup, "--database", db.url()]).expect_code(0);
    let run = accession(&["restore", &backup, "--database", db.url()]).expect_code(2);
    assert!(run.stderr.contains("already holds a registry"), "{}", run.stderr);
    assert_eq!(db.number("SELECT count(*) FROM abstract"), 601);
});
