//! `packaging/nightly-backup` with the program itself: what it keeps, and what it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::kit::{Database, Kind, init, tree};

fn night(db: &Database, today: &str) -> Output {
    Command::new(tree().join("packaging/nightly-backup"))
        .env("ACCESSION_PROGRAM", env!("CARGO_BIN_EXE_accession"))
        .env("ACCESSION_DATABASE", db.url())
        .env("ACCESSION_BACKUP_FOLDER", db.folder().join("backups"))
        .env("ACCESSION_BACKUP_TODAY", today)
        .env("ACCESSION_BACKUP_KEEP_DAYS", "14")
        .env("ACCESSION_BACKUP_KEEP_MONTHS", "3")
        .env_remove("ACCESSION_BACKUP_KEY_FILE")
        .output()
        .unwrap()
}

fn kept(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder.join("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

on_both!(two_weeks_of_nights_and_the_first_of_each_month_are_kept, |db| {
    init(db);
    fs::create_dir(db.folder().join("backups")).unwrap();
    let earlier = [
        "2026-05-01",
        "2026-07-31",
        "2026-08-01",
        "2026-08-02",
        "2026-10-01",
        "2026-11-02",
        "2026-11-09",
        "2026-11-10",
    ];
    for day in earlier {
        fs::write(db.folder().join(format!("backups/accession-{day}.backup")), "old").unwrap();
    }
    let run = night(db, "2026-11-24");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let expected = ["2026-08-01", "2026-10-01", "2026-11-02", "2026-11-10", "2026-11-24"];
    assert_eq!(kept(db.folder()), expected.map(|day| format!("accession-{day}.backup")));
});

on_both!(a_backup_that_is_not_sound_removes_nothing_and_fails, |db| {
    init(db);
    fs::create_dir(db.folder().join("backups")).unwrap();
    fs::write(db.folder().join("backups/accession-2020-01-01.backup"), "old").unwrap();
    db.tamper(match db.kind() {
        Kind::Sqlite => "DROP TRIGGER audit_no_update; UPDATE audit SET login = 'somebody' WHERE seq = 1",
        Kind::Postgres => {
            "ALTER TABLE audit DISABLE TRIGGER audit_no_update; UPDATE audit SET login = 'somebody' WHERE seq = 1"
        }
    });
    let run = night(db, "2026-11-24");
    assert!(!run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
    assert!(kept(db.folder()).contains(&"accession-2020-01-01.backup".to_owned()));
    assert!(!kept(db.folder()).contains(&"accession-2026-11-24.backup".to_owned()));
});
