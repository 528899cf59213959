//! Over-rides: a person looked at a failing edit and says that the values are right.
//!
//! ```text
//!   given (reason, values looked at) ──► stands ──a reviewed value changes──► fallen: the flag is taken out
//!                                          │ └────a person empties the flag──► removed
//!                                          └──────no edit fails any more──────► stands, not needed: reported
//! ```
//!
//! The flag is an item of the abstract and is what leaves in a file; reason, person and reviewed values are kept here. One
//! flag may let several edits pass: each of those that fail at the time gets a row of its own.

use std::collections::BTreeMap;

use crate::edits::{Edit, Override};
use crate::naaccr::super_dictionary;
use crate::registry::change::{Because, Change, amend_abstract};
use crate::registry::edit_results::Judge;
use crate::registry::record::Record;
use crate::registry::store::edit_results::{self as rows, NewOverRide, NewResult};
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::settings::setting_number;
use crate::registry::store::{By, Changed, Entry, Kind, Origin, StoreError, Tx};

/// What is asked of an over-ride.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The edit that fails.
    pub edit: String,
    /// The flag's value; the first that lets the edit pass when empty.
    pub value: String,
    /// Why the values are right.
    pub reason: String,
}

/// Fewest characters of a reason.
const SHORTEST_REASON: usize = 10;

/// Over-rides a failing edit of an abstract, if nobody changed it since version `seen`. Answers the new version.
///
/// # Errors
/// [`StoreError::Refused`] without a reason, where the edit does not fail, has no flag, or not that value of it;
/// [`StoreError::Stale`] as every change.
pub fn over_ride(tx: &mut Tx<'_>, by: &By, id: i64, seen: i64, asked: &Asked) -> Result<i64, StoreError> {
    let reason = asked.reason.trim();
    if !(SHORTEST_REASON..=1000).contains(&reason.chars().count()) {
        return Err(StoreError::Refused(
            "Give the reason of the over-ride in 10 to 1,000 characters: what was looked at, and why it is right."
                .into(),
        ));
    }
    let abstract_ = records::abstract_(tx.conn, by, id)?;
    let standards = tx.standards.clone();
    let judge = Judge::of(tx.conn, &standards, tx.now, None)?;
    let (bound, _) = judge.plan(&abstract_.items, &abstract_.record_type);
    let edit = bound.library().edit(&asked.edit);
    let standing = judge.standing(tx.conn, by, id)?;
    let fails = standing.failures.iter().any(|kept| kept.edit == asked.edit && !kept.over_ridden);
    let Some(edit) = edit.filter(|_| fails) else {
        return Err(StoreError::Refused(format!(
            "The edit {} does not fail here now, so there is nothing to over-ride.",
            asked.edit
        )));
    };
    if edit.overrides.is_empty() {
        return Err(StoreError::Refused(format!(
            "The edit {} has no over-ride: the values have to be corrected.",
            edit.id
        )));
    }
    let stands = |over: &Override| abstract_.items.value(over.flag.id()).to_owned();
    let Some((flag, value)) =
        edit.overrides.iter().find_map(|over| Some((over.flag, value_for(over, &stands(over), &asked.value)?)))
    else {
        return Err(StoreError::Refused(format!(
            "{} is no value of the flag that lets {} pass.",
            asked.value, edit.id
        )));
    };
    let change = [Change::new(flag.id(), &value)];
    let version = amend_abstract(tx, by, id, seen, &change, &Because::typed(reason))?;
    let patient = records::patient_row(tx.conn, abstract_.patient)?;
    let all = records::abstracts_of_patient_unseen(tx.conn, abstract_.patient)?;
    let now = judge.standing(tx.conn, by, id)?;
    let mut given = Vec::new();
    for kept in now.failures.iter().filter(|kept| kept.over_ridden) {
        let Some(passed) = bound.library().edit(&kept.edit).filter(|e| e.overrides.iter().any(|o| o.flag == flag))
        else {
            continue;
        };
        let reviewed = serde_json::to_string(&reviewed(passed, id, &patient.items, &all)).unwrap_or_default();
        let new = NewOverRide {
            abstract_: id,
            patient: abstract_.patient,
            edit: &passed.id,
            flag: flag.id(),
            value: &value,
            reason,
            reviewed: &reviewed,
        };
        tx.add_over_ride(by, &new)?;
        given.push(passed.id.clone());
    }
    if !given.contains(&edit.id) {
        return Err(StoreError::Refused(format!("The edit {} fails in spite of {} {value}.", edit.id, flag.id())));
    }
    let line = by.line("over-ride", tx.now).patient(abstract_.patient).tumor(abstract_.tumor).abstract_(id);
    tx.audit(line.note(format!("{} for {}", flag.id(), given.join(" "))));
    Ok(version)
}

/// The value a flag takes so that it lets an edit pass: the one asked for, else the first that does. Where the flag holds
/// another value already, one that stands for both is taken if there is one (`3` for `1` and `2`).
fn value_for(over: &Override, stands: &str, asked: &str) -> Option<String> {
    let lets = |value: &str| over.values.as_ref().is_none_or(|set| set.parts().iter().any(|part| part == value));
    if !asked.is_empty() {
        return lets(asked).then(|| asked.to_owned());
    }
    let first = match &over.values {
        None => "1".to_owned(),
        Some(set) => set.parts().first()?.clone(),
    };
    Some(if !stands.is_empty() && stands != first && lets("3") { "3".to_owned() } else { first })
}

