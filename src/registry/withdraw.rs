//! Taking back a whole import, as a job, and undoing that.
//!
//! Patient by patient in the order of the file: the abstracts that the import made leave every list and count, the tumor
//! goes with its last abstract and the patient with the last tumor. A patient at whom a person has worked since (a value
//! typed, a contact posted, an operation), stays as it is and is listed. What the import replaced in known abstracts stays
//! too: their history holds what stood before. A record taken back can be imported again.

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::registry::consolidate::tumor_follows;
use crate::registry::operations::{self, reason_given, set_state_by};
use crate::registry::store::operations as rows;
use crate::registry::store::{By, Kind, Origin, StoreError, Tx, imports, jobs, records};
use crate::registry::work::{Ended, Held};

/// Patients in one piece of the writer's transaction.
const PIECE: i64 = 50;

/// Patients that are listed by their id; the count is of all.
const LISTED: usize = 500;

/// What was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The import.
    pub import: i64,
    /// Why.
    pub reason: String,
    /// Bring back what was taken back.
    pub undo: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The last ordinal of the file that was looked at.
    pub after: i64,
    /// Abstracts taken back, or brought back.
    pub abstracts: i64,
    /// Patients taken back, or brought back.
    pub patients: i64,
    /// Patients that stay, since a person has worked at them.
    pub kept: i64,
    /// The first of them, by id.
    pub listed: Vec<i64>,
}

/// Asks for an import to be taken back; answers the job.
///
/// # Errors
/// An import the asker may not see, one that is not done, a reason too short.
pub fn ask(tx: &mut Tx<'_>, by: &By, import: i64, reason: &str) -> Result<i64, StoreError> {
    reason_given(reason)?;
    let row = imports::import(tx.conn, by, import)?;
    if row.state != "done" {
        return Err(StoreError::Refused(match row.state.as_str() {
            "withdrawn" | "withdrawing" => "This import was taken back already.".into(),
            "refused" => "This file was not taken: there is nothing to take back.".into(),
            _ => "This import is not at its end yet.".into(),
        }));
    }
    let facilities = imports::facilities_of_import(tx.conn, import)?;
    for facility in facilities {
        crate::registry::store::scope::must_hold(by, facility)?;
    }
    begin(tx, by, Asked { import, reason: reason.trim().into(), undo: false })
}

/// Puts the job into the queue; the import says what is being done to it.
pub(crate) fn begin(tx: &mut Tx<'_>, by: &By, asked: Asked) -> Result<i64, StoreError> {
    let params = serde_json::to_string(&asked).map_err(|e| StoreError::Refused(e.to_string()))?;
    imports::set_state(tx, asked.import, if asked.undo { "restoring" } else { "withdrawing" }, None)?;
    let job = jobs::enqueue(tx, by, "withdraw", &params, None)?;
    let what = if asked.undo { "import brought back" } else { "import taken back" };
    tx.audit(by.line("withdraw", tx.now).note(format!("{what}: {}, job {job}", asked.import)));
    Ok(job)
}

/// Does the job.
pub fn work(held: &Held<'_>) -> anyhow::Result<Ended> {
    let asked: Asked = serde_json::from_str(&held.job.params).context("reading what the job was asked")?;
    let mut by = By::system("job withdraw");
    by.asker.user = held.job.user_id.map(crate::asker::UserId);
    by.asker.login.clone_from(&held.job.login);
    let total = imports::staged_patients(&mut *held.store.reading()?, asked.import)?;
    loop {
        let (id, owner, asked, by) = (held.job.id, held.owner.to_string(), asked.clone(), by.clone());
        let came = held.store.write(move |tx| {
            // How far it came stands with the work: another server goes on there.
            let mut came: Came = jobs::result_so_far(tx.conn, id)?;
            let patients = imports::patients_of_import(tx.conn, asked.import, came.after, PIECE)?;
            let Some(last) = patients.last() else {
                finish(tx, &by, &asked, &came)?;
                return Ok::<_, StoreError>(Some(came));
            };
            let last = last.ordinal;
            for found in &patients {
                one(tx, &by, &asked, found.patient_id, &mut came)?;
            }
            came.after = last;
            jobs::progress(tx, id, &owner, if asked.undo { "restore" } else { "withdraw" }, last, total)?;
            jobs::set_result(tx, id, &serde_json::to_string(&came).unwrap_or_default())?;
            tx.audit(by.line("withdraw", tx.now).note(format!("import {} to patient {last}", asked.import)));
            Ok(None)
        })?;
        if let Some(came) = came {
            return Ok(Ended::Done(serde_json::to_string(&came)?));
        }
        if held.should_stop() {
            return Ok(Ended::LeftOff);
        }
    }
}

fn finish(tx: &mut Tx<'_>, by: &By, asked: &Asked, came: &Came) -> Result<(), StoreError> {
    imports::withdraw_rest(tx, asked.import, asked.undo)?;
    imports::set_state(tx, asked.import, if asked.undo { "done" } else { "withdrawn" }, None)?;
    if !asked.undo {
        operations::record_withdrawal(tx, by, asked.import, &asked.reason)?;
    }
    let what = if asked.undo { "brought back" } else { "taken back" };
    let note = format!("import {}: {} abstracts {what}, {} patients stay", asked.import, came.abstracts, came.kept);
    tx.audit(by.line("withdraw", tx.now).note(note));
    Ok(())
}

/// One patient of the file.
fn one(tx: &mut Tx<'_>, by: &By, asked: &Asked, patient: i64, came: &mut Came) -> Result<(), StoreError> {
    let (from, to) = if asked.undo { ("withdrawn", "live") } else { ("live", "withdrawn") };
    let abstracts = imports::abstracts_of_import_at(tx.conn, asked.import, patient, from)?;
    if !asked.undo && imports::person_worked_at(tx.conn, asked.import, patient)? {
        came.kept += 1;
        if came.listed.len() < LISTED {
            came.listed.push(patient);
        }
        return Ok(());
    }
    if asked.undo {
        // From the outside in: an abstract needs its tumor and its patient.
        came.patients += i64::from(turn(tx, by, asked, Kind::Patient, patient, (from, to))?);
    }
    for abstract_ in &abstracts {
        if asked.undo {
            turn(tx, by, asked, Kind::Tumor, abstract_.tumor_id, (from, to))?;
        }
        came.abstracts += i64::from(turn(tx, by, asked, Kind::Abstract, abstract_.id, (from, to))?);
        if asked.undo || !records::abstracts_of_tumor(tx.conn, abstract_.tumor_id)?.is_empty() {
            tumor_follows(tx, by, abstract_.tumor_id)?;
        } else {
            turn(tx, by, asked, Kind::Tumor, abstract_.tumor_id, (from, to))?;
        }
    }
    let made_here = imports::is_of_import(tx.conn, asked.import, patient)?;
    if !asked.undo && made_here && rows::tumor_ids(tx.conn, patient)?.is_empty() {
        came.patients += i64::from(turn(tx, by, asked, Kind::Patient, patient, (from, to))?);
    }
    Ok(())
}

/// Turns a record from one state to the other; one in a third state (deleted, merged) is left alone.
fn turn(
    tx: &mut Tx<'_>,
    by: &By,
    asked: &Asked,
    kind: Kind,
    id: i64,
    (from, to): (&str, &str),
) -> Result<bool, StoreError> {
    if rows::standing(tx.conn, kind, id)?.state != from {
        return Ok(false);
    }
    // By a rule: only what a person does at one record counts as work at it.
    set_state_by(tx, by, (kind, id), to, (&asked.reason, Origin::Rule))?;
    Ok(true)
}
