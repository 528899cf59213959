//! Batches, their lines, and the ledger: where every case stands with every recipient.
//!
//! The ledger holds what was sent as two hashes and the versions of the rows they were taken from. A case whose versions are
//! those is unchanged without being read; so what is waiting is one grouped query, whatever the size of the registry.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx, Value, hash32};
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::record::Record;

/// What a line stands for: an abstract, or a consolidated tumor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// Abstracts.
    Abstracts,
    /// Tumors.
    Tumors,
}

/// Cases alike in all that selection and the ledger look at, and how many there are.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Alike {
    /// Class of case.
    #[diesel(sql_type = Text)]
    pub class: String,
    /// Status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Behavior.
    #[diesel(sql_type = Text)]
    pub behavior: String,
    /// First possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    /// State at diagnosis.
    #[diesel(sql_type = Text)]
    pub dx_state: String,
    /// State in the ledger; empty when never sent.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// What a look found: empty, `changed`, `follow-up-only`; `look` when the versions differ from those seen.
    #[diesel(sql_type = Text)]
    pub waiting: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

const ALIKE_ABSTRACTS: &str = "SELECT coalesce(a.class, '') AS class, a.status, coalesce(t.behavior, '') AS behavior, t.dx_low, \
     coalesce(t.dx_state, '') AS dx_state, coalesce(l.state, '') AS state, \
     CASE WHEN l.state IS NULL THEN '' WHEN l.seen_version = a.version AND l.seen_patient = p.version THEN l.waiting ELSE 'look' END AS waiting, \
     count(*) AS n FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id JOIN patient p ON p.id = a.patient_id \
     LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = a.tumor_id AND l.abstract_id = a.id \
     WHERE (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7";

const ALIKE_TUMORS: &str = "SELECT '' AS class, '' AS status, coalesce(t.behavior, '') AS behavior, t.dx_low, \
     coalesce(t.dx_state, '') AS dx_state, coalesce(l.state, '') AS state, \
     CASE WHEN l.state IS NULL THEN '' WHEN l.seen_version = t.version AND l.seen_patient = p.version THEN l.waiting ELSE 'look' END AS waiting, \
     count(*) AS n FROM tumor_live t JOIN patient p ON p.id = t.patient_id \
     LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = t.id AND l.abstract_id = 0 \
     WHERE EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) \
     GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7";

/// Every case of the scope, counted by what selection and the ledger look at. `facility` narrows it to one.
pub fn alike(
    conn: &mut Conn,
    by: &By,
    recipient: &str,
    lines: Lines,
    facility: Option<i64>,
) -> Result<Vec<Alike>, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = match lines {
        Lines::Abstracts => ALIKE_ABSTRACTS,
        Lines::Tumors => ALIKE_TUMORS,
    };
    let one = facility.unwrap_or(0);
    Ok(conn.rows(text, &[recipient.into(), scope.all(), scope.ids(), one.into(), one.into()])?)
}

/// A case as selection sees it.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Candidate {
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Abstract; 0 for a consolidated tumor.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Facility that reports it; of a tumor, one of them.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Class of case.
    #[diesel(sql_type = Text)]
    pub class: String,
    /// Status.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Behavior.
    #[diesel(sql_type = Text)]
    pub behavior: String,
    /// First possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    /// State at diagnosis.
    #[diesel(sql_type = Text)]
    pub dx_state: String,
    /// Version of the abstract or tumor.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// Version of the patient.
    #[diesel(sql_type = BigInt)]
    pub patient_version: i64,
    /// State in the ledger.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// What the last look found, or `look`.
    #[diesel(sql_type = Text)]
    pub waiting: String,
    /// Hash last sent.
    #[diesel(sql_type = Nullable<Binary>)]
    pub content_hash: Option<Vec<u8>>,
    /// Hash last sent, without follow-up.
    #[diesel(sql_type = Nullable<Binary>)]
    pub core_hash: Option<Vec<u8>>,
    /// Why it was rejected.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// First day of first contact.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub first_contact: Option<i64>,
}

