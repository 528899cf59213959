//! `accession edits test`: checks edit files and tries every edit on its tests.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{read_files, whole_library};
use crate::cli::Outcome;
use crate::edits::{Edit, Library, Trial, Trialed, trial, try_edit};

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
    /// Tests of a second reader, in place of the edits' own: lines `{"edit":…,"must":"fails"|"passes","case":{…}}`.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
    /// One object with counts and what is wrong.
    #[arg(long)]
    json: bool,
}

impl Test {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let more = read_files(&self.files)?;
        let (mut library, faults) = whole_library(&more);
        if let Some(file) = &self.cases {
            let mut cases = second_reader(file, &library)?;
            library.replace_trials(|id| cases.remove(id).unwrap_or_default());
        }
        let named = |file: &str| more.is_empty() || more.iter().any(|(name, _)| name == file) || file == "sets.toml";
        let wanted = |edit: &&Edit| named(&edit.file) && (self.edit.is_empty() || self.edit.contains(&edit.id));
        let faults: Vec<_> = faults.iter().filter(|fault| named(&fault.file)).collect();
        let (mut edits, mut tests, mut wrong) = (0usize, 0usize, Vec::<(&Edit, Trialed)>::new());
        let mut families: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
        let tried = |edit: &&Edit| self.cases.is_none() || !edit.trials.is_empty();
        for edit in library.edits().iter().filter(wanted).filter(tried) {
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

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Must {
    Fails,
    Passes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    edit: String,
    must: Must,
    case: toml::Table,
}

/// Tests by edit, from lines of JSON.
fn second_reader(file: &Path, library: &Library) -> anyhow::Result<HashMap<String, Vec<Trial>>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let mut all: HashMap<String, Vec<Trial>> = HashMap::new();
    for (line, number) in text.lines().zip(1usize..).filter(|(line, _)| !line.trim().is_empty()) {
        let here = || format!("{}:{number}", file.display());
        let line: Line = serde_json::from_str(line).with_context(here)?;
        if library.edit(&line.edit).is_none() {
            return Err(anyhow!("{}: there is no edit {}", here(), line.edit));
        }
        let of_edit = all.entry(line.edit).or_default();
        let must_fail = matches!(line.must, Must::Fails);
        let read = trial(&line.case, must_fail, of_edit.len() + 1, number);
        of_edit.push(read.map_err(|why| anyhow!("{}: {why}", here()))?);
    }
    Ok(all)
}
