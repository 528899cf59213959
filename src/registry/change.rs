//! The one way a record changes.
//!
//! ```text
//!   seen version == stored version ?  no ──► Stale: what changed since, by whom, beside what was typed
//!            │ yes
//!   items set ──► rules that follow (220 from 225) ──► row written, promoted columns derived
//!            ──► derived values follow (registry::rederive) ──► tumor follows ──► search keys ──► history row (old, new, who, why) ──► audit line
//!            ──► the edits run (registry::edit_results)
//! ```
//!
//! All of it happens in one piece of the writer's transaction, or none of it.

use serde::Serialize;

use crate::asker::Own;
use crate::naaccr::{Level, super_dictionary};
use crate::registry::consolidate;
use crate::registry::derived::Replace;
use crate::registry::edit_results;
use crate::registry::record::Record;
use crate::registry::rederive::{self, Following, follow};
use crate::registry::search_keys::{identifiers_of_abstract, names_of, sent_identifiers, ssn_identifiers};
use crate::registry::store::records::{self, Abstract, Patient};
use crate::registry::store::settings::setting_number;
use crate::registry::store::write_records::{Known, hold_row};
use crate::registry::store::{By, Changed, Entry, Kind, Origin, Remembered, StoreError, Tx, secret_of};

/// One item to be set; an empty value takes it out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, Serialize)]
pub struct Change {
    /// Item id.
    pub item: String,
    /// New value.
    pub value: String,
}

impl Change {
    /// A change of one item.
    pub fn new(item: &str, value: &str) -> Change {
        Change { item: item.into(), value: value.into() }
    }
}

/// Why values change: in words, and by what.
#[derive(Debug, Clone)]
pub struct Because {
    /// In the person's words, or the rule's name.
    pub why: String,
    /// What the values came from.
    pub origin: Origin,
    /// Source record, contact or operation.
    pub source: Option<i64>,
}

impl Because {
    /// A person typed it.
    pub fn typed(why: &str) -> Because {
        Because { why: why.into(), origin: Origin::Typed, source: None }
    }
}

/// A change that was not taken because somebody changed the record first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAmended {
    /// The version now stored.
    pub version: i64,
    /// What others changed since the version seen, newest first.
    pub since: Vec<Since>,
    /// Each item of the refused change: the value now stored and the value typed.
    pub yours: Vec<Side>,
}

/// A change somebody else made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Since {
    /// When.
    pub at: String,
    /// Who.
    pub login: String,
    /// What.
    pub changes: Vec<Changed>,
}

/// Two values of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Item id.
    pub item: String,
    /// Stored now.
    pub stored: String,
    /// Typed.
    pub typed: String,
}

/// Changes tumor-level items of an abstract, if nobody changed it since version `seen`. Answers the new version. Who may
/// change own abstracts only and changes one that nobody holds, holds it from then on.
///
/// # Errors
/// [`StoreError::Stale`] with both sides; [`StoreError::NotFound`] outside the scope; [`StoreError::Refused`] for an item
/// that is not a tumor-level item or a value with control characters.
pub fn amend_abstract(
    tx: &mut Tx<'_>,
    by: &By,
    id: i64,
    seen: i64,
    changes: &[Change],
    because: &Because,
) -> Result<i64, StoreError> {
    admissible(changes, Level::Tumor)?;
    hold_row(tx.conn, Kind::Abstract, id)?;
    let abstract_ = records::abstract_(tx.conn, by, id)?;
    if abstract_.version != seen {
        return Err(stale(tx, Kind::Abstract, id, abstract_.version, seen, &abstract_.items, changes)?);
    }
    let mut items = abstract_.items.clone();
    let mut changed = apply(&mut items, changes);
    if changed.is_empty() {
        return Ok(abstract_.version);
    }
    changed.extend(taken_by_who_works(tx, by, &abstract_)?);
    write_abstract(tx, by, &abstract_, &items, abstract_.reported_patient.as_ref(), &changed, because)
}