/// Cases of the scope by patient, after a patient: those of the next patients, `limit` patients at most. Answers the last
/// patient looked at; none at the end.
pub fn candidates(
    conn: &mut Conn,
    by: &By,
    recipient: &str,
    lines: Lines,
    facility: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Option<(i64, Vec<Candidate>)>, StoreError> {
    let last = conn.number(
        "SELECT max(id) AS n FROM (SELECT id FROM patient WHERE id > ? ORDER BY id LIMIT ?) q",
        binds![after, limit],
    )?;
    let Some(last) = last else { return Ok(None) };
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    let text = match lines {
        Lines::Abstracts => {
            "SELECT a.patient_id, a.tumor_id, a.id AS abstract_id, a.facility_id, coalesce(a.class, '') AS class, a.status, \
             coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, a.version, p.version AS patient_version, \
             coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' WHEN l.seen_version = a.version AND l.seen_patient = p.version \
             THEN l.waiting ELSE 'look' END AS waiting, l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, a.first_contact \
             FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id JOIN patient p ON p.id = a.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = a.tumor_id AND l.abstract_id = a.id \
             WHERE (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) AND a.patient_id > ? AND a.patient_id <= ? ORDER BY a.patient_id, a.tumor_id, a.id"
        }
        Lines::Tumors => {
            "SELECT t.patient_id, t.id AS tumor_id, CAST(0 AS BIGINT) AS abstract_id, (SELECT min(f.facility_id) FROM abstract_live f WHERE f.tumor_id = t.id) AS facility_id, \
             '' AS class, '' AS status, coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, t.version, \
             p.version AS patient_version, coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' \
             WHEN l.seen_version = t.version AND l.seen_patient = p.version THEN l.waiting ELSE 'look' END AS waiting, \
             l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, \
             (SELECT min(f.first_contact) FROM abstract_live f WHERE f.tumor_id = t.id) AS first_contact \
             FROM tumor_live t JOIN patient p ON p.id = t.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = t.id AND l.abstract_id = 0 \
             WHERE EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) AND t.patient_id > ? AND t.patient_id <= ? ORDER BY t.patient_id, t.id"
        }
    };
    let binds = [recipient.into(), scope.all(), scope.ids(), one.into(), one.into(), after.into(), last.into()];
    Ok(Some((last, conn.rows(text, &binds)?)))
}

/// The cases whose versions differ from those seen when they were sent, at most `limit`.
pub fn to_look_at(
    conn: &mut Conn,
    by: &By,
    recipient: &str,
    lines: Lines,
    facility: Option<i64>,
    limit: i64,
) -> Result<Vec<Candidate>, StoreError> {
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    let text = match lines {
        Lines::Abstracts => {
            "SELECT a.patient_id, a.tumor_id, a.id AS abstract_id, a.facility_id, coalesce(a.class, '') AS class, a.status, \
             coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, a.version, p.version AS patient_version, \
             coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' WHEN l.seen_version = a.version AND l.seen_patient = p.version \
             THEN l.waiting ELSE 'look' END AS waiting, l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, a.first_contact \
             FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id JOIN patient p ON p.id = a.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = a.tumor_id AND l.abstract_id = a.id \
             WHERE (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) AND l.state IS NOT NULL AND (l.seen_version <> a.version OR l.seen_patient <> p.version) ORDER BY a.patient_id, a.id LIMIT ?"
        }
        Lines::Tumors => {
            "SELECT t.patient_id, t.id AS tumor_id, CAST(0 AS BIGINT) AS abstract_id, (SELECT min(f.facility_id) FROM abstract_live f WHERE f.tumor_id = t.id) AS facility_id, \
             '' AS class, '' AS status, coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, t.version, \
             p.version AS patient_version, coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' \
             WHEN l.seen_version = t.version AND l.seen_patient = p.version THEN l.waiting ELSE 'look' END AS waiting, \
             l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, \
             (SELECT min(f.first_contact) FROM abstract_live f WHERE f.tumor_id = t.id) AS first_contact \
             FROM tumor_live t JOIN patient p ON p.id = t.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = t.id AND l.abstract_id = 0 \
             WHERE EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) AND l.state IS NOT NULL AND (l.seen_version <> t.version OR l.seen_patient <> p.version) ORDER BY t.patient_id, t.id LIMIT ?"
        }
    };
    let binds = [recipient.into(), scope.all(), scope.ids(), one.into(), one.into(), limit.into()];
    Ok(conn.rows(text, &binds)?)
}

/// The candidate of one case.
pub fn candidate(
    conn: &mut Conn,
    by: &By,
    recipient: &str,
    lines: Lines,
    id: i64,
) -> Result<Option<Candidate>, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = match lines {
        Lines::Abstracts => {
            "SELECT a.patient_id, a.tumor_id, a.id AS abstract_id, a.facility_id, coalesce(a.class, '') AS class, a.status, \
             coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, a.version, p.version AS patient_version, \
             coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' WHEN l.seen_version = a.version AND l.seen_patient = p.version \
             THEN l.waiting ELSE 'look' END AS waiting, l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, a.first_contact \
             FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id JOIN patient p ON p.id = a.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = a.tumor_id AND l.abstract_id = a.id \
             WHERE (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) AND a.id = ?"
        }
        Lines::Tumors => {
            "SELECT t.patient_id, t.id AS tumor_id, CAST(0 AS BIGINT) AS abstract_id, (SELECT min(f.facility_id) FROM abstract_live f WHERE f.tumor_id = t.id) AS facility_id, \
             '' AS class, '' AS status, coalesce(t.behavior, '') AS behavior, t.dx_low, coalesce(t.dx_state, '') AS dx_state, t.version, \
             p.version AS patient_version, coalesce(l.state, '') AS state, CASE WHEN l.state IS NULL THEN '' \
             WHEN l.seen_version = t.version AND l.seen_patient = p.version THEN l.waiting ELSE 'look' END AS waiting, \
             l.content_hash, l.core_hash, coalesce(l.reason, '') AS reason, \
             (SELECT min(f.first_contact) FROM abstract_live f WHERE f.tumor_id = t.id) AS first_contact \
             FROM tumor_live t JOIN patient p ON p.id = t.patient_id \
             LEFT JOIN submission_ledger l ON l.recipient = ? AND l.tumor_id = t.id AND l.abstract_id = 0 \
             WHERE EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) AND t.id = ?"
        }
    };
    Ok(conn.row(text, &[recipient.into(), scope.all(), scope.ids(), 0i64.into(), 0i64.into(), id.into()])?)
}

/// The highest number of a patient, for a progress bar.
pub fn last_patient(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM patient", &[])?.unwrap_or(0))
}

/// A case with its items.
#[derive(Debug, Clone)]
pub struct Full {
    /// Patient.
    pub patient: i64,
    /// Tumor.
    pub tumor: i64,
    /// Abstract; 0 for a consolidated tumor.
    pub abstract_: i64,
    /// Facility.
    pub facility: i64,
    /// Version of the abstract or tumor.
    pub version: i64,
    /// Tumor-level items.
    pub items: Record,
}

/// A patient with the cases that a batch may hold.
#[derive(Debug, Clone)]
pub struct FullPatient {
    /// Patient.
    pub id: i64,
    /// Version.
    pub version: i64,
    /// Patient-level items.
    pub items: Record,
    /// Its cases by tumor and abstract.
    pub cases: Vec<Full>,
}

