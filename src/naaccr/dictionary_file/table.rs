//! Dictionaries compared, and written as CSV or XML.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::naaccr::dictionary::Dictionary;
use crate::naaccr::dictionary_file::{DictionaryProblem, LoadedDictionary, load_dictionary};
use crate::naaccr::item::{Item, Padding, RecordTypes};
use crate::naaccr::reader::NAACCR;
use crate::naaccr::versions::Specification;
use crate::naaccr::writer::escape_attribute;

/// One difference between two dictionaries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `added`, `removed`, `renamed` or `changed`.
    pub change: &'static str,
    /// Id of the item; the new one if it was renamed.
    pub item: String,
    /// Number of the item.
    pub number: Option<u32>,
    /// What changed.
    pub attribute: &'static str,
    /// As it was.
    pub old: String,
    /// As it is.
    pub new: String,
}

/// What changed from one dictionary to another, by number.
pub fn differences(from: &Dictionary, to: &Dictionary) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut add = |change, item: &Item, attribute, old: &str, new: &str| {
        found.push(Difference {
            change,
            item: item.id.to_string(),
            number: item.number.map(|n| n.0),
            attribute,
            old: old.to_owned(),
            new: new.to_owned(),
        });
    };
    let counterpart = |dictionary: &Dictionary, item: &Item| -> Option<Item> {
        dictionary.by_id(&item.id).or_else(|| dictionary.by_number(item.number?)).cloned()
    };
    let numbers: BTreeSet<_> = from.items().iter().chain(to.items()).map(|i| (i.number, i.id.clone())).collect();
    for (_, id) in numbers {
        match (from.by_id(&id), to.by_id(&id)) {
            (Some(old), None) => match counterpart(to, old) {
                Some(new) if from.by_id(&new.id).is_none() => {}
                _ => add("removed", old, "", &old.id, ""),
            },
            (old, Some(new)) => {
                let old = match old {
                    Some(old) => old.clone(),
                    None => match counterpart(from, new) {
                        Some(old) if to.by_id(&old.id).is_none() => {
                            add("renamed", new, "naaccrId", &old.id, &new.id);
                            old
                        }
                        _ => {
                            add("added", new, "", "", &new.id);
                            continue;
                        }
                    },
                };
                for ((attribute, before), (_, after)) in std::iter::zip(attributes(&old), attributes(new)) {
                    if before != after {
                        add("changed", new, attribute, &before, &after);
                    }
                }
            }
            (None, None) => {}
        }
    }
    found
}

