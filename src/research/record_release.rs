//! A level carried out on whole records of a NAACCR file, so that the outcome is a NAACCR file again. Pure.
//!
//! What [`Release`] makes of a value is brought into the shape its item has in a file: `90+` is written as 090 and means
//! 90 and over, `1936-` as 1936 and means that year or earlier, `2017+` as 2017 and means that year or later. Numbers
//! of the study have as many digits as the item: they are the record's own number sent through a permutation that only
//! the study's key knows, so that two patients never get one number. Extensions, items of user dictionaries and items
//! of the root are left out. Everything that is left out, changed or withheld is counted by item.

use std::collections::BTreeMap;

use super::levels::{Action, Level, action};
use super::release::{Items, Lifetime, Release, Released, StudyKey};
use crate::dates::PartialDate;
use crate::naaccr::{self, DataType, Patient, RecordType, Root, Tumor, Version, canonical_id, super_dictionary};

/// What became of the values of one item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Became {
    /// Went out as they were.
    pub kept: u64,
    /// Went out as something else.
    pub changed: u64,
    /// Left out, as the level asks.
    pub dropped: u64,
    /// Left out because they had not the form their item allows.
    pub withheld: u64,
}

/// Carries a level out on the records of one file.
pub struct RecordRelease<'a> {
    level: Level,
    key: &'a StudyKey,
    release: Release<'a>,
    version: Version,
    as_of_year: i32,
    became: BTreeMap<String, Became>,
    extensions: u64,
}

/// The items of a tumor, with those of its patient.
struct Both<'a>(&'a Patient, Option<&'a Tumor>);

impl Items for Both<'_> {
    fn value(&self, id: &str) -> &str {
        let own = self.1.and_then(|tumor| tumor.items.get(id));
        own.or_else(|| self.0.items.get(id)).unwrap_or_default()
    }
}

impl<'a> RecordRelease<'a> {
    /// For a level, a study and files of that version; ages of the living are those of the year given.
    pub fn new(level: Level, key: &'a StudyKey, version: Version, as_of_year: i32) -> RecordRelease<'a> {
        RecordRelease {
            level,
            key,
            release: Release::new(level, key),
            version,
            as_of_year,
            became: BTreeMap::new(),
            extensions: 0,
        }
    }

    /// The root of the released file: an incidence file without items of its own.
    pub fn root(&mut self, root: &Root) -> Root {
        for entry in root.items.iter() {
            self.count(entry.id).dropped += 1;
        }
        self.extensions += root.extensions.len() as u64;
        Root::new(root.version, RecordType::I)
    }

    /// What of a patient goes out.
    pub fn patient(&mut self, patient: &Patient) -> Patient {
        let life = lifetime(patient, self.as_of_year);
        let first = patient.tumors.iter().min_by_key(|t| t.items.get("dateOfDiagnosis").unwrap_or("9").to_owned());
        let mut out = Patient::default();
        out.ordinal = patient.ordinal;
        self.items(&patient.items, &Both(patient, first), &life, &mut out.items);
        self.extensions += patient.extensions.len() as u64;
        for tumor in &patient.tumors {
            self.extensions += tumor.extensions.len() as u64;
            self.items(&tumor.items, &Both(patient, Some(tumor)), &life, &mut out.add_tumor().items);
        }
        out
    }

    /// What became of each item, by id.
    pub fn became(&self) -> &BTreeMap<String, Became> {
        &self.became
    }

    /// How many extensions were left out.
    pub fn extensions(&self) -> u64 {
        self.extensions
    }

    fn count(&mut self, id: &str) -> &mut Became {
        if !self.became.contains_key(id) {
            self.became.insert(id.to_owned(), Became::default());
        }
        self.became.entry(id.to_owned()).or_default()
    }

    fn items(&mut self, from: &naaccr::Items, both: &Both<'_>, life: &Lifetime, out: &mut naaccr::Items) {
        for entry in from.iter() {
            // An id that stands twice goes out once; which of two values is meant nobody can say here.
            let known = canonical_id(self.version, entry.id).filter(|_| out.get(entry.id).is_none());
            let what = known.map_or(Action::Drop, |id| action(id, self.level));
            let released = match (what, known) {
                (Action::Drop, _) | (_, None) => {
                    self.count(entry.id).dropped += 1;
                    continue;
                }
                (Action::StudyId | Action::Code, Some(id)) => Released::Value(self.own_number(id, entry.value)),
                (_, Some(id)) => {
                    let one = One { id: entry.id, value: entry.value, both };
                    self.release.value(id, &one.under(id), 0, life)
                }
            };
            let value = match released {
                Released::Value(value) => in_shape(value),
                Released::Withheld => {
                    self.count(entry.id).withheld += 1;
                    continue;
                }
            };
            let became = self.count(entry.id);
            if value == entry.value {
                became.kept += 1;
            } else {
                became.changed += 1;
            }
            out.push(entry.id, &value);
        }
    }

    /// The study's number or code for a value, in the shape of the item.
    fn own_number(&self, id: &str, value: &str) -> String {
        let item = super_dictionary().by_id(id);
        let length = item.map_or(14, |item| item.length as usize);
        let digits = item.is_some_and(|item| item.data_type == DataType::Digits);
        match value.parse::<u64>() {
            Ok(number) if digits && value.len() <= length && length <= 18 => {
                format!("{:0length$}", permuted(self.key, id, number, length as u32))
            }
            // A number that is none gets one of the same shape, apart from the others only by chance.
            _ if digits && length <= 18 => {
                let letters = self.key.number(id, value);
                let sum = letters.bytes().fold(0u64, |n, b| n.wrapping_mul(31).wrapping_add(u64::from(b)));
                format!("{:0length$}", sum % 10u64.pow(length as u32))
            }
            _ => self.key.number(id, value).chars().take(length).collect(),
        }
    }
}

/// One item under the id the level's table knows, with all others of the tumor under their own.
struct One<'a> {
    id: &'a str,
    value: &'a str,
    both: &'a Both<'a>,
}

