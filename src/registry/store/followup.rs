//! Follow-up as it is stored: who is due, contacts, attempts, copies of letters, all within the scope of who asks.
//!
//! Due patients are found by the index over vital status and last contact, a page at a time; counts stop at
//! [`MOST`]. The duty to trace a patient is of the facility in item 2440, else of the latest analytic abstract's: it is
//! found here, from abstracts that the asker may not see, and only whether it is his leaves this file. Contacts are
//! shared by all who follow the patient, but notes and attempts belong to the facility that made them.

use chrono::Duration;
use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::audit::By;
use super::lists::MOST;
use super::scope::ScopeBinds;
use super::{Conn, Dialect, StoreError, Tx, Value, hex};
use crate::asker::FacilityId;
use crate::binds;
use crate::registry::clock::stamp;
use crate::registry::promoted::class_rank;
use crate::registry::record::Record;

/// Which living patients a list holds, by the first possible day of last contact (`YYYYMMDD`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contacted {
    /// From this day on.
    pub from: i64,
    /// Before this day.
    pub before: i64,
    /// Tumors of every class count, not only the analytic ones that a hospital traces.
    pub every_class: bool,
}

/// A patient of a due list.
#[derive(Debug, Clone)]
pub struct DuePatient {
    /// Row id.
    pub id: i64,
    /// First possible day of last contact; none when there is none.
    pub contact_low: Option<i64>,
    /// Patient-level items.
    pub items: Record,
    /// The tumors the asker may see, as they are reported.
    pub tumors: Vec<DueTumor>,
    /// Another facility has the duty to trace this patient.
    pub traced_elsewhere: bool,
    /// The newest attempt of the asker's facilities.
    pub last_attempt: Option<AttemptRow>,
}

/// A tumor of a patient of a due list.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct DueTumor {
    #[diesel(sql_type = BigInt)]
    patient_id: i64,
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Class of case.
    #[diesel(sql_type = Nullable<Text>)]
    pub class: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    first_contact: Option<i64>,
    /// Primary site.
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
    /// Histology.
    #[diesel(sql_type = Nullable<Text>)]
    pub histology: Option<String>,
    /// Behavior.
    #[diesel(sql_type = Nullable<Text>)]
    pub behavior: Option<String>,
    /// Laterality.
    #[diesel(sql_type = Nullable<Text>)]
    pub laterality: Option<String>,
    /// First possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    /// Last possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_high: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    abstractor: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    following: Option<i64>,
    /// Next follow-up source (1800).
    #[diesel(sql_type = Nullable<Text>)]
    pub next_source: Option<String>,
    /// Record number (2300).
    #[diesel(sql_type = Nullable<Text>)]
    pub record_number: Option<String>,
    /// Type of reporting source (500).
    #[diesel(sql_type = Nullable<Text>)]
    pub reporting_source: Option<String>,
    /// Summary stage (764, else 759).
    #[diesel(sql_type = Nullable<Text>)]
    pub summary_stage: Option<String>,
}

#[derive(diesel::QueryableByName)]
struct DueRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    contact_low: Option<i64>,
    #[diesel(sql_type = Text)]
    items: String,
}

const DUE: &str = "SELECT p.id, p.contact_low, p.items FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low >= ? \
     AND p.contact_low < ? AND (p.contact_low > ? OR p.id > ?) AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id \
     AND (? = 1 OR s.facility_id IN (?)) AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) \
     ORDER BY p.contact_low, p.id LIMIT ?";

const UNDATED: &str = "SELECT p.id, p.contact_low, p.items FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low IS NULL \
     AND p.id > ? AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
     AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) ORDER BY p.id LIMIT ?";

const CONFLICTS: &str = "SELECT p.id, p.contact_low, p.items FROM patient_live p WHERE p.id IN \
     (SELECT k.patient_id FROM contact k WHERE k.outcome = 'conflict') AND p.id > ? AND EXISTS (SELECT 1 FROM abstract_live s \
     WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id LIMIT ?";