/// The attributes of an item as a dictionary writes them; empty where they are left out.
fn attributes(item: &Item) -> [(&'static str, String); 9] {
    let records: Vec<String> = item.record_types.to_string().chars().map(String::from).collect();
    [
        ("naaccrNum", item.number.map(|n| n.to_string()).unwrap_or_default()),
        ("naaccrName", item.name.to_string()),
        ("length", item.length.to_string()),
        ("recordTypes", records.join(",")),
        ("parentXmlElement", item.level.element().to_owned()),
        ("dataType", item.data_type.name().to_owned()),
        ("padding", if item.padding == Padding::None { String::new() } else { item.padding.name().to_owned() }),
        ("allowUnlimitedText", if item.unlimited_text { "true".to_owned() } else { String::new() }),
        ("startColumn", item.start_column.map(|c| c.to_string()).unwrap_or_default()),
    ]
}

const HEADER: [&str; 10] = [
    "naaccrId",
    "naaccrNum",
    "naaccrName",
    "length",
    "recordTypes",
    "parentXmlElement",
    "dataType",
    "padding",
    "allowUnlimitedText",
    "startColumn",
];

/// A dictionary as CSV, a row an item.
pub fn dictionary_csv(dictionary: &Dictionary) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(HEADER);
    for item in dictionary.items() {
        let values = attributes(item).map(|(_, value)| value);
        let _ = writer.write_record(std::iter::once(&*item.id).chain(values.iter().map(String::as_str)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A user dictionary from CSV as [`dictionary_csv`] writes it; columns are found by their names. The problems are
/// those of the dictionary in XML that it stands for, with the lines of the CSV.
pub fn dictionary_from_csv(csv: &[u8], uri: &str, version: &str) -> Result<LoadedDictionary, DictionaryProblem> {
    let refused =
        |line: u64, message: String| DictionaryProblem { kind: "dict_csv", line, item: None, number: None, message };
    let unreadable = |e: csv::Error| refused(e.position().map_or(1, csv::Position::line), format!("not CSV: {e}"));
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv);
    let header = reader.headers().map_err(unreadable)?.clone();
    for needed in ["naaccrId", "naaccrNum", "length", "parentXmlElement"] {
        if !header.iter().any(|h| h == needed) {
            return Err(refused(1, format!("the column {needed} is missing")));
        }
    }
    let mut xml = format!("<NaaccrDictionary dictionaryUri=\"{}\"", escaped(uri));
    if !version.is_empty() {
        let _ = write!(xml, " naaccrVersion=\"{}\"", escaped(version));
    }
    let _ = write!(xml, " specificationVersion=\"{}\" xmlns=\"{NAACCR}\"><ItemDefs>", Specification::NEWEST);
    let mut last = 1;
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(last + 1, csv::Position::line);
        while last < line {
            xml.push('\n');
            last += 1;
        }
        xml.push_str("<ItemDef");
        for (name, value) in header.iter().zip(&row).filter(|(_, value)| !value.is_empty()) {
            let _ = write!(xml, " {}=\"{}\"", name.trim(), escaped(value.trim()));
        }
        xml.push_str("/>");
    }
    xml.push_str("</ItemDefs></NaaccrDictionary>");
    load_dictionary(xml.as_bytes())
}

/// A dictionary as XML, as specification 1.8 has it.
pub fn dictionary_xml(dictionary: &Dictionary, description: &str, date_last_modified: &str) -> String {
    let mut xml =
        format!("<?xml version=\"1.0\"?>\n\n<NaaccrDictionary dictionaryUri=\"{}\"\n", escaped(dictionary.uri()));
    let version = dictionary.version().map(|v| v.to_string()).unwrap_or_default();
    let specification = Specification::NEWEST.to_string();
    for (name, value) in [
        ("naaccrVersion", version.as_str()),
        ("specificationVersion", &specification),
        ("dateLastModified", date_last_modified),
        ("description", description),
    ] {
        if !value.is_empty() {
            let _ = writeln!(xml, "            {name}=\"{}\"", escaped(value));
        }
    }
    let _ = writeln!(xml, "            xmlns=\"{NAACCR}\">\n    <ItemDefs>");
    for item in dictionary.items() {
        let _ = write!(xml, "        <ItemDef naaccrId=\"{}\"", escaped(&item.id));
        for (name, value) in attributes(item) {
            let is_default = match name {
                "recordTypes" => item.record_types == RecordTypes::ALL,
                "dataType" => value == "text",
                _ => false,
            };
            if !value.is_empty() && !is_default && name != "allowUnlimitedText" {
                let _ = write!(xml, "\n            {name}=\"{}\"", escaped(&value));
            }
        }
        xml.push_str("/>\n");
    }
    xml.push_str("    </ItemDefs>\n</NaaccrDictionary>\n");
    xml
}

fn escaped(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    escape_attribute(text, &mut out);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::dictionary::dictionary;
    use crate::naaccr::versions::Version;

    #[test]
    fn sex_became_sex_assigned_at_birth_with_26() {
        let found = differences(dictionary(Version::V250), dictionary(Version::V260));
        assert!(found.iter().any(|d| d.change == "removed" && d.item == "sex"));
        assert!(found.iter().any(|d| d.change == "added" && d.item == "sexAssignedAtBirth"));
    }

    #[test]
    fn a_dictionary_survives_csv_and_xml() {
        let csv = "naaccrId,naaccrNum,naaccrName,length,recordTypes,parentXmlElement,dataType,padding\n\
                   myItem,10000,\"My, item\",2,\"A,M\",Tumor,digits,leftZero\n";
        let loaded = dictionary_from_csv(csv.as_bytes(), "http://x.org/d.xml", "250").unwrap();
        assert_eq!(loaded.problems, []);
        let again =
            dictionary_from_csv(dictionary_csv(&loaded.dictionary).as_bytes(), "http://x.org/d.xml", "250").unwrap();
        assert_eq!(again.dictionary.items(), loaded.dictionary.items());
        let xml = dictionary_xml(&loaded.dictionary, "d", "2024-01-01T00:00:00Z");
        assert_eq!(load_dictionary(xml.as_bytes()).unwrap().dictionary.items(), loaded.dictionary.items());
    }

    #[test]
    fn problems_of_a_table_have_its_lines() {
        let csv = "naaccrId,naaccrNum,naaccrName,length,parentXmlElement\nok1,10000,A,1,Tumor\nBad,10001,B,1,Tumor\n";
        let loaded = dictionary_from_csv(csv.as_bytes(), "http://x.org/d.xml", "").unwrap();
        assert_eq!(loaded.problems.iter().map(|p| (p.kind, p.line)).collect::<Vec<_>>(), [("dict_item_id_format", 3)]);
    }
}
