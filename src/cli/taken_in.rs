//! Files on their way into a registry: kept in the database, then imported by a job.

use std::path::Path;

use anyhow::Context;

use super::database::see_through;
use crate::intake::import_job::{Counts, Options, on_change};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::{By, Store, imports};
use crate::synth::{Generator, Settings, write_xml};

/// What became of a file.
pub struct TakenIn {
    /// The import.
    pub import: i64,
    /// `published refused failed`.
    pub outcome: &'static str,
    /// What it came to.
    pub counts: Counts,
    /// Why it was not taken.
    pub message: Option<String>,
}

/// Imports a file that `fill` writes.
pub fn take_in(
    store: &Store,
    by: &By,
    name: &str,
    facility: Option<i64>,
    options: &Options,
    fill: impl FnOnce(&mut FileWriter) -> anyhow::Result<()>,
) -> anyhow::Result<TakenIn> {
    let new = NewFile { kind: "received", name: name.into(), job: None, facility };
    let mut file = FileWriter::begin(store, by, &new)?;
    if let Err(error) = fill(&mut file) {
        file.abandon()?;
        return Err(error);
    }
    let (file, _, _) = file.finish()?;
    let (options, by, name) = (serde_json::to_string(options)?, by.clone(), name.to_string());
    let (import, job) = store.write(move |tx| imports::begin(tx, &by, file, &name, facility, &options))?;
    let job = see_through(store, job)?;
    let counts = job.result.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
    let outcome = match imports::import_row(&mut *store.reading()?, import)?.state.as_str() {
        "done" => "published",
        "refused" => "refused",
        _ => "failed",
    };
    Ok(TakenIn { import, outcome, counts, message: job.message })
}

/// Imports a synthetic registry, with its ledger written to a file when one is named.
pub fn take_in_synthetic(
    store: &Store,
    by: &By,
    settings: &Settings,
    ledger: Option<&Path>,
) -> anyhow::Result<TakenIn> {
    let mut generator = Generator::new(settings)?;
    let mut ledger = match ledger {
        Some(path) => Some(super::export::Aside::begin(path)?),
        None => None,
    };
    let options = Options { sender: None, facility: None, on_change: on_change(store, None)?, partial: false };
    let name = format!("synthetic-{}.xml", settings.seed);
    let taken = take_in(store, by, &name, None, &options, |file| {
        let place = ledger.as_mut().map(|l| l as &mut dyn std::io::Write);
        write_xml(&mut generator, file, place).context("making the synthetic registry")?;
        Ok(())
    })?;
    if let Some(ledger) = ledger {
        ledger.finish()?;
    }
    Ok(taken)
}
