//! Work lists: abstracts by when their completion is due, with counts, within the scope of who asks.
//!
//! Counts stop at [`MOST`]: a list longer than that says "10,000 and more" instead of counting a million rows.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError};

/// Where counting ends.
pub const MOST: i64 = 10_000;

/// Statuses of abstracts that wait for somebody, in the order of the work.
pub const OPEN: [&str; 5] = ["accessioned", "in-progress", "waiting", "returned", "reopened"];

/// Whose abstracts a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The asker's own and those nobody has.
    Mine,
    /// Everybody's.
    Team,
}

/// A row of a work list.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct WorkRow {
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Patient.
    #[diesel(sql_type = BigInt)]
    pub patient_id: i64,
    /// Status word.
    #[diesel(sql_type = Text)]
    pub status: String,
    /// When completion is due, `YYYYMMDD`.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub due: Option<i64>,
    /// Accession number.
    #[diesel(sql_type = Nullable<Text>)]
    pub accession: Option<String>,
    /// Sequence number.
    #[diesel(sql_type = Nullable<Text>)]
    pub sequence: Option<String>,
    /// Class of case.
    #[diesel(sql_type = Nullable<Text>)]
    pub class: Option<String>,
    /// Last name.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
    /// First name.
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    /// Primary site.
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
    /// Laterality.
    #[diesel(sql_type = Nullable<Text>)]
    pub laterality: Option<String>,
    /// First possible day of diagnosis.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub dx_low: Option<i64>,
    /// Edit errors at the last run.
    #[diesel(sql_type = BigInt)]
    pub edit_errors: i64,
}

const WORK: &str = "SELECT a.id, a.patient_id, a.status, a.due, a.accession, a.sequence, a.class, p.last_name, p.first_name, t.site, t.laterality, \
     t.dx_low, a.edit_errors FROM abstract_live a JOIN patient p ON p.id = a.patient_id JOIN tumor t ON t.id = a.tumor_id \
     WHERE a.status = ? AND (coalesce(a.due, 0) > ? OR (coalesce(a.due, 0) = ? AND a.id > ?)) AND a.due > 0 \
     AND (? = 1 OR a.facility_id IN (?)) AND (? = 1 OR coalesce(a.abstractor, ?) = ?) ORDER BY a.due, a.id LIMIT ?";

/// A page of the abstracts of one status by due date, after a due date and id.
pub fn work_list(
    conn: &mut Conn,
    by: &By,
    whose: Whose,
    status: &str,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<WorkRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn.rows(
        WORK,
        &[
            status.into(),
            after.0.into(),
            after.0.into(),
            after.1.into(),
            scope.all(),
            scope.ids(),
            (whose == Whose::Team).into(),
            me.into(),
            me.into(),
            limit.into(),
        ],
    )?)
}

const UNDATED: &str = "SELECT a.id, a.patient_id, a.status, a.due, a.accession, a.sequence, a.class, p.last_name, p.first_name, t.site, t.laterality, \
     t.dx_low, a.edit_errors FROM abstract_live a JOIN patient p ON p.id = a.patient_id JOIN tumor t ON t.id = a.tumor_id \
     WHERE a.status = ? AND a.due IS NULL AND a.id > ? \
     AND (? = 1 OR a.facility_id IN (?)) AND (? = 1 OR coalesce(a.abstractor, ?) = ?) ORDER BY a.id LIMIT ?";

/// A page of the abstracts of one status without a date of first contact, so that no limit is known, after an id.
pub fn work_undated(
    conn: &mut Conn,
    by: &By,
    whose: Whose,
    status: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<WorkRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn.rows(
        UNDATED,
        &[
            status.into(),
            after.into(),
            scope.all(),
            scope.ids(),
            (whose == Whose::Team).into(),
            me.into(),
            me.into(),
            limit.into(),
        ],
    )?)
}

/// How many abstracts have a status, at most [`MOST`].
pub fn count_status(conn: &mut Conn, by: &By, whose: Whose, status: &str) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn
        .number(
            "SELECT count(*) AS n FROM (SELECT a.id FROM abstract_live a WHERE a.status = ? AND (? = 1 OR a.facility_id IN (?)) \
             AND (? = 1 OR coalesce(a.abstractor, ?) = ?) LIMIT ?) c",
            &[status.into(), scope.all(), scope.ids(), (whose == Whose::Team).into(), me.into(), me.into(), MOST.into()],
        )?
        .unwrap_or(0))
}

/// How many open abstracts are due before a day (`YYYYMMDD`), at most [`MOST`].
pub fn count_due_before(conn: &mut Conn, by: &By, whose: Whose, day: i64) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    let mut count = 0;
    for status in OPEN {
        count += conn
            .number(
                "SELECT count(*) AS n FROM (SELECT a.id FROM abstract_live a WHERE a.status = ? AND a.due < ? AND (? = 1 OR a.facility_id IN (?)) \
                 AND (? = 1 OR coalesce(a.abstractor, ?) = ?) LIMIT ?) c",
                &[
                    status.into(),
                    day.into(),
                    scope.all(),
                    scope.ids(),
                    (whose == Whose::Team).into(),
                    me.into(),
                    me.into(),
                    MOST.into(),
                ],
            )?
            .unwrap_or(0);
    }
    Ok(count.min(MOST))
}

/// How many abstracts were completed from a day on (`YYYYMMDD`), at most [`MOST`].
pub fn count_completed_since(conn: &mut Conn, by: &By, whose: Whose, day: i64) -> Result<i64, StoreError> {
    let scope = ScopeBinds::of(by);
    let me = by.asker.user.map_or(0, |u| u.0);
    Ok(conn
        .number(
            "SELECT count(*) AS n FROM (SELECT a.completed FROM abstract_live a WHERE a.completed >= ? AND (? = 1 OR a.facility_id IN (?)) \
             AND (? = 1 OR coalesce(a.abstractor, ?) = ?) LIMIT ?) c",
            &[day.into(), scope.all(), scope.ids(), (whose == Whose::Team).into(), me.into(), me.into(), MOST.into()],
        )?
        .unwrap_or(0))
}
