//! What facilities sent to a central registry: files with the verdict on each abstract, and how each facility reports.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx};
use crate::asker::{FacilityId, Own};
use crate::binds;
use crate::registry::clock::stamp;

/// A file that was received.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Receipt {
    /// Number.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// The stored file.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub file_id: Option<i64>,
    /// Its name.
    #[diesel(sql_type = Text)]
    pub file_name: String,
    /// SHA-256 of what came.
    #[diesel(sql_type = Text)]
    pub sha256: String,
    /// SHA-256 the sender told; empty when none.
    #[diesel(sql_type = Text)]
    pub claimed_sha256: String,
    /// `reading quarantined taken refused`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// Record type.
    #[diesel(sql_type = Text)]
    pub record_type: String,
    /// NAACCR version.
    #[diesel(sql_type = BigInt)]
    pub naaccr_version: i64,
    /// Edit set.
    #[diesel(sql_type = Text)]
    pub edit_set: String,
    /// Patients in it.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Abstracts in it.
    #[diesel(sql_type = BigInt)]
    pub tumors: i64,
    /// Abstracts accepted.
    #[diesel(sql_type = BigInt)]
    pub accepted: i64,
    /// Abstracts rejected.
    #[diesel(sql_type = BigInt)]
    pub rejected: i64,
    /// Accepted with warnings.
    #[diesel(sql_type = BigInt)]
    pub warnings: i64,
    /// The import of what was accepted.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub import_id: Option<i64>,
    /// The job that reads it.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub job_id: Option<i64>,
    /// Who sent it in.
    #[diesel(sql_type = Nullable<BigInt>)]
    #[serde(skip)]
    pub user_id: Option<i64>,
    /// Login.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Why it was refused or held.
    #[diesel(sql_type = Text)]
    pub message: String,
    /// Who released it.
    #[diesel(sql_type = Nullable<Text>)]
    pub released_by: Option<String>,
}

macro_rules! receipt_columns {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.facility_id, r.file_id, r.file_name, r.sha256, r.claimed_sha256, r.state, r.record_type, r.naaccr_version, r.edit_set, \
             r.patients, r.tumors, r.accepted, r.rejected, r.warnings, r.import_id, r.job_id, r.user_id, r.login, r.at, r.message, r.released_by \
             FROM receipt r ",
            $rest
        )
    };
}

/// A verdict on an abstract of a file.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct ReceiptLine {
    /// Place in the file, from 1.
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    /// Patient in the file, from 1.
    #[diesel(sql_type = BigInt)]
    pub patient_ordinal: i64,
    /// Line of the file.
    #[diesel(sql_type = BigInt)]
    pub line: i64,
    /// Facility number as reported.
    #[diesel(sql_type = Text)]
    pub facility: String,
    /// Accession number.
    #[diesel(sql_type = Text)]
    pub accession: String,
    /// Sequence number.
    #[diesel(sql_type = Text)]
    pub sequence: String,
    /// The sender's number of the patient.
    #[diesel(sql_type = Text)]
    pub patient_number: String,
    /// The sender's number of the tumor.
    #[diesel(sql_type = Text)]
    pub tumor_number: String,
    /// First possible day of first contact.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub first_contact: Option<i64>,
    /// Primary site.
    #[diesel(sql_type = Text)]
    pub site: String,
    /// `accepted` or `rejected`.
    #[diesel(sql_type = Text)]
    pub verdict: String,
    /// Why, in words, divided by line ends.
    #[diesel(sql_type = Text)]
    pub reasons: String,
}

/// 0 when only what the asker himself sent in counts.
fn everybodys(by: &By) -> i64 {
    i64::from(by.asker.own == Own::NotOnly)
}

/// Begins a receipt.
pub fn begin(
    tx: &mut Tx<'_>,
    by: &By,
    facility: i64,
    file: (i64, &str, &str),
    claimed: &str,
) -> Result<i64, StoreError> {
    let (file_id, name, sha256) = file;
    let id = tx
        .conn
        .number(
            "INSERT INTO receipt (facility_id, file_id, file_name, sha256, claimed_sha256, state, record_type, naaccr_version, edit_set, patients, \
             tumors, accepted, rejected, warnings, user_id, login, at, message) \
             VALUES (?, ?, ?, ?, ?, 'reading', '', 0, '', 0, 0, 0, 0, 0, ?, ?, ?, '') RETURNING id AS n",
            binds![
                facility,
                file_id,
                name,
                sha256,
                claimed,
                by.asker.user.map(|u| u.0),
                &by.asker.login,
                &stamp(tx.now)
            ],
        )?
        .ok_or(StoreError::NotFound)?;
    let line = by.line("receive", tx.now).facility(FacilityId(facility)).note(format!("receipt {id} begun"));
    tx.audit(line);
    Ok(id)
}

