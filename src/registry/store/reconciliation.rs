//! Counting a registry against the reports of the program it came from, and accession numbers with their gaps.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::{ScopeBinds, must_hold};
use super::{Conn, Dialect, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// What is counted, by facility and year of first contact.
pub const MEASURES: [(&str, &str); 7] = [
    ("patients", "Patients"),
    ("tumors", "Abstracts"),
    ("class_10_14", "Class 10-14"),
    ("class_20_22", "Class 20-22"),
    ("class_00", "Class 00"),
    ("deaths", "Patients dead"),
    ("followed", "Patients dead or seen in 15 months"),
];

/// One facility and year as counted.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Counted {
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Year of first contact; 0 when it is not known.
    #[diesel(sql_type = BigInt)]
    pub year: i64,
    /// Patients.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
    /// Abstracts.
    #[diesel(sql_type = BigInt)]
    pub tumors: i64,
    /// Classes 10 to 14.
    #[diesel(sql_type = BigInt)]
    pub class_10_14: i64,
    /// Classes 20 to 22.
    #[diesel(sql_type = BigInt)]
    pub class_20_22: i64,
    /// Class 00.
    #[diesel(sql_type = BigInt)]
    pub class_00: i64,
    /// Patients dead.
    #[diesel(sql_type = BigInt)]
    pub deaths: i64,
    /// Patients dead, or with a contact not before the day given.
    #[diesel(sql_type = BigInt)]
    pub followed: i64,
}

/// Counts every facility and year in the asker's scope. `seen_since` (`YYYYMMDD`) is the day from which a living patient
/// counts as followed.
pub fn counted(conn: &mut Conn, by: &By, seen_since: i64) -> Result<Vec<Counted>, StoreError> {
    let scope = ScopeBinds::of(by);
    // Both sides are read from their indexes alone. SQLite would look each patient up in the table, past a long record.
    let text = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT g.facility_id, g.year, count(*) AS patients, CAST(sum(g.tumors) AS BIGINT) AS tumors, CAST(sum(g.class_10_14) AS BIGINT) AS class_10_14, \
         CAST(sum(g.class_20_22) AS BIGINT) AS class_20_22, CAST(sum(g.class_00) AS BIGINT) AS class_00, \
         count(CASE WHEN p.vital_status = '0' THEN 1 END) AS deaths, \
         count(CASE WHEN p.vital_status = '0' OR p.contact_high >= ? THEN 1 END) AS followed \
         FROM (SELECT a.patient_id, a.facility_id, coalesce(a.first_contact, 0) / 10000 AS year, count(*) AS tumors, \
         count(CASE WHEN a.class >= '10' AND a.class <= '14' THEN 1 END) AS class_10_14, \
         count(CASE WHEN a.class >= '20' AND a.class <= '22' THEN 1 END) AS class_20_22, \
         count(CASE WHEN a.class = '00' THEN 1 END) AS class_00 FROM abstract_live a WHERE (? = 1 OR a.facility_id IN (?)) \
         GROUP BY a.patient_id, a.facility_id, coalesce(a.first_contact, 0) / 10000) g \
         JOIN patient p INDEXED BY patient_vital ON p.id = g.patient_id GROUP BY g.facility_id, g.year ORDER BY g.facility_id, g.year DESC"
        }
        Dialect::Postgres => {
            "SELECT g.facility_id, g.year, count(*) AS patients, CAST(sum(g.tumors) AS BIGINT) AS tumors, CAST(sum(g.class_10_14) AS BIGINT) AS class_10_14, \
         CAST(sum(g.class_20_22) AS BIGINT) AS class_20_22, CAST(sum(g.class_00) AS BIGINT) AS class_00, \
         count(CASE WHEN p.vital_status = '0' THEN 1 END) AS deaths, \
         count(CASE WHEN p.vital_status = '0' OR p.contact_high >= ? THEN 1 END) AS followed \
         FROM (SELECT a.patient_id, a.facility_id, coalesce(a.first_contact, 0) / 10000 AS year, count(*) AS tumors, \
         count(CASE WHEN a.class >= '10' AND a.class <= '14' THEN 1 END) AS class_10_14, \
         count(CASE WHEN a.class >= '20' AND a.class <= '22' THEN 1 END) AS class_20_22, \
         count(CASE WHEN a.class = '00' THEN 1 END) AS class_00 FROM abstract_live a WHERE (? = 1 OR a.facility_id IN (?)) \
         GROUP BY a.patient_id, a.facility_id, coalesce(a.first_contact, 0) / 10000) g \
         JOIN patient p ON p.id = g.patient_id GROUP BY g.facility_id, g.year ORDER BY g.facility_id, g.year DESC"
        }
    };
    Ok(conn.rows(text, &[seen_since.into(), scope.all(), scope.ids()])?)
}

