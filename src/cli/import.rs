//! `accession import`: takes files of abstracts into a registry.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;

use super::Outcome;
use super::database::Database;
use super::taken_in::take_in;
use crate::intake::import_job::{Counts, Options, on_change};
use crate::registry::store::{By, Store, facility};

/// Imports NAACCR XML files (.xml, .xml.gz)
#[derive(Debug, Args)]
pub struct Import {
    /// Files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// Facility number (540) for tumors without one
    #[arg(long, value_name = "ID")]
    facility: Option<String>,
    /// Who sent the files: names the space of their patient numbers
    #[arg(long, value_name = "NAME")]
    sender: Option<String>,
    /// What becomes of a record that differs from a known abstract; by the registry's kind when not given
    #[arg(long, value_parser = ["review", "replace", "ignore"])]
    on_change: Option<String>,
    /// Take what can be taken, also when records are refused
    #[arg(long)]
    partial: bool,
    /// One JSON object a file
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Line {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    import: Option<String>,
    outcome: &'static str,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

impl Import {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        let mut found = false;
        for path in &self.files {
            let line = self.import(&store, path)?;
            found |= line.outcome != "published"
                || line.counts.problems > 0
                || line.counts.review > 0
                || line.counts.refused > 0;
            if self.json {
                println!("{}", serde_json::to_string(&line)?);
            } else {
                let c = &line.counts;
                println!(
                    "{}: {}; {} patients and {} tumors read; {} added, {} changed, {} unchanged, {} to review, {} refused; {} problems",
                    line.file,
                    line.outcome,
                    c.patients,
                    c.tumors,
                    c.added,
                    c.changed,
                    c.unchanged,
                    c.review,
                    c.refused,
                    c.problems
                );
                if let Some(message) = &line.message {
                    println!("  {message}");
                }
            }
        }
        Ok(if found { Outcome::Found } else { Outcome::Done })
    }

    fn import(&self, store: &Store, path: &Path) -> anyhow::Result<Line> {
        let shown = path.display().to_string();
        let mut input = std::fs::File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        if input.metadata().is_ok_and(|m| m.is_dir()) {
            anyhow::bail!("{shown} is a folder; name the files in it");
        }
        let by = By::system("accession import");
        let name = path.file_name().map_or_else(|| shown.clone(), |n| n.to_string_lossy().into_owned());
        let facility = match &self.facility {
            Some(number) => facility::facility_by_number(&mut *store.reading()?, number)?.map(|f| f.id),
            None => None,
        };
        let options = Options {
            sender: self.sender.clone(),
            facility: self.facility.clone(),
            on_change: on_change(store, self.on_change.as_deref())?,
            partial: self.partial,
        };
        let taken = take_in(store, &by, &name, facility, &options, |file| {
            let mut bytes = vec![0u8; 1 << 18];
            loop {
                let read = input.read(&mut bytes).with_context(|| format!("{shown} cannot be read"))?;
                if read == 0 {
                    return Ok(());
                }
                file.add(&bytes[..read])?;
            }
        })?;
        Ok(Line {
            file: shown,
            import: Some(taken.import.to_string()),
            outcome: taken.outcome,
            counts: taken.counts,
            message: taken.message,
        })
    }
}