/// A page of living patients by last contact, after a day and id; `(0, 0)` begins.
pub fn due_list(
    conn: &mut Conn,
    by: &By,
    which: Contacted,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<DuePatient>, StoreError> {
    let scope = ScopeBinds::of(by);
    let from = which.from.max(after.0);
    let rows = conn.rows::<DueRow>(
        DUE,
        &[
            from.into(),
            which.before.into(),
            after.0.into(),
            after.1.into(),
            scope.all(),
            scope.ids(),
            which.every_class.into(),
            limit.into(),
        ],
    )?;
    complete(conn, by, rows)
}

/// A page of living patients without any date of contact, by id.
pub fn undated_list(
    conn: &mut Conn,
    by: &By,
    every_class: bool,
    after: i64,
    limit: i64,
) -> Result<Vec<DuePatient>, StoreError> {
    let scope = ScopeBinds::of(by);
    let binds = [after.into(), scope.all(), scope.ids(), every_class.into(), limit.into()];
    let rows = conn.rows::<DueRow>(UNDATED, &binds)?;
    complete(conn, by, rows)
}

/// A page of patients with a contact that contradicts what is on file, by id.
pub fn conflict_list(conn: &mut Conn, by: &By, after: i64, limit: i64) -> Result<Vec<DuePatient>, StoreError> {
    let scope = ScopeBinds::of(by);
    let rows = conn.rows::<DueRow>(CONFLICTS, &[after.into(), scope.all(), scope.ids(), limit.into()])?;
    complete(conn, by, rows)
}

/// A page of all patients with a tumor the asker may see, the dead too, by id.
pub fn everybody(conn: &mut Conn, by: &By, after: i64, limit: i64) -> Result<Vec<DuePatient>, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT p.id, p.contact_low, p.items FROM patient_live p WHERE p.id > ? AND EXISTS (SELECT 1 FROM abstract_live s \
         WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) ORDER BY p.id LIMIT ?";
    let rows = conn.rows::<DueRow>(text, &[after.into(), scope.all(), scope.ids(), limit.into()])?;
    complete(conn, by, rows)
}

/// One patient as the due list shows him.
pub fn due_patient(conn: &mut Conn, by: &By, patient: i64) -> Result<DuePatient, StoreError> {
    let found = super::records::patient(conn, by, patient)?;
    let contact_low = crate::registry::promoted::OfPatient::from(&found.items).contact.0;
    let row = DueRow { id: found.id, contact_low, items: found.items.to_text() };
    complete(conn, by, vec![row])?.pop().ok_or(StoreError::NotFound)
}

/// How many living patients were last contacted in a span, at most [`MOST`].
pub fn count_due(conn: &mut Conn, by: &By, which: Contacted) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low >= ? \
         AND p.contact_low < ? AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
         AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) LIMIT ?) c";
    let binds: [Value<'_>; 6] =
        [which.from.into(), which.before.into(), scope.all(), scope.ids(), which.every_class.into(), MOST.into()];
    Ok(conn.number(text, &binds)?.unwrap_or(0))
}

/// How many living patients have no date of contact, at most [`MOST`].
pub fn count_undated(conn: &mut Conn, by: &By, every_class: bool) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.vital_status = '1' AND p.contact_low IS NULL \
         AND EXISTS (SELECT 1 FROM abstract_live s WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?)) \
         AND (? = 1 OR s.class IN ('10', '11', '12', '13', '14', '20', '21', '22'))) LIMIT ?) c";
    Ok(conn.number(text, &[scope.all(), scope.ids(), every_class.into(), MOST.into()])?.unwrap_or(0))
}

/// How many patients have an open conflict, at most [`MOST`].
pub fn count_conflicts(conn: &mut Conn, by: &By) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let text = "SELECT count(*) AS n FROM (SELECT p.id FROM patient_live p WHERE p.id IN \
         (SELECT k.patient_id FROM contact k WHERE k.outcome = 'conflict') AND EXISTS (SELECT 1 FROM abstract_live s \
         WHERE s.patient_id = p.id AND (? = 1 OR s.facility_id IN (?))) LIMIT ?) c";
    Ok(conn.number(text, &[scope.all(), scope.ids(), MOST.into()])?.unwrap_or(0))
}

