//! Looking whether a registry is sound: chain, history, texts, promoted columns, keys, files.
//!
//! Everything is read in steps, so that memory stays the same whatever the size; only the hashes of changes (40 bytes
//! each) are held together.

use std::collections::HashMap;

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::anchor::{Anchor, Head};
use super::audit::Written;
use super::files::FileReader;
use super::history::row_digest;
use super::{Dialect, Reading, Store, StoreError, hash32, hex};
use crate::binds;
use crate::registry::promoted::{OfAbstract, OfPatient, OfTumor};
use crate::registry::record::{Record, text_hash};

/// Something that is not as the program wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `chain missing_line tail items promoted foreign_key file`.
    pub kind: &'static str,
    /// Which record or line.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// How many findings are listed; beyond it the registry is damaged enough.
const MOST_FINDINGS: usize = 1_000;
const STEP: i64 = 1_000;

struct Check {
    conn: Reading,
    findings: Vec<Finding>,
}

/// Looks at everything. An empty list: the registry is sound.
pub fn check(store: &Store) -> Result<Vec<Finding>, StoreError> {
    let mut conn = store.reading()?;
    let begin = match conn.dialect() {
        Dialect::Sqlite => "BEGIN",
        Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    conn.batch(begin)?;
    let mut check = Check { conn, findings: vec![] };
    let sealed = check.chain(store)?;
    let newest = check.history(&sealed)?;
    check.patients(&newest)?;
    check.tumors(&newest)?;
    check.abstracts(&newest)?;
    check.keys()?;
    check.conn.batch("ROLLBACK")?;
    check.files(store)?;
    Ok(check.findings)
}

#[derive(diesel::QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct DetailRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Nullable<Binary>)]
    detail_hash: Option<Vec<u8>>,
}

#[derive(diesel::QueryableByName)]
struct HistoryRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    change_no: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    record_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Binary)]
    record_hash: Vec<u8>,
}

#[derive(diesel::QueryableByName)]
struct PatientRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    last_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    first_name: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    birth_high: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    sex: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    vital_status: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_high: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    residence_state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    zip: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    country: Option<String>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(diesel::QueryableByName)]
struct TumorRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    site: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    histology: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    behavior: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    laterality: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    dx_low: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    dx_high: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    sequence_central: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    schema: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dx_state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    dx_county: Option<String>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Nullable<Text>)]
    items: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    only: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct AbstractRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    accession: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sequence: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    class: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_contact: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    tracing: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    completed: Option<i64>,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = Text)]
    items: String,
    #[diesel(sql_type = Nullable<Text>)]
    reported_patient: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct FileRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    sha256: String,
}

#[derive(diesel::QueryableByName)]
struct Orphan {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

type Newest = HashMap<(u8, i64), (i64, [u8; 32])>;

fn kind_number(kind: &str) -> u8 {
    match kind {
        "patient" => 0,
        "tumor" => 1,
        _ => 2,
    }
}

impl Check {
    fn find(&mut self, kind: &'static str, place: String, message: impl Into<String>) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { kind, place, message: message.into() });
        }
    }

    /// Walks the audit chain; answers the hash that each change's history rows must have.
    fn chain(&mut self, store: &Store) -> Result<HashMap<i64, [u8; 32]>, StoreError> {
        let (mut sealed, mut last) = (HashMap::new(), Head { seq: 0, hash: [0; 32] });
        let mut at_anchor = None;
        let anchor = store.url().sqlite_path().and_then(|path| Anchor::read(&Anchor::beside(path)));
        loop {
            let lines = self.conn.rows::<Written>(
                "SELECT seq, at, user_id, login, address, action, route, outcome, patient_id, tumor_id, abstract_id, facility_id, \
                 break_glass, note, change_no, changes_hash, detail_hash, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
                binds![last.seq, STEP],
            )?;
            if lines.is_empty() {
                break;
            }
            for line in lines {
                let place = format!("audit line {}", line.seq);
                if line.seq != last.seq + 1 {
                    let message = format!(
                        "{} lines before it are missing. Restore the audit from a backup.",
                        line.seq - last.seq - 1
                    );
                    self.find("missing_line", place, message);
                } else if line.hash_after(&last.hash).as_slice() != line.hash.as_slice() {
                    self.find("chain", place, "The line is not as it was written. Compare it with a backup.");
                }
                if let (Some(number), Some(hash)) = (line.change_no, &line.changes_hash) {
                    sealed.insert(number, hash32(hash));
                }
                last = Head { seq: line.seq, hash: hash32(&line.hash) };
                if anchor.as_ref().is_some_and(|a| a.seq == last.seq) {
                    at_anchor = Some(last.hash);
                }
                // After a break each line is compared with the one before it as that one stands.
            }
        }
        self.tail(&last, anchor, at_anchor)?;
        self.details()?;
        Ok(sealed)
    }

