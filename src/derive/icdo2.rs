//! ICD-O-3 back to ICD-O-2, for files and rules of diagnoses before 2001.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::parts::{behavior, histology, site};
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/derive/icdo2.tsv");

#[derive(Debug, Clone, Copy)]
struct Row {
    histology: &'static str,
    /// Behavior whose conversion a person must look at; `A` any, `X` none. So with the others.
    review: &'static str,
    special: &'static str,
    by_site: &'static str,
}

struct Rows {
    rows: HashMap<&'static str, Row>,
    special: HashMap<(&'static str, &'static str), (&'static str, &'static str)>,
}

static ROWS: LazyLock<Rows> = LazyLock::new(|| {
    let mut all = Rows { rows: HashMap::new(), special: HashMap::new() };
    for line in lines(TABLE) {
        let [of, histology, review, special, by_site] = cells::<5>(line);
        match of.split_once('/') {
            Some(from) => {
                all.special.insert(from, (histology, review));
            }
            None => {
                all.rows.insert(of, Row { histology, review, special, by_site });
            }
        }
    }
    all
});

/// How a conversion went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// Converted.
    Done,
    /// Converted, but a person must look at it.
    NeedsReview,
    /// The site is not one.
    InvalidSite,
    /// The histology is not one.
    InvalidHistology,
    /// The behavior is not one.
    InvalidBehavior,
}

impl Conversion {
    /// The name by which the official library calls it.
    pub fn name(self) -> &'static str {
        match self {
            Conversion::Done => "CONVERSION_SUCCESSFUL",
            Conversion::NeedsReview => "CONVERSION_SUCCESSFUL_NEEDS_HAND_REVIEW",
            Conversion::InvalidSite => "CONVERSION_FAILED_INVALID_SITE",
            Conversion::InvalidHistology => "CONVERSION_FAILED_INVALID_HISTOLOGY",
            Conversion::InvalidBehavior => "CONVERSION_FAILED_INVALID_BEHAVIOR",
        }
    }
}

/// A morphology of ICD-O-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Icdo2 {
    /// Histology, 9999 when there is none.
    pub histology: String,
    /// Behavior, 9 when there is none.
    pub behavior: String,
    /// How the conversion went.
    pub conversion: Conversion,
}

/// The ICD-O-2 morphology of an ICD-O-3 case.
pub fn to_icdo2(primary_site: &str, histologic_type: &str, behavior_code: &str) -> Icdo2 {
    let failed = |conversion| Icdo2 { histology: "9999".into(), behavior: "9".into(), conversion };
    let mut failure = None;
    let place = site(primary_site).filter(|number| *number <= 809);
    if place.is_none() {
        failure = Some(Conversion::InvalidSite);
    }
    if !histology(histologic_type).is_some_and(|number| (8000..=9999).contains(&number)) {
        failure = Some(Conversion::InvalidHistology);
    }
    if !behavior(behavior_code).is_some_and(|number| matches!(number, 0..=3 | 6 | 9)) {
        failure = Some(Conversion::InvalidBehavior);
    }
    if let Some(failure) = failure {
        return failed(failure);
    }
    let Some(row) = ROWS.rows.get(histologic_type) else { return failed(Conversion::InvalidHistology) };
    let holds = |flag: &str| flag == "A" || flag == behavior_code;
    let mut histology = row.histology;
    let mut behavior = behavior_code.to_owned();
    let mut review = holds(row.review) || (histologic_type == "8402" && behavior_code == "3");
    if holds(row.special)
        && let Some((other, of)) = ROWS.special.get(&(histologic_type, behavior_code))
    {
        histology = other;
        behavior = (*of).to_owned();
    }
    if row.by_site == behavior_code {
        let place = place.unwrap_or(0);
        match (histologic_type, behavior_code) {
            ("8240", "1") if place != 181 => histology = "8241",
            ("8240", "1") => review = true,
            ("8245", "1") => {
                histology = "8240";
                behavior = if place == 181 { "1".into() } else { "3".into() };
                review |= place != 181;
            }
            ("8249", "3") if place == 181 => behavior = "1".into(),
            ("9133", "3") if (340..=349).contains(&place) => {
                histology = "9134";
                behavior = "1".into();
                review = true;
            }
            ("9160", "0") => {
                review = true;
                if (440..=449).contains(&place) {
                    histology = "8724";
                }
            }
            ("9590", "3") if (710..=719).contains(&place) => {
                histology = "9594";
                review = true;
            }
            _ => {}
        }
    }
    let conversion = if review { Conversion::NeedsReview } else { Conversion::Done };
    Icdo2 { histology: histology.into(), behavior, conversion }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_faults_are_the_ones_reported() {
        assert_eq!(to_icdo2("X", "8140", "3").conversion, Conversion::InvalidSite);
        assert_eq!(to_icdo2("X", "814", "3").conversion, Conversion::InvalidHistology);
        assert_eq!(to_icdo2("X", "814", "8").conversion, Conversion::InvalidBehavior);
        assert_eq!(to_icdo2("C541", "8140", "3").histology, "8140");
    }
}
