//! `packaging/nightly-backup`: its keeping and its refusing, with a stand-in for the program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::kit::tree;

/// A program that answers `backup`, `restore` and `check`, the last with this exit code.
fn program(folder: &Path, check: i32) -> std::path::PathBuf {
    let path = folder.join("program");
    let script = format!(
        "#!/bin/sh\ncase $1 in backup) echo all > \"$2\";; restore) cat \"$2\" > /dev/null;; check) exit {check};; esac\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn night(folder: &Path, today: &str, check: i32) -> Output {
    Command::new(tree().join("packaging/nightly-backup"))
        .env("ACCESSION_PROGRAM", program(folder, check))
        .env("ACCESSION_BACKUP_FOLDER", folder.join("backups"))
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

#[test]
fn two_weeks_of_nights_and_the_first_of_each_month_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("backups")).unwrap();
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
        fs::write(folder.path().join(format!("backups/accession-{day}.backup")), "old").unwrap();
    }
    let run = night(folder.path(), "2026-11-24", 0);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let expected = ["2026-08-01", "2026-10-01", "2026-11-02", "2026-11-10", "2026-11-24"];
    assert_eq!(kept(folder.path()), expected.map(|day| format!("accession-{day}.backup")));
}

#[test]
fn a_backup_that_is_not_sound_removes_nothing_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("backups")).unwrap();
    fs::write(folder.path().join("backups/accession-2020-01-01.backup"), "old").unwrap();
    let run = night(folder.path(), "2026-11-24", 1);
    assert!(!run.status.success());
    assert_eq!(kept(folder.path()), ["accession-2020-01-01.backup", "accession-2026-11-24.backup.unproven"]);
}
