//! Whether a value of the right shape means anything: value sets and the calendar.
//!
//! Codes are judged by the value set of the item as of the file's version: a code that was documented up to version
//! 24 is right in a file of 24 and wrong in one of 25. A set that does not list everything proves nothing, except
//! that a number outside all of its ranges and codes is out of range.

use crate::naaccr::item::{DataType, Item};
use crate::naaccr::problem::ProblemKind;
use crate::naaccr::reader::vocabulary::{Definition, Vocabulary};
use crate::naaccr::value_sets::{Code, Completeness, ValueSet, value_set};
use crate::naaccr::versions::Version;

/// What is known of the meaning of one item's values.
#[derive(Clone, Copy, Debug, Default)]
struct Meaning {
    set: Option<&'static ValueSet>,
    /// Values found right before, packed; most items hold few different ones.
    right: [u64; 2],
}

/// Judges the meaning of values.
#[derive(Clone, Debug)]
pub(crate) struct Meanings {
    version: Version,
    by_word: Vec<Meaning>,
}

impl Meanings {
    pub fn new(version: Version, vocabulary: &Vocabulary) -> Meanings {
        let by_word = vocabulary
            .words()
            .map(|word| match &word.definition {
                Definition::Standard(item) => Meaning { set: value_set(&item.id), ..Meaning::default() },
                Definition::Own(..) => Meaning::default(),
            })
            .collect();
        Meanings { version, by_word }
    }

    /// What is wrong with the meaning of a value whose shape is right.
    #[inline]
    pub fn fault(&mut self, word: u32, item: &Item, value: &str) -> Option<Fault> {
        let meaning = self.by_word.get_mut(word as usize)?;
        let is_date = item.data_type == DataType::Date;
        if meaning.set.is_none() && !is_date {
            return None;
        }
        let packed = packed(value);
        if packed != 0 && meaning.right.contains(&packed) {
            return None;
        }
        let fault = if is_date {
            (!is_in_calendar(value)).then_some(Fault::Wrong(ProblemKind::BadDate))
        } else {
            meaning.set.and_then(|set| judged(set, item, value, self.version))
        };
        if fault.is_none() {
            meaning.right = [packed, meaning.right[0]];
        }
        fault
    }
}

/// A short value as a number, for comparing; 0 for a longer one.
#[inline]
fn packed(value: &str) -> u64 {
    let bytes = value.as_bytes();
    if bytes.len() > 8 {
        return 0;
    }
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Items of the Collaborative Stage algorithm whose code for "not applicable" the published lookups leave out.
fn is_not_applicable(item: &Item, value: &str) -> bool {
    value == "N" && item.id.starts_with("derivedAjcc") && item.id.ends_with("Descript")
}

/// What can be wrong with the meaning of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is wrong whatever else the record holds.
    Wrong(ProblemKind),
    /// A code that was given up after the year given: right for diagnoses up to then.
    GivenUp(u16),
}

fn judged(set: &ValueSet, item: &Item, value: &str, version: Version) -> Option<Fault> {
    let code = set.code(value);
    let is_listed = match code {
        Some(code) => {
            code.retired.is_none_or(|last| !version.is_after(last))
                && code.first.is_none_or(|first| !version.is_before(first))
        }
        None => false,
    };
    if is_listed || set.range(value).is_some() || is_not_applicable(item, value) {
        return None;
    }
    if set.completeness() == Completeness::Closed {
        return Some(match code.and_then(|code| code.retired) {
            Some(last) if version.is_after(last) => Fault::GivenUp(Version::last_year_of(last)),
            _ => Fault::Wrong(ProblemKind::BadCode),
        });
    }
    let is_number = value.bytes().all(|b| b.is_ascii_digit());
    let ranges_are_numbers = !set.ranges().is_empty()
        && set.ranges().iter().all(|r| r.low.bytes().chain(r.high.bytes()).all(|b| b.is_ascii_digit()));
    (item.data_type == DataType::Digits && is_number && ranges_are_numbers)
        .then_some(Fault::Wrong(ProblemKind::OutOfRange))
}