/// Names the job that reads it.
pub fn set_job(tx: &mut Tx<'_>, id: i64, job: i64) -> Result<(), StoreError> {
    tx.conn.run("UPDATE receipt SET job_id = ? WHERE id = ?", binds![job, id])?;
    Ok(())
}

/// A receipt the asker may see.
///
/// # Errors
/// [`StoreError::NotFound`].
pub fn receipt(conn: &mut Conn, by: &By, id: i64) -> Result<Receipt, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    conn.row::<Receipt>(
        receipt_columns!(
            "WHERE r.id = ? AND (? = 1 OR r.facility_id IN (?)) AND (? = 1 OR coalesce(r.user_id, 0) = ?)"
        ),
        &[id.into(), scope.every_facility(), scope.facilities(), everybodys(by).into(), me.into()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest receipts the asker may see.
pub fn receipts(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<Receipt>, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn.rows(
        receipt_columns!(
            "WHERE (? = 1 OR r.facility_id IN (?)) AND (? = 1 OR coalesce(r.user_id, 0) = ?) ORDER BY r.id DESC LIMIT ?"
        ),
        &[scope.every_facility(), scope.facilities(), everybodys(by).into(), me.into(), limit.into()],
    )?)
}

/// Lines of a receipt after a place: all, or those of a verdict. The caller has read the receipt with its scope.
pub fn lines(conn: &mut Conn, id: i64, verdict: &str, after: i64, limit: i64) -> Result<Vec<ReceiptLine>, StoreError> {
    Ok(conn.rows(
        "SELECT ordinal, patient_ordinal, line, facility, accession, sequence, patient_number, tumor_number, first_contact, site, verdict, reasons \
         FROM receipt_line WHERE receipt_id = ? AND (? = '' OR verdict = ?) AND ordinal > ? ORDER BY ordinal LIMIT ?",
        binds![id, verdict, verdict, after, limit],
    )?)
}

/// Takes out what an earlier run of the job read.
pub fn clear(tx: &mut Tx<'_>, id: i64, job: i64) -> Result<(), StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    tx.conn.run("DELETE FROM receipt_line WHERE receipt_id = ?", binds![id])?;
    let strays = tx.conn.rows::<Id>(
        "SELECT id FROM file WHERE job_id = ? AND NOT EXISTS (SELECT 1 FROM import i WHERE i.file_id = file.id) ORDER BY id",
        binds![job],
    )?;
    for stray in strays {
        super::files::remove_file(tx, stray.id)?;
    }
    Ok(())
}

/// Adds lines.
pub fn add_lines(tx: &mut Tx<'_>, id: i64, lines: &[ReceiptLine]) -> Result<(), StoreError> {
    for line in lines {
        tx.conn.run(
            "INSERT INTO receipt_line (receipt_id, ordinal, patient_ordinal, line, facility, accession, sequence, patient_number, tumor_number, \
             first_contact, site, verdict, reasons) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            binds![
                id,
                line.ordinal,
                line.patient_ordinal,
                line.line,
                &line.facility,
                &line.accession,
                &line.sequence,
                &line.patient_number,
                &line.tumor_number,
                line.first_contact,
                &line.site,
                &line.verdict,
                &line.reasons
            ],
        )?;
    }
    Ok(())
}

/// What a file came to.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// `quarantined taken refused`.
    pub state: &'static str,
    /// Record type.
    pub record_type: String,
    /// Version.
    pub version: i64,
    /// Edit set.
    pub edit_set: String,
    /// Patients.
    pub patients: i64,
    /// Abstracts.
    pub tumors: i64,
    /// Accepted.
    pub accepted: i64,
    /// Rejected.
    pub rejected: i64,
    /// Accepted with warnings.
    pub warnings: i64,
    /// Why it was refused or held.
    pub message: String,
}

