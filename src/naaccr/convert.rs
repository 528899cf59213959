//! Carries patients from one version and record type to another.
//!
//! Items are followed by number: one that was renamed gets its new id, one that moved between patient and tumor is
//! moved. What the target does not have, and what has no equal there, is listed with its reason, never dropped in
//! silence. Nothing is guessed: a code without an equal is left out and listed for review.
//! Rules: the base dictionaries of both versions; sex (220) and sex assigned at birth (225), NAACCR data dictionary
//! version 26; date flags and dates filled with nines, version 23 and version 12 implementation guidelines.

use std::sync::Arc;

use crate::naaccr::dictionary::{Dictionary, default_user_dictionary, dictionary};
use crate::naaccr::item::{DataType, Item, Level, RecordType};
use crate::naaccr::record::{Entry, Items, Patient, Root, Tumor};
use crate::naaccr::super_dictionary::canonical_id;
use crate::naaccr::versions::Version;
use crate::naaccr::writer::{Losses, Lost};

/// A conversion of one file.
#[derive(Debug)]
pub struct Conversion {
    from: Version,
    to: Version,
    record_type: RecordType,
    user: Vec<Arc<Dictionary>>,
    losses: Losses,
    identity: bool,
}

/// What becomes of one item.
enum Fate<'a> {
    /// Carried under that id, at that level if the target knows it.
    Carried(&'a str, Option<Level>, std::borrow::Cow<'a, str>),
    Lost(&'static str),
}

impl Conversion {
    /// A conversion of files of that root; what is not given stays as it is.
    pub fn new(
        root: &Root,
        version: Option<Version>,
        record_type: Option<RecordType>,
        user_dictionaries: &[Arc<Dictionary>],
    ) -> Conversion {
        let (to, record_type) = (version.unwrap_or(root.version), record_type.unwrap_or(root.record_type));
        Conversion {
            from: root.version,
            to,
            record_type,
            user: user_dictionaries.to_vec(),
            losses: Losses::default(),
            identity: to == root.version && record_type == root.record_type,
        }
    }

    /// The root of the converted file.
    pub fn root(&mut self, root: &Root) -> Root {
        let mut converted = root.clone();
        if self.identity {
            return converted;
        }
        converted.version = self.to;
        converted.base_dictionary_uri = self.to.base_uri();
        converted.record_type = self.record_type;
        converted.user_dictionary_uris.retain(|uri| Version::from_default_user_uri(uri).is_none());
        converted.items = Items::default();
        for entry in root.items.iter() {
            let own = match entry.id {
                "recordType" => Some(self.record_type.to_string()),
                "naaccrRecordVersion" => Some(self.to.to_string()),
                _ => None,
            };
            match self.fate(entry) {
                Fate::Carried(id, _, value) => converted.items.push(id, own.as_deref().unwrap_or(&value)),
                Fate::Lost(reason) => self.losses.add(entry.id, entry.number, reason),
            }
        }
        converted
    }

    /// Converts one patient in place.
    pub fn patient(&mut self, patient: &mut Patient) {
        if self.identity {
            return;
        }
        let mut items = Items::default();
        let mut to_tumors: Vec<(String, String)> = Vec::new();
        for entry in patient.items.iter() {
            match self.fate(entry) {
                Fate::Carried(id, Some(Level::Tumor), value) => to_tumors.push((id.to_owned(), value.into_owned())),
                Fate::Carried(id, _, value) => self.put(&mut items, id, &value),
                Fate::Lost(reason) => self.losses.add(entry.id, entry.number, reason),
            }
        }
        for (id, _) in &to_tumors {
            if patient.tumors.is_empty() {
                self.losses.add(id, None, "no_tumor_to_move_to");
            }
        }
        for tumor in &mut patient.tumors {
            self.tumor(tumor, &mut items, &to_tumors);
        }
        patient.items = items;
    }

    fn tumor(&mut self, tumor: &mut Tumor, of_patient: &mut Items, moved_here: &[(String, String)]) {
        let mut items = Items::default();
        for entry in tumor.items.iter() {
            match self.fate(entry) {
                Fate::Carried(id, Some(Level::Patient), value) => match of_patient.get(id) {
                    None => of_patient.push(id, &value),
                    Some(other) if other == value => {}
                    Some(_) => self.losses.add(entry.id, entry.number, "tumors_differ"),
                },
                Fate::Carried(id, _, value) => self.put(&mut items, id, &value),
                Fate::Lost(reason) => self.losses.add(entry.id, entry.number, reason),
            }
        }
        for (id, value) in moved_here {
            if items.get(id).is_none() {
                items.push(id, value);
            }
        }
        tumor.items = items;
    }

