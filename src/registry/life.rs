//! The life of an item: every value it had, newest first, with who, when, why and from where.

use serde::Serialize;

use crate::registry::store::{Changed, Conn, Kind, StoreError, records, sources};

/// One value an item had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The value; empty for none.
    pub value: String,
    /// From when.
    pub at: String,
    /// Who.
    pub login: String,
    /// Why.
    pub why: String,
    /// `typed source rule contact operation`.
    pub origin: String,
    /// The file and line it came from, when it came from a source record.
    pub source: Option<FromFile>,
    /// Version of the record from which it held.
    pub version: i64,
}

/// Where in which file a value stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FromFile {
    /// Source record.
    pub id: i64,
    /// Import.
    pub import: i64,
    /// Name of the file.
    pub file_name: String,
    /// First line of the patient in it.
    pub line_from: i64,
    /// Last line.
    pub line_to: i64,
}

/// The life of an item of a record whose value now is `now`. The caller has read the record with its scope.
pub fn life(conn: &mut Conn, kind: Kind, record: i64, item: &str, now: &str) -> Result<Vec<Stage>, StoreError> {
    let mut stages = Vec::new();
    let mut value = now.to_string();
    for row in records::changes_of(conn, kind, record)? {
        let changes = row.changes()?;
        let change: Option<&Changed> = changes.iter().find(|c| c.item == item);
        let is_first = row.version == 1;
        if change.is_none() && !is_first {
            continue;
        }
        let source = match (row.source_kind.as_str(), row.source_id) {
            ("source", Some(id)) => {
                let s = sources::source(conn, id)?;
                Some(FromFile {
                    id,
                    import: s.import_id,
                    file_name: s.file_name,
                    line_from: s.line_from,
                    line_to: s.line_to,
                })
            }
            _ => None,
        };
        let stage = Stage {
            value: value.clone(),
            at: row.at.clone(),
            login: row.login.clone(),
            why: row.why.clone(),
            origin: row.source_kind.clone(),
            source,
            version: row.version,
        };
        // A first version without the item is no stage of its life, unless nothing else is.
        if !(is_first && value.is_empty() && !stages.is_empty()) {
            stages.push(stage);
        }
        if let Some(change) = change {
            value.clone_from(&change.old);
        }
    }
    Ok(stages)
}
