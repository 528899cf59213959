//! Disclosures: every time data of a patient left the registry, with recipient, purpose, date and class of items.
//! Kept six years (45 CFR 164.528).

use diesel::sql_types::{BigInt, Text};
use serde::Serialize;

use super::audit::By;
use super::{Conn, StoreError, Tx};
use crate::binds;
use crate::registry::clock::stamp;

/// What is disclosed, to whom and what for.
#[derive(Debug, Clone)]
pub struct NewDisclosure {
    /// `export extract letter print`.
    pub kind: &'static str,
    /// Who receives it.
    pub recipient: String,
    /// What for.
    pub purpose: String,
    /// Class of items: `type A`, `limited`, `name and address`.
    pub items_class: String,
    /// The job that makes it.
    pub job: Option<i64>,
}

/// A disclosure as it stands in a patient's list.
#[derive(Debug, Clone, Serialize, diesel::QueryableByName)]
pub struct Disclosure {
    /// Row id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// `export extract letter print`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Who received it.
    #[diesel(sql_type = Text)]
    pub recipient: String,
    /// What for.
    #[diesel(sql_type = Text)]
    pub purpose: String,
    /// Class of items.
    #[diesel(sql_type = Text)]
    pub items_class: String,
    /// When.
    #[diesel(sql_type = Text)]
    pub at: String,
    /// Who disclosed.
    #[diesel(sql_type = Text)]
    pub login: String,
    /// Patients in it.
    #[diesel(sql_type = BigInt)]
    pub patients: i64,
}

/// Begins a disclosure; patients are added with [`add_patients`].
pub fn begin(tx: &mut Tx<'_>, by: &By, new: &NewDisclosure) -> Result<i64, StoreError> {
    let at = stamp(tx.now);
    tx.conn
        .number(
            "INSERT INTO disclosure (kind, recipient, purpose, items_class, at, login, job_id, patients) VALUES (?, ?, ?, ?, ?, ?, ?, 0) \
             RETURNING id AS n",
            binds![new.kind, &new.recipient, &new.purpose, &new.items_class, &at, &by.asker.login, new.job],
        )?
        .ok_or(StoreError::NotFound)
}

/// Adds patients to a disclosure.
pub fn add_patients(tx: &mut Tx<'_>, disclosure: i64, patients: &[i64]) -> Result<(), StoreError> {
    let mut added = 0;
    for patient in patients {
        added += tx.conn.run(
            "INSERT INTO disclosure_patient (patient_id, disclosure_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            binds![*patient, disclosure],
        )?;
    }
    tx.conn.run(
        "UPDATE disclosure SET patients = patients + ? WHERE id = ?",
        binds![i64::try_from(added).unwrap_or(i64::MAX), disclosure],
    )?;
    Ok(())
}

/// Discloses something of a few patients in one step, with its audit line.
pub fn disclose(tx: &mut Tx<'_>, by: &By, new: &NewDisclosure, patients: &[i64]) -> Result<i64, StoreError> {
    let id = begin(tx, by, new)?;
    add_patients(tx, id, patients)?;
    let mut line = by.line("disclosure", tx.now).note(format!("{} {id}, {} patients", new.kind, patients.len()));
    if let [only] = patients {
        line = line.patient(*only);
    }
    tx.audit(line);
    Ok(id)
}

/// Every disclosure of a patient, newest first; the caller has read the patient with its scope.
pub fn disclosures_of(conn: &mut Conn, patient: i64) -> Result<Vec<Disclosure>, StoreError> {
    Ok(conn.rows(
        "SELECT d.id, d.kind, d.recipient, d.purpose, d.items_class, d.at, d.login, d.patients FROM disclosure_patient p \
         JOIN disclosure d ON d.id = p.disclosure_id WHERE p.patient_id = ? ORDER BY d.id DESC",
        binds![patient],
    )?)
}

/// The disclosure that a job began.
pub fn of_job(conn: &mut Conn, job: i64) -> Result<Option<i64>, StoreError> {
    Ok(conn.number("SELECT max(id) AS n FROM disclosure WHERE job_id = ?", binds![job])?)
}
