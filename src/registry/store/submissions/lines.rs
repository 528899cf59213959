//! The lines of a batch: each case in it, what holds it back, and what the recipient said of it.

use diesel::sql_types::{BigInt, Nullable, Text};

use crate::binds;
use crate::registry::record::Record;
use crate::registry::store::{Conn, StoreError, Tx};

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
