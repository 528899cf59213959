//! Which cases there are for a recipient: counted by what selection and the ledger look at, and one by one.
//!
//! A case whose versions are those of the ledger is unchanged without being read.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};

use crate::binds;
use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError};

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
