//! `accession followup`: who is due, the measures as of a day, and files of other sources.

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use super::database::{Database, see_through};
use crate::dates::PartialDate;
use crate::followup::measures::facts;
use crate::followup::passive::link_job::Asked;
use crate::followup::passive::rows::Form;
use crate::followup::passive::source::SOURCES;
use crate::followup::passive::undo_batch;
use crate::followup::policy::{Apart, Policy, count};
use crate::followup::rules::{Exclusion, Window, counts, exclusion_of_patient};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::followup::snapshots::keep_snapshot;
use crate::registry::store::followup::{Contacted, Order, due_ids, traced, undated_ids};
use crate::registry::store::{By, Store, jobs};

/// Who is due for follow-up, and how well a registry follows.
#[derive(Debug, Args)]
pub struct FollowUp {
    #[command(subcommand)]
    what: What,
}

/// What all of these take.
#[derive(Debug, Args)]
pub struct Common {
    #[command(flatten)]
    database: Database,
    /// The day that counts as today
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: NaiveDate,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists living patients who are due, the longest without contact first
    Due {
        #[command(flatten)]
        common: Common,
    },
    /// Counts the two measures of follow-up
    Measures {
        #[command(flatten)]
        common: Common,
        /// Newest year of which all cases are complete (default: the setting, else the year before)
        #[arg(long, value_name = "YEAR")]
        completed_year: Option<i32>,
        /// Keep the measures of this month, for the trend on the page
        #[arg(long)]
        keep: bool,
    },
    /// Links a file of another source with the registry: posts what only adds, keeps the rest for review
    Link {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        common: Common,
        /// Where it comes from
        #[arg(long, value_parser = SOURCES.map(|source| source.key))]
        source: String,
        /// Its form
        #[arg(long, default_value = "csv", value_parser = ["csv", "fixed", "naaccr"])]
        form: String,
        /// Which column is which, as "last_name=SURNAME date=DOD", of fixed columns "last_name=1-20"
        #[arg(long, default_value = "", hide_default_value = true, value_name = "MAP")]
        columns: String,
        /// Of when the file is
        #[arg(long, default_value = "", hide_default_value = true)]
        vintage: String,
        /// Until when it is complete
        #[arg(long, default_value = "", hide_default_value = true, value_name = "DATE")]
        cut_off: String,
    },
    /// Takes back everything that a linked file posted
    Unlink {
        /// The batch
        batch: i64,
        #[command(flatten)]
        database: Database,
        /// Why
        #[arg(long)]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

const PAGE: i64 = 1_000;

impl FollowUp {
    /// Does it.
    ///
    /// # Errors
    /// What stood in the way, with what to do.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match &self.what {
            What::Due { common } => due(common),
            What::Measures { common, completed_year, keep } => measures(common, *completed_year, *keep),
            What::Link { file, common, source, form, columns, vintage, cut_off } => {
                let form = Form::named(form).context("a form of a file")?;
                let asked = Asked {
                    file: 0,
                    name: file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
                    sha256: String::new(),
                    source: source.clone(),
                    form,
                    columns: columns.clone(),
                    vintage: vintage.clone(),
                    cut_off: cut_off.clone(),
                    today: common.as_of.format("%Y%m%d").to_string(),
                };
                link(common, file, asked)
            }
            What::Unlink { batch, database, reason, json } => unlink(database, *batch, reason, *json),
        }
    }
}

fn due(common: &Common) -> anyhow::Result<Outcome> {
    let (store, by) = (common.database.open()?, By::system("accession followup"));
    let conn = &mut *store.reading()?;
    let policy = Policy::read(conn)?;
    let windows = policy.windows(common.as_of, None);
    let bounds = policy.months.bounds(common.as_of);
    let which = Contacted { from: 0, before: bounds.due_before.into(), every_class: policy.every_class };
    let (mut after, mut listed) = ((0, 0), 0_usize);
    let mut undated = Some(0);
    loop {
        let ids = match undated {
            Some(last) => undated_ids(conn, &by, policy.every_class, last, PAGE)?,
            None => due_ids(conn, &by, which, Order::Oldest, after, PAGE)?,
        };
        let page = traced(conn, &by, &ids)?;
        match (page.last(), undated) {
            (None, Some(_)) => {
                undated = None;
                continue;
            }
            (None, None) => break,
            (Some(last), Some(_)) => undated = Some(last.id),
            (Some(last), None) => after = (last.contact_low.unwrap_or(0), last.id),
        }
        for patient in &page {
            let (of_patient, tumors) = facts(patient);
            let state = policy.months.state(of_patient.last_contact, false, common.as_of);
            let out = exclusion_of_patient(&of_patient, &tumors, Window::default(), policy.switches, common.as_of);
            let due = of_patient.last_contact.and_then(|date| policy.months.due_on(date));
            let falls_out = of_patient.last_contact.and_then(|date| policy.months.falls_out_after(date));
            let [first, second] =
                windows.map(|w| counts(&of_patient, &tumors, w.window(), policy.switches, policy.months, common.as_of));
            let row = json!({
                "patient": patient.id.to_string(),
                "last_contact": of_patient.last_contact.map(PartialDate::naaccr),
                "due": due.map(|day| day.to_string()),
                "falls_out_after": falls_out.map(|day| day.to_string()),
                "state": state,
                "excluded": out.map(Exclusion::code),
                "reason": out.map(Exclusion::words),
                "measure1": first,
                "measure2": second,
            });
            match common.json {
                true => println!("{row}"),
                false => println!(
                    "{:>8}  {:10}  {}{}",
                    patient.id,
                    of_patient.last_contact.map(PartialDate::screen).unwrap_or_default(),
                    row["state"].as_str().unwrap_or_default(),
                    out.map(|e| format!(", excluded: {} {}", e.code(), e.words())).unwrap_or_default()
                ),
            }
        }
        listed += page.len();
    }
    leave_line(&store, &by, format!("due, {listed} patients"))?;
    Ok(Outcome::Done)
}

