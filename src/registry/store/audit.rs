//! The audit chain: one line for every view, search, change, export and sign-in, each holding the hash of the one
//! before. Lines hold ids, route, outcome and counts, never names or values; what was searched for stands in
//! `audit_detail`, whose hash is in the line. The line of a change also holds the hash of its history rows, so that
//! a changed record text is found by `accession check`.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use sha2::{Digest, Sha256};

use super::anchor::Head;
use super::{Conn, Dialect, StoreError, hash32};
use crate::asker::{Asker, FacilityId, UserId};
use crate::binds;
use crate::registry::clock::stamp;

/// Who asks and by which door: what every audit line begins with.
#[derive(Debug, Clone)]
pub struct By {
    /// Who asks.
    pub asker: Asker,
    /// The network address, or `local`.
    pub address: String,
    /// The route (`GET /patients/{p}`) or the command (`accession import`).
    pub route: String,
}

impl By {
    /// A command on the server's own machine, or a job for nobody.
    pub fn system(route: &str) -> By {
        By { asker: Asker::system(), address: "local".into(), route: route.into() }
    }

    /// A line for what this asker does.
    pub fn line(&self, action: &'static str, now: DateTime<Utc>) -> Line {
        Line {
            at: now,
            user: self.asker.user,
            login: self.asker.login.clone(),
            address: self.address.clone(),
            action,
            route: self.route.clone(),
            outcome: "done".into(),
            patient: None,
            tumor: None,
            abstract_: None,
            facility: None,
            break_glass: self.asker.break_glass,
            note: String::new(),
            change: None,
            detail: None,
        }
    }
}

/// A line of the chain before it has its number.
#[derive(Debug, Clone)]
pub struct Line {
    at: DateTime<Utc>,
    user: Option<UserId>,
    login: String,
    address: String,
    action: &'static str,
    route: String,
    outcome: String,
    patient: Option<i64>,
    tumor: Option<i64>,
    abstract_: Option<i64>,
    facility: Option<FacilityId>,
    break_glass: Option<i64>,
    note: String,
    change: Option<(i64, [u8; 32])>,
    detail: Option<String>,
}

impl Line {
    /// The patient looked at or changed.
    pub fn patient(mut self, id: i64) -> Line {
        self.patient = Some(id);
        self
    }

    /// The tumor.
    pub fn tumor(mut self, id: i64) -> Line {
        self.tumor = Some(id);
        self
    }

    /// The abstract.
    pub fn abstract_(mut self, id: i64) -> Line {
        self.abstract_ = Some(id);
        self
    }

    /// The facility.
    pub fn facility(mut self, id: FacilityId) -> Line {
        self.facility = Some(id);
        self
    }

    /// How it ended, when not `done`: `refused`, `stale`, `not-found`.
    pub fn outcome(mut self, outcome: &str) -> Line {
        self.outcome = outcome.into();
        self
    }

    /// Ids, counts and names of items; never a name of a person or a value.
    pub fn note(mut self, note: impl Into<String>) -> Line {
        self.note = note.into();
        self
    }

    /// The terms of a search: kept beside the chain, deletable; only their hash is in the line.
    pub fn detail(mut self, terms: impl Into<String>) -> Line {
        self.detail = Some(terms.into());
        self
    }

    pub(super) fn seal(&mut self, change_no: i64, hash: [u8; 32]) {
        self.change = Some((change_no, hash));
    }
}

/// A line as it stands in the chain.
#[derive(Debug, Clone, PartialEq, Eq, diesel::QueryableByName)]
pub struct Written {
    /// Number in the chain.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who, by row id.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub user_id: Option<i64>,
    /// Who, by login.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// From where.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// What.
    #[diesel(sql_type = Text)]
    pub action: String,
    /// By which door.
    #[diesel(sql_type = Text)]
    pub route: String,
    /// How it ended.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// Patient.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub patient_id: Option<i64>,
    /// Tumor.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub tumor_id: Option<i64>,
    /// Abstract.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub abstract_id: Option<i64>,
    /// Facility.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// Break-glass grant under which it was done.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub break_glass: Option<i64>,
    /// Ids, counts, names of items.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// Number that the history rows of this change carry.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub change_no: Option<i64>,
    /// Hash over those rows.
    #[diesel(sql_type = Nullable<Binary>)]
    pub changes_hash: Option<Vec<u8>>,
    /// Hash of the detail.
    #[diesel(sql_type = Nullable<Binary>)]
    pub detail_hash: Option<Vec<u8>>,
    /// Hash of this line and the one before.
    #[diesel(sql_type = Binary)]
    pub hash: Vec<u8>,
}

