//! What a person does to whole records, by hand, with a reason and an undo: delete an abstract, move a tumor to
//! another patient, merge two patients, split one.
//!
//! Each is one piece of the writer's transaction. Records keep their ids; history says what happened to each; the
//! operation's row keeps what undoing needs. Undoing is refused when a later operation touched the same records.

use serde::{Deserialize, Serialize};

use crate::asker::Scope;
use crate::registry::change::write_patient;
use crate::registry::consolidate::tumor_follows;
use crate::registry::edit_results;
use crate::registry::search_keys::identifiers_of_abstract;
use crate::registry::store::operations::{self as rows, standing};
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::write_records::Known;
use crate::registry::store::{By, Changed, Conn, Entry, Kind, Origin, StoreError, Tx, hash32, imports, records};
use crate::registry::withdraw;

/// What undoing needs.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Detail {
    Delete { abstract_: i64, tumor: Option<i64>, patient: Option<i64> },
    Move { tumor: i64, from: i64, to: i64 },
    Merge { kept: i64, absorbed: i64, tumors: Vec<i64> },
    Split { from: i64, made: i64, tumors: Vec<i64> },
    Withdraw { import: i64 },
}

/// A reason is asked for: what was done must be understood years later.
pub(crate) fn reason_given(reason: &str) -> Result<(), StoreError> {
    match reason.trim().chars().count() {
        10..=1000 => Ok(()),
        _ => Err(StoreError::Refused("Give the reason in 10 to 1,000 characters.".into())),
    }
}

impl Detail {
    fn read(row: &rows::Operation) -> Result<Detail, StoreError> {
        serde_json::from_str(&row.detail)
            .map_err(|e| StoreError::Damaged { what: format!("operation {}", row.id), why: e.to_string() })
    }

    /// Whether the asker sees every record that was touched.
    fn is_seen(&self, conn: &mut Conn, by: &By) -> Result<bool, StoreError> {
        if matches!(by.asker.scope, Scope::Registry) {
            return Ok(true);
        }
        let scope = ScopeBinds::of(by);
        let facilities = match self {
            Detail::Delete { abstract_, .. } => rows::facilities_of(conn, Kind::Abstract, *abstract_)?,
            Detail::Move { tumor, .. } => rows::facilities_of(conn, Kind::Tumor, *tumor)?,
            Detail::Withdraw { import } => imports::facilities_of_import(conn, *import)?,
            Detail::Merge { tumors, .. } | Detail::Split { tumors, .. } => {
                let mut all = vec![];
                for tumor in tumors {
                    all.extend(rows::facilities_of(conn, Kind::Tumor, *tumor)?);
                }
                all
            }
        };
        Ok(!facilities.is_empty() && facilities.iter().all(|f| scope.holds(*f, by)))
    }
}

/// The newest operations that the asker may see: those on records of his facilities alone.
pub fn newest(conn: &mut Conn, by: &By, limit: usize) -> Result<Vec<rows::Operation>, StoreError> {
    const PAGE: i64 = 200;
    let (mut seen, mut before) = (Vec::new(), i64::MAX);
    loop {
        let page = rows::operations(conn, before, PAGE)?;
        let Some(last) = page.last() else { return Ok(seen) };
        before = last.id;
        for row in page {
            if Detail::read(&row)?.is_seen(conn, by)? {
                seen.push(row);
            }
            if seen.len() == limit {
                return Ok(seen);
            }
        }
    }
}

/// A tumor is moved by who sees every report of it.
fn must_see_whole(tx: &mut Tx<'_>, by: &By, tumor: i64) -> Result<(), StoreError> {
    match (Detail::Move { tumor, from: 0, to: 0 }).is_seen(tx.conn, by)? {
        true => Ok(()),
        false => Err(StoreError::Refused(
            "This would move records that are not yours to see. Somebody who sees all facilities has to do it.".into(),
        )),
    }
}

fn record(tx: &mut Tx<'_>, by: &By, kind: &str, reason: &str, detail: &Detail) -> Result<i64, StoreError> {
    let text = serde_json::to_string(detail).map_err(|e| StoreError::Refused(e.to_string()))?;
    rows::add(tx, by, kind, reason.trim(), &text)
}

