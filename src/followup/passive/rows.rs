//! Rows of a file of another source: CSV with a map of its columns, fixed columns, or NAACCR records.
//!
//! The map is a text `field=column` with blanks between: of CSV the head of a column (a blank in it is written `_`), of
//! fixed columns `from-to`, counted from 1. Without a map, the heads of a CSV file are read by the names of our fields and
//! a few everyday ones.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::matching::linkage::Account;
use crate::naaccr::{Patient, ReadOptions, Reader};

/// What a row can say, with the NAACCR item it stands for and everyday heads.
pub const FIELDS: [(&str, &str, &str); 21] = [
    ("last_name", "nameLast", "last surname lname name_last"),
    ("first_name", "nameFirst", "first fname given_name name_first"),
    ("middle_name", "nameMiddle", "middle mname middle_initial"),
    ("suffix", "nameSuffix", "name_suffix"),
    ("birth_surname", "nameBirthSurname", "maiden_name maiden"),
    ("sex", "sex", "gender"),
    ("race", "race1", "race1"),
    ("date_of_birth", "dateOfBirth", "dob birth_date birthdate"),
    ("ssn", "socialSecurityNumber", "social_security_number"),
    ("street", "addrCurrentNoStreet", "address"),
    ("city", "addrCurrentCity", ""),
    ("zip", "addrCurrentPostalCode", "zip_code postal_code"),
    ("phone", "telephone", "telephone"),
    ("vital_status", "vitalStatus", "status"),
    ("date", "dateOfLastContact", "date_of_death death_date dod event_date date_of_last_contact"),
    ("cause", "causeOfDeath", "cause_of_death underlying_cause ucod"),
    ("icd_revision", "icdRevisionNumber", "revision"),
    ("place_state", "placeOfDeathState", "state_of_death death_state"),
    ("place_country", "placeOfDeathCountry", "country_of_death"),
    ("certificate", "dcStateFileNumber", "certificate_number dc_number state_file_number"),
    ("row_id", "patientIdNumber", "rec_id id"),
];

/// Rows of one file that are read at most.
pub const MOST_ROWS: usize = 2_000_000;

/// What a row of a file says, by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// The value of a field; empty when the file says nothing.
    pub fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    fn put(&mut self, field: &str, value: &str) {
        let clean: String = value.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        if !clean.is_empty() {
            self.0.insert(field.into(), clean);
        }
    }

    /// As the matching compares it.
    pub fn account(&self) -> Account<'_> {
        Account {
            last: self.of("last_name"),
            first: self.of("first_name"),
            middle: self.of("middle_name"),
            suffix: self.of("suffix"),
            birth_surname: self.of("birth_surname"),
            sex: self.of("sex"),
            race: self.of("race"),
            birth: self.of("date_of_birth"),
            ssn: self.of("ssn"),
            street: self.of("street"),
            city: self.of("city"),
            zip: self.of("zip"),
            phone: self.of("phone"),
        }
    }

    /// A digest of what identifies the person, by which a rejected pair is known again.
    pub fn person_key(&self) -> String {
        let mut hasher = Sha256::new();
        for field in ["last_name", "first_name", "middle_name", "suffix", "date_of_birth", "ssn", "sex"] {
            hasher.update(self.of(field).to_uppercase().as_bytes());
            hasher.update([0]);
        }
        crate::registry::store::hex(&hasher.finalize())
    }
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Comma-separated, the first line holds the heads.
    Csv,
    /// Fixed columns.
    Fixed,
    /// NAACCR XML or fixed columns of NAACCR.
    Naaccr,
}

impl Form {
    /// The form of that word.
    pub fn named(word: &str) -> Option<Form> {
        [Form::Csv, Form::Fixed, Form::Naaccr].into_iter().find(|form| form.word() == word)
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Fixed => "fixed",
            Form::Naaccr => "naaccr",
        }
    }
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The map names a field there is none of, or is written wrongly.
    #[error("the column map: {0}")]
    Map(String),
    /// A line is not as it should be.
    #[error("line {0}: {1}")]
    Line(u64, String),
    /// What every row must have is not among the columns.
    #[error("no column is {0}; name it in the column map, as {0}=HEAD")]
    Missing(&'static str),
    /// The NAACCR file broke off.
    #[error("{0}")]
    Naaccr(String),
    /// Too many rows.
    #[error("the file has more than {MOST_ROWS} rows: send it in parts")]
    TooMany,
}

