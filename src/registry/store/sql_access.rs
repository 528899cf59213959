//! SQL for administrators on PostgreSQL: a role of the database gets the views, read only, and the audit says so.
//!
//! What a role then reads goes past the program: no scope is put on and no view is on the audit chain. SQLite has no
//! roles; whoever can read the file reads everything.

use diesel::sql_types::{Nullable, Text};

use super::audit::By;
use super::{Dialect, StoreError, Tx};
use crate::binds;

/// Which views.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Views {
    /// `patient_deid_v tumor_deid_v abstract_deid_v`.
    Deidentified,
    /// Also `patient_v tumor_v abstract_v`.
    Identified,
}

impl Views {
    /// Its word.
    pub fn key(self) -> &'static str {
        match self {
            Views::Deidentified => "deidentified",
            Views::Identified => "identified",
        }
    }

    /// Its views, as a JSON list.
    fn names(self) -> &'static str {
        match self {
            Views::Deidentified => r#"["patient_deid_v","tumor_deid_v","abstract_deid_v"]"#,
            Views::Identified => {
                r#"["patient_deid_v","tumor_deid_v","abstract_deid_v","patient_v","tumor_v","abstract_v"]"#
            }
        }
    }
}

/// Letters a reason has at least.
const LEAST_REASON: usize = 20;

#[derive(diesel::QueryableByName)]
struct Made {
    #[diesel(sql_type = Nullable<Text>)]
    t: Option<String>,
}

/// Gives a role the views and nothing else; what it had of the others is taken away.
///
/// # Errors
/// On SQLite, without a reason, for a role that is not there or that may read everything anyway.
pub fn grant(tx: &mut Tx<'_>, by: &By, role: &str, views: Views, reason: &str) -> Result<(), StoreError> {
    must_be_grantable(tx, role)?;
    must_have_reason(reason)?;
    take_away(tx, role)?;
    // The database itself quotes the names; nothing is put together here.
    let made = tx.conn.row::<Made>(
        "SELECT string_agg(format('GRANT SELECT ON %I TO %I', v, ?::text), '; ') AS t FROM json_array_elements_text(?::json) AS v",
        binds![role, views.names()],
    )?;
    tx.conn.batch(&made.and_then(|m| m.t).unwrap_or_default())?;
    leave_line(tx, by, &["granted", views.key(), "to role", role].join(" "), reason);
    Ok(())
}

/// Takes all views from a role.
///
/// # Errors
/// As [`grant`].
pub fn revoke(tx: &mut Tx<'_>, by: &By, role: &str, reason: &str) -> Result<(), StoreError> {
    must_be_grantable(tx, role)?;
    must_have_reason(reason)?;
    take_away(tx, role)?;
    leave_line(tx, by, &["revoked from role", role].join(" "), reason);
    Ok(())
}

fn take_away(tx: &mut Tx<'_>, role: &str) -> Result<(), StoreError> {
    let made = tx.conn.row::<Made>(
        "SELECT string_agg(format('REVOKE ALL ON %I FROM %I', v, ?::text), '; ') AS t FROM json_array_elements_text(?::json) AS v",
        binds![role, Views::Identified.names()],
    )?;
    Ok(tx.conn.batch(&made.and_then(|m| m.t).unwrap_or_default())?)
}

fn must_be_grantable(tx: &mut Tx<'_>, role: &str) -> Result<(), StoreError> {
    if tx.conn.dialect() == Dialect::Sqlite {
        return Err(StoreError::Refused(
            "A SQLite file has no roles: whoever can read the file reads everything, and nothing less can be granted. \
             The views are there for whoever has the file; a registry on PostgreSQL can open them to a role."
                .into(),
        ));
    }
    let found = tx.conn.number(
        "SELECT CASE WHEN rolsuper OR rolname = current_user THEN 2 ELSE 1 END::bigint AS n FROM pg_roles WHERE rolname = ?",
        binds![role],
    )?;
    match found {
        None => Err(StoreError::Refused(
            ["There is no role ", role, " in this PostgreSQL. Make it first: CREATE ROLE … LOGIN, with a password."]
                .concat(),
        )),
        Some(2) => Err(StoreError::Refused(
            ["The role ", role, " may read every table anyway; grant the views to a role of its own."].concat(),
        )),
        Some(_) => Ok(()),
    }
}

fn must_have_reason(reason: &str) -> Result<(), StoreError> {
    match reason.trim().chars().count() >= LEAST_REASON {
        true => Ok(()),
        false => {
            Err(StoreError::Refused("Opening or closing the views needs a reason of at least 20 characters.".into()))
        }
    }
}

fn leave_line(tx: &mut Tx<'_>, by: &By, what: &str, reason: &str) {
    let line = by.line("sql-access", tx.now).note([what, ": ", reason.trim()].concat());
    tx.audit(line);
}
