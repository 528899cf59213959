//! Value sets: the codes an item may hold, their labels, and which of them mean that nothing is known.
//!
//! The table is `reference/naaccr/value-sets.tsv` (made by `accession reference build`). A line `@` opens a set and
//! names the items that share it; the lines below it are codes, ranges (`002..988`) and the meaning of no value
//! (an empty code). Flags: `m` means missing (unknown, not applicable, not recorded); `r240` is a code that stood in
//! the item's documentation up to version 24 and no longer does, `f240` one that came with it. AJCC and CS codes carry no labels.
//!
//! A *closed* set holds every allowed value; of a *partly* listed one only a hit proves anything.

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("../../reference/naaccr/value-sets.tsv");

/// Whether a set lists every allowed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Anything not listed is wrong.
    Closed,
    /// Other values are allowed too.
    Partly,
}

/// One code of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The value as it stands in a record.
    pub code: &'static str,
    /// Its name; empty where it may not be compiled in.
    pub label: &'static str,
    /// Unknown, not applicable, not recorded.
    pub missing: bool,
    /// The last version (three digits, as `240`) that documents it, if the newest no longer does.
    pub retired: Option<u16>,
    /// The first version that documents it, if the item is older.
    pub first: Option<u16>,
}

/// A run of allowed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First value.
    pub low: &'static str,
    /// Last value.
    pub high: &'static str,
    /// What a value in it says.
    pub label: &'static str,
    /// A range of codes that say nothing is known.
    pub missing: bool,
}

impl Range {
    /// The value lies in the range: by digits of equal length, by number where the ends have a decimal point, by text
    /// without points where they begin with a letter (ICD codes).
    pub fn holds(&self, value: &str) -> bool {
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if digits(self.low) && digits(self.high) {
            return digits(value)
                && (value.len() == self.high.len()
                    || self.low.len() != self.high.len() && value.len() <= self.high.len())
                && matches!((value.parse::<u64>(), self.low.parse::<u64>(), self.high.parse::<u64>()), (Ok(v), Ok(l), Ok(h)) if l <= v && v <= h);
        }
        let (head, low) = split_letter(self.low);
        let (high_head, high) = split_letter(self.high);
        if head == high_head && head.len() <= 1 {
            let (value_head, rest) = split_letter(value);
            if value_head != head || !rest.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
                return false;
            }
            if let (Ok(l), Ok(h), Ok(v)) = (low.parse::<f64>(), high.parse::<f64>(), rest.parse::<f64>()) {
                return l <= v && v <= h;
            }
        }
        let plain = |s: &str| s.chars().filter(|c| *c != '.').collect::<String>();
        let (v, high) = (plain(value), plain(self.high));
        v.bytes().next().is_some_and(|b| b.is_ascii_uppercase())
            && plain(self.low) <= v
            && (v <= high || v.starts_with(&high))
    }
}

fn split_letter(s: &str) -> (&str, &str) {
    let at = s.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(s.len());
    s.split_at(at)
}

/// What an item may hold.
#[derive(Debug)]
pub struct ValueSet {
    completeness: Completeness,
    codes: Vec<Code>,
    by_code: HashMap<&'static str, u16>,
    ranges: Vec<Range>,
    blank: Option<&'static str>,
}

impl ValueSet {
    /// Whether the set lists every allowed value.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// The codes in the order they are documented, retired ones last.
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The ranges.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// What it means that the item is empty, where that is documented.
    pub fn blank(&self) -> Option<&'static str> {
        self.blank
    }

    /// The code, current or retired.
    pub fn code(&self, value: &str) -> Option<&Code> {
        self.by_code.get(value).and_then(|at| self.codes.get(usize::from(*at)))
    }

    /// The range a value lies in.
    pub fn range(&self, value: &str) -> Option<&Range> {
        self.ranges.iter().find(|r| r.holds(value))
    }

    /// The value is a listed code, current or retired, or lies in a range.
    pub fn lists(&self, value: &str) -> bool {
        self.code(value).is_some() || self.range(value).is_some()
    }

    /// The value is allowed today: a current code, a value of a range, or anything where the set is not closed.
    pub fn allows(&self, value: &str) -> bool {
        self.completeness == Completeness::Partly
            || self.code(value).is_some_and(|c| c.retired.is_none())
            || self.range(value).is_some()
    }
}

struct Table {
    edition: &'static str,
    sets: Vec<ValueSet>,
    by_item: HashMap<&'static str, u16>,
    numbers: HashMap<u32, &'static str>,
}

static SETS: LazyLock<Table> = LazyLock::new(|| read(TABLE));

/// The set of an item, by its NAACCR XML id.
pub fn value_set(item: &str) -> Option<&'static ValueSet> {
    SETS.by_item.get(item).and_then(|at| SETS.sets.get(usize::from(*at)))
}

/// The id of an item that has a value set, by its number.
pub fn item_with_number(number: u32) -> Option<&'static str> {
    SETS.numbers.get(&number).copied()
}

/// Every item that has a value set, in no particular order.
pub fn items() -> impl Iterator<Item = &'static str> {
    SETS.by_item.keys().copied()
}

/// Edition and origin, as the table's head states them.
pub fn edition() -> &'static str {
    SETS.edition
}

