//! Registries of made-up patients to search in.

use std::fmt::Write;

use accession::asker::{FacilityId, Scope};
use accession::registry::clock::Clock;
use accession::registry::store::search::{Answer, Query, find_patients};
use accession::registry::store::{By, DatabaseUrl, Store, facility};

use crate::kit::{Database, HOME, accession, init_as};

/// A second facility.
pub const OTHER: &str = "0020000002";

/// A patient to be imported, with one tumor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub last: String,
    pub first: String,
    pub middle: String,
    pub birth_surname: String,
    pub alias: String,
    pub born: String,
    pub ssn: String,
    pub record: String,
    pub accession: String,
    pub sequence: String,
    /// Reports a tumor in each.
    pub facilities: Vec<&'static str>,
}

impl Person {
    /// A patient of the home facility.
    pub fn of(last: &str, first: &str, born: &str) -> Person {
        let text = str::to_string;
        Person { last: text(last), first: text(first), born: text(born), facilities: vec![HOME], ..Person::default() }
    }
}

/// A patient's file item by item, empty ones left out.
fn items(text: &mut String, items: &[(&str, &str)]) {
    for (id, value) in items.iter().filter(|(_, value)| !value.is_empty()) {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        writeln!(text, "<Item naaccrId=\"{id}\">{value}</Item>").unwrap();
    }
}

/// The patients as a NAACCR XML file, numbered from `from`.
pub fn naaccr_xml(people: &[Person], from: usize) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         recordType=\"A\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n",
    );
    for (at, person) in people.iter().enumerate() {
        let number = format!("{:08}", from + at);
        text.push_str("<Patient>\n");
        items(
            &mut text,
            &[
                ("patientIdNumber", &number),
                ("nameLast", &person.last),
                ("nameFirst", &person.first),
                ("nameMiddle", &person.middle),
                ("nameBirthSurname", &person.birth_surname),
                ("nameAlias", &person.alias),
                ("dateOfBirth", &person.born),
                ("socialSecurityNumber", &person.ssn),
                ("sex", if at % 2 == 0 { "1" } else { "2" }),
                ("vitalStatus", "1"),
                ("dateOfLastContact", "20240115"),
            ],
        );
        for (place, facility) in person.facilities.iter().enumerate() {
            let accession = format!("2019{:05}", (from + at) % 100_000);
            // Each facility has its own numbers for the patient.
            let record = if person.record.is_empty() || place > 0 {
                format!("{facility}{number}")
            } else {
                person.record.clone()
            };
            text.push_str("<Tumor>\n");
            items(
                &mut text,
                &[
                    ("reportingFacility", facility),
                    (
                        "accessionNumberHosp",
                        if person.accession.is_empty() || place > 0 { &accession } else { &person.accession },
                    ),
                    ("sequenceNumberHospital", if person.sequence.is_empty() { "00" } else { &person.sequence }),
                    ("medicalRecordNumber", &record),
                    ("classOfCase", "14"),
                    ("dateOfDiagnosis", "20190610"),
                    ("primarySite", if place == 0 { "C504" } else { "C619" }),
                    ("histologicTypeIcdO3", "8500"),
                    ("behaviorCodeIcdO3", "3"),
                ],
            );
            text.push_str("</Tumor>\n");
        }
        text.push_str("</Patient>\n");
    }
    text.push_str("</NaaccrData>\n");
    text
}

/// Imports patients.
pub fn import(db: &Database, people: &[Person], from: usize) {
    let file = db.folder().join(format!("people-{from}.xml"));
    std::fs::write(&file, naaccr_xml(people, from)).unwrap();
    let run = accession(&["import", "--database", db.url(), "--sender", "test", "--json", file.to_str().unwrap()]);
    let told = run.json();
    assert_eq!(told["outcome"], "published", "{told} {}", run.stderr);
    assert_eq!(told["patients"], people.len(), "{told}");
}

