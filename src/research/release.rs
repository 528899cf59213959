//! What of one tumor leaves the registry: the level carried out, value by value. Pure.
//!
//! **Ages over 89** (45 CFR 164.514(b)(2)(i)(C)). The year of birth is taken as early as it can be, so that a doubt
//! counts against showing. Two cases:
//! * The patient was 90 or over at the first diagnosis: every age is `90+`, the year of birth is capped, and years and
//!   months stand as they are, since nothing ties them to an exact age.
//! * Younger: ages stand, and a year in which the patient reached 90 or more is `YYYY+` with the year of the
//!   ninetieth birthday; months are capped in the same way. The year of birth is capped when the patient would be 90
//!   at the date of the extract, or at death.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::levels::{Action, Level, action, is_small_area};
use crate::dates::PartialDate;
use crate::naaccr::value_sets::{Completeness, value_set};
use crate::naaccr::{DataType, super_dictionary};

/// The age that safe harbor caps.
const CAP: i32 = 90;
/// Letters of study numbers: no digit and no vowel, so that they hold no number and no word.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The secret of one study.
#[derive(Clone)]
pub struct StudyKey(pub [u8; 32]);

impl StudyKey {
    /// The study's own number of something: fourteen letters, the same each time.
    pub fn number(&self, kind: &str, of: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("an HMAC key may have any length");
        mac.update(kind.as_bytes());
        mac.update(b"\0");
        mac.update(of.as_bytes());
        let bytes = mac.finalize().into_bytes();
        let mut rest = bytes.iter().take(8).fold(0u64, |n, byte| (n << 8) | u64::from(*byte));
        (0..14)
            .map(|_| {
                let letter = LETTERS[(rest % 20) as usize];
                rest /= 20;
                char::from(letter)
            })
            .collect()
    }
}

/// What the ages of a patient ask for; every part may be unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// Earliest possible day of birth, `YYYYMMDD`.
    pub birth_low: Option<i64>,
    /// Latest possible day of birth.
    pub birth_high: Option<i64>,
    /// Earliest possible day of the first diagnosis of all the patient's tumors.
    pub first_diagnosis: Option<i64>,
    /// The year up to which the patient's age matters: of death, else of the extract.
    pub last_year: i32,
}

/// One tumor's items, wherever they are kept.
pub trait Items {
    /// The value of an item; empty when it has none.
    fn value(&self, id: &str) -> &str;
}

/// Carries a level out.
pub struct Release<'a> {
    level: Level,
    key: &'a StudyKey,
}

/// A value on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// This goes out (it may be empty).
    Value(String),
    /// There was a value and it has not the form the item allows: nothing goes out, and it is counted.
    Withheld,
}

impl<'a> Release<'a> {
    /// For a level and a study.
    pub fn new(level: Level, key: &'a StudyKey) -> Release<'a> {
        Release { level, key }
    }

    /// What goes out of an item.
    pub fn value(&self, id: &str, items: &impl Items, patient: i64, life: &Lifetime) -> Released {
        let value = items.value(id);
        let action = action(id, self.level);
        if action == Action::StudyId {
            return Released::Value(self.key.number("patient", &patient.to_string()));
        }
        if value.is_empty() || action == Action::Drop {
            return Released::Value(String::new());
        }
        if self.level == Level::Identified {
            return Released::Value(value.to_string());
        }
        let ages = Ages::of(life, items);
        let released = match action {
            Action::Keep => has_form(id, value).then(|| value.to_string()),
            Action::Date => PartialDate::parse(value).ok().map(PartialDate::naaccr),
            Action::Year => year(value).map(|year| ages.year(year)),
            Action::BirthYear => year(value).map(|year| ages.birth_year(year, life.last_year)),
            Action::AgeCap => age(value).map(|age| ages.age(age)),
            Action::MonthsCap => months(value).map(|months| ages.months(value, months)),
            Action::Zip5 => zip(value).map(|zip| zip[..5].to_string()),
            Action::Zip3 => zip(value).map(zip3),
            Action::State => (value.len() == 2 && value.bytes().all(|b| b.is_ascii_uppercase()))
                .then(|| value.to_string())
                .filter(|state| value_set("addrAtDxState").is_none_or(|set| set.lists(state))),
            Action::Code => Some(self.key.number(id, value)),
            Action::StudyId | Action::Drop => None,
        };
        released.map_or(Released::Withheld, Released::Value)
    }
}

/// The ages of a patient as they bear on one tumor.
struct Ages {
    birth_year: Option<i32>,
    over_at_first: bool,
    dx_year: Option<i32>,
}

impl Ages {
    fn of(life: &Lifetime, items: &impl Items) -> Ages {
        let dx_year = year(items.value("dateOfDiagnosis"));
        let age = age(items.value("ageAtDiagnosis"));
        let year_of = |day: i64| i32::try_from(day / 10_000).ok();
        let birth_year = life.birth_low.and_then(year_of).or_else(|| match (dx_year, age) {
            // Without a birth date the age tells the year of birth but for one.
            (Some(year), Some(age)) if age <= 120 => Some(year - age - 1),
            _ => None,
        });
        let over_at_first = match (life.first_diagnosis, life.birth_high) {
            (Some(first), Some(birth)) => (first - birth) / 10_000 >= i64::from(CAP),
            _ => age.is_some_and(|age| (CAP..=120).contains(&age)),
        };
        Ages { birth_year, over_at_first, dx_year }
    }

