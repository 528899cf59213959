//! Imports: what was read, the verdict on each tumor, what came of it, and the problems found.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// An import as it stands.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Import {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// The job that does it.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub job_id: Option<i64>,
    /// The received file.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub file_id: Option<i64>,
    /// Its name as the sender called it.
    #[diesel(sql_type = Text)]
    pub file_name: String,
    /// Who sent it: names the space of its patient numbers. Empty until the file's head was read.
    #[diesel(sql_type = Text)]
    pub sender: String,
    /// Facility for records without one.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub facility_id: Option<i64>,
    /// Who imported.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// `read apply publish change done refused withdrawing withdrawn restoring`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// What was asked, as JSON.
    #[diesel(sql_type = Text)]
    pub options: String,
    /// The file's head, as JSON.
    #[diesel(sql_type = Text)]
    pub root: String,
    /// Counts, as JSON.
    #[diesel(sql_type = Text)]
    pub counts: String,
    /// Problems by kind, as JSON.
    #[diesel(sql_type = Text)]
    pub problem_counts: String,
    /// Why it was refused.
    #[diesel(sql_type = Nullable<Text>)]
    pub message: Option<String>,
    /// When it began.
    #[diesel(sql_type = Text)]
    pub created_at: String,
    /// When it was published.
    #[diesel(sql_type = Nullable<Text>)]
    pub published_at: Option<String>,
}

/// A problem of an import.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct ImportProblem {
    /// Row id; 0 before it is written.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Kind word.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// `error warning note`.
    #[diesel(sql_type = Text)]
    pub severity: String,
    /// Line in the file.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub line: Option<i64>,
    /// Column.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub col: Option<i64>,
    /// Ordinal of the patient in the file.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub patient: Option<i64>,
    /// Ordinal of the tumor in the patient.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub tumor: Option<i64>,
    /// Item id.
    #[diesel(sql_type = Nullable<Text>)]
    pub item: Option<String>,
    /// Item number.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub number: Option<i64>,
    /// The value.
    #[diesel(sql_type = Nullable<Text>)]
    pub value: Option<String>,
    /// What is wrong, in plain words.
    #[diesel(sql_type = Text)]
    pub message: String,
}

/// What a tumor of an import became, or will become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// A new abstract.
    Added,
    /// Equal to a record already received: nothing happens.
    Unchanged,
    /// A different record of a known abstract; becomes `Replaced`, `Review` or `Ignored`.
    Changed,
    /// Took the place of what was reported before.
    Replaced,
    /// Waits for a person, item by item.
    Review,
    /// Differs and was asked to be left alone.
    Ignored,
    /// Not taken.
    Refused,
    /// A patient without a tumor.
    NoTumor,
}

impl Verdict {
    const WORDS: [(Verdict, &'static str); 8] = [
        (Verdict::Added, "added"),
        (Verdict::Unchanged, "unchanged"),
        (Verdict::Changed, "changed"),
        (Verdict::Replaced, "replaced"),
        (Verdict::Review, "review"),
        (Verdict::Ignored, "ignored"),
        (Verdict::Refused, "refused"),
        (Verdict::NoTumor, "no-tumor"),
    ];

    /// As the database says it.
    pub fn word(self) -> &'static str {
        Verdict::WORDS.iter().find(|(v, _)| *v == self).map_or("added", |(_, w)| w)
    }

    fn parse(word: &str) -> Verdict {
        Verdict::WORDS.iter().find(|(_, w)| *w == word).map_or(Verdict::Refused, |(v, _)| *v)
    }
}

/// A `<Patient>` as it was read and judged.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Ordinal in the file, from 1.
    pub ordinal: i64,
    /// First and last line.
    pub lines: (i64, i64),
    /// Canonical digest of the whole patient.
    pub digest: [u8; 32],
    /// The bytes as received, compressed.
    pub received: Vec<u8>,
    /// Its tumors; for a patient without one a single entry of ordinal 0.
    pub tumors: Vec<StagedTumor>,
}