/// A network's registry with these patients.
pub fn registry_of(db: &Database, people: &[Person]) -> Store {
    init_as(db, "network", &[]);
    // In files of a size that a busy machine takes in within the time a run has.
    for (at, piece) in people.chunks(1_000).enumerate() {
        import(db, piece, 1 + at * 1_000);
    }
    Store::open(&DatabaseUrl::parse(db.url()).unwrap(), Clock::system()).unwrap()
}

/// Somebody of these facilities.
pub fn somebody_of(store: &Store, facilities: &[&str]) -> By {
    let mut conn = store.reading().unwrap();
    let ids = facilities
        .iter()
        .map(|number| FacilityId(facility::facility_by_number(&mut conn, number).unwrap().unwrap().id))
        .collect();
    let mut by = By::system("test");
    by.asker.scope = Scope::Facilities(ids);
    by
}

/// Searches.
pub fn search(store: &Store, by: &By, query: &Query) -> Answer {
    find_patients(&mut store.reading().unwrap(), by, store.secret(), query).unwrap()
}

const SURNAMES: &str = "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson \
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young \
    Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez \
    Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan \
    Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza \
    Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell \
    Coleman Butler Henderson Barnes Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin \
    Wallace Moreno West Cole Hayes Bryant Herrera Gibson Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens \
    Harrison Fernandez Schmidt Schneider Kowalski Olsen Hansen Larson McDonald MacDonald Wang Li Chen Zhang Liu Wong Chang";

const FIRST_NAMES: &str = "James Mary Michael Patricia Robert Jennifer John Linda David Elizabeth William Barbara Richard Susan Joseph \
    Jessica Thomas Karen Christopher Sarah Charles Lisa Daniel Nancy Matthew Sandra Anthony Betty Mark Ashley Donald Emily Steven \
    Kimberly Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa Timothy Deborah Ronald Stephanie \
    George Rebecca Jason Sharon Edward Laura Jeffrey Cynthia Ryan Dorothy Jacob Amy Nicholas Kathleen Gary Angela Eric Shirley \
    Jonathan Emma Stephen Brenda Larry Pamela Justin Nicole Scott Anna Brandon Samantha Benjamin Katherine Samuel Christine \
    Gregory Helen Alexander Debra Patrick Rachel Frank Carolyn Raymond Janet Jack Maria Dennis Catherine Jerry Heather";

/// Numbers that look random and are always the same.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed | 1)
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    /// One of a list, the first ones oftener.
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        let (one, other) = (self.roll(list.len()), self.roll(list.len()));
        list[one.min(other)]
    }
}

/// Made-up patients with common names, and one in three with an own made-up surname.
pub fn crowd(count: usize, seed: u64, facility: &'static str) -> Vec<Person> {
    let mut dice = Dice::new(seed);
    let surnames: Vec<&str> = SURNAMES.split_whitespace().collect();
    let first_names: Vec<&str> = FIRST_NAMES.split_whitespace().collect();
    let begins =
        ["Bar", "Kel", "Mor", "Stan", "Hart", "Wel", "Ash", "Lin", "Thorn", "Gar", "Pen", "Cald", "Ros", "Dun"];
    let middles = ["", "er", "ing", "en", "el", "o", "i"];
    let ends = ["ton", "ley", "berg", "man", "wood", "field", "ski", "sen", "ez", "well", "ford", "by", "haus", "ini"];
    (0..count)
        .map(|number| {
            let last = match dice.roll(3) {
                0 => format!("{}{}{}", dice.pick(&begins), dice.pick(&middles), dice.pick(&ends)),
                _ => dice.pick(&surnames).to_string(),
            };
            let first = dice.pick(&first_names).to_string();
            let born = format!("{:04}{:02}{:02}", 1930 + dice.roll(70), 1 + dice.roll(12), 1 + dice.roll(28));
            Person {
                middle: ["", "", "A", "J", "Marie", "Lee"][dice.roll(6)].into(),
                ssn: format!("{:03}{:02}{:04}", 100 + dice.roll(600), 1 + dice.roll(98), 1 + dice.roll(9_998)),
                record: format!("MR{number:06}"),
                facilities: vec![facility],
                ..Person::of(&last, &first, &born)
            }
        })
        .collect()
}