    fn tail(&mut self, last: &Head, anchor: Option<Head>, at_anchor: Option<[u8; 32]>) -> Result<(), StoreError> {
        let head = self.conn.row::<HeadRow>("SELECT seq, hash FROM audit_head WHERE id = 1", &[])?;
        match head {
            Some(head) if head.seq == last.seq && hash32(&head.hash) == last.hash => {}
            Some(head) => {
                let message = format!(
                    "The chain ends at line {}, but {} were written. The last lines were cut off.",
                    last.seq, head.seq
                );
                self.find("tail", format!("audit line {}", last.seq), message);
                return Ok(());
            }
            None => self.find("tail", "audit head".into(), "The head of the chain is missing."),
        }
        match anchor {
            Some(anchor) if anchor.seq > last.seq => {
                let message = format!(
                    "The file beside the database knows {} lines, the chain has {}. The last lines were cut off.",
                    anchor.seq, last.seq
                );
                self.find("tail", format!("audit line {}", last.seq), message);
            }
            Some(anchor) if anchor.seq > 0 && at_anchor != Some(anchor.hash) => {
                self.find(
                    "tail",
                    format!("audit line {}", anchor.seq),
                    "The line differs from what the file beside the database remembers.",
                );
            }
            _ => {}
        }
        Ok(())
    }

