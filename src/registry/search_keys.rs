//! What search finds a patient by: every name, and every number a person may have in hand.
//!
//! Names are folded and sounded by `matching`. A Social Security number is kept here only as a keyed hash and its last
//! four digits. Numbers are kept as keys: capitals and digits without leading zeros, so that `000-123` and `123`
//! are one number.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::matching::names::{fold, joined, surname_parts, surname_words};
use crate::matching::sounds::{letter_key, sound_key};
use crate::matching::typed_name::read_name;
use crate::registry::record::Record;
use crate::registry::store::hex;

/// A name as search knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameKey {
    /// `name middle part birth alias`.
    pub kind: &'static str,
    /// Last name, folded and joined.
    pub last: String,
    /// First name, folded and joined.
    pub first: String,
    /// Phonetic key of the last name: what is heard.
    pub sound: String,
    /// Second phonetic key: which consonants there are.
    pub sound_2: String,
}

/// A number as search knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifier {
    /// `record accession ssn ssn4 sent`.
    pub kind: &'static str,
    /// The facility whose number it is; 0 for numbers of the person.
    pub facility: i64,
    /// The number.
    pub value: String,
}

/// The names of a patient: the name, the name with the middle name in place of the first, each part of a surname of
/// several words, the surname at birth and the alias.
pub fn names_of(patient: &Record) -> Vec<NameKey> {
    let first = fold(patient.value("nameFirst")).replace(' ', "");
    let last = fold(patient.value("nameLast"));
    let mut names = Names(Vec::with_capacity(3));
    names.add_surname("name", &last, &first);
    let middle = fold(patient.value("nameMiddle")).replace(' ', "");
    if middle.chars().count() > 2 && middle != first {
        names.add("middle", &joined(&surname_words(&last)), &middle);
    }
    for id in ["nameBirthSurname", "nameMaiden"] {
        if let Some(surname) = patient.get(id) {
            names.add_surname("birth", &fold(surname), &first);
        }
    }
    if let Some(alias) = patient.get("nameAlias") {
        for reading in read_name(alias).iter().take(2) {
            match (reading.last.is_empty(), reading.first.is_empty()) {
                (false, true) => {
                    // One word: another last name or another first name.
                    names.add("alias", &reading.last, &first);
                    names.add("alias", &joined(&surname_words(&last)), &reading.last);
                }
                (true, false) => names.add("alias", &joined(&surname_words(&last)), &reading.first),
                _ => names.add("alias", &reading.last, &reading.first),
            }
        }
    }
    names.0
}

struct Names(Vec<NameKey>);

impl Names {
    fn add_surname(&mut self, kind: &'static str, folded: &str, first: &str) {
        let words = surname_words(folded);
        self.add(kind, &joined(&words), first);
        for part in surname_parts(&words) {
            self.add(if kind == "name" { "part" } else { kind }, part, first);
        }
    }

    fn add(&mut self, kind: &'static str, last: &str, first: &str) {
        let known = self.0.iter().any(|n| n.last == last && n.first == first);
        if known || (last.is_empty() && first.is_empty()) {
            return;
        }
        self.0.push(NameKey {
            kind,
            last: last.into(),
            first: first.into(),
            sound: sound_key(last),
            sound_2: letter_key(last),
        });
    }
}

/// The numbers of a new patient as a sender gave them.
pub fn identifiers_of(patient: &Record, sender: &str, secret: &[u8; 32]) -> Vec<Identifier> {
    let mut found = sent_identifiers(patient, sender);
    found.extend(ssn_identifiers(patient, secret));
    found
}

/// A sender's number of a patient.
pub fn sent_identifiers(patient: &Record, sender: &str) -> Vec<Identifier> {
    let number = patient.get("patientIdNumber");
    number.map(|n| Identifier { kind: "sent", facility: 0, value: sent_number(sender, n) }).into_iter().collect()
}

/// The keys of the Social Security number that stands in a patient's own items. A different one that another facility
/// reported finds nobody, or it would tell that it was reported.
pub fn ssn_identifiers(patient: &Record, secret: &[u8; 32]) -> Vec<Identifier> {
    let ssn: String = patient.value("socialSecurityNumber").chars().filter(char::is_ascii_digit).collect();
    let Some(last_four) = ssn.get(5..).filter(|_| ssn.len() == 9 && ssn != "999999999" && ssn != "000000000") else {
        return Vec::new();
    };
    vec![
        Identifier { kind: "ssn", facility: 0, value: ssn_hash(&ssn, secret) },
        Identifier { kind: "ssn4", facility: 0, value: last_four.to_string() },
    ]
}

