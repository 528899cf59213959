//! What goes on around an abstract while it is worked: who has it open and for how long, and what waits.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::scope::ScopeBinds;
use super::{Conn, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// A person is in an abstract while his page was heard of within so many seconds.
pub const PRESENT_SECONDS: i64 = 45;

/// Why an abstract waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// One of the reasons of the page.
    pub reason: String,
    /// More about it.
    pub note: String,
    /// The day to look again, `YYYYMMDD`.
    pub recheck: i64,
    /// When the treatment is expected to end.
    pub treatment_end: Option<i64>,
}

/// A row of the waiting queue.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct WaitRow {
    /// Abstract.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Last name.
    #[diesel(sql_type = Nullable<Text>)]
    pub last_name: Option<String>,
    /// First name.
    #[diesel(sql_type = Nullable<Text>)]
    pub first_name: Option<String>,
    /// Accession number.
    #[diesel(sql_type = Nullable<Text>)]
    pub accession: Option<String>,
    /// Sequence number.
    #[diesel(sql_type = Nullable<Text>)]
    pub sequence: Option<String>,
    /// Primary site.
    #[diesel(sql_type = Nullable<Text>)]
    pub site: Option<String>,
    /// Laterality.
    #[diesel(sql_type = Nullable<Text>)]
    pub laterality: Option<String>,
    /// When completion is due.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub due: Option<i64>,
    /// Why it waits.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// More about it.
    #[diesel(sql_type = Text)]
    pub note: String,
    /// The day to look again.
    #[diesel(sql_type = BigInt)]
    pub recheck: i64,
    /// When the treatment is expected to end.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub treatment_end: Option<i64>,
    /// Who let it wait.
    #[diesel(sql_type = Text)]
    pub login: String,
}

const WAITING: &str = "SELECT a.id, p.last_name, p.first_name, a.accession, a.sequence, t.site, t.laterality, a.due, w.reason, w.note, \
     w.recheck, w.treatment_end, w.login FROM (SELECT abstract_id, reason, note, recheck, treatment_end, login FROM waiting \
     ORDER BY recheck, abstract_id LIMIT 100000) w JOIN abstract_live a ON a.id = w.abstract_id JOIN patient p ON p.id = a.patient_id \
     JOIN tumor t ON t.id = a.tumor_id WHERE (? = 1 OR a.facility_id IN (?)) ORDER BY w.recheck, a.id LIMIT ?";

/// The waiting abstracts that the asker may see, by the day to look again.
pub fn waiting(conn: &mut Conn, by: &By, limit: i64) -> Result<Vec<WaitRow>, StoreError> {
    let scope = ScopeBinds::of(by);
    Ok(conn.rows(WAITING, &[scope.all(), scope.ids(), limit.into()])?)
}

#[derive(diesel::QueryableByName)]
struct OneWait {
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = Text)]
    note: String,
    #[diesel(sql_type = BigInt)]
    recheck: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    treatment_end: Option<i64>,
}

/// Why an abstract waits, if it does. The abstract was read within the scope before.
pub fn wait_of(conn: &mut Conn, abstract_: i64) -> Result<Option<Wait>, StoreError> {
    let row: Option<OneWait> =
        conn.row("SELECT reason, note, recheck, treatment_end FROM waiting WHERE abstract_id = ?", binds![abstract_])?;
    Ok(row.map(|row| Wait {
        reason: row.reason,
        note: row.note,
        recheck: row.recheck,
        treatment_end: row.treatment_end,
    }))
}

#[derive(diesel::QueryableByName)]
struct Login {
    #[diesel(sql_type = Text)]
    login: String,
}

/// Who else has an abstract open. The abstract was read within the scope before.
pub fn others_in(conn: &mut Conn, by: &By, abstract_: i64, now: i64) -> Result<Vec<String>, StoreError> {
    let me = by.asker.user.map_or(0, |u| u.0);
    let rows: Vec<Login> = conn.rows(
        "SELECT login FROM open_time WHERE abstract_id = ? AND user_id <> ? AND seen_at > ? ORDER BY login",
        binds![abstract_, me, now - PRESENT_SECONDS],
    )?;
    Ok(rows.into_iter().map(|row| row.login).collect())
}

/// Seconds that were worked in an abstract, by all together.
pub fn seconds_in(conn: &mut Conn, abstract_: i64) -> Result<i64, StoreError> {
    let seconds = conn.number(
        "SELECT CAST(coalesce(sum(seconds), 0) AS BIGINT) AS n FROM open_time WHERE abstract_id = ?",
        binds![abstract_],
    )?;
    Ok(seconds.unwrap_or(0))
}

impl Tx<'_> {
    /// Notes that a person has an abstract open and worked in it for so many seconds more.
    ///
    /// # Errors
    /// The database.
    pub fn note_open(&mut self, by: &By, abstract_: i64, worked: i64) -> Result<(), StoreError> {
        let Some(user) = by.asker.user else { return Ok(()) };
        let now = self.now.timestamp();
        let rows = self.conn.run(
            "UPDATE open_time SET seen_at = ?, seconds = seconds + ?, login = ? WHERE abstract_id = ? AND user_id = ?",
            binds![now, worked, &by.asker.login, abstract_, user.0],
        )?;
        if rows == 0 {
            self.conn.run(
                "INSERT INTO open_time (abstract_id, user_id, login, seen_at, seconds) VALUES (?, ?, ?, ?, ?)",
                binds![abstract_, user.0, &by.asker.login, now, worked],
            )?;
        }
        Ok(())
    }

    /// Writes an abstract's status.
    pub(crate) fn set_status(&mut self, abstract_: i64, status: &str) -> Result<(), StoreError> {
        self.conn.run("UPDATE abstract SET status = ? WHERE id = ?", binds![status, abstract_])?;
        if status != "waiting" {
            self.conn.run("DELETE FROM waiting WHERE abstract_id = ?", binds![abstract_])?;
        }
        Ok(())
    }

    /// Writes why an abstract waits.
    pub(crate) fn set_wait(&mut self, by: &By, abstract_: i64, wait: &Wait) -> Result<(), StoreError> {
        let at = stamp(self.now);
        self.conn.run("DELETE FROM waiting WHERE abstract_id = ?", binds![abstract_])?;
        self.conn.run(
            "INSERT INTO waiting (abstract_id, reason, note, recheck, treatment_end, login, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            binds![abstract_, &wait.reason, &wait.note, wait.recheck, wait.treatment_end, &by.asker.login, &at],
        )?;
        Ok(())
    }
}
