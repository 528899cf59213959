//! What the edits say of each abstract, and the over-rides people gave: rows only; the rules are `registry::edit_results`.

use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx, jobs};
use crate::binds;
use crate::registry::clock::stamp;

/// The kind of the job that runs the edits over the registry.
pub const RUN: &str = "edits";

/// Settings whose change may change what the edits say.
pub fn reads_setting(name: &str) -> bool {
    matches!(name, "registry.kind" | "registry.state" | "registry.reference_date") || name.starts_with("edits.")
}

/// Puts a run over the registry into the queue, unless one waits already or there is nothing to run over.
pub fn ask_for_run(tx: &mut Tx<'_>, by: &By) -> Result<(), StoreError> {
    let any = tx.conn.number("SELECT id AS n FROM abstract ORDER BY id LIMIT 1", &[])?.is_some();
    let waits = tx.conn.number("SELECT id AS n FROM job WHERE kind = ? AND state = 'waiting' LIMIT 1", binds![RUN])?;
    if any && waits.is_none() {
        jobs::enqueue(tx, by, RUN, "{}", None)?;
    }
    Ok(())
}

/// An abstract with the digests of its values and what its result was made from.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub(crate) struct Digests {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    #[diesel(sql_type = Binary)]
    pub hash: Vec<u8>,
    #[diesel(sql_type = Binary)]
    pub patient_hash: Vec<u8>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    #[diesel(sql_type = Text)]
    pub record_type: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub edition: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    pub inputs: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub day: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub timely: Option<i64>,
}

/// Live abstracts of the patients from one id to another, by patient and id; for jobs and changes, not for an asker.
pub(crate) fn digests(conn: &mut Conn, from: i64, to: i64) -> Result<Vec<Digests>, StoreError> {
    Ok(conn.rows(
        "SELECT a.id, a.patient_id, a.hash, p.hash AS patient_hash, t.dx_low, a.record_type, r.edition, r.inputs, r.day, r.timely \
         FROM abstract a JOIN patient p ON p.id = a.patient_id JOIN tumor t ON t.id = a.tumor_id \
         LEFT JOIN edit_result r ON r.abstract_id = a.id \
         WHERE a.patient_id >= ? AND a.patient_id <= ? AND a.state = 'live' ORDER BY a.patient_id, a.id",
        binds![from, to],
    )?)
}

/// The same of these patients.
pub(crate) fn digests_of(conn: &mut Conn, patients: &[i64]) -> Result<Vec<Digests>, StoreError> {
    let ids = serde_json::to_string(patients).unwrap_or_else(|_| "[]".into());
    Ok(conn.rows(
        "SELECT a.id, a.patient_id, a.hash, p.hash AS patient_hash, t.dx_low, a.record_type, r.edition, r.inputs, r.day, r.timely \
         FROM abstract a JOIN patient p ON p.id = a.patient_id JOIN tumor t ON t.id = a.tumor_id \
         LEFT JOIN edit_result r ON r.abstract_id = a.id \
         WHERE a.patient_id IN (?) AND a.state = 'live' ORDER BY a.patient_id, a.id",
        &[super::Value::Ids(&ids)],
    )?)
}

