//! `accession standards`: what is compiled in, and what differs between two editions of a staging algorithm.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::database::{Database, see_through};
use crate::codes;
use crate::registry::clock::Clock;
use crate::registry::restage::{Asked, Came};
use crate::registry::standards::{Examined, LARGEST_STANDARD, StandardKind, examine};
use crate::registry::store::files::FileReader;
use crate::registry::store::standards::{self, Standard};
use crate::registry::store::{By, Conn, DatabaseUrl, Store, StoreError, jobs};
use crate::staging::{Algorithm, Differences, Edition, SchemaDifference, compare};

/// The notice the staging archives are distributed under.
const NOTICE: &str = "EOD and Pediatric names of codes: Copyright (c) 2015, Information Management Services, Inc.; BSD-style \
    licence, see docs/reference.md";

/// Editions of standards.
#[derive(Debug, Subcommand)]
pub(super) enum Standards {
    /// What is compiled in, and what a registry loaded itself.
    List {
        /// Where the registry is: sqlite:PATH or postgres://user@host/name.
        #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, value_name = "URL")]
        database: Option<String>,
        /// A JSON object a standard.
        #[arg(long)]
        json: bool,
    },
    /// Loads a standard into a registry: an official staging archive, a user dictionary, or a file of edits. It is examined whole first;
    /// loading it changes nothing until it is switched on.
    Add {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        database: Database,
        /// What it is, where the file does not say: staging, dictionary, edits or recipient.
        #[arg(long, value_parser = ["staging", "dictionary", "edits", "recipient"])]
        kind: Option<String>,
        /// Switch it on at once.
        #[arg(long)]
        on: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Switches an edition on, in the place of another of its name, or off.
    Switch {
        /// Its name, as `standards list` shows it.
        name: String,
        /// Its edition.
        edition: String,
        #[command(flatten)]
        database: Database,
        /// Switch it off: the compiled-in edition serves again.
        #[arg(long)]
        off: bool,
    },
    /// Stages every case again by the editions in use and lists what differs.
    Restage {
        #[command(flatten)]
        database: Database,
        /// Write what they derive; without it only the report is made.
        #[arg(long)]
        write: bool,
        /// Put ours in the place of received values that differ.
        #[arg(long, requires = "write")]
        replace: bool,
        /// Where the report goes; without it only the counts are printed.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// What differs between two editions: each the name of a compiled-in algorithm, an official archive, or NAME@EDITION
    /// of the registry.
    Diff {
        /// The edition in use.
        old: String,
        /// The edition to come.
        new: String,
        /// Where the registry is: sqlite:PATH or postgres://user@host/name.
        #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, value_name = "URL")]
        database: Option<String>,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
}

impl Standards {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Standards::List { database, json } => list(database.as_deref(), json),
            Standards::Add { file, database, kind, on, json } => add(&file, &database, kind.as_deref(), on, json),
            Standards::Switch { name, edition, database, off } => switch(&name, &edition, &database, !off),
            Standards::Restage { database, write, replace, out } => {
                restage(&database, Asked { write, replace }, out.as_deref())
            }
            Standards::Diff { old, new, database, json } => {
                let (old, new) = (open(&old, database.as_deref())?, open(&new, database.as_deref())?);
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

fn open(name: &str, database: Option<&str>) -> anyhow::Result<Opened> {
    if let Some(algorithm) = Algorithm::named(name) {
        return Ok(Opened::Shipped(algorithm.shipped()));
    }
    if let (Some((name, edition)), Some(url)) = (name.split_once('@'), database)
        && Algorithm::named(name).is_some()
    {
        let store = at(url)?;
        let conn = &mut *store.reading()?;
        let found = named(conn, name, edition)?;
        let zip = standards::content(conn, found.id)?;
        return Ok(Opened::Archive(Box::new(Edition::from_archive(&zip)?)));
    }
    let zip = std::fs::read(name).with_context(|| format!("reading {name}"))?;
    Edition::from_archive(&zip).map(|edition| Opened::Archive(Box::new(edition))).with_context(|| name.to_owned())
}

fn at(url: &str) -> anyhow::Result<Store> {
    Ok(Store::open(&DatabaseUrl::parse(url)?, Clock::system())?)
}

/// The standard a registry loaded under this name and edition.
fn named(conn: &mut Conn, name: &str, edition: &str) -> anyhow::Result<Standard> {
    let name = match Algorithm::named(name) {
        Some(algorithm) => algorithm.name(),
        None => name,
    };
    let all = standards::standards(conn)?;
    let known: Vec<String> = all.iter().map(|s| format!("{} {}", s.name, s.edition)).collect();
    all.into_iter().find(|s| s.name == name && s.edition == edition).ok_or_else(|| match known.as_slice() {
        [] => anyhow!("the registry has loaded no standards; load one with `accession standards add FILE`"),
        known => anyhow!("the registry has not loaded {name} {edition}; it has {}", known.join(", ")),
    })
}

fn add(file: &Path, database: &Database, kind: Option<&str>, on: bool, json: bool) -> anyhow::Result<Outcome> {
    let shown = file.display().to_string();
    let bytes = std::fs::metadata(file).with_context(|| format!("{shown} cannot be read"))?.len();
    if bytes > LARGEST_STANDARD as u64 {
        return Err(anyhow!("{shown} was not loaded: it has {bytes} bytes, more than a standard may have"));
    }
    let content = std::fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
    let store = database.open()?;
    let examined = examine(&content, kind.and_then(StandardKind::named))
        .map_err(|why| anyhow!("{shown} was not loaded: {why}. The registry is as it was"))?;
    let name = file.file_name().map_or_else(|| shown.clone(), |name| name.to_string_lossy().into_owned());
    let taken = examined.clone();
    let id = store.write(move |tx| {
        let by = By::system("accession standards");
        let id = standards::add(tx, &by, &taken, &name, &content)?;
        if on {
            standards::switch(tx, &by, id, true)?;
        }
        Ok::<_, StoreError>(id)
    })?;
    let Examined { kind, name, edition, holds } = examined;
    if json {
        let line = json!({"id": id.to_string(), "kind": kind.word(), "name": name, "edition": edition, "holds": holds, "on": on});
        println!("{line}");
    } else {
        let then = if on { "It is switched on." } else { "It is not switched on yet." };
        println!("{name} {edition} is loaded: {holds}. {then}");
    }
    Ok(Outcome::Done)
}

fn switch(name: &str, edition: &str, database: &Database, on: bool) -> anyhow::Result<Outcome> {
    let store = database.open()?;
    let found = named(&mut *store.reading()?, name, edition)?;
    store.write(move |tx| standards::switch(tx, &By::system("accession standards"), found.id, on))?;
    println!("{} {} is switched {}.", found.name, found.edition, if on { "on" } else { "off" });
    Ok(Outcome::Done)
}

fn restage(database: &Database, asked: Asked, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let store = database.open()?;
    let params = serde_json::to_string(&asked)?;
    let job = store.write(move |tx| jobs::enqueue(tx, &By::system("accession standards"), "restage", &params, None))?;
    let done = see_through(&store, job)?;
    let Some(result) = done.result.filter(|_| done.state == "done") else {
        return Err(anyhow!("{}", done.message.unwrap_or_else(|| "the registry was not staged again".into())));
    };
    let came: Came = serde_json::from_str(&result)?;
    if let Some(out) = out {
        let mut reader = FileReader::open(&store, came.file);
        let mut file = std::fs::File::create(out).with_context(|| format!("writing {}", out.display()))?;
        while let Some(piece) = reader.next_piece()? {
            file.write_all(&piece)?;
        }
        file.sync_all()?;
    }
    println!("{result}");
    Ok(if came.listed > 0 { Outcome::Found } else { Outcome::Done })
}

fn list(database: Option<&str>, json: bool) -> anyhow::Result<Outcome> {
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
    let own = match database {
        Some(url) => standards::standards(&mut *at(url)?.reading()?)?,
        None => Vec::new(),
    };
    for row in own {
        let on = row.switched_on == 1;
        if json {
            let line = json!({"kind": row.kind, "name": row.name, "edition": row.edition, "origin": row.origin,
                "sha256": row.sha256, "loaded_by": row.loaded_by, "loaded_at": row.loaded_at, "on": on,
                "compiled_in": false});
            writeln!(out, "{line}")?;
        } else {
            let on = if on { ", switched on" } else { "" };
            writeln!(out, "{:<10}{:<16}{:>8}  {} ({}){on}", row.kind, row.name, "", row.edition, row.origin)?;
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
