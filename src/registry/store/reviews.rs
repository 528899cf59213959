//! Reviews: records that arrived and differ from a known abstract, and wait for a person.

use diesel::sql_types::{BigInt, Nullable, Text};

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// A record that waits, with enough to recognise it in a list.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Waiting {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The import that brought it.
    #[diesel(sql_type = BigInt)]
    pub import_id: i64,
    /// Its source record.
    #[diesel(sql_type = BigInt)]
    pub source_id: i64,
    /// Ordinal of the tumor in the source record.
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    /// The abstract that it differs from.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Last name of the patient.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
    /// First name.
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    /// Accession number of the abstract.
    #[diesel(sql_type = Nullable<Text>)]
    pub accession: Option<String>,
    /// Sequence number.
    #[diesel(sql_type = Nullable<Text>)]
    pub sequence: Option<String>,
    /// File that it came in.
    #[diesel(sql_type = Text)]
    pub file_name: String,
}

/// The oldest records that wait, of abstracts in the asker's reach.
pub fn waiting(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(
        "SELECT r.id, r.import_id, r.source_id, r.ordinal, r.abstract_id, p.last_name, p.first_name, a.accession, a.sequence, \
         (SELECT i.file_name FROM import i WHERE i.id = r.import_id) AS file_name FROM review r \
         JOIN abstract_live a ON a.id = r.abstract_id JOIN patient p ON p.id = a.patient_id WHERE r.state = 'open' AND (? = 1 OR a.facility_id IN (?)) ORDER BY r.id LIMIT ?",
        &[scope.all(), scope.ids(), limit.into()],
    )?)
}

/// The oldest record that waits at an abstract. The caller has read the abstract, with its scope.
pub fn waiting_at(conn: &mut Conn, abstract_id: i64) -> Result<Option<Waiting>, StoreError> {
    Ok(conn.row(
        "SELECT r.id, r.import_id, r.source_id, r.ordinal, r.abstract_id, p.last_name, p.first_name, a.accession, a.sequence, \
         (SELECT i.file_name FROM import i WHERE i.id = r.import_id) AS file_name FROM review r \
         JOIN abstract a ON a.id = r.abstract_id JOIN patient p ON p.id = a.patient_id WHERE r.abstract_id = ? AND r.state = 'open' ORDER BY r.id LIMIT 1",
        binds![abstract_id],
    )?)
}

/// Writes a review.
pub fn add_review(tx: &mut Tx<'_>, import: i64, source: i64, ordinal: i64, abstract_id: i64) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO review (import_id, source_id, ordinal, abstract_id, state) VALUES (?, ?, ?, ?, 'open')",
        binds![import, source, ordinal, abstract_id],
    )?;
    Ok(())
}

/// Ends a review.
///
/// # Errors
/// [`StoreError::Refused`] when somebody has settled it meanwhile.
pub fn end_review(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE review SET state = 'settled', settled_by = ?, settled_at = ? WHERE id = ? AND state = 'open'",
        binds![&by.asker.login, &stamp(tx.now), id],
    )?;
    match rows {
        1 => Ok(()),
        _ => Err(StoreError::Refused("Somebody settled this record meanwhile. Open the abstract again.".into())),
    }
}
