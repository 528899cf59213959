//! Running the edits over the registry: again only where a value, a rule, a setting or a day moved.
//!
//! Patients are taken in pieces. What a piece says is worked out beside the writer and written in one small piece of its
//! transaction, where each patient is left alone whose values moved meanwhile: the change itself has run the edits then.
//! A trial by rules that are not switched on yet writes no result; it counts what would newly fail or pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::edits::Severity;
use crate::registry::edit_results::{Judge, Judged, Seen, Standing, inputs_of};
use crate::registry::store::edit_results::{self as rows, Digests};
use crate::registry::store::files::{FileWriter, NewFile};
use crate::registry::store::records;
use crate::registry::store::{By, Conn, StoreError, jobs};
use crate::registry::work::{Ended, Held};

/// What a run was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// All cases, also those of which nothing moved.
    #[serde(default)]
    pub all: bool,
    /// The row of an edition of edits that is tried, as if it were switched on; nothing is kept then.
    #[serde(default)]
    pub try_edition: Option<i64>,
}

/// What it came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The set that ran.
    pub set: String,
    /// Cases there are.
    pub cases: i64,
    /// Cases that were looked at again.
    pub ran: i64,
    /// Cases that have an error.
    pub with_errors: i64,
    /// Failures by edit: of those that ran.
    pub by_edit: BTreeMap<String, i64>,
    /// Of a trial: the list of cases that would newly fail or pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<i64>,
    /// Of a trial: by edit, cases that would newly fail.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newly: BTreeMap<String, i64>,
    /// Of a trial: by edit, cases that would no longer fail.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub no_longer: BTreeMap<String, i64>,
    /// Of a trial: cases that would have their first error.
    #[serde(default)]
    pub first_errors: i64,
}

/// Patients in one piece.
const PIECE: i64 = 100;

/// One patient's abstracts with what is said of each.
struct Piece {
    patient: i64,
    inputs: [u8; 16],
    judged: Vec<(i64, i64, Judged)>,
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    held.store.refresh_standards()?;
    let mut by = By::system("job edits");
    by.asker.user = held.job.user_id.map(crate::asker::UserId);
    by.asker.login.clone_from(&held.job.login);
    let standards = held.store.standards();
    let total = rows::last_patient(&mut *held.store.reading()?)?;
    let mut conn = held.store.reading()?;
    let judge = Judge::of(&mut conn, &standards, held.store.clock().now(), None);
    let judge = match judge {
        Ok(judge) => judge,
        Err(StoreError::Refused(why)) => return Ok(Ended::Failed(why, None)),
        Err(error) => return Err(error.into()),
    };
    let trial = match asked.try_edition {
        None => None,
        Some(id) => {
            let rules = Arc::new(standards.edits().with(id));
            let set = Some(judge.set());
            Some(Judge::by(&mut conn, &standards, rules, held.store.clock().now(), set)?)
        }
    };
    let mut report = match &trial {
        None => None,
        Some(_) => {
            let name = format!("edits_tried_{}.csv", held.store.clock().now().format("%Y%m%d_%H%M%S"));
            let new = NewFile { kind: "report", name, job: Some(held.job.id), facility: None };
            let mut file = FileWriter::begin(held.store, &by, &new)?;
            file.add(b"case,facility,edit,severity,what\n")?;
            Some(file)
        }
    };
    let (mut came, mut after) = (Came { set: judge.set().to_owned(), ..Came::default() }, 0);
    while let Some(last) = rows::last_of_next_patients(&mut conn, after, PIECE)? {
        let digests = rows::digests(&mut conn, after + 1, last)?;
        came.cases += i64::try_from(digests.len())?;
        let pieces = pieces(&mut conn, &judge, &digests, asked.all || trial.is_some())?;
        let mut lines = String::new();
        for piece in &pieces {
            came.ran += i64::try_from(piece.judged.len())?;
            for (_, _, judged) in &piece.judged {
                came.with_errors += i64::from(judged.standing.errors() > 0);
                for kept in judged.standing.failures.iter().filter(|kept| !kept.over_ridden) {
                    *came.by_edit.entry(kept.edit.clone()).or_default() += 1;
                }
            }
        }
        if let Some(trial) = &trial {
            let tried = self::pieces(&mut conn, trial, &digests, true)?;
            for (now, then) in pieces.iter().zip(&tried).flat_map(|(a, b)| a.judged.iter().zip(&b.judged)) {
                compare((now.0, now.1), &now.2.standing, &then.2.standing, &mut came, &mut lines);
            }
        }
        if let Some(report) = &mut report {
            report.add(lines.as_bytes())?;
        }
        let (job, owner, done) = (held.job.id, held.owner.to_string(), last);
        let new: Vec<_> = match trial {
            Some(_) => Vec::new(),
            None => pieces
                .into_iter()
                .map(|piece| {
                    let rows = piece.judged.iter().map(|(id, _, one)| judge.row(*id, piece.patient, piece.inputs, one));
                    (piece.patient, piece.inputs, rows.collect::<Vec<_>>())
                })
                .collect(),
        };
        held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "edits", done, total)?;
            for (patient, inputs, results) in &new {
                if inputs_of(&rows::digests(tx.conn, *patient, *patient)?) == *inputs {
                    for result in results {
                        tx.keep_result(result)?;
                    }
                    crate::registry::over_rides::needed_by_results(tx, *patient, results)?;
                }
            }
            Ok::<(), StoreError>(())
        })?;
        after = last;
        if held.should_stop() {
            // Begun again it passes over what it has done: nothing of that moved.
            if let Some(report) = report {
                report.abandon()?;
            }
            return Ok(Ended::LeftOff);
        }
    }
    if let Some(report) = report {
        came.file = Some(report.finish()?.0);
    }
    let what = if trial.is_some() { ", a trial" } else { "" };
    let note = format!("{} cases, {} run by set {}{what}", came.cases, came.ran, came.set);
    held.store.audit(by.line("edits", held.store.clock().now()).note(note))?;
    Ok(Ended::Done(serde_json::to_string(&came)?))
}

