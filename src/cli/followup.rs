//! `accession followup`: who is due, and the two measures, as of a day.

use anyhow::Context;
use chrono::NaiveDate;
use clap::{Args, Subcommand};
use serde_json::json;

use super::Outcome;
use crate::dates::PartialDate;
use crate::followup::measures::{Measure, WINDOWS, facts};
use crate::followup::rules::{Exclusion, Months, Switches, Window, exclusion_of_patient};
use crate::registry::clock::Clock;
use crate::registry::store::followup::{Contacted, due_list, everybody};
use crate::registry::store::settings::{setting, setting_number};
use crate::registry::store::{By, Conn, DatabaseUrl, Store};

/// Who is due for follow-up, and how well a registry follows.
#[derive(Debug, Args)]
pub struct FollowUp {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Args)]
struct Common {
    /// Where the registry is: sqlite:PATH or postgres://user@host/name
    #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, value_name = "URL")]
    database: String,
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
        /// Newest year of which all cases are complete (default: the year before)
        #[arg(long, value_name = "YEAR")]
        completed_year: Option<i32>,
    },
}

struct Rules {
    months: Months,
    switches: Switches,
    every_class: bool,
    floor: Option<NaiveDate>,
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

fn open(common: &Common) -> anyhow::Result<Store> {
    Ok(Store::open(&DatabaseUrl::parse(&common.database)?, Clock::system())?)
}

fn rules(conn: &mut Conn) -> anyhow::Result<Rules> {
    let number = |conn: &mut Conn, name| -> anyhow::Result<i32> { Ok(i32::try_from(setting_number(conn, name)?)?) };
    let every_class = setting(conn, "registry.kind")? == "central";
    let accredited = setting(conn, "registry.accreditation_date")?;
    let floor = if accredited.is_empty() { setting(conn, "registry.reference_date")? } else { accredited };
    Ok(Rules {
        months: Months { due: number(conn, "follow_up.due_months")?, lost: number(conn, "follow_up.lost_months")? },
        switches: if every_class { Switches::default().without(Exclusion::F1) } else { Switches::default() },
        every_class,
        floor: floor.parse().ok(),
    })
}

fn due(common: &Common) -> anyhow::Result<Outcome> {
    let (store, by) = (open(common)?, By::system("accession followup"));
    let conn = &mut *store.reading()?;
    let rules = rules(conn)?;
    let bounds = rules.months.bounds(common.as_of);
    let which = Contacted { from: 0, before: bounds.due_before.into(), every_class: rules.every_class };
    let (mut after, mut listed) = ((0, 0), 0_i64);
    loop {
        let page = due_list(conn, &by, which, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = (last.contact_low.unwrap_or(0), last.id);
        for patient in &page {
            let (of_patient, tumors) = facts(patient);
            let state = rules.months.state(of_patient.last_contact, false, common.as_of);
            let out = exclusion_of_patient(&of_patient, &tumors, Window::default(), rules.switches, common.as_of);
            let due = of_patient.last_contact.and_then(|date| rules.months.due_on(date));
            let row = json!({
                "patient": patient.id,
                "last_contact": of_patient.last_contact.map(PartialDate::naaccr),
                "due": due.map(|day| day.to_string()),
                "state": state,
                "excluded": out.map(Exclusion::code),
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
        listed += i64::try_from(page.len()).unwrap_or(i64::MAX);
    }
    leave_line(&store, &by, format!("due, {listed} patients"))?;
    Ok(Outcome::Done)
}

fn measures(common: &Common, completed_year: Option<i32>) -> anyhow::Result<Outcome> {
    use chrono::Datelike;
    let (store, by) = (open(common)?, By::system("accession followup"));
    let conn = &mut *store.reading()?;
    let rules = rules(conn)?;
    let year = completed_year.unwrap_or(common.as_of.year() - 1);
    let mut both = WINDOWS.map(|(years, target)| Measure::begin(years, target, year, rules.floor));
    let mut after = 0;
    loop {
        let page = everybody(conn, &by, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for patient in &page {
            let (of_patient, tumors) = facts(patient);
            both.iter_mut().for_each(|m| m.add(&of_patient, &tumors, rules.switches, rules.months, common.as_of));
        }
    }
    leave_line(&store, &by, "measures".into())?;
    let [first, second] = &both;
    if common.json {
        println!("{}", json!({"measure1": first, "measure2": second}));
        return Ok(Outcome::Done);
    }
    for (name, m) in [("Measure 1", first), ("Measure 2", second)] {
        let share = if m.A == 0 { 0.0 } else { m.F as f64 * 100.0 / m.A as f64 };
        println!("{name}: {} of {} followed, {share:.1} % (target {} %), {} more needed", m.F, m.A, m.target, m.need);
        println!("  in window {}, dead {}, living {}, current {}, lost {}", m.T, m.B, m.C, m.D, m.E);
    }
    Ok(Outcome::Done)
}

fn leave_line(store: &Store, by: &By, note: String) -> anyhow::Result<()> {
    store.audit(by.line("view", store.clock().now()).note(note)).context("the audit line was not written")
}
