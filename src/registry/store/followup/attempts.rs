//! What was tried to reach somebody: never deleted; and the copies of letters.

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::asker::FacilityId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError, Tx, hex};

/// A try to reach somebody.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct AttemptRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// `chart phone letter mail fax other-hospital web linkage`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// To whom.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// Letter and its version.
    #[diesel(sql_type = Text)]
    pub template: String,
    /// The stored copy.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub file_id: Option<i64>,
    /// `pending answered-alive answered-dead no-answer undeliverable refused wrong-person nothing-new`.
    #[diesel(sql_type = Text)]
    pub result: String,
    /// Remarks.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// The contact it led to.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub contact_id: Option<i64>,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
}

const ATTEMPTS_OF_PATIENT: &str = "SELECT id, patient_id, kind, recipient, template, file_id, result, note, contact_id, login, at \
     FROM attempt WHERE patient_id = ? AND (? = 1 OR facility_id IN (?)) ORDER BY id DESC LIMIT 500";
const LAST_ATTEMPT: &str = "SELECT id, patient_id, kind, recipient, template, file_id, result, note, contact_id, login, at FROM attempt \
     WHERE patient_id = ? AND (? = 1 OR facility_id IN (?)) ORDER BY id DESC LIMIT 1";

/// The attempts of a patient made by the asker's facilities, newest first; the caller has read the patient with its scope.
pub fn attempts_of(conn: &mut Conn, by: &By, patient: i64) -> Result<Vec<AttemptRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(ATTEMPTS_OF_PATIENT, &[patient.into(), scope.every_facility(), scope.facilities()])?)
}

/// The last attempt for each patient of a page, one look into the index for each.
pub(super) fn last_attempts(conn: &mut Conn, by: &By, patients: &[i64]) -> Result<Vec<AttemptRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let mut found = Vec::new();
    for patient in patients {
        found.extend(
            conn.row::<AttemptRow>(LAST_ATTEMPT, &[(*patient).into(), scope.every_facility(), scope.facilities()])?,
        );
    }
    Ok(found)
}

/// An attempt before it has its row.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The patient.
    pub patient: i64,
    /// The facility that tries.
    pub facility: Option<i64>,
    /// See [`AttemptRow::kind`].
    pub kind: &'a str,
    /// To whom.
    pub recipient: &'a str,
    /// Letter and its version.
    pub template: &'a str,
    /// See [`AttemptRow::result`].
    pub result: &'a str,
    /// Remarks.
    pub note: &'a str,
}

/// Writes an attempt and answers its id.
pub fn add_attempt(tx: &mut Tx<'_>, by: &By, new: &NewAttempt<'_>) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    let id = tx.conn.number(
        "INSERT INTO attempt (patient_id, facility_id, kind, recipient, template, file_id, result, note, contact_id, login, at) \
         VALUES (?, ?, ?, ?, ?, NULL, ?, ?, NULL, ?, ?) RETURNING id AS n",
        binds![
            new.patient,
            new.facility,
            new.kind,
            new.recipient,
            new.template,
            new.result,
            new.note,
            &by.asker.login,
            &at,
        ],
    )?;
    let line = by.line("attempt", tx.now).patient(new.patient).note(new.kind);
    tx.audit(line);
    id.ok_or(StoreError::NotFound)
}

/// Says what came of an attempt, and which contact, if the asker's facilities made it for this patient.
pub fn answer_attempt(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    attempt: i64,
    result: &str,
    contact: Option<i64>,
) -> Result<(), StoreError> {
    let scope = ScopeBinds::of(by);
    let rows = tx.conn.run(
        "UPDATE attempt SET result = ?, contact_id = coalesce(?, contact_id) WHERE id = ? AND patient_id = ? AND (? = 1 OR facility_id IN (?))",
        &[result.into(), contact.into(), attempt.into(), patient.into(), scope.every_facility(), scope.facilities()],
    )?;
    if rows == 0 {
        return Err(StoreError::NotFound);
    }
    let line = by.line("attempt", tx.now).patient(patient).note(format!("{attempt} {result}"));
    tx.audit(line);
    Ok(())
}

/// Keeps the copy of a letter for six years (45 CFR 164.530(j)) and ties it to its attempt.
pub fn keep_letter(
    tx: &mut Tx<'_>,
    by: &By,
    attempt: i64,
    facility: FacilityId,
    name: &str,
    bytes: &[u8],
) -> Result<i64, StoreError> {
    let (now, keep) = (stamp(tx.now), stamp(tx.now + Duration::days(6 * 366)));
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let sum = hex(&Sha256::digest(bytes));
    let packed = zstd::bulk::compress(bytes, 3)
        .map_err(|e| StoreError::Io("the copy of a letter could not be compressed".into(), e))?;
    let file = tx
        .conn
        .number(
            "INSERT INTO file (kind, name, complete, bytes, sha256, login, job_id, facility_id, created_at, keep_until) \
             VALUES ('letter', ?, 1, ?, ?, ?, NULL, ?, ?, ?) RETURNING id AS n",
            binds![name, length, &sum, &by.asker.login, facility.0, &now, &keep],
        )?
        .ok_or(StoreError::NotFound)?;
    tx.conn.run("INSERT INTO file_chunk (file_id, ordinal, content) VALUES (?, 0, ?)", binds![file, &packed])?;
    tx.conn.run("UPDATE attempt SET file_id = ? WHERE id = ?", binds![file, attempt])?;
    Ok(file)
}

/// The attempt whose letter a file is a copy of, if it is of the asker's facilities.
pub fn attempt_of_letter(conn: &mut Conn, by: &By, file: i64, patient: i64) -> Result<AttemptRow, StoreError> {
    let all = attempts_of(conn, by, patient)?;
    all.into_iter().find(|a| a.file_id == Some(file)).ok_or(StoreError::NotFound)
}
