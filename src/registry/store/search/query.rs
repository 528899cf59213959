//! What was typed into the search form, and how it is read.
//!
//! One free box takes a name in any order, a birth date, a Social Security number or its last four digits, a record
//! number or an accession number, several of them at once; the fields beside it take one kind each. Nothing typed
//! is refused: what cannot be read is told in [`Reading::not_read`] and the rest is searched.

use serde::{Deserialize, Serialize};

use crate::dates::PartialDate;
use crate::matching::typed_name::{NameReading, read_name};
use crate::registry::search_keys::{accession_forms, number_key};

/// The search form as it was sent. Empty fields do not count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// The free box: any of the below, in any order.
    pub text: String,
    /// A name: `SMITH, J`, `j smith`, `smith`.
    pub name: String,
    /// Last name alone.
    pub last: String,
    /// First name alone.
    pub first: String,
    /// Birth date, also partial: `1961`, `1961-05`, `05/12/1961`, `19610512`.
    pub birth: String,
    /// Social Security number, whole or its last four digits.
    pub ssn: String,
    /// Medical record number, or the patient number (20) of any sender.
    pub record: String,
    /// Accession number, with or without a dash after the year, with or without `/` and the sequence number.
    pub accession: String,
    /// Sequence number (560), which narrows an accession number to one tumor.
    pub sequence: String,
    /// Only names as they are written: no names that sound alike, no nicknames, no near spellings.
    pub as_written: bool,
    /// How many to show; 0 stands for [`super::MOST_SHOWN`].
    pub limit: usize,
}

/// Numbers of the free box that are looked up; more are not a search.
const MOST_NUMBERS: usize = 4;

/// A query as it was understood.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    /// The ways the name can be read, the likeliest first.
    pub names: Vec<NameReading>,
    /// Birth date.
    pub birth: Option<PartialDate>,
    /// A whole Social Security number, digits only.
    pub ssn: Option<String>,
    /// Last four digits of it.
    pub ssn4: Option<String>,
    /// Medical record number as a key.
    pub record: Option<String>,
    /// The same number as a patient number (20).
    pub sent: Vec<String>,
    /// Accession number as keys: one, or several when the year was typed short.
    pub accession: Vec<String>,
    /// Sequence number of two digits.
    pub sequence: Option<String>,
    /// A number of the free box that may be any of the kinds.
    pub any_number: Vec<AnyNumber>,
    /// Fields used, for the audit line.
    pub fields: Vec<&'static str>,
    /// What was typed and could not be read, by field.
    pub not_read: Vec<(&'static str, String)>,
}

/// A number without a field: every kind it can be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AnyNumber {
    /// As a record number's key.
    pub record: String,
    /// As accession numbers.
    pub accession: Vec<String>,
    /// As a whole Social Security number.
    pub ssn: Option<String>,
    /// As its last four digits.
    pub ssn4: Option<String>,
    /// As a patient number (20), the two ways it may be written.
    pub sent: Vec<String>,
}

impl Query {
    /// A query of the free box alone.
    pub fn of_text(text: &str) -> Query {
        Query { text: text.into(), ..Query::default() }
    }

    /// Nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.typed().iter().all(|(_, value)| value.trim().is_empty())
    }

    /// The fields with what was typed in them.
    fn typed(&self) -> [(&'static str, &str); 9] {
        [
            ("text", &self.text),
            ("name", &self.name),
            ("last", &self.last),
            ("first", &self.first),
            ("birth", &self.birth),
            ("ssn", &self.ssn),
            ("record", &self.record),
            ("accession", &self.accession),
            ("sequence", &self.sequence),
        ]
    }

    /// The terms for the audit's detail: as typed, but of a Social Security number only the last four digits.
    pub(crate) fn terms(&self) -> String {
        let terms: Vec<String> = self
            .typed()
            .iter()
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(field, value)| format!("{field}: {}", without_ssn(value.trim())))
            .collect();
        terms.join("; ")
    }

    /// How this query is understood.
    pub(crate) fn read(&self) -> Reading {
        let mut reading = Reading::default();
        for (field, value) in self.typed() {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            reading.fields.push(field);
            let value: String = value.chars().take(200).collect();
            let understood = match field {
                "text" => reading.read_text(&value),
                "birth" => reading.read_birth(&value),
                "ssn" => reading.read_ssn(&value),
                "record" => reading.read_record(&value),
                "accession" => reading.read_accession(&value),
                "sequence" => reading.read_sequence(&value),
                _ => true,
            };
            if !understood {
                reading.not_read.push((field, value));
            }
        }
        let (last, first) = (self.last.trim(), self.first.trim());
        let parted = if last.is_empty() && first.is_empty() { None } else { NameReading::of_parts(last, first) };
        reading.names.extend(parted);
        for read in read_name(&self.name) {
            if !reading.names.contains(&read) {
                reading.names.push(read);
            }
        }
        reading
    }
}

