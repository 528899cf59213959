//! The patient banner and the tabs of the patient's tumors: on every page of a patient.

use serde::Serialize;

use super::words;
use crate::codes::{Context, meaning};
use crate::dates::PartialDate;
use crate::registry::promoted::sex_of;
use crate::registry::record::Record;
use crate::registry::store::records::{Abstract, Patient};
use crate::web::show;
use crate::web::templates::Chip;

/// Who the patient is, in one line.
#[derive(Debug, Clone, Serialize)]
pub struct Banner {
    /// Row id.
    pub id: i64,
    /// SURNAME, Given M.
    pub name: String,
    born: String,
    sex: String,
    record_number: String,
    accession: String,
    contact: String,
    following: String,
    no_contact: bool,
}

/// One tab: an abstract of a tumor.
#[derive(Debug, Clone, Serialize)]
pub struct Tab {
    /// Abstract.
    pub id: i64,
    sequence: String,
    title: String,
    state: Chip,
    current: bool,
}

impl Banner {
    /// The banner of a patient on a day.
    pub fn of(patient: &Patient, abstracts: &[Abstract], today: PartialDate) -> Banner {
        let items = &patient.items;
        let newest = abstracts.iter().max_by_key(|a| (a.items.value("dateOf1stContact").to_string(), a.id));
        let of_newest = |id: &str| newest.map(|a| a.items.value(id).to_string()).unwrap_or_default();
        Banner {
            id: patient.id,
            name: show::person(items.value("nameLast"), items.value("nameFirst"), items.value("nameMiddle")),
            born: born(items, today),
            sex: word("sexAssignedAtBirth", sex_of(items).unwrap_or_default()),
            record_number: of_newest("medicalRecordNumber").trim_start_matches('0').to_string(),
            accession: words::accession(&of_newest("accessionNumberHosp")),
            contact: contact(items),
            following: of_newest("physicianFollowUp"),
            no_contact: items.value("noPatientContactFlag") == "1",
        }
    }
}

impl Tab {
    /// The tabs of a patient's abstracts, by sequence number; `current` is the abstract on the page.
    pub fn all(abstracts: &[Abstract], current: Option<i64>) -> Vec<Tab> {
        let mut tabs: Vec<Tab> = abstracts
            .iter()
            .map(|a| Tab {
                id: a.id,
                sequence: a.items.value("sequenceNumberHospital").to_string(),
                title: tumor_title(&a.items),
                state: words::status(&a.status, 0),
                current: current == Some(a.id),
            })
            .collect();
        tabs.sort_by(|a, b| (&a.sequence, a.id).cmp(&(&b.sequence, b.id)));
        tabs
    }
}

/// The word of a coded value; the value itself when no table knows it.
pub fn word(item: &str, value: &str) -> String {
    match meaning(item, value, &Context::default()) {
        Some(meaning) => meaning.label.into_owned(),
        None => value.to_string(),
    }
}

fn born(items: &Record, today: PartialDate) -> String {
    let Ok(birth) = PartialDate::parse(items.value("dateOfBirth")) else { return String::new() };
    let alive = items.value("vitalStatus") != "0";
    match birth.age_on(today) {
        Some(age) if alive && age.exact().is_some() => {
            format!("{} ({})", birth.screen(), age.exact().unwrap_or_default())
        }
        _ => birth.screen(),
    }
}

fn contact(items: &Record) -> String {
    let date = show::naaccr_date(items.value("dateOfLastContact"));
    match items.value("vitalStatus") {
        "0" => format!("{date}, dead"),
        "1" => format!("{date}, alive"),
        _ => date,
    }
}

/// A tumor in short: site, side, year of diagnosis.
pub fn tumor_title(items: &Record) -> String {
    let site = items.value("primarySite");
    let name = crate::codes::site(site).map_or_else(|| site.to_string(), |s| s.name.to_string());
    let side = match items.value("laterality") {
        "1" => ", right",
        "2" => ", left",
        _ => "",
    };
    let year = items.value("dateOfDiagnosis").get(..4).unwrap_or_default();
    match year {
        "" => format!("{name}{side}"),
        year => format!("{name}{side}, {year}"),
    }
}