/// The sets of another table of the same form, by item. They stay for the program's life.
pub(crate) fn read_more(text: &'static str) -> HashMap<&'static str, &'static ValueSet> {
    let table = read(text);
    let sets: &'static [ValueSet] = Box::leak(table.sets.into_boxed_slice());
    table.by_item.into_iter().filter_map(|(id, at)| Some((id, sets.get(usize::from(at))?))).collect()
}

fn read(text: &'static str) -> Table {
    let mut table = Table { edition: "", sets: Vec::new(), by_item: HashMap::new(), numbers: HashMap::new() };
    for line in text.lines() {
        if let Some(head) = line.strip_prefix('#') {
            if let Some(edition) = head.trim().strip_prefix("edition: ") {
                table.edition = edition;
            }
            continue;
        }
        let mut cells = line.split('\t');
        let (first, second, third) =
            (cells.next().unwrap_or(""), cells.next().unwrap_or(""), cells.next().unwrap_or(""));
        if first == "@" {
            let at = u16::try_from(table.sets.len()).unwrap_or(u16::MAX);
            for item in third.split(',') {
                let (id, number) = item.split_once(' ').unwrap_or((item, ""));
                table.by_item.insert(id, at);
                if let Ok(number) = number.parse() {
                    table.numbers.insert(number, id);
                }
            }
            table.sets.push(ValueSet {
                completeness: if second == "closed" { Completeness::Closed } else { Completeness::Partly },
                codes: Vec::new(),
                by_code: HashMap::new(),
                ranges: Vec::new(),
                blank: None,
            });
            continue;
        }
        let Some(set) = table.sets.last_mut() else { continue };
        let missing = third.split(',').any(|f| f == "m");
        if first.is_empty() {
            set.blank = Some(second);
        } else if let Some((low, high)) = first.split_once("..") {
            set.ranges.push(Range { low, high, label: second, missing });
        } else {
            let version = |letter: char| third.split(',').find_map(|f| f.strip_prefix(letter)?.parse().ok());
            let at = u16::try_from(set.codes.len()).unwrap_or(u16::MAX);
            set.by_code.entry(first).or_insert(at);
            set.codes.push(Code { code: first, label: second, missing, retired: version('r'), first: version('f') });
        }
    }
    table
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn laterality_has_its_codes_and_unknown_means_missing() {
        let set = value_set("laterality").unwrap();
        assert_eq!(set.completeness(), Completeness::Closed);
        assert!(set.code("1").unwrap().label.contains("Right"));
        assert!(!set.code("1").unwrap().missing);
        assert!(set.code("9").unwrap().missing);
        assert!(!set.allows("7"));
    }

    #[test]
    fn a_size_lies_in_its_range_and_special_values_are_codes() {
        let set = value_set("tumorSizeSummary").unwrap();
        assert!(set.code("018").is_none());
        assert!(set.range("018").is_some());
        assert!(set.range("18").is_none());
        assert!(set.code("999").unwrap().missing);
        let psa = value_set("psaLabValue").unwrap();
        assert!(psa.range("18.4").is_some());
        assert!(psa.range("1000.0").is_none());
        assert!(psa.code("XXX.1").is_some());
        let depth = value_set("breslowTumorThickness").unwrap();
        assert!(depth.range("A0.4").is_some() && depth.range("AX.0").is_none());
    }

    #[test]
    fn items_of_one_list_share_it() {
        assert!(std::ptr::eq(
            value_set("phase1RadiationTreatmentModality").unwrap(),
            value_set("phase3RadiationTreatmentModality").unwrap()
        ));
    }

    #[test]
    fn retired_codes_have_a_meaning_and_are_not_allowed() {
        let retired: Vec<_> = items()
            .filter_map(value_set)
            .filter(|s| s.completeness() == Completeness::Closed)
            .flat_map(|s| s.codes().iter().filter(|c| c.retired.is_some()).map(move |c| (s, c)))
            .collect();
        assert!(!retired.is_empty());
        assert!(retired.iter().all(|(set, code)| !set.allows(code.code) && set.lists(code.code)));
    }

    #[test]
    fn the_table_covers_every_item_of_the_shared_value_sets() {
        let shared = std::env::var_os("ACCESSION_SHARED")
            .map(std::path::PathBuf::from)
            .unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
        let Ok(mut reader) = csv::Reader::from_path(shared.join("naaccr/codes/value-sets-v26.csv")) else { return };
        let (mut rows, mut absent) = (0, Vec::new());
        for row in reader.records().map(Result::unwrap) {
            rows += 1;
            let set = value_set(&row[0]).unwrap();
            let there = match &row[4] {
                "blank" => set.blank().is_some(),
                _ if &row[2] == "Blank" => set.blank().is_some(),
                _ if &row[2] == "YYYYMMDD" => true,
                "range" => !set.ranges().is_empty(),
                _ => set.code(&row[2]).is_some_and(|c| c.retired.is_none()),
            };
            if !there {
                absent.push(format!("{} {}", &row[0], &row[2]));
            }
        }
        assert_eq!(rows, 8_852);
        assert!(absent.is_empty(), "{absent:?}");
    }
}
