//! The rooms depend downwards only, in the order of the `pub mod` lines of `src/lib.rs`.

use std::fs;
use std::path::Path;

use super::{code_lines, rust_files};
use crate::kit::tree;

fn rooms_in_order() -> Vec<String> {
    let text = fs::read_to_string(tree().join("src/lib.rs")).unwrap();
    text.lines().filter_map(|line| Some(line.strip_prefix("pub mod ")?.strip_suffix(';')?.to_owned())).collect()
}

/// `src/registry/store/x.rs` is of the room `registry`, `src/dates.rs` of `dates`; `main.rs` and `lib.rs` of none.
fn room_of(path: &Path) -> Option<String> {
    let first = path.components().nth(1)?.as_os_str().to_str()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (room != "main" && room != "lib").then(|| room.to_owned())
}

/// The rooms that a line of code names as `crate::room` or within `crate::{room::…, room::…}`.
fn rooms_named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, found) in line.match_indices("crate::") {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &line[at + found.len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = true;
            let mut word = String::new();
            for c in list.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        rooms.push(std::mem::take(&mut word));
                        start = true;
                    }
                    ':' if depth == 0 => start = false,
                    c if depth == 0 && start && (c.is_alphanumeric() || c == '_') => word.push(c),
                    _ => {}
                }
            }
            rooms.push(word);
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn no_room_depends_on_one_after_it() {
    let order = rooms_in_order();
    let place = |room: &str| order.iter().position(|known| known == room);
    let mut upward = Vec::new();
    for (path, text) in rust_files("src") {
        let Some(room) = room_of(&path) else { continue };
        let here = place(&room).unwrap_or_else(|| panic!("{}: `{room}` is not in src/lib.rs", path.display()));
        // A `use crate::{…}` over several lines is read as one.
        let mut joined = String::new();
        let mut joined_from = 0;
        for (number, line) in code_lines(&text) {
            if joined.is_empty() {
                joined_from = number;
            }
            joined.push_str(line.trim());
            joined.push(' ');
            if joined.contains("crate::{") && joined.matches('{').count() > joined.matches('}').count() {
                continue;
            }
            for named in rooms_named(&joined) {
                if place(&named).is_some_and(|there| there > here) {
                    upward.push(format!("{}:{joined_from}: {room} uses {named}", path.display()));
                }
            }
            joined.clear();
        }
    }
    assert!(upward.is_empty(), "upward dependences:\n{}", upward.join("\n"));
}

#[test]
fn pure_rooms_know_no_clock_database_or_web() {
    let order = rooms_in_order();
    let last_pure = order.iter().position(|room| room == "report").unwrap();
    let mut impure = Vec::new();
    for (path, text) in rust_files("src") {
        let pure = room_of(&path)
            .and_then(|room| order.iter().position(|known| *known == room))
            .is_some_and(|at| at <= last_pure);
        if !pure {
            continue;
        }
        for (number, line) in code_lines(&text) {
            for word in ["diesel::", "actix_web::", "Utc::now", "Local::now", "SystemTime::now", "ureq::", "lettre::"] {
                if line.contains(word) {
                    impure.push(format!("{}:{number}: {word}", path.display()));
                }
            }
        }
    }
    assert!(impure.is_empty(), "pure rooms that are not:\n{}", impure.join("\n"));
}

#[test]
fn every_room_begins_by_saying_what_it_is_for() {
    for room in rooms_in_order() {
        let folder = tree().join(format!("src/{room}/mod.rs"));
        let file = tree().join(format!("src/{room}.rs"));
        let text = fs::read_to_string(if folder.exists() { folder } else { file }).unwrap();
        let said = text.lines().take_while(|line| line.starts_with("//!")).count();
        assert!(said >= 1, "{room} has no module comment");
    }
}

#[test]
fn the_reader_of_rooms_finds_them_in_every_form() {
    assert_eq!(rooms_named("use crate::web::Page;"), ["web"]);
    assert_eq!(rooms_named("use crate::{asker::Asker, registry::{store, Conn}, web};"), ["asker", "registry", "web"]);
    assert_eq!(rooms_named("let x = crate::cli::run(crate::dates::today);"), ["cli", "dates"]);
    assert!(rooms_named("let x = mycrate::cli::run();").is_empty());
}
