//! Cause-specific death: is the cause of death that of this tumor? SEER classification of 2008 as released, 2008 as
//! corrected, and 2023.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::parts::{Codes, histology as histology_number, year};
use super::sites::{site_recode, site_recode_2023};
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/derive/causes-of-death.tsv");

/// An edition of the classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeathEdition {
    /// With site recode WHO 2008, as released.
    E2008,
    /// With site recode WHO 2008, one row repaired in 2025.
    E2008Corrected,
    /// With site recode 2023.
    E2023,
}

/// A tumor and the death of its patient.
#[derive(Debug, Clone, Copy, Default)]
pub struct Death<'a> {
    /// `sequenceNumberCentral`.
    pub sequence: &'a str,
    /// `causeOfDeath`.
    pub cause: &'a str,
    /// `icdRevisionNumber`: 0 alive, 8, 9, or 1 for ICD-10.
    pub icd_revision: &'a str,
    /// `dateOfLastContact`.
    pub last_contact: &'a str,
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// `behaviorCodeIcdO3`, for 2023.
    pub behavior: &'a str,
    /// `dateOfDiagnosis`, for 2023.
    pub diagnosis: &'a str,
}

/// The two answers: died of this cancer, died of another cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CauseOfDeath {
    /// 1 dead of this cancer, 0 alive or dead of another cause, 8 cause missing, 9 not the first tumor.
    pub cause_specific: &'static str,
    /// 1 dead of another cause, 0 alive or dead of this cancer, 8 cause missing, 9 not the first tumor.
    pub other: &'static str,
}

const fn both(cause_specific: &'static str, other: &'static str) -> CauseOfDeath {
    CauseOfDeath { cause_specific, other }
}

type Listed = HashMap<(&'static str, bool, &'static str), Vec<(Codes, Codes)>>;

static TABLES: LazyLock<[Listed; 3]> = LazyLock::new(|| {
    let mut tables: [Listed; 3] = Default::default();
    let mut at = 0;
    for line in lines(TABLE) {
        let [revision, class, recode, three, four] = cells::<5>(line);
        if revision == "@" {
            at = match class {
                "2008" => 0,
                "2008-corrected" => 1,
                _ => 2,
            };
            continue;
        }
        if let Some(table) = tables.get_mut(at) {
            table.entry((revision, class == "0", recode)).or_default().push((Codes::of(three), Codes::of(four)));
        }
    }
    tables
});

/// Classifies a death for a tumor. Deaths after `cutoff_year` have not happened.
pub fn cause_of_death(death: &Death<'_>, edition: DeathEdition, cutoff_year: i32) -> CauseOfDeath {
    let Some(sequence) = death.sequence.parse::<u8>().ok().filter(|number| *number <= 59) else {
        return both("9", "9");
    };
    let known_year = year(death.last_contact).filter(|year| *year != 9999);
    if death.icd_revision == "0" || known_year.is_some_and(|year| i32::from(year) > cutoff_year) {
        return both("0", "0");
    }
    let cause = death.cause.to_uppercase();
    let Some(three) = cause.get(..3).filter(|_| !matches!(&*cause, "7777" | "7797")) else {
        return both("8", "8");
    };
    let recode = match edition {
        DeathEdition::E2023 => site_recode_2023(death.site, death.histology, death.behavior, death.diagnosis)[0],
        _ => site_recode(death.site, death.histology),
    };
    let only = sequence == 0;
    let attributed = if only {
        any_cancer(death.icd_revision, three, &cause)
    } else {
        unspecified_cancer(death, three, &cause)
            || (edition != DeathEdition::E2023 && death.icd_revision == "1" && spread(death, recode, three, &cause))
    };
    let listed = || {
        let rows = TABLES.get(edition as usize)?.get(&(death.icd_revision, only, recode))?;
        Some(rows.iter().any(|(codes3, codes4)| codes3.holds(three) || codes4.holds(&cause)))
    };
    if attributed || listed().unwrap_or(false) { both("1", "0") } else { both("0", "1") }
}

fn within(code: &str, low: &str, high: &str) -> bool {
    low <= code && code <= high
}

/// Who had one cancer alone and died of any died of it.
fn any_cancer(revision: &str, three: &str, cause: &str) -> bool {
    match revision {
        "8" => within(three, "140", "239"),
        "9" => within(three, "140", "239") || cause == "0422",
        "1" => (three >= "C00" && cause <= "D489") || three == "B21",
        _ => false,
    }
}

/// Codes for a cancer without a site, and those of melanoma.
fn unspecified_cancer(death: &Death<'_>, three: &str, cause: &str) -> bool {
    let melanoma = histology_number(death.histology).is_some_and(|number| (8720..=8799).contains(&number));
    match death.icd_revision {
        "8" => three == "199" || (melanoma && (three == "172" || matches!(cause, "2169" | "2322"))),
        "9" => three == "199" || (melanoma && matches!(three, "172" | "216" | "232")),
        "1" => {
            matches!(cause, "C798" | "D489")
                || matches!(three, "C80" | "C97")
                || (melanoma && matches!(three, "C43" | "D03" | "D22"))
        }
        _ => false,
    }
}

/// Myeloid neoplasms, and tumors of the miscellaneous recode.
fn spread(death: &Death<'_>, recode: &str, three: &str, cause: &str) -> bool {
    let myeloid =
        histology_number(death.histology).is_some_and(|number| matches!(number, 9950 | 9960..=9964 | 9980..=9989));
    if myeloid {
        return three == "C77" || within(three, "C81", "C96") || three == "D36" || within(three, "D45", "D47");
    }
    recode == "37000" && ((three >= "C00" && cause <= "D489") || cause == "D619")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cancer_alone_is_died_of_whatever_cancer_is_named() {
        let death = Death {
            sequence: "00",
            cause: "C509",
            icd_revision: "1",
            last_contact: "20100101",
            site: "C619",
            histology: "8140",
            ..Death::default()
        };
        assert_eq!(cause_of_death(&death, DeathEdition::E2008, 2020), both("1", "0"));
        assert_eq!(cause_of_death(&Death { sequence: "01", ..death }, DeathEdition::E2008, 2020), both("0", "1"));
        assert_eq!(cause_of_death(&death, DeathEdition::E2008, 2009), both("0", "0"));
        assert_eq!(cause_of_death(&Death { cause: "7797", ..death }, DeathEdition::E2008, 2020), both("8", "8"));
        assert_eq!(cause_of_death(&Death { sequence: "60", ..death }, DeathEdition::E2008, 2020), both("9", "9"));
        assert_eq!(cause_of_death(&Death { cause: "éé", ..death }, DeathEdition::E2008, 2020), both("8", "8"));
    }
}
