//! A patient of a file as the store keeps it: items under their newest ids, items of user dictionaries and unknown
//! ones under `dictionary:id`, sex assigned at birth derived from sex where a file is older than item 225.

use serde::{Deserialize, Serialize};

use crate::naaccr::{Items, Patient, Root, dictionary, super_dictionary};
use crate::registry::change::birth_from_sex;
use crate::registry::record::Record;
use crate::registry::store::Changed;

/// A patient and its tumors as records.
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Patient-level items.
    pub patient: Record,
    /// Tumor-level items of each tumor.
    pub tumors: Vec<Record>,
    /// What was added by conversion: sex assigned at birth (225) from sex (220).
    pub converted: Vec<Changed>,
}

/// A file's head as an import keeps it: what a stored `<Patient>` needs to be read again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// Base dictionary.
    pub base_dictionary_uri: String,
    /// NAACCR version.
    pub version: u16,
    /// User dictionaries.
    pub user_dictionary_uris: Vec<String>,
    /// Record type letter.
    pub record_type: char,
    /// When the sender made the file.
    pub time_generated: Option<String>,
    /// Root-level items.
    pub items: Vec<(String, String)>,
    /// Other root attributes.
    pub other_attributes: Vec<(String, String)>,
    /// Extensions of the root, as received.
    pub extensions: Vec<String>,
}

impl Head {
    /// The head of a file that is open.
    pub fn of(root: &Root) -> Head {
        Head {
            base_dictionary_uri: root.base_dictionary_uri.clone(),
            version: root.version.number(),
            user_dictionary_uris: root.user_dictionary_uris.clone(),
            record_type: root.record_type.letter(),
            time_generated: root.time_generated.clone(),
            items: root.items.iter().map(|i| (i.id.to_string(), i.value.to_string())).collect(),
            other_attributes: root.other_attributes.clone(),
            extensions: root.extensions.iter().map(|e| e.xml.clone()).collect(),
        }
    }

    /// A root-level item.
    pub fn item(&self, id: &str) -> Option<&str> {
        self.items.iter().find(|(i, _)| i == id).map(|(_, v)| v.as_str())
    }
}

/// The short name of a user dictionary: the last part of its URI without `.xml`.
pub fn dictionary_name(uri: &str) -> &str {
    let last = uri.trim_end_matches('/').rsplit('/').next().unwrap_or(uri);
    last.strip_suffix(".xml").unwrap_or(last)
}

/// A patient of a file as records.
pub fn arrived(patient: &Patient, root: &Root) -> Arrived {
    let mut made = Arrived {
        patient: record(&patient.items, root),
        tumors: patient.tumors.iter().map(|t| record(&t.items, root)).collect(),
        converted: vec![],
    };
    if made.patient.get("sexAssignedAtBirth").is_none()
        && let Some(sex) = made.patient.get("sex").map(str::to_string)
    {
        made.converted.extend(made.patient.set("sexAssignedAtBirth", birth_from_sex(&sex)));
    }
    made
}

fn record(items: &Items, root: &Root) -> Record {
    let mut record = Record::new();
    let base = dictionary(root.version);
    for item in items.iter() {
        match super_dictionary().by_id(item.id) {
            Some(known) if base.by_id(item.id).is_some() || root.user_dictionary_uris.is_empty() || !known.reserved => {
                record.push(&*known.definition().id, known.number.map(|n| n.0), item.value);
            }
            _ => {
                let dictionary = match root.user_dictionary_uris.as_slice() {
                    [] => "?",
                    [only] => dictionary_name(only),
                    [first, ..] => dictionary_name(first),
                };
                record.push(format!("{dictionary}:{}", item.id), None, item.value);
            }
        }
    }
    record.arrange();
    record
}