/// The values an edit looks at, as they stand for an abstract: its own and the patient's by id; those of the patient's other
/// tumors too, where the edit looks at them.
fn reviewed(edit: &Edit, id: i64, patient: &Record, all: &[Abstract]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let read = edit.reads().iter().map(|slot| slot.id()).filter(|item| !item.starts_with("overRide"));
    for item in read {
        for abstract_ in all {
            let own = abstract_.id == id;
            let value = abstract_.items.get(item).or_else(|| patient.get(item)).unwrap_or_default();
            if own {
                values.insert(item.to_owned(), value.to_owned());
            } else if edit.looks_wide() {
                values.insert(format!("{item} of {}", abstract_.id), value.to_owned());
            }
        }
    }
    values
}

/// Ends the over-rides of a patient's abstracts whose reviewed values are no longer those that were looked at, and takes the
/// flags out that no other over-ride needs.
pub(crate) fn fall(tx: &mut Tx<'_>, by: &By, patient: i64) -> Result<(), StoreError> {
    let standing = rows::standing_over_rides(tx.conn, patient)?;
    if standing.is_empty() {
        return Ok(());
    }
    let items = records::patient_row(tx.conn, patient)?.items;
    let all = records::abstracts_of_patient_unseen(tx.conn, patient)?;
    let standards = tx.standards.clone();
    let judge = Judge::of(tx.conn, &standards, tx.now, None)?;
    let mut stay = Vec::new();
    let mut fallen: Vec<(&Abstract, &rows::OverRide, String)> = Vec::new();
    for row in &standing {
        let Some(abstract_) = all.iter().find(|a| a.id == row.abstract_id) else { continue };
        if abstract_.items.value(&row.flag) != row.value {
            let why = format!("{} was changed by {}", row.flag, by.asker.login);
            tx.end_over_ride(by, row.id, "removed", &why)?;
            continue;
        }
        let (bound, _) = judge.plan(&abstract_.items, &abstract_.record_type);
        let before: BTreeMap<String, String> = serde_json::from_str(&row.reviewed).unwrap_or_default();
        let moved = match bound.library().edit(&row.edit) {
            Some(edit) => what_moved(&before, &reviewed(edit, row.abstract_id, &items, &all)),
            // Its edit is no longer among the rules: what was looked at is compared by itself.
            None => before
                .iter()
                .find(|(item, value)| {
                    abstract_.items.get(item).or_else(|| items.get(item)).unwrap_or_default() != value.as_str()
                })
                .map(|(item, _)| label(item)),
        };
        match moved {
            None => stay.push(row),
            Some(what) => fallen.push((abstract_, row, format!("{what} is no longer what was looked at"))),
        }
    }
    // Of each abstract, the flags that no reason holds any more.
    let mut emptied: BTreeMap<i64, (&Abstract, Vec<Emptied>)> = BTreeMap::new();
    for (abstract_, row, why) in fallen {
        tx.end_over_ride(by, row.id, "fallen", &why)?;
        let line = by.line("over-ride", tx.now).outcome("fallen").patient(patient).abstract_(abstract_.id);
        tx.audit(line.note(format!("{} for {}", row.flag, row.edit)));
        if !stay.iter().any(|other| other.abstract_id == row.abstract_id && other.flag == row.flag) {
            emptied.entry(abstract_.id).or_insert((abstract_, Vec::new())).1.push((row.flag.clone(), why));
        }
    }
    for (abstract_, flags) in emptied.into_values() {
        take_out(tx, by, abstract_, &flags)?;
    }
    Ok(())
}

/// A flag and why it is taken out.
type Emptied = (String, String);

fn take_out(tx: &mut Tx<'_>, by: &By, abstract_: &Abstract, flags: &[Emptied]) -> Result<(), StoreError> {
    let mut items = abstract_.items.clone();
    let changes: Vec<Changed> = flags.iter().filter_map(|(flag, _)| items.set(flag, "")).collect();
    let Some((_, why)) = flags.first().filter(|_| !changes.is_empty()) else { return Ok(()) };
    let due_days = setting_number(tx.conn, "abstract.due_days")?;
    let hash =
        tx.update_abstract(abstract_.id, abstract_.version, &items, abstract_.reported_patient.as_ref(), due_days)?;
    let entry = Entry {
        kind: Kind::Abstract,
        record: abstract_.id,
        version: abstract_.version + 1,
        why: &format!("the over-ride fell: {why}"),
        origin: Origin::Rule,
        source: None,
        record_hash: &hash,
        changes: &changes,
    };
    tx.remember(by, &entry)
}

fn what_moved(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Option<String> {
    let differs = before.iter().find(|(item, value)| now.get(*item) != Some(value)).map(|(item, _)| item);
    differs.or_else(|| now.keys().find(|item| !before.contains_key(*item))).map(|item| label(item))
}

/// An item in words; of another tumor it stays with its abstract's number.
fn label(item: &str) -> String {
    let (id, rest) = item.split_once(' ').map_or((item, ""), |(id, rest)| (id, rest));
    let name = super_dictionary().by_id(id).map_or(id, |item| &item.name);
    format!("{name} {rest}").trim_end().to_owned()
}

/// Marks the over-rides of a patient's abstracts that no failing edit needs any more, by results that are kept now.
pub(crate) fn needed_by_results(tx: &mut Tx<'_>, patient: i64, results: &[NewResult]) -> Result<(), StoreError> {
    for row in rows::standing_over_rides(tx.conn, patient)? {
        let passes = format!(" o:{}:", row.edit);
        let needed = results.iter().any(|new| new.abstract_ == row.abstract_id && new.failures.contains(&passes));
        tx.set_needed(row.id, needed)?;
    }
    Ok(())
}