/// A tumor of a staged patient.
#[derive(Debug, Clone)]
pub struct StagedTumor {
    /// Ordinal in the patient, from 1; 0 stands for the patient alone.
    pub ordinal: i64,
    /// Canonical digest of the patient's items and this tumor.
    pub digest: [u8; 32],
    /// Verdict of the read step.
    pub verdict: Verdict,
}

const COLUMNS_ONE: &str = "SELECT id, job_id, file_id, file_name, sender, facility_id, login, state, options, root, counts, problem_counts, \
     message, created_at, published_at FROM import WHERE id = ?";

/// Begins an import: its row and its job. Answers both ids.
pub fn begin(
    tx: &mut Tx<'_>,
    by: &By,
    file: i64,
    file_name: &str,
    facility: Option<i64>,
    options: &str,
) -> Result<(i64, i64), StoreError> {
    let id = tx
        .conn
        .number(
            "INSERT INTO import (file_id, file_name, sender, facility_id, user_id, login, state, options, root, counts, problem_counts, created_at) \
             VALUES (?, ?, '', ?, ?, ?, 'read', ?, '{}', '{}', '{}', ?) RETURNING id AS n",
            binds![file, file_name, facility, by.asker.user.map(|u| u.0), &by.asker.login, options, &stamp(tx.now)],
        )?
        .ok_or(StoreError::NotFound)?;
    tx.conn.run("INSERT INTO hidden_import (import_id) VALUES (?)", binds![id])?;
    let job = super::jobs::enqueue(tx, by, "import", &format!("{{\"import\":{id}}}"), facility)?;
    tx.conn.run("UPDATE import SET job_id = ? WHERE id = ?", binds![job, id])?;
    Ok((id, job))
}

/// An import, for its job; not for an asker.
pub fn import_row(conn: &mut Conn, id: i64) -> Result<Import, StoreError> {
    conn.row::<Import>(COLUMNS_ONE, binds![id])?.ok_or(StoreError::NotFound)
}

/// An import the asker may see: his own, or of his registry.
pub fn import(conn: &mut Conn, by: &By, id: i64) -> Result<Import, StoreError> {
    let scope = ScopeBinds::of(by);
    conn.row::<Import>(
        "SELECT id, job_id, file_id, file_name, sender, facility_id, login, state, options, root, counts, problem_counts, message, \
         created_at, published_at FROM import WHERE id = ? AND (? = 1 OR user_id = ?)",
        &[id.into(), scope.all(), by.asker.user.map(|u| u.0).into()],
    )?
    .ok_or(StoreError::NotFound)
}

/// The newest imports that the asker may see.
pub fn imports(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<Import>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows::<Import>(
        "SELECT id, job_id, file_id, file_name, sender, facility_id, login, state, options, root, counts, problem_counts, message, \
         created_at, published_at FROM import WHERE (? = 1 OR user_id = ?) ORDER BY id DESC LIMIT ?",
        &[scope.all(), by.asker.user.map(|u| u.0).into(), limit.into()],
    )?)
}

/// Writes what the file's head says.
pub fn set_head(tx: &mut Tx<'_>, import: i64, sender: &str, root: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE import SET sender = ?, root = ? WHERE id = ?", binds![sender, root, import])?;
    Ok(())
}

/// Moves an import to its next state.
pub fn set_state(tx: &mut Tx<'_>, import: i64, state: &str, message: Option<&str>) -> Result<(), StoreError> {
    tx.conn.run("UPDATE import SET state = ?, message = ? WHERE id = ?", binds![state, message, import])?;
    Ok(())
}

/// Writes the counts.
pub fn set_counts(tx: &mut Tx<'_>, import: i64, counts: &str, problems: &str) -> Result<(), StoreError> {
    tx.conn.run("UPDATE import SET counts = ?, problem_counts = ? WHERE id = ?", binds![counts, problems, import])?;
    Ok(())
}

