//! `accession followup`: who is due, and the measures, as of a day.

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use super::database::Database;
use crate::dates::PartialDate;
use crate::followup::measures::facts;
use crate::followup::policy::{Apart, Policy, count};
use crate::followup::rules::{Exclusion, Window, counts, exclusion_of_patient};
use crate::registry::store::followup::{Contacted, Order, due_ids, traced, undated_ids};
use crate::registry::store::{By, Store};

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
            What::Measures { common, completed_year } => measures(common, *completed_year),
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

fn measures(common: &Common, completed_year: Option<i32>) -> anyhow::Result<Outcome> {
    let (store, by) = (common.database.open()?, By::system("accession followup"));
    let conn = &mut *store.reading()?;
    let policy = Policy::read(conn)?;
    let counted = count(conn, &by, &policy, common.as_of, completed_year, Apart::No)?;
    leave_line(&store, &by, "measures".into())?;
    let [first, second] = &counted.both;
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

fn leave_line(store: &Store, by: &By, note: String) -> anyhow::Result<()> {
    store.audit(by.line("view", store.clock().now()).note(note)).context("the audit line was not written")
}