/// The next patients after an id with an abstract of an import.
pub(crate) fn patients_of_import(conn: &mut Conn, import: i64, after: i64, many: i64) -> Result<Vec<i64>, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Id {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let rows = conn.rows::<Id>(
        "SELECT DISTINCT patient_id AS id FROM abstract WHERE import_id = ? AND patient_id > ? ORDER BY patient_id LIMIT ?",
        binds![import, after, many],
    )?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The last of the next patients after an id.
pub(crate) fn last_of_next_patients(conn: &mut Conn, after: i64, many: i64) -> Result<Option<i64>, StoreError> {
    Ok(conn.number(
        "SELECT max(id) AS n FROM (SELECT id FROM patient WHERE id > ? ORDER BY id LIMIT ?) next",
        binds![after, many],
    )?)
}

/// The highest id of a patient, for a progress bar.
pub(crate) fn last_patient(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM patient", &[])?.unwrap_or(0))
}

/// A result to be kept.
#[derive(Debug, Clone)]
pub(crate) struct NewResult {
    pub abstract_: i64,
    pub patient: i64,
    pub edition: String,
    pub inputs: [u8; 16],
    pub day: i64,
    pub timely: bool,
    pub failures: String,
    pub state: &'static str,
    pub errors: i64,
    pub warnings: i64,
}

impl Tx<'_> {
    /// Keeps what the edits say of an abstract in the place of what they said before.
    pub(crate) fn keep_result(&mut self, new: &NewResult) -> Result<(), StoreError> {
        self.conn.run(
            "INSERT INTO edit_result (abstract_id, patient_id, edition, inputs, day, timely, failures) VALUES (?, ?, ?, ?, ?, ?, ?) \
             ON CONFLICT (abstract_id) DO UPDATE SET patient_id = excluded.patient_id, edition = excluded.edition, \
             inputs = excluded.inputs, day = excluded.day, timely = excluded.timely, failures = excluded.failures",
            binds![
                new.abstract_,
                new.patient,
                &new.edition,
                &new.inputs[..],
                new.day,
                new.timely,
                &new.failures
            ],
        )?;
        self.conn.run(
            "UPDATE abstract SET edit_state = ?, edit_errors = ?, edit_warnings = ? WHERE id = ? AND (edit_state <> ? OR edit_errors <> ? \
             OR edit_warnings <> ?)",
            binds![new.state, new.errors, new.warnings, new.abstract_, new.state, new.errors, new.warnings],
        )?;
        Ok(())
    }

    /// Writes an over-ride.
    pub(crate) fn add_over_ride(&mut self, by: &By, new: &NewOverRide<'_>) -> Result<(), StoreError> {
        let at = stamp(self.now);
        self.conn.run(
            "UPDATE edit_override SET state = 'replaced', ended_by = ?, ended_at = ?, ended_why = 'given again' \
             WHERE abstract_id = ? AND edit = ? AND state = 'stands'",
            binds![&by.asker.login, &at, new.abstract_, new.edit],
        )?;
        self.conn.run(
            "INSERT INTO edit_override (abstract_id, patient_id, edit, flag, value, reason, reviewed, state, needed, user_id, login, at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, 'stands', 1, ?, ?, ?)",
            binds![
                new.abstract_,
                new.patient,
                new.edit,
                new.flag,
                new.value,
                new.reason,
                new.reviewed,
                by.asker.user.map(|u| u.0),
                &by.asker.login,
                &at
            ],
        )?;
        Ok(())
    }

    /// Ends an over-ride: `fallen` or `removed`.
    pub(crate) fn end_over_ride(&mut self, by: &By, id: i64, state: &str, why: &str) -> Result<(), StoreError> {
        let at = stamp(self.now);
        self.conn.run(
            "UPDATE edit_override SET state = ?, ended_by = ?, ended_at = ?, ended_why = ? WHERE id = ? AND state = 'stands'",
            binds![state, &by.asker.login, &at, why, id],
        )?;
        Ok(())
    }

    /// Says whether a failing edit still needs an over-ride.
    pub(crate) fn set_needed(&mut self, id: i64, needed: bool) -> Result<(), StoreError> {
        self.conn
            .run("UPDATE edit_override SET needed = ? WHERE id = ? AND needed <> ?", binds![needed, id, needed])?;
        Ok(())
    }
}

/// An over-ride to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewOverRide<'a> {
    pub abstract_: i64,
    pub patient: i64,
    pub edit: &'a str,
    pub flag: &'a str,
    pub value: &'a str,
    pub reason: &'a str,
    pub reviewed: &'a str,
}

/// An over-ride as it stands or stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct OverRide {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its abstract.
    #[diesel(sql_type = BigInt)]
    pub abstract_id: i64,
    /// The edit it lets pass.
    #[diesel(sql_type = Text)]
    pub edit: String,
    /// Id of the flag's item.
    #[diesel(sql_type = Text)]
    pub flag: String,
    /// The flag's value.
    #[diesel(sql_type = Text)]
    pub value: String,
    /// Why.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// The values looked at, as JSON: item id to value.
    #[diesel(sql_type = Text)]
    pub reviewed: String,
    /// `stands fallen removed replaced`.
    #[diesel(sql_type = Text)]
    pub state: String,
    /// 1 while a failing edit needs it.
    #[diesel(sql_type = BigInt)]
    pub needed: i64,
    /// Who gave it.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// When it ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub ended_at: Option<String>,
    /// Why it ended.
    #[diesel(sql_type = Nullable<Text>)]
    pub ended_why: Option<String>,
}

