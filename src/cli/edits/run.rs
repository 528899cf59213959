//! `accession edits run FILE`: a set over a NAACCR file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{Which, json::failure, told};
use crate::cli::Outcome;
use crate::cli::database::{Database, see_through};
use crate::edits::{Case, Failure, Severity};
use crate::naaccr::{Fatal, Patient, ReadOptions, Reader, Unknown};
use crate::registry::edit_counts;
use crate::registry::edit_run::{Asked, Came};
use crate::registry::store::files::FileReader;
use crate::registry::store::{By, jobs, standards};

/// Runs a set over a NAACCR file.
#[derive(Debug, Args)]
pub struct Run {
    /// The file, `-` for the standard input; with `--database` none: the registry's cases are run, by its own set.
    #[arg(required_unless_present = "database", conflicts_with = "database")]
    file: Option<PathBuf>,
    /// The registry whose cases are run: sqlite:PATH or postgres://user@host/name.
    #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, value_name = "URL")]
    database: Option<String>,
    /// With `--database`: all cases, also those of which nothing moved.
    #[arg(long, requires = "database")]
    again: bool,
    /// With `--database`: an edition of the registry's own edits is tried as if it were switched on, and nothing is kept.
    #[arg(long = "try", value_name = "NAME@EDITION", requires = "database")]
    trial: Option<String>,
    /// With `--database`: counts of what fails now, by edit, item, facility, abstractor or month of first contact.
    #[arg(long, requires = "database", value_parser = ["edit", "item", "facility", "abstractor", "month"])]
    by: Option<String>,
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
        match (&self.file, &self.database) {
            (Some(file), _) => self.over_file(file),
            (None, Some(url)) => self.over_registry(url),
            (None, None) => Err(anyhow!("name a file, or a registry with --database")),
        }
    }

    fn over_registry(&self, url: &str) -> anyhow::Result<Outcome> {
        let store = Database { database: url.to_owned() }.open()?;
        let by = By::system("accession edits");
        let try_edition = match &self.trial {
            None => None,
            Some(named) => {
                let all = standards::standards(&mut *store.reading()?)?;
                let found = all.iter().find(|s| s.kind == "edits" && format!("{}@{}", s.name, s.edition) == *named);
                Some(found.ok_or_else(|| anyhow!("the registry has loaded no edits {named}; see standards list"))?.id)
            }
        };
        let params = serde_json::to_string(&Asked { all: self.again, try_edition })?;
        let asker = by.clone();
        let job = store.write(move |tx| jobs::enqueue(tx, &asker, "edits", &params, None))?;
        let done = see_through(&store, job)?;
        let Some(result) = done.result.filter(|_| done.state == "done") else {
            return Err(anyhow!("{}", done.message.unwrap_or_else(|| "the edits were not run".into())));
        };
        println!("{result}");
        let came: Came = serde_json::from_str(&result)?;
        let mut conn = store.reading()?;
        if let Some(file) = came.file {
            let mut reader = FileReader::open(&store, file);
            let mut out = io::stdout().lock();
            while let Some(piece) = reader.next_piece()? {
                out.write_all(&piece)?;
            }
        }
        let counts = edit_counts::counts(&mut conn, &by)?;
        if let Some(by) = self.by.as_deref().and_then(edit_counts::Group::named) {
            for row in counts.by(by) {
                println!(
                    "{}",
                    json!({"name": row.name, "errors": row.errors, "warnings": row.warnings, "cases": row.cases})
                );
            }
        }
        let found = came.newly.len() + came.no_longer.len() > 0 || (self.trial.is_none() && counts.cases > 0);
        Ok(if found { Outcome::Found } else { Outcome::Done })
    }

    fn over_file(&self, path: &Path) -> anyhow::Result<Outcome> {
        let file: Box<dyn io::Read + Send> = match path.to_str() {
            Some("-") => Box::new(io::stdin()),
            _ => Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?),
        };
        // Values are the edits' own work; an item no dictionary knows is told by an edit.
        let options =
            ReadOptions { check_values: false, check_codes: false, unknown: Unknown::Keep, ..ReadOptions::practical() };
        let fatal = |fatal: Fatal| anyhow!("{}: {fatal}", path.display());
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
