//! Staging a registry again: every case by the editions it records and by those in use, what differs listed case by case.
//!
//! As a report it changes nothing. When it writes, completed cases move to the editions in use too, each change with
//! its history; received values are replaced only where that was asked for. The report names cases by their numbers,
//! never patients.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::registry::consolidate;
use crate::registry::derived::{Replace, differing, staged};
use crate::registry::edit_results;
use crate::registry::rederive::{Following, as_of, follow_by};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::{By, StoreError, Tx, jobs};
use crate::registry::work::{Ended, Held};
use crate::staging::{CaseChange, case_changes, dx_year};

/// What a re-staging was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Write what the editions in use derive; without it only the report is made.
    #[serde(default)]
    pub write: bool,
    /// Put ours in the place of received values that differ.
    #[serde(default)]
    pub replace: bool,
}

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The report's row in the file store.
    pub file: i64,
    /// Cases looked at.
    pub cases: i64,
    /// Cases with a line in the report.
    pub listed: i64,
    /// Lines by what they say: `schema outcome code derived received pending-edition`.
    pub lines: std::collections::BTreeMap<String, i64>,
    /// Cases that were changed.
    pub written: i64,
}

/// A line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    case: i64,
    patient: i64,
    facility: i64,
    what: &'static str,
    algorithm: String,
    about: String,
    before: String,
    now: String,
}

/// The report's head.
const HEAD: [&str; 8] = ["case", "patient", "facility", "what", "algorithm", "about", "before", "now"];

/// Cases in one piece of the writer's transaction.
const PIECE: i64 = 50;

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    held.store.refresh_standards()?;
    let mut by = By::system("job restage");
    by.asker.user = held.job.user_id.map(crate::asker::UserId);
    by.asker.login.clone_from(&held.job.login);
    let total = records::last_abstract(&mut *held.store.reading()?)?;
    let name = format!("restaging_{}.csv", held.store.clock().now().format("%Y%m%d_%H%M%S"));
    let new = NewFile { kind: "report", name, job: Some(held.job.id), facility: None };
    let mut file = FileWriter::begin(held.store, &by, &new)?;
    file.add(&row(&HEAD.map(str::to_string))?)?;
    let (mut came, mut after) = (Came::default(), 0);
    loop {
        let (who, job, owner, done) = (by.clone(), held.job.id, held.owner.to_string(), after);
        let (lines, looked, written, last) = held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "stage", done, total)?;
            piece(tx, &who, asked, after)
        })?;
        let Some(last) = last else { break };
        after = last;
        came.cases += looked;
        came.written += written;
        let mut cases: Vec<i64> = lines.iter().map(|line| line.case).collect();
        cases.dedup();
        came.listed += i64::try_from(cases.len())?;
        for line in &lines {
            *came.lines.entry(line.what.to_string()).or_default() += 1;
            file.add(&line.row()?)?;
        }
        if held.should_stop() {
            // Begun again it looks at every case again; what is written already no longer differs.
            file.abandon()?;
            return Ok(Ended::LeftOff);
        }
    }
    let (id, ..) = file.finish()?;
    came.file = id;
    let line = by.line("restage", held.store.clock().now()).note(format!(
        "{} cases, {} listed, {} changed{}",
        came.cases,
        came.listed,
        came.written,
        if asked.write { "" } else { ", report only" }
    ));
    held.store.audit(line)?;
    Ok(Ended::Done(serde_json::to_string(&came)?))
}

type Piece = (Vec<Line>, i64, i64, Option<i64>);

fn piece(tx: &mut Tx<'_>, by: &By, asked: Asked, after: i64) -> Result<Piece, StoreError> {
    let abstracts = records::abstracts_after(tx.conn, after, PIECE)?;
    let mut lines = Vec::new();
    let mut written = 0;
    for abstract_ in &abstracts {
        let patient = records::patient_row(tx.conn, abstract_.patient)?.items;
        lines.extend(compared(tx, abstract_, &patient));
        if asked.write && write(tx, by, abstract_, &patient, asked)? {
            written += 1;
        }
    }
    if written > 0 {
        let line = by.line("restage", tx.now).note(format!("{written} cases after case {after}"));
        tx.audit(line);
    }
    let looked = i64::try_from(abstracts.len()).unwrap_or(i64::MAX);
    Ok((lines, looked, written, abstracts.last().map(|last| last.id)))
}

