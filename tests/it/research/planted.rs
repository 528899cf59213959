//! Must-show 7 of the main job: planted tokens and real numbers in every identifying and text item, looked for in every
//! byte of an extract.

use std::fmt::Write;

use accession::naaccr::{DataType, Level as ItemLevel, super_dictionary};
use accession::research::levels::{Action, Level, action, offered, rule};

use crate::kit::{Database, HOME, accession, init};

/// Stands in every word that was planted.
pub const TOKEN: &str = "Plantedqz";

/// Digits of what is real: SSN, telephone, record and accession numbers, ZIP code, county and tract, dates.
pub const DIGITS: [(&str, &str); 20] = [
    ("socialSecurityNumber", "912345678"),
    ("telephone", "5155550187"),
    ("medicalRecordNumber", "70771234567"),
    ("medicareBeneficiaryIdentifier", "1EG4TE5MK73"),
    ("patientIdNumber", "86420975"),
    ("patientSystemIdHosp", "75319864"),
    ("accessionNumberHosp", "202198765"),
    ("addrAtDxPostalCode", "522407788"),
    ("addrCurrentPostalCode", "522416699"),
    ("censusTract2020", "948216"),
    ("dcStateFileNumber", "837465"),
    ("npiReportingFacility", "1122334455"),
    ("npiPhysicianManaging", "1199887766"),
    ("followingRegistry", "0077665544"),
    ("latitude", "41.6612345"),
    ("dateOfBirth", "19330412"),
    ("dateOfDiagnosis", "20210519"),
    ("dateOf1stContact", "20210621"),
    ("dateOfLastContact", "20240317"),
    ("rxDateSurgery", "20210728"),
];

/// What may stand in a limited data set although it is real: dates, the first five digits of the ZIP code.
const IN_LIMITED: [&str; 5] =
    ["dateOfBirth", "dateOfDiagnosis", "dateOf1stContact", "dateOfLastContact", "rxDateSurgery"];

const SOUND: [(&str, &str); 15] = [
    ("primarySite", "C504"),
    ("histologicTypeIcdO3", "8500"),
    ("behaviorCodeIcdO3", "3"),
    ("laterality", "2"),
    ("sex", "2"),
    ("sexAssignedAtBirth", "2"),
    ("race1", "01"),
    ("vitalStatus", "1"),
    ("ageAtDiagnosis", "088"),
    ("addrAtDxState", "IA"),
    ("countyAtDx", "103"),
    ("sequenceNumberHospital", "00"),
    ("classOfCase", "14"),
    ("reportingFacility", HOME),
    ("tumorRecordNumber", "01"),
];

fn value(id: &str, everywhere: bool) -> Option<String> {
    let known = |list: &[(&str, &str)]| list.iter().find(|(item, _)| *item == id).map(|(_, v)| v.to_string());
    if everywhere {
        // What places the record; all else is a name typed into the wrong box.
        return match id {
            "patientIdNumber" => Some("86420976".into()),
            "accessionNumberHosp" => Some("202198764".into()),
            "reportingFacility" | "dateOfDiagnosis" | "primarySite" | "sequenceNumberHospital" => {
                known(&DIGITS).or_else(|| known(&SOUND))
            }
            _ => Some(format!("{TOKEN}{id}")),
        };
    }
    if let Some(value) = known(&DIGITS).or_else(|| known(&SOUND)) {
        return Some(value);
    }
    let class = rule(id).map_or("own", |rule| rule.class);
    let item = super_dictionary().by_id(id)?;
    match (class, item.data_type) {
        ("clinical" | "date-flag" | "area-class" | "state" | "country", _) => None,
        (_, DataType::Date | DataType::DateTime) => None,
        _ => Some(format!("{TOKEN}{id}")),
    }
}

/// Two patients: of one every identifying and text item is filled, of the other every item there is holds a name.
fn file() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         userDictionaryUri=\"https://example.org/state-dictionary.xml\" recordType=\"A\" specificationVersion=\"1.8\" \
         xmlns=\"http://naaccr.org/naaccrxml\">\n",
    );
    for everywhere in [false, true] {
        let fill = |text: &mut String, level: ItemLevel| {
            for item in super_dictionary().items().iter().filter(|item| item.level == level) {
                if let Some(value) = value(&item.id, everywhere) {
                    writeln!(text, "<Item naaccrId=\"{}\">{value}</Item>", item.id).unwrap();
                }
            }
            writeln!(text, "<Item naaccrId=\"ourOwn{level:?}Item\">{TOKEN}Own</Item>").unwrap();
        };
        text.push_str("<Patient>\n");
        fill(&mut text, ItemLevel::Patient);
        text.push_str("<Tumor>\n");
        fill(&mut text, ItemLevel::Tumor);
        text.push_str("</Tumor>\n</Patient>\n");
    }
    text + "</NaaccrData>\n"
}

