//! Posting a contact: what [`super::accept`] decides, written in one piece.
//!
//! ```text
//!   read patient and abstracts in the asker's scope ──► accept ──► refused: nothing is written
//!        │ accepted or conflict
//!        ▼
//!   contact row ──► patient and abstracts through the one change function, origin: this contact
//!        ──► the attempt it answers ──► audit line
//! ```
//!
//! A contact that is earlier than the one on file, or contradicts it, has its row as well: nothing learned is lost.

use super::accept::{Accepted, OnFile, Posting, Refusal, TumorOnFile, Verdict, accept, accept_settled};
use crate::dates::PartialDate;
use crate::registry::change::{Because, Change, amend_abstract, amend_patient};
use crate::registry::store::followup::{
    NewContact, add_contact, answer_attempt, contact_row, mark_undone, open_conflict, settle_contact,
};
use crate::registry::store::records::{self, Abstract, Patient};
use crate::registry::store::{By, Changed, Conn, Kind, Origin, StoreError, Tx};

/// The versions a form was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// Of the patient.
    pub patient: i64,
    /// Of abstracts: id and version.
    pub abstracts: Vec<(i64, i64)>,
}

/// Why a contact was not posted.
#[derive(Debug, thiserror::Error)]
pub enum NotPosted {
    /// Field by field.
    #[error("{}", .0.iter().map(|r| r.sentence.as_str()).collect::<Vec<_>>().join(" "))]
    Refused(Vec<Refusal>),
    /// The store's reasons.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a posted contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The contact's row.
    pub contact: i64,
    /// `newer earlier same better-source conflict taken`.
    pub outcome: &'static str,
    /// Changed items.
    pub changes: usize,
    /// What a person should know.
    pub messages: Vec<String>,
}

/// A patient with the abstracts that the asker may see.
pub struct File {
    /// The patient.
    pub patient: Patient,
    /// The abstracts.
    pub abstracts: Vec<Abstract>,
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] outside the scope.
    pub fn read(conn: &mut Conn, by: &By, patient: i64) -> Result<File, StoreError> {
        let found = records::patient(conn, by, patient)?;
        Ok(File { patient: found, abstracts: records::abstracts_of_patient(conn, by, patient)? })
    }

    /// The versions as they stand.
    pub fn seen(&self) -> Seen {
        Seen { patient: self.patient.version, abstracts: self.abstracts.iter().map(|a| (a.id, a.version)).collect() }
    }

    /// What would become of a posting.
    pub fn judge(&self, posting: &Posting, today: PartialDate) -> Verdict {
        self.with(today, |file| accept(posting, file))
    }

    fn with<T>(&self, today: PartialDate, judge: impl FnOnce(&OnFile<'_>) -> T) -> T {
        let tumors: Vec<TumorOnFile<'_>> =
            self.abstracts.iter().map(|a| TumorOnFile { abstract_: a.id, items: &a.items }).collect();
        judge(&OnFile { patient: &self.patient.items, tumors: &tumors, today })
    }

    /// The facility whose contact this is: of the latest abstract in the asker's scope.
    pub fn facility(&self) -> Option<i64> {
        let first_contact = |a: &&Abstract| (a.items.value("dateOf1stContact").to_string(), a.id);
        self.abstracts.iter().max_by_key(first_contact).map(|a| a.facility)
    }
}

/// Posts a contact of a patient; `answers` is the attempt it came from.
///
/// # Errors
/// [`NotPosted::Refused`] with a sentence for each field; [`StoreError::Stale`] when somebody changed a record first.
pub fn post_contact(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    seen: &Seen,
    posting: &Posting,
    answers: Option<i64>,
    today: PartialDate,
) -> Result<Posted, NotPosted> {
    let file = File::read(tx.conn, by, patient)?;
    let posted = match file.judge(posting, today) {
        Verdict::Refused(refusals) => return Err(NotPosted::Refused(refusals)),
        Verdict::Conflict(conflict) => {
            let row = Row {
                date: &conflict.date,
                source: &conflict.source,
                outcome: "conflict",
                message: &conflict.sentence,
            };
            let contact = write_row(tx, by, &file, posting, &row)?;
            Posted { contact, outcome: "conflict", changes: 0, messages: vec![conflict.sentence] }
        }
        Verdict::Accepted(accepted) => {
            let row = Row {
                date: &accepted.date,
                source: &accepted.source,
                outcome: accepted.standing.word(),
                message: &accepted.messages.join(" "),
            };
            let contact = write_row(tx, by, &file, posting, &row)?;
            let changes = apply(tx, by, patient, seen, &accepted, contact)?;
            Posted { contact, outcome: accepted.standing.word(), changes, messages: accepted.messages }
        }
    };
    if let Some(attempt) = answers {
        let result = if posting.vital_status.trim() == "0" { "answered-dead" } else { "answered-alive" };
        answer_attempt(tx, by, patient, attempt, result, Some(posted.contact))?;
    }
    Ok(posted)
}