impl Reading {
    /// Asks for nothing that can be looked up.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
            && self.birth.is_none()
            && self.ssn.is_none()
            && self.ssn4.is_none()
            && self.record.is_none()
            && self.accession.is_empty()
            && self.any_number.is_empty()
    }

    fn read_text(&mut self, text: &str) -> bool {
        let (mut words, mut numbers) = (Vec::new(), Vec::new());
        for word in text.split_whitespace() {
            match word.chars().any(|c| c.is_ascii_digit()) {
                true => numbers.push(word.trim_matches([',', ';', '#', '(', ')'])),
                false => words.push(word),
            }
        }
        let name = words.join(" ");
        self.names = read_name(&name);
        for number in &numbers {
            self.read_number(number);
        }
        !(self.names.is_empty() && numbers.is_empty())
    }

    /// A word of the free box with digits in it. A full date is one by its dashes or strokes, or by eight digits that
    /// are a day of the calendar; four digits after a name are a year of birth if they can be.
    fn read_number(&mut self, word: &str) {
        let digits: String = word.chars().filter(char::is_ascii_digit).collect();
        let plain = word.len() == digits.len();
        let as_date = PartialDate::parse_typed(word).ok().filter(|d| (1880..=2099).contains(&d.year()));
        if let Some(date) = as_date
            && self.birth.is_none()
            && (!plain || digits.len() == 8 || (digits.len() == 4 && !self.names.is_empty()))
        {
            self.birth = Some(date);
            return;
        }
        let number = AnyNumber {
            record: number_key(word),
            accession: accession_forms(word),
            ssn: is_ssn(word).then(|| digits.clone()),
            ssn4: (plain && digits.len() == 4).then(|| digits.clone()),
            sent: sent_forms(word),
        };
        if self.any_number.len() < MOST_NUMBERS {
            self.any_number.push(number);
        }
    }

    fn read_birth(&mut self, text: &str) -> bool {
        match PartialDate::parse_typed(text) {
            Ok(date) => self.birth = Some(date),
            Err(_) => return false,
        }
        true
    }

    fn read_ssn(&mut self, text: &str) -> bool {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        match digits.len() {
            9 => self.ssn = Some(digits),
            4 => self.ssn4 = Some(digits),
            _ => return false,
        }
        true
    }

    fn read_record(&mut self, text: &str) -> bool {
        let key = number_key(text);
        let good = !key.is_empty();
        self.record = good.then_some(key);
        self.sent = sent_forms(text);
        good
    }

    fn read_accession(&mut self, text: &str) -> bool {
        let (number, sequence) = text.split_once('/').unwrap_or((text, ""));
        if !sequence.trim().is_empty() {
            self.read_sequence(sequence);
        }
        self.accession = accession_forms(number);
        !self.accession.is_empty()
    }

    fn read_sequence(&mut self, text: &str) -> bool {
        let digits = text.trim();
        let good = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if good {
            self.sequence = Some(format!("{digits:0>2}"));
        }
        good
    }
}

/// A patient number (20) as it may stand in a file: as typed, and with zeros to its eight digits.
fn sent_forms(word: &str) -> Vec<String> {
    let word = word.trim();
    let mut forms = vec![word.to_string()];
    if word.len() < 8 && word.bytes().all(|b| b.is_ascii_digit()) {
        forms.push(format!("{word:0>8}"));
    }
    forms
}

/// Nine digits, plain or written `123-45-6789` or `123 45 6789`.
fn is_ssn(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    let digits_only = word.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    digits_only && (lengths == [9] || lengths == [3, 2, 4])
}

/// The text with every Social Security number in it cut to its last four digits.
fn without_ssn(text: &str) -> String {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let only_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b' ');
    if digits == 9 && only_number {
        let plain: String = text.chars().filter(char::is_ascii_digit).collect();
        return format!("*****{}", &plain[5..]);
    }
    text.split_whitespace()
        .map(|word| match is_ssn(word) {
            true => format!("*****{}", &word[word.len() - 4..]),
            false => word.to_string(),
        })
        .collect::<Vec<_>>()
        .join(" ")
}