/// How many patients of the file are already staged: where a read that was broken off goes on.
pub fn staged_patients(conn: &mut Conn, import: i64) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(ordinal) AS n FROM source_record WHERE import_id = ?", binds![import])?.unwrap_or(0))
}

/// Writes a patient that was read.
pub fn stage(tx: &mut Tx<'_>, import: i64, sender: &str, staged: &Staged) -> Result<(), StoreError> {
    let source = tx
        .conn
        .number(
            "INSERT INTO source_record (import_id, ordinal, line_from, line_to, digest, received) VALUES (?, ?, ?, ?, ?, ?) RETURNING id AS n",
            binds![import, staged.ordinal, staged.lines.0, staged.lines.1, &staged.digest, &staged.received],
        )?
        .ok_or(StoreError::NotFound)?;
    for tumor in &staged.tumors {
        tx.conn.run(
            "INSERT INTO source_tumor (source_id, ordinal, import_id, sender, digest, verdict, settled) VALUES (?, ?, ?, ?, ?, ?, 0)",
            binds![source, tumor.ordinal, import, sender, &tumor.digest, tumor.verdict.word()],
        )?;
    }
    Ok(())
}

/// Writes problems.
pub fn add_problems(tx: &mut Tx<'_>, import: i64, problems: &[ImportProblem]) -> Result<(), StoreError> {
    for p in problems {
        tx.conn.run(
            "INSERT INTO import_problem (import_id, kind, severity, line, col, patient, tumor, item, number, value, message) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            binds![import, &p.kind, &p.severity, p.line, p.col, p.patient, p.tumor, &p.item, p.number, &p.value, &p.message],
        )?;
    }
    Ok(())
}

/// Problems of an import, a page at a time, by kind or all.
pub fn problems(
    conn: &mut Conn,
    import: i64,
    kind: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<Vec<ImportProblem>, StoreError> {
    Ok(match kind {
        Some(kind) => conn.rows(
            "SELECT id, kind, severity, line, col, patient, tumor, item, number, value, message FROM import_problem \
             WHERE import_id = ? AND kind = ? AND id > ? ORDER BY id LIMIT ?",
            binds![import, kind, after, limit],
        )?,
        None => conn.rows(
            "SELECT id, kind, severity, line, col, patient, tumor, item, number, value, message FROM import_problem \
             WHERE import_id = ? AND id > ? ORDER BY id LIMIT ?",
            binds![import, after, limit],
        )?,
    })
}

/// A group of equal problems: kind, item, how many, and the line of the first.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct ProblemGroup {
    /// Kind word.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Severity.
    #[diesel(sql_type = Text)]
    pub severity: String,
    /// Item id.
    #[diesel(sql_type = Nullable<Text>)]
    pub item: Option<String>,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub times: i64,
    /// Line of the first.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub first_line: Option<i64>,
}

/// Problems of an import, grouped.
pub fn problem_groups(conn: &mut Conn, import: i64) -> Result<Vec<ProblemGroup>, StoreError> {
    Ok(conn.rows(
        "SELECT kind, severity, item, count(*) AS times, min(line) AS first_line FROM import_problem WHERE import_id = ? \
         GROUP BY kind, severity, item ORDER BY count(*) DESC, kind, item",
        binds![import],
    )?)
}

/// A source record waiting to be applied.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Source {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Ordinal in the file.
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    /// First line.
    #[diesel(sql_type = BigInt)]
    pub line_from: i64,
    /// The bytes as received, compressed.
    #[diesel(sql_type = Binary)]
    pub received: Vec<u8>,
}

/// Source records of an import that have an unsettled tumor of one of two verdicts, by ordinal, from after one.
pub fn unsettled(
    conn: &mut Conn,
    import: i64,
    verdicts: [Verdict; 2],
    after: i64,
    limit: i64,
) -> Result<Vec<Source>, StoreError> {
    Ok(conn.rows(
        "SELECT s.id, s.ordinal, s.line_from, s.received FROM source_record s WHERE s.import_id = ? AND s.ordinal > ? AND EXISTS \
         (SELECT 1 FROM source_tumor t WHERE t.source_id = s.id AND t.settled = 0 AND t.verdict IN (?, ?)) ORDER BY s.ordinal LIMIT ?",
        binds![import, after, verdicts[0].word(), verdicts[1].word(), limit],
    )?)
}