/// A file read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRows {
    /// The heads of its columns; empty where there are none.
    pub heads: String,
    /// The map by which it was read.
    pub columns: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// The heads of a CSV file, one a line.
///
/// # Errors
/// A first line that is not CSV.
pub fn heads_of(bytes: &[u8]) -> Result<String, Unreadable> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let heads = reader.headers().map_err(|e| Unreadable::Line(1, e.to_string()))?;
    Ok(heads.iter().map(|head| head.trim_start_matches('\u{feff}').trim().to_string()).collect::<Vec<_>>().join("\n"))
}

/// Reads a file; at most [`MOST_ROWS`] rows.
///
/// # Errors
/// See [`Unreadable`].
pub fn read(bytes: &[u8], form: Form, columns: &str) -> Result<FileRows, Unreadable> {
    match form {
        Form::Csv => csv_rows(bytes, columns),
        Form::Fixed => fixed_rows(bytes, columns),
        Form::Naaccr => naaccr_rows(bytes),
    }
}

fn map_of(columns: &str) -> Result<Vec<(&'static str, String)>, Unreadable> {
    columns
        .split_whitespace()
        .map(|pair| {
            let (field, column) =
                pair.split_once('=').ok_or_else(|| Unreadable::Map(format!("{pair} is not field=column")))?;
            let known = FIELDS.iter().find(|(name, ..)| *name == field);
            let known = known.ok_or_else(|| Unreadable::Map(format!("there is no field {field}")))?;
            Ok((known.0, column.to_string()))
        })
        .collect()
}

fn needed(has: impl Fn(&str) -> bool) -> Result<(), Unreadable> {
    for field in ["last_name", "date"] {
        if !has(field) {
            return Err(Unreadable::Missing(if field == "date" { "date" } else { "last_name" }));
        }
    }
    Ok(())
}

fn csv_rows(bytes: &[u8], columns: &str) -> Result<FileRows, Unreadable> {
    let heads = heads_of(bytes)?;
    let same = |head: &str, wanted: &str| {
        let plain = |text: &str| text.to_lowercase().replace([' ', '-'], "_");
        plain(head) == plain(wanted)
    };
    let list: Vec<&str> = heads.lines().collect();
    let mut places: Vec<(&'static str, usize)> = Vec::new();
    let given = map_of(columns)?;
    for (field, column) in &given {
        let at = list.iter().position(|head| same(head, column));
        places.push((field, at.ok_or_else(|| Unreadable::Map(format!("the file has no column {column}")))?));
    }
    if given.is_empty() {
        for (field, _, everyday) in FIELDS {
            let known =
                |head: &str| same(head, field) || everyday.split(' ').any(|word| !word.is_empty() && same(head, word));
            if let Some(at) = list.iter().position(|head| known(head)) {
                places.push((field, at));
            }
        }
    }
    needed(|field| places.iter().any(|(name, _)| *name == field))?;
    let columns: Vec<String> = places
        .iter()
        .map(|(field, at)| format!("{field}={}", list.get(*at).copied().unwrap_or_default().replace(' ', "_")))
        .collect();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let record =
            record.map_err(|e| Unreadable::Line(e.position().map_or(0, csv::Position::line), e.to_string()))?;
        if rows.len() >= MOST_ROWS {
            return Err(Unreadable::TooMany);
        }
        let mut row = Row::default();
        for (field, at) in &places {
            row.put(field, &String::from_utf8_lossy(record.get(*at).unwrap_or_default()));
        }
        rows.push(row);
    }
    Ok(FileRows { heads, columns: columns.join(" "), rows })
}