#[derive(diesel::QueryableByName)]
struct PatientItems {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

#[derive(diesel::QueryableByName)]
struct CaseItems {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    abstract_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
    #[diesel(sql_type = Text)]
    items: String,
}

fn ids(list: &[i64]) -> String {
    let texts: Vec<String> = list.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

/// Patients by id with all their cases of the scope and facility.
pub fn full(
    conn: &mut Conn,
    by: &By,
    lines: Lines,
    facility: Option<i64>,
    patients: &[i64],
) -> Result<Vec<FullPatient>, StoreError> {
    let list = ids(patients);
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    let found = conn.rows::<PatientItems>(
        "SELECT id, version, items FROM patient_live WHERE id IN (?) ORDER BY id",
        &[Value::Ids(&list)],
    )?;
    let text = match lines {
        Lines::Abstracts => {
            "SELECT a.patient_id, a.tumor_id, a.id AS abstract_id, a.facility_id, a.version, a.items FROM abstract_live a \
             WHERE a.patient_id IN (?) AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) ORDER BY a.patient_id, a.tumor_id, a.id"
        }
        Lines::Tumors => {
            "SELECT t.patient_id, t.id AS tumor_id, CAST(0 AS BIGINT) AS abstract_id, \
             (SELECT min(f.facility_id) FROM abstract_live f WHERE f.tumor_id = t.id) AS facility_id, t.version, \
             coalesce(t.items, (SELECT o.items FROM abstract_live o WHERE o.tumor_id = t.id ORDER BY o.id LIMIT 1), '{}') AS items \
             FROM tumor_live t WHERE t.patient_id IN (?) AND EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = t.id \
             AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?)) ORDER BY t.patient_id, t.id"
        }
    };
    let rows = conn.rows::<CaseItems>(text, &[Value::Ids(&list), scope.all(), scope.ids(), one.into(), one.into()])?;
    let mut rows = rows.into_iter().peekable();
    found
        .into_iter()
        .map(|row| {
            let mut cases = Vec::new();
            while let Some(case) = rows.next_if(|case| case.patient_id <= row.id) {
                if case.patient_id < row.id {
                    continue;
                }
                cases.push(Full {
                    patient: row.id,
                    tumor: case.tumor_id,
                    abstract_: case.abstract_id,
                    facility: case.facility_id,
                    version: case.version,
                    items: Record::parse(&case.items, &format!("tumor {}", case.tumor_id))?,
                });
            }
            Ok(FullPatient {
                id: row.id,
                version: row.version,
                items: Record::parse(&row.items, &format!("patient {}", row.id))?,
                cases,
            })
        })
        .collect()
}

/// A case the recipient has and the registry no longer shows.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Gone {
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
}

/// Cases sent or accepted that were deleted since.
pub fn gone(
    conn: &mut Conn,
    by: &By,
    recipient: &str,
    lines: Lines,
    facility: Option<i64>,
) -> Result<Vec<Gone>, StoreError> {
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    let text = match lines {
        Lines::Abstracts => {
            "SELECT l.patient_id, l.tumor_id, l.abstract_id, l.facility_id FROM submission_ledger l WHERE l.recipient = ? \
             AND l.state IN ('sent', 'accepted') AND NOT EXISTS (SELECT 1 FROM abstract_live a WHERE a.id = l.abstract_id AND a.tumor_id = l.tumor_id) \
             AND (? = 1 OR l.facility_id IN (?)) AND (? = 0 OR l.facility_id = ?) ORDER BY l.patient_id, l.tumor_id, l.abstract_id"
        }
        Lines::Tumors => {
            "SELECT l.patient_id, l.tumor_id, l.abstract_id, l.facility_id FROM submission_ledger l WHERE l.recipient = ? \
             AND l.state IN ('sent', 'accepted') AND NOT EXISTS (SELECT 1 FROM abstract_live a WHERE a.tumor_id = l.tumor_id) \
             AND (? = 1 OR l.facility_id IN (?)) AND (? = 0 OR l.facility_id = ?) ORDER BY l.patient_id, l.tumor_id, l.abstract_id"
        }
    };
    let binds = [recipient.into(), scope.every_facility(), scope.facilities(), one.into(), one.into()];
    Ok(conn.rows(text, &binds)?)
}

/// A batch.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Batch {
    /// Number.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Recipient.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// The recipient's title.
    #[diesel(sql_type = Text)]
    pub title: String,
    /// The rules it was made by, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub profile: String,
    /// What for.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// `gate`, `looked`, `making`, `to-sign`, `entering`, `sent`, `answered`, `discarded`, `empty`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// The one facility it is of.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// The day it is made for.
    #[diesel(sql_type = Text)]
    pub as_of: String,
    /// The time in its files.
    #[diesel(sql_type = Text)]
    pub file_time: String,
    /// NAACCR version.
    #[diesel(sql_type = BigInt)]
    pub naaccr_version: i64,
    /// Edit set.
    #[diesel(sql_type = Text)]
    pub edit_set: String,
    /// Fingerprint of the edit library.
    #[diesel(sql_type = Text)]
    pub edit_library: String,
    /// The batch it corrects.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub corrects: Option<i64>,
    /// The patient up to whom cases were looked at.
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    pub scan_after: i64,
    /// Counts of the gate, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub tally: String,
    /// Why it was not made.
    #[diesel(sql_type = Nullable<Text>)]
    pub message: Option<String>,
    /// The job that works on it.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub job_id: Option<i64>,
    /// Who made it.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub user_id: Option<i64>,
    /// Login of who made it.
    #[diesel(sql_type = Text)]
    pub made_by: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub made_at: String,
    /// Who signed.
    #[diesel(sql_type = Nullable<Text>)]
    pub signed_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub signed_at: Option<String>,
    /// When it stood in the ledger and its files could be had.
    #[diesel(sql_type = Nullable<Text>)]
    pub sent_at: Option<String>,
    /// By which channel it went, in the words of who sent it.
    #[diesel(sql_type = Nullable<Text>)]
    pub channel: Option<String>,
    /// Who loaded the answer.
    #[diesel(sql_type = Nullable<Text>)]
    pub answered_by: Option<String>,
    /// When.
    #[diesel(sql_type = Nullable<Text>)]
    pub answered_at: Option<String>,
}

