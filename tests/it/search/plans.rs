//! No list reads a whole table: every query text of the stores is explained on both databases.
//!
//! The texts are read out of the sources, so that none can be forgotten; those put together from pieces stand in
//! `search::LIST_QUERIES`. A text of the other database fails to be understood here and must be understood there.
//! PostgreSQL is told that the tables hold five thousand times the rows they do, and to avoid reading one through.

use std::collections::BTreeSet;

use accession::registry::store::search::LIST_QUERIES;

use super::population::{crowd, registry_of};
use crate::kit::{Database, HOME, Kind};

/// Tables that grow with the registry's records.
const BIG: [&str; 16] = [
    "patient",
    "tumor",
    "abstract",
    "patient_name",
    "patient_identifier",
    "audit",
    "audit_detail",
    "history",
    "source_record",
    "source_tumor",
    "import_problem",
    "review",
    "contact",
    "attempt",
    "disclosure_patient",
    "file_chunk",
];

/// Queries that may read a table through, each with the reason. They begin so.
const WHOLE_TABLE: [(&str, &str); 11] = [
    ("SELECT count(*) AS n FROM audit", "whether a registry whose set-up failed is still empty"),
    ("SELECT count(*) AS n FROM patient", "the length of an export of everything, once a job"),
    ("SELECT count(*) AS tumors", "the number of tumors of a cohort, which may be all: narrow rows, read once"),
    (
        "SELECT g.facility_id, g.year, count(*) AS patients",
        "reconciliation counts the whole registry, from indexes alone",
    ),
    ("SELECT id AS n FROM abstract ORDER BY id LIMIT 1", "whether there is an abstract at all: the first row answers"),
    ("SELECT count(*) AS n FROM abstract_live a WHERE a.edit_state", "how many cases the edits have judged, of all"),
    ("SELECT coalesce(a.class, '') AS class", "what waits for a recipient is counted over all cases, grouped"),
    ("SELECT '' AS class, '' AS status", "the same for a recipient of tumors"),
    ("SELECT a.first_contact / 100 AS month", "cases by month of first contact, of all"),
    ("SELECT a.id, 'number' AS what FROM abstract_live a JOIN", "the gate of a batch looks for doubles, once a job"),
    ("SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) AS n", "the same among patients, once a job"),
];

/// Files whose work is to read every table through: the check of the whole registry, the backup, whose texts are
/// put together from the schema, the removal of a patient by order, and writing all columns anew.
const READS_ALL: [&str; 4] = ["store/check.rs", "store/dump.rs", "store/purge.rs", "store/reindex.rs"];

/// Indexes that hold only the few rows that wait for somebody: reading one through is no reading of its table.
const OF_FEW_ROWS: [&str; 1] = ["contact_open"];

fn store_files() -> Vec<(String, String)> {
    ["src/registry/store", "src/accounts/store"]
        .iter()
        .flat_map(|folder| crate::house::rust_files(folder))
        .map(|(path, text)| (path.display().to_string(), text))
        .filter(|(path, _)| !READS_ALL.iter().any(|end| path.ends_with(end)))
        .collect()
}

/// The string literals of a source before its unit tests, with escapes undone.
fn literals(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut letters = code.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        match letter {
            '/' if letters.peek() == Some(&'/') => {
                for skipped in letters.by_ref() {
                    if skipped == '\n' {
                        break;
                    }
                }
            }
            // A quote as a character: '"'.
            '"' if before == '\'' && letters.peek() == Some(&'\'') => {}
            '"' => {
                let mut text = String::new();
                while let Some(inner) = letters.next() {
                    match inner {
                        '"' => break,
                        '\\' => match letters.next() {
                            Some('\n') => {
                                while letters.peek().is_some_and(|c| c.is_whitespace()) {
                                    letters.next();
                                }
                            }
                            Some('n') => text.push('\n'),
                            Some(other) => text.push(other),
                            None => break,
                        },
                        other => text.push(other),
                    }
                }
                found.push(text);
            }
            _ => {}
        }
        before = letter;
    }
    found
}

/// Every query of the stores: its text and where it stands.
fn queries() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> =
        LIST_QUERIES.iter().map(|(name, text)| (text.to_string(), name.to_string())).collect();
    for (path, source) in store_files() {
        if path.ends_with("store/conn.rs") {
            // The pieces that stand for the lists of `IN (?)`.
            continue;
        }
        if path.ends_with("search/candidates.rs") {
            // The pieces of the texts above; the whole texts of the file are taken as everywhere.
            let whole = literals(&source).into_iter().filter(|t| t.starts_with("SELECT") && !t.ends_with("WHERE "));
            all.extend(whole.map(|text| (text, path.clone())));
            continue;
        }
        for text in literals(&source) {
            if ["SELECT ", "WITH "].iter().any(|word| text.trim_start().starts_with(word)) {
                all.push((text, path.clone()));
            }
        }
    }
    all
}

/// The text with a value in the place of every `?`.
fn with_values(text: &str, kind: Kind, list: &str) -> String {
    let text = text.replace("LIMIT ?", "LIMIT 100").replace("OFFSET ?", "OFFSET 0");
    match kind {
        Kind::Sqlite => text.replace("IN (?)", "IN (SELECT value FROM json_each(?))"),
        Kind::Postgres => text.replace("IN (?)", &format!("IN ({list})")).replace('?', "'0'"),
    }
}

/// `SCAN t`, `SCAN t USING INDEX i`, but not `SEARCH t USING …`; the name may be an alias.
fn sqlite_scans(plan: &[String], text: &str) -> Vec<String> {
    let big: BTreeSet<String> = aliases(text);
    plan.iter()
        .filter_map(|step| step.strip_prefix("SCAN "))
        .filter(|rest| rest.split(' ').next().is_some_and(|name| big.contains(name)))
        .filter(|rest| !OF_FEW_ROWS.iter().any(|index| rest.ends_with(&format!(" {index}"))))
        .map(|rest| format!("SCAN {rest}"))
        .collect()
}

