//! `accession edits run FILE`: a set over a NAACCR file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{Which, json::failure, told};
use crate::cli::Outcome;
use crate::edits::{Case, Failure, Severity};
use crate::naaccr::{Fatal, Patient, ReadOptions, Reader, Unknown};

/// Runs a set over a NAACCR file.
#[derive(Debug, Args)]
pub struct Run {
    /// The file, `-` for the standard input.
    file: PathBuf,
    #[command(flatten)]
    which: Which,
    /// A line of JSON a patient and one of counts; else a table of counts.
    #[arg(long)]
    json: bool,
    /// Every cause in words: values with meaning, rule, source, values to choose. With `--json` as `causes` of a line.
    #[arg(long)]
    explain: bool,
    /// Failures that a flag lets pass are told too.
    #[arg(long)]
    over_ridden: bool,
}

#[derive(Default)]
struct Counts {
    patients: u64,
    tumors: u64,
    failures: u64,
    /// Tumors with an error outside what is required.
    wrong_tumors: u64,
    by_edit: BTreeMap<String, (u64, String, Severity)>,
}

impl Counts {
    fn take(&mut self, tumors: usize, failures: &[Failure]) {
        self.patients += 1;
        self.tumors += tumors as u64;
        self.failures += failures.len() as u64;
        let mut wrong = vec![false; tumors];
        for failure in failures {
            let row = self
                .by_edit
                .entry(failure.edit.to_string())
                .or_insert_with(|| (0, failure.family.to_string(), failure.severity));
            row.0 += 1;
            if failure.severity == Severity::Error && failure.kind != "required" {
                match failure.tumor.and_then(|at| wrong.get_mut(at)) {
                    Some(tumor) => *tumor = true,
                    None => wrong.fill(true),
                }
            }
        }
        self.wrong_tumors += wrong.iter().filter(|wrong| **wrong).count() as u64;
    }
}

impl Run {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let file: Box<dyn io::Read + Send> = match self.file.to_str() {
            Some("-") => Box::new(io::stdin()),
            _ => Box::new(File::open(&self.file).with_context(|| format!("opening {}", self.file.display()))?),
        };
        // Values are the edits' own work; an item no dictionary knows is told by an edit.
        let options =
            ReadOptions { check_values: false, check_codes: false, unknown: Unknown::Keep, ..ReadOptions::practical() };
        let fatal = |fatal: Fatal| anyhow!("{}: {fatal}", self.file.display());
        let mut reader = Reader::open(file, &options).map_err(fatal)?;
        let library = self.which.library()?;
        let with = self.which.surroundings()?;
        let plan = self.which.plan(&library, reader.root().version, reader.root().record_type)?;
        let mut patient = Patient::default();
        let mut out = BufWriter::new(io::stdout().lock());
        let mut counts = Counts::default();
        while reader.read_patient(&mut patient).map_err(fatal)? {
            let case = Case::of(&patient);
            let failures = match self.over_ridden {
                true => plan.check_all(&case, &with),
                false => plan.check(&case, &with),
            };
            counts.take(patient.tumors.len(), &failures);
            if self.json {
                let lines: Vec<Value> = failures.iter().map(failure).collect();
                let mut line = json!({"patient": patient.ordinal, "failures": lines});
                if self.explain {
                    line["causes"] = told::as_json(&told::explain(&plan, &case, &with, &failures));
                }
                serde_json::to_writer(&mut out, &line)
                    .map_err(io::Error::from)
                    .context("writing the standard output")?;
                out.write_all(b"\n").context("writing the standard output")?;
            } else if self.explain {
                let causes = told::explain(&plan, &case, &with, &failures);
                told::write(&mut out, patient.ordinal, &causes).context("writing the standard output")?;
            }
        }
        let outcome = if counts.failures == 0 { Outcome::Done } else { Outcome::Found };
        if self.json {
            let by_edit: Map<String, Value> =
                counts.by_edit.iter().map(|(edit, row)| (edit.clone(), row.0.into())).collect();
            let summary = json!({"summary": {
                "patients": counts.patients, "tumors": counts.tumors, "failures": counts.failures, "by_edit": by_edit,
                "tumors_with_errors_outside_required": counts.wrong_tumors,
                "set": self.which.set, "library": library.fingerprint(),
            }});
            writeln!(out, "{summary}").context("writing the standard output")?;
        } else {
            let mut rows: Vec<_> = counts.by_edit.iter().collect();
            rows.sort_by_key(|(edit, row)| (row.2, std::cmp::Reverse(row.0), (*edit).clone()));
            for (edit, (count, family, severity)) in rows {
                let share = *count as f64 * 100.0 / counts.tumors.max(1) as f64;
                let severity = format!("{severity:?}").to_lowercase();
                writeln!(out, "{count:8} {share:6.2} %  {severity:8} {family:20} {edit}")
                    .context("writing the standard output")?;
            }
            let share = counts.wrong_tumors as f64 * 100.0 / counts.tumors.max(1) as f64;
            writeln!(
                out,
                "{} patients, {} tumors, {} failures; {} tumors ({share:.2} %) with an error that is more than an absent item",
                counts.patients, counts.tumors, counts.failures, counts.wrong_tumors
            )
            .context("writing the standard output")?;
        }
        out.flush().context("writing the standard output")?;
        Ok(outcome)
    }
}
