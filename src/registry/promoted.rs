//! The promoted columns: what lists, searches and scopes need of a record, derived from its items here and nowhere
//! else, so that they can be rebuilt and checked.

use crate::dates::PartialDate;
use crate::registry::record::Record;

/// First and last possible day of a partial date as `YYYYMMDD`; both none when there is no date.
pub fn bounds(value: &str) -> (Option<i64>, Option<i64>) {
    match PartialDate::parse(value) {
        Ok(date) => (Some(date.first_day().into()), Some(date.last_day().into())),
        Err(_) => (None, None),
    }
}

/// The sex of a patient: sex assigned at birth (225), else sex (220). The one place that decides it.
pub fn sex_of(patient: &Record) -> Option<&str> {
    patient.get("sexAssignedAtBirth").or_else(|| patient.get("sex"))
}

/// Promoted columns of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfPatient {
    /// Last name (2230).
    pub last_name: Option<String>,
    /// First name (2240).
    pub first_name: Option<String>,
    /// First and last possible day of birth (240).
    pub birth: (Option<i64>, Option<i64>),
    /// See [`sex_of`].
    pub sex: Option<String>,
    /// Vital status (1760).
    pub vital_status: Option<String>,
    /// First and last possible day of last contact (1750).
    pub contact: (Option<i64>, Option<i64>),
    /// Current state (1820).
    pub state: Option<String>,
    /// Current postal code (1830).
    pub zip: Option<String>,
    /// Current country (1832).
    pub country: Option<String>,
}

impl OfPatient {
    /// Derives them.
    pub fn from(items: &Record) -> OfPatient {
        let text = |id: &str| items.get(id).map(str::to_string);
        OfPatient {
            last_name: text("nameLast"),
            first_name: text("nameFirst"),
            birth: bounds(items.value("dateOfBirth")),
            sex: sex_of(items).map(str::to_string),
            vital_status: text("vitalStatus"),
            contact: bounds(items.value("dateOfLastContact")),
            state: text("addrCurrentState"),
            zip: text("addrCurrentPostalCode"),
            country: text("addrCurrentCountry"),
        }
    }
}

/// Promoted columns of a tumor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfTumor {
    /// Primary site (400).
    pub site: Option<String>,
    /// Histology (522, else 420 for ICD-O-2).
    pub histology: Option<String>,
    /// Behavior (523, else 430).
    pub behavior: Option<String>,
    /// Laterality (410).
    pub laterality: Option<String>,
    /// First and last possible day of diagnosis (390).
    pub dx: (Option<i64>, Option<i64>),
    /// Sequence number central (380).
    pub sequence_central: Option<String>,
    /// Staging schema (3800).
    pub schema: Option<String>,
    /// State at diagnosis (80).
    pub dx_state: Option<String>,
    /// County at diagnosis (90).
    pub dx_county: Option<String>,
}

impl OfTumor {
    /// Derives them.
    pub fn from(items: &Record) -> OfTumor {
        let text = |id: &str| items.get(id).map(str::to_string);
        OfTumor {
            site: text("primarySite"),
            histology: text("histologicTypeIcdO3").or_else(|| text("histologyIcdO2")),
            behavior: text("behaviorCodeIcdO3").or_else(|| text("behaviorIcdO2")),
            laterality: text("laterality"),
            dx: bounds(items.value("dateOfDiagnosis")),
            sequence_central: text("sequenceNumberCentral"),
            schema: text("schemaId"),
            dx_state: text("addrAtDxState"),
            dx_county: text("countyAtDxAnalysis").or_else(|| text("countyAtDx")),
        }
    }
}

/// Promoted columns of an abstract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfAbstract {
    /// Accession number (550).
    pub accession: Option<String>,
    /// Sequence number hospital (560).
    pub sequence: Option<String>,
    /// Class of case (610).
    pub class: Option<String>,
    /// First possible day of first contact (580).
    pub first_contact: Option<i64>,
    /// See [`tracing`].
    pub tracing: Option<String>,
    /// First possible day of completion (2090).
    pub completed: Option<i64>,
    /// First contact and the days allowed: when completion is due.
    pub due: Option<i64>,
}

impl OfAbstract {
    /// Derives them; `due_days` is the setting `abstract.due_days`.
    pub fn from(items: &Record, due_days: i64) -> OfAbstract {
        let text = |id: &str| items.get(id).map(str::to_string);
        let first_contact = PartialDate::parse(items.value("dateOf1stContact")).ok();
        OfAbstract {
            accession: text("accessionNumberHosp"),
            sequence: text("sequenceNumberHospital"),
            class: text("classOfCase"),
            first_contact: first_contact.map(|d| d.first_day().into()),
            tracing: tracing(items),
            completed: bounds(items.value("dateCaseCompleted")).0,
            due: first_contact
                .and_then(|d| d.first().checked_add_days(chrono::Days::new(due_days.unsigned_abs())))
                .map(|day| crate::dates::day_number(day).into()),
        }
    }
}

/// What follow-up asks of an abstract besides its other columns: next source (1800), summary stage (764, else 759), type of
/// reporting source (500), following registry (2440), following physician (2470, else 2475), parted by `|`; none when all
/// are empty.
pub fn tracing(items: &Record) -> Option<String> {
    let stage = items.get("summaryStage2018").unwrap_or_else(|| items.value("seerSummaryStage2000"));
    let physician = items.get("physicianFollowUp").unwrap_or_else(|| items.value("npiPhysicianFollowUp"));
    let (next, source) = (items.value("nextFollowUpSource"), items.value("typeOfReportingSource"));
    let parts = [next, stage, source, items.value("followingRegistry"), physician];
    parts.iter().any(|part| !part.is_empty()).then(|| parts.map(|part| part.replace('|', " ")).join("|"))
}

/// The rank of a class of case when abstracts of one tumor disagree: diagnosis and treatment here first.
pub fn class_rank(class: Option<&str>) -> u8 {
    match class.and_then(|c| c.parse::<u8>().ok()) {
        Some(10..=14) => 0,
        Some(20..=22) => 1,
        Some(0) => 2,
        Some(30..=49) => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_partial_date_has_two_ends() {
        assert_eq!(bounds("202302"), (Some(20230201), Some(20230228)));
        assert_eq!(bounds("2024"), (Some(20240101), Some(20241231)));
        assert_eq!(bounds("20231345"), (None, None));
    }

    #[test]
    fn completion_is_due_180_days_after_first_contact() {
        let items = Record::parse(r#"{"dateOf1stContact":"20240110"}"#, "test").unwrap();
        assert_eq!(OfAbstract::from(&items, 180).due, Some(20240708));
    }

    #[test]
    fn sex_assigned_at_birth_stands_before_sex() {
        let items = Record::parse(r#"{"sex":"1","sexAssignedAtBirth":"2"}"#, "test").unwrap();
        assert_eq!(sex_of(&items), Some("2"));
    }
}