/// The names under which big tables occur in a text: themselves, their live views, and what follows either.
fn aliases(text: &str) -> BTreeSet<String> {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let mut names = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let table = word.strip_suffix("_live").unwrap_or(word);
        if !BIG.contains(&table) {
            continue;
        }
        names.insert(table.to_string());
        names.insert(word.to_string());
        let alias = match words.get(at + 1) {
            Some(&"AS" | &"as") => words.get(at + 2),
            other => other,
        };
        names.extend(alias.filter(|a| a.chars().all(char::is_lowercase)).map(ToString::to_string));
    }
    names
}

/// The plan, whether `IN (?)` takes ids or texts.
fn plan_of(db: &Database, text: &str) -> Result<Vec<String>, String> {
    let ids = "SELECT json_array_elements_text(('[1]')::json)::bigint";
    let texts = "SELECT json_array_elements_text(('[\"1\"]')::json)";
    db.plan(&with_values(text, db.kind(), ids)).or_else(|_| db.plan(&with_values(text, db.kind(), texts)))
}

/// The nodes that read a big table through: a sequential scan, or an index without a condition.
fn postgres_scans(plan: &serde_json::Value, found: &mut Vec<String>) {
    match plan {
        serde_json::Value::Array(list) => list.iter().for_each(|one| postgres_scans(one, found)),
        serde_json::Value::Object(node) => {
            let kind = node.get("Node Type").and_then(|k| k.as_str()).unwrap_or_default();
            let table = node.get("Relation Name").and_then(|k| k.as_str()).unwrap_or_default();
            let through = kind == "Seq Scan"
                || (matches!(kind, "Index Scan" | "Index Only Scan") && !node.contains_key("Index Cond"));
            let index = node.get("Index Name").and_then(|k| k.as_str()).unwrap_or_default();
            if through && !OF_FEW_ROWS.contains(&index) && BIG.contains(&table) {
                found.push(format!("{kind} of {table}"));
            }
            node.values().for_each(|one| postgres_scans(one, found));
        }
        _ => {}
    }
}

/// The big tables that a query reads through.
fn scans_of(db: &Database, text: &str) -> Result<Vec<String>, String> {
    let plan = plan_of(db, text)?;
    Ok(match db.kind() {
        Kind::Sqlite => sqlite_scans(&plan, text),
        Kind::Postgres => {
            let mut found = Vec::new();
            postgres_scans(&serde_json::from_str(&plan.concat()).map_err(|e| e.to_string())?, &mut found);
            found
        }
    })
}

on_both!(every_list_query_goes_in_by_an_index, |db| {
    drop(registry_of(db, &crowd(200, 19, HOME)));
    if db.kind() == Kind::Postgres {
        let tables = BIG.map(|table| format!("'{table}'")).join(", ");
        db.tamper(&format!(
            "ANALYZE; UPDATE pg_class SET reltuples = reltuples * 5000 WHERE reltuples > 0 AND relname IN ({tables})"
        ));
    }
    for bad in [
        "SELECT id FROM patient WHERE residence_state = ?",
        "SELECT id FROM abstract_live a ORDER BY a.changed_at LIMIT ?",
    ] {
        assert!(!scans_of(db, bad).unwrap().is_empty(), "not seen: {bad}");
    }
    let queries = queries();
    assert!(queries.len() >= 40, "only {} queries were found in the sources", queries.len());
    let (mut wrong, mut not_understood) = (Vec::new(), Vec::new());
    for (text, place) in &queries {
        if WHOLE_TABLE.iter().any(|(begin, _)| text.starts_with(begin)) {
            continue;
        }
        match scans_of(db, text) {
            Ok(scans) if scans.is_empty() => {}
            Ok(scans) => wrong.push(format!("{place}: {}\n    {text}", scans.join(", "))),
            Err(error) => not_understood.push((text.clone(), format!("{place}: {error}\n    {text}"))),
        }
    }
    let neither = understood_by_neither(db.kind(), not_understood);
    assert!(neither.is_empty(), "understood by neither database:\n{}", neither.join("\n"));
    assert!(
        wrong.is_empty(),
        "{} of {} queries read a table through:\n{}",
        wrong.len(),
        queries.len(),
        wrong.join("\n")
    );
});

/// A text must be understood by one of the two databases: what both refuse was put together from pieces. The database
/// that comes second here tells.
fn understood_by_neither(kind: Kind, refused: Vec<(String, String)>) -> Vec<String> {
    use std::sync::Mutex;
    static FIRST: Mutex<Option<(Kind, BTreeSet<String>)>> = Mutex::new(None);
    let mut first = FIRST.lock().unwrap();
    match &*first {
        Some((other, texts)) if *other != kind => {
            refused.into_iter().filter(|(text, _)| texts.contains(text)).map(|(_, told)| told).collect()
        }
        _ => {
            *first = Some((kind, refused.into_iter().map(|(text, _)| text).collect()));
            Vec::new()
        }
    }
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let source =
        "const A: &str = \"SELECT a \\\n     FROM b\"; // \"SELECT no\"\nlet c = '\"'; let d = \"WITH \\\"x\\\"\";";
    assert_eq!(literals(source), ["SELECT a FROM b", "WITH \"x\""]);
}

#[test]
fn a_scan_is_told_from_a_search() {
    let text = "SELECT x FROM patient_live p JOIN facility f ON 1";
    let plan = ["SCAN p".to_string(), "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)".into(), "SCAN f".into()];
    assert_eq!(sqlite_scans(&plan, text), ["SCAN p"]);
}
