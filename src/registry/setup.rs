//! First set-up: the answers that make an empty registry usable, each a setting with its history.

use serde::Deserialize;

use crate::registry::store::facility::{self, FacilityEntry};
use crate::registry::store::settings::{self, SETTINGS};
use crate::registry::store::{By, Conn, StoreError, Tx};

/// The answers of the set-up page and of `accession init`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Answers {
    /// `hospital network central`.
    pub kind: String,
    /// Name of the registry.
    pub name: String,
    /// Registry id (item 40).
    pub registry_id: String,
    /// Number of the home facility (item 540).
    pub facility: String,
    /// Its name; the registry's name when empty.
    pub facility_name: String,
    /// Its NPI, or nothing.
    pub npi: String,
    /// State, two letters.
    pub state: String,
    /// Reference date, or nothing.
    pub reference_date: String,
    /// First accreditation date, or nothing.
    pub accreditation_date: String,
    /// NAACCR version in use: 250 or 260.
    pub naaccr_version: String,
    /// Time zone.
    pub time_zone: String,
}

/// Whether the set-up was done.
pub fn is_set_up(conn: &mut Conn) -> Result<bool, StoreError> {
    Ok(!settings::setting(conn, "registry.name")?.is_empty())
}

/// Writes the answers; all or none.
///
/// # Errors
/// The first answer that cannot be taken, in words.
pub fn set_up(tx: &mut Tx<'_>, by: &By, answers: &Answers) -> Result<(), StoreError> {
    if is_set_up(tx.conn)? {
        return Err(StoreError::Refused(
            "The registry is already set up. Change its settings under Administration.".into(),
        ));
    }
    if answers.name.trim().is_empty() {
        return Err(StoreError::Refused("The registry needs a name.".into()));
    }
    let state = answers.state.trim().to_uppercase();
    if !state.is_empty() && (state.len() != 2 || !state.bytes().all(|b| b.is_ascii_alphabetic())) {
        return Err(StoreError::Refused("State: two letters, as IA.".into()));
    }
    let given = [
        ("registry.kind", answers.kind.as_str()),
        ("registry.name", answers.name.as_str()),
        ("registry.id", answers.registry_id.as_str()),
        ("registry.state", state.as_str()),
        ("registry.reference_date", answers.reference_date.as_str()),
        ("registry.accreditation_date", answers.accreditation_date.as_str()),
        ("registry.naaccr_version", answers.naaccr_version.as_str()),
        ("registry.time_zone", answers.time_zone.as_str()),
    ];
    for (name, value) in given {
        let default = SETTINGS.iter().find(|s| s.name == name).map_or("", |s| s.default);
        let value = if value.trim().is_empty() { default } else { value };
        settings::set(tx, by, name, value, "set-up")?;
    }
    if !answers.facility.trim().is_empty() {
        let number = facility::padded(&answers.facility);
        let entry = FacilityEntry {
            number: number.clone(),
            npi: Some(answers.npi.trim().to_string()).filter(|n| !n.is_empty()),
            name: if answers.facility_name.trim().is_empty() {
                answers.name.clone()
            } else {
                answers.facility_name.clone()
            },
            state: Some(state).filter(|s| !s.is_empty()),
            ..FacilityEntry::default()
        };
        facility::add(tx, by, &entry, true)?;
        settings::set(tx, by, "registry.home_facility", &number, "set-up")?;
    }
    Ok(())
}
