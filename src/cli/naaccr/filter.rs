//! `accession naaccr filter`: the patients and tumors that conditions hold for.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::naaccr::output::Output;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Condition, Patient, Reader};

/// Writes the tumors that all conditions hold for, with their patients.
#[derive(Debug, Args)]
pub(in crate::cli) struct Filter {
    /// The file to read, or `-` for standard input.
    input: PathBuf,
    /// The file to write, or `-` for standard output.
    output: PathBuf,
    /// A condition, such as `primarySite=C50*,C51*` or `dateOfDiagnosis>=2020`; all given must hold.
    #[arg(long = "where", required = true)]
    conditions: Vec<Condition>,
    /// Write all tumors of a patient if the conditions hold for one.
    #[arg(long)]
    whole_patients: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Filter {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        let name = || self.input.display().to_string();
        let mut reader = Reader::open(self.reading.open(&self.input)?, &options).with_context(name)?;
        let mut output = Output::new(&self.output, reader.root())?;
        let mut patient = Patient::default();
        let (mut patients, mut tumors) = (0u64, 0u64);
        while reader.read_patient(&mut patient).with_context(name)? {
            patients += 1;
            tumors += patient.tumors.len() as u64;
            let holds: Vec<bool> =
                patient.tumors.iter().map(|t| self.conditions.iter().all(|c| c.holds(&patient, Some(t)))).collect();
            let wanted = if holds.is_empty() {
                self.conditions.iter().all(|c| c.holds(&patient, None))
            } else {
                holds.iter().any(|h| *h)
            };
            if !wanted {
                continue;
            }
            if !self.whole_patients {
                let mut holds = holds.into_iter();
                patient.tumors.retain(|_| holds.next().unwrap_or(true));
            }
            output.write(&patient)?;
        }
        let (written, _) = output.finish()?;
        let text = if self.json {
            json!({
                "read": {"patients": patients, "tumors": tumors},
                "written": {"patients": written.patients, "tumors": written.tumors, "bytes": written.bytes},
            })
            .to_string()
        } else {
            format!(
                "{} of {patients} patients, {} of {tumors} tumors, {} bytes",
                written.patients, written.tumors, written.bytes
            )
        };
        if self.output.as_os_str() == "-" {
            eprintln!("{text}")
        } else {
            println!("{text}")
        }
        Ok(Outcome::Done)
    }
}
