//! Counts over the whole registry for the gate and the pages: cases by month, doubles.

use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use crate::registry::store::audit::By;
use crate::registry::store::scope::ScopeBinds;
use crate::registry::store::{Conn, StoreError};

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