fn measures(common: &Common, completed_year: Option<i32>, keep: bool) -> anyhow::Result<Outcome> {
    let (store, by) = (common.database.open()?, By::system("accession followup"));
    let conn = &mut *store.reading()?;
    let policy = Policy::read(conn)?;
    let counted = count(conn, &by, &policy, common.as_of, completed_year, Apart::No)?;
    leave_line(&store, &by, "measures".into())?;
    let [first, second] = &counted.both;
    if keep {
        let (month, day) = (common.as_of.format("%Y-%m").to_string(), common.as_of.to_string());
        let text = json!({"measure1": first, "measure2": second}).to_string();
        store.write(move |tx| keep_snapshot(tx, &month, &day, &text))?;
    }
    if common.json {
        println!("{}", json!({"measure1": first, "measure2": second}));
        return Ok(Outcome::Done);
    }
    for (name, m) in [("Measure 1", first), ("Measure 2", second)] {
        println!(
            "{name}, diagnosed {} to {}: {} of {} followed, {:.1} % (target {} %), {} more needed",
            m.from_year,
            m.to_year,
            m.F,
            m.A,
            m.share(m.F),
            m.target,
            m.need
        );
        println!("  in window {}, dead {}, living {}, current {}, lost {}", m.T, m.B, m.C, m.D, m.E);
    }
    Ok(Outcome::Done)
}

fn link(common: &Common, path: &Path, mut asked: Asked) -> anyhow::Result<Outcome> {
    let (store, by) = (common.database.open()?, By::system("accession followup"));
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let new = NewFile { kind: "received", name: asked.name.clone(), job: None, facility: None };
    let mut file = FileWriter::begin(&store, &by, &new)?;
    file.add(&bytes)?;
    let (id, _, sha256) = file.finish()?;
    (asked.file, asked.sha256) = (id, sha256);
    let params = serde_json::to_string(&asked)?;
    let job = store.write(move |tx| jobs::enqueue(tx, &by, "link", &params, None))?;
    let job = see_through(&store, job)?;
    if job.state != "done" {
        anyhow::bail!("{}", job.message.unwrap_or_else(|| "the job failed".into()));
    }
    let counts: serde_json::Value = serde_json::from_str(job.result.as_deref().unwrap_or("{}"))?;
    let of = |name: &str| counts[name].as_u64().unwrap_or(0);
    let names = ["posted", "review", "nothing_new", "rejected_before", "no_match"];
    let rows: u64 = names.iter().map(|name| of(name)).sum();
    let mut shown = json!({"batch": counts["batch"], "file": asked.name, "rows": rows});
    for name in names {
        shown[name] = of(name).into();
    }
    match common.json {
        true => println!("{shown}"),
        false => println!(
            "batch {}: {rows} rows; {} posted, {} to review, {} say nothing new, {} rejected before, {} without a match",
            counts["batch"].as_str().unwrap_or_default(),
            of("posted"),
            of("review"),
            of("nothing_new"),
            of("rejected_before"),
            of("no_match")
        ),
    }
    Ok(if of("review") > 0 { Outcome::Found } else { Outcome::Done })
}

fn unlink(database: &Database, batch: i64, reason: &str, json: bool) -> anyhow::Result<Outcome> {
    let (store, by) = (database.open()?, By::system("accession followup"));
    let undone = undo_batch(&store, &by, batch, reason)?;
    match json {
        true => println!("{}", json!({"batch": batch.to_string(), "contacts": undone.contacts, "left": undone.left})),
        false => {
            println!("{} contacts were taken back; {} items were changed since and stay", undone.contacts, undone.left)
        }
    }
    Ok(if undone.left > 0 { Outcome::Found } else { Outcome::Done })
}

fn leave_line(store: &Store, by: &By, note: String) -> anyhow::Result<()> {
    store.audit(by.line("view", store.clock().now()).note(note)).context("the audit line was not written")
}