    /// What could not be carried so far.
    pub fn lost(&self) -> Vec<Lost> {
        self.losses.list()
    }

    fn put(&mut self, items: &mut Items, id: &str, value: &str) {
        if items.get(id).is_some() {
            self.losses.add(id, None, "duplicate_item");
        } else {
            items.push(id, value);
        }
    }

    fn fate<'a>(&self, entry: Entry<'a>) -> Fate<'a> {
        let carried = |id: &'a str, item: &Item, value: &'a str| {
            if !item.record_types.contains(self.record_type) {
                return Fate::Lost("record_type");
            }
            match self.value(item, value) {
                Some(value) => Fate::Carried(id, Some(item.level), value),
                None => Fate::Lost("date_code"),
            }
        };
        if let Some(item) = self.target(entry.id)
            && (item.number == entry.number || entry.number.is_none())
        {
            return carried(entry.id, item, entry.value);
        }
        if self.to.has_sex_assigned_at_birth() && entry.id == "sex" {
            return match sex_assigned_at_birth(entry.value) {
                Some(value) => Fate::Carried("sexAssignedAtBirth", Some(Level::Patient), value.into()),
                None => Fate::Lost("code_to_review"),
            };
        }
        if !self.to.has_sex_assigned_at_birth() && entry.id == "sexAssignedAtBirth" {
            return Fate::Carried("sex", Some(Level::Patient), entry.value.into());
        }
        let of_base =
            dictionary(self.from).by_id(entry.id).or_else(|| default_user_dictionary(self.from)?.by_id(entry.id));
        if of_base.is_none() && canonical_id(self.from, entry.id).is_none() {
            // An item of a user dictionary, or one nobody knows: it is carried as it is.
            let own = self.user.iter().find_map(|d| d.by_id(entry.id));
            return match own {
                Some(item) if !item.record_types.contains(self.record_type) => Fate::Lost("record_type"),
                _ => Fate::Carried(entry.id, None, entry.value.into()),
            };
        }
        let renamed =
            of_base.filter(|_| !is_reserved(entry.id)).and_then(|item| dictionary(self.to).by_number(item.number?));
        match renamed {
            Some(item) if !is_reserved(&item.id) => carried(&item.id, item, entry.value),
            _ if self.from.has_date_flags() && entry.id.ends_with("Flag") && !self.to.has_date_flags() => {
                Fate::Lost("date_flag")
            }
            _ => Fate::Lost("not_in_version"),
        }
    }

    fn target(&self, id: &str) -> Option<&'static Item> {
        dictionary(self.to).by_id(id).or_else(|| default_user_dictionary(self.to)?.by_id(id))
    }

    /// A value in the shape the target asks for; none if it is a code that the target has no place for.
    fn value<'a>(&self, item: &Item, value: &'a str) -> Option<std::borrow::Cow<'a, str>> {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        match item.data_type {
            DataType::DateTime if digits => Some(iso_date(value).into()),
            DataType::Date if value.contains('-') => Some(plain_date(value).into()),
            DataType::Date if digits && value.len() == 8 => {
                let known = value.strip_suffix("99").map(|m| m.strip_suffix("99").unwrap_or(m)).unwrap_or(value);
                match known {
                    "9999" | "0000" | "8888" => None,
                    _ if value == "00000000" || value == "88888888" => None,
                    _ => Some(known.into()),
                }
            }
            _ => Some(value.into()),
        }
    }
}

/// Areas of the default user dictionaries, whose numbers were later given to real items.
fn is_reserved(id: &str) -> bool {
    id.starts_with("reserved")
}

/// The code of sex assigned at birth (225) for a code of sex (220); 3 and 4 have no equal.
pub fn sex_assigned_at_birth(sex: &str) -> Option<&'static str> {
    match sex {
        "1" | "5" => Some("1"),
        "2" | "6" => Some("2"),
        "9" => Some("9"),
        _ => None,
    }
}

