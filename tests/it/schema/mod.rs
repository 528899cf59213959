//! The tables themselves: migrations lead up, down and up again, both databases have the same ones, and the
//! database refuses what the program never does.

use std::collections::BTreeSet;
use std::fs;

use crate::kit::{Database, Kind, tree};

/// Tables, columns with type and whether they may be empty, indexes with their columns, triggers and views: a line each.
fn shape(db: &Database) -> BTreeSet<String> {
    let query = match db.kind() {
        Kind::Sqlite => {
            "SELECT m.name || '.' || c.name || ' ' || CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'TEXT' THEN 'text' \
             WHEN 'BLOB' THEN 'bytea' ELSE c.type END || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN ' required' ELSE '' END AS value \
             FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' \
             UNION ALL SELECT 'index ' || m.name || ' on ' || m.tbl_name || ' (' || \
             (SELECT group_concat(name, ', ') FROM (SELECT name FROM pragma_index_info(m.name) ORDER BY seqno)) || ')' \
             FROM sqlite_schema m WHERE m.type = 'index' AND m.sql IS NOT NULL \
             UNION ALL SELECT 'view ' || name FROM sqlite_schema WHERE type = 'view'"
        }
        Kind::Postgres => {
            "SELECT c.table_name || '.' || c.column_name || ' ' || c.data_type || \
             CASE WHEN c.is_nullable = 'NO' THEN ' required' ELSE '' END AS value \
             FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) \
             WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' \
             UNION ALL SELECT 'index ' || i.relname || ' on ' || t.relname || ' (' || \
             (SELECT string_agg(a.attname, ', ' ORDER BY k.place) FROM unnest(x.indkey) WITH ORDINALITY AS k (attnum, place) \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum) || ')' \
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace \
             WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint p WHERE p.conindid = x.indexrelid AND p.contype IN ('p', 'u')) \
             UNION ALL SELECT 'view ' || viewname FROM pg_views WHERE schemaname = 'public'"
        }
    };
    db.values(query).into_iter().flatten().filter(|line| !line.starts_with("__diesel_schema_migrations")).collect()
}

/// Everything that stands in the schema, in the database's own words.
fn dump(db: &Database) -> Vec<String> {
    let query = match db.kind() {
        Kind::Sqlite => "SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS value FROM sqlite_schema ORDER BY 1",
        Kind::Postgres => {
            "SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || \
             coalesce(column_default, '') || ' ' || coalesce(collation_name, '') || is_identity AS value \
             FROM information_schema.columns WHERE table_schema = 'public' \
             UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
             UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal \
             UNION ALL SELECT 'view ' || viewname || ' ' || definition FROM pg_views WHERE schemaname = 'public' \
             UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        }
    };
    db.values(query).into_iter().flatten().collect()
}

fn migrations(kind: Kind) -> Vec<String> {
    let folder = match kind {
        Kind::Sqlite => "migrations/sqlite",
        Kind::Postgres => "migrations/postgres",
    };
    let mut names: Vec<String> = fs::read_dir(tree().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.into_iter().map(|name| format!("{folder}/{name}")).collect()
}

fn go_up(db: &Database) {
    for migration in migrations(db.kind()) {
        db.tamper(&fs::read_to_string(tree().join(migration).join("up.sql")).unwrap());
    }
}

fn go_down(db: &Database) {
    for migration in migrations(db.kind()).iter().rev() {
        db.tamper(&fs::read_to_string(tree().join(migration).join("down.sql")).unwrap());
    }
}

on_both!(migrations_lead_up_down_and_up_to_the_same_tables, |db| {
    go_up(db);
    let first = dump(db);
    go_down(db);
    // SQLite keeps the empty table of its counters.
    assert!(dump(db).iter().all(|line| line.contains("sqlite_sequence")), "left behind: {:?}", dump(db));
    go_up(db);
    assert_eq!(dump(db), first);
});

#[test]
fn every_migration_has_one_name_on_both_databases() {
    let name = |path: String| path.rsplit('/').next().unwrap().to_owned();
    let sqlite: Vec<String> = migrations(Kind::Sqlite).into_iter().map(name).collect();
    let postgres: Vec<String> = migrations(Kind::Postgres).into_iter().map(name).collect();
    assert_eq!(sqlite, postgres);
}

on_both!(the_tables_are_those_that_both_databases_have, |db| {
    go_up(db);
    let known = fs::read_to_string(tree().join("tests/it/schema/shape.txt")).unwrap_or_default();
    let found: String = shape(db).into_iter().map(|line| line + "\n").collect();
    if std::env::var_os("ACCESSION_TEST_WRITE").is_some() {
        fs::write(tree().join("tests/it/schema/shape.txt"), &found).unwrap();
    }
    assert!(
        found == known || std::env::var_os("ACCESSION_TEST_WRITE").is_some(),
        "the tables are not those of tests/it/schema/shape.txt; look at the difference, and write the file anew with \
         ACCESSION_TEST_WRITE=1 if it is meant:\n{}",
        difference(&known, &found)
    );
});

fn difference(known: &str, found: &str) -> String {
    let known: BTreeSet<&str> = known.lines().collect();
    let found: BTreeSet<&str> = found.lines().collect();
    let gone = known.difference(&found).map(|line| format!("- {line}\n"));
    gone.chain(found.difference(&known).map(|line| format!("+ {line}\n"))).collect()
}

on_both!(the_database_refuses_to_change_or_remove_audit_lines, |db| {
    go_up(db);
    let blob = match db.kind() {
        Kind::Sqlite => "x'00'",
        Kind::Postgres => "'\\x00'::bytea",
    };
    db.tamper(&format!(
        "INSERT INTO audit (seq, at, login, address, action, route, outcome, note, hash) \
         VALUES (1, '2026-01-01T00:00:00Z', 'a', '', 'view', '/', 'done', '', {blob})"
    ));
    db.tamper(&format!(
        "INSERT INTO history (change_no, kind, record_id, version, at, login, why, source_kind, record_hash) \
         VALUES (1, 'patient', 1, 1, '2026-01-01T00:00:00Z', 'a', '', 'typed', {blob})"
    ));
    for refused in [
        "UPDATE audit SET login = 'b'",
        "UPDATE audit SET note = 'x' WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 1",
        "INSERT OR REPLACE INTO audit (seq, at, login, address, action, route, outcome, note, hash) VALUES (1, '', 'b', '', '', '', '', '', x'00')",
        "UPDATE history SET login = 'b'",
        "DELETE FROM history",
    ] {
        if db.kind() == Kind::Postgres && refused.contains("OR REPLACE") {
            continue;
        }
        let answer = db.try_tamper(refused);
        assert!(answer.is_err(), "{refused} was done");
    }
    assert_eq!(db.values("SELECT login AS value FROM audit"), [Some("a".to_owned())]);
    // A patient removed for good takes his history along: by its own door, shut again in the same transaction.
    db.tamper("BEGIN; INSERT INTO purging (patient_id) VALUES (1); DELETE FROM history; DELETE FROM purging; COMMIT");
    assert_eq!(db.number("SELECT count(*) FROM history"), 0);
});