/// What a new batch is.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// Recipient.
    pub recipient: String,
    /// Its title.
    pub title: String,
    /// The rules as JSON.
    pub profile: String,
    /// What for.
    pub purpose: String,
    /// Only this facility.
    pub facility: Option<i64>,
    /// The day it is made for.
    pub as_of: String,
    /// The time in its files.
    pub file_time: String,
    /// NAACCR version.
    pub version: i64,
    /// Edit set.
    pub edit_set: String,
    /// Fingerprint of the library.
    pub edit_library: String,
    /// The batch it corrects.
    pub corrects: Option<i64>,
}

/// Begins a batch and answers its number.
pub fn begin(tx: &mut Tx<'_>, by: &By, new: &NewBatch) -> Result<i64, StoreError> {
    let open = tx.conn.number(
        "SELECT id AS n FROM submission_batch WHERE recipient = ? AND state IN ('gate', 'looked', 'making', 'to-sign', 'entering') \
         AND coalesce(facility_id, 0) = ? ORDER BY id LIMIT 1",
        binds![&new.recipient, new.facility.unwrap_or(0)],
    )?;
    if let Some(open) = open {
        return Err(StoreError::Refused(format!(
            "Batch {open} for this recipient is not finished. Finish, sign or discard it first."
        )));
    }
    let id = tx
        .conn
        .number(
            "INSERT INTO submission_batch (recipient, title, profile, purpose, state, facility_id, as_of, file_time, naaccr_version, edit_set, \
             edit_library, corrects, scan_after, tally, user_id, made_by, made_at) \
             VALUES (?, ?, ?, ?, 'gate', ?, ?, ?, ?, ?, ?, ?, 0, '{}', ?, ?, ?) RETURNING id AS n",
            binds![
                &new.recipient,
                &new.title,
                &new.profile,
                &new.purpose,
                new.facility,
                &new.as_of,
                &new.file_time,
                new.version,
                &new.edit_set,
                &new.edit_library,
                new.corrects,
                by.asker.user.map(|u| u.0),
                &by.asker.login,
                &stamp(tx.now)
            ],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by.line("submission", tx.now).note(format!("batch {id} for {} begun", new.recipient));
    tx.audit(line);
    Ok(id)
}

/// A batch within the scope.
///
/// # Errors
/// [`StoreError::NotFound`], also for one of another facility.
pub fn batch(conn: &mut Conn, by: &By, id: i64) -> Result<Batch, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    conn.row::<Batch>(
        "SELECT b.id, b.recipient, b.title, b.profile, b.purpose, b.state, b.facility_id, b.as_of, b.file_time, b.naaccr_version, b.edit_set, \
             b.edit_library, b.corrects, b.scan_after, b.tally, b.message, b.job_id, b.user_id, b.made_by, b.made_at, b.signed_by, b.signed_at, \
             b.sent_at, b.channel, b.answered_by, b.answered_at FROM submission_batch b WHERE b.id = ? AND (? = 1 OR b.facility_id IN (?) OR coalesce(b.user_id, 0) = ?)",
        &[id.into(), scope.every_facility(), scope.facilities(), me.into()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest batches of the scope, of one recipient or (empty) of all.
pub fn batches(conn: &mut Conn, by: &By, recipient: &str, limit: i64) -> Result<Vec<Batch>, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn.rows(
        "SELECT b.id, b.recipient, b.title, b.profile, b.purpose, b.state, b.facility_id, b.as_of, b.file_time, b.naaccr_version, b.edit_set, \
             b.edit_library, b.corrects, b.scan_after, b.tally, b.message, b.job_id, b.user_id, b.made_by, b.made_at, b.signed_by, b.signed_at, \
             b.sent_at, b.channel, b.answered_by, b.answered_at FROM submission_batch b WHERE (? = '' OR b.recipient = ?) AND (? = 1 OR b.facility_id IN (?) OR coalesce(b.user_id, 0) = ?) ORDER BY b.id DESC LIMIT ?",
        &[recipient.into(), recipient.into(), scope.every_facility(), scope.facilities(), me.into(), limit.into()],
    )?)
}

/// Sets the state of a batch.
pub fn set_state(tx: &mut Tx<'_>, id: i64, state: &str, message: Option<&str>) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_batch SET state = ?, message = coalesce(?, message) WHERE id = ?",
        binds![state, message, id],
    )?;
    Ok(())
}

/// Names the job that works on a batch.
pub fn set_job(tx: &mut Tx<'_>, id: i64, job: i64) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET job_id = ? WHERE id = ?", binds![job, id])?;
    Ok(())
}

/// Says up to which patient cases were looked at, with the counts so far.
pub fn set_scanned(tx: &mut Tx<'_>, id: i64, after: i64, tally: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET scan_after = ?, tally = ? WHERE id = ?", binds![after, tally, id])?;
    Ok(())
}

/// A batch is looked at again from the start.
pub fn look_again(tx: &mut Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM submission_line WHERE batch_id = ?", binds![id])?;
    tx.conn.run("UPDATE submission_batch SET state = 'gate', scan_after = 0, tally = '{}' WHERE id = ?", binds![id])?;
    Ok(())
}

