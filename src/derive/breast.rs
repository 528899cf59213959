//! Breast cancer category: hormone receptors, HER2 and subtype over the years' different items.

use super::parts::{histology, site, year};

/// The items that carry receptors and HER2.
#[derive(Debug, Clone, Copy, Default)]
pub struct Markers<'a> {
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `tumorMarker1` and `tumorMarker2`.
    pub tumor_markers: [&'a str; 2],
    /// `csSiteSpecificFactor1` and `…2`.
    pub receptors: [&'a str; 2],
    /// `csSiteSpecificFactor9`.
    pub her2_ihc: &'a str,
    /// `csSiteSpecificFactor11`, `…13`, `…14`.
    pub her2_tests: [&'a str; 3],
    /// `csSiteSpecificFactor15`.
    pub her2_summary: &'a str,
    /// `estrogenReceptorSummary` and `progesteroneRecepSummary`.
    pub receptor_summaries: [&'a str; 2],
    /// `her2OverallSummary`.
    pub her2_overall: &'a str,
}

/// 1 positive, 2 negative, 4 unknown, 9 not coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreastCategory {
    /// Estrogen receptor.
    pub estrogen: &'static str,
    /// Progesterone receptor.
    pub progesterone: &'static str,
    /// HER2.
    pub her2: &'static str,
    /// 1 HR+/HER2+, 2 HR-/HER2+, 3 HR+/HER2-, 4 triple negative, 5 unknown, 9 not coded.
    pub subtype: &'static str,
}

fn coded(code: &str, positive: &str, negative: &str) -> &'static str {
    match code {
        _ if code == positive => "1",
        _ if code == negative => "2",
        _ => "4",
    }
}

/// The category of a tumor.
pub fn breast_category(of: &Markers<'_>) -> BreastCategory {
    let none = BreastCategory { estrogen: "9", progesterone: "9", her2: "9", subtype: "9" };
    let (Some(place), Some(kind), Some(year)) = (site(of.site), histology(of.histology), year(of.diagnosis)) else {
        return none;
    };
    let is_breast = (matches!(place, 500..=509) && matches!(kind, 8000..=8700 | 8982 | 8983))
        || (matches!(place, 501..=509) && matches!(kind, 8720..=8790));
    if !is_breast {
        return none;
    }
    let [estrogen, progesterone] = [0, 1].map(|at| {
        let pick = |items: &[&'_ str; 2]| items.get(at).map_or_else(String::new, |text| (*text).to_owned());
        match year {
            ..1990 => "9",
            1990..2004 => coded(&pick(&of.tumor_markers), "1", "2"),
            2004..2018 => coded(&pick(&of.receptors), "010", "020"),
            2018.. => coded(&pick(&of.receptor_summaries), "1", "0"),
        }
    });
    let her2 = match year {
        ..2010 => "9",
        2018.. => coded(of.her2_overall, "1", "0"),
        _ if !matches!(of.her2_summary, "" | "988") => coded(of.her2_summary, "010", "020"),
        _ if of.her2_tests.contains(&"010") => "1",
        _ if of.her2_tests.contains(&"020") => "2",
        _ => coded(of.her2_ihc, "010", "020"),
    };
    let positive = estrogen == "1" || progesterone == "1";
    let negative = estrogen == "2" && progesterone == "2";
    let subtype = match (her2, positive, negative) {
        _ if year < 2010 => "9",
        ("1", true, _) => "1",
        ("1", _, true) => "2",
        ("2", true, _) => "3",
        ("2", _, true) => "4",
        _ => "5",
    };
    BreastCategory { estrogen, progesterone, her2, subtype }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subtype_follows_receptors_and_her2() {
        let of = Markers {
            site: "C504",
            histology: "8500",
            diagnosis: "20200101",
            receptor_summaries: ["1", "0"],
            her2_overall: "0",
            ..Markers::default()
        };
        assert_eq!(breast_category(&of).subtype, "3");
        assert_eq!(breast_category(&Markers { receptor_summaries: ["0", "0"], ..of }).subtype, "4");
        assert_eq!(breast_category(&Markers { site: "C619", ..of }).subtype, "9");
    }
}
