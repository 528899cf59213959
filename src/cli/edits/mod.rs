//! `accession edits`: data-quality rules by the command line.

/// Prints a line; whoever has read enough and closed the pipe ends the command quietly.
macro_rules! say {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        if writeln!(std::io::stdout(), $($part)*).is_err_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe) {
            return Ok(crate::cli::Outcome::Done);
        }
    }};
}

mod cases;
mod explain;
mod json;
mod list;
mod mutants;
mod run;
mod test;
mod told;

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use chrono::NaiveDate;
use clap::{Args, Subcommand};

use crate::cli::Outcome;
use crate::dates::PartialDate;
use crate::edits::{EditFile, Library, Plan, PlanFor, Surroundings, Trials, shipped_files};
use crate::naaccr::{RecordType, Version};

/// Data-quality rules.
#[derive(Debug, Subcommand)]
pub enum Edits {
    /// Runs a set on lines `{id,patient{},tumors[{}]}` and writes a line of failures for each.
    Cases(cases::Cases),
    /// Runs a set over a NAACCR file: a line of failures a patient, then counts.
    Run(run::Run),
    /// Tells an edit in words: rule, items, sets, over-rides, source.
    Explain(explain::Explain),
    /// Names the edits of the library, or the sets.
    List(list::List),
    /// What edit files would change in the library.
    Diff(list::Diff),
    /// Turns comparisons round and drops clauses; a test of the edit must notice each.
    Mutants(mutants::Mutants),
    /// Checks edit files and tries every edit on its tests.
    Test(test::Test),
}

impl Edits {
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Edits::Cases(command) => command.run(),
            Edits::Explain(command) => command.run(),
            Edits::List(command) => command.run(),
            Edits::Diff(command) => command.run(),
            Edits::Mutants(command) => command.run(),
            Edits::Run(command) => command.run(),
            Edits::Test(command) => command.run(),
        }
    }
}

/// What is run.
#[derive(Debug, Args)]
struct Which {
    /// The edit set.
    #[arg(long, default_value = "all", env = "ACCESSION_SET")]
    set: String,
    /// The day edits are run for; today unless given.
    #[arg(long, value_name = "DATE", env = "ACCESSION_AS_OF")]
    as_of: Option<NaiveDate>,
    /// Edit files that run besides the library.
    #[arg(long = "edits", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Settings that rules ask for, such as `registryState=IA`.
    #[arg(long = "setting", value_name = "NAME=VALUE")]
    settings: Vec<String>,
}

impl Which {
    fn library(&self) -> anyhow::Result<Library> {
        if self.files.is_empty() {
            return Ok(Library::shipped().clone());
        }
        with_files(&self.files)
    }

    fn surroundings(&self) -> anyhow::Result<Surroundings<'static>> {
        let day = self.as_of.unwrap_or_else(|| chrono::Local::now().date_naive());
        let mut with = Surroundings::shipped(PartialDate::from_naive(day).context("--as-of")?);
        for setting in &self.settings {
            let (name, value) =
                setting.split_once('=').ok_or_else(|| anyhow!("--setting {setting}: write NAME=VALUE"))?;
            with.settings.insert(name.to_owned(), value.to_owned());
        }
        Ok(with)
    }

    fn plan<'l>(&self, library: &'l Library, version: Version, record_type: RecordType) -> anyhow::Result<Plan<'l>> {
        let set = library.set(&self.set).ok_or_else(|| {
            let names: Vec<&str> = library.sets().map(|set| set.name.as_str()).collect();
            anyhow!("there is no edit set {}; there are {}", self.set, names.join(", "))
        })?;
        Ok(Plan::new(library, PlanFor { set, record_type, version }))
    }
}

/// The shipped library with more files; a fault in them is an error that names every place.
fn with_files(paths: &[PathBuf]) -> anyhow::Result<Library> {
    let mut library = Library::shipped().clone();
    let texts = read_files(paths)?;
    let files: Vec<EditFile<'_>> = texts.iter().map(|(name, text)| EditFile { name, text }).collect();
    let faults = library.add(&files, Trials::Kept);
    if faults.is_empty() {
        return Ok(library);
    }
    let all: Vec<String> = faults.iter().map(ToString::to_string).collect();
    Err(anyhow!("{}", all.join("\n")))
}

fn read_files(paths: &[PathBuf]) -> anyhow::Result<Vec<(String, String)>> {
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
            Ok((path.display().to_string(), text))
        })
        .collect()
}

/// The shipped library with its tests and every fault.
fn whole_library(more: &[(String, String)]) -> (Library, Vec<crate::edits::Fault>) {
    let mut files = shipped_files();
    let same = |shipped: &str, path: &str| path.rsplit('/').next() == shipped.rsplit('/').next();
    files.retain(|file| !more.iter().any(|(name, _)| same(file.name, name)));
    files.extend(more.iter().map(|(name, text)| EditFile { name, text }));
    Library::load(&files, Trials::Kept)
}

/// What a seed draws by: the smallest come first.
fn drawn(seed: &str, parts: &[&str]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    for part in std::iter::once(&seed).chain(parts) {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    hash.finalize()
}
