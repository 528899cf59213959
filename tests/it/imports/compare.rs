//! Two files of abstracts, item by item.

use std::collections::BTreeMap;
use std::path::Path;

use accession::naaccr::{Patient, ReadOptions, Reader};

use crate::kit::{Database, tree};

/// SHA-256 of `full-abstract-v26.xml.gz` exported as received.
pub const ONE_SUM: &str = "9ac025a10182194b5a8df2d442dcdde2384d028a4664ec79d692a467ec110a3c";

/// A difference between two files.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub who: String,
    pub item: String,
    pub left: Option<String>,
    pub right: Option<String>,
}

/// A file of the shared folder, where that is there.
pub fn shared(name: &str) -> Option<String> {
    let folder = std::env::var("ACCESSION_SHARED").map_or_else(|_| tree().join("../shared"), Into::into);
    let path = folder.join(name);
    path.exists().then(|| path.display().to_string())
}

type Items = BTreeMap<String, String>;

/// Every record of a file: patient number and place of the tumor in the patient, to items.
fn records(file: &str) -> BTreeMap<String, Items> {
    let input = std::fs::File::open(Path::new(file)).unwrap();
    let mut reader = Reader::open(input, &ReadOptions::import()).unwrap();
    let (mut patient, mut found) = (Patient::default(), BTreeMap::new());
    while reader.read_patient(&mut patient).unwrap() {
        let number = patient.items.get("patientIdNumber").unwrap_or("none").to_string();
        let items = |items: &accession::naaccr::Items| {
            items.iter().map(|i| (i.id.to_string(), i.value.to_string())).collect::<Items>()
        };
        assert!(
            found.insert(number.clone(), items(&patient.items)).is_none(),
            "patient {number} stands twice in {file}"
        );
        for (place, tumor) in patient.tumors.iter().enumerate() {
            found.insert(format!("{number}/{place}"), items(&tumor.items));
        }
    }
    found
}

/// All differences between two files.
pub fn differences(left: &str, right: &str) -> Vec<Difference> {
    let (left, right) = (records(left), records(right));
    let mut found = Vec::new();
    let nothing = Items::new();
    for who in left.keys().chain(right.keys().filter(|k| !left.contains_key(*k))) {
        let (l, r) = (left.get(who).unwrap_or(&nothing), right.get(who).unwrap_or(&nothing));
        for item in l.keys().chain(r.keys().filter(|k| !l.contains_key(*k))) {
            if l.get(item) != r.get(item) {
                found.push(Difference {
                    who: who.clone(),
                    item: item.clone(),
                    left: l.get(item).cloned(),
                    right: r.get(item).cloned(),
                });
            }
        }
    }
    found
}

fn write(db: &Database, name: &str, tumor: &str, last_name: &str) -> String {
    let path = db.folder().join(name);
    let text = format!(
        r#"<?xml version="1.0"?>
<NaaccrData baseDictionaryUri="http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml" recordType="A" specificationVersion="1.8" xmlns="http://naaccr.org/naaccrxml">
  <Item naaccrId="registryId">0000001234</Item>
  <Patient>
    <Item naaccrId="patientIdNumber">00000001</Item>
    <Item naaccrId="sex">2</Item>
    <Item naaccrId="dateOfBirth">19500102</Item>
    <Item naaccrId="nameLast">{last_name}</Item>
    <Item naaccrId="nameFirst">ANN</Item>
    <Tumor>{tumor}
    </Tumor>
  </Patient>
</NaaccrData>
"#
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn tumor(site: &str) -> String {
    let items = [
        ("tumorRecordNumber", "01"),
        ("dateOfDiagnosis", "20230405"),
        ("primarySite", site),
        ("laterality", "1"),
        ("histologicTypeIcdO3", "8500"),
        ("behaviorCodeIcdO3", "3"),
        ("reportingFacility", "0010000001"),
        ("accessionNumberHosp", "202300001"),
        ("sequenceNumberHospital", "00"),
        ("classOfCase", "14"),
    ];
    items.iter().map(|(id, value)| format!("\n      <Item naaccrId=\"{id}\">{value}</Item>")).collect()
}

/// A file of one patient with one tumor.
pub fn small_file(db: &Database, name: &str, site: &str, last_name: &str) -> String {
    write(db, name, &tumor(site), last_name)
}

/// The same with an item no dictionary knows.
pub fn file_with_unknown_item(db: &Database) -> String {
    write(db, "unknown.xml", &format!("{}\n      <Item naaccrId=\"ownItem\">kept</Item>", tumor("C504")), "SMITH")
}
