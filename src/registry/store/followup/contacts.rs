//! What was posted of a patient: one row a contact, with the posting as it was typed.

use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError, Tx};

/// A posted contact.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct ContactRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Day as NAACCR text.
    #[diesel(sql_type = Text)]
    pub contact_date: String,
    /// 0 dead, 1 alive.
    #[diesel(sql_type = Text)]
    pub vital_status: String,
    /// Source (1790).
    #[diesel(sql_type = Text)]
    pub source: String,
    /// Source (1791).
    #[diesel(sql_type = Text)]
    pub source_central: String,
    /// `newer earlier same better-source conflict kept taken`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// What was said of it.
    #[diesel(sql_type = Text)]
    pub message: String,
    /// Note; empty when it belongs to another facility.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// The posting as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub posted: String,
    /// Who posted.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
}

const CONTACT_COLUMNS_OF_PATIENT: &str = "SELECT id, patient_id, contact_date, vital_status, source, source_central, outcome, \
     CASE WHEN ? = 1 OR facility_id IN (?) THEN message ELSE '' END AS message, \
     CASE WHEN ? = 1 OR facility_id IN (?) THEN note ELSE '' END AS note, '' AS posted, login, at \
     FROM contact WHERE patient_id = ? ORDER BY id DESC LIMIT 500";

/// The contacts of a patient, newest first; the caller has read the patient with its scope.
pub fn contacts_of(conn: &mut Conn, by: &By, patient: i64) -> Result<Vec<ContactRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let (all, ids) = (scope.every_facility(), scope.facilities());
    let binds = [all, ids, all, ids, patient.into()];
    Ok(conn.rows(CONTACT_COLUMNS_OF_PATIENT, &binds)?)
}

/// An open conflict of a patient.
pub fn open_conflict(conn: &mut Conn, by: &By, id: i64) -> Result<ContactRow, StoreError> {
    let text = "SELECT id, patient_id, contact_date, vital_status, source, source_central, outcome, message, note, posted, login, at \
         FROM contact WHERE id = ? AND outcome = 'conflict'";
    let row = conn.row::<ContactRow>(text, binds![id])?.ok_or(StoreError::NotFound)?;
    crate::registry::store::records::patient(conn, by, row.patient_id)?;
    Ok(row)
}

/// A contact before it has its row.
#[derive(Debug, Clone)]
pub struct NewContact<'a> {
    /// The patient.
    pub patient: i64,
    /// The facility that posts.
    pub facility: Option<i64>,
    /// Day as NAACCR text.
    pub date: &'a str,
    /// 0 or 1.
    pub vital_status: &'a str,
    /// 1790.
    pub source: &'a str,
    /// 1791.
    pub source_central: &'a str,
    /// How it stands.
    pub outcome: &'a str,
    /// What is said of it.
    pub message: &'a str,
    /// Note.
    pub note: &'a str,
    /// The posting as JSON.
    pub posted: &'a str,
}

/// Writes a contact and answers its id.
pub fn add_contact(tx: &mut Tx<'_>, by: &By, new: &NewContact<'_>) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    let id = tx.conn.number(
        "INSERT INTO contact (patient_id, facility_id, contact_date, vital_status, source, source_central, outcome, message, note, \
         posted, login, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
        binds![
            new.patient,
            new.facility,
            new.date,
            new.vital_status,
            new.source,
            new.source_central,
            new.outcome,
            new.message,
            new.note,
            new.posted,
            &by.asker.login,
            &at,
        ],
    )?;
    id.ok_or(StoreError::NotFound)
}

/// Says how a conflict was settled; answers whether it was still open.
pub fn settle_contact(tx: &mut Tx<'_>, id: i64, outcome: &str, message: &str) -> Result<bool, StoreError> {
    let rows = tx.conn.run(
        "UPDATE contact SET outcome = ?, message = ? WHERE id = ? AND outcome = 'conflict'",
        binds![outcome, message, id],
    )?;
    Ok(rows == 1)
}

/// A contact of a patient the asker may see.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope.
pub fn contact_row(conn: &mut Conn, by: &By, id: i64) -> Result<ContactRow, StoreError> {
    let text = "SELECT id, patient_id, contact_date, vital_status, source, source_central, outcome, message, note, posted, login, at \
         FROM contact WHERE id = ?";
    let row = conn.row::<ContactRow>(text, binds![id])?.ok_or(StoreError::NotFound)?;
    crate::registry::store::records::patient(conn, by, row.patient_id)?;
    Ok(row)
}

/// Says that a contact was taken back; its row stays.
pub fn mark_undone(tx: &mut Tx<'_>, id: i64, message: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE contact SET outcome = 'undone', message = ? WHERE id = ?", binds![message, id])?;
    Ok(())
}
