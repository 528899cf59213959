//! `accession naaccr check`: every problem of a file, a line each.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::cli::Outcome;
use crate::cli::naaccr::json;
use crate::cli::naaccr::reading::{Reading, Repairing};
use crate::naaccr::{Patient, Problem, Reader, Repairs};

/// Prints every problem of a file, a line each, while it is read. With `--repair` also what each repair would do; the
/// file stays as it is (`convert --repair` writes the repaired one).
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// Print each problem as a JSON object.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the problems as CSV.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    repairing: Repairing,
    #[command(flatten)]
    reading: Reading,
}

impl Check {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let mut options = self.reading.options()?;
        options.max_problems = usize::MAX;
        self.repairing.prepare(&mut options);
        let kinds = &self.repairing.kinds;
        let name = || self.file.display().to_string();
        let mut reader = Reader::open(self.reading.open(&self.file)?, &options).with_context(name)?;
        let mut csv = csv::Writer::from_writer(std::io::stdout());
        if self.csv {
            csv.write_record([
                "kind", "severity", "line", "column", "patient", "tumor", "item", "number", "name", "value", "message",
            ])?;
        }
        let mut repairs = Repairs::new(reader.root().version, kinds, &options.user_dictionaries, usize::MAX);
        repairs.root(&mut reader.root().clone());
        let mut patient = Patient::default();
        let mut count = 0u64;
        loop {
            let more = reader.read_patient(&mut patient);
            for problem in reader.drain_problems() {
                count += 1;
                self.print(&problem, &mut csv)?;
            }
            if matches!(more, Ok(true)) {
                repairs.patient(&mut patient);
            }
            for repair in repairs.drain() {
                if self.json {
                    println!("{}", json::repair(&repair));
                } else if self.csv {
                    csv.write_record(json::repair_row(&repair))?;
                } else {
                    println!("{}: {repair}", self.file.display());
                }
            }
            if !more.with_context(name)? {
                break;
            }
        }
        csv.flush()?;
        eprintln!("{count} problems");
        for (kind, done, not_done) in repairs.counts() {
            eprintln!("repair {kind}: {done} would be done, {not_done} cannot be");
        }
        Ok(if reader.problems().is_clean() { Outcome::Done } else { Outcome::Found })
    }

    fn print(&self, problem: &Problem, csv: &mut csv::Writer<std::io::Stdout>) -> anyhow::Result<()> {
        if self.json {
            println!("{}", json::problem(problem));
            return Ok(());
        }
        if !self.csv {
            println!("{}: {problem} ({}, {})", self.file.display(), problem.kind, problem.severity.name());
            return Ok(());
        }
        let text = |n: Option<String>| n.unwrap_or_default();
        csv.write_record([
            problem.kind.name().to_owned(),
            problem.severity.name().to_owned(),
            problem.line.to_string(),
            problem.column.to_string(),
            text(problem.patient.map(|n| n.to_string())),
            text(problem.tumor.map(|n| n.to_string())),
            text(problem.item.clone()),
            text(problem.number.map(|n| n.to_string())),
            text(problem.name.as_ref().map(|n| n.to_string())),
            text(problem.value.clone()),
            problem.message.clone(),
        ])?;
        Ok(())
    }
}