/// The tumors of patients with what the rules ask, for both databases; the way into the items differs.
fn tumors_query(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT a.patient_id, a.id, a.facility_id, a.abstractor, a.class, a.first_contact, t.site, t.histology, t.behavior, t.laterality, t.dx_low, \
             t.dx_high, f.id AS following, a.items ->> '$.nextFollowUpSource' AS next_source, a.items ->> '$.medicalRecordNumber' AS record_number, \
             a.items ->> '$.typeOfReportingSource' AS reporting_source, \
             coalesce(a.items ->> '$.summaryStage2018', a.items ->> '$.seerSummaryStage2000') AS summary_stage \
             FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id LEFT JOIN facility f ON f.number = a.items ->> '$.followingRegistry' \
             WHERE a.patient_id IN (?) ORDER BY a.id"
        }
        Dialect::Postgres => {
            "SELECT a.patient_id, a.id, a.facility_id, a.abstractor, a.class, a.first_contact, t.site, t.histology, t.behavior, t.laterality, t.dx_low, \
             t.dx_high, f.id AS following, a.items::json ->> 'nextFollowUpSource' AS next_source, a.items::json ->> 'medicalRecordNumber' AS record_number, \
             a.items::json ->> 'typeOfReportingSource' AS reporting_source, \
             coalesce(a.items::json ->> 'summaryStage2018', a.items::json ->> 'seerSummaryStage2000') AS summary_stage \
             FROM abstract_live a JOIN tumor t ON t.id = a.tumor_id LEFT JOIN facility f ON f.number = a.items::json ->> 'followingRegistry' \
             WHERE a.patient_id IN (?) ORDER BY a.id"
        }
    }
}

fn complete(conn: &mut Conn, by: &By, rows: Vec<DueRow>) -> Result<Vec<DuePatient>, StoreError> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let ids = format!("[{}]", rows.iter().map(|r| r.id.to_string()).collect::<Vec<_>>().join(","));
    let text = tumors_query(conn.dialect());
    let mut tumors = conn.rows::<DueTumor>(text, &[Value::Ids(&ids)])?;
    let patients: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let mut attempts = last_attempts(conn, by, &patients)?;
    let scope = ScopeBinds::of(by);
    rows.into_iter()
        .map(|row| {
            let all: Vec<DueTumor> = tumors.extract_if(.., |t| t.patient_id == row.id).collect();
            let duty = duty(&all);
            let at = attempts.iter().position(|a| a.patient_id == row.id);
            Ok(DuePatient {
                id: row.id,
                contact_low: row.contact_low,
                items: Record::parse(&row.items, &format!("patient {}", row.id))?,
                traced_elsewhere: duty.is_some_and(|facility| !scope.holds(facility, by)),
                tumors: all.into_iter().filter(|t| scope.holds_abstract(t.facility_id, t.abstractor, by)).collect(),
                last_attempt: at.map(|at| attempts.swap_remove(at)),
            })
        })
        .collect()
}

/// The facility that has the duty to trace: that of item 2440, else of the latest analytic abstract, else of the latest.
fn duty(tumors: &[DueTumor]) -> Option<i64> {
    let latest = |t: &&DueTumor| (t.first_contact, t.id);
    let named = tumors.iter().filter(|t| t.following.is_some()).max_by_key(latest);
    let analytic = tumors.iter().filter(|t| class_rank(t.class.as_deref()) <= 1).max_by_key(latest);
    named
        .and_then(|t| t.following)
        .or_else(|| analytic.map(|t| t.facility_id))
        .or_else(|| tumors.iter().max_by_key(latest).map(|t| t.facility_id))
}

/// A posted contact.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct ContactRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Day as NAACCR text.
    #[diesel(sql_type = Text)]
    pub contact_date: String,
    /// 0 dead, 1 alive.
    #[diesel(sql_type = Text)]
    pub vital_status: String,
    /// Source (1790).
    #[diesel(sql_type = Text)]
    pub source: String,
    /// Source (1791).
    #[diesel(sql_type = Text)]
    pub source_central: String,
    /// `newer earlier same better-source conflict kept taken`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// What was said of it.
    #[diesel(sql_type = Text)]
    pub message: String,
    /// Note; empty when it belongs to another facility.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// The posting as JSON.
    #[diesel(sql_type = Text)]
    #[serde(skip)]
    pub posted: String,
    /// Who posted.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
}

const CONTACT_COLUMNS_OF_PATIENT: &str = "SELECT id, patient_id, contact_date, vital_status, source, source_central, outcome, \
     CASE WHEN ? = 1 OR facility_id IN (?) THEN message ELSE '' END AS message, \
     CASE WHEN ? = 1 OR facility_id IN (?) THEN note ELSE '' END AS note, '' AS posted, login, at \
     FROM contact WHERE patient_id = ? ORDER BY id DESC LIMIT 500";