    fn year(&self, year: i32) -> String {
        match self.birth_year {
            Some(birth) if !self.over_at_first && year - birth >= CAP => format!("{}+", birth + CAP),
            _ => year.to_string(),
        }
    }

    fn birth_year(&self, year: i32, last_year: i32) -> String {
        match self.over_at_first || last_year - self.birth_year.unwrap_or(year) >= CAP {
            true => format!("{}-", last_year - CAP),
            false => year.to_string(),
        }
    }

    fn age(&self, age: i32) -> String {
        match age {
            121.. => format!("{age:03}"),
            _ if self.over_at_first || age >= CAP => "90+".to_string(),
            _ => format!("{age:03}"),
        }
    }

    fn months(&self, value: &str, months: i32) -> String {
        let (Some(birth), Some(dx)) = (self.birth_year, self.dx_year) else { return value.to_string() };
        let limit = ((CAP - (dx - birth)) * 12).max(0);
        match !self.over_at_first && months != 9999 && months > limit {
            true => format!("{limit}+"),
            false => value.to_string(),
        }
    }
}

fn year(value: &str) -> Option<i32> {
    PartialDate::parse(value).ok().map(|date| i32::from(date.year()))
}

fn age(value: &str) -> Option<i32> {
    (value.len() <= 3 && value.bytes().all(|b| b.is_ascii_digit())).then(|| value.parse().ok())?
}

fn months(value: &str) -> Option<i32> {
    (value.len() <= 4 && value.bytes().all(|b| b.is_ascii_digit())).then(|| value.parse().ok())?
}

/// A ZIP code of five or nine digits; codes of other countries are no ZIP codes.
fn zip(value: &str) -> Option<&str> {
    (matches!(value.len(), 5 | 9) && value.bytes().all(|b| b.is_ascii_digit())).then_some(value)
}

fn zip3(zip: &str) -> String {
    match &zip[..5] {
        // Of the codes for unknown places nothing is known; 999 is also an area of Alaska.
        "99999" | "88888" => String::new(),
        _ if is_small_area(&zip[..3]) => "000".to_string(),
        _ => zip[..3].to_string(),
    }
}

/// Whether a value has the form its item allows: a listed code, or what a number or code of the item's type and
/// length looks like. A word or a long number in a coded item is somebody's name or number until shown otherwise.
pub fn has_form(id: &str, value: &str) -> bool {
    let Some(item) = super_dictionary().by_id(id) else { return false };
    if let Some(set) = value_set(id) {
        if set.lists(value) {
            return true;
        }
        if set.completeness() == Completeness::Closed {
            return false;
        }
    }
    if value.len() > item.length as usize {
        return false;
    }
    let bytes = value.as_bytes();
    let all = |test: fn(&u8) -> bool| bytes.iter().all(test);
    match item.data_type {
        DataType::Digits => all(u8::is_ascii_digit),
        DataType::Numeric => bytes.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-')),
        DataType::Alpha => value.len() <= 3 && all(u8::is_ascii_alphabetic),
        DataType::Date | DataType::DateTime => PartialDate::parse(value).is_ok(),
        DataType::Mixed | DataType::Text => looks_like_a_code(bytes),
    }
}

/// No blank, no four letters in a row other than X, no more than six digits in a row.
fn looks_like_a_code(bytes: &[u8]) -> bool {
    let (mut letters, mut digits) = (0, 0);
    bytes.iter().all(|byte| {
        letters = if byte.is_ascii_alphabetic() && *byte != b'X' { letters + 1 } else { 0 };
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        letters <= 3 && digits <= 6 && (byte.is_ascii_alphanumeric() || b".+-<>/()&,:".contains(byte))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashMap;

    struct Case(HashMap<&'static str, &'static str>);
    impl Items for Case {
        fn value(&self, id: &str) -> &str {
            self.0.get(id).copied().unwrap_or_default()
        }
    }

    fn out(level: Level, life: Lifetime, items: &[(&'static str, &'static str)], id: &str) -> Released {
        let case = Case(items.iter().copied().collect());
        Release::new(level, &StudyKey([7; 32])).value(id, &case, 1, &life)
    }

    fn bare(life: Lifetime, items: &[(&'static str, &'static str)], id: &str) -> String {
        match out(Level::Deidentified, life, items, id) {
            Released::Value(value) => value,
            Released::Withheld => "withheld".into(),
        }
    }

    const OLD: Lifetime = Lifetime {
        birth_low: Some(19_270_310),
        birth_high: Some(19_270_310),
        first_diagnosis: Some(20_190_615),
        last_year: 2026,
    };
    const LATER_OLD: Lifetime = Lifetime { first_diagnosis: Some(20_120_615), ..OLD };

    #[test]
    fn who_was_92_at_diagnosis_is_90_and_over_without_a_birth_year() {
        let items = [("dateOfBirth", "19270310"), ("dateOfDiagnosis", "20190615"), ("ageAtDiagnosis", "092")];
        assert_eq!(bare(OLD, &items, "ageAtDiagnosis"), "90+");
        assert_eq!(bare(OLD, &items, "dateOfBirth"), "1936-");
        assert_eq!(bare(OLD, &items, "dateOfDiagnosis"), "2019");
    }

    #[test]
    fn years_and_months_after_the_ninetieth_birthday_do_not_tell_the_age() {
        let items = [
            ("dateOfBirth", "19270310"),
            ("dateOfDiagnosis", "20120615"),
            ("ageAtDiagnosis", "085"),
            ("dateOfLastContact", "20220101"),
            ("survMosActiveFollowup", "0115"),
            ("date1stCrsRxCoc", "20130101"),
        ];
        assert_eq!(bare(LATER_OLD, &items, "ageAtDiagnosis"), "085");
        assert_eq!(bare(LATER_OLD, &items, "dateOfLastContact"), "2017+");
        assert_eq!(bare(LATER_OLD, &items, "survMosActiveFollowup"), "60+");
        assert_eq!(bare(LATER_OLD, &items, "dateOfBirth"), "1936-");
        assert_eq!(bare(LATER_OLD, &items, "date1stCrsRxCoc"), "2013");
    }

    #[test]
    fn without_a_birth_date_the_age_caps() {
        let items = [("dateOfDiagnosis", "20120615"), ("ageAtDiagnosis", "085"), ("dateOfLastContact", "20220101")];
        let life = Lifetime { last_year: 2026, ..Lifetime::default() };
        assert_eq!(bare(life, &items, "dateOfLastContact"), "2016+");
    }

    #[test]
    fn the_young_keep_years_ages_and_birth_years() {
        let life = Lifetime {
            birth_low: Some(19_600_101),
            birth_high: Some(19_601_231),
            first_diagnosis: Some(20_150_101),
            last_year: 2026,
        };
        let items = [("dateOfBirth", "1960"), ("dateOfDiagnosis", "201501"), ("ageAtDiagnosis", "999")];
        assert_eq!(bare(life, &items, "dateOfBirth"), "1960");
        assert_eq!(bare(life, &items, "dateOfDiagnosis"), "2015");
        assert_eq!(bare(life, &items, "ageAtDiagnosis"), "999");
    }

    #[test]
    fn places_become_large_areas() {
        let life = Lifetime { last_year: 2026, ..Lifetime::default() };
        let zip = |value| bare(life, &[("addrAtDxPostalCode", value)], "addrAtDxPostalCode");
        assert_eq!(zip("522401234"), "522");
        assert_eq!(zip("03601"), "000");
        assert_eq!(zip("99999"), "");
        assert_eq!(zip("K1A0B1"), "withheld");
        assert_eq!(bare(life, &[("countyAtDx", "103")], "countyAtDx"), "");
        assert_eq!(bare(life, &[("addrAtDxState", "IA")], "addrAtDxState"), "IA");
        assert_eq!(
            out(Level::Limited, life, &[("addrAtDxPostalCode", "522401234")], "addrAtDxPostalCode"),
            Released::Value("52240".into())
        );
        assert_eq!(out(Level::Limited, life, &[("countyAtDx", "103")], "countyAtDx"), Released::Value("103".into()));
    }

    #[test]
    fn a_name_typed_into_a_code_does_not_leave() {
        let life = Lifetime::default();
        for (id, value) in [
            ("primarySite", "MILLER"),
            ("race1", "SM"),
            ("ajccTnmClinT", "Mary Smith"),
            ("ajccTnmClinT", "SMITH"),
            ("whiteBloodCellCount", "1234567"),
            ("ki67", "Smith"),
        ] {
            assert_eq!(bare(life, &[(id, value)], id), "withheld", "{id} {value}");
        }
        for (id, value) in [
            ("primarySite", "C504"),
            ("ajccTnmClinT", "cT1a(m)"),
            ("histologicTypeIcdO3", "8500"),
            ("psaLabValue", "XXX.7"),
        ] {
            assert_eq!(bare(life, &[(id, value)], id), value);
        }
    }

    #[test]
    fn another_study_has_other_numbers() {
        let (one, two) = (StudyKey([1; 32]), StudyKey([2; 32]));
        assert_eq!(one.number("patient", "5"), one.number("patient", "5"));
        assert_ne!(one.number("patient", "5"), two.number("patient", "5"));
        assert_ne!(one.number("patient", "5"), one.number("tumor", "5"));
        assert!(one.number("patient", "5").bytes().all(|b| LETTERS.contains(&b)));
    }
}
