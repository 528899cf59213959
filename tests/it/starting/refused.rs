//! Wrong addresses, and registries that must be left alone.

use std::fs;

use crate::kit::{Database, Kind, Outcome, accession, init};

/// Exit code 2, nothing on standard output, one line on standard error.
#[track_caller]
fn refused_in_one_line(run: Outcome) -> String {
    let run = run.expect_code(2);
    assert_eq!(run.stdout, "", "{}", run.stderr);
    let said = run.stderr.trim_end();
    assert!(!said.is_empty() && said.lines().count() == 1, "not one line:\n{said}");
    assert!(!said.contains("panicked"), "{said}");
    said.to_owned()
}

/// The commands that work on a registry, each as it would be typed.
fn commands(url: &str, folder: &std::path::Path) -> Vec<Vec<String>> {
    let file = |name: &str| folder.join(name).display().to_string();
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    fs::write(folder.join("some.xml"), "<?xml version=\"1.0\"?><NaaccrData/>").unwrap();
    [
        "serve --listen 127.0.0.1:0".to_owned(),
        format!("import {}", file("some.xml")),
        format!("export --type A --version 250 --out {}", file("out.xml")),
        "check".to_owned(),
        "user list".to_owned(),
    ]
    .iter()
    .map(|line| words(&format!("{line} --database {url}")))
    .collect()
}

fn tables(db: &Database) -> i64 {
    db.number(match db.kind() {
        Kind::Sqlite => "SELECT count(*) FROM sqlite_schema",
        Kind::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    })
}

on_both!(no_command_but_init_makes_a_registry, |db| {
    for command in commands(db.url(), db.folder()) {
        let said = refused_in_one_line(accession(&command));
        assert!(said.contains("init"), "{command:?} does not say what to do: {said}");
        match db.kind() {
            Kind::Sqlite => assert!(!db.file().exists(), "{command:?} made the file"),
            Kind::Postgres => assert_eq!(tables(db), 0, "{command:?} made tables"),
        }
    }
    let left: Vec<_> = fs::read_dir(db.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["some.xml"], "something was left behind");
});

on_both!(init_leaves_an_existing_registry_as_it_is, |db| {
    init(db);
    let state = || {
        let counts = ["setting", "facility", "audit", "program"]
            .map(|table| db.number(&format!("SELECT count(*) FROM {table}")));
        (counts, db.values("SELECT created_at AS value FROM program"), tables(db))
    };
    let before = state();
    let said = refused_in_one_line(accession(&[
        "init",
        "--database",
        db.url(),
        "--kind",
        "central",
        "--name",
        "Another",
        "--state",
        "ZZ",
        "--admin",
        "other",
    ]));
    assert!(said.contains("already"), "{said}");
    assert_eq!(state(), before);
});

on_both!(init_with_answers_that_cannot_be_taken_leaves_nothing, |db| {
    for wrong in [["--state", "Iowa"], ["--naaccr-version", "999"], ["--reference-date", "soon"], ["--admin", "a b\nc"]]
    {
        let mut words = vec!["init", "--database", db.url(), "--kind", "hospital", "--name", "X"];
        words.extend(wrong);
        refused_in_one_line(accession(&words));
        match db.kind() {
            Kind::Sqlite => assert_eq!(fs::read_dir(db.folder()).unwrap().count(), 0, "{wrong:?}"),
            Kind::Postgres => assert_eq!(tables(db), 0, "{wrong:?}"),
        }
    }
    init(db);
});

on_both!(a_database_of_a_newer_program_is_refused_and_both_are_named, |db| {
    init(db);
    db.tamper(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231235959'); \
         UPDATE program SET version = '9.8.7'",
    );
    for command in commands(db.url(), db.folder()) {
        let said = refused_in_one_line(accession(&command));
        assert!(said.contains("9.8.7") && said.contains(env!("CARGO_PKG_VERSION")), "{command:?}: {said}");
    }
    assert_eq!(
        db.values("SELECT version AS value FROM program"),
        [Some("9.8.7".to_owned())],
        "the newer mark was overwritten"
    );
});

on_both!(a_database_that_is_no_registry_is_left_alone, |db| {
    db.tamper("CREATE TABLE shop (value TEXT); INSERT INTO shop VALUES ('kept')");
    for command in commands(db.url(), db.folder()) {
        refused_in_one_line(accession(&command));
    }
    assert_eq!(tables(db), 1);
    assert_eq!(db.values("SELECT value FROM shop"), [Some("kept".to_owned())]);
});

#[test]
fn a_wrong_address_is_refused_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(folder.path().join("folder")).unwrap();
    fs::write(folder.path().join("text"), "these are no pages of a database, only words").unwrap();
    fs::write(folder.path().join("empty"), "").unwrap();
    let wrong = [
        "registry.db".to_owned(),
        "sqlite:".to_owned(),
        "mysql://root@localhost/registry".to_owned(),
        at("bare-path.sqlite"),
        format!("sqlite:{}", at("folder")),
        format!("sqlite:{}", at("text")),
        format!("sqlite:{}", at("empty")),
        format!("sqlite:{}", at("missing/registry.sqlite")),
        format!("postgres://nobody@/nothing?host={}", at("missing")),
        "postgres://nobody@127.0.0.1:1/nothing".to_owned(),
    ];
    for url in &wrong {
        for command in
            [vec!["serve", "--listen", "127.0.0.1:0"], vec!["check"], vec!["init", "--kind", "hospital", "--name", "X"]]
        {
            if command == ["init", "--kind", "hospital", "--name", "X"] && url.ends_with("empty") {
                continue;
            }
            let mut words = command.clone();
            words.extend(["--database", url]);
            refused_in_one_line(accession(&words));
        }
    }
    let mut left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["empty", "folder", "text"]);
    assert_eq!(fs::read_to_string(folder.path().join("text")).unwrap(), "these are no pages of a database, only words");
    assert!(!crate::kit::tree().join("registry.db").exists());
}

#[test]
fn a_postgres_database_of_another_encoding_is_refused() {
    let Some(url) = crate::kit::latin_1_database() else { return };
    let said = refused_in_one_line(accession(&[
        "init",
        "--database",
        &url,
        "--kind",
        "hospital",
        "--name",
        "X",
        "--admin",
        "a",
    ]));
    assert!(said.contains("UTF8"), "{said}");
}
