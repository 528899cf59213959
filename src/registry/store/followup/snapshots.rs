//! The measures as they stood, month by month.

use diesel::sql_types::Text;
use serde::Serialize;

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::{Conn, StoreError, Tx};

/// The measures of one month.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Snapshot {
    /// `2026-11`.
    #[diesel(sql_type = Text)]
    pub month: String,
    /// The day they were counted for.
    #[diesel(sql_type = Text)]
    pub as_of: String,
    /// Both measures as JSON.
    #[diesel(sql_type = Text)]
    pub counts: String,
}

/// Keeps the measures of a month; a later day of the month takes the place of an earlier one.
pub fn keep_snapshot(tx: &mut Tx<'_>, month: &str, as_of: &str, counts: &str) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    tx.conn.run("DELETE FROM measure_snapshot WHERE month = ? AND facility_id = 0", binds![month])?;
    tx.conn.run(
        "INSERT INTO measure_snapshot (month, facility_id, as_of, counts, at) VALUES (?, 0, ?, ?, ?)",
        binds![month, as_of, counts, &at],
    )?;
    Ok(())
}

/// The newest months, newest first. They hold counts of the whole registry and no patient.
pub fn snapshots(conn: &mut Conn, limit: i64) -> Result<Vec<Snapshot>, StoreError> {
    Ok(conn.rows(
        "SELECT month, as_of, counts FROM measure_snapshot WHERE facility_id = 0 ORDER BY month DESC LIMIT ?",
        binds![limit],
    )?)
}
