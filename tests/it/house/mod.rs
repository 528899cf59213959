//! The house rules that a reader of the source could break without noticing: the order of the rooms, where
//! tables are named, where versions are compared, what every file must look like. Each test reads `src` as text.

mod kit;
mod promises;
mod rooms;
mod standards;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file under a folder of the tree, as (path from the tree's root, text).
pub fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let root = crate::kit::tree();
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// The lines of a file before its unit tests, each with its number from 1, comments left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Whether a path from the tree's root lies under one of these.
fn under(path: &Path, folders: &[&str]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}