/// A tumor of a source record with its verdict.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Ordinal in the patient.
    pub ordinal: i64,
    /// Verdict.
    pub verdict: Verdict,
    /// Digest.
    pub digest: Vec<u8>,
    /// Whether it was carried out.
    pub settled: bool,
    /// The abstract that came of it.
    pub abstract_id: Option<i64>,
}

#[derive(diesel::QueryableByName)]
struct JudgedRow {
    #[diesel(sql_type = BigInt)]
    ordinal: i64,
    #[diesel(sql_type = Text)]
    verdict: String,
    #[diesel(sql_type = Binary)]
    digest: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    settled: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    abstract_id: Option<i64>,
}

/// The tumors of a source record.
pub fn judged(conn: &mut Conn, source: i64) -> Result<Vec<Judged>, StoreError> {
    Ok(conn
        .rows::<JudgedRow>(
            "SELECT ordinal, verdict, digest, settled, abstract_id FROM source_tumor WHERE source_id = ? ORDER BY ordinal",
            binds![source],
        )?
        .into_iter()
        .map(|r| Judged {
            ordinal: r.ordinal,
            verdict: Verdict::parse(&r.verdict),
            digest: r.digest,
            settled: r.settled == 1,
            abstract_id: r.abstract_id,
        })
        .collect())
}

/// Writes what a tumor of a source record became.
pub fn settle(
    tx: &mut Tx<'_>,
    source: i64,
    ordinal: i64,
    verdict: Verdict,
    facility: Option<i64>,
    abstract_id: Option<i64>,
) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE source_tumor SET verdict = ?, facility_id = ?, abstract_id = ?, settled = 1 WHERE source_id = ? AND ordinal = ?",
        binds![verdict.word(), facility, abstract_id, source, ordinal],
    )?;
    Ok(())
}

/// Notes a verdict that is still to be carried out.
pub fn judge(
    tx: &mut Tx<'_>,
    source: i64,
    ordinal: i64,
    verdict: Verdict,
    facility: i64,
    abstract_id: i64,
) -> Result<(), StoreError> {
    tx.conn.run(
        "UPDATE source_tumor SET verdict = ?, facility_id = ?, abstract_id = ? WHERE source_id = ? AND ordinal = ?",
        binds![verdict.word(), facility, abstract_id, source, ordinal],
    )?;
    Ok(())
}

/// Writes which patient a source record became.
pub fn link_source(tx: &mut Tx<'_>, source: i64, patient: i64) -> Result<(), StoreError> {
    tx.conn.run("UPDATE source_record SET patient_id = ? WHERE id = ?", binds![patient, source])?;
    Ok(())
}

/// Whether this very record was received from this sender before and stands settled.
pub fn was_received(conn: &mut Conn, digest: &[u8], sender: &str) -> Result<bool, StoreError> {
    Ok(conn
        .number(
            "SELECT count(*) AS n FROM source_tumor t WHERE t.digest = ? AND t.sender = ? AND t.settled = 1 \
             AND t.verdict IN ('added', 'replaced', 'review', 'ignored', 'no-tumor', 'unchanged') \
             AND (t.abstract_id IS NULL OR EXISTS (SELECT 1 FROM abstract a WHERE a.id = t.abstract_id AND a.state = 'live'))",
            binds![digest, sender],
        )?
        .unwrap_or(0)
        > 0)
}

