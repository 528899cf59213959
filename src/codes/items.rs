//! Which table an item's codes come from.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, cells, head, lines};
use crate::naaccr::value_sets::{self, Completeness, ValueSet};
use crate::naaccr::{DataType, super_dictionary};

const UNITS: &str = include_str!("../../reference/codes/units.tsv");
const ADDED: &str = include_str!("../../reference/codes/added.tsv");

/// The state a county lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    AtDiagnosis,
    Current,
}

/// The words around a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub one: &'static str,
    pub many: &'static str,
    pub low: &'static str,
    pub high: &'static str,
}

/// What an item's value is read by, after its value set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The value set alone.
    Set,
    Site,
    Histology,
    Behavior,
    County(State),
    /// Surgery of primary site, two digits.
    Surgery,
    /// Surgery of primary site, a letter and three digits.
    Surgery2023,
    CauseOfDeath,
    Diagnosis,
    Date,
    DateTime,
    /// Nothing is known of its values (names, numbers of other bodies, text).
    None,
}

/// How an item is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub source: Source,
    pub set: Option<&'static ValueSet>,
    pub unit: Option<Unit>,
}

static ADDED_SETS: LazyLock<HashMap<&'static str, &'static ValueSet>> = LazyLock::new(|| value_sets::read_more(ADDED));

static READINGS: LazyLock<HashMap<&'static str, Reading>> = LazyLock::new(|| {
    let mut units: HashMap<&str, Unit> = HashMap::new();
    for line in lines(UNITS) {
        let [item, one, many, low, high] = cells::<5>(line);
        units.insert(item, Unit { one, many, low, high });
    }
    let mut readings: HashMap<&'static str, Reading> = HashMap::new();
    let mut add = |id: &'static str, data_type: Option<DataType>| {
        let source = source(id, data_type);
        let set = value_sets::value_set(id).or_else(|| ADDED_SETS.get(id).copied());
        let source = if source == Source::None && set.is_some() { Source::Set } else { source };
        readings.insert(id, Reading { source, set, unit: units.get(id).copied() });
    };
    for item in super_dictionary().items() {
        add(&item.id, Some(item.data_type));
    }
    for id in value_sets::items().filter(|id| super_dictionary().by_id(id).is_none()) {
        add(id, None);
    }
    readings
});

fn source(id: &str, data_type: Option<DataType>) -> Source {
    match id {
        "primarySite" => Source::Site,
        "histologicTypeIcdO3" => Source::Histology,
        "behaviorCodeIcdO3" => Source::Behavior,
        "countyCurrent" => Source::County(State::Current),
        "rxSummSurgPrimSite"
        | "rxHospSurgPrimSite"
        | "subsqRx2ndCourseSurg"
        | "subsqRx3rdCourseSurg"
        | "subsqRx4thCourseSurg" => Source::Surgery,
        "rxSummSurgPrimSite2023" | "rxHospSurgPrimSite2023" => Source::Surgery2023,
        "causeOfDeath" => Source::CauseOfDeath,
        _ if id.starts_with("countyAtDx") => Source::County(State::AtDiagnosis),
        _ if id.starts_with("secondaryDiagnosis") => Source::Diagnosis,
        _ => match data_type {
            Some(DataType::Date) => Source::Date,
            Some(DataType::DateTime) => Source::DateTime,
            _ => Source::None,
        },
    }
}

/// How the item is read; nothing for an id that is not an item.
pub(super) fn reading(item: &str) -> Option<Reading> {
    READINGS.get(item).copied().or_else(|| {
        let newest = super_dictionary().by_id(item)?;
        READINGS.get(newest.id.as_ref()).copied()
    })
}

/// The item's id as it lives on in the program, for an id that is known.
pub(super) fn known_id(item: &str) -> Option<&'static str> {
    READINGS.get_key_value(item).map(|(id, _)| *id).or_else(|| {
        let newest = super_dictionary().by_id(item)?;
        READINGS.get_key_value(newest.id.as_ref()).map(|(id, _)| *id)
    })
}

/// The item's codes are its value set and depend on nothing else.
pub(super) fn is_of_set_alone(item: &str) -> bool {
    reading(item).is_some_and(|r| r.source == Source::Set)
}

/// The item holds codes or numbers that have a meaning, so that a form keeps a place for it. Not so names, addresses
/// and identifiers, whose value set lists a few special values only (these still have their [`super::meaning()`]).
pub fn is_coded(item: &str) -> bool {
    let Some(reading) = reading(item) else { return false };
    match reading.source {
        Source::None => reading.unit.is_some(),
        Source::Set => {
            reading.unit.is_some()
                || reading.set.is_some_and(|s| {
                    s.completeness() == Completeness::Closed || !s.ranges().is_empty() || s.codes().len() > 4
                })
        }
        _ => true,
    }
}

/// Edition and origin of the two tables kept by hand.
pub(super) fn editions() -> [Head; 2] {
    [head(UNITS), head(ADDED)]
}

/// How many items the two tables kept by hand speak of.
pub(super) fn sizes() -> [usize; 2] {
    [lines(UNITS).count(), ADDED_SETS.len()]
}
