//! Follow-up end to end on both databases: postings and what they change, conflicts, due lists with scope and duty,
//! letters with their attempt, disclosure and copy, mail to a folder and to a mail server, and the pages.

mod due;
mod letters;
mod measures;
mod pages;
mod passive;
mod posted;

use accession::asker::{Asker, FacilityId, Own, Scope, UserId};
use accession::dates::PartialDate;
use accession::followup::accept::{Posting, TumorPosting};
use accession::registry::clock::Clock;
use accession::registry::store::{By, DatabaseUrl, Store, records};

use crate::kit::{Database, HOME, accession, init};

/// One patient of the file the tests bring in.
pub struct Person {
    pub number: u32,
    pub name: &'static str,
    pub items: &'static [(&'static str, &'static str)],
    /// Facility and items of each tumor.
    pub tumors: &'static [(&'static str, &'static [(&'static str, &'static str)])],
}

pub const OTHER: &str = "0010000002";

pub const BREAST: &[(&str, &str)] = &[
    ("primarySite", "C504"),
    ("laterality", "1"),
    ("histologicTypeIcdO3", "8500"),
    ("behaviorCodeIcdO3", "3"),
    ("dateOfDiagnosis", "20220217"),
    ("dateOf1stContact", "20220217"),
    ("classOfCase", "14"),
    ("sequenceNumberHospital", "00"),
    ("cancerStatus", "1"),
    ("dateOfLastCancerStatus", "20250829"),
    ("followUpSource", "0"),
    ("nextFollowUpSource", "1"),
    ("physicianFollowUp", "R.OKAFOR"),
];

/// Alive, last seen 2025-08-29, one tumor at the home facility.
pub const ANNE: Person = Person {
    number: 1,
    name: "WEATHERBY",
    items: &[
        ("nameFirst", "ANNE"),
        ("dateOfBirth", "19570419"),
        ("dateOfLastContact", "20250829"),
        ("vitalStatus", "1"),
        ("followUpSourceCentral", "30"),
        ("causeOfDeath", "0000"),
        ("icdRevisionNumber", "0"),
        ("addrCurrentNoStreet", "3 ELM STREET"),
        ("addrCurrentCity", "HARBOR"),
        ("addrCurrentState", "IA"),
        ("addrCurrentPostalCode", "50001"),
        ("noPatientContactFlag", "0"),
    ],
    tumors: &[(HOME, BREAST)],
};

/// Brings people into a new registry.
pub fn registry_of(db: &Database, people: &[Person]) -> Store {
    init(db);
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         recordType=\"A\" specificationVersion=\"1.7\" xmlns=\"http://naaccr.org/naaccrxml\">\n",
    );
    let item = |id: &str, value: &str| format!("<Item naaccrId=\"{id}\">{value}</Item>\n");
    for person in people {
        text.push_str("<Patient>\n");
        text.push_str(&item("patientIdNumber", &format!("{:08}", person.number)));
        text.push_str(&item("nameLast", person.name));
        person.items.iter().for_each(|(id, value)| text.push_str(&item(id, value)));
        for (facility, items) in person.tumors {
            text.push_str("<Tumor>\n");
            text.push_str(&item("reportingFacility", facility));
            text.push_str(&item("accessionNumberHosp", &format!("2022{:05}", person.number)));
            items.iter().for_each(|(id, value)| text.push_str(&item(id, value)));
            text.push_str("</Tumor>\n");
        }
        text.push_str("</Patient>\n");
    }
    text.push_str("</NaaccrData>\n");
    let file = db.folder().join("people.xml");
    std::fs::write(&file, text).unwrap();
    let report = accession(&["import", "--database", db.url(), "--json", &file.display().to_string()]).json();
    assert_eq!(report["outcome"], "published", "{report}");
    Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap()
}

/// The id of a patient by last name.
pub fn patient(db: &Database, name: &str) -> i64 {
    db.number(&format!("SELECT id FROM patient WHERE last_name = '{name}'"))
}

/// The id of a facility by number.
pub fn facility(db: &Database, number: &str) -> FacilityId {
    FacilityId(db.number(&format!("SELECT id FROM facility WHERE number = '{number}'")))
}

/// Somebody who sees these facilities.
pub fn of_facilities(ids: &[FacilityId]) -> By {
    let scope = Scope::Facilities(ids.to_vec());
    let asker = Asker {
        user: Some(UserId(77)),
        login: "dana".into(),
        roles: vec![],
        scope,
        own: Own::NotOnly,
        break_glass: None,
    };
    By { asker, address: "10.0.0.1".into(), route: "test".into() }
}

/// The day on which all of this happens.
pub fn today() -> PartialDate {
    PartialDate::parse("20261123").unwrap()
}

/// An alive contact.
pub fn alive(date: &str, central: &str) -> Posting {
    Posting { date: date.into(), vital_status: "1".into(), source_central: central.into(), ..Posting::default() }
}

/// What was learned of a tumor.
pub fn of_tumor(abstract_: i64, status: &str, next: &str) -> TumorPosting {
    TumorPosting { abstract_, cancer_status: status.into(), next_source: next.into(), ..TumorPosting::default() }
}

/// The value of a patient's item.
pub fn of_patient(store: &Store, id: i64, item: &str) -> String {
    let conn = &mut *store.reading().unwrap();
    records::patient(conn, &By::system("test"), id).unwrap().items.value(item).to_string()
}

/// The value of an item of a patient's abstract, by place.
pub fn of_abstract(store: &Store, id: i64, place: usize, item: &str) -> String {
    let conn = &mut *store.reading().unwrap();
    records::abstracts_of_patient(conn, &By::system("test"), id).unwrap()[place].items.value(item).to_string()
}
