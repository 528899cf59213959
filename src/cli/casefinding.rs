//! `accession casefinding`: pathology messages screened without a registry, or received by one.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use super::database::Database;
use crate::casefinding::{Rules, read_messages, screen};
use crate::intake::pathology::take;
use crate::registry::store::By;
use crate::registry::store::facility::facility_by_number;
use crate::registry::store::settings::setting;

/// Casefinding: screening of pathology messages.
#[derive(Debug, Subcommand)]
pub(super) enum Casefinding {
    Screen(Screen),
    Receive(Receive),
}

/// Takes files of HL7 messages into a registry's suspense list
#[derive(Debug, Args)]
pub(super) struct Receive {
    /// Files of HL7 v2 messages.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// Facility number (540) whose list they go to; the home facility when not given.
    #[arg(long, value_name = "ID")]
    facility: Option<String>,
    /// Folder the acknowledgements are written to, a file for a file.
    #[arg(long, value_name = "FOLDER")]
    acknowledge: Option<PathBuf>,
    /// JSON lines, which this command writes in any case.
    #[arg(long)]
    json: bool,
}

/// Screens the HL7 messages of files: a JSON line a message.
#[derive(Debug, Args)]
pub(super) struct Screen {
    /// Files of HL7 v2 messages.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Reportability rules of one's own, asked before the national ones.
    #[arg(long, value_name = "FILE.toml")]
    rules: Option<PathBuf>,
    /// JSON lines, which this command writes in any case.
    #[arg(long)]
    json: bool,
}

impl Casefinding {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Casefinding::Screen(command) => command.run(),
            Casefinding::Receive(command) => command.run(),
        }
    }
}

impl Receive {
    fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        let by = By::system("accession casefinding receive");
        let facility = {
            let conn = &mut *store.reading()?;
            let number = match &self.facility {
                Some(number) => number.clone(),
                None => setting(conn, "registry.home_facility")?,
            };
            anyhow::ensure!(!number.is_empty(), "the registry has no home facility; name one with --facility");
            facility_by_number(conn, &number)?
                .with_context(|| {
                    format!("facility {number} is not in the list; add it or name another with --facility")
                })?
                .id
        };
        let mut outcome = Outcome::Done;
        for path in &self.files {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).with_context(|| format!("reading {name}"))?;
            let taken = take(&store, &by, facility, &bytes)?;
            if let Some(folder) = &self.acknowledge {
                let own = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                let to = folder.join(format!("{own}.ack"));
                std::fs::write(&to, &taken.acknowledgements).with_context(|| format!("writing {}", to.display()))?;
            }
            if !taken.refused.is_empty() {
                outcome = Outcome::Found;
            }
            let mut line = serde_json::to_value(&taken)?;
            if let Some(line) = line.as_object_mut() {
                line.insert("file".into(), json!(name));
            }
            println!("{line}");
        }
        Ok(outcome)
    }
}

impl Screen {
    fn run(self) -> anyhow::Result<Outcome> {
        let own = match &self.rules {
            Some(path) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
                Some(Rules::parse(&text).with_context(|| path.display().to_string())?)
            }
            None => None,
        };
        let rules: Vec<&Rules> = own.iter().chain([Rules::national()]).collect();
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        let mut outcome = Outcome::Done;
        for path in &self.files {
            let name = path.display().to_string();
            let bytes = std::fs::read(path).with_context(|| format!("reading {name}"))?;
            let (text, messages) = match read_messages(&bytes) {
                Ok(read) => read,
                Err(error) => {
                    writeln!(out, "{}", json!({"file": name, "error": error.to_string()}))?;
                    outcome = Outcome::Found;
                    continue;
                }
            };
            let places = Places::of(&text);
            for (at, message) in messages.iter().enumerate() {
                let line = match message {
                    Ok(message) => {
                        let found = screen(message, &rules);
                        let report = &message.report;
                        let terms: Vec<_> = found
                            .terms
                            .iter()
                            .map(|t| {
                                let start = report.origin_of(t.range.start);
                                let end = report.origin_of(t.range.end.saturating_sub(1)) + 1;
                                let end = (end..=text.len()).find(|e| text.is_char_boundary(*e)).unwrap_or(text.len());
                                json!({
                                    "text": text.get(start..end).unwrap_or(""),
                                    "start": places.characters_before(start),
                                    "end": places.characters_before(end),
                                    "kind": t.kind.name(),
                                })
                            })
                            .collect();
                        let mut line = json!({
                            "file": name,
                            "message": message.number,
                            "reportable": found.reportable.name(),
                            "because": found.because,
                            "terms": terms,
                        });
                        if let (Some(first), Some(line)) = (found.suspicions.first(), line.as_object_mut()) {
                            for (key, value) in
                                [("site", &first.site), ("histology", &first.histology), ("behavior", &first.behavior)]
                            {
                                if !value.is_empty() {
                                    line.insert(key.into(), json!(value));
                                }
                            }
                        }
                        line
                    }
                    Err(error) => {
                        outcome = Outcome::Found;
                        json!({"file": name, "message": at + 1, "error": error.to_string()})
                    }
                };
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        Ok(outcome)
    }
}

/// Counts characters before a place; ASCII text needs no counting.
struct Places<'t> {
    text: &'t str,
    ascii: bool,
}

impl Places<'_> {
    fn of(text: &str) -> Places<'_> {
        Places { text, ascii: text.is_ascii() }
    }

    fn characters_before(&self, place: usize) -> usize {
        if self.ascii { place } else { self.text.get(..place).map_or(place, |t| t.chars().count()) }
    }
}
