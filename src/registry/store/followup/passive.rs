//! Files of other sources as they are stored: a batch and its rows, what each was linked with and what came of it.
//!
//! A pair that a person rejected is remembered by the row's identifying fields, so that it does not come back with the
//! next file.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::record::Record;
use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError, Tx};

/// A batch.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct BatchRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Key of the source, as `state-deaths`.
    #[diesel(sql_type = Text)]
    pub source: String,
    /// Code of item 1791.
    #[diesel(sql_type = Text)]
    pub source_central: String,
    /// Name of the file.
    #[diesel(sql_type = Text)]
    pub file_name: String,
    /// Its SHA-256.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// `csv fixed naaccr`.
    #[diesel(sql_type = Text)]
    pub form: String,
    /// Which column is which, as it was told.
    #[diesel(sql_type = Text)]
    pub columns: String,
    /// Of when the file is.
    #[diesel(sql_type = Text)]
    pub vintage: String,
    /// Until when it is complete.
    #[diesel(sql_type = Text)]
    pub cut_off: String,
    /// `running done undone`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Counts as JSON.
    #[diesel(sql_type = Text)]
    pub counts: String,
    /// Who loaded it.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
}

/// A batch before it has its row.
#[derive(Debug, Clone, Default)]
pub struct NewBatch {
    /// The job that loads it.
    pub job: i64,
    /// See [`BatchRow`].
    pub source: String,
    /// See [`BatchRow`].
    pub source_central: String,
    /// See [`BatchRow`].
    pub file_name: String,
    /// See [`BatchRow`].
    pub sha256: String,
    /// See [`BatchRow`].
    pub form: String,
    /// The heads of the columns: the next file with them is read in the same way.
    pub heads: String,
    /// See [`BatchRow`].
    pub columns: String,
    /// See [`BatchRow`].
    pub vintage: String,
    /// See [`BatchRow`].
    pub cut_off: String,
    /// The facility it was loaded for.
    pub facility: Option<i64>,
}

/// A row of a batch.
#[derive(Debug, Clone, Serialize, QueryableByName)]
pub struct PassiveRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its batch.
    #[diesel(sql_type = BigInt)]
    pub batch_id: i64,
    /// Its place in the file, from 1.
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    /// Digest of what identifies the person.
    #[diesel(sql_type = Text)]
    pub person_key: String,
    /// What the file says, as JSON.
    #[diesel(sql_type = Text)]
    pub fields: String,
    /// The likeliest patient.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub patient_id: Option<i64>,
    /// Weight of the pair in thousandths.
    #[diesel(sql_type = BigInt)]
    pub weight: i64,
    /// `read linked posted nothing-new review rejected rejected-before no-match undone`.
    #[diesel(sql_type = Text)]
    pub verdict: String,
    /// Why, in words.
    #[diesel(sql_type = Text)]
    pub said: String,
    /// The contact it became.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub contact_id: Option<i64>,
    /// Of a cancer death without a tumor: `open`, or what came of it; empty for every other row.
    #[diesel(sql_type = Text)]
    pub clearance: String,
}

/// Begins a batch.
pub fn begin_batch(tx: &mut Tx<'_>, by: &By, new: &NewBatch) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    let id = tx
        .conn
        .number(
            "INSERT INTO passive_batch (job_id, source, source_central, file_name, sha256, form, heads, columns, vintage, cut_off, state, \
             counts, facility_id, login, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', '{}', ?, ?, ?) RETURNING id AS n",
            binds![
                new.job,
                &new.source,
                &new.source_central,
                &new.file_name,
                &new.sha256,
                &new.form,
                &new.heads,
                &new.columns,
                &new.vintage,
                &new.cut_off,
                new.facility,
                &by.asker.login,
                &at,
            ],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by.line("follow-up", tx.now).note(format!("passive batch {id} {}", new.source));
    tx.audit(line);
    Ok(id)
}

/// The batch that a job has begun.
pub fn batch_of_job(conn: &mut Conn, job: i64) -> Result<Option<i64>, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM passive_batch WHERE job_id = ?", binds![job])?)
}

/// How many rows of a batch have been written.
pub fn rows_written(conn: &mut Conn, batch: i64) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(ordinal) AS n FROM passive_row WHERE batch_id = ?", binds![batch])?.unwrap_or(0))
}

/// Writes rows: ordinal, key and fields of each.
pub fn add_rows(tx: &mut Tx<'_>, batch: i64, rows: &[(i64, String, String)]) -> Result<(), StoreError> {
    for (ordinal, key, fields) in rows {
        tx.conn.run(
            "INSERT INTO passive_row (batch_id, ordinal, person_key, fields, weight, verdict, said, clearance) \
             VALUES (?, ?, ?, ?, 0, 'read', '', '')",
            binds![batch, *ordinal, key, fields],
        )?;
    }
    Ok(())
}

