//! The status of an abstract and the dates that go with it.
//!
//! ```text
//!   accessioned ─► in-progress ◄─► waiting (reason, day to look again)
//!                      │ complete: 2090 is that day, 2092 for classes the CoC counts
//!                      ▼
//!                  complete ─► reopened ─► complete
//! ```
//!
//! A status is a change like any other: it has its history row, its reason and its line in the audit chain.

use crate::registry::change::{Because, Change, write_abstract};
use crate::registry::edit_results::must_pass;
use crate::registry::store::bench::Wait;
use crate::registry::store::records;
use crate::registry::store::write_records::hold_row;
use crate::registry::store::{By, Changed, Kind, StoreError, Tx};

/// Where an abstract goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// It is finished, on this day (`YYYYMMDD`); whether the CoC counts it.
    Complete(String, bool),
    /// It cannot go on before something comes.
    Wait(Wait),
    /// Work goes on.
    GoOn,
    /// A finished one is opened again.
    Reopen,
}

impl Move {
    fn status(&self) -> &'static str {
        match self {
            Move::Complete(..) => "complete",
            Move::Wait(_) => "waiting",
            Move::GoOn => "in-progress",
            Move::Reopen => "reopened",
        }
    }

    fn may_follow(&self, status: &str) -> bool {
        let finished = matches!(status, "complete" | "submitted" | "accepted");
        match self {
            Move::Reopen => finished,
            _ => !finished,
        }
    }
}

/// Moves an abstract to another status and answers its new version.
///
/// # Errors
/// [`StoreError::Stale`] when somebody changed it since `seen`, [`StoreError::Refused`] for a move its status does not have.
pub fn move_abstract(tx: &mut Tx<'_>, by: &By, id: i64, seen: i64, to: &Move, why: &str) -> Result<i64, StoreError> {
    hold_row(tx.conn, Kind::Abstract, id)?;
    let before = records::abstract_(tx.conn, by, id)?;
    if before.version != seen {
        return Err(StoreError::Refused(
            "Somebody changed the abstract meanwhile. Look at it again, then repeat.".into(),
        ));
    }
    if !to.may_follow(&before.status) {
        return Err(StoreError::Refused(format!(
            "An abstract that is {} cannot become {}.",
            before.status,
            to.status()
        )));
    }
    let mut items = before.items.clone();
    let mut changed = Vec::new();
    if let Move::Complete(day, counted) = to {
        let dates = [("dateCaseCompleted", true), ("dateCaseCompletedCoc", *counted), ("dateCaseLastChanged", true)];
        for change in dates.into_iter().filter(|(_, set)| *set).map(|(item, _)| Change::new(item, day)) {
            changed.extend(items.set(&change.item, &change.value));
        }
    }
    changed.push(Changed { item: "@status".into(), old: before.status.clone(), new: to.status().into() });
    let version =
        write_abstract(tx, by, &before, &items, before.reported_patient.as_ref(), &changed, &Because::typed(why))?;
    if let Move::Complete(..) = to {
        must_pass(tx, by, id)?;
    }
    tx.set_status(id, to.status())?;
    if let Move::Wait(wait) = to {
        tx.set_wait(by, id, wait)?;
    }
    Ok(version)
}
