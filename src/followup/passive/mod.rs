//! Passive follow-up: what files of other sources say of our patients.
//!
//! ```text
//!   file ──► rows (csv with a column map, fixed columns, NAACCR XML) ──► linked with src/matching
//!        ──► each pair judged as a posting:  adds, and is certain ──► posted
//!                                            adds, less certain, or contradicts ──► review, both records side by side
//!                                            says nothing new, or was rejected before ──► left alone
//!        ──► cancer deaths without a patient ──► the list of death clearance
//! ```
//!
//! A row says "alive on a day" only when the day is a real event; the day of the file is never one. A pair never changes
//! what identifies a person. A batch can be undone whole: each of its contacts is taken back, the newest first.

pub mod link_job;
pub mod rows;
pub mod source;

use crate::registry::store::followup::passive::{self, PassiveRow};
use crate::registry::store::{By, Store, StoreError};

use super::posting::{NotPosted, undo_contact};

/// What the undoing of a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Undone {
    /// Contacts taken back.
    pub contacts: u64,
    /// Items that somebody changed since, left as they are.
    pub left: u64,
}

/// Undoes a batch: every contact it posted is taken back, the newest first.
///
/// # Errors
/// A batch outside the scope or that is not done; the store's.
pub fn undo_batch(store: &Store, by: &By, batch: i64, why: &str) -> Result<Undone, NotPosted> {
    let found = passive::batch(&mut *store.reading().map_err(NotPosted::Store)?, by, batch)?;
    if found.state != "done" {
        return Err(StoreError::Refused(format!(
            "Batch {batch} is {}: only one that is done can be undone.",
            found.state
        ))
        .into());
    }
    let mut undone = Undone::default();
    loop {
        let (by, why) = (by.clone(), why.to_string());
        let (left, more) = store.write(move |tx| {
            let rows: Vec<PassiveRow> = passive::rows_of(tx.conn, batch, "posted", 0, 25)?;
            let mut left = (0, 0);
            for row in &rows {
                if let Some(contact) = row.contact_id {
                    left.1 += undo_contact(tx, &by, contact, &why)? as u64;
                    left.0 += 1;
                }
                passive::set_verdict(tx, &by, row.id, "undone", &why, None)?;
            }
            if rows.is_empty() {
                passive::set_batch(tx, &by, batch, "undone")?;
            }
            Ok::<_, NotPosted>((left, !rows.is_empty()))
        })?;
        undone.contacts += left.0;
        undone.left += left.1;
        if !more {
            return Ok(undone);
        }
    }
}

/// Settles a pair that waits for a person: it is the patient and what the row says is posted, or it is not.
///
/// # Errors
/// A row that does not wait; what [`super::posting::post_contact`] refuses.
pub fn settle_pair(store: &Store, by: &By, row: i64, accept: bool) -> Result<String, NotPosted> {
    let by = by.clone();
    store.write(move |tx| {
        let found = passive::row_of(tx.conn, &by, row)?;
        if found.verdict != "review" {
            return Err(StoreError::Refused("This pair was settled already.".into()).into());
        }
        if !accept {
            passive::set_verdict(tx, &by, row, "rejected", "another person", None)?;
            return Ok("rejected".to_string());
        }
        let batch = passive::batch(tx.conn, &by, found.batch_id)?;
        link_job::post_row(tx, &by, &batch, &found, link_job::Sure::APersonSays)
    })
}