/// A number typed in from an old report.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Expected {
    /// Facility.
    #[diesel(sql_type = BigInt)]
    pub facility_id: i64,
    /// Year.
    #[diesel(sql_type = BigInt)]
    pub year: i64,
    /// Which measure.
    #[diesel(sql_type = Text)]
    pub measure: String,
    /// The old report's number.
    #[diesel(sql_type = BigInt)]
    pub expected: i64,
}

/// All numbers typed in.
pub fn expected(conn: &mut Conn, by: &By) -> Result<Vec<Expected>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(
        "SELECT facility_id, year, measure, expected FROM reconciliation WHERE (? = 1 OR facility_id IN (?)) ORDER BY facility_id, year, measure",
        &[scope.every_facility(), scope.facilities()],
    )?)
}

/// Keeps a number of an old report.
///
/// # Errors
/// A facility outside the scope or an unknown measure.
pub fn expect(
    tx: &mut Tx<'_>,
    by: &By,
    facility: i64,
    year: i64,
    measure: &str,
    number: i64,
) -> Result<(), StoreError> {
    must_hold(by, facility)?;
    if !MEASURES.iter().any(|(name, _)| *name == measure) || number < 0 {
        return Err(StoreError::Refused("That is not a number of this report.".into()));
    }
    tx.conn.run(
        "INSERT INTO reconciliation (facility_id, year, measure, expected, login, at) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (facility_id, year, measure) DO UPDATE SET expected = excluded.expected, login = excluded.login, at = excluded.at",
        binds![facility, year, measure, number, &by.asker.login, &stamp(tx.now)],
    )?;
    let line = by
        .line("reconciliation", tx.now)
        .facility(crate::asker::FacilityId(facility))
        .note(format!("{year} {measure}"));
    tx.audit(line);
    Ok(())
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<Text>)]
    accession: Option<String>,
}

/// The accession numbers between 1 and the highest that a facility never gave in a year.
pub fn accession_gaps(conn: &mut Conn, by: &By, facility: i64, year: i64) -> Result<Vec<i64>, StoreError> {
    must_hold(by, facility)?;
    let (low, high) = (format!("{year:04}00000"), format!("{year:04}99999"));
    let given: Vec<i64> = conn
        .rows::<Number>(
            "SELECT DISTINCT accession FROM abstract WHERE facility_id = ? AND accession >= ? AND accession <= ? ORDER BY accession",
            binds![facility, &low, &high],
        )?
        .into_iter()
        .filter_map(|n| n.accession.and_then(|a| a.get(4..).and_then(|s| s.parse().ok())))
        .collect();
    let mut gaps = Vec::new();
    let mut next = 1;
    for number in given {
        gaps.extend(next..number);
        next = number + 1;
    }
    Ok(gaps)
}

/// Gives the next accession number of a facility and year (item 550). Never gives one twice.
///
/// # Errors
/// A facility outside the scope, or a year's numbers used up.
pub fn next_accession(tx: &mut Tx<'_>, by: &By, facility: i64, year: i64) -> Result<String, StoreError> {
    must_hold(by, facility)?;
    let last = tx
        .conn
        .number(
            "INSERT INTO accession_counter (facility_id, year, last) VALUES (?, ?, 1) \
             ON CONFLICT (facility_id, year) DO UPDATE SET last = accession_counter.last + 1 RETURNING last AS n",
            binds![facility, year],
        )?
        .unwrap_or(1);
    if last > 99_999 {
        return Err(StoreError::Refused(format!("All accession numbers of {year} are given.")));
    }
    Ok(format!("{year:04}{last:05}"))
}
