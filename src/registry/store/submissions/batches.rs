//! Batches: begun, looked through, signed, sent or discarded, with their files.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::audit::By;
use crate::registry::store::files::{keep_hours, remove_file};
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError, Tx};

/// A batch.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Batch {
    /// Number.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Recipient.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// The recipient's title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// The rules it was made by, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub profile: String,
    /// What for.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// `gate`, `looked`, `making`, `to-sign`, `entering`, `sent`, `answered`, `discarded`, `empty`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// The one facility it is of.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// The day it is made for.
    #[diesel(sql_type = Text)]
    pub as_of: String,
    /// The time in its files.
    #[diesel(sql_type = Text)]
    pub file_time: String,
    /// NAACCR version.
    #[diesel(sql_type = BigInt)]
    pub naaccr_version: i64,
    /// Edit set.
    #[diesel(sql_type = Text)]
    pub edit_set: String,
    /// Fingerprint of the edit library.
    #[diesel(sql_type = Text)]
    pub edit_library: String,
    /// The batch it corrects.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub corrects: Option<i64>,
    /// The patient up to whom cases were looked at.
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    pub scan_after: i64,
    /// Counts of the gate, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub tally: String,
    /// Why it was not made.
    #[diesel(sql_type = Nullable<Text>)]
    pub message: Option<String>,
    /// The job that works on it.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub job_id: Option<i64>,
    /// Who made it.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub user_id: Option<i64>,
    /// Login of who made it.
    #[diesel(sql_type = Text)]
    pub made_by: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub made_at: String,
    /// Who signed.
    #[diesel(sql_type = Nullable<Text>)]
    pub signed_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub signed_at: Option<String>,
    /// When it stood in the ledger and its files could be had.
    #[diesel(sql_type = Nullable<Text>)]
    pub sent_at: Option<String>,
    /// By which channel it went, in the words of who sent it.
    #[diesel(sql_type = Nullable<Text>)]
    pub channel: Option<String>,
    /// Who loaded the answer.
    #[diesel(sql_type = Nullable<Text>)]
    pub answered_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub answered_at: Option<String>,
}

/// What a new batch is.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Recipient.
    pub recipient: String,
    /// Its title.
    pub title: String,
    /// The rules as JSON.
    pub profile: String,
    /// What for.
    pub purpose: String,
    /// Only this facility.
    pub facility: Option<i64>,
    /// The day it is made for.
    pub as_of: String,
    /// The time in its files.
    pub file_time: String,
    /// NAACCR version.
    pub version: i64,
    /// Edit set.
    pub edit_set: String,
    /// Fingerprint of the library.
    pub edit_library: String,
    /// The batch it corrects.
    pub corrects: Option<i64>,
}

/// Begins a batch and answers its number.
pub fn begin(tx: &mut Tx<'_>, by: &By, new: &NewBatch) -> Result<i64, StoreError> {
    let open = tx.conn.number(
        "SELECT id AS n FROM submission_batch WHERE recipient = ? AND state IN ('gate', 'looked', 'making', 'to-sign', 'entering') \
         AND coalesce(facility_id, 0) = ? ORDER BY id LIMIT 1",
        binds![&new.recipient, new.facility.unwrap_or(0)],
    )?;
    if let Some(open) = open {
        return Err(StoreError::Refused(format!(
            "Batch {open} for this recipient is not finished. Finish, sign or discard it first."
        )));
    }
    let id = tx
        .conn
        .number(
            "INSERT INTO submission_batch (recipient, title, profile, purpose, state, facility_id, as_of, file_time, naaccr_version, edit_set, \
             edit_library, corrects, scan_after, tally, user_id, made_by, made_at) \
             VALUES (?, ?, ?, ?, 'gate', ?, ?, ?, ?, ?, ?, ?, 0, '{}', ?, ?, ?) RETURNING id AS n",
            binds![
                &new.recipient,
                &new.title,
                &new.profile,
                &new.purpose,
                new.facility,
                &new.as_of,
                &new.file_time,
                new.version,
                &new.edit_set,
                &new.edit_library,
                new.corrects,
                by.asker.user.map(|u| u.0),
                &by.asker.login,
                &stamp(tx.now)
            ],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by.line("submission", tx.now).note(format!("batch {id} for {} begun", new.recipient));
    tx.audit(line);
    Ok(id)
}

/// A batch within the scope.
///
/// # Errors
/// [`StoreError::NotFound`], also for one of another facility.
pub fn batch(conn: &mut Conn, by: &By, id: i64) -> Result<Batch, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    conn.row::<Batch>(
        "SELECT b.id, b.recipient, b.title, b.profile, b.purpose, b.state, b.facility_id, b.as_of, b.file_time, b.naaccr_version, b.edit_set, \
             b.edit_library, b.corrects, b.scan_after, b.tally, b.message, b.job_id, b.user_id, b.made_by, b.made_at, b.signed_by, b.signed_at, \
             b.sent_at, b.channel, b.answered_by, b.answered_at FROM submission_batch b WHERE b.id = ? AND (? = 1 OR b.facility_id IN (?) OR coalesce(b.user_id, 0) = ?)",
        &[id.into(), scope.every_facility(), scope.facilities(), me.into()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest batches of the scope, of one recipient or (empty) of all.
pub fn batches(conn: &mut Conn, by: &By, recipient: &str, limit: i64) -> Result<Vec<Batch>, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn.rows(
        "SELECT b.id, b.recipient, b.title, b.profile, b.purpose, b.state, b.facility_id, b.as_of, b.file_time, b.naaccr_version, b.edit_set, \
             b.edit_library, b.corrects, b.scan_after, b.tally, b.message, b.job_id, b.user_id, b.made_by, b.made_at, b.signed_by, b.signed_at, \
             b.sent_at, b.channel, b.answered_by, b.answered_at FROM submission_batch b WHERE (? = '' OR b.recipient = ?) AND (? = 1 OR b.facility_id IN (?) OR coalesce(b.user_id, 0) = ?) ORDER BY b.id DESC LIMIT ?",
        &[recipient.into(), recipient.into(), scope.every_facility(), scope.facilities(), me.into(), limit.into()],
    )?)
}

/// Sets the state of a batch.
pub fn set_state(tx: &mut Tx<'_>, id: i64, state: &str, message: Option<&str>) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_batch SET state = ?, message = coalesce(?, message) WHERE id = ?",
        binds![state, message, id],
    )?;
    Ok(())
}