/// The contacts of a patient, newest first; the caller has read the patient with its scope.
pub fn contacts_of(conn: &mut Conn, by: &By, patient: i64) -> Result<Vec<ContactRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let (all, ids) = (scope.every_facility(), scope.facilities());
    let binds = [all, ids, all, ids, patient.into()];
    Ok(conn.rows(CONTACT_COLUMNS_OF_PATIENT, &binds)?)
}

/// An open conflict of a patient.
pub fn open_conflict(conn: &mut Conn, by: &By, id: i64) -> Result<ContactRow, StoreError> {
    let text = "SELECT id, patient_id, contact_date, vital_status, source, source_central, outcome, message, note, posted, login, at \
         FROM contact WHERE id = ? AND outcome = 'conflict'";
    let row = conn.row::<ContactRow>(text, binds![id])?.ok_or(StoreError::NotFound)?;
    super::records::patient(conn, by, row.patient_id)?;
    Ok(row)
}

/// A contact before it has its row.
#[derive(Debug, Clone)]
pub struct NewContact<'a> {
    /// The patient.
    pub patient: i64,
    /// The facility that posts.
    pub facility: Option<i64>,
    /// Day as NAACCR text.
    pub date: &'a str,
    /// 0 or 1.
    pub vital_status: &'a str,
    /// 1790.
    pub source: &'a str,
    /// 1791.
    pub source_central: &'a str,
    /// How it stands.
    pub outcome: &'a str,
    /// What is said of it.
    pub message: &'a str,
    /// Note.
    pub note: &'a str,
    /// The posting as JSON.
    pub posted: &'a str,
}

/// Writes a contact and answers its id.
pub fn add_contact(tx: &mut Tx<'_>, by: &By, new: &NewContact<'_>) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    let id = tx.conn.number(
        "INSERT INTO contact (patient_id, facility_id, contact_date, vital_status, source, source_central, outcome, message, note, \
         posted, login, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
        binds![
            new.patient,
            new.facility,
            new.date,
            new.vital_status,
            new.source,
            new.source_central,
            new.outcome,
            new.message,
            new.note,
            new.posted,
            &by.asker.login,
            &at,
        ],
    )?;
    id.ok_or(StoreError::NotFound)
}

/// Says how a conflict was settled; answers whether it was still open.
pub fn settle_contact(tx: &mut Tx<'_>, id: i64, outcome: &str, message: &str) -> Result<bool, StoreError> {
    let rows = tx.conn.run(
        "UPDATE contact SET outcome = ?, message = ? WHERE id = ? AND outcome = 'conflict'",
        binds![outcome, message, id],
    )?;
    Ok(rows == 1)
}

/// A try to reach somebody.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct AttemptRow {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// `chart phone letter mail fax other-hospital web linkage`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// To whom.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// Letter and its version.
    #[diesel(sql_type = Text)]
    pub template: String,
    /// The stored copy.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub file_id: Option<i64>,
    /// `pending answered-alive answered-dead no-answer undeliverable refused wrong-person nothing-new`.
    #[diesel(sql_type = Text)]
    pub result: String,
    /// Remarks.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// The contact it led to.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub contact_id: Option<i64>,
    /// Who.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
}

const ATTEMPTS_OF_PATIENT: &str = "SELECT id, patient_id, kind, recipient, template, file_id, result, note, contact_id, login, at \
     FROM attempt WHERE patient_id = ? AND (? = 1 OR facility_id IN (?)) ORDER BY id DESC LIMIT 500";
const LAST_ATTEMPT: &str = "SELECT id, patient_id, kind, recipient, template, file_id, result, note, contact_id, login, at FROM attempt \
     WHERE patient_id = ? AND (? = 1 OR facility_id IN (?)) ORDER BY id DESC LIMIT 1";

/// The attempts of a patient made by the asker's facilities, newest first; the caller has read the patient with its scope.
pub fn attempts_of(conn: &mut Conn, by: &By, patient: i64) -> Result<Vec<AttemptRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(ATTEMPTS_OF_PATIENT, &[patient.into(), scope.every_facility(), scope.facilities()])?)
}

