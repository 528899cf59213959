//! Counties by state.
//!
//! States and countries are value sets of the address items; here are the counties (FIPS codes), with the years of
//! those made or dropped since 1996, and the states that registries of a part of a state write (`LO` for Los Angeles).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, cells, head, lines};

const TABLE: &str = include_str!("../../reference/codes/counties.tsv");

/// A county.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct County {
    /// Postal code of the state.
    pub state: &'static str,
    /// FIPS code in the state.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// First year, where it is newer than 1996.
    pub from: Option<u16>,
    /// Last year, where it is gone.
    pub to: Option<u16>,
}

impl County {
    /// The county existed in the year; an unknown year takes those that exist now.
    pub fn is_valid_in(&self, year: Option<u16>) -> bool {
        match year {
            Some(year) => self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to),
            None => self.to.is_none(),
        }
    }
}

static COUNTIES: LazyLock<HashMap<&'static str, Vec<County>>> = LazyLock::new(|| {
    let mut counties: HashMap<&'static str, Vec<County>> = HashMap::new();
    for line in lines(TABLE) {
        let [state, code, name, from, to] = cells::<5>(line);
        counties.entry(state).or_default().push(County {
            state,
            code,
            name,
            from: from.parse().ok(),
            to: to.parse().ok(),
        });
    }
    counties
});

/// The state that a registry's own state code stands for.
pub fn real_state(state: &str) -> &str {
    match state {
        "AT" => "GA",
        "DT" => "MI",
        "GB" | "GC" | "LO" => "CA",
        "SE" => "WA",
        other => other,
    }
}

/// The counties of a state in order of code; empty for what is not a state.
pub fn counties(state: &str) -> &'static [County] {
    COUNTIES.get(real_state(state)).map_or(&[], Vec::as_slice)
}

/// The county of a state and code.
pub fn county(state: &str, code: &str) -> Option<&'static County> {
    let of_state = counties(state);
    let at = of_state.binary_search_by(|c| c.code.cmp(code)).ok()?;
    of_state.get(at)
}

/// How many counties there are.
pub fn size() -> usize {
    COUNTIES.values().map(Vec::len).sum()
}

/// Edition and origin.
pub fn edition() -> Head {
    head(TABLE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn linn_county_of_iowa_is_113() {
        assert_eq!(county("IA", "113").unwrap().name, "Linn County");
        assert_eq!(county("LO", "037").unwrap().name, "Los Angeles County");
        assert!(county("IA", "999").is_none() && county("", "").is_none());
    }

    #[test]
    fn dade_became_miami_dade_in_1997() {
        assert!(county("FL", "025").unwrap().is_valid_in(Some(1996)));
        assert!(!county("FL", "025").unwrap().is_valid_in(Some(2000)));
        assert!(county("FL", "086").is_some());
    }

    #[test]
    fn every_county_of_the_shared_pairs_has_a_name() {
        let path = super::super::shared().join("algorithms/tables/state-county.csv");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        let nameless: Vec<&str> = text
            .lines()
            .skip(1)
            .filter(|line| {
                let (state, code) = line.split_once(',').unwrap();
                // 9xx and 006 of California are areas that population files combine, not counties.
                !(code.starts_with('9') || code == "006" && real_state(state) == "CA") && county(state, code).is_none()
            })
            .collect();
        assert!(nameless.is_empty(), "{nameless:?}");
    }
}
