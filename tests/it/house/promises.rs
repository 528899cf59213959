//! `docs/reliability.md` names tests: they are there.

use std::fs;

use crate::kit::tree;

struct Promise {
    number: u32,
    proofs: Vec<String>,
}

fn promises() -> Vec<Promise> {
    let page = fs::read_to_string(tree().join("docs/reliability.md")).unwrap();
    page.lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let [number, _, proofs] = cells.as_slice() else { return None };
            let proofs = proofs.split("<br>").map(|proof| proof.trim().to_owned()).collect();
            Some(Promise { number: number.parse().ok()?, proofs })
        })
        .collect()
}

/// Whether the file holds a test of this name: a function, one of `on_both!`, or one of a browser spec.
fn has_test(file: &str, name: &str) -> bool {
    let Ok(text) = fs::read_to_string(tree().join(file)) else { return false };
    if file.ends_with(".mjs") {
        return text.contains(&format!("test('{name}'"));
    }
    let joined: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    joined.contains(&format!("fn {name}()"))
        || joined.match_indices("on_both!(").any(|(at, found)| {
            let rest = joined[at + found.len()..].trim_start();
            let rest = rest.strip_prefix("#[").and_then(|rest| Some(rest.split_once(']')?.1)).unwrap_or(rest);
            rest.trim_start().starts_with(&format!("{name},"))
        })
}

#[test]
fn all_72_promises_are_listed_in_order() {
    let numbers: Vec<u32> = promises().iter().map(|promise| promise.number).collect();
    assert_eq!(numbers, (1..=72).collect::<Vec<_>>());
}

#[test]
fn every_test_named_as_a_proof_exists() {
    let mut wrong = Vec::new();
    for promise in promises() {
        for proof in promise.proofs {
            if proof == "not yet" {
                continue;
            }
            let known =
                proof.split_once(": ").is_some_and(|(file, name)| has_test(file, name.trim_end_matches(" (long)")));
            if !known {
                wrong.push(format!("{}: {proof}", promise.number));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/reliability.md names tests that are not there:\n{}", wrong.join("\n"));
}