/// A registry with the two patients.
pub fn plant(db: &Database) {
    init(db);
    let path = db.folder().join("planted.xml");
    std::fs::write(&path, file()).unwrap();
    let run = accession(&["import", path.to_str().unwrap(), "--database", db.url(), "--json"]);
    assert!(run.code == Some(0) || run.code == Some(1), "{}", run.stderr);
    assert_eq!(run.json()["outcome"], "published", "{}", run.stdout);
    // The names are there: the test could fail.
    let items = db.values("SELECT items AS value FROM patient ORDER BY id").concat_texts();
    let tumors = db.values("SELECT items AS value FROM abstract ORDER BY id").concat_texts();
    for (id, digits) in DIGITS {
        assert!(items.contains(digits) || tumors.contains(digits), "{id} was not imported");
    }
    for id in [
        "nameLast",
        "nameAlias",
        "addrAtDxNoStreet",
        "followUpContactName",
        "textRemarks",
        "physicianManaging",
        "ourOwn",
    ] {
        assert!((items.clone() + &tumors).contains(id), "{id} was not imported");
    }
    assert!(tumors.matches(TOKEN).count() > 500, "{}", tumors.matches(TOKEN).count());
}

trait Texts {
    fn concat_texts(self) -> String;
}

impl Texts for Vec<Option<String>> {
    fn concat_texts(self) -> String {
        self.into_iter().flatten().collect()
    }
}

/// Fails where a token or a real number stands in the text.
#[track_caller]
pub fn tells_nothing(level: Level, what: &str, text: &str) {
    if let Some(at) = text.to_ascii_lowercase().find(&TOKEN.to_ascii_lowercase()) {
        let from = (0..=at.saturating_sub(60)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        panic!("{what} tells a planted word: …{}", text[from..].chars().take(120).collect::<String>());
    }
    for (id, digits) in DIGITS {
        let may_stand = level == Level::Limited && IN_LIMITED.contains(&id);
        assert!(may_stand || !text.contains(digits), "{what} tells {id} {digits}");
    }
    // Also not as a person would write them.
    for written in ["912-34-5678", "515-555-0187", "1933-04-12", "04/12/1933"] {
        assert!(!text.contains(written), "{what} tells {written}");
    }
}

on_both!(no_planted_word_and_no_real_number_leaves, |db| {
    plant(db);
    for level in [Level::Deidentified, Level::Limited] {
        let items: Vec<&str> = offered(level).map(|item| &*item.id).collect();
        assert!(items.len() > 500);
        let out = db.folder().join(format!("{}.csv", level.key()));
        let run = accession(&[
            "extract",
            "--database",
            db.url(),
            "--level",
            level.key(),
            "--items",
            &items.join(","),
            "--study",
            "planted",
            "--out",
            out.to_str().unwrap(),
            "--json",
        ])
        .expect_code(0);
        let answer = run.json();
        assert_eq!((&answer["tumors"], &answer["patients"]), (&2.into(), &2.into()), "{}", run.stdout);
        let read = |key: &str| std::fs::read_to_string(answer[key].as_str().unwrap()).unwrap();
        let table = read("file");
        assert_eq!(table.lines().count(), 3, "a head and two tumors");
        assert!(table.contains("8500") && table.contains("C504"), "what is no identifier is there");
        tells_nothing(level, "the table", &table);
        tells_nothing(level, "the codebook", &read("codebook"));
        tells_nothing(level, "the read-me", &read("read_me"));
        tells_nothing(level, "the answer", &run.stdout);
        tells_nothing(level, "the log", &run.stderr);
        let years = [("1933", level == Level::Limited), ("2021", true)];
        for (year, there) in years {
            assert_eq!(table.contains(year), there, "{year} at {}", level.key());
        }
        if level == Level::Deidentified {
            assert!(!table.contains("52240") && table.contains(",522,"), "ZIP areas of three digits");
        }
        // Both patients are on the list of disclosures.
        assert_eq!(db.number("SELECT count(*) FROM disclosure_patient d JOIN disclosure x ON x.id = d.disclosure_id WHERE x.kind = 'extract'") % 2, 0);
    }
    assert_eq!(db.number("SELECT count(*) FROM disclosure_patient"), 4);
    assert_eq!(db.number("SELECT count(*) FROM audit WHERE action = 'extract'"), 2);
    let trail = db.values("SELECT note AS value FROM audit").concat_texts();
    tells_nothing(Level::Deidentified, "the audit trail", &trail);
});

#[test]
fn every_dropped_item_is_refused_when_it_is_asked_for() {
    for level in [Level::Deidentified, Level::Limited] {
        for item in super_dictionary().items().iter().filter(|item| action(&item.id, level) == Action::Drop) {
            assert!(!offered(level).any(|offered| offered.id == item.id), "{}", item.id);
        }
    }
}