/// Notes what a file came to.
pub fn settle(tx: &mut Tx<'_>, by: &By, id: i64, came: &Came, import: Option<i64>) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE receipt SET state = ?, record_type = ?, naaccr_version = ?, edit_set = ?, patients = ?, tumors = ?, accepted = ?, rejected = ?, \
         warnings = ?, message = ?, import_id = ? WHERE id = ?",
        binds![
            came.state,
            &came.record_type,
            came.version,
            &came.edit_set,
            came.patients,
            came.tumors,
            came.accepted,
            came.rejected,
            came.warnings,
            &came.message,
            import,
            id
        ],
    )?;
    let line = by
        .line("receive", tx.now)
        .note(format!("receipt {id} {}: {} accepted, {} rejected", came.state, came.accepted, came.rejected));
    tx.audit(line);
    Ok(())
}

/// Releases a file from quarantine: what is accepted of it will be taken.
///
/// # Errors
/// It is not in quarantine, or no reason is given.
pub fn release(tx: &mut Tx<'_>, by: &By, id: i64, reason: &str) -> Result<(), StoreError> {
    if reason.trim().chars().count() < 5 {
        return Err(StoreError::Refused("Say why the file is released.".into()));
    }
    let rows = tx.conn.run(
        "UPDATE receipt SET state = 'reading', released_by = ?, released_at = ?, release_reason = ? WHERE id = ? AND state = 'quarantined'",
        binds![&by.asker.login, &stamp(tx.now), reason.trim(), id],
    )?;
    if rows != 1 {
        return Err(StoreError::Refused("This file is not in quarantine.".into()));
    }
    let line = by.line("receive", tx.now).note(format!("receipt {id} released"));
    tx.audit(line);
    Ok(())
}

/// How a facility reports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Reporting {
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Edit set its files are judged by.
    #[diesel(sql_type = Text)]
    pub edit_set: String,
    /// Cases expected a year.
    #[diesel(sql_type = BigInt)]
    pub expected_year: i64,
    /// Whom to write to.
    #[diesel(sql_type = Text)]
    pub contact_name: String,
    /// Mail.
    #[diesel(sql_type = Text)]
    pub contact_mail: String,
    /// Telephone.
    #[diesel(sql_type = Text)]
    pub contact_telephone: String,
}

/// How a facility reports; none when nobody has said.
pub fn reporting(conn: &mut Conn, facility: i64) -> Result<Option<Reporting>, StoreError> {
    Ok(conn.row(
        "SELECT facility_id, edit_set, expected_year, contact_name, contact_mail, contact_telephone FROM facility_reporting WHERE facility_id = ?",
        binds![facility],
    )?)
}

/// Says how a facility reports.
pub fn set_reporting(tx: &mut Tx<'_>, by: &By, new: &Reporting) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO facility_reporting (facility_id, edit_set, expected_year, contact_name, contact_mail, contact_telephone, login, at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (facility_id) DO UPDATE SET edit_set = excluded.edit_set, \
         expected_year = excluded.expected_year, contact_name = excluded.contact_name, contact_mail = excluded.contact_mail, \
         contact_telephone = excluded.contact_telephone, login = excluded.login, at = excluded.at",
        binds![
            new.facility_id,
            &new.edit_set,
            new.expected_year,
            &new.contact_name,
            &new.contact_mail,
            &new.contact_telephone,
            &by.asker.login,
            &stamp(tx.now)
        ],
    )?;
    let line = by.line("facility", tx.now).facility(FacilityId(new.facility_id)).note("reporting");
    tx.audit(line);
    Ok(())
}

/// What a facility sent: abstracts by verdict, and how many of the accepted came late.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Sent {
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Files.
    #[diesel(sql_type = BigInt)]
    pub files: i64,
    /// Abstracts accepted.
    #[diesel(sql_type = BigInt)]
    pub accepted: i64,
    /// Abstracts rejected.
    #[diesel(sql_type = BigInt)]
    pub rejected: i64,
    /// When it last sent.
    #[diesel(sql_type = Text)]
    pub last: String,
}

/// What each facility sent since a day (`YYYY-MM-DD`).
pub fn sent_since(conn: &mut Conn, by: &By, since: &str) -> Result<Vec<Sent>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(
        "SELECT r.facility_id, count(*) AS files, CAST(sum(r.accepted) AS BIGINT) AS accepted, CAST(sum(r.rejected) AS BIGINT) AS rejected, max(r.at) AS last \
         FROM receipt r WHERE r.state = 'taken' AND r.at >= ? AND (? = 1 OR r.facility_id IN (?)) GROUP BY r.facility_id ORDER BY r.facility_id",
        &[since.into(), scope.every_facility(), scope.facilities()],
    )?)
}
