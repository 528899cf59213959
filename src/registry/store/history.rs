//! History: one row a change, with who, why, from what source, and the changed items with old and new value.
//!
//! The first version of an imported record is its source record, not two hundred rows. Each row stores the SHA-256
//! of the record after the change; the audit line of the change holds a hash over its rows.

use std::cell::RefCell;
use std::io::Read;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zstd::bulk::Compressor;

use super::audit::{By, Line};
use super::writer::Tx;
use super::{Conn, StoreError};
use crate::binds;
use crate::registry::clock::stamp;

/// Which table a record is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person.
    Patient,
    /// One primary.
    Tumor,
    /// One facility's report of it.
    Abstract,
}

impl Kind {
    /// As the database says it.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Patient => "patient",
            Kind::Tumor => "tumor",
            Kind::Abstract => "abstract",
        }
    }
}

/// What a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Typed by a person.
    Typed,
    /// In a source record.
    Source,
    /// Written by a rule.
    Rule,
    /// A posted contact.
    Contact,
    /// A merge, split, move, deletion or its undoing.
    Operation,
}

impl Origin {
    /// As the database says it.
    pub fn word(self) -> &'static str {
        match self {
            Origin::Typed => "typed",
            Origin::Source => "source",
            Origin::Rule => "rule",
            Origin::Contact => "contact",
            Origin::Operation => "operation",
        }
    }
}

/// One item of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Item id.
    pub item: String,
    /// Value before; empty for none.
    pub old: String,
    /// Value after; empty for none.
    pub new: String,
}

/// The running account of a piece of work: a number that its history rows share and a hash over them.
pub(super) struct ChangeLog {
    number: i64,
    hasher: Sha256,
    rows: usize,
}

impl ChangeLog {
    pub(super) fn new() -> Result<ChangeLog, StoreError> {
        Ok(ChangeLog { number: super::random_number()?, hasher: Sha256::new(), rows: 0 })
    }

    /// Puts number and hash on the last line. A change without a line is a fault of the program and is refused.
    pub(super) fn seal(self, lines: &mut [Line]) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        let line = lines.last_mut().ok_or_else(|| StoreError::Damaged {
            what: "a change".into(),
            why: "it was made without an audit line and was undone".into(),
        })?;
        line.seal(self.number, self.hasher.finalize().into());
        Ok(())
    }
}

/// What one history row adds to the hash of its change.
pub fn row_digest(kind: &str, record: i64, version: i64, record_hash: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(kind.as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&record.to_be_bytes());
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(record_hash);
    bytes
}

/// One change before it is written.
pub(crate) struct Entry<'a> {
    pub kind: Kind,
    pub record: i64,
    pub version: i64,
    pub why: &'a str,
    pub origin: Origin,
    pub source: Option<i64>,
    pub record_hash: &'a [u8; 32],
    pub changes: &'a [Changed],
}

impl Tx<'_> {
    /// Writes a history row; only the change functions call it.
    pub(crate) fn remember(&mut self, by: &By, entry: &Entry<'_>) -> Result<(), StoreError> {
        let at = stamp(self.now);
        let packed = match entry.changes {
            [] => None,
            changes => Some(pack(changes)?),
        };
        let (conn, log) = self.log();
        log.hasher.update(row_digest(entry.kind.word(), entry.record, entry.version, entry.record_hash));
        log.rows += 1;
        let number = log.number;
        conn.run(
            "INSERT INTO history (change_no, kind, record_id, version, at, user_id, login, why, source_kind, source_id, \
             record_hash, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            binds![
                number,
                entry.kind.word(),
                entry.record,
                entry.version,
                &at,
                by.asker.user.map(|u| u.0),
                &by.asker.login,
                entry.why,
                entry.origin.word(),
                entry.source,
                entry.record_hash,
                packed.as_deref(),
            ],
        )?;
        Ok(())
    }
}

/// A history row as read.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Remembered {
    /// Version of the record after the change.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// Why, in the person's words or the rule's name.
    #[diesel(sql_type = Text)]
    pub why: String,
    /// Origin word: `typed source rule contact operation`.
    #[diesel(sql_type = Text)]
    pub source_kind: String,
    /// Source record, contact or operation.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub source_id: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    changes: Option<Vec<u8>>,
}

impl Remembered {
    /// The changed items; none for a first version, which is its source record.
    pub fn changes(&self) -> Result<Vec<Changed>, StoreError> {
        self.changes.as_deref().map(unpack).transpose().map(Option::unwrap_or_default)
    }
}

/// All changes of a record, newest first.
pub(crate) fn of_record(conn: &mut Conn, kind: Kind, record: i64) -> Result<Vec<Remembered>, StoreError> {
    Ok(conn.rows(
        "SELECT version, at, login, why, source_kind, source_id, changes FROM history \
         WHERE kind = ? AND record_id = ? ORDER BY version DESC, id DESC",
        binds![kind.word(), record],
    )?)
}

fn pack(changes: &[Changed]) -> Result<Vec<u8>, StoreError> {
    let damaged = |why: String| StoreError::Damaged { what: "a history row".into(), why };
    let text = serde_json::to_vec(changes).map_err(|e| damaged(e.to_string()))?;
    // Making a compressor costs more than packing what a change usually holds.
    thread_local!(static PACKING: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) });
    PACKING.with_borrow_mut(|packing| {
        let packing = match packing {
            Some(packing) => packing,
            None => packing.insert(Compressor::new(3).map_err(|e| damaged(e.to_string()))?),
        };
        packing.compress(&text).map_err(|e| damaged(e.to_string()))
    })
}

fn unpack(packed: &[u8]) -> Result<Vec<Changed>, StoreError> {
    let damaged = |why: String| StoreError::Damaged { what: "a history row".into(), why };
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(packed)
        .and_then(|d| d.take(64 << 20).read_to_end(&mut text))
        .map_err(|e| damaged(e.to_string()))?;
    serde_json::from_slice(&text).map_err(|e| damaged(e.to_string()))
}