/// Settles a conflict: what is on file stays, or the contact is taken after all. `why` is the person's reason.
///
/// # Errors
/// A missing reason; a conflict that is no longer open; what [`post_contact`] refuses.
pub fn settle(
    tx: &mut Tx<'_>,
    by: &By,
    contact: i64,
    take: bool,
    why: &str,
    today: PartialDate,
) -> Result<Posted, NotPosted> {
    let why = why.trim();
    if why.chars().count() < 5 {
        let sentence = "Say in a few words what decided it.".to_string();
        return Err(NotPosted::Refused(vec![Refusal { field: "why".into(), sentence }]));
    }
    let row = open_conflict(tx.conn, by, contact)?;
    let outcome = if take { "taken" } else { "kept" };
    if !settle_contact(tx, contact, outcome, &format!("{} Settled by {}: {why}", row.message, by.asker.login))? {
        return Err(StoreError::NotFound.into());
    }
    let line = by.line("follow-up", tx.now).patient(row.patient_id).note(format!("conflict {contact} {outcome}"));
    tx.audit(line);
    if !take {
        return Ok(Posted { contact, outcome, changes: 0, messages: vec![] });
    }
    let posting: Posting = serde_json::from_str(&row.posted)
        .map_err(|e| StoreError::Damaged { what: format!("contact {contact}"), why: e.to_string() })?;
    let file = File::read(tx.conn, by, row.patient_id)?;
    match file.with(today, |on_file| accept_settled(&posting, on_file)) {
        Verdict::Accepted(accepted) => {
            let changes = apply(tx, by, row.patient_id, &file.seen(), &accepted, contact)?;
            Ok(Posted { contact, outcome, changes, messages: accepted.messages })
        }
        Verdict::Refused(refusals) => Err(NotPosted::Refused(refusals)),
        Verdict::Conflict(conflict) => Err(StoreError::Refused(conflict.sentence).into()),
    }
}

/// Takes a contact back: what it changed has its earlier value again, except where somebody changed it since. Answers how
/// many items were left for that reason. The contact's row stays, as undone.
///
/// # Errors
/// A contact outside the scope, or one that was undone already.
pub fn undo_contact(tx: &mut Tx<'_>, by: &By, contact: i64, why: &str) -> Result<usize, StoreError> {
    let row = contact_row(tx.conn, by, contact)?;
    if row.outcome == "undone" {
        return Err(StoreError::Refused("This contact was undone already.".into()));
    }
    let file = File::read(tx.conn, by, row.patient_id)?;
    let because = Because { why: format!("contact undone: {}", why.trim()), origin: Origin::Contact, source: None };
    let mut left = 0;
    let mut earlier = |conn: &mut Conn, kind, id, items: &crate::registry::record::Record| {
        let mut back = Vec::new();
        for change in changes_by_contact(conn, kind, id, contact)? {
            match items.value(&change.item) == change.new {
                true => back.push(Change::new(&change.item, &change.old)),
                false => left += 1,
            }
        }
        Ok::<_, StoreError>(back)
    };
    let back = earlier(tx.conn, Kind::Patient, file.patient.id, &file.patient.items)?;
    if !back.is_empty() {
        amend_patient(tx, by, file.patient.id, file.patient.version, &back, &because)?;
    }
    for abstract_ in &file.abstracts {
        // The patient's change may have written into the abstract: its version is read again.
        let now = records::abstract_(tx.conn, by, abstract_.id)?;
        let back = earlier(tx.conn, Kind::Abstract, now.id, &now.items)?;
        if !back.is_empty() {
            amend_abstract(tx, by, now.id, now.version, &back, &because)?;
        }
    }
    mark_undone(tx, contact, &format!("{} Undone by {}: {}", row.message, by.asker.login, why.trim()))?;
    let line = by.line("follow-up", tx.now).patient(row.patient_id).note(format!("contact {contact} undone"));
    tx.audit(line);
    Ok(left)
}

/// What a contact changed in a record.
fn changes_by_contact(conn: &mut Conn, kind: Kind, id: i64, contact: i64) -> Result<Vec<Changed>, StoreError> {
    let mut all = Vec::new();
    for row in records::changes_of(conn, kind, id)? {
        if row.source_kind == Origin::Contact.word() && row.source_id == Some(contact) {
            all.extend(row.changes()?);
        }
    }
    Ok(all)
}

struct Row<'a> {
    date: &'a str,
    source: &'a str,
    outcome: &'a str,
    message: &'a str,
}

fn write_row(tx: &mut Tx<'_>, by: &By, file: &File, posting: &Posting, row: &Row<'_>) -> Result<i64, StoreError> {
    let posted = serde_json::to_string(posting)
        .map_err(|e| StoreError::Damaged { what: "a posting".into(), why: e.to_string() })?;
    let contact = add_contact(
        tx,
        by,
        &NewContact {
            patient: file.patient.id,
            facility: file.facility(),
            date: row.date,
            vital_status: posting.vital_status.trim(),
            source: row.source,
            source_central: posting.source_central.trim(),
            outcome: row.outcome,
            message: row.message,
            note: posting.note.trim(),
            posted: &posted,
        },
    )?;
    let line = by.line("follow-up", tx.now).patient(file.patient.id).note(format!("contact {contact} {}", row.outcome));
    tx.audit(line);
    Ok(contact)
}

fn apply(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    seen: &Seen,
    accepted: &Accepted,
    contact: i64,
) -> Result<usize, StoreError> {
    let because = Because { why: "follow-up contact".into(), origin: Origin::Contact, source: Some(contact) };
    let mut changes = accepted.patient.len();
    if !accepted.patient.is_empty() {
        amend_patient(tx, by, patient, seen.patient, &accepted.patient, &because)?;
    }
    for (abstract_, changed) in &accepted.tumors {
        let version = seen.abstracts.iter().find(|(id, _)| id == abstract_).map(|(_, version)| *version);
        let version = version.ok_or_else(|| {
            StoreError::Refused("A new abstract of this patient came in meanwhile. Open the form again.".into())
        })?;
        amend_abstract(tx, by, *abstract_, version, changed, &because)?;
        changes += changed.len();
    }
    Ok(changes)
}
