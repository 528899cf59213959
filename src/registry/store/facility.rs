//! Facilities: who reports, and the unit of scope.

use diesel::sql_types::{BigInt, Nullable, Text};
use serde::Serialize;

use super::audit::By;
use super::writer::Tx;
use super::{Conn, StoreError};
use crate::asker::FacilityId;
use crate::binds;
use crate::registry::clock::stamp;

/// A reporting hospital, clinic or laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, diesel::QueryableByName)]
pub struct Facility {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Version for the check on saving.
    #[diesel(sql_type = BigInt)]
    pub version: i64,
    /// Reporting facility number (item 540).
    #[diesel(sql_type = Text)]
    pub number: String,
    /// National provider identifier (item 545).
    #[diesel(sql_type = Nullable<Text>)]
    pub npi: Option<String>,
    /// Name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// State.
    #[diesel(sql_type = Nullable<Text>)]
    pub state: Option<String>,
    /// 0 while an import brought it and nobody has confirmed it.
    #[diesel(sql_type = BigInt)]
    pub confirmed: i64,
    /// 1 when it no longer reports.
    #[diesel(sql_type = BigInt)]
    pub retired: i64,
    /// Postal address, lines with line ends.
    #[diesel(sql_type = Text)]
    pub address: String,
    /// Telephone.
    #[diesel(sql_type = Text)]
    pub telephone: String,
}

impl Facility {
    /// Its id as the unit of scope.
    pub fn facility_id(&self) -> FacilityId {
        FacilityId(self.id)
    }
}

/// What is typed of a facility.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FacilityEntry {
    /// Number (item 540).
    pub number: String,
    /// NPI.
    pub npi: Option<String>,
    /// Name.
    pub name: String,
    /// State.
    pub state: Option<String>,
    /// Address.
    pub address: String,
    /// Telephone.
    pub telephone: String,
    /// No longer reports.
    pub retired: bool,
}

const COLUMNS_ALL: &str = "SELECT id, version, number, npi, name, state, confirmed, retired, address, telephone FROM facility ORDER BY number, id";
const COLUMNS_BY_ID: &str =
    "SELECT id, version, number, npi, name, state, confirmed, retired, address, telephone FROM facility WHERE id = ?";
const COLUMNS_BY_NUMBER: &str = "SELECT id, version, number, npi, name, state, confirmed, retired, address, telephone FROM facility WHERE number = ?";

/// All facilities by number.
pub fn facilities(conn: &mut Conn) -> Result<Vec<Facility>, StoreError> {
    Ok(conn.rows(COLUMNS_ALL, &[])?)
}

/// One facility.
pub fn facility(conn: &mut Conn, id: FacilityId) -> Result<Option<Facility>, StoreError> {
    Ok(conn.row(COLUMNS_BY_ID, binds![id.0])?)
}

/// The facility of a number (item 540), leading zeros aside.
pub fn facility_by_number(conn: &mut Conn, number: &str) -> Result<Option<Facility>, StoreError> {
    Ok(conn.row(COLUMNS_BY_NUMBER, binds![&padded(number)])?)
}

/// A number as item 540 holds it: ten digits, zeros at the left. Anything else stays as it is.
pub fn padded(number: &str) -> String {
    let number = number.trim();
    match number.len() < 10 && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
        true => format!("{number:0>10}"),
        false => number.to_string(),
    }
}

/// Whether a text can be a facility number (item 540): one to ten letters and digits.
pub fn is_number(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Whether a text can be a National Provider Identifier: ten digits.
pub fn is_npi(text: &str) -> bool {
    text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Adds a facility.
///
/// # Errors
/// A missing name or number, or a number that another facility has.
pub fn add(tx: &mut Tx<'_>, by: &By, entry: &FacilityEntry, confirmed: bool) -> Result<FacilityId, StoreError> {
    let number = padded(&entry.number);
    check(&number, entry)?;
    if facility_by_number(tx.conn, &number)?.is_some() {
        return Err(StoreError::Refused(format!("Facility number {number} is already in the list.")));
    }
    let at = stamp(tx.now);
    let id = tx
        .conn
        .number(
            "INSERT INTO facility (version, number, npi, name, state, confirmed, retired, address, telephone, created_at) \
             VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id AS n",
            binds![&number, &entry.npi, entry.name.trim(), &entry.state, confirmed, entry.retired, &entry.address, &entry.telephone, &at],
        )?
        .unwrap_or_default();
    let line = by.line("facility", tx.now).facility(FacilityId(id)).note(if confirmed {
        "added"
    } else {
        "added unconfirmed"
    });
    tx.audit(line);
    Ok(FacilityId(id))
}

/// Changes a facility; saving also confirms one that an import brought.
///
/// # Errors
/// A stale version, a missing name or number, or a number that another facility has.
pub fn amend(tx: &mut Tx<'_>, by: &By, id: FacilityId, seen: i64, entry: &FacilityEntry) -> Result<(), StoreError> {
    let number = padded(&entry.number);
    check(&number, entry)?;
    if facility_by_number(tx.conn, &number)?.is_some_and(|f| f.id != id.0) {
        return Err(StoreError::Refused(format!("Facility number {number} is already in the list.")));
    }
    let changed = tx.conn.run(
        "UPDATE facility SET version = version + 1, number = ?, npi = ?, name = ?, state = ?, confirmed = 1, retired = ?, \
         address = ?, telephone = ? WHERE id = ? AND version = ?",
        binds![&number, &entry.npi, entry.name.trim(), &entry.state, entry.retired, &entry.address, &entry.telephone, id.0, seen],
    )?;
    if changed == 0 {
        return Err(StoreError::Refused(
            "Somebody changed this facility since you opened it. Open it again and repeat the change.".into(),
        ));
    }
    let line = by.line("facility", tx.now).facility(id).note("changed");
    tx.audit(line);
    Ok(())
}

fn check(number: &str, entry: &FacilityEntry) -> Result<(), StoreError> {
    if !is_number(number) {
        return Err(StoreError::Refused("The facility number (item 540) is one to ten letters and digits.".into()));
    }
    if entry.name.trim().is_empty() || entry.name.chars().count() > 100 {
        return Err(StoreError::Refused("A facility has a name of at most 100 characters.".into()));
    }
    if let Some(npi) = entry.npi.as_deref().filter(|n| !n.is_empty())
        && !is_npi(npi)
    {
        return Err(StoreError::Refused("An NPI has ten digits.".into()));
    }
    Ok(())
}