/// Takes an abstract out of every list and count; the tumor and the patient go with their last abstract.
///
/// # Errors
/// An abstract the asker may not see, a stale version, a reason too short.
pub fn delete_abstract(tx: &mut Tx<'_>, by: &By, id: i64, seen: i64, reason: &str) -> Result<i64, StoreError> {
    reason_given(reason)?;
    let abstract_ = records::abstract_(tx.conn, by, id)?;
    if abstract_.version != seen {
        return Err(StoreError::Refused(
            "Somebody changed this abstract since you opened it. Look at it again first.".into(),
        ));
    }
    set_state(tx, by, Kind::Abstract, id, "deleted", reason)?;
    let mut detail = (None, None);
    if records::abstracts_of_tumor(tx.conn, abstract_.tumor)?.is_empty() {
        set_state(tx, by, Kind::Tumor, abstract_.tumor, "deleted", reason)?;
        detail.0 = Some(abstract_.tumor);
        if rows::tumor_ids(tx.conn, abstract_.patient)?.is_empty() {
            set_state(tx, by, Kind::Patient, abstract_.patient, "deleted", reason)?;
            detail.1 = Some(abstract_.patient);
        }
    } else {
        tumor_follows(tx, by, abstract_.tumor)?;
    }
    let detail = Detail::Delete { abstract_: id, tumor: detail.0, patient: detail.1 };
    let operation = record(tx, by, "delete", reason, &detail)?;
    let line = by.line("delete", tx.now).patient(abstract_.patient).tumor(abstract_.tumor).abstract_(id);
    tx.audit(line.note(format!("operation {operation}")));
    edit_results::follow(tx, by, abstract_.patient)?;
    Ok(operation)
}

/// Writes that an import was taken back whole, so that it can be undone.
pub(crate) fn record_withdrawal(tx: &mut Tx<'_>, by: &By, import: i64, reason: &str) -> Result<i64, StoreError> {
    record(tx, by, "withdraw", reason, &Detail::Withdraw { import })
}

/// Moves a tumor to another patient.
///
/// # Errors
/// Records the asker may not see, the same patient, a reason too short.
pub fn move_tumor(tx: &mut Tx<'_>, by: &By, tumor: i64, to: i64, reason: &str) -> Result<i64, StoreError> {
    reason_given(reason)?;
    let from = records::tumor_row(tx.conn, tumor)?.patient;
    records::patient(tx.conn, by, from)?;
    records::patient(tx.conn, by, to)?;
    must_see_whole(tx, by, tumor)?;
    if from == to {
        return Err(StoreError::Refused("The tumor is already this patient's.".into()));
    }
    carry(tx, by, tumor, from, to, reason)?;
    let operation = record(tx, by, "move", reason, &Detail::Move { tumor, from, to })?;
    let line =
        by.line("move", tx.now).patient(from).tumor(tumor).note(format!("to patient {to}, operation {operation}"));
    tx.audit(line);
    Ok(operation)
}

/// Merges `absorbed` into `kept`: its tumors, names and numbers; what the kept patient lacks is filled from it.
///
/// # Errors
/// Patients the asker may not see, the same patient, a reason too short.
pub fn merge(tx: &mut Tx<'_>, by: &By, kept: i64, absorbed: i64, reason: &str) -> Result<i64, StoreError> {
    reason_given(reason)?;
    if kept == absorbed {
        return Err(StoreError::Refused("A patient cannot be merged with himself.".into()));
    }
    let into = records::patient(tx.conn, by, kept)?;
    let from = records::patient(tx.conn, by, absorbed)?;
    let tumors = rows::tumor_ids(tx.conn, absorbed)?;
    for tumor in &tumors {
        must_see_whole(tx, by, *tumor)?;
    }
    let mut items = into.items.clone();
    let mut changed: Vec<Changed> = from
        .items
        .iter()
        .filter(|(id, _)| into.items.get(id).is_none())
        .filter_map(|(id, value)| items.set(id, value))
        .collect();
    changed.extend(later_contact(&mut items, &from.items));
    if !changed.is_empty() {
        let because =
            crate::registry::change::Because { why: reason.trim().into(), origin: Origin::Operation, source: None };
        write_patient(tx, by, &into, &items, &changed, &because)?;
    }
    rows::copy_search_keys(tx, absorbed, kept)?;
    for tumor in &tumors {
        carry(tx, by, *tumor, absorbed, kept, reason)?;
    }
    set_state(tx, by, Kind::Patient, absorbed, "merged", reason)?;
    rows::set_merged_into(tx, absorbed, Some(kept))?;
    let operation = record(tx, by, "merge", reason, &Detail::Merge { kept, absorbed, tumors })?;
    let line =
        by.line("merge", tx.now).patient(kept).note(format!("absorbed patient {absorbed}, operation {operation}"));
    tx.audit(line);
    Ok(operation)
}