/// What differs for a case between the editions it records and those in use, and between what it holds and ours.
fn compared(tx: &Tx<'_>, abstract_: &Abstract, patient: &crate::registry::record::Record) -> Vec<Line> {
    let (bound, now) = (tx.standards.bound_to(&abstract_.derived), tx.standards.editions());
    let as_of = as_of(tx.now);
    let before_runs = staged(&bound, &as_of, patient, &abstract_.items);
    let runs = staged(&now, &as_of, patient, &abstract_.items);
    let line = |what, algorithm: &str, about: &str, before: String, now: String| Line {
        case: abstract_.id,
        patient: abstract_.patient,
        facility: abstract_.facility,
        what,
        algorithm: algorithm.into(),
        about: about.into(),
        before,
        now,
    };
    let mut lines = Vec::new();
    for (before, run) in before_runs.iter().zip(&runs) {
        let name = format!("{} {}", run.algorithm.name(), run.edition);
        for change in case_changes(before, run) {
            lines.push(match change {
                CaseChange::Schema { before, now } => {
                    line("schema", &name, "", before.unwrap_or_default(), now.unwrap_or_default())
                }
                CaseChange::Outcome { before, now } => line("outcome", &name, "", before.into(), now.into()),
                CaseChange::Problem { kind, about, now } => {
                    let (was, is) = if now { ("", kind) } else { (kind, "") };
                    line("code", &name, &about, was.into(), is.into())
                }
                CaseChange::Value { item, before, now } => {
                    line("derived", &name, &item, before.unwrap_or_default(), now.unwrap_or_default())
                }
            });
        }
    }
    // Cases that were staged before the edition of their year was there, whether it is here now or not.
    for (name, was) in abstract_.derived.runs().filter(|(_, run)| run.pending) {
        let Some(run) = runs.iter().find(|run| run.algorithm.name() == name) else { continue };
        let year = dx_year(|id| abstract_.items.get(id));
        let edition = match now.is_pending(run.algorithm, year) {
            true => String::new(),
            false => run.edition.to_owned(),
        };
        let year = year.map(|year| year.to_string()).unwrap_or_default();
        lines.push(line("pending-edition", name, &year, was.edition.clone(), edition));
    }
    for differs in differing(&now, &runs, &abstract_.items, &abstract_.derived) {
        let name = format!("{} {}", differs.algorithm, differs.edition);
        lines.push(line("received", &name, &differs.item, differs.stands, differs.ours));
    }
    lines
}

fn write(
    tx: &mut Tx<'_>,
    by: &By,
    abstract_: &Abstract,
    patient: &crate::registry::record::Record,
    asked: Asked,
) -> Result<bool, StoreError> {
    let standards = tx.standards.clone();
    let of = Following {
        version: abstract_.version,
        items: &abstract_.items,
        reported_patient: abstract_.reported_patient.as_ref(),
        patient,
        abstract_,
        taken: None,
    };
    let replace = if asked.replace { Replace::Everything } else { Replace::Nothing };
    let (version, _) = follow_by(tx, by, &of, replace, &standards.editions(), Some("staged again"))?;
    if version == abstract_.version {
        return Ok(false);
    }
    consolidate::tumor_follows(tx, by, abstract_.tumor)?;
    edit_results::follow(tx, by, abstract_.patient)?;
    Ok(true)
}

impl Line {
    fn row(&self) -> anyhow::Result<Vec<u8>> {
        row(&[
            self.case.to_string(),
            self.patient.to_string(),
            self.facility.to_string(),
            self.what.to_string(),
            self.algorithm.clone(),
            self.about.clone(),
            self.before.clone(),
            self.now.clone(),
        ])
    }
}

fn row(cells: &[String; 8]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))
}
