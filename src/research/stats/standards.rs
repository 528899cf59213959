//! Standard populations, compiled in from `reference/statistics/standards.tsv`.

use std::sync::LazyLock;

use crate::codes::table::lines;

const TABLE: &str = include_str!("../../../reference/statistics/standards.tsv");

/// A standard population of 19 age groups (0, 1-4, 5-9 … 80-84, 85 and over).
#[derive(Debug, Clone, PartialEq)]
pub struct Standard {
    /// Its name, as `us2000_population`.
    pub name: &'static str,
    /// The weight of each age group, in any unit.
    pub weights: Vec<f64>,
}

static STANDARDS: LazyLock<Vec<Standard>> = LazyLock::new(|| {
    lines(TABLE)
        .map(|line| {
            let mut cells = line.split('\t');
            let name = cells.next().unwrap_or("");
            Standard { name, weights: cells.filter_map(|cell| cell.parse().ok()).collect() }
        })
        .collect()
});

/// Every standard that is compiled in.
pub fn all() -> &'static [Standard] {
    &STANDARDS
}

/// The standard of a name.
pub fn named(name: &str) -> Option<&'static Standard> {
    STANDARDS.iter().find(|standard| standard.name == name)
}
