//! A record that differs from a known abstract, item by item: a person says which values are taken.
//!
//! What is not taken stays in the source record, which is never changed. What is taken is written through the change
//! function with the source record as its origin, so the life of each item tells where the value came from.

use std::collections::HashSet;

use crate::intake::arrived::{Arrived, Head, arrived};
use crate::intake::import_job::root_of;
use crate::naaccr::{ReadOptions, Snippets};
use crate::registry::change::{Because, taken_by_who_works, write_abstract, write_patient};
use crate::registry::record::Record;
use crate::registry::store::imports::{self, Verdict};
use crate::registry::store::reviews::{self, Waiting};
use crate::registry::store::sources::SourceShown;
use crate::registry::store::write_records::hold_row;
use crate::registry::store::{By, Changed, Kind, Origin, StoreError, Tx, records};

/// The items of a stored source record, read again from the bytes as received.
///
/// # Errors
/// [`StoreError::Damaged`] when the stored bytes are no longer a patient.
pub fn read_again(source: &SourceShown) -> Result<Arrived, StoreError> {
    let damaged = |why: String| StoreError::Damaged { what: format!("source record {}", source.id), why };
    let head: Head = serde_json::from_str(&source.root).map_err(|e| damaged(e.to_string()))?;
    let root = root_of(&head).map_err(|e| damaged(e.to_string()))?;
    let received = source.received()?;
    let snippets = Snippets::of(&root, &ReadOptions { check_codes: false, ..ReadOptions::import() });
    let (patient, _) = snippets.read(received.as_bytes()).map_err(|e| damaged(e.to_string()))?;
    Ok(arrived(&patient, &root))
}

/// The tumor of a source record that a review is about.
pub fn tumor_of<'a>(arrived: &'a Arrived, waiting: &Waiting) -> Option<&'a Record> {
    usize::try_from(waiting.ordinal - 1).ok().and_then(|at| arrived.tumors.get(at))
}

/// What was on the screen when a person decided.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Version of the abstract.
    pub abstract_: i64,
    /// Version of the patient.
    pub patient: i64,
}

/// Takes the chosen items of a waiting record and ends the review.
///
/// # Errors
/// [`StoreError::Refused`] when abstract, patient or review changed since they were seen; nothing is changed then.
pub fn settle(
    tx: &mut Tx<'_>,
    by: &By,
    waiting: &Waiting,
    arrived: &Arrived,
    seen: Seen,
    taken: &HashSet<String>,
) -> Result<(), StoreError> {
    let changed_meanwhile =
        || StoreError::Refused("The case changed while you looked at it. Nothing was taken; look at it again.".into());
    hold_row(tx.conn, Kind::Abstract, waiting.abstract_id)?;
    let abstract_ = records::abstract_(tx.conn, by, waiting.abstract_id)?;
    let patient = records::patient(tx.conn, by, abstract_.patient)?;
    if abstract_.version != seen.abstract_ || patient.version != seen.patient {
        return Err(changed_meanwhile());
    }
    reviews::end_review(tx, by, waiting.id)?;
    let because = Because {
        why: "taken from a later report, item by item".into(),
        origin: Origin::Source,
        source: Some(waiting.source_id),
    };
    let nothing = Record::new();
    let tumor = tumor_of(arrived, waiting).unwrap_or(&nothing);
    let (items, mut of_tumor) = take(&abstract_.items, tumor, taken);
    let (person, of_patient) = take(&patient.items, &arrived.patient, taken);
    if !of_patient.is_empty() {
        write_patient(tx, by, &patient, &person, &of_patient, &because)?;
    }
    let reported = (person != arrived.patient).then_some(&arrived.patient);
    let verdict = if of_tumor.is_empty() && of_patient.is_empty() { Verdict::Ignored } else { Verdict::Replaced };
    let many = of_tumor.len() + of_patient.len();
    of_tumor.extend(taken_by_who_works(tx, by, &abstract_)?);
    if !of_tumor.is_empty() || abstract_.reported_patient.as_ref() != reported {
        write_abstract(tx, by, &abstract_, &items, reported, &of_tumor, &because)?;
    }
    imports::settle(
        tx,
        waiting.source_id,
        waiting.ordinal,
        verdict,
        Some(abstract_.facility),
        Some(waiting.abstract_id),
    )?;
    let line = by.line("change", tx.now).patient(patient.id).abstract_(abstract_.id);
    let line = line.note(format!("review {}: {} items taken", waiting.id, many));
    tx.audit(line);
    Ok(())
}

/// The record with the chosen items of the other, and what that changes.
fn take(known: &Record, arriving: &Record, taken: &HashSet<String>) -> (Record, Vec<Changed>) {
    let changes: Vec<Changed> =
        known.differences(arriving).into_iter().filter(|change| taken.contains(&change.item)).collect();
    let mut items = known.clone();
    for change in &changes {
        items.set(&change.item, &change.new);
    }
    (items, changes)
}
