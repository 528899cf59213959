//! `accession edits cases`: lines of patients in, lines of failures out.

use std::io::{self, BufRead, BufWriter, Write};

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{Which, json::failure, told};
use crate::cli::Outcome;
use crate::edits::{Case, Plan, Surroundings};
use crate::naaccr::{RecordType, Version};

/// Runs a set on lines `{id,patient{},tumors[{}]}`.
#[derive(Debug, Args)]
pub struct Cases {
    #[command(flatten)]
    which: Which,
    /// NAACCR version of the items.
    #[arg(long, default_value = "260")]
    version: String,
    /// Record type.
    #[arg(long = "type", default_value = "A")]
    record_type: String,
    /// Every cause with its rule, source and values to choose stands under `causes`.
    #[arg(long)]
    explain: bool,
    /// Makes no difference: results are lines of JSON always.
    #[arg(long)]
    json: bool,
}

impl Cases {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let version =
            Version::parse(&self.version).ok_or_else(|| anyhow!("--version {}: write 140 to 260", self.version))?;
        let record_type: RecordType =
            self.record_type.parse().map_err(|_| anyhow!("--type {}: write A, M, C or I", self.record_type))?;
        let library = self.which.library()?;
        let with = self.which.surroundings()?;
        let plan = self.which.plan(&library, version, record_type)?;
        let mut out = BufWriter::new(io::stdout().lock());
        let mut outcome = Outcome::Done;
        for (line, number) in io::stdin().lock().lines().zip(1u64..) {
            let line = line.context("reading the standard input")?;
            let answer = match answer(&line, &plan, &with, self.explain) {
                Ok(answer) => answer,
                Err(error) => json!({"line": number, "error": error}),
            };
            if answer.get("failures").and_then(Value::as_array).is_none_or(|all| !all.is_empty()) {
                outcome = Outcome::Found;
            }
            match serde_json::to_writer(&mut out, &answer).map_err(io::Error::from).and_then(|()| out.write_all(b"\n"))
            {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(outcome),
                Err(error) => return Err(error).context("writing the standard output"),
            }
        }
        out.flush().context("writing the standard output")?;
        Ok(outcome)
    }
}

fn answer(line: &str, plan: &Plan<'_>, with: &Surroundings<'static>, explain: bool) -> Result<Value, String> {
    let read: Value = serde_json::from_str(line).map_err(|error| format!("not JSON: {error}"))?;
    let object = read.as_object().ok_or("a case is an object {id,patient,tumors}")?;
    let patient = match object.get("patient") {
        Some(items) => pairs(items, "patient")?,
        None => Vec::new(),
    };
    let tumors = match object.get("tumors") {
        Some(Value::Array(tumors)) => {
            tumors.iter().map(|items| pairs(items, "tumors")).collect::<Result<Vec<_>, _>>()?
        }
        Some(_) => return Err("tumors is a list of objects of items".to_owned()),
        None if object.contains_key("patient") => Vec::new(),
        None => return Err("a case has patient or tumors".to_owned()),
    };
    let case = Case::new(patient, tumors);
    let failures = plan.check(&case, with);
    let mut answer = Map::new();
    answer.insert("id".into(), object.get("id").cloned().unwrap_or(Value::Null));
    answer.insert("failures".into(), failures.iter().map(failure).collect::<Vec<Value>>().into());
    if explain {
        answer.insert("causes".into(), told::as_json(&told::explain(plan, &case, with, &failures)));
    }
    Ok(Value::Object(answer))
}

fn pairs<'v>(items: &'v Value, what: &str) -> Result<Vec<(&'v str, &'v str)>, String> {
    let items = items.as_object().ok_or_else(|| format!("{what}: items are an object"))?;
    items
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(id, value)| match value.as_str() {
            Some(text) => Ok((id.as_str(), text)),
            None => Err(format!("{id}: the value of an item is a text")),
        })
        .collect()
}
