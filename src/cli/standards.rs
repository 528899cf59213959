//! `accession standards`: what is compiled in, and what differs between two editions of a staging algorithm.

use std::io::Write;

use anyhow::{Context, anyhow};
use clap::Subcommand;
use serde_json::json;

use crate::cli::Outcome;
use crate::codes;
use crate::staging::{Algorithm, Differences, Edition, SchemaDifference, compare};

/// The notice the staging archives are distributed under.
const NOTICE: &str = "EOD and Pediatric names of codes: Copyright (c) 2015, Information Management Services, Inc.; BSD-style \
    licence, see docs/reference.md";

/// Editions of standards.
#[derive(Debug, Subcommand)]
pub(super) enum Standards {
    /// What is compiled in.
    List {
        /// A JSON object a standard.
        #[arg(long)]
        json: bool,
    },
    /// What differs between two editions: each the name of a compiled-in algorithm or an official archive.
    Diff {
        /// The edition in use.
        old: String,
        /// The edition to come.
        new: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

impl Standards {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Standards::List { json } => list(json),
            Standards::Diff { old, new, json } => {
                let (old, new) = (open(&old)?, open(&new)?);
                let (old, new) = (old.edition(), new.edition());
                if old.algorithm() != new.algorithm() {
                    return Err(anyhow!(
                        "{} and {} are different algorithms; give two editions of one",
                        old.algorithm(),
                        new.algorithm()
                    ));
                }
                let differences = compare(old, new);
                let mut out = std::io::stdout().lock();
                if json {
                    writeln!(out, "{}", serde_json::to_string(&differences)?)?;
                } else {
                    writeln!(out, "{} {} -> {}", new.algorithm(), old.version(), new.version())?;
                    tell(&mut out, &differences)?;
                }
                Ok(if differences == Differences::default() { Outcome::Done } else { Outcome::Found })
            }
        }
    }
}

/// An edition compiled in or opened.
enum Opened {
    Shipped(&'static Edition),
    Archive(Box<Edition>),
}

impl Opened {
    fn edition(&self) -> &Edition {
        match self {
            Opened::Shipped(edition) => edition,
            Opened::Archive(edition) => edition,
        }
    }
}

fn open(name: &str) -> anyhow::Result<Opened> {
    if let Some(algorithm) = Algorithm::named(name) {
        return Ok(Opened::Shipped(algorithm.shipped()));
    }
    let zip = std::fs::read(name).with_context(|| format!("reading {name}"))?;
    Edition::from_archive(&zip).map(|edition| Opened::Archive(Box::new(edition))).with_context(|| name.to_owned())
}

fn list(json: bool) -> anyhow::Result<Outcome> {
    let mut rows: Vec<(&str, &str, String, usize, String)> = Vec::new();
    for algorithm in Algorithm::ALL {
        let edition = algorithm.shipped();
        let origin = "SEER staging archive".to_owned();
        rows.push(("staging", algorithm.name(), edition.version().to_owned(), edition.schemas().len(), origin));
    }
    for table in codes::editions() {
        rows.push(("codes", table.name, table.edition.to_owned(), table.size, table.origin.to_owned()));
    }
    let mut out = std::io::stdout().lock();
    for (kind, name, edition, size, origin) in rows {
        if json {
            let line = json!({"kind": kind, "name": name, "edition": edition, "size": size, "origin": origin, "compiled_in": true});
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{kind:<10}{name:<16}{size:>8}  {edition} ({origin})")?;
        }
    }
    if !json {
        writeln!(out, "\n{NOTICE}")?;
    }
    Ok(Outcome::Done)
}

fn tell(out: &mut impl Write, differences: &Differences) -> std::io::Result<()> {
    let mut line = |what: &str, items: &[String]| match items {
        [] => Ok(()),
        items => writeln!(out, "{what}: {}", items.join(", ")),
    };
    line("schemas added", &differences.schemas_added)?;
    line("schemas removed", &differences.schemas_removed)?;
    line("tables added", &differences.tables_added)?;
    line("tables removed", &differences.tables_removed)?;
    line("tables changed", &differences.tables_changed)?;
    differences.schemas_changed.iter().try_for_each(|schema| tell_schema(out, schema))
}

fn tell_schema(out: &mut impl Write, schema: &SchemaDifference) -> std::io::Result<()> {
    writeln!(out, "{}", schema.schema)?;
    if let Some((before, now)) = &schema.title {
        writeln!(out, "  title: {before} -> {now}")?;
    }
    if schema.selection {
        writeln!(out, "  other cases belong to it")?;
    }
    if schema.rules {
        writeln!(out, "  derived values may differ")?;
    }
    for (what, items) in [
        ("inputs added", &schema.inputs_added),
        ("inputs removed", &schema.inputs_removed),
        ("outputs added", &schema.outputs_added),
        ("outputs removed", &schema.outputs_removed),
    ] {
        if !items.is_empty() {
            writeln!(out, "  {what}: {}", items.join(", "))?;
        }
    }
    for input in &schema.inputs_changed {
        let mut said = Vec::new();
        if !input.codes_added.is_empty() {
            said.push(format!("codes added {}", input.codes_added.join(" | ")));
        }
        if !input.codes_removed.is_empty() {
            said.push(format!("codes removed {}", input.codes_removed.join(" | ")));
        }
        if let Some((before, now)) = &input.default {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
            said.push(format!("default {} -> {}", value(before), value(now)));
        }
        if let Some((_, now)) = input.used_for_staging {
            said.push(if now { "now used for staging".into() } else { "no longer used for staging".into() });
        }
        writeln!(out, "  {}: {}", input.key, said.join("; "))?;
    }
    Ok(())
}
