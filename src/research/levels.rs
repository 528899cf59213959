//! The privacy levels, and what each makes of an item: two data files and nothing typed into code.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::naaccr::{Level as ItemLevel, StandardItem, super_dictionary};

const TABLE: &str = include_str!("../../reference/research/levels.tsv");
const PRESETS: &str = include_str!("../../reference/research/presets.tsv");
const SMALL_AREAS: &str = include_str!("../../reference/research/zip3-small.tsv");

/// How much of a person an extract shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everything; needs a setting, approval and agreement.
    Identified,
    /// A limited data set: dates, county, ZIP and ages stay, direct identifiers go (45 CFR 164.514(e)).
    Limited,
    /// Safe harbor: years, state or large ZIP areas, ages to 89 (45 CFR 164.514(b)(2)).
    Deidentified,
}

impl Level {
    /// Every level, the barest first.
    pub const ALL: [Level; 3] = [Level::Deidentified, Level::Limited, Level::Identified];

    /// Its word in definitions and commands.
    pub fn key(self) -> &'static str {
        match self {
            Level::Identified => "identified",
            Level::Limited => "limited",
            Level::Deidentified => "deidentified",
        }
    }

    /// The level of that word.
    pub fn of_key(key: &str) -> Option<Level> {
        Level::ALL.into_iter().find(|level| level.key() == key.replace('-', ""))
    }

    /// Its name on pages.
    pub fn text(self) -> &'static str {
        match self {
            Level::Identified => "Identified",
            Level::Limited => "Limited data set",
            Level::Deidentified => "De-identified",
        }
    }
}

/// What a level makes of an item's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The value; below identified only when it has the form its item allows.
    Keep,
    /// Nothing: the item may not be chosen.
    Drop,
    /// A valid date, as far as it is known.
    Date,
    /// The year of a date.
    Year,
    /// The year of birth, capped.
    BirthYear,
    /// Ages of 90 and over together.
    AgeCap,
    /// Months, as far as the ninetieth year.
    MonthsCap,
    /// Five digits of a ZIP code.
    Zip5,
    /// Three digits of a ZIP code, 000 for areas of 20,000 people or fewer.
    Zip3,
    /// Two letters of a state.
    State,
    /// The study's own number of the patient.
    StudyId,
    /// A code of the study for this value.
    Code,
}

impl Action {
    fn of_word(word: &str) -> Option<Action> {
        Some(match word {
            "keep" => Action::Keep,
            "drop" => Action::Drop,
            "date" => Action::Date,
            "year" => Action::Year,
            "birth-year" => Action::BirthYear,
            "age-cap" => Action::AgeCap,
            "months-cap" => Action::MonthsCap,
            "zip5" => Action::Zip5,
            "zip3" => Action::Zip3,
            "state" => Action::State,
            "study-id" => Action::StudyId,
            "code" => Action::Code,
            _ => return None,
        })
    }

    /// A tag of two or three words beside the item; empty where the value stays as it is.
    pub fn tag(self) -> &'static str {
        match self {
            Action::Keep | Action::Date => "",
            Action::Drop => "not at this level",
            Action::Year => "year only",
            Action::BirthYear => "year, capped",
            Action::AgeCap => "90 and over",
            Action::MonthsCap => "to age 90",
            Action::Zip5 => "5 digits",
            Action::Zip3 => "3 digits",
            Action::State => "state",
            Action::StudyId => "new number",
            Action::Code => "random code",
        }
    }

    /// What was done to the value, for the codebook.
    pub fn sentence(self) -> &'static str {
        match self {
            Action::Keep => "as recorded",
            Action::Drop => "left out",
            Action::Date => "date as far as known: YYYY, YYYYMM or YYYYMMDD",
            Action::Year => {
                "year only; YYYY+ stands for that year or later where the true year would tell an age over 89"
            }
            Action::BirthYear => {
                "year only; YYYY- stands for that year or earlier where the true year would tell an age over 89"
            }
            Action::AgeCap => "complete years; 90+ stands for 90 and over",
            Action::MonthsCap => "months; N+ stands for N or more where the true number would tell an age over 89",
            Action::Zip5 => "first five digits of the ZIP code",
            Action::Zip3 => "first three digits of the ZIP code; 000 for areas of 20,000 people or fewer",
            Action::State => "two letters of the state",
            Action::StudyId => {
                "number made for this study; the same person has the same number in every extract of the study and another in other studies"
            }
            Action::Code => "code made for this study; equal values have equal codes",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Class of identifier: `name address zip clinical …`.
    pub class: &'static str,
    /// At the limited level.
    pub limited: Action,
    /// At the de-identified level.
    pub deidentified: Action,
}