/// Somebody signed it.
pub fn sign(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE submission_batch SET state = 'entering', signed_by = ?, signed_at = ? WHERE id = ? AND state = 'to-sign'",
        binds![&by.asker.login, &stamp(tx.now), id],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused("This batch waits for nobody's signature.".into()));
    }
    let line = by.line("submission", tx.now).note(format!("batch {id} signed"));
    tx.audit(line);
    Ok(())
}

/// It stands in the ledger: its files may be had.
pub fn set_sent(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    tx.conn.run("UPDATE submission_batch SET state = 'sent', sent_at = ? WHERE id = ?", binds![&at, id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} in the ledger"));
    tx.audit(line);
    Ok(())
}

/// By which channel it went.
pub fn set_channel(tx: &mut Tx<'_>, by: &By, id: i64, channel: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE submission_batch SET channel = ? WHERE id = ?", binds![channel, id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} handed over"));
    tx.audit(line);
    Ok(())
}

/// Takes back a batch that stands in no ledger; its lines and files go.
pub fn discard(tx: &mut Tx<'_>, by: &By, id: i64) -> Result<(), StoreError> {
    let rows = tx.conn.run(
        "UPDATE submission_batch SET state = 'discarded' WHERE id = ? AND state IN ('looked', 'to-sign')",
        binds![id],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused("Only a batch that nobody has sent can be discarded.".into()));
    }
    for file in files(tx.conn, id)?.into_iter().filter_map(|f| f.file_id) {
        super::files::remove_file(tx, file)?;
    }
    tx.conn.run("DELETE FROM submission_file WHERE batch_id = ?", binds![id])?;
    tx.conn.run("DELETE FROM submission_line WHERE batch_id = ?", binds![id])?;
    let line = by.line("submission", tx.now).note(format!("batch {id} discarded"));
    tx.audit(line);
    Ok(())
}

/// A line of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Tumor.
    pub tumor: i64,
    /// Abstract, 0 for a consolidated tumor.
    pub abstract_: i64,
    /// Patient.
    pub patient: i64,
    /// Facility.
    pub facility: i64,
    /// Word of its kind.
    pub kind: String,
    /// Record type it goes in; empty for one that stays and for withdrawals.
    pub record_type: String,
    /// Hash over the recipient's items.
    pub content_hash: [u8; 32],
    /// Without follow-up.
    pub core_hash: [u8; 32],
    /// Version of the abstract or tumor they are of.
    pub seen_version: i64,
    /// Version of the patient.
    pub seen_patient: i64,
    /// Words of the checks that have something to say, between commas.
    pub marks: String,
    /// Why it stays behind.
    pub blocked: Option<String>,
    /// What the checks found, as JSON.
    pub found: String,
}

/// Adds lines.
pub fn add_lines(tx: &mut Tx<'_>, batch: i64, lines: &[Line]) -> Result<(), StoreError> {
    for line in lines {
        tx.conn.run(
            "INSERT INTO submission_line (batch_id, tumor_id, abstract_id, patient_id, facility_id, kind, record_type, content_hash, core_hash, \
             seen_version, seen_patient, marks, blocked, found, entered, verdict, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', '')",
            binds![
                batch,
                line.tumor,
                line.abstract_,
                line.patient,
                line.facility,
                &line.kind,
                &line.record_type,
                &line.content_hash,
                &line.core_hash,
                line.seen_version,
                line.seen_patient,
                &line.marks,
                &line.blocked,
                &line.found
            ],
        )?;
    }
    Ok(())
}

/// A line as it is shown and worked on.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct LineRow {
    /// Tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Record type.
    #[diesel(sql_type = Text)]
    pub record_type: String,
    /// Marks.
    #[diesel(sql_type = Text)]
    pub marks: String,
    /// Why it stays behind.
    #[diesel(sql_type = Nullable<Text>)]
    pub blocked: Option<String>,
    /// What the checks found.
    #[diesel(sql_type = Text)]
    pub found: String,
    /// `accepted`, `rejected` or nothing.
    #[diesel(sql_type = Text)]
    pub verdict: String,
    /// The recipient's reason.
    #[diesel(sql_type = Text)]
    pub reason: String,
}

/// Lines of a batch that go in a record type, by patient and tumor, after a patient and of at most `limit` patients.
pub fn lines_of_type(
    conn: &mut Conn,
    batch: i64,
    record_type: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<LineRow>, StoreError> {
    let last = conn.number(
        "SELECT max(patient_id) AS n FROM (SELECT DISTINCT patient_id FROM submission_line WHERE batch_id = ? AND record_type = ? \
         AND blocked IS NULL AND patient_id > ? ORDER BY patient_id LIMIT ?) q",
        binds![batch, record_type, after, limit],
    )?;
    let Some(last) = last else { return Ok(vec![]) };
    Ok(conn.rows(
        "SELECT tumor_id, abstract_id, patient_id, facility_id, kind, record_type, marks, blocked, found, verdict, reason FROM submission_line \
         WHERE batch_id = ? AND record_type = ? AND blocked IS NULL AND patient_id > ? AND patient_id <= ? \
         ORDER BY patient_id, tumor_id, abstract_id",
        binds![batch, record_type, after, last],
    )?)
}

/// Which lines are shown.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Of this kind; empty for all.
    pub kind: String,
    /// With this mark; empty for all.
    pub mark: String,
    /// With this verdict; empty for all.
    pub verdict: String,
    /// Only those that stay behind.
    pub blocked: bool,
}