struct Under<'a>(&'a str, One<'a>);

impl<'a> One<'a> {
    fn under(self, id: &'a str) -> Under<'a> {
        Under(id, self)
    }
}

impl Items for Under<'_> {
    fn value(&self, id: &str) -> &str {
        if id == self.0 || id == self.1.id { self.1.value } else { self.1.both.value(id) }
    }
}

/// A released value as a file can hold it.
fn in_shape(value: String) -> String {
    match value.as_str() {
        "90+" => "090".to_owned(),
        capped => match capped.strip_suffix(['+', '-']) {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() == 4 => digits.to_owned(),
            // Months: as many digits as the item has.
            Some(digits) if digits.parse::<u32>().is_ok() => format!("{digits:0>4}"),
            _ => value,
        },
    }
}

/// What the ages of a patient ask for.
fn lifetime(patient: &Patient, as_of_year: i32) -> Lifetime {
    let day = |date: &str, latest: bool| -> Option<i64> {
        let date = PartialDate::parse(date).ok()?;
        let rest = if latest { (12, 31) } else { (1, 1) };
        let month = date.month().map_or(rest.0, i64::from);
        Some(i64::from(date.year()) * 10_000 + month * 100 + date.day().map_or(rest.1, i64::from))
    };
    let get = |id| patient.items.get(id).unwrap_or_default();
    let is_dead = matches!(get("vitalStatus"), "0" | "4");
    let death = PartialDate::parse(get("dateOfLastContact")).ok().filter(|_| is_dead).map(|d| i32::from(d.year()));
    Lifetime {
        birth_low: day(get("dateOfBirth"), false),
        birth_high: day(get("dateOfBirth"), true),
        first_diagnosis: patient
            .tumors
            .iter()
            .filter_map(|tumor| day(tumor.items.get("dateOfDiagnosis")?, false))
            .min(),
        last_year: death.unwrap_or(as_of_year),
    }
}

