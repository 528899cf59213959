//! Rows of operations (merge, split, move, delete, restore) and the small writes they are made of.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::{Conn, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// An operation that was done by hand.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Operation {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// `merge split move delete`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Why, in the person's words.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// What undoing needs, as JSON.
    #[diesel(sql_type = Text)]
    pub detail: String,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who undid it.
    #[diesel(sql_type = Nullable<Text>)]
    pub undone_by: Option<String>,
}

/// Writes an operation's row and answers its id.
pub(crate) fn add(tx: &mut Tx<'_>, by: &By, kind: &str, reason: &str, detail: &str) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    tx.conn
        .number(
            "INSERT INTO operation (kind, reason, detail, login, at) VALUES (?, ?, ?, ?, ?) RETURNING id AS n",
            binds![kind, reason, detail, &by.asker.login, &at],
        )?
        .ok_or(StoreError::NotFound)
}

/// An operation.
pub fn operation(conn: &mut Conn, id: i64) -> Result<Operation, StoreError> {
    conn.row("SELECT id, kind, reason, detail, login, at, undone_by FROM operation WHERE id = ?", binds![id])?
        .ok_or(StoreError::NotFound)
}

/// Operations with an id below `before`, newest first, whoever may see them; not for an asker.
pub(crate) fn operations(conn: &mut Conn, before: i64, limit: i64) -> Result<Vec<Operation>, StoreError> {
    Ok(conn.rows(
        "SELECT id, kind, reason, detail, login, at, undone_by FROM operation WHERE id < ? ORDER BY id DESC LIMIT ?",
        binds![before, limit],
    )?)
}

#[derive(diesel::QueryableByName)]
struct FacilityOf {
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
}

/// The facilities that report an abstract or a tumor, whatever its state.
pub(crate) fn facilities_of(conn: &mut Conn, kind: super::Kind, id: i64) -> Result<Vec<i64>, StoreError> {
    let text = match kind {
        super::Kind::Patient => "SELECT DISTINCT facility_id FROM abstract WHERE patient_id = ?",
        super::Kind::Tumor => "SELECT DISTINCT facility_id FROM abstract WHERE tumor_id = ?",
        super::Kind::Abstract => "SELECT facility_id FROM abstract WHERE id = ?",
    };
    Ok(conn.rows::<FacilityOf>(text, binds![id])?.into_iter().map(|row| row.facility_id).collect())
}

/// Marks an operation undone; refuses one that already is.
pub(crate) fn mark_undone(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    let rows = tx.conn.run(
        "UPDATE operation SET undone_by = ?, undone_at = ? WHERE id = ? AND undone_by IS NULL",
        binds![&by.asker.login, &at, id],
    )?;
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Refused("This was already undone.".into())),
    }
}

/// The state, version and hash of a record.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub(crate) struct Standing {
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = diesel::sql_types::Binary)]
    pub hash: Vec<u8>,
}

/// How a record stands, whatever its state.
pub(crate) fn standing(conn: &mut Conn, kind: super::Kind, id: i64) -> Result<Standing, StoreError> {
    let text = match kind {
        super::Kind::Patient => "SELECT version, state, hash FROM patient WHERE id = ?",
        super::Kind::Tumor => "SELECT version, state, hash FROM tumor WHERE id = ?",
        super::Kind::Abstract => "SELECT version, state, hash FROM abstract WHERE id = ?",
    };
    conn.row(text, binds![id])?.ok_or(StoreError::NotFound)
}

/// Writes a record's state.
pub(crate) fn set_state(
    tx: &mut Tx<'_>,
    kind: super::Kind,
    id: i64,
    version: i64,
    state: &str,
) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    let text = match kind {
        super::Kind::Patient => {
            "UPDATE patient SET state = ?, version = ?, changed_at = ? WHERE id = ? AND version = ?"
        }
        super::Kind::Tumor => "UPDATE tumor SET state = ?, version = ?, changed_at = ? WHERE id = ? AND version = ?",
        super::Kind::Abstract => {
            "UPDATE abstract SET state = ?, version = ?, changed_at = ? WHERE id = ? AND version = ?"
        }
    };
    changed_one(tx.conn.run(text, binds![state, version + 1, &at, id, version])?)
}

/// Writes whom a merged patient became.
pub(crate) fn set_merged_into(tx: &mut Tx<'_>, patient: i64, into: Option<i64>) -> Result<(), StoreError> {
    changed_one(tx.conn.run("UPDATE patient SET merged_into = ? WHERE id = ?", binds![into, patient])?)
}

/// Moves a tumor with its abstracts to another patient.
pub(crate) fn set_patient(tx: &mut Tx<'_>, tumor: i64, version: i64, patient: i64) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    changed_one(tx.conn.run(
        "UPDATE tumor SET patient_id = ?, version = ?, changed_at = ? WHERE id = ? AND version = ?",
        binds![patient, version + 1, &at, tumor, version],
    )?)?;
    for text in [
        "UPDATE abstract SET patient_id = ? WHERE tumor_id = ?",
        "UPDATE edit_override SET patient_id = ? WHERE abstract_id IN (SELECT id FROM abstract WHERE tumor_id = ?)",
        "UPDATE edit_result SET patient_id = ? WHERE abstract_id IN (SELECT id FROM abstract WHERE tumor_id = ?)",
    ] {
        tx.conn.run(text, binds![patient, tumor])?;
    }
    Ok(())
}

/// Takes a facility's numbers away from a patient that no longer holds the abstract.
pub(crate) fn forget_identifier(
    tx: &mut Tx<'_>,
    patient: i64,
    kind: &str,
    facility: i64,
    value: &str,
) -> Result<(), StoreError> {
    tx.conn.run(
        "DELETE FROM patient_identifier WHERE patient_id = ? AND kind = ? AND facility_id = ? AND value = ?",
        binds![patient, kind, facility, value],
    )?;
    Ok(())
}

/// Gives a patient the names and the person's numbers of another, beside his own.
pub(crate) fn copy_search_keys(tx: &mut Tx<'_>, from: i64, to: i64) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO patient_name (patient_id, kind, last_folded, first_folded, last_sound, last_sound_2) \
         SELECT CAST(? AS BIGINT), kind, last_folded, first_folded, last_sound, last_sound_2 FROM patient_name WHERE patient_id = ?",
        binds![to, from],
    )?;
    tx.conn.run(
        "INSERT INTO patient_identifier (patient_id, kind, facility_id, value) \
         SELECT CAST(? AS BIGINT), kind, facility_id, value FROM patient_identifier WHERE patient_id = ?",
        binds![to, from],
    )?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The live tumors of a patient, by id.
pub(crate) fn tumor_ids(conn: &mut Conn, patient: i64) -> Result<Vec<i64>, StoreError> {
    Ok(conn
        .rows::<Id>("SELECT id FROM tumor WHERE patient_id = ? AND state = 'live' ORDER BY id", binds![patient])?
        .into_iter()
        .map(|r| r.id)
        .collect())
}

fn changed_one(rows: usize) -> Result<(), StoreError> {
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Refused(
            "Somebody changed this record at the same moment. Open it again and repeat.".into(),
        )),
    }
}