/// Last contact of the merged patient, when it is the later one, with vital status and what belongs to it.
fn later_contact(items: &mut crate::registry::record::Record, other: &crate::registry::record::Record) -> Vec<Changed> {
    let day = |r: &crate::registry::record::Record| crate::registry::promoted::bounds(r.value("dateOfLastContact")).1;
    if day(other) <= day(items) {
        return vec![];
    }
    [
        "dateOfLastContact",
        "vitalStatus",
        "followUpSourceCentral",
        "causeOfDeath",
        "icdRevisionNumber",
        "placeOfDeathState",
        "placeOfDeathCountry",
    ]
    .iter()
    .filter_map(|id| items.set(id, other.value(id)))
    .collect()
}

/// Makes a new patient of some tumors of one: a record that held two persons.
///
/// # Errors
/// A patient the asker may not see, tumors that are not the patient's, all or none of them, a reason too short.
pub fn split(tx: &mut Tx<'_>, by: &By, patient: i64, tumors: &[i64], reason: &str) -> Result<i64, StoreError> {
    reason_given(reason)?;
    let from = records::patient(tx.conn, by, patient)?;
    let all = rows::tumor_ids(tx.conn, patient)?;
    if tumors.is_empty() || tumors.len() >= all.len() || tumors.iter().any(|t| !all.contains(t)) {
        return Err(StoreError::Refused("Choose some of the patient's tumors, not all and not none.".into()));
    }
    let mut items = from.items.clone();
    for tumor in tumors {
        must_see_whole(tx, by, *tumor)?;
        if let Some(reported) =
            records::abstracts_of_tumor(tx.conn, *tumor)?.into_iter().find_map(|a| a.reported_patient)
        {
            items = reported;
        }
    }
    let (made, hash) = tx.insert_patient(0, &items)?;
    tx.add_search_keys(made, &crate::registry::search_keys::names_of(&items), &[], Known::No)?;
    let entry = Entry {
        kind: Kind::Patient,
        record: made,
        version: 1,
        why: reason.trim(),
        origin: Origin::Operation,
        source: None,
        record_hash: &hash,
        changes: &crate::registry::record::Record::new().differences(&items),
    };
    tx.remember(by, &entry)?;
    for tumor in tumors {
        carry(tx, by, *tumor, patient, made, reason)?;
    }
    let operation = record(tx, by, "split", reason, &Detail::Split { from: patient, made, tumors: tumors.to_vec() })?;
    let line = by.line("split", tx.now).patient(patient).note(format!("made patient {made}, operation {operation}"));
    tx.audit(line);
    Ok(operation)
}