    fn details(&mut self) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = self.conn.rows::<DetailRow>(
                "SELECT d.seq, d.text, a.detail_hash FROM audit_detail d JOIN audit a ON a.seq = d.seq WHERE d.seq > ? ORDER BY d.seq LIMIT ?",
                binds![after, STEP],
            )?;
            let Some(last) = rows.last().map(|r| r.seq) else { return Ok(()) };
            after = last;
            for row in rows {
                if row.detail_hash.as_deref() != Some(Sha256::digest(row.text.as_bytes()).as_slice()) {
                    self.find(
                        "chain",
                        format!("audit line {}", row.seq),
                        "The terms kept with the line are not those it was written with.",
                    );
                }
            }
        }
    }

    /// Compares each change's history rows with the hash in the chain; answers each record's newest version and hash.
    fn history(&mut self, sealed: &HashMap<i64, [u8; 32]>) -> Result<Newest, StoreError> {
        let (mut running, mut newest): (HashMap<i64, Sha256>, Newest) = (HashMap::new(), HashMap::new());
        let mut after = 0;
        loop {
            let rows = self.conn.rows::<HistoryRow>(
                "SELECT id, change_no, kind, record_id, version, record_hash FROM history WHERE id > ? \
                 UNION ALL SELECT id, change_no, kind, record_id, version, record_hash FROM purged_history WHERE id > ? ORDER BY id LIMIT ?",
                binds![after, after, STEP],
            )?;
            let Some(last) = rows.last().map(|r| r.id) else { break };
            after = last;
            for row in rows {
                running.entry(row.change_no).or_default().update(row_digest(
                    &row.kind,
                    row.record_id,
                    row.version,
                    &row.record_hash,
                ));
                let entry = newest.entry((kind_number(&row.kind), row.record_id)).or_insert((0, [0; 32]));
                if row.version >= entry.0 {
                    *entry = (row.version, hash32(&row.record_hash));
                }
            }
        }
        for (number, hasher) in running {
            match sealed.get(&number) {
                Some(hash) if *hash == <[u8; 32]>::from(hasher.finalize()) => {}
                Some(_) => self.find(
                    "chain",
                    format!("change {number}"),
                    "Its history rows are not those that the chain sealed.",
                ),
                None => self.find("missing_line", format!("change {number}"), "Its history rows have no audit line."),
            }
        }
        Ok(newest)
    }

    /// Compares a record's text with its own hash and with the newest history row.
    fn text(&mut self, kind: &str, id: i64, stored: &[u8], computed: [u8; 32], newest: &Newest, followed: bool) {
        if stored != computed.as_slice() {
            self.find(
                "items",
                format!("{kind} {id}"),
                "Its items are not those that were written. Restore the record from a backup.",
            );
        } else if followed && newest.get(&(kind_number(kind), id)).is_none_or(|(_, hash)| *hash != computed) {
            self.find("items", format!("{kind} {id}"), "Its items and hash were changed together, past the history.");
        }
    }

    fn parsed(&mut self, kind: &str, id: i64, text: &str) -> Option<Record> {
        match Record::parse(text, kind) {
            Ok(record) => Some(record),
            Err(_) => {
                self.find("items", format!("{kind} {id}"), "Its items are no JSON text.");
                None
            }
        }
    }

    fn patients(&mut self, newest: &Newest) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = self.conn.rows::<PatientRow>(
                "SELECT id, last_name, first_name, birth_low, birth_high, sex, vital_status, contact_low, contact_high, residence_state, \
                 zip, country, hash, items FROM patient WHERE id > ? ORDER BY id LIMIT ?",
                binds![after, STEP],
            )?;
            let Some(last) = rows.last().map(|r| r.id) else { return Ok(()) };
            after = last;
            for row in rows {
                self.text("patient", row.id, &row.hash, text_hash(&row.items, None), newest, true);
                let Some(items) = self.parsed("patient", row.id, &row.items) else { continue };
                let stored = OfPatient {
                    last_name: row.last_name,
                    first_name: row.first_name,
                    birth: (row.birth_low, row.birth_high),
                    sex: row.sex,
                    vital_status: row.vital_status,
                    contact: (row.contact_low, row.contact_high),
                    state: row.residence_state,
                    zip: row.zip,
                    country: row.country,
                };
                if stored != OfPatient::from(&items) {
                    self.find("promoted", format!("patient {}", row.id), PROMOTED);
                }
            }
        }
    }

    fn tumors(&mut self, newest: &Newest) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = self.conn.rows::<TumorRow>(
                "SELECT t.id, t.site, t.histology, t.behavior, t.laterality, t.dx_low, t.dx_high, t.sequence_central, t.schema, t.dx_state, \
                 t.dx_county, t.hash, t.items, (SELECT a.items FROM abstract a WHERE a.tumor_id = t.id AND a.state = 'live' ORDER BY a.id LIMIT 1) \
                 AS only FROM tumor t WHERE t.id > ? ORDER BY t.id LIMIT ?",
                binds![after, STEP],
            )?;
            let Some(last) = rows.last().map(|r| r.id) else { return Ok(()) };
            after = last;
            for row in rows {
                let own = row.items.as_deref().unwrap_or_default();
                self.text("tumor", row.id, &row.hash, text_hash(own, None), newest, row.items.is_some());
                let Some(text) = row.items.or(row.only) else { continue };
                let Some(items) = self.parsed("tumor", row.id, &text) else { continue };
                let stored = OfTumor {
                    site: row.site,
                    histology: row.histology,
                    behavior: row.behavior,
                    laterality: row.laterality,
                    dx: (row.dx_low, row.dx_high),
                    sequence_central: row.sequence_central,
                    schema: row.schema,
                    dx_state: row.dx_state,
                    dx_county: row.dx_county,
                };
                if stored != OfTumor::from(&items) {
                    self.find("promoted", format!("tumor {}", row.id), PROMOTED);
                }
            }
        }
    }

    fn abstracts(&mut self, newest: &Newest) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let rows = self.conn.rows::<AbstractRow>(
                "SELECT id, accession, sequence, class, first_contact, tracing, completed, hash, items, reported_patient FROM abstract \
                 WHERE id > ? ORDER BY id LIMIT ?",
                binds![after, STEP],
            )?;
            let Some(last) = rows.last().map(|r| r.id) else { return Ok(()) };
            after = last;
            for row in rows {
                let hash = text_hash(&row.items, row.reported_patient.as_deref());
                self.text("abstract", row.id, &row.hash, hash, newest, true);
                let Some(items) = self.parsed("abstract", row.id, &row.items) else { continue };
                let derived = OfAbstract::from(&items, 180);
                let agrees = derived.accession == row.accession
                    && derived.sequence == row.sequence
                    && derived.class == row.class
                    && derived.first_contact == row.first_contact
                    && derived.tracing == row.tracing
                    && derived.completed == row.completed;
                if !agrees {
                    self.find("promoted", format!("abstract {}", row.id), PROMOTED);
                }
            }
        }
    }

    fn keys(&mut self) -> Result<(), StoreError> {
        const KEYS: [(&str, &str); 4] = [
            (
                "tumor",
                "SELECT t.id FROM tumor t WHERE NOT EXISTS (SELECT 1 FROM patient p WHERE p.id = t.patient_id) ORDER BY t.id LIMIT 100",
            ),
            (
                "abstract",
                "SELECT a.id FROM abstract a WHERE NOT EXISTS (SELECT 1 FROM tumor t WHERE t.id = a.tumor_id AND t.patient_id = a.patient_id) \
                 ORDER BY a.id LIMIT 100",
            ),
            (
                "patient name",
                "SELECT n.id FROM patient_name n WHERE NOT EXISTS (SELECT 1 FROM patient p WHERE p.id = n.patient_id) ORDER BY n.id LIMIT 100",
            ),
            (
                "source record",
                "SELECT s.id FROM source_record s WHERE NOT EXISTS (SELECT 1 FROM import i WHERE i.id = s.import_id) ORDER BY s.id LIMIT 100",
            ),
        ];
        for (what, text) in KEYS {
            for orphan in self.conn.rows::<Orphan>(text, &[])? {
                self.find("foreign_key", format!("{what} {}", orphan.id), "The record it belongs to is missing.");
            }
        }
        Ok(())
    }

    fn files(&mut self, store: &Store) -> Result<(), StoreError> {
        let files = self.conn.rows::<FileRow>("SELECT id, sha256 FROM file WHERE complete = 1 ORDER BY id", &[])?;
        for file in files {
            let mut reader = FileReader::open(store, file.id);
            let mut hasher = Sha256::new();
            let damaged = loop {
                match reader.next_piece() {
                    Ok(Some(piece)) => hasher.update(&piece),
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            };
            if damaged || hex(&hasher.finalize()) != file.sha256 {
                self.find(
                    "file",
                    format!("file {}", file.id),
                    "Its content is not what was stored. Restore it from a backup.",
                );
            }
        }
        Ok(())
    }
}

const PROMOTED: &str = "A column for lists and searches does not agree with the items. Run accession reindex.";