static RULES: LazyLock<HashMap<&'static str, Rule>> = LazyLock::new(|| {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut cells = line.split('\t').skip(1);
            let (id, class) = (cells.next()?, cells.next()?);
            let limited = Action::of_word(cells.next()?)?;
            let deidentified = Action::of_word(cells.next()?)?;
            Some((id, Rule { class, limited, deidentified }))
        })
        .collect()
});

/// The row of an item, by its newest id; none for unknown items and those of users' dictionaries.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.get(id)
}

/// What a level makes of an item. Without a row an item is dropped below identified.
pub fn action(id: &str, level: Level) -> Action {
    match (level, rule(id)) {
        (Level::Identified, _) => Action::Keep,
        (Level::Limited, Some(rule)) => rule.limited,
        (Level::Deidentified, Some(rule)) => rule.deidentified,
        (_, None) => Action::Drop,
    }
}

/// A ZIP area of three digits with 20,000 people or fewer.
pub fn is_small_area(zip3: &str) -> bool {
    static AREAS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        SMALL_AREAS.lines().filter(|l| !l.starts_with('#')).filter_map(|l| l.split('\t').next()).collect()
    });
    AREAS.contains(zip3)
}

/// A ready choice of items.
#[derive(Debug)]
pub struct Preset {
    /// Its word: `core`.
    pub key: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its items in order.
    pub items: Vec<&'static StandardItem>,
}

/// The ready choices, in order.
pub fn presets() -> &'static [Preset] {
    static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| {
        let mut presets: Vec<Preset> = Vec::new();
        for line in PRESETS.lines().filter(|l| !l.starts_with('#')) {
            let mut cells = line.split('\t');
            let (Some(key), Some(title), Some(id)) = (cells.next(), cells.next(), cells.next()) else { continue };
            let Some(item) = super_dictionary().by_id(id) else { continue };
            if presets.last().is_none_or(|p| p.key != key) {
                presets.push(Preset { key, title, items: vec![] });
            }
            if let Some(preset) = presets.last_mut() {
                preset.items.push(item);
            }
        }
        presets
    });
    &ALL
}

/// The items a page offers at a level: those with a place in a record, by number, without the ones dropped.
pub fn offered(level: Level) -> impl Iterator<Item = &'static StandardItem> {
    super_dictionary()
        .items()
        .iter()
        .filter(move |item| item.level != ItemLevel::Root && action(&item.id, level) != Action::Drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_item_of_the_dictionaries_has_a_row_and_every_row_an_item() {
        let lines = TABLE.lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(RULES.len(), lines, "each line is understood and stands once");
        for item in super_dictionary().items() {
            assert!(rule(&item.id).is_some(), "{} has no row", item.id);
        }
        for id in RULES.keys() {
            assert_eq!(&*super_dictionary().by_id(id).unwrap().id, *id);
        }
    }

    #[test]
    fn what_only_names_and_texts_files_carry_is_dropped() {
        use crate::naaccr::RecordType;
        for item in super_dictionary().items() {
            if !item.record_types.contains(RecordType::I) {
                assert_eq!(action(&item.id, Level::Limited), Action::Drop, "{}", item.id);
                assert_eq!(action(&item.id, Level::Deidentified), Action::Drop, "{}", item.id);
            }
        }
    }

    #[test]
    fn deidentified_keeps_no_date_and_nothing_that_limited_drops() {
        use crate::naaccr::DataType;
        for item in super_dictionary().items() {
            let (limited, bare) = (action(&item.id, Level::Limited), action(&item.id, Level::Deidentified));
            if limited == Action::Drop {
                assert_eq!(bare, Action::Drop, "{}", item.id);
            }
            if item.data_type == DataType::Date {
                assert!(matches!(bare, Action::Drop | Action::Year | Action::BirthYear), "{}", item.id);
            }
        }
    }

    #[test]
    fn unknown_items_and_those_of_users_are_dropped() {
        assert_eq!(action("?:ownItem", Level::Limited), Action::Drop);
        assert_eq!(action("state:ownItem", Level::Deidentified), Action::Drop);
        assert_eq!(action("state:ownItem", Level::Identified), Action::Keep);
    }

    #[test]
    fn presets_name_known_items_that_limited_keeps() {
        let lines = PRESETS.lines().filter(|l| !l.starts_with('#')).count();
        let items: Vec<_> = presets().iter().flat_map(|p| &p.items).collect();
        assert_eq!(items.len(), lines);
        assert!(items.iter().all(|i| action(&i.id, Level::Limited) != Action::Drop));
    }

    #[test]
    fn sparse_areas_are_known() {
        assert!(is_small_area("036") && is_small_area("893") && !is_small_area("522"));
    }
}