/// Who is limited to own records and works on one that nobody holds becomes its holder; the change to remember.
pub(crate) fn taken_by_who_works(
    tx: &mut Tx<'_>,
    by: &By,
    abstract_: &records::Abstract,
) -> Result<Option<Changed>, StoreError> {
    match by.asker.user {
        Some(user) if by.asker.own == Own::HeldOrFree && abstract_.abstractor.is_none() => {
            tx.hold_abstract(abstract_.id, user)?;
            Ok(Some(Changed { item: "@abstractor".into(), old: String::new(), new: by.asker.login.clone() }))
        }
        _ => Ok(None),
    }
}

/// Changes patient-level items, if nobody changed the patient since version `seen`. Answers the new version.
///
/// # Errors
/// As [`amend_abstract`].
pub fn amend_patient(
    tx: &mut Tx<'_>,
    by: &By,
    id: i64,
    seen: i64,
    changes: &[Change],
    because: &Because,
) -> Result<i64, StoreError> {
    admissible(changes, Level::Patient)?;
    hold_row(tx.conn, Kind::Patient, id)?;
    let patient = records::patient(tx.conn, by, id)?;
    if patient.version != seen {
        return Err(stale(tx, Kind::Patient, id, patient.version, seen, &patient.items, changes)?);
    }
    let mut items = patient.items.clone();
    let mut changed = apply(&mut items, changes);
    changed.extend(sex_follows(&mut items, &changed));
    if changed.is_empty() {
        return Ok(patient.version);
    }
    write_patient(tx, by, &patient, &items, &changed, because)
}

/// Writes an abstract's new items with everything that follows from them.
pub(crate) fn write_abstract(
    tx: &mut Tx<'_>,
    by: &By,
    before: &Abstract,
    items: &Record,
    reported_patient: Option<&Record>,
    changed: &[Changed],
    because: &Because,
) -> Result<i64, StoreError> {
    let due_days = setting_number(tx.conn, "abstract.due_days")?;
    let hash = tx.update_abstract(before.id, before.version, items, reported_patient, due_days)?;
    let version = before.version + 1;
    tx.add_search_keys(before.patient, &[], &identifiers_of_abstract(items, before.facility), Known::Perhaps)?;
    let entry = Entry {
        kind: Kind::Abstract,
        record: before.id,
        version,
        why: &because.why,
        origin: because.origin,
        source: because.source,
        record_hash: &hash,
        changes: changed,
    };
    tx.remember(by, &entry)?;
    let patient = records::patient_row(tx.conn, before.patient)?;
    let replace = match because.origin {
        Origin::Typed => Replace::WhereInputsMoved { patient: &patient.items, items: &before.items },
        _ => Replace::Nothing,
    };
    let of = Following { abstract_: before, version, items, reported_patient, patient: &patient.items, taken: None };
    let (version, derived) = follow(tx, by, &of, replace)?;
    consolidate::tumor_follows(tx, by, before.tumor)?;
    let line = by.line("change", tx.now).patient(before.patient).tumor(before.tumor).abstract_(before.id);
    let line =
        line.facility(crate::asker::FacilityId(before.facility)).note(names_of_items(changed.iter().chain(&derived)));
    tx.audit(line);
    edit_results::follow(tx, by, before.patient)?;
    // An over-ride that fell is one more version.
    Ok(version.max(records::version_of(tx.conn, before.id)?))
}

/// Writes a patient's new items with everything that follows from them.
pub(crate) fn write_patient(
    tx: &mut Tx<'_>,
    by: &By,
    before: &Patient,
    items: &Record,
    changed: &[Changed],
    because: &Because,
) -> Result<i64, StoreError> {
    let hash = tx.update_patient(before.id, before.version, items)?;
    let version = before.version + 1;
    tx.add_search_keys(before.id, &names_of(items), &[], Known::Perhaps)?;
    if changed.iter().any(|c| c.item == "socialSecurityNumber") {
        let secret = secret_of(tx.conn)?;
        tx.replace_ssn_keys(before.id, &ssn_identifiers(items, &secret))?;
    }
    let entry = Entry {
        kind: Kind::Patient,
        record: before.id,
        version,
        why: &because.why,
        origin: because.origin,
        source: because.source,
        record_hash: &hash,
        changes: changed,
    };
    tx.remember(by, &entry)?;
    rederive::patient_changed(tx, by, before.id, (&before.items, items), changed, because.origin)?;
    let line = by.line("change", tx.now).patient(before.id).note(names_of_items(changed.iter()));
    tx.audit(line);
    edit_results::follow(tx, by, before.id)?;
    Ok(version)
}