/// All over-rides of an abstract, newest first. The caller has read the abstract with its scope.
pub fn over_rides(conn: &mut Conn, abstract_: i64) -> Result<Vec<OverRide>, StoreError> {
    Ok(conn.rows(
        "SELECT id, abstract_id, edit, flag, value, reason, reviewed, state, needed, login, at, ended_at, ended_why \
         FROM edit_override WHERE abstract_id = ? ORDER BY id DESC",
        binds![abstract_],
    )?)
}

/// The over-rides that stand on a patient's abstracts; for the change functions, not for an asker.
pub(crate) fn standing_over_rides(conn: &mut Conn, patient: i64) -> Result<Vec<OverRide>, StoreError> {
    Ok(conn.rows(
        "SELECT id, abstract_id, edit, flag, value, reason, reviewed, state, needed, login, at, ended_at, ended_why \
         FROM edit_override WHERE patient_id = ? AND state = 'stands' ORDER BY id",
        binds![patient],
    )?)
}

/// What the edits say of one abstract, for counting and listing.
#[derive(Debug, Clone, diesel::QueryableByName)]
pub struct ResultRow {
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Abstractor's user id.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub abstractor: Option<i64>,
    /// First contact as `YYYYMMDD`.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub first_contact: Option<i64>,
    /// Accession number.
    #[diesel(sql_type = Nullable<Text>)]
    pub accession: Option<String>,
    /// Status word.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// Set and rules.
    #[diesel(sql_type = Text)]
    pub edition: String,
    /// What fails.
    #[diesel(sql_type = Text)]
    pub failures: String,
}

/// Results after an abstract that the asker may see, whose failures hold a text, by abstract.
pub fn results_after(
    conn: &mut Conn,
    by: &By,
    after: i64,
    holding: &str,
    limit: i64,
) -> Result<Vec<ResultRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let pattern = like(holding);
    Ok(conn.rows(
        "SELECT a.id, a.patient_id, a.facility_id, a.abstractor, a.first_contact, a.accession, a.status, r.edition, r.failures \
         FROM edit_result r JOIN abstract_live a ON a.id = r.abstract_id \
         WHERE r.abstract_id > ? AND r.failures LIKE ? AND (? = 1 OR a.facility_id IN (?)) ORDER BY r.abstract_id LIMIT ?",
        &[after.into(), (&pattern).into(), scope.all(), scope.ids(), limit.into()],
    )?)
}

/// A pattern for text that may hold a sign that means something in one: those become "any character".
fn like(text: &str) -> String {
    let mut pattern = String::from("%");
    pattern.extend(text.chars().map(|c| if matches!(c, '%' | '\\') { '_' } else { c }));
    pattern.push('%');
    pattern
}

/// What the edits said of one abstract; none before they ran. The caller has read the abstract with its scope.
pub(crate) fn result_of(conn: &mut Conn, abstract_: i64) -> Result<Option<(String, String)>, StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Said {
        #[diesel(sql_type = Text)]
        edition: String,
        #[diesel(sql_type = Text)]
        failures: String,
    }
    let row = conn.row::<Said>("SELECT edition, failures FROM edit_result WHERE abstract_id = ?", binds![abstract_])?;
    Ok(row.map(|row| (row.edition, row.failures)))
}

/// How many abstracts there are whose edits never ran, and how many with a result; within the asker's scope.
pub fn coverage(conn: &mut Conn, by: &By) -> Result<(i64, i64), StoreError> {
    let scope = ScopeBinds::of(by);
    let mut count = |text: &str| conn.number(text, &[scope.all(), scope.ids()]);
    let never = count(
        "SELECT count(*) AS n FROM abstract_live a WHERE a.edit_state = 'not-run' AND (? = 1 OR a.facility_id IN (?))",
    )?;
    let ran = count(
        "SELECT count(*) AS n FROM abstract_live a WHERE a.edit_state <> 'not-run' AND (? = 1 OR a.facility_id IN (?))",
    )?;
    Ok((never.unwrap_or(0), ran.unwrap_or(0)))
}
