//! Derived values follow their inputs: at each change of an abstract or of its patient, when a person accepts ours,
//! and when a registry is staged again.
//!
//! A completed case stays with the editions it records; all others are staged by those switched on. What the rules
//! write is a version of its own in the history, with rule, edition and inputs as its reason.

use chrono::Datelike;

use crate::registry::change::taken_by_who_works;
use crate::registry::consolidate;
use crate::registry::derived::{Replace, settle};
use crate::registry::edit_results;
use crate::registry::record::Record;
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::settings::setting_number;
use crate::registry::store::write_records::hold_row;
use crate::registry::store::{By, Changed, Entry, Kind, Origin, StoreError, Tx};
use crate::staging::{AsOf, Editions};

/// The year that stands for now in the rules.
pub fn as_of(now: chrono::DateTime<chrono::Utc>) -> AsOf {
    AsOf::year(u16::try_from(now.year()).unwrap_or(9999))
}

/// What the derived values of an abstract follow.
pub(crate) struct Following<'a> {
    /// The abstract as it was read.
    pub abstract_: &'a Abstract,
    /// Its version now.
    pub version: i64,
    /// Its items now.
    pub items: &'a Record,
    /// Patient-level items as it reported them, as they are now.
    pub reported_patient: Option<&'a Record>,
    /// The patient's items now.
    pub patient: &'a Record,
    /// What is remembered beside a derived value: who accepted it holds the abstract from now on.
    pub taken: Option<Changed>,
}

/// Brings the derived values up to date and answers the version and what changed.
pub(crate) fn follow(
    tx: &mut Tx<'_>,
    by: &By,
    of: &Following<'_>,
    replace: Replace<'_>,
) -> Result<(i64, Vec<Changed>), StoreError> {
    let standards = tx.standards.clone();
    let editions = match of.abstract_.status.as_str() {
        "complete" | "submitted" => standards.bound_to(&of.abstract_.derived),
        _ => standards.editions(),
    };
    follow_by(tx, by, of, replace, &editions, None)
}

/// The same by these editions, for a reason of its own.
pub(crate) fn follow_by(
    tx: &mut Tx<'_>,
    by: &By,
    of: &Following<'_>,
    replace: Replace<'_>,
    editions: &Editions<'_>,
    because: Option<&str>,
) -> Result<(i64, Vec<Changed>), StoreError> {
    let mut settled = settle(editions, &as_of(tx.now), (of.patient, of.items), &of.abstract_.derived, replace);
    let id = of.abstract_.id;
    let mut version = of.version;
    if !settled.changes.is_empty() {
        let mut items = of.items.clone();
        for change in &settled.changes {
            items.set(&change.item, &change.new);
        }
        settled.changes.extend(of.taken.clone());
        let due_days = setting_number(tx.conn, "abstract.due_days")?;
        let hash = tx.update_abstract(id, version, &items, of.reported_patient, due_days)?;
        version += 1;
        let why = match because {
            Some(because) => format!("{because}; {}", settled.why()),
            None => settled.why(),
        };
        let entry = Entry {
            kind: Kind::Abstract,
            record: id,
            version,
            why: &why,
            origin: Origin::Rule,
            source: None,
            record_hash: &hash,
            changes: &settled.changes,
        };
        tx.remember(by, &entry)?;
    }
    if settled.derivation != of.abstract_.derived {
        tx.set_derivation(id, &settled.derivation)?;
    }
    Ok((version, settled.changes))
}

/// The patient-level items that staging reads.
const OF_PATIENT: [&str; 2] = ["sexAssignedAtBirth", "sex"];

/// A patient's items changed: the abstracts whose stage depends on them follow.
pub(crate) fn patient_changed(
    tx: &mut Tx<'_>,
    by: &By,
    id: i64,
    (before, now): (&Record, &Record),
    changed: &[Changed],
    origin: Origin,
) -> Result<(), StoreError> {
    if !changed.iter().any(|change| OF_PATIENT.contains(&change.item.as_str())) {
        return Ok(());
    }
    for abstract_ in records::abstracts_of_patient_unseen(tx.conn, id)? {
        hold_row(tx.conn, Kind::Abstract, abstract_.id)?;
        let replace = match origin {
            Origin::Typed => Replace::WhereInputsMoved { patient: before, items: &abstract_.items },
            _ => Replace::Nothing,
        };
        let of = Following {
            version: abstract_.version,
            items: &abstract_.items,
            reported_patient: abstract_.reported_patient.as_ref(),
            patient: now,
            abstract_: &abstract_,
            taken: None,
        };
        let (version, _) = follow(tx, by, &of, replace)?;
        if version != abstract_.version {
            consolidate::tumor_follows(tx, by, abstract_.tumor)?;
        }
    }
    Ok(())
}

/// Puts our value in the place of a received or typed one, because a person accepts it. Answers the new version.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope; [`StoreError::Refused`] when the abstract changed meanwhile, or the rules
/// derive nothing else for the item.
pub fn accept_ours(tx: &mut Tx<'_>, by: &By, id: i64, seen: i64, item: &str) -> Result<i64, StoreError> {
    hold_row(tx.conn, Kind::Abstract, id)?;
    let abstract_ = records::abstract_(tx.conn, by, id)?;
    if abstract_.version != seen {
        return Err(StoreError::Refused(
            "Somebody changed this abstract since the page was made. Look at it again, then accept the value.".into(),
        ));
    }
    let patient = records::patient_row(tx.conn, abstract_.patient)?;
    let of = Following {
        version: abstract_.version,
        items: &abstract_.items,
        reported_patient: abstract_.reported_patient.as_ref(),
        patient: &patient.items,
        abstract_: &abstract_,
        taken: taken_by_who_works(tx, by, &abstract_)?,
    };
    let (version, changed) = follow(tx, by, &of, Replace::Only(item))?;
    if version == abstract_.version {
        return Err(StoreError::Refused(format!("The rules derive no other value for {item}. Nothing was changed.")));
    }
    consolidate::tumor_follows(tx, by, abstract_.tumor)?;
    let names: Vec<&str> =
        changed.iter().map(|change| change.item.as_str()).filter(|item| !item.starts_with('@')).collect();
    let line = by.line("change", tx.now).patient(abstract_.patient).tumor(abstract_.tumor).abstract_(id);
    let line = line
        .facility(crate::asker::FacilityId(abstract_.facility))
        .note(format!("derived value accepted: {}", names.join(" ")));
    tx.audit(line);
    edit_results::follow(tx, by, abstract_.patient)?;
    Ok(version.max(records::version_of(tx.conn, id)?))
}
