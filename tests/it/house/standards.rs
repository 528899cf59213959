//! A NAACCR version is compared in one place.

use super::{code_lines, rust_files};

const VERSIONS: [&str; 16] =
    ["140", "150", "160", "161", "162", "170", "180", "181", "190", "200", "210", "220", "230", "240", "250", "260"];

/// Whether a line of code compares with a version's number or text: `== 250`, `>= "250"`, `< Version(250)`.
fn compares_a_version(line: &str) -> bool {
    if !line.to_ascii_lowercase().contains("version") {
        return false;
    }
    ["==", "!=", ">=", "<=", " > ", " < "].iter().any(|operator| {
        line.split(operator).skip(1).any(|right| {
            let right = right.trim_start().trim_start_matches("Version").trim_start_matches(['(', '"', 'V']);
            let number: String = right.chars().take_while(char::is_ascii_digit).collect();
            VERSIONS.contains(&number.as_str())
        })
    })
}

#[test]
fn versions_are_compared_in_one_file() {
    let mut found = Vec::new();
    for (path, text) in rust_files("src") {
        if path.ends_with("naaccr/versions.rs") {
            continue;
        }
        for (number, line) in code_lines(&text) {
            if compares_a_version(line) {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "versions compared outside naaccr/versions.rs:\n{}", found.join("\n"));
}

#[test]
fn the_comparison_is_seen_in_its_usual_forms() {
    assert!(compares_a_version("if version >= 250 {"));
    assert!(compares_a_version("if file.naaccr_version == \"240\" {"));
    assert!(compares_a_version("version < Version(180)"));
    assert!(!compares_a_version("let version = 250;"));
    assert!(!compares_a_version("if count == 250 {"));
}