/// Lines of a batch, `limit` after so many.
pub fn lines(conn: &mut Conn, batch: i64, shown: &Shown, skip: i64, limit: i64) -> Result<Vec<LineRow>, StoreError> {
    let mark = if shown.mark.is_empty() { String::new() } else { format!(",{},", shown.mark) };
    Ok(conn.rows(
        "SELECT tumor_id, abstract_id, patient_id, facility_id, kind, record_type, marks, blocked, found, verdict, reason FROM submission_line \
         WHERE batch_id = ? AND (? = '' OR kind = ?) AND (? = '' OR replace(marks, ?, '') <> marks) AND (? = '' OR verdict = ?) \
         AND (? = 0 OR blocked IS NOT NULL) ORDER BY patient_id, tumor_id, abstract_id LIMIT ? OFFSET ?",
        binds![
            batch,
            &shown.kind,
            &shown.kind,
            &mark,
            &mark,
            &shown.verdict,
            &shown.verdict,
            shown.blocked,
            limit,
            skip
        ],
    )?)
}

/// How many lines a batch has by kind, whether they stay behind, and verdict.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Counted {
    /// Kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Record type.
    #[diesel(sql_type = Text)]
    pub record_type: String,
    /// 1 for those that stay behind.
    #[diesel(sql_type = BigInt)]
    pub blocked: i64,
    /// Verdict.
    #[diesel(sql_type = Text)]
    pub verdict: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// The counts of a batch.
pub fn counted(conn: &mut Conn, batch: i64) -> Result<Vec<Counted>, StoreError> {
    Ok(conn.rows(
        "SELECT kind, record_type, CAST(CASE WHEN blocked IS NULL THEN 0 ELSE 1 END AS BIGINT) AS blocked, verdict, count(*) AS n FROM submission_line \
         WHERE batch_id = ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        binds![batch],
    )?)
}

/// Corrects what a line says of the content, when the record changed between the look and the writing.
#[allow(clippy::too_many_arguments)]
pub fn correct_line(
    tx: &mut Tx<'_>,
    batch: i64,
    tumor: i64,
    abstract_: i64,
    content: &[u8; 32],
    core: &[u8; 32],
    versions: (i64, i64),
) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_line SET content_hash = ?, core_hash = ?, seen_version = ?, seen_patient = ? \
         WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
        binds![content, core, versions.0, versions.1, batch, tumor, abstract_],
    )?;
    Ok(())
}

/// Leaves a line behind after all.
pub fn block_line(tx: &mut Tx<'_>, batch: i64, tumor: i64, abstract_: i64, why: &str) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_line SET blocked = ?, record_type = '' WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
        binds![why, batch, tumor, abstract_],
    )?;
    Ok(())
}

/// A file of a batch.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct BatchFile {
    /// Place.
    #[diesel(sql_type = BigInt)]
    #[serde(skip)]
    pub ordinal: i64,
    /// Record type, or `withdrawals`.
    #[diesel(sql_type = Text)]
    #[serde(rename = "type")]
    pub record_type: String,
    /// The stored file; none once its days are over.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub file_id: Option<i64>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// Patients.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Tumors.
    #[diesel(sql_type = BigInt)]
    pub tumors: i64,
    /// Bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// SHA-256.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// What could not be carried, as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub lost: String,
}

/// The files of a batch.
pub fn files(conn: &mut Conn, batch: i64) -> Result<Vec<BatchFile>, StoreError> {
    Ok(conn.rows(
        "SELECT b.ordinal, b.record_type, f.id AS file_id, b.name, b.patients, b.tumors, b.bytes, b.sha256, b.lost FROM submission_file b \
         LEFT JOIN file f ON f.id = b.file_id AND f.complete = 1 WHERE b.batch_id = ? ORDER BY b.ordinal",
        binds![batch],
    )?)
}

/// Adds a file; it is kept for so many days.
pub fn add_file(tx: &mut Tx<'_>, batch: i64, file: &BatchFile, keep_days: i64) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO submission_file (batch_id, ordinal, record_type, file_id, name, patients, tumors, bytes, sha256, lost) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        binds![
            batch,
            file.ordinal,
            &file.record_type,
            file.file_id,
            &file.name,
            file.patients,
            file.tumors,
            file.bytes,
            &file.sha256,
            &file.lost
        ],
    )?;
    if let Some(id) = file.file_id {
        super::files::keep_hours(tx, id, keep_days * 24)?;
    }
    Ok(())
}

/// Takes out files a job left that belong to no batch: it ended between writing one and noting it.
pub fn remove_strays(tx: &mut Tx<'_>, job: i64) -> Result<(), StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let strays = tx.conn.rows::<Id>(
        "SELECT id FROM file WHERE job_id = ? AND NOT EXISTS (SELECT 1 FROM submission_file s WHERE s.file_id = file.id) ORDER BY id",
        binds![job],
    )?;
    for stray in strays {
        super::files::remove_file(tx, stray.id)?;
    }
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct ToEnter {
    #[diesel(sql_type = BigInt)]
    tumor_id: i64,
    #[diesel(sql_type = BigInt)]
    abstract_id: i64,
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Binary)]
    content_hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    core_hash: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    seen_version: i64,
    #[diesel(sql_type = BigInt)]
    seen_patient: i64,
}