/// How a run over an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Every record was looked at.
    Done,
    /// The server ends.
    LeftOff,
}

/// Patients of an import looked at before one piece is written.
const OF_IMPORT: i64 = 400;

/// Runs the edits over the patients of an import that is not published yet: on two threads beside the writer, kept in small
/// pieces. Begun again it passes over what is kept.
pub fn over_import(held: &Held<'_>, import: i64) -> anyhow::Result<Over> {
    let standards = held.store.standards();
    let mut conn = held.store.reading()?;
    let judge = Judge::of(&mut conn, &standards, held.store.clock().now(), None)?;
    let mut after = 0;
    loop {
        let patients = rows::patients_of_import(&mut conn, import, after, OF_IMPORT)?;
        let Some(last) = patients.last().copied() else { return Ok(Over::Done) };
        let (mine, others) = patients.split_at(patients.len() / 2);
        let of = |patients: &[i64]| -> Result<Vec<Piece>, StoreError> {
            let mut conn = held.store.reading()?;
            let digests = rows::digests_of(&mut conn, patients)?;
            pieces(&mut conn, &judge, &digests, false)
        };
        let both = std::thread::scope(|scope| {
            let beside = scope.spawn(|| of(others));
            let first = of(mine);
            let second = beside.join().unwrap_or_else(|_| {
                Err(StoreError::WriterStopped("a thread that ran the edits ended unexpectedly".into()))
            });
            first.and_then(|first| second.map(|second| [first, second]))
        })?;
        let (job, owner) = (held.job.id, held.owner.to_string());
        let new: Vec<_> = both
            .into_iter()
            .flatten()
            .flat_map(|piece| {
                let judge = &judge;
                let row = move |(id, _, one): &(i64, i64, Judged)| judge.row(*id, piece.patient, piece.inputs, one);
                piece.judged.iter().map(row).collect::<Vec<_>>()
            })
            .collect();
        held.store.write(move |tx| {
            jobs::progress(tx, job, &owner, "edits", last, 0)?;
            new.iter().try_for_each(|result| tx.keep_result(result))
        })?;
        after = last;
        if held.should_stop() {
            return Ok(Over::LeftOff);
        }
    }
}

/// What the edits say of the patients whose abstracts these are.
fn pieces(conn: &mut Conn, judge: &Judge<'_>, digests: &[Digests], all: bool) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for of_patient in digests.chunk_by(|a, b| a.patient_id == b.patient_id) {
        let Some(patient) = of_patient.first().map(|one| one.patient_id) else { continue };
        let inputs = inputs_of(of_patient);
        if !all && of_patient.iter().all(|one| judge.is_current(one, &inputs)) {
            continue;
        }
        let items = records::patient_row(conn, patient)?.items;
        let abstracts = records::abstracts_of_patient_unseen(conn, patient)?;
        let seen: Vec<Seen<'_>> = abstracts.iter().map(Seen::from).collect();
        let judged = judge.judge(&items, &seen);
        let judged = abstracts.iter().zip(judged).map(|(abstract_, one)| (abstract_.id, abstract_.facility, one));
        pieces.push(Piece { patient, inputs, judged: judged.collect() });
    }
    Ok(pieces)
}

/// What differs for a case between the rules in use and those that are tried.
fn compare((case, facility): (i64, i64), now: &Standing, then: &Standing, came: &mut Came, lines: &mut String) {
    let fails = |standing: &Standing, edit: &str| standing.failures.iter().any(|k| k.edit == edit && !k.over_ridden);
    came.first_errors += i64::from(now.errors() == 0 && then.errors() > 0);
    for (of, other, counts, what) in
        [(then, now, &mut came.newly, "newly fails"), (now, then, &mut came.no_longer, "no longer fails")]
    {
        for kept in of.failures.iter().filter(|kept| !kept.over_ridden && !fails(other, &kept.edit)) {
            *counts.entry(kept.edit.clone()).or_default() += 1;
            let severity = match kept.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            lines.push_str(&format!("{case},{facility},{},{severity},{what}\n", kept.edit));
        }
    }
}
