//! `accession stage FILE`: every tumor of a NAACCR file staged by its year of diagnosis, a JSON line a tumor.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::{Map, Value, json};

use crate::cli::Outcome;
use crate::naaccr::{Patient, ReadOptions, Reader};
use crate::staging::{Algorithm, AsOf, Derived, Editions, Found, OwnedProblem, Question, stage_by, stage_record};

/// Stages a file, by one algorithm or by those of each tumor's year.
pub(super) fn run(
    path: &Path,
    algorithm: Option<Algorithm>,
    editions: &Editions<'_>,
    as_of: &AsOf,
) -> anyhow::Result<Outcome> {
    let file: Box<dyn io::Read + Send> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).with_context(|| format!("opening {}", path.display()))?),
    };
    let options = ReadOptions { check_values: false, check_codes: false, ..ReadOptions::practical() };
    let fatal = |fatal: crate::naaccr::Fatal| anyhow!("{}: {fatal}", path.display());
    let mut reader = Reader::open(file, &options).map_err(fatal)?;
    let mut patient = Patient::default();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut number = 0u64;
    while reader.read_patient(&mut patient).map_err(fatal)? {
        number += 1;
        for (at, tumor) in patient.tumors.iter().enumerate() {
            let item = |id: &str| tumor.items.get(id).or_else(|| patient.items.get(id));
            let derived = match algorithm {
                Some(algorithm) => vec![stage_by(editions.edition(algorithm), algorithm, item, as_of)],
                None => stage_record(editions, item, as_of),
            };
            let line = line(number, at + 1, &derived);
            match serde_json::to_writer(&mut out, &line).map_err(io::Error::from).and_then(|()| out.write_all(b"\n")) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Outcome::Done),
                Err(error) => return Err(error).context("writing the standard output"),
            }
        }
    }
    out.flush().context("writing the standard output")?;
    Ok(Outcome::Done)
}

/// A tumor's line. What Pediatric derives stands with what EOD derives: items of both, each problem under its own.
fn line(patient: u64, tumor: usize, derived: &[Derived<'_>]) -> Value {
    let mut line = Map::new();
    line.insert("patient".into(), patient.into());
    line.insert("tumor".into(), tumor.into());
    let Some((first, beside)) = derived.split_first() else {
        line.insert("result".into(), "NO_ALGORITHM_FOR_YEAR".into());
        line.insert("items".into(), json!({}));
        line.insert("errors".into(), json!([]));
        return Value::Object(line);
    };
    let mut items = Map::new();
    for (id, value) in &first.items {
        items.insert((*id).to_owned(), value.as_str().into());
    }
    describe(&mut line, first);
    let mut others = Vec::new();
    for other in beside {
        let mut part = Map::new();
        describe(&mut part, other);
        part.insert("errors".into(), errors(&other.problems));
        others.push(Value::Object(part));
        for (id, value) in &other.items {
            // The schema id and its like are the first algorithm's.
            items.entry((*id).to_owned()).or_insert_with(|| value.as_str().into());
        }
    }
    line.insert("items".into(), Value::Object(items));
    line.insert("errors".into(), errors(&first.problems));
    if !others.is_empty() {
        line.insert("beside".into(), others.into());
    }
    Value::Object(line)
}

fn describe(line: &mut Map<String, Value>, derived: &Derived<'_>) {
    line.insert("algorithm".into(), derived.algorithm.name().into());
    line.insert("edition".into(), derived.edition.into());
    if let Some(schema) = derived.schema {
        line.insert("schema".into(), schema.into());
    }
    if !derived.ask.is_empty() {
        line.insert("ask".into(), derived.ask.iter().map(question).collect());
    }
    line.insert("result".into(), derived.outcome.as_str().into());
}

/// The answer of a look-up that asks on.
pub(super) fn found(found: &Found<'_>) -> Value {
    match found {
        Found::One(schema) => json!({"schema": schema.id(), "title": schema.title()}),
        Found::Several { schemas, ask } => {
            let schemas: Vec<&str> = schemas.iter().map(|schema| schema.id()).collect();
            json!({"schemas": schemas, "ask": ask.iter().map(question).collect::<Vec<_>>()})
        }
        Found::Nothing { why, ask: None } => json!({"why": why}),
        Found::Nothing { why, ask: Some(ask) } => json!({"why": why, "ask": [question(ask)]}),
    }
}

fn question(question: &Question<'_>) -> Value {
    let answer = |answer: &crate::staging::Answer<'_>| {
        let mut one = Map::new();
        one.insert("code".into(), answer.code.as_str().into());
        if !answer.label.is_empty() {
            one.insert("label".into(), answer.label.into());
        }
        one.insert("schemas".into(), json!(answer.schemas));
        Value::Object(one)
    };
    json!({
        "item": question.xml_id,
        "key": question.key,
        "name": question.name,
        "why": question.why,
        "answers": question.answers.iter().map(answer).collect::<Vec<_>>(),
    })
}

fn errors(problems: &[OwnedProblem]) -> Value {
    let one = |problem: &OwnedProblem| {
        let mut error = Map::new();
        error.insert("type".into(), problem.kind.into());
        for (name, value) in [("table", &problem.table), ("key", &problem.key)] {
            if let Some(value) = value {
                error.insert(name.into(), value.as_str().into());
            }
        }
        if !problem.columns.is_empty() {
            error.insert("columns".into(), json!(problem.columns));
        }
        Value::Object(error)
    };
    problems.iter().map(one).collect()
}