/// Writes the next lines of a batch into the ledger. Answers how many; 0 when all stand there.
pub fn enter(tx: &mut Tx<'_>, batch: i64, recipient: &str, limit: i64) -> Result<usize, StoreError> {
    let at = stamp(tx.now);
    let lines = tx.conn.rows::<ToEnter>(
        "SELECT tumor_id, abstract_id, patient_id, facility_id, kind, content_hash, core_hash, seen_version, seen_patient FROM submission_line \
         WHERE batch_id = ? AND entered = 0 AND blocked IS NULL ORDER BY patient_id, tumor_id, abstract_id LIMIT ?",
        binds![batch, limit],
    )?;
    for line in &lines {
        let state = if line.kind == "withdrawn" { "withdrawn" } else { "sent" };
        tx.conn.run(
            "INSERT INTO submission_ledger (recipient, tumor_id, abstract_id, patient_id, facility_id, state, waiting, first_sent, first_batch, \
             last_sent, last_batch, content_hash, core_hash, accepted, reason, decided_by, decided_at, seen_version, seen_patient) \
             VALUES (?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, ?, ?, 0, '', '', '', ?, ?) \
             ON CONFLICT (recipient, tumor_id, abstract_id) DO UPDATE SET patient_id = excluded.patient_id, facility_id = excluded.facility_id, \
             state = excluded.state, waiting = '', last_sent = excluded.last_sent, last_batch = excluded.last_batch, \
             content_hash = excluded.content_hash, core_hash = excluded.core_hash, reason = '', decided_by = '', decided_at = '', \
             seen_version = excluded.seen_version, seen_patient = excluded.seen_patient",
            binds![
                recipient,
                line.tumor_id,
                line.abstract_id,
                line.patient_id,
                line.facility_id,
                state,
                &at,
                batch,
                &at,
                batch,
                &hash32(&line.content_hash),
                &hash32(&line.core_hash),
                line.seen_version,
                line.seen_patient
            ],
        )?;
        tx.conn.run(
            "UPDATE submission_line SET entered = 1 WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
            binds![batch, line.tumor_id, line.abstract_id],
        )?;
    }
    Ok(lines.len())
}

/// Notes what a look at a case found, so that it need not be read again until it changes.
pub fn note_look(
    tx: &mut Tx<'_>,
    recipient: &str,
    (tumor, abstract_): (i64, i64),
    waiting: &str,
    versions: (i64, i64),
) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE submission_ledger SET waiting = ?, seen_version = ?, seen_patient = ? WHERE recipient = ? AND tumor_id = ? AND abstract_id = ?",
        binds![waiting, versions.0, versions.1, recipient, tumor, abstract_],
    )?;
    Ok(())
}

/// A row of the ledger.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct LedgerRow {
    /// Recipient.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// Tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// State.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// What the last look found.
    #[diesel(sql_type = Text)]
    pub waiting: String,
    /// First sent.
    #[diesel(sql_type = Text)]
    pub first_sent: String,
    /// Last sent.
    #[diesel(sql_type = Text)]
    pub last_sent: String,
    /// In batch.
    #[diesel(sql_type = BigInt)]
    pub last_batch: i64,
    /// Was ever accepted.
    #[diesel(sql_type = BigInt)]
    pub accepted: i64,
    /// The recipient's or the person's reason.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Who said so.
    #[diesel(sql_type = Text)]
    pub decided_by: String,
}

/// Where one case stands with every recipient; the caller has read the case with its scope.
pub fn ledger_of(conn: &mut Conn, tumor: i64, abstract_: i64) -> Result<Vec<LedgerRow>, StoreError> {
    Ok(conn.rows(
        "SELECT recipient, tumor_id, abstract_id, patient_id, state, waiting, first_sent, last_sent, last_batch, accepted, reason, decided_by \
         FROM submission_ledger WHERE tumor_id = ? AND abstract_id IN (0, ?) ORDER BY recipient, abstract_id",
        binds![tumor, abstract_],
    )?)
}

/// A line with what an answer may name it by.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Named {
    /// Tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Facility number.
    #[diesel(sql_type = Text)]
    pub facility: String,
    /// Items of the abstract, or of the tumor.
    #[diesel(sql_type = Text)]
    pub items: String,
    /// Items of the patient.
    #[diesel(sql_type = Text)]
    pub patient_items: String,
}

/// Lines that went in a batch, after a tumor and abstract, with what they can be recognised by; also of records deleted since.
pub fn named_lines(conn: &mut Conn, batch: i64, after: (i64, i64), limit: i64) -> Result<Vec<Named>, StoreError> {
    Ok(conn.rows(
        "SELECT l.tumor_id, l.abstract_id, l.patient_id, f.number AS facility, \
         coalesce((SELECT a.items FROM abstract a WHERE a.id = l.abstract_id), (SELECT t.items FROM tumor t WHERE t.id = l.tumor_id), \
         (SELECT o.items FROM abstract o WHERE o.tumor_id = l.tumor_id ORDER BY o.id LIMIT 1), '{}') AS items, \
         coalesce((SELECT p.items FROM patient p WHERE p.id = l.patient_id), '{}') AS patient_items \
         FROM submission_line l JOIN facility f ON f.id = l.facility_id WHERE l.batch_id = ? AND l.blocked IS NULL AND l.entered = 1 \
         AND (l.tumor_id > ? OR (l.tumor_id = ? AND l.abstract_id > ?)) ORDER BY l.tumor_id, l.abstract_id LIMIT ?",
        binds![batch, after.0, after.0, after.1, limit],
    )?)
}

/// What a recipient, or a person with a reason, said of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Tumor.
    pub tumor: i64,
    /// Abstract.
    pub abstract_: i64,
    /// Accepted; else rejected.
    pub accepted: bool,
    /// Why.
    pub reason: String,
}

