//! NAACCR files of people who do not exist, for tests that need many plain records.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::HOME;

/// Writes a file of `patients` patients with one tumor each, numbered from `first`.
pub fn naaccr_file(folder: &Path, name: &str, first: usize, patients: usize) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, naaccr_text(first, patients)).unwrap();
    path
}

/// The text of such a file.
pub fn naaccr_text(first: usize, patients: usize) -> String {
    const LAST: [&str; 8] =
        ["Abernathy", "Brookfield", "Castellan", "Dunmore", "Everhart", "Farnsworth", "Gallowell", "Hathersage"];
    const FIRST: [&str; 6] = ["Alma", "Bertil", "Corwin", "Delphine", "Esmond", "Florian"];
    const SITES: [(&str, &str); 4] = [("C509", "8500"), ("C619", "8140"), ("C341", "8070"), ("C187", "8140")];
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         recordType=\"A\" timeGenerated=\"2026-01-15T08:00:00Z\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n\
         <Item naaccrId=\"recordType\">A</Item>\n<Item naaccrId=\"naaccrRecordVersion\">250</Item>\n\
         <Item naaccrId=\"registryId\">0000000777</Item>\n",
    );
    for number in first..first + patients {
        let (site, histology) = SITES[number % SITES.len()];
        let items = [
            ("patientIdNumber", format!("{number:08}")),
            ("nameLast", format!("{}{}", LAST[number % LAST.len()], letters(number))),
            ("nameFirst", FIRST[number % FIRST.len()].to_owned()),
            ("sex", if number % 2 == 0 { "2" } else { "1" }.to_owned()),
            ("dateOfBirth", format!("{}{:02}{:02}", 1930 + number % 50, 1 + number % 12, 1 + number % 28)),
            ("vitalStatus", "1".to_owned()),
            ("dateOfLastContact", format!("2025{:02}{:02}", 1 + number % 12, 1 + number % 28)),
        ];
        text.push_str("<Patient>\n");
        for (id, value) in items {
            writeln!(text, "<Item naaccrId=\"{id}\">{value}</Item>").unwrap();
        }
        text.push_str("<Tumor>\n");
        let year = 2019 + number % 6;
        let items = [
            ("primarySite", site.to_owned()),
            ("histologicTypeIcdO3", histology.to_owned()),
            ("behaviorCodeIcdO3", "3".to_owned()),
            ("laterality", if site == "C509" || site == "C341" { "1" } else { "0" }.to_owned()),
            ("dateOfDiagnosis", format!("{year}{:02}{:02}", 1 + number % 12, 1 + number % 28)),
            ("reportingFacility", HOME.to_owned()),
            ("accessionNumberHosp", format!("{year}{:05}", number % 100_000)),
            ("sequenceNumberHospital", "00".to_owned()),
            ("classOfCase", "14".to_owned()),
            ("tumorRecordNumber", "01".to_owned()),
            (
                "textDxProcPath",
                "Core biopsy, left breast at three o'clock: invasive carcinoma, grade 2. ".repeat(12).trim().to_owned(),
            ),
        ];
        for (id, value) in items {
            writeln!(text, "<Item naaccrId=\"{id}\">{value}</Item>").unwrap();
        }
        text.push_str("</Tumor>\n</Patient>\n");
    }
    text + "</NaaccrData>\n"
}

/// Digits as letters, so that every name is its own and sounds its own.
fn letters(number: usize) -> String {
    number.to_string().bytes().map(|digit| char::from(b'a' + (digit - b'0') * 2)).collect()
}
