//! `accession check` finds what somebody changed behind the program's back.

use crate::imports::{import_small, shared_v26};
use crate::kit::{Database, accession, init};

fn checked(db: &Database) -> serde_json::Value {
    accession(&["check", "--database", db.url(), "--json"]).json()
}

fn a_registry(db: &Database) -> bool {
    init(db);
    match shared_v26() {
        Some(file) => {
            import_small(db, &file);
            assert_eq!(checked(db)["outcome"], "sound", "{}", checked(db));
            true
        }
        None => false,
    }
}

fn kinds(report: &serde_json::Value) -> Vec<String> {
    let mut kinds: Vec<String> =
        report["findings"].as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap().to_string()).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn first(report: &serde_json::Value) -> String {
    report["findings"][0]["where"].as_str().unwrap_or_default().to_string()
}

const NO_TRIGGERS_SQLITE: &str = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;";
const NO_TRIGGERS_POSTGRES: &str = "ALTER TABLE audit DISABLE TRIGGER ALL;";

fn without_triggers(db: &Database, statement: &str) {
    let off = if db.url().starts_with("sqlite:") { NO_TRIGGERS_SQLITE } else { NO_TRIGGERS_POSTGRES };
    db.tamper(&format!("{off} {statement}"));
}

on_both!(a_changed_audit_line_is_named, |db| {
    if !a_registry(db) {
        return;
    }
    without_triggers(db, "UPDATE audit SET login = 'nobody' WHERE seq = 3");
    let report = checked(db);
    assert_eq!((kinds(&report), first(&report)), (vec!["chain".to_string()], "audit line 3".to_string()), "{report}");
});

on_both!(a_removed_audit_line_is_named, |db| {
    if !a_registry(db) {
        return;
    }
    without_triggers(db, "DELETE FROM audit WHERE seq = 4");
    let report = checked(db);
    assert!(kinds(&report).contains(&"missing_line".to_string()), "{report}");
    assert_eq!(first(&report), "audit line 5", "{report}");
});

on_both!(a_chain_with_its_last_ten_lines_cut_off_is_found, |db| {
    if !a_registry(db) {
        return;
    }
    without_triggers(db, "DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - 10");
    assert!(kinds(&checked(db)).contains(&"tail".to_string()));
});

on_both!(a_changed_items_text_is_found, |db| {
    if !a_registry(db) {
        return;
    }
    db.tamper("UPDATE abstract SET items = replace(items, '\"primarySite\":\"C', '\"primarySite\":\"D') WHERE id = 7");
    let report = checked(db);
    assert!(kinds(&report).contains(&"items".to_string()), "{report}");
    assert!(report["findings"].as_array().unwrap().iter().any(|f| f["where"] == "abstract 7"), "{report}");
});

on_both!(a_promoted_column_that_no_longer_agrees_is_found, |db| {
    if !a_registry(db) {
        return;
    }
    db.tamper("UPDATE patient SET last_name = 'OTHER' WHERE id = 5");
    let report = checked(db);
    assert_eq!((kinds(&report), first(&report)), (vec!["promoted".to_string()], "patient 5".to_string()), "{report}");
});

mod backup;