/// Adds to a patient the number that a sender gave.
pub(crate) fn add_sender_number(tx: &mut Tx<'_>, patient: i64, items: &Record, sender: &str) -> Result<(), StoreError> {
    tx.add_search_keys(patient, &[], &sent_identifiers(items, sender), Known::Perhaps)
}

/// Names of changed items for an audit line.
fn names_of_items<'c>(changed: impl Iterator<Item = &'c Changed>) -> String {
    changed.map(|c| c.item.as_str()).filter(|item| !item.starts_with('@')).collect::<Vec<_>>().join(" ")
}

/// Looks whether items may be set at this level and values kept.
fn admissible(changes: &[Change], level: Level) -> Result<(), StoreError> {
    for change in changes {
        let item = super_dictionary().by_id(&change.item);
        let at_level = match item {
            Some(item) => item.level == level,
            None => change.item.contains(':') && level == Level::Tumor,
        };
        if !at_level {
            return Err(StoreError::Refused(format!("{} is not an item of this record.", change.item)));
        }
        if item.is_some_and(|i| i.retired_after.is_some_and(|v| v.number() < 230)) {
            return Err(StoreError::Refused(format!(
                "{} is a retired item; it is kept and shown, not changed.",
                change.item
            )));
        }
        if change.value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
            return Err(StoreError::Refused(format!("{} holds a control character; take it out.", change.item)));
        }
        if change.value.len() > 1_000_000 {
            return Err(StoreError::Refused(format!("{} is longer than a million characters.", change.item)));
        }
    }
    Ok(())
}

fn apply(items: &mut Record, changes: &[Change]) -> Vec<Changed> {
    changes.iter().filter_map(|c| items.set(&c.item, c.value.trim_end_matches(['\r', '\n', ' ']))).collect()
}

/// Sex (220) follows sex assigned at birth (225) for files of versions up to 25.
fn sex_follows(items: &mut Record, changed: &[Changed]) -> Option<Changed> {
    let of_birth = changed.iter().rfind(|c| c.item == "sexAssignedAtBirth")?;
    if changed.iter().any(|c| c.item == "sex") {
        return None;
    }
    items.set("sex", sex_from_birth(&of_birth.new))
}

/// Sex (220) for a value of sex assigned at birth (225). NAACCR data dictionary 26, items 220 and 225: both keep 1 male,
/// 2 female and 9 unknown; a value known to 225 alone becomes 9.
pub fn sex_from_birth(value: &str) -> &str {
    match value {
        "" | "1" | "2" => value,
        _ => "9",
    }
}

/// Sex assigned at birth (225) for a value of sex (220): natal male 5 and natal female 6 keep what they say; 3 and 4
/// do not tell it and become 9.
pub fn birth_from_sex(value: &str) -> &str {
    match value {
        "" | "1" | "2" => value,
        "5" => "1",
        "6" => "2",
        _ => "9",
    }
}

fn stale(
    tx: &mut Tx<'_>,
    kind: Kind,
    id: i64,
    version: i64,
    seen: i64,
    items: &Record,
    changes: &[Change],
) -> Result<StoreError, StoreError> {
    let since = records::changes_of(tx.conn, kind, id)?
        .iter()
        .filter(|row| row.version > seen)
        .map(|row: &Remembered| Ok(Since { at: row.at.clone(), login: row.login.clone(), changes: row.changes()? }))
        .collect::<Result<Vec<_>, StoreError>>()?;
    let yours = changes
        .iter()
        .map(|c| Side { item: c.item.clone(), stored: items.value(&c.item).into(), typed: c.value.clone() })
        .collect();
    Ok(StoreError::Stale(Box::new(NotAmended { version, since, yours })))
}