/// Notes verdicts on lines of a batch, and in the ledger where the batch was the last that held the case. A verdict on a
/// withdrawal does not bring the case back.
pub fn answer(tx: &mut Tx<'_>, by: &By, batch: i64, recipient: &str, said: &[Said]) -> Result<(), StoreError> {
    let at = stamp(tx.now);
    for one in said {
        let word = if one.accepted { "accepted" } else { "rejected" };
        tx.conn.run(
            "UPDATE submission_line SET verdict = ?, reason = ? WHERE batch_id = ? AND tumor_id = ? AND abstract_id = ?",
            binds![word, &one.reason, batch, one.tumor, one.abstract_],
        )?;
        tx.conn.run(
            "UPDATE submission_ledger SET state = ?, accepted = CASE WHEN ? = 'accepted' THEN 1 ELSE accepted END, reason = ?, decided_by = ?, \
             decided_at = ? WHERE recipient = ? AND tumor_id = ? AND abstract_id = ? AND last_batch = ? AND state <> 'withdrawn'",
            binds![word, word, &one.reason, &by.asker.login, &at, recipient, one.tumor, one.abstract_, batch],
        )?;
    }
    tx.conn.run(
        "UPDATE submission_batch SET state = 'answered', answered_by = ?, answered_at = ? WHERE id = ?",
        binds![&by.asker.login, &at, batch],
    )?;
    let rejected = said.iter().filter(|s| !s.accepted).count();
    let line = by
        .line("submission", tx.now)
        .note(format!("batch {batch} answered: {} accepted, {rejected} rejected", said.len() - rejected));
    tx.audit(line);
    Ok(())
}

/// Shares of a month of first contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Month {
    /// `YYYYMM`.
    #[diesel(sql_type = BigInt)]
    pub month: i64,
    /// Abstracts.
    #[diesel(sql_type = BigInt)]
    pub n: i64,
}

/// Abstracts by month of first contact from a month on.
pub fn months(conn: &mut Conn, by: &By, facility: Option<i64>, from: i64) -> Result<Vec<Month>, StoreError> {
    let scope = ScopeBinds::of(by);
    let one = facility.unwrap_or(0);
    Ok(conn.rows(
        "SELECT a.first_contact / 100 AS month, count(*) AS n FROM abstract_live a WHERE a.first_contact >= ? \
         AND (? = 1 OR a.facility_id IN (?)) AND (? = 0 OR a.facility_id = ?) GROUP BY 1 ORDER BY 1",
        &[(from * 100).into(), scope.all(), scope.ids(), one.into(), one.into()],
    )?)
}

/// Numbers that more than one abstract of a facility has, and patients with two accession numbers at a facility.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Double {
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// `number` or `patient`.
    #[diesel(sql_type = Text)]
    pub what: String,
}

/// Abstracts whose accession and sequence number another of the facility has, and those of a patient who has two accession
/// numbers there.
pub fn doubles(conn: &mut Conn, by: &By) -> Result<Vec<Double>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(
        "SELECT a.id, 'number' AS what FROM abstract_live a JOIN (SELECT facility_id, accession, sequence FROM abstract_live \
         WHERE accession IS NOT NULL GROUP BY facility_id, accession, sequence HAVING count(*) > 1) d ON d.facility_id = a.facility_id \
         AND d.accession = a.accession AND coalesce(d.sequence, '') = coalesce(a.sequence, '') WHERE (? = 1 OR a.facility_id IN (?)) \
         UNION ALL SELECT b.id, 'patient' AS what FROM abstract_live b JOIN (SELECT facility_id, patient_id FROM abstract_live \
         WHERE accession IS NOT NULL GROUP BY facility_id, patient_id HAVING count(DISTINCT accession) > 1) e ON e.facility_id = b.facility_id \
         AND e.patient_id = b.patient_id WHERE (? = 1 OR b.facility_id IN (?)) ORDER BY 1, 2",
        &[scope.all(), scope.ids(), scope.all(), scope.ids()],
    )?)
}

/// Pairs of live patients alike in last name, first name and first day of birth: likely doubles; and how many patients there are.
pub fn likely_pairs(conn: &mut Conn) -> Result<(i64, i64), StoreError> {
    let pairs = conn
        .number(
            "SELECT CAST(coalesce(sum(n - 1), 0) AS BIGINT) AS n FROM (SELECT count(*) AS n FROM patient_live WHERE last_name IS NOT NULL AND birth_low IS NOT NULL \
             GROUP BY last_name, first_name, birth_low HAVING count(*) > 1) q",
            &[],
        )?
        .unwrap_or(0);
    let patients = conn.number("SELECT count(*) AS n FROM patient_live", &[])?.unwrap_or(0);
    Ok((pairs, patients))
}

/// Whether a reminder of this due day was mailed; notes it when not.
pub fn first_reminder(tx: &mut Tx<'_>, recipient: &str, due: &str) -> Result<bool, StoreError> {
    let rows = tx.conn.run(
        "INSERT INTO submission_reminder (recipient, due, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        binds![recipient, due, &stamp(tx.now)],
    )?;
    Ok(rows == 1)
}

/// What a recipient knows a line by: accession, sequence, patient number, tumor number; also of records deleted since.
pub fn known_by(conn: &mut Conn, line: &LineRow) -> Result<[String; 4], StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Two {
        #[diesel(sql_type = Text)]
        items: String,
        #[diesel(sql_type = Text)]
        patient_items: String,
    }
    let row = conn.row::<Two>(
        "SELECT coalesce((SELECT a.items FROM abstract a WHERE a.id = ?), (SELECT t.items FROM tumor t WHERE t.id = ?), \
         (SELECT o.items FROM abstract o WHERE o.tumor_id = ? ORDER BY o.id LIMIT 1), '{}') AS items, \
         coalesce((SELECT p.items FROM patient p WHERE p.id = ?), '{}') AS patient_items",
        binds![line.abstract_id, line.tumor_id, line.tumor_id, line.patient_id],
    )?;
    let Some(row) = row else { return Ok(Default::default()) };
    let what = format!("tumor {}", line.tumor_id);
    let (items, patient) = (Record::parse(&row.items, &what)?, Record::parse(&row.patient_items, &what)?);
    let of = |record: &Record, id: &str| record.value(id).to_string();
    Ok([
        of(&items, "accessionNumberHosp"),
        of(&items, "sequenceNumberHospital"),
        of(&patient, "patientIdNumber"),
        of(&items, "tumorRecordNumber"),
    ])
}