/// The numbers by which a facility knows a patient.
pub fn identifiers_of_abstract(items: &Record, facility: i64) -> Vec<Identifier> {
    let mut found = Vec::with_capacity(2);
    for (kind, id) in [("record", "medicalRecordNumber"), ("accession", "accessionNumberHosp")] {
        let value = number_key(items.value(id));
        if !value.is_empty() {
            found.push(Identifier { kind, facility, value });
        }
    }
    found
}

/// A number as it is looked up: capitals and digits only, without leading zeros.
pub fn number_key(number: &str) -> String {
    let plain: String = number.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect();
    plain.trim_start_matches('0').to_string()
}

/// The keys an accession number typed may stand for: `2024-123` is 202400123, `24-123` is that or 192400123. None when
/// it is not such a number.
pub fn accession_forms(typed: &str) -> Vec<String> {
    let typed = typed.trim();
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    match typed.split_once(['-', ' ']) {
        Some((year, order)) => {
            let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !number(year) || !number(order) || order.len() > 5 {
                return Vec::new();
            }
            match year.len() {
                4 => vec![format!("{year}{order:0>5}")],
                2 => vec![format!("20{year}{order:0>5}"), format!("19{year}{order:0>5}")],
                _ => Vec::new(),
            }
        }
        None if digits.len() == 9 && typed.len() == 9 => vec![digits],
        None => Vec::new(),
    }
}

/// A sender's patient number (item 20) as an identifier's value: the number first, so that it is found without
/// knowing who sent it.
pub fn sent_number(sender: &str, number: &str) -> String {
    format!("{number}|{sender}")
}

/// The keyed hash of a Social Security number.
pub fn ssn_hash(digits: &str, secret: &[u8; 32]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC key may have any length");
    mac.update(b"ssn");
    mac.update(digits.as_bytes());
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn names(items: &str) -> Vec<(String, String, &'static str)> {
        let record = Record::parse(items, "test").unwrap();
        names_of(&record).into_iter().map(|n| (n.last, n.first, n.kind)).collect()
    }

    fn name(last: &str, first: &str, kind: &'static str) -> (String, String, &'static str) {
        (last.into(), first.into(), kind)
    }

    #[test]
    fn a_usual_patient_has_one_name_row() {
        assert_eq!(
            names(r#"{"nameLast":"O'Brien","nameFirst":"Mary Ann","nameMiddle":"J"}"#),
            [name("OBRIEN", "MARYANN", "name")]
        );
        assert!(names("{}").is_empty());
    }

    #[test]
    fn double_and_earlier_surnames_and_aliases_are_names_too() {
        assert_eq!(
            names(
                r#"{"nameLast":"GARCIA-LOPEZ","nameFirst":"ANA","nameBirthSurname":"de la Cruz","nameAlias":"PEREZ, ANITA"}"#
            ),
            [
                name("GARCIALOPEZ", "ANA", "name"),
                name("GARCIA", "ANA", "part"),
                name("LOPEZ", "ANA", "part"),
                name("DELACRUZ", "ANA", "birth"),
                name("CRUZ", "ANA", "birth"),
                name("PEREZ", "ANITA", "alias"),
            ]
        );
    }

    #[test]
    fn who_goes_by_a_middle_name_is_found_by_it() {
        assert!(
            names(r#"{"nameLast":"SMITH JR","nameFirst":"JOHN","nameMiddle":"ROBERT"}"#)
                .contains(&name("SMITH", "ROBERT", "middle"))
        );
    }

    #[test]
    fn numbers_are_one_however_they_are_written() {
        assert_eq!(number_key(" mr-00123 "), "MR00123");
        assert_eq!(number_key("000-123"), "123");
        assert_eq!(accession_forms("2024-123"), ["202400123"]);
        assert_eq!(accession_forms("202400123"), ["202400123"]);
        assert_eq!(accession_forms("24-123"), ["202400123", "192400123"]);
        assert!(accession_forms("123").is_empty());
        assert!(accession_forms("2024-1234567").is_empty());
    }
}
