//! Every `accession` command that a page tells people to type is one that the program knows, with its options.

use std::collections::BTreeSet;
use std::fs;

use crate::kit::{accession, tree};

/// The commands of a page: in blocks and between backquotes, as (command, options).
fn commands(page: &str) -> BTreeSet<(String, Vec<String>)> {
    let joined = page.replace("\\\n", " ");
    let block = joined.lines().filter(|line| line.starts_with("    ")).flat_map(|line| {
        let line = line.split(" #").next().unwrap_or_default();
        line.split(['|', ';', '&'])
            .map(str::trim)
            .map(|part| part.strip_prefix("runuser -u accession -- ").unwrap_or(part).to_owned())
            .collect::<Vec<_>>()
    });
    let quoted = joined.split('`').skip(1).step_by(2).map(str::to_owned);
    block
        .chain(quoted)
        .filter_map(|text| {
            let rest = text.strip_prefix("accession ")?;
            let mut words = rest.split_whitespace();
            let command =
                words.next().filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))?;
            let mut options: Vec<String> = words
                .filter(|word| word.starts_with("--") && word.len() > 2)
                .map(|word| word.split('=').next().unwrap_or(word).to_owned())
                .collect();
            options.sort();
            Some((command.to_owned(), options))
        })
        .collect()
}

#[test]
fn every_command_of_the_pages_is_known() {
    let pages = ["README.md", "docs/install.md", "packaging/nightly-backup"];
    let mut unknown = Vec::new();
    let mut looked_at = 0;
    for page in pages {
        let text = fs::read_to_string(tree().join(page)).unwrap().replace("\"$program\"", "    accession");
        for (command, options) in commands(&text) {
            if command == "help" {
                continue;
            }
            looked_at += 1;
            let help = accession(&[command.as_str(), "--help"]);
            if help.code != Some(0) {
                unknown.push(format!("{page}: accession {command}"));
            }
            for option in options {
                if !help.stdout.contains(&option) {
                    unknown.push(format!("{page}: accession {command} {option}"));
                }
            }
        }
    }
    assert!(looked_at > 6, "only {looked_at} commands found");
    assert!(unknown.is_empty(), "pages name what the program does not know:\n{}", unknown.join("\n"));
}