/// A number of so many digits for a number of so many digits, each for one only: a Feistel network over the two halves
/// of the digits, whose rounds only the key knows.
fn permuted(key: &StudyKey, kind: &str, number: u64, digits: u32) -> u64 {
    const ROUNDS: u32 = 8;
    // An odd number of digits is sent through one more until the outcome has not more digits than asked for.
    let half = 10u64.pow(digits.div_ceil(2));
    let all = 10u64.pow(digits);
    let mut value = number % all;
    loop {
        let (mut left, mut right) = (value / half, value % half);
        for round in 0..ROUNDS {
            let letters = key.number(&format!("{kind} {round}"), &right.to_string());
            let mixed = letters.bytes().fold(0u64, |n, b| n.wrapping_mul(0x0100_0000_01b3).wrapping_add(u64::from(b)));
            (left, right) = (right, (left + mixed % half) % half);
        }
        value = left * half + right;
        if value < all {
            return value;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    fn patient() -> Patient {
        let mut patient = Patient::default();
        for (id, value) in [
            ("patientIdNumber", "00000017"),
            ("nameLast", "Tokenname"),
            ("dateOfBirth", "19270310"),
            ("race1", "01"),
            ("stateOwn", "x"),
            ("dateOfLastContact", "20200105"),
        ] {
            patient.items.push(id, value);
        }
        let tumor = patient.add_tumor();
        for (id, value) in [
            ("dateOfDiagnosis", "20190615"),
            ("ageAtDiagnosis", "092"),
            ("primarySite", "C509"),
            ("addrAtDxPostalCode", "522401234"),
            ("reportingFacility", "0000000123"),
            ("textRemarks", "Tokentext"),
            ("laterality", "SMITH"),
        ] {
            tumor.items.push(id, value);
        }
        patient
    }

    fn released(level: Level, key: u8) -> (Patient, BTreeMap<String, Became>) {
        let key = StudyKey([key; 32]);
        let mut release = RecordRelease::new(level, &key, Version::V250, 2026);
        let out = release.patient(&patient());
        (out, release.became().clone())
    }

    #[test]
    fn safe_harbor_keeps_years_and_large_areas_in_the_shape_of_a_file() {
        let (out, became) = released(Level::Deidentified, 1);
        let of_patient = |id| out.items.get(id);
        let of_tumor = |id| out.tumors[0].items.get(id);
        assert_eq!((of_patient("nameLast"), of_patient("stateOwn"), of_tumor("textRemarks")), (None, None, None));
        assert_eq!((of_patient("dateOfBirth"), of_patient("dateOfLastContact")), (Some("1936"), Some("2020")));
        assert_eq!((of_tumor("ageAtDiagnosis"), of_tumor("dateOfDiagnosis")), (Some("090"), Some("2019")));
        assert_eq!((of_tumor("addrAtDxPostalCode"), of_tumor("primarySite")), (Some("522"), Some("C509")));
        assert_eq!((became["laterality"].withheld, became["nameLast"].dropped, became["race1"].kept), (1, 1, 1));
        let number = of_patient("patientIdNumber").unwrap();
        assert!(number.len() == 8 && number != "00000017" && number.bytes().all(|b| b.is_ascii_digit()));
        assert_ne!(released(Level::Deidentified, 2).0.items.get("patientIdNumber"), Some(number));
        assert_eq!(released(Level::Limited, 1).0.items.get("patientIdNumber"), Some(number));
        assert_eq!(released(Level::Limited, 1).0.tumors[0].items.get("dateOfDiagnosis"), Some("20190615"));
    }

    #[test]
    fn no_two_patients_get_one_number() {
        let key = StudyKey([3; 32]);
        let numbers: HashSet<u64> = (0..1000).map(|n| permuted(&key, "x", n, 3)).collect();
        assert_eq!((numbers.len(), numbers.iter().all(|n| *n < 1000)), (1000, true));
        let numbers: HashSet<u64> = (0..2000).map(|n| permuted(&key, "x", n, 8)).collect();
        assert_eq!(numbers.len(), 2000);
    }
}
