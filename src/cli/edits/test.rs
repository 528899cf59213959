//! `accession edits test`: checks edit files and tries every edit on its tests.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{read_files, whole_library};
use crate::cli::Outcome;
use crate::edits::{Edit, Trialed, try_edit};

/// Checks edit files and tries every edit on its tests; without a file, the whole library.
///
/// A file that bears the name of one of the library stands in its place.
#[derive(Debug, Args)]
pub struct Test {
    /// Edit files; their edits alone are tried.
    files: Vec<PathBuf>,
    /// Only these edits.
    #[arg(long)]
    edit: Vec<String>,
    /// One object with counts and what is wrong.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let more = read_files(&self.files)?;
        let (library, faults) = whole_library(&more);
        let named = |file: &str| more.is_empty() || more.iter().any(|(name, _)| name == file) || file == "sets.toml";
        let wanted = |edit: &&Edit| named(&edit.file) && (self.edit.is_empty() || self.edit.contains(&edit.id));
        let faults: Vec<_> = faults.iter().filter(|fault| named(&fault.file)).collect();
        let (mut edits, mut tests, mut wrong) = (0usize, 0usize, Vec::<(&Edit, Trialed)>::new());
        let mut families: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        for edit in library.edits().iter().filter(wanted) {
            edits += 1;
            let row = families.entry(&edit.family).or_default();
            row[edit.confidence as usize] += 1;
            row[3] += edit.trials.len();
            for trialed in try_edit(edit) {
                tests += 1;
                if !trialed.agrees {
                    wrong.push((edit, trialed));
                }
            }
        }
        if self.json {
            let faults: Vec<_> = faults.iter().map(|f| json!({"file": f.file, "line": f.line, "column": f.column, "edit": f.edit, "message": f.message})).collect();
            let failed: Vec<_> = wrong
                .iter()
                .map(|(edit, t)| json!({"edit": edit.id, "test": t.number, "file": edit.file, "line": t.line, "message": t.message}))
                .collect();
            let counts: BTreeMap<_, _> = families
                .iter()
                .map(|(family, [a, b, c, tests])| (family, json!({"A": a, "B": b, "C": c, "tests": tests})))
                .collect();
            println!(
                "{}",
                json!({"edits": edits, "tests": tests, "families": counts, "faults": faults, "failed": failed, "fingerprint": library.fingerprint()})
            );
        } else {
            for (family, [a, b, c, tests]) in &families {
                println!("{family:24} {:4} edits (A {a}, B {b}, C {c}) {tests:5} tests", a + b + c);
            }
            for fault in &faults {
                println!("{fault}");
            }
            for (edit, trialed) in &wrong {
                println!(
                    "{}:{}: edit {}, test {}: {}",
                    edit.file, trialed.line, edit.id, trialed.number, trialed.message
                );
            }
            println!("{edits} edits, {tests} tests, {} failed, {} faults", wrong.len(), faults.len());
        }
        Ok(if wrong.is_empty() && faults.is_empty() { Outcome::Done } else { Outcome::Found })
    }
}