/// Rows of a batch of one verdict, after an id.
pub fn rows_of(
    conn: &mut Conn,
    batch: i64,
    verdict: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<PassiveRow>, StoreError> {
    Ok(conn.rows(
        "SELECT id, batch_id, ordinal, person_key, fields, patient_id, weight, verdict, said, contact_id, clearance FROM passive_row \
         WHERE batch_id = ? AND verdict = ? AND id > ? ORDER BY id LIMIT ?",
        binds![batch, verdict, after, limit],
    )?)
}

/// A row whose patient the asker may see.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope.
pub fn row_of(conn: &mut Conn, by: &By, id: i64) -> Result<PassiveRow, StoreError> {
    let row = conn
        .row::<PassiveRow>(
            "SELECT id, batch_id, ordinal, person_key, fields, patient_id, weight, verdict, said, contact_id, clearance \
             FROM passive_row WHERE id = ?",
            binds![id],
        )?
        .ok_or(StoreError::NotFound)?;
    match row.patient_id {
        Some(patient) => crate::registry::store::records::patient(conn, by, patient).map(|_| row),
        None => batch(conn, by, row.batch_id).map(|_| row),
    }
}

/// Says with whom a row was linked.
pub fn set_link(tx: &mut Tx<'_>, row: i64, patient: Option<i64>, weight: f64, verdict: &str) -> Result<(), StoreError> {
    let weight = (weight * 1_000.0) as i64;
    tx.conn.run(
        "UPDATE passive_row SET patient_id = ?, weight = ?, verdict = ? WHERE id = ?",
        binds![patient, weight, verdict, row],
    )?;
    Ok(())
}

/// Says what came of a row.
pub fn set_verdict(
    tx: &mut Tx<'_>,
    by: &By,
    row: i64,
    verdict: &str,
    said: &str,
    contact: Option<i64>,
) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    tx.conn.run(
        "UPDATE passive_row SET verdict = ?, said = ?, contact_id = coalesce(?, contact_id), login = ?, at = ? WHERE id = ?",
        binds![verdict, said, contact, &by.asker.login, &at, row],
    )?;
    Ok(())
}

/// Puts a cancer death without a tumor on the list of death clearance, or says what came of it.
pub fn set_clearance(tx: &mut Tx<'_>, row: i64, clearance: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE passive_row SET clearance = ? WHERE id = ?", binds![clearance, row])?;
    Ok(())
}

/// Whether a person has said that this row's person is not this patient.
pub fn is_rejected(conn: &mut Conn, person_key: &str, patient: i64) -> Result<bool, StoreError> {
    let found = conn.number(
        "SELECT count(*) AS n FROM passive_row WHERE person_key = ? AND patient_id = ? AND verdict = 'rejected'",
        binds![person_key, patient],
    )?;
    Ok(found.unwrap_or(0) > 0)
}

/// Ends a batch's work, or says that it was undone.
pub fn set_batch(tx: &mut Tx<'_>, by: &By, batch: i64, state: &str) -> Result<String, StoreError> {
    let mut counts = serde_json::Map::new();
    for row in counts_of(tx.conn, batch)? {
        counts.insert(row.verdict.replace('-', "_"), row.n.into());
    }
    let text = serde_json::Value::Object(counts).to_string();
    tx.conn.run("UPDATE passive_batch SET state = ?, counts = ? WHERE id = ?", binds![state, &text, batch])?;
    let line = by.line("follow-up", tx.now).note(format!("passive batch {batch} {state}"));
    tx.audit(line);
    Ok(text)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn counts_of(conn: &mut Conn, batch: i64) -> Result<Vec<CountRow>, StoreError> {
    Ok(conn.rows(
        "SELECT verdict, count(*) AS n FROM passive_row WHERE batch_id = ? GROUP BY verdict ORDER BY verdict",
        binds![batch],
    )?)
}

/// A batch that the asker may see: his facilities', or any for who sees the whole registry.
pub fn batch(conn: &mut Conn, by: &By, id: i64) -> Result<BatchRow, StoreError> {
    let scope = ScopeBinds::of(by);
    conn.row::<BatchRow>(
        "SELECT id, source, source_central, file_name, sha256, form, columns, vintage, cut_off, state, counts, login, at \
         FROM passive_batch WHERE id = ? AND (? = 1 OR facility_id IN (?))",
        &[id.into(), scope.every_facility(), scope.facilities()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest batches that the asker may see.
pub fn batches(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<BatchRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(
        "SELECT id, source, source_central, file_name, sha256, form, columns, vintage, cut_off, state, counts, login, at \
         FROM passive_batch WHERE (? = 1 OR facility_id IN (?)) ORDER BY id DESC LIMIT ?",
        &[scope.every_facility(), scope.facilities(), limit.into()],
    )?)
}

#[derive(QueryableByName)]
struct ColumnsRow {
    #[diesel(sql_type = Text)]
    columns: String,
}

/// Which column was which in the last file of this source with these heads.
pub fn remembered_columns(conn: &mut Conn, source: &str, heads: &str) -> Result<Option<String>, StoreError> {
    let row = conn.row::<ColumnsRow>(
        "SELECT columns FROM passive_batch WHERE source = ? AND heads = ? AND columns <> '' ORDER BY id DESC LIMIT 1",
        binds![source, heads],
    )?;
    Ok(row.map(|row| row.columns))
}

#[derive(QueryableByName)]
struct PersonRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

/// Patients the asker may see, with their items, whose ids are above one and up to another: whom a file is linked with.
pub fn people(conn: &mut Conn, by: &By, above: i64, up_to: i64) -> Result<Vec<(i64, Record)>, StoreError> {
    let scope = ScopeBinds::of(by);
    let rows = conn.rows::<PersonRow>(
        "SELECT p.id, p.items FROM patient_live p WHERE p.id > ? AND p.id <= ? AND EXISTS (SELECT 1 FROM abstract_live s \
         WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id",
        &[above.into(), up_to.into(), scope.all(), scope.ids()],
    )?;
    rows.into_iter().map(|row| Ok((row.id, Record::parse(&row.items, &format!("patient {}", row.id))?))).collect()
}