/// Undoes an operation.
///
/// # Errors
/// One on records the asker may not see, one that is already undone, or whose records a later operation touched.
pub fn undo(tx: &mut Tx<'_>, by: &By, operation: i64, reason: &str) -> Result<(), StoreError> {
    reason_given(reason)?;
    let row = rows::operation(tx.conn, operation)?;
    let detail = Detail::read(&row)?;
    if !detail.is_seen(tx.conn, by)? {
        return Err(StoreError::NotFound);
    }
    rows::mark_undone(tx, by, operation)?;
    let patient = match detail {
        Detail::Delete { abstract_, tumor, patient } => {
            for (kind, id) in [(Kind::Patient, patient), (Kind::Tumor, tumor), (Kind::Abstract, Some(abstract_))] {
                if let Some(id) = id {
                    set_state(tx, by, kind, id, "live", reason)?;
                }
            }
            let restored = records::abstract_(tx.conn, by, abstract_)?;
            tumor_follows(tx, by, restored.tumor)?;
            restored.patient
        }
        Detail::Move { tumor, from, to } => {
            still_with(tx, tumor, to)?;
            records::patient(tx.conn, by, to)?;
            carry(tx, by, tumor, to, from, reason)?;
            from
        }
        Detail::Merge { kept, absorbed, tumors } => {
            records::patient(tx.conn, by, kept)?;
            set_state(tx, by, Kind::Patient, absorbed, "live", reason)?;
            rows::set_merged_into(tx, absorbed, None)?;
            for tumor in tumors {
                still_with(tx, tumor, kept)?;
                carry(tx, by, tumor, kept, absorbed, reason)?;
            }
            kept
        }
        Detail::Split { from, made, tumors } => {
            for tumor in tumors {
                still_with(tx, tumor, made)?;
                carry(tx, by, tumor, made, from, reason)?;
            }
            set_state(tx, by, Kind::Patient, made, "merged", reason)?;
            rows::set_merged_into(tx, made, Some(from))?;
            from
        }
        Detail::Withdraw { import } => {
            let asked = withdraw::Asked { import, reason: reason.trim().into(), undo: true };
            withdraw::begin(tx, by, asked)?;
            tx.audit(by.line("undo", tx.now).note(format!("operation {operation}")));
            return Ok(());
        }
    };
    let line = by.line("undo", tx.now).patient(patient).note(format!("operation {operation}"));
    tx.audit(line);
    edit_results::follow(tx, by, patient)
}

fn still_with(tx: &mut Tx<'_>, tumor: i64, patient: i64) -> Result<(), StoreError> {
    match records::tumor_row(tx.conn, tumor)?.patient == patient {
        true => Ok(()),
        false => Err(StoreError::Refused("A later operation moved a tumor of this one. Undo that first.".into())),
    }
}

/// Moves a tumor, with what search knows of its abstracts.
fn carry(tx: &mut Tx<'_>, by: &By, tumor: i64, from: i64, to: i64, reason: &str) -> Result<(), StoreError> {
    let before = records::tumor_row(tx.conn, tumor)?;
    let hash = hash32(&standing(tx.conn, Kind::Tumor, tumor)?.hash);
    rows::set_patient(tx, tumor, before.version, to)?;
    let changes = [Changed { item: "@patient".into(), old: from.to_string(), new: to.to_string() }];
    let entry = Entry {
        kind: Kind::Tumor,
        record: tumor,
        version: before.version + 1,
        why: reason.trim(),
        origin: Origin::Operation,
        source: None,
        record_hash: &hash,
        changes: &changes,
    };
    tx.remember(by, &entry)?;
    for abstract_ in records::abstracts_of_tumor(tx.conn, tumor)? {
        let identifiers = identifiers_of_abstract(&abstract_.items, abstract_.facility);
        for identifier in &identifiers {
            rows::forget_identifier(tx, from, identifier.kind, identifier.facility, &identifier.value)?;
        }
        tx.add_search_keys(to, &[], &identifiers, Known::Perhaps)?;
    }
    edit_results::follow(tx, by, from)?;
    edit_results::follow(tx, by, to)
}

fn set_state(tx: &mut Tx<'_>, by: &By, kind: Kind, id: i64, state: &str, reason: &str) -> Result<(), StoreError> {
    set_state_by(tx, by, (kind, id), state, (reason, Origin::Operation))
}

/// Writes a record's state with its history row.
pub(crate) fn set_state_by(
    tx: &mut Tx<'_>,
    by: &By,
    (kind, id): (Kind, i64),
    state: &str,
    (reason, origin): (&str, Origin),
) -> Result<(), StoreError> {
    let now = standing(tx.conn, kind, id)?;
    if now.state == state {
        return Ok(());
    }
    rows::set_state(tx, kind, id, now.version, state)?;
    let changes = [Changed { item: "@state".into(), old: now.state, new: state.into() }];
    let entry = Entry {
        kind,
        record: id,
        version: now.version + 1,
        why: reason.trim(),
        origin,
        source: None,
        record_hash: &hash32(&now.hash),
        changes: &changes,
    };
    tx.remember(by, &entry)
}
