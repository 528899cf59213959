//! `accession receive`: a facility's file into a central registry, judged abstract by abstract.

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use super::Outcome;
use super::database::{Database, see_through};
use super::export::Aside;
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::{By, facility, imports, receipts};
use crate::submission::receive::{self, REPORT_COLUMNS, report_row};

/// Receives a facility's file: accepts or rejects each abstract and reports on it
#[derive(Debug, Args)]
pub struct Receive {
    /// The file (.xml, .xml.gz)
    file: PathBuf,
    /// The facility it comes from (540)
    #[arg(long, value_name = "ID")]
    facility: String,
    #[command(flatten)]
    database: Database,
    /// SHA-256 the sender told
    #[arg(long, default_value = "", value_name = "HEX")]
    sha256: String,
    /// Write the report to the sender (CSV)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Receive {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let shown = self.file.display().to_string();
        let mut input = std::fs::File::open(&self.file).with_context(|| format!("{shown} cannot be read"))?;
        if input.metadata().is_ok_and(|m| m.is_dir()) {
            bail!("{shown} is a folder; name a file in it");
        }
        let store = self.database.open()?;
        let by = By::system("accession receive");
        let from = facility::facility_by_number(&mut *store.reading()?, &self.facility)?
            .with_context(|| format!("there is no facility {}; add it first", self.facility))?;
        let name = self.file.file_name().map_or_else(|| shown.clone(), |n| n.to_string_lossy().into_owned());
        let new = NewFile { kind: "received", name: name.clone(), job: None, facility: Some(from.id) };
        let mut file = FileWriter::begin(&store, &by, &new)?;
        let mut bytes = vec![0u8; 1 << 18];
        loop {
            let read = input.read(&mut bytes).with_context(|| format!("{shown} cannot be read"))?;
            if read == 0 {
                break;
            }
            file.add(&bytes[..read])?;
        }
        let (id, _, sum) = file.finish()?;
        let (receipt, job) = receive::begin(&store, &by, from.id, (id, name, sum), &self.sha256)?;
        let job = see_through(&store, job)?;
        if job.state == "failed" {
            bail!("{}", job.message.unwrap_or_else(|| "the file was not received".into()));
        }
        let came = receipts::receipt(&mut *store.reading()?, &by, receipt)?;
        if let Some(import) = came.import_id {
            let row = imports::import_row(&mut *store.reading()?, import)?;
            see_through(&store, row.job_id.context("the import has no job")?)?;
        }
        let mut rejected = Vec::new();
        let mut report = match &self.report {
            Some(path) => Some((csv::WriterBuilder::new().from_writer(Aside::begin(path)?), path)),
            None => None,
        };
        if let Some((csv, _)) = &mut report {
            csv.write_record(REPORT_COLUMNS)?;
        }
        let mut after = 0;
        loop {
            let lines = receipts::lines(&mut *store.reading()?, receipt, "", after, 1_000)?;
            let Some(last) = lines.last() else { break };
            after = last.ordinal;
            for line in &lines {
                if let Some((csv, _)) = &mut report {
                    csv.write_record(report_row(line))?;
                }
                if line.verdict == "rejected" {
                    rejected.push(json!({
                        "tumor": line.ordinal.to_string(), "line": line.line, "accession": line.accession, "sequence": line.sequence,
                        "reasons": line.reasons.lines().collect::<Vec<_>>(),
                    }));
                }
            }
        }
        if let Some((csv, path)) = report {
            let aside = csv.into_inner().map_err(|e| anyhow::anyhow!("{} cannot be written: {e}", path.display()))?;
            aside.finish()?;
        }
        let outcome = match (came.state.as_str(), came.accepted, came.rejected) {
            ("taken", _, 0) => "accepted",
            ("taken", 0, _) => "rejected",
            ("taken", ..) => "partly",
            (other, ..) => other,
        };
        if self.json {
            let mut answer = json!({
                "file": shown, "receipt": receipt.to_string(), "outcome": outcome, "patients": came.patients, "tumors": came.tumors,
                "accepted": came.accepted, "rejected": came.rejected, "warnings": came.warnings, "sha256": came.sha256, "edit_set": came.edit_set,
                "rejects": rejected,
            });
            if let Some(import) = came.import_id {
                answer["import"] = json!(import.to_string());
            }
            if !came.message.is_empty() {
                answer["message"] = json!(came.message);
            }
            println!("{answer}");
        } else {
            println!("{shown}: {outcome}; {} accepted, {} rejected. {}", came.accepted, came.rejected, came.message);
            for one in rejected.iter().take(20) {
                println!(
                    "  {} {}: {}",
                    one["accession"].as_str().unwrap_or(""),
                    one["sequence"].as_str().unwrap_or(""),
                    one["reasons"]
                );
            }
        }
        Ok(if outcome == "accepted" { Outcome::Done } else { Outcome::Found })
    }
}