/// The year of a date of diagnosis.
pub(crate) fn year_of(date: Option<&str>) -> Option<u16> {
    date?.get(..4)?.parse().ok()
}

/// What the rule broken is, in plain words.
pub(crate) fn rule(kind: ProblemKind, item: &Item, value: &str, version: Version) -> String {
    match kind {
        ProblemKind::BadDate => format!("{value} is no day of the calendar"),
        ProblemKind::OutOfRange => format!("{value} is in none of the ranges of {}", item.name),
        _ => match value_set(&item.id).and_then(|set| set.code(value)) {
            Some(Code { retired: Some(last), .. }) if version.is_after(*last) => format!(
                "{value} is a code of {} up to version {last} and for diagnoses up to {}, not in version {version} for later ones",
                item.name,
                Version::last_year_of(*last)
            ),
            Some(Code { first: Some(first), .. }) if version.is_before(*first) => {
                format!("{value} is a code of {} from version {first} on, not in version {version}", item.name)
            }
            _ => format!("{value} is no code of {}", item.name),
        },
    }
}

/// Whether a date of the right shape has a day its month has.
fn is_in_calendar(date: &str) -> bool {
    let part = |from: usize, to: usize| date.get(from..to).and_then(|p| p.parse::<u32>().ok());
    match (part(0, 4), part(4, 6), part(6, 8)) {
        (Some(year), Some(month), Some(day)) => chrono::NaiveDate::from_ymd_opt(year as i32, month, day).is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::item::RecordType;
    use crate::naaccr::options::ReadOptions;

    fn fault(version: u16, id: &str, value: &str) -> Option<Fault> {
        let version = Version::new(version).unwrap();
        let vocabulary = Vocabulary::new(version, RecordType::A, &[], &ReadOptions::strict());
        let mut meanings = Meanings::new(version, &vocabulary);
        let word = vocabulary.find(id.as_bytes()).unwrap();
        let item = vocabulary.word(word).definition.clone();
        let first = meanings.fault(word, item.item(), value);
        assert_eq!(first, meanings.fault(word, item.item(), value));
        first
    }

    #[test]
    fn codes_and_days_that_do_not_exist_are_found() {
        assert_eq!(fault(250, "laterality", "1"), None);
        assert_eq!(fault(250, "laterality", "7"), Some(Fault::Wrong(ProblemKind::BadCode)));
        assert_eq!(fault(250, "dateOfDiagnosis", "20230230"), Some(Fault::Wrong(ProblemKind::BadDate)));
        assert_eq!(fault(250, "dateOfDiagnosis", "20240229"), None);
        assert_eq!(fault(250, "dateOfDiagnosis", "202402"), None);
        assert_eq!(fault(250, "tumorSizeSummary", "018"), None);
    }

    #[test]
    fn a_code_is_right_in_the_versions_that_document_it() {
        let retired = crate::naaccr::value_sets::items().find_map(|id| {
            let set = value_set(id)?;
            let code = set.codes().iter().find(|c| c.retired == Some(240) && set.range(c.code).is_none())?;
            let known = |v| crate::naaccr::dictionary(Version::new(v).unwrap()).by_id(id).is_some();
            (set.completeness() == Completeness::Closed && known(240) && known(250)).then_some((id, code.code))
        });
        let (id, code) = retired.unwrap();
        assert_eq!(fault(240, id, code), None, "{id} {code}");
        assert_eq!(fault(250, id, code), Some(Fault::GivenUp(2024)), "{id} {code}");
    }

    #[test]
    fn a_code_is_not_right_before_the_version_it_came_with() {
        assert_eq!(fault(240, "brainMolecularMarkers", "10"), None);
        assert_eq!(fault(230, "brainMolecularMarkers", "10"), Some(Fault::Wrong(ProblemKind::BadCode)));
        let version = Version::new(230).unwrap();
        let item = crate::naaccr::dictionary(version).by_id("brainMolecularMarkers").unwrap();
        assert!(rule(ProblemKind::BadCode, item, "10", version).contains("from version 240 on"));
    }
}