#[derive(diesel::QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Patients known by a number of this sender.
pub fn patients_by_sent_number(conn: &mut Conn, value: &str) -> Result<Vec<i64>, StoreError> {
    Ok(conn
        .rows::<Id>(
            "SELECT DISTINCT i.patient_id AS id FROM patient_identifier i JOIN patient p ON p.id = i.patient_id \
             WHERE i.kind = 'sent' AND i.value = ? AND p.state = 'live' ORDER BY i.patient_id",
            binds![value],
        )?
        .into_iter()
        .map(|r| r.id)
        .collect())
}

/// An abstract that may be the same as an arriving record.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct Known {
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Its tumor.
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
    /// Site of its tumor.
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
}

/// Abstracts of a facility with this accession and sequence number.
pub fn abstracts_by_accession(
    conn: &mut Conn,
    facility: i64,
    accession: &str,
    sequence: &str,
) -> Result<Vec<Known>, StoreError> {
    Ok(conn.rows(
        "SELECT a.id, a.patient_id, a.tumor_id, t.site FROM abstract a JOIN tumor t ON t.id = a.tumor_id \
         WHERE a.facility_id = ? AND a.accession = ? AND a.sequence = ? AND a.state = 'live' ORDER BY a.id",
        binds![facility, accession, sequence],
    )?)
}

/// Makes what an import brought visible: one small piece.
pub fn publish(tx: &mut Tx<'_>, import: i64) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM hidden_import WHERE import_id = ?", binds![import])?;
    tx.conn.run("UPDATE import SET state = 'change', published_at = ? WHERE id = ?", binds![&stamp(tx.now), import])?;
    Ok(())
}

/// Tumors of an import by verdict.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct VerdictCount {
    /// Verdict word.
    #[diesel(sql_type = Text)]
    pub verdict: String,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub times: i64,
}

/// Counts by verdict.
pub fn verdict_counts(conn: &mut Conn, import: i64) -> Result<Vec<VerdictCount>, StoreError> {
    Ok(conn.rows(
        "SELECT verdict, count(*) AS times FROM source_tumor WHERE import_id = ? GROUP BY verdict ORDER BY verdict",
        binds![import],
    )?)
}

/// Takes out the staging rows of a refused import: nothing of it stays but its row, its problems and its file.
pub fn clear_staged(tx: &mut Tx<'_>, import: i64) -> Result<(), StoreError> {
    tx.conn.run("DELETE FROM source_tumor WHERE import_id = ?", binds![import])?;
    tx.conn.run("DELETE FROM source_record WHERE import_id = ?", binds![import])?;
    tx.conn.run("DELETE FROM hidden_import WHERE import_id = ?", binds![import])?;
    Ok(())
}

/// Raises the next accession number of each facility and year above the highest an import brought.
pub fn raise_accession_counters(tx: &mut Tx<'_>, import: i64) -> Result<(), StoreError> {
    tx.conn.run(
        "INSERT INTO accession_counter (facility_id, year, last) \
         SELECT facility_id, CAST(substr(accession, 1, 4) AS BIGINT), max(CAST(substr(accession, 5, 5) AS BIGINT)) FROM abstract \
         WHERE import_id = ? AND length(accession) = 9 AND substr(accession, 1, 1) IN ('1', '2') \
         AND replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(accession, \
         '0', ''), '1', ''), '2', ''), '3', ''), '4', ''), '5', ''), '6', ''), '7', ''), '8', ''), '9', '') = '' \
         GROUP BY facility_id, CAST(substr(accession, 1, 4) AS BIGINT) \
         ON CONFLICT (facility_id, year) DO UPDATE SET last = CASE WHEN excluded.last > accession_counter.last THEN excluded.last \
         ELSE accession_counter.last END",
        binds![import],
    )?;
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = Text)]
    root: String,
}

/// The heads of all published imports, as JSON.
pub fn published_heads(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    Ok(conn
        .rows::<HeadRow>(
            "SELECT root FROM import WHERE state IN ('change', 'done', 'withdrawing', 'restoring') ORDER BY id",
            &[],
        )?
        .into_iter()
        .map(|r| r.root)
        .collect())
}

