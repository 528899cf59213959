//! The ledger: what was sent of each case to each recipient, and what the recipient made of it.

use diesel::sql_types::{BigInt, Binary, Text};

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::audit::By;
use crate::registry::store::{StoreError, Tx, hash32};

#[derive(diesel::QueryableByName)]
struct ToEnter {
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    abstract_id: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Binary)]
    content_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    core_hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    seen_version: i64,
    #[diesel(sql_type = BigInt)]
    seen_patient: i64,
}

/// Writes the next lines of a batch into the ledger. Answers how many; 0 when all stand there.
pub fn enter(tx: &mut Tx<'_>, batch: i64, recipient: &str, limit: i64) -> Result<usize, StoreError> {
    let at = stamp(tx.now);
    let lines = tx.conn.rows::<ToEnter>(
        "SELECT tumor_id, abstract_id, patient_id, facility_id, kind, content_hash, core_hash, seen_version, seen_patient FROM submission_line \
         WHERE batch_id = ? AND entered = 0 AND blocked IS NULL ORDER BY patient_id, tumor_id, abstract_id LIMIT ?",
        binds![batch, limit],
    )?;
    for line in &lines {
        let state = if line.kind == "withdrawn" { "withdrawn" } else { "sent" };
        tx.conn.run(
            "INSERT INTO submission_ledger (recipient, tumor_id, abstract_id, patient_id, facility_id, state, waiting, first_sent, first_batch, \
             last_sent, last_batch, content_hash, core_hash, accepted, reason, decided_by, decided_at, seen_version, seen_patient) \
             VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, 0, '', '', '', ?, ?) \
             ON CONFLICT (recipient, tumor_id, abstract_id) DO UPDATE SET patient_id = excluded.patient_id, facility_id = excluded.facility_id, \
             state = excluded.state, waiting = '', last_sent = excluded.last_sent, last_batch = excluded.last_batch, \
             content_hash = excluded.content_hash, core_hash = excluded.core_hash, reason = '', decided_by = '', decided_at = '', \
             seen_version = excluded.seen_version, seen_patient = excluded.seen_patient",
            binds![
                recipient,
                line.tumor_id,
                line.abstract_id,
                line.patient_id,
                line.facility_id,
                state,
                &at,
                batch,
                &at,
                batch,
                &hash32(&line.content_hash),
                &hash32(&line.core_hash),
                line.seen_version,
                line.seen_patient
            ],
        )?;
        tx.conn.run(
            "UPDATE submission_line SET entered = 1 WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
            binds![batch, line.tumor_id, line.abstract_id],
        )?;
    }
    Ok(lines.len())
}

/// Notes what a look at a case found, so that it need not be read again until it changes.
pub fn note_look(
    tx: &mut Tx<'_>,
    recipient: &str,
    (tumor, abstract_): (i64, i64),
    waiting: &str,
    versions: (i64, i64),
) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_ledger SET waiting = ?, seen_version = ?, seen_patient = ? WHERE recipient = ? AND tumor_id = ? AND abstract_id = ?",
        binds![waiting, versions.0, versions.1, recipient, tumor, abstract_],
    )?;
    Ok(())
}

/// What a recipient, or a person with a reason, said of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Tumor.
    pub tumor: i64,
    /// Abstract.
    pub abstract_: i64,
    /// Accepted; else rejected.
    pub accepted: bool,
    /// Why.
    pub reason: String,
}

/// Notes verdicts on lines of a batch, and in the ledger where the batch was the last that held the case. A verdict on a
/// withdrawal does not bring the case back.
pub fn answer(tx: &mut Tx<'_>, by: &By, batch: i64, recipient: &str, said: &[Said]) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    for one in said {
        let word = if one.accepted { "accepted" } else { "rejected" };
        tx.conn.run(
            "UPDATE submission_line SET verdict = ?, reason = ? WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
            binds![word, &one.reason, batch, one.tumor, one.abstract_],
        )?;
        tx.conn.run(
            "UPDATE submission_ledger SET state = ?, accepted = CASE WHEN ? = 'accepted' THEN 1 ELSE accepted END, reason = ?, decided_by = ?, \
             decided_at = ? WHERE recipient = ? AND tumor_id = ? AND abstract_id = ? AND last_batch = ? AND state <> 'withdrawn'",
            binds![word, word, &one.reason, &by.asker.login, &at, recipient, one.tumor, one.abstract_, batch],
        )?;
    }
    tx.conn.run(
        "UPDATE submission_batch SET state = 'answered', answered_by = ?, answered_at = ? WHERE id = ?",
        binds![&by.asker.login, &at, batch],
    )?;
    let rejected = said.iter().filter(|s| !s.accepted).count();
    let line = by
        .line("submission", tx.now)
        .note(format!("batch {batch} answered: {} accepted, {rejected} rejected", said.len() - rejected));
    tx.audit(line);
    Ok(())
}