impl Written {
    /// The hash this line must have after `previous`.
    pub fn hash_after(&self, previous: &[u8]) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(previous);
        let mut part = |bytes: &[u8]| {
            hasher.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            hasher.update(bytes);
        };
        part(&self.seq.to_be_bytes());
        for text in [&self.at, &self.login, &self.address, &self.action, &self.route, &self.outcome, &self.note] {
            part(text.as_bytes());
        }
        for id in [
            self.user_id,
            self.patient_id,
            self.tumor_id,
            self.abstract_id,
            self.facility_id,
            self.break_glass,
            self.change_no,
        ] {
            part(&id.map(i64::to_be_bytes).map(|b| b.to_vec()).unwrap_or_default());
        }
        part(self.changes_hash.as_deref().unwrap_or_default());
        part(self.detail_hash.as_deref().unwrap_or_default());
        hasher.finalize().into()
    }
}

#[derive(diesel::QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// Reads the head, holding it until the transaction ends.
fn lock_head(conn: &mut Conn) -> Result<Head, StoreError> {
    let text = match conn.dialect() {
        Dialect::Sqlite => "SELECT seq, hash FROM audit_head WHERE id = 1",
        Dialect::Postgres => "SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE",
    };
    let row = conn
        .row::<HeadRow>(text, &[])?
        .ok_or_else(|| StoreError::Damaged { what: "the audit chain".into(), why: "its head row is missing".into() })?;
    Ok(Head { seq: row.seq, hash: hash32(&row.hash) })
}

/// Appends lines; the last statement of a transaction. Answers the new head, or none without lines.
pub(super) fn append(conn: &mut Conn, lines: &[Line]) -> Result<Option<Head>, StoreError> {
    if lines.is_empty() {
        return Ok(None);
    }
    let mut head = lock_head(conn)?;
    for line in lines {
        let detail_hash = line.detail.as_ref().map(|d| <[u8; 32]>::from(Sha256::digest(d.as_bytes())));
        let mut row = Written {
            seq: head.seq + 1,
            at: stamp(line.at),
            user_id: line.user.map(|u| u.0),
            login: one_line(&line.login),
            address: one_line(&line.address),
            action: line.action.into(),
            route: one_line(&line.route),
            outcome: one_line(&line.outcome),
            patient_id: line.patient,
            tumor_id: line.tumor,
            abstract_id: line.abstract_,
            facility_id: line.facility.map(|f| f.0),
            break_glass: line.break_glass,
            note: one_line(&line.note),
            change_no: line.change.map(|c| c.0),
            changes_hash: line.change.map(|c| c.1.to_vec()),
            detail_hash: detail_hash.map(|h| h.to_vec()),
            hash: vec![],
        };
        let hash = row.hash_after(&head.hash);
        row.hash = hash.to_vec();
        conn.run(
            "INSERT INTO audit (seq, at, user_id, login, address, action, route, outcome, patient_id, tumor_id, \
             abstract_id, facility_id, break_glass, note, change_no, changes_hash, detail_hash, hash) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            binds![
                row.seq,
                &row.at,
                row.user_id,
                &row.login,
                &row.address,
                &row.action,
                &row.route,
                &row.outcome,
                row.patient_id,
                row.tumor_id,
                row.abstract_id,
                row.facility_id,
                row.break_glass,
                &row.note,
                row.change_no,
                row.changes_hash.as_deref(),
                row.detail_hash.as_deref(),
                &row.hash,
            ],
        )?;
        if let Some(detail) = &line.detail {
            conn.run("INSERT INTO audit_detail (seq, text) VALUES (?, ?)", binds![row.seq, detail])?;
        }
        head = Head { seq: row.seq, hash };
    }
    conn.run("UPDATE audit_head SET seq = ?, hash = ? WHERE id = 1", binds![head.seq, &head.hash])?;
    Ok(Some(head))
}

/// Line ends and other control characters never reach a line: nobody can forge a second one.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(2_000).collect()
}