/// Names the job that works on a batch.
pub fn set_job(tx: &mut Tx<'_>, id: i64, job: i64) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET job_id = ? WHERE id = ?", binds![job, id])?;
    Ok(())
}

/// Says up to which patient cases were looked at, with the counts so far.
pub fn set_scanned(tx: &mut Tx<'_>, id: i64, after: i64, tally: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET scan_after = ?, tally = ? WHERE id = ?", binds![after, tally, id])?;
    Ok(())
}

/// A batch is looked at again from the start.
pub fn look_again(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM submission_line WHERE batch_id = ?", binds![id])?;
    tx.conn.run("UPDATE submission_batch SET state = 'gate', scan_after = 0, tally = '{}' WHERE id = ?", binds![id])?;
    Ok(())
}

/// Somebody signed it.
pub fn sign(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE submission_batch SET state = 'entering', signed_by = ?, signed_at = ? WHERE id = ? AND state = 'to-sign'",
        binds![&by.asker.login, &stamp(tx.now), id],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused("This batch waits for nobody's signature.".into()));
    }
    let line = by.line("submission", tx.now).note(format!("batch {id} signed"));
    tx.audit(line);
    Ok(())
}

/// It stands in the ledger: its files may be had.
pub fn set_sent(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    tx.conn.run("UPDATE submission_batch SET state = 'sent', sent_at = ? WHERE id = ?", binds![&at, id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} in the ledger"));
    tx.audit(line);
    Ok(())
}

/// By which channel it went.
pub fn set_channel(tx: &mut Tx<'_>, by: &By, id: i64, channel: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET channel = ? WHERE id = ?", binds![channel, id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} handed over"));
    tx.audit(line);
    Ok(())
}

/// Takes back a batch that stands in no ledger; its lines and files go.
pub fn discard(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE submission_batch SET state = 'discarded' WHERE id = ? AND state IN ('looked', 'to-sign')",
        binds![id],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused("Only a batch that nobody has sent can be discarded.".into()));
    }
    for file in files(tx.conn, id)?.into_iter().filter_map(|f| f.file_id) {
        remove_file(tx, file)?;
    }
    tx.conn.run("DELETE FROM submission_file WHERE batch_id = ?", binds![id])?;
    tx.conn.run("DELETE FROM submission_line WHERE batch_id = ?", binds![id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} discarded"));
    tx.audit(line);
    Ok(())
}

/// A file of a batch.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct BatchFile {
    /// Place.
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    pub ordinal: i64,
    /// Record type, or `withdrawals`.
    #[diesel(sql_type = Text)]
    #[serde(rename = "type")]
    pub record_type: String,
    /// The stored file; none once its days are over.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub file_id: Option<i64>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Patients.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Tumors.
    #[diesel(sql_type = BigInt)]
    pub tumors: i64,
    /// Bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// SHA-256.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// What could not be carried, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub lost: String,
}

/// The files of a batch.
pub fn files(conn: &mut Conn, batch: i64) -> Result<Vec<BatchFile>, StoreError> {
    Ok(conn.rows(
        "SELECT b.ordinal, b.record_type, f.id AS file_id, b.name, b.patients, b.tumors, b.bytes, b.sha256, b.lost FROM submission_file b \
         LEFT JOIN file f ON f.id = b.file_id AND f.complete = 1 WHERE b.batch_id = ? ORDER BY b.ordinal",
        binds![batch],
    )?)
}

/// Adds a file; it is kept for so many days.
pub fn add_file(tx: &mut Tx<'_>, batch: i64, file: &BatchFile, keep_days: i64) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO submission_file (batch_id, ordinal, record_type, file_id, name, patients, tumors, bytes, sha256, lost) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        binds![
            batch,
            file.ordinal,
            &file.record_type,
            file.file_id,
            &file.name,
            file.patients,
            file.tumors,
            file.bytes,
            &file.sha256,
            &file.lost
        ],
    )?;
    if let Some(id) = file.file_id {
        keep_hours(tx, id, keep_days * 24)?;
    }
    Ok(())
}

/// Takes out files a job left that belong to no batch: it ended between writing one and noting it.
pub fn remove_strays(tx: &mut Tx<'_>, job: i64) -> Result<(), StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let strays = tx.conn.rows::<Id>(
        "SELECT id FROM file WHERE job_id = ? AND NOT EXISTS (SELECT 1 FROM submission_file s WHERE s.file_id = file.id) ORDER BY id",
        binds![job],
    )?;
    for stray in strays {
        remove_file(tx, stray.id)?;
    }
    Ok(())
}
