//! Marks on a patient's follow-up: bad address, do not contact, who works on it.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::store::audit::By;
use crate::registry::store::{Conn, StoreError, Tx, Value, records};

/// The address on file is bad: a letter came back.
pub const BAD_ADDRESS: &str = "bad-address";
/// The patient does not wish to be written to.
pub const DO_NOT_CONTACT: &str = "do-not-contact";
/// Who works on the patient; the value is a login.
pub const ASSIGNED: &str = "assigned";
/// All kinds with their names.
pub const KINDS: [(&str, &str); 3] =
    [(BAD_ADDRESS, "Bad address"), (DO_NOT_CONTACT, "Do not contact"), (ASSIGNED, "Assigned")];

/// A mark that holds.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Mark {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// One of [`KINDS`].
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Of an assignment the login.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Who set it.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who ended it.
    #[diesel(sql_type = Nullable<Text>)]
    pub ended_by: Option<String>,
    /// When it ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub ended_at: Option<String>,
}

/// The open marks of patients; the caller has read them with its scope.
pub fn marks_of(conn: &mut Conn, patients: &[i64]) -> Result<Vec<Mark>, StoreError> {
    let ids = serde_json::to_string(patients).unwrap_or_else(|_| "[]".into());
    Ok(conn.rows(
        "SELECT id, patient_id, kind, value, reason, login, at, ended_by, ended_at FROM follow_mark \
         WHERE patient_id IN (?) AND ended_at IS NULL ORDER BY id",
        &[Value::Ids(&ids)],
    )?)
}

/// Sets a mark; an open one of the kind ends.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope.
pub fn set_mark(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    kind: &str,
    value: &str,
    reason: &str,
) -> Result<(), StoreError> {
    if !KINDS.iter().any(|(known, _)| *known == kind) {
        return Err(StoreError::Refused(format!("There is no mark {kind}.")));
    }
    end_mark(tx, by, patient, kind)?;
    let at = stamp(tx.now);
    tx.conn.run(
        "INSERT INTO follow_mark (patient_id, facility_id, kind, value, reason, login, at) VALUES (?, NULL, ?, ?, ?, ?, ?)",
        binds![patient, kind, value, reason, &by.asker.login, &at],
    )?;
    let line = by.line("follow-up", tx.now).patient(patient).note(format!("mark {kind}"));
    tx.audit(line);
    Ok(())
}

/// Ends the open mark of a kind; answers whether there was one.
///
/// # Errors
/// [`StoreError::NotFound`] outside the scope.
pub fn end_mark(tx: &mut Tx<'_>, by: &By, patient: i64, kind: &str) -> Result<bool, StoreError> {
    records::patient(tx.conn, by, patient)?;
    let at = stamp(tx.now);
    let rows = tx.conn.run(
        "UPDATE follow_mark SET ended_by = ?, ended_at = ? WHERE patient_id = ? AND kind = ? AND ended_at IS NULL",
        binds![&by.asker.login, &at, patient, kind],
    )?;
    if rows > 0 {
        let line = by.line("follow-up", tx.now).patient(patient).note(format!("mark {kind} ended"));
        tx.audit(line);
    }
    Ok(rows > 0)
}