/// A patient of an import, by its place in the file.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub(crate) struct PatientOf {
    #[diesel(sql_type = BigInt)]
    pub ordinal: i64,
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
}

/// The patients that records of an import became, in the order of the file, from after one.
pub(crate) fn patients_of_import(
    conn: &mut Conn,
    import: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<PatientOf>, StoreError> {
    Ok(conn.rows(
        "SELECT ordinal, patient_id FROM source_record WHERE import_id = ? AND ordinal > ? AND patient_id IS NOT NULL \
         ORDER BY ordinal LIMIT ?",
        binds![import, after, limit],
    )?)
}

/// An abstract that an import made.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub(crate) struct MadeAbstract {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub tumor_id: i64,
}

/// The abstracts of a patient that an import made and that stand in this state.
pub(crate) fn abstracts_of_import_at(
    conn: &mut Conn,
    import: i64,
    patient: i64,
    state: &str,
) -> Result<Vec<MadeAbstract>, StoreError> {
    Ok(conn.rows(
        "SELECT id, tumor_id FROM abstract WHERE patient_id = ? AND import_id = ? AND state = ? ORDER BY id",
        binds![patient, import, state],
    )?)
}

/// Whether a patient was made by an import.
pub(crate) fn is_of_import(conn: &mut Conn, import: i64, patient: i64) -> Result<bool, StoreError> {
    let rows =
        conn.number("SELECT count(*) AS n FROM patient WHERE id = ? AND import_id = ?", binds![patient, import])?;
    Ok(rows.unwrap_or(0) > 0)
}

/// Whether a person has worked at what an import made of a patient: typed a value, posted a contact, moved or deleted
/// something, tried to reach the patient.
pub(crate) fn person_worked_at(conn: &mut Conn, import: i64, patient: i64) -> Result<bool, StoreError> {
    let rows = conn.number(
        "SELECT (SELECT count(*) FROM history h WHERE h.kind = 'patient' AND h.record_id = ? AND h.version > 1 \
         AND h.source_kind IN ('typed', 'contact', 'operation')) \
         + (SELECT count(*) FROM abstract a JOIN history h ON h.kind = 'abstract' AND h.record_id = a.id AND h.version > 1 \
         AND h.source_kind IN ('typed', 'contact', 'operation') WHERE a.patient_id = ? AND a.import_id = ? AND a.state <> 'withdrawn') \
         + (SELECT count(*) FROM contact c WHERE c.patient_id = ?) + (SELECT count(*) FROM attempt t WHERE t.patient_id = ?) AS n",
        binds![patient, patient, import, patient, patient],
    )?;
    Ok(rows.unwrap_or(0) > 0)
}

#[derive(diesel::QueryableByName)]
struct FacilityOf {
    #[diesel(sql_type = BigInt)]
    facility_id: i64,
}

/// The facilities whose abstracts an import made.
pub(crate) fn facilities_of_import(conn: &mut Conn, import: i64) -> Result<Vec<i64>, StoreError> {
    let rows = conn.rows::<FacilityOf>(
        "SELECT DISTINCT facility_id FROM abstract WHERE import_id = ? ORDER BY facility_id",
        binds![import],
    )?;
    Ok(rows.into_iter().map(|row| row.facility_id).collect())
}

/// With an import that is taken back go the reviews that wait, and what was received without a tumor counts as not
/// received; undoing brings both back.
pub(crate) fn withdraw_rest(tx: &mut Tx<'_>, import: i64, undo: bool) -> Result<(), StoreError> {
    let (from, to, settled) = if undo { ("withdrawn", "open", 1) } else { ("open", "withdrawn", 0) };
    tx.conn.run("UPDATE review SET state = ? WHERE import_id = ? AND state = ?", binds![to, import, from])?;
    tx.conn.run(
        "UPDATE source_tumor SET settled = ? WHERE import_id = ? AND verdict = 'no-tumor'",
        binds![settled, import],
    )?;
    Ok(())
}
