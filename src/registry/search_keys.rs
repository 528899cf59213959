//! What search finds a patient by: every name, and every number a person may have in hand.
//!
//! Names are folded and sounded by `matching::names`. A Social Security number is kept here only as a keyed hash and
//! its last four digits.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::matching::names::{fold, sound, sound_2};
use crate::registry::record::Record;
use crate::registry::store::hex;

/// A name as search knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameKey {
    /// `name birth alias hyphen`.
    pub kind: &'static str,
    /// Folded last name.
    pub last: String,
    /// Folded first name.
    pub first: String,
    /// First phonetic key of the last name.
    pub sound: String,
    /// Second phonetic key.
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

fn key(kind: &'static str, last: &str, first: &str) -> Option<NameKey> {
    let (last, first) = (fold(last), fold(first));
    if last.is_empty() && first.is_empty() {
        return None;
    }
    Some(NameKey { kind, sound: sound(&last), sound_2: sound_2(&last), last, first })
}

/// The names of a patient: the name, the surname at birth, the alias, and each part of a hyphenated surname.
pub fn names_of(patient: &Record) -> Vec<NameKey> {
    let first = patient.value("nameFirst");
    let last = patient.value("nameLast");
    let mut names: Vec<NameKey> = Vec::with_capacity(2);
    names.extend(key("name", last, first));
    for (kind, id) in [("birth", "nameBirthSurname"), ("birth", "nameMaiden")] {
        if let Some(surname) = patient.get(id) {
            names.extend(key(kind, surname, first));
        }
    }
    if let Some(alias) = patient.get("nameAlias") {
        let (alias_last, alias_first) = alias.split_once(',').unwrap_or((alias, first));
        names.extend(key("alias", alias_last, alias_first));
    }
    let parts: Vec<&str> = last.split(['-', ' ']).filter(|p| p.chars().count() > 2).collect();
    if parts.len() > 1 {
        names.extend(parts.iter().filter_map(|part| key("hyphen", part, first)));
    }
    names.dedup();
    names
}

/// The numbers of a patient as a sender gave them.
pub fn identifiers_of(patient: &Record, sender: &str, secret: &[u8; 32]) -> Vec<Identifier> {
    let mut found = Vec::with_capacity(3);
    if let Some(number) = patient.get("patientIdNumber") {
        found.push(Identifier { kind: "sent", facility: 0, value: sent_number(sender, number) });
    }
    let ssn: String = patient.value("socialSecurityNumber").chars().filter(char::is_ascii_digit).collect();
    if ssn.len() == 9 && ssn != "999999999" && ssn != "000000000" {
        found.push(Identifier { kind: "ssn", facility: 0, value: ssn_hash(&ssn, secret) });
        found.push(Identifier { kind: "ssn4", facility: 0, value: ssn[5..].to_string() });
    }
    found
}

/// The numbers by which a facility knows a patient.
pub fn identifiers_of_abstract(items: &Record, facility: i64) -> Vec<Identifier> {
    let mut found = Vec::with_capacity(2);
    for (kind, id) in [("record", "medicalRecordNumber"), ("accession", "accessionNumberHosp")] {
        if let Some(number) = items.get(id) {
            found.push(Identifier { kind, facility, value: number.trim_start_matches('0').to_string() });
        }
    }
    found
}

/// A sender's patient number (item 20) as an identifier's value.
pub fn sent_number(sender: &str, number: &str) -> String {
    format!("{sender}|{number}")
}

/// The keyed hash of a Social Security number.
pub fn ssn_hash(digits: &str, secret: &[u8; 32]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("an HMAC key may have any length");
    mac.update(b"ssn");
    mac.update(digits.as_bytes());
    hex(&mac.finalize().into_bytes())
}
