//! SQL is written in two rooms only, and never from pieces of text.

use super::{code_lines, rust_files, under};

const STORES: [&str; 2] = ["src/registry/store", "src/accounts/store"];

/// Files that may format SQL, each because the varying part is a fixed name of ours and never outside data.
/// The list may shrink; to grow it, say here why.
const MAY_FORMAT_SQL: [&str; 0] = [];

#[test]
fn no_query_is_formatted_from_text() {
    let mut found = Vec::new();
    for (path, text) in rust_files("src") {
        if under(&path, &MAY_FORMAT_SQL) {
            continue;
        }
        let code: String = code_lines(&text).map(|(_, line)| line.trim()).collect();
        for call in ["sql_query(format!", "sql_query(&format!", "batch_execute(&format!", "dsl::sql::<"] {
            if code.contains(call) {
                found.push(format!("{}: {call}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "queries made from text:\n{}", found.join("\n"));
}

#[test]
fn only_the_stores_name_tables() {
    let mut found = Vec::new();
    for (path, text) in rust_files("src") {
        if STORES.iter().any(|store| path.starts_with(store) || path.to_string_lossy() == format!("{store}.rs")) {
            continue;
        }
        for (number, line) in code_lines(&text) {
            for sign in ["diesel::table!", "table! {", "sql_query(", "batch_execute(", "crate::schema::"] {
                if line.contains(sign) {
                    found.push(format!("{}:{number}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "tables named outside the stores:\n{}", found.join("\n"));
}