/// The last attempt for each patient of a page, one look into the index for each.
fn last_attempts(conn: &mut Conn, by: &By, patients: &[i64]) -> Result<Vec<AttemptRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let mut found = Vec::new();
    for patient in patients {
        found.extend(
            conn.row::<AttemptRow>(LAST_ATTEMPT, &[(*patient).into(), scope.every_facility(), scope.facilities()])?,
        );
    }
    Ok(found)
}

/// An attempt before it has its row.
#[derive(Debug, Clone, Copy)]
pub struct NewAttempt<'a> {
    /// The patient.
    pub patient: i64,
    /// The facility that tries.
    pub facility: Option<i64>,
    /// See [`AttemptRow::kind`].
    pub kind: &'a str,
    /// To whom.
    pub recipient: &'a str,
    /// Letter and its version.
    pub template: &'a str,
    /// See [`AttemptRow::result`].
    pub result: &'a str,
    /// Remarks.
    pub note: &'a str,
}

/// Writes an attempt and answers its id.
pub fn add_attempt(tx: &mut Tx<'_>, by: &By, new: &NewAttempt<'_>) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    let id = tx.conn.number(
        "INSERT INTO attempt (patient_id, facility_id, kind, recipient, template, file_id, result, note, contact_id, login, at) \
         VALUES (?, ?, ?, ?, ?, NULL, ?, ?, NULL, ?, ?) RETURNING id AS n",
        binds![
            new.patient,
            new.facility,
            new.kind,
            new.recipient,
            new.template,
            new.result,
            new.note,
            &by.asker.login,
            &at,
        ],
    )?;
    let line = by.line("attempt", tx.now).patient(new.patient).note(new.kind);
    tx.audit(line);
    id.ok_or(StoreError::NotFound)
}

/// Says what came of an attempt, and which contact, if the asker's facilities made it for this patient.
pub fn answer_attempt(
    tx: &mut Tx<'_>,
    by: &By,
    patient: i64,
    attempt: i64,
    result: &str,
    contact: Option<i64>,
) -> Result<(), StoreError> {
    let scope = ScopeBinds::of(by);
    let rows = tx.conn.run(
        "UPDATE attempt SET result = ?, contact_id = coalesce(?, contact_id) WHERE id = ? AND patient_id = ? AND (? = 1 OR facility_id IN (?))",
        &[result.into(), contact.into(), attempt.into(), patient.into(), scope.every_facility(), scope.facilities()],
    )?;
    if rows == 0 {
        return Err(StoreError::NotFound);
    }
    let line = by.line("attempt", tx.now).patient(patient).note(format!("{attempt} {result}"));
    tx.audit(line);
    Ok(())
}

/// Keeps the copy of a letter for six years (45 CFR 164.530(j)) and ties it to its attempt.
pub fn keep_letter(
    tx: &mut Tx<'_>,
    by: &By,
    attempt: i64,
    facility: FacilityId,
    name: &str,
    bytes: &[u8],
) -> Result<i64, StoreError> {
    let (now, keep) = (stamp(tx.now), stamp(tx.now + Duration::days(6 * 366)));
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let sum = hex(&Sha256::digest(bytes));
    let packed = zstd::bulk::compress(bytes, 3)
        .map_err(|e| StoreError::Io("the copy of a letter could not be compressed".into(), e))?;
    let file = tx
        .conn
        .number(
            "INSERT INTO file (kind, name, complete, bytes, sha256, login, job_id, facility_id, created_at, keep_until) \
             VALUES ('letter', ?, 1, ?, ?, ?, NULL, ?, ?, ?) RETURNING id AS n",
            binds![name, length, &sum, &by.asker.login, facility.0, &now, &keep],
        )?
        .ok_or(StoreError::NotFound)?;
    tx.conn.run("INSERT INTO file_chunk (file_id, ordinal, content) VALUES (?, 0, ?)", binds![file, &packed])?;
    tx.conn.run("UPDATE attempt SET file_id = ? WHERE id = ?", binds![file, attempt])?;
    Ok(file)
}

/// The attempt whose letter a file is a copy of, if it is of the asker's facilities.
pub fn attempt_of_letter(conn: &mut Conn, by: &By, file: i64, patient: i64) -> Result<AttemptRow, StoreError> {
    let all = attempts_of(conn, by, patient)?;
    all.into_iter().find(|a| a.file_id == Some(file)).ok_or(StoreError::NotFound)
}
