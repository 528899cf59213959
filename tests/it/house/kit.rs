//! The kit itself: two tests from one fact, each with a database of its own.

use crate::kit::{Kind, tree};

on_both!(a_fresh_database_holds_nothing_and_belongs_to_this_test, |db| {
    let tables = match db.kind() {
        Kind::Sqlite => "SELECT count(*) FROM sqlite_schema",
        Kind::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
    };
    assert_eq!(db.number(tables), 0);
    db.tamper("CREATE TABLE mark (value TEXT)");
    assert_eq!(db.number("SELECT count(*) FROM mark"), 0);
});

#[test]
fn every_test_with_a_database_is_made_for_both() {
    let mut alone = Vec::new();
    for (path, text) in super::rust_files("tests/it") {
        if path.starts_with("tests/it/kit") || path.ends_with("house/kit.rs") {
            continue;
        }
        // A fact of both databases may ask for a second one, to restore into.
        if text.contains("on_both!(") {
            continue;
        }
        for (index, line) in text.lines().enumerate() {
            if line.contains("Database::fresh(") || line.contains("run_on(") {
                alone.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(alone.is_empty(), "use on_both! instead:\n{}", alone.join("\n"));
    assert!(tree().join("tests/it/main.rs").exists());
}