fn fixed_rows(bytes: &[u8], columns: &str) -> Result<FileRows, Unreadable> {
    let mut places = Vec::new();
    for (field, span) in map_of(columns)? {
        let ends = span.split_once('-').and_then(|(a, b)| Some((a.parse::<usize>().ok()?, b.parse::<usize>().ok()?)));
        match ends {
            Some((from, to)) if from >= 1 && to >= from && to <= 100_000 => places.push((field, from - 1, to)),
            _ => return Err(Unreadable::Map(format!("{field}={span} is not from-to, counted from 1"))),
        }
    }
    needed(|field| places.iter().any(|(name, ..)| *name == field))?;
    let text = String::from_utf8_lossy(bytes);
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if rows.len() >= MOST_ROWS {
            return Err(Unreadable::TooMany);
        }
        let letters: Vec<char> = line.chars().collect();
        let mut row = Row::default();
        for (field, from, to) in &places {
            let cell: String = letters.iter().take(*to).skip(*from).collect();
            row.put(field, &cell);
        }
        rows.push(row);
    }
    Ok(FileRows { heads: String::new(), columns: columns.trim().to_string(), rows })
}

fn naaccr_rows(bytes: &[u8]) -> Result<FileRows, Unreadable> {
    let broken = |error: &dyn std::fmt::Display| Unreadable::Naaccr(error.to_string());
    let input: Box<dyn Read + Send> = Box::new(std::io::Cursor::new(bytes.to_vec()));
    let mut reader = Reader::open(input, &ReadOptions::default()).map_err(|e| broken(&e))?;
    let (mut patient, mut rows) = (Patient::default(), Vec::new());
    while reader.read_patient(&mut patient).map_err(|e| broken(&e))? {
        if rows.len() >= MOST_ROWS {
            return Err(Unreadable::TooMany);
        }
        let mut row = Row::default();
        for (field, item, _) in FIELDS {
            row.put(field, patient.items.get(item).unwrap_or_default());
        }
        if row.of("sex").is_empty() {
            row.put("sex", patient.items.get("sexAssignedAtBirth").unwrap_or_default());
        }
        rows.push(row);
    }
    Ok(FileRows { heads: String::new(), columns: String::new(), rows })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everyday_heads_are_known_and_others_are_named() {
        let file =
            read(b"Surname,First,DOB,Date of death,UCOD\nDOE,ANN,19500102,20240301,C509\n", Form::Csv, "").unwrap();
        let row = &file.rows[0];
        assert_eq!((row.of("last_name"), row.of("date"), row.of("cause")), ("DOE", "20240301", "C509"));
        let named = read(b"A;x,B\nDOE,20240301\n", Form::Csv, "last_name=A;x date=B").unwrap();
        assert_eq!(named.rows[0].of("last_name"), "DOE");
        assert!(matches!(read(b"A,B\n1,2\n", Form::Csv, ""), Err(Unreadable::Missing("last_name"))));
        assert!(matches!(read(b"A,B\n1,2\n", Form::Csv, "shoe_size=A"), Err(Unreadable::Map(_))));
    }

    #[test]
    fn fixed_columns_are_cut_by_letters_and_short_lines_are_no_error() {
        let map = "last_name=1-5 date=6-13 cause=14-17";
        let file = read("MU\u{d1}OZ20240301C509\n\nDOE\n".as_bytes(), Form::Fixed, map).unwrap();
        assert_eq!((file.rows[0].of("last_name"), file.rows[0].of("cause")), ("MU\u{d1}OZ", "C509"));
        assert_eq!((file.rows.len(), file.rows[1].of("date")), (2, ""));
        assert!(matches!(read(b"x", Form::Fixed, "last_name=5-1 date=1-2"), Err(Unreadable::Map(_))));
    }

    #[test]
    fn the_same_person_has_the_same_key_and_nobody_else() {
        let of = |text: &str| read(text.as_bytes(), Form::Csv, "").unwrap().rows[0].person_key();
        let one = of("last_name,dob,date\nDOE,19500102,20240301\n");
        assert_eq!(one, of("last_name,dob,date,cause\ndoe,19500102,20250101,C509\n"));
        assert_ne!(one, of("last_name,dob,date\nDOE,19500103,20240301\n"));
    }
}
