//! Source records as they are shown: what arrived, from which file and lines, beside what it became.

use diesel::sql_types::{BigInt, Binary, Text};

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError};
use crate::asker::{Own, Scope};
use crate::binds;

/// A source record with the file it stood in.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct SourceShown {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its import.
    #[diesel(sql_type = BigInt)]
    pub import_id: i64,
    /// Name of the file.
    #[diesel(sql_type = Text)]
    pub file_name: String,
    /// Who sent it.
    #[diesel(sql_type = Text)]
    pub sender: String,
    /// When it was imported.
    #[diesel(sql_type = Text)]
    pub created_at: String,
    /// Ordinal of the patient in the file.
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    /// First line in the file.
    #[diesel(sql_type = BigInt)]
    pub line_from: i64,
    /// Last line in the file.
    #[diesel(sql_type = BigInt)]
    pub line_to: i64,
    /// The file's head, as JSON.
    #[diesel(sql_type = Text)]
    pub root: String,
    #[diesel(sql_type = Binary)]
    received: Vec<u8>,
}

impl SourceShown {
    /// The `<Patient>` element as received.
    pub fn received(&self) -> Result<String, StoreError> {
        let damaged = |why: String| StoreError::Damaged { what: format!("source record {}", self.id), why };
        let bytes = zstd::stream::decode_all(self.received.as_slice()).map_err(|e| damaged(e.to_string()))?;
        String::from_utf8(bytes).map_err(|e| damaged(e.to_string()))
    }
}

/// A source record. The caller has read the abstract or patient that came of it, with its scope.
pub fn source(conn: &mut Conn, id: i64) -> Result<SourceShown, StoreError> {
    conn.row(
        "SELECT s.id, s.import_id, i.file_name, i.sender, i.created_at, s.ordinal, s.line_from, s.line_to, i.root, s.received \
         FROM source_record s JOIN import i ON i.id = s.import_id WHERE s.id = ?",
        binds![id],
    )?
    .ok_or(StoreError::NotFound)
}

/// Which tumors of a source record the asker may see, by ordinal from 1; none when he sees all of them.
pub fn tumors_seen(conn: &mut Conn, by: &By, source: i64) -> Result<Option<Vec<usize>>, StoreError> {
    let scope = ScopeBinds::of(by);
    if matches!(by.asker.scope, Scope::Registry) && by.asker.own == Own::NotOnly {
        return Ok(None);
    }
    let rows = conn.rows::<Ids>(
        "SELECT t.ordinal AS id FROM source_tumor t WHERE t.source_id = ? AND EXISTS (SELECT 1 FROM abstract_live a \
         WHERE a.id = t.abstract_id AND (? = 1 OR a.facility_id IN (?))) ORDER BY t.ordinal",
        &[source.into(), scope.all(), scope.ids()],
    )?;
    Ok(Some(rows.into_iter().filter_map(|row| usize::try_from(row.id).ok()).collect()))
}

#[derive(diesel::QueryableByName)]
struct Ids {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The source records that an abstract came from or was compared with, oldest first.
pub fn sources_of_abstract(conn: &mut Conn, abstract_id: i64) -> Result<Vec<i64>, StoreError> {
    Ok(conn
        .rows::<Ids>(
            "SELECT source_id AS id FROM source_tumor WHERE abstract_id = ? ORDER BY source_id",
            binds![abstract_id],
        )?
        .into_iter()
        .map(|r| r.id)
        .collect())
}