/// `20200115101112` as `2020-01-15T10:11:12`; what is too short for a whole time loses none of its date.
fn iso_date(digits: &str) -> String {
    let mut out = String::new();
    let parts = [(0, 4, ""), (4, 6, "-"), (6, 8, "-")];
    for (from, to, mark) in parts {
        if let Some(part) = digits.get(from..to) {
            out.push_str(mark);
            out.push_str(part);
        }
    }
    if let (Some(h), Some(m), Some(s)) = (digits.get(8..10), digits.get(10..12), digits.get(12..14)) {
        out.push_str(&format!("T{h}:{m}:{s}"));
    }
    out
}

/// The date of an ISO date and time, without separators.
fn plain_date(iso: &str) -> String {
    iso.split('T').next().unwrap_or_default().chars().filter(char::is_ascii_digit).take(8).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn converted(from: u16, to: u16, patient: &Patient) -> (Patient, Vec<(String, &'static str)>) {
        let root = Root::new(Version::new(from).unwrap(), RecordType::A);
        let mut conversion = Conversion::new(&root, Version::new(to), None, &[]);
        let mut patient = patient.clone();
        conversion.patient(&mut patient);
        (patient, conversion.lost().into_iter().map(|l| (l.item, l.reason)).collect())
    }

    #[test]
    fn sex_goes_to_sex_assigned_at_birth_and_back_and_what_has_no_equal_is_listed() {
        let mut patient = Patient::default();
        patient.items.push("sex", "2");
        let (up, lost) = converted(250, 260, &patient);
        assert_eq!((up.items.get("sexAssignedAtBirth"), lost.len()), (Some("2"), 0));
        assert_eq!(converted(260, 250, &up).0.items.get("sex"), Some("2"));
        patient.items.set("sex", "3");
        assert_eq!(converted(250, 260, &patient).1, [("sex".to_owned(), "code_to_review")]);
    }

    #[test]
    fn renamed_and_moved_items_are_followed() {
        let mut patient = Patient::default();
        patient.add_tumor().items.push("followUpSourceCentral", "31");
        patient.add_tumor().items.push("followUpSourceCentral", "32");
        let (up, lost) = converted(230, 240, &patient);
        assert_eq!(up.items.get("followUpSourceCentral"), Some("31"));
        assert_eq!(lost, [("followUpSourceCentral".to_owned(), "tumors_differ")]);
        let (down, _) = converted(240, 230, &up);
        assert!(down.tumors.iter().all(|t| t.items.get("followUpSourceCentral") == Some("31")));
        let mut patient = Patient::default();
        patient.add_tumor().items.push("seerPrimaryTumor", "100");
        assert_eq!(converted(160, 180, &patient).0.tumors[0].items.get("eodPrimaryTumor"), Some("100"));
    }

    #[test]
    fn dates_change_their_shape_and_flags_are_listed() {
        let mut patient = Patient::default();
        let tumor = patient.add_tumor();
        tumor.items.push("pathDateSpecCollect1", "20200115");
        tumor.items.push("dateOfDiagnosisFlag", "12");
        tumor.items.push("dateOfDiagnosis", "20200199");
        tumor.items.push("rxDateSurgery", "99999999");
        let (up, lost) = converted(220, 250, &patient);
        assert_eq!(up.tumors[0].items.get("pathDateSpecCollect1"), Some("2020-01-15"));
        assert_eq!(up.tumors[0].items.get("dateOfDiagnosis"), Some("202001"));
        assert_eq!(lost, [("dateOfDiagnosisFlag".to_owned(), "date_flag"), ("rxDateSurgery".to_owned(), "date_code")]);
        let (down, _) = converted(250, 240, &up);
        assert_eq!(down.tumors[0].items.get("pathDateSpecCollect1"), Some("20200115"));
    }

    #[test]
    fn a_narrower_record_type_lists_what_it_leaves_out() {
        let root = Root::new(Version::V250, RecordType::A);
        let mut conversion = Conversion::new(&root, None, Some(RecordType::I), &[]);
        let mut patient = Patient::default();
        patient.items.push("nameLast", "X");
        patient.items.push("sex", "1");
        patient.items.push("stateOwn", "kept");
        conversion.patient(&mut patient);
        assert_eq!(patient.items.iter().map(|e| e.id).collect::<Vec<_>>(), ["sex", "stateOwn"]);
        assert_eq!(conversion.lost()[0].reason, "record_type");
    }
}
