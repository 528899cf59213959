//! Indicators of data quality and frequencies.

use std::collections::BTreeMap;

use super::tumors::{TumorRow, is_cancer};

/// Indicators of a set of tumors.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quality {
    /// Tumors.
    pub cases: usize,
    /// Percent confirmed under the microscope.
    pub microscopic: f64,
    /// Percent known from the death certificate alone.
    pub death_certificate: f64,
    /// Percent without a stage.
    pub unstaged: f64,
    /// Deaths of cancer among first primaries.
    pub cancer_deaths: usize,
}

/// The indicators of some tumors.
pub fn quality<'a>(rows: impl Iterator<Item = &'a TumorRow>) -> Quality {
    let (mut cases, mut microscopic, mut at_death, mut unstaged, mut cancer_deaths) = (0, 0, 0, 0, 0);
    for row in rows {
        cases += 1;
        microscopic += usize::from(matches!(&*row.confirmation, "1" | "2" | "3" | "4"));
        at_death += usize::from(row.source == "7");
        unstaged += usize::from(row.stage == "9");
        let first = matches!(&*row.sequence, "00" | "01");
        cancer_deaths += usize::from(first && row.vital_status == "0" && is_cancer(&row.cause));
    }
    #[allow(clippy::cast_precision_loss, reason = "counts of tumors")]
    let percent = |part: usize| if cases > 0 { 100.0 * part as f64 / cases as f64 } else { 0.0 };
    Quality {
        cases,
        microscopic: percent(microscopic),
        death_certificate: percent(at_death),
        unstaged: percent(unstaged),
        cancer_deaths,
    }
}

/// How often each combination of values occurs, in the order of the values; each comes with how many times it stands.
pub fn frequencies<K: Ord>(keys: impl IntoIterator<Item = (K, u64)>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for (key, times) in keys {
        *counts.entry(key).or_insert(0) += times;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_are_shares_of_all_tumors() {
        let row = |confirmation: &str, source: &str| TumorRow {
            confirmation: confirmation.into(),
            source: source.into(),
            stage: "9".into(),
            ..TumorRow::default()
        };
        let found = quality([row("1", "1"), row("9", "7"), row("4", "1"), row("8", "1")].iter());
        assert!((found.microscopic - 50.0).abs() < 1e-12 && (found.death_certificate - 25.0).abs() < 1e-12);
        assert_eq!(quality(std::iter::empty()), Quality::default());
        assert_eq!(frequencies([("b", 1), ("a", 4), ("b", 1)]).get("b"), Some(&2));
    }
}
