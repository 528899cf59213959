//! ICD and ICD-O-3, both ways.
//!
//! *To ICD-O-3*: start values for casefinding and death clearance; ICD-9-CM depends on sex, a three-character ICD-10
//! code gets a trailing 9. *To ICD-10*: the IARC rules: by column of the site, fixed, or by an ordered block of sites
//! (and sex), with the exceptions for liver, bone marrow and soft tissue.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, cells, head, lines, morphology_number};

const TO: &str = include_str!("../../reference/codes/icd-to-icdo3.tsv");
const FROM: &str = include_str!("../../reference/codes/icdo3-to-icd10.tsv");

/// An edition of ICD that is converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Classification {
    /// ICD-10-CM, codes without a dot.
    Icd10Cm,
    /// ICD-10 (causes of death), codes without a dot.
    Icd10,
    /// ICD-9-CM, codes without a dot.
    Icd9Cm,
}

/// Start values for an abstract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Primary site.
    pub site: &'static str,
    /// Histology.
    pub histology: &'static str,
    /// Behavior.
    pub behavior: &'static str,
    /// Grade (diagnoses before 2018), where one follows.
    pub grade: Option<&'static str>,
    /// Laterality, where one follows.
    pub laterality: Option<&'static str>,
    /// `Y` reportable, `O` optional, nothing if the table is silent.
    pub reportable: Option<&'static str>,
}

type Starts = HashMap<&'static str, Start>;

/// By classification, then by code, with the sex put behind it where the row has one.
static STARTS: LazyLock<[Starts; 3]> = LazyLock::new(|| {
    let mut starts: [Starts; 3] = Default::default();
    let mut of = Classification::Icd10Cm;
    let some = |s: &'static str| (!s.is_empty()).then_some(s);
    for line in lines(TO) {
        let [code, site, histology, behavior, grade, side, reportable, sex] = cells::<8>(line);
        if code == "@" {
            of = match site {
                "icd10" => Classification::Icd10,
                "icd9cm" => Classification::Icd9Cm,
                _ => Classification::Icd10Cm,
            };
            continue;
        }
        let start = Start {
            site,
            histology,
            behavior,
            grade: some(grade),
            laterality: some(side),
            reportable: some(reportable),
        };
        let key = if sex.is_empty() { code } else { Box::leak(format!("{code}{sex}").into_boxed_str()) };
        if let Some(starts) = starts.get_mut(of as usize) {
            starts.insert(key, start);
        }
    }
    starts
});

/// The ICD-O-3 start values of an ICD code as it stands in the table: no dot, capitals. `sex` is the NAACCR code.
///
/// For ICD-9-CM the key is the code with the sex behind it, as in the official library, whose answer this is: a code
/// cut short (`172` of a woman) therefore finds `1722`.
pub fn to_icdo3(of: Classification, code: &str, sex: Option<&str>) -> Option<Start> {
    let starts = STARTS.get(of as usize)?;
    match (of, sex) {
        (Classification::Icd9Cm, Some(sex @ ("1" | "2"))) => {
            starts.get(format!("{code}{sex}").as_str()).or_else(|| starts.get(code)).copied()
        }
        (Classification::Icd9Cm, _) => starts.get(code).or_else(|| starts.get(format!("{code}1").as_str())).copied(),
        (Classification::Icd10, _) => {
            let mut code = code.to_ascii_uppercase();
            if code.len() == 3 {
                code.push('9');
            }
            starts.get(code.as_str()).copied()
        }
        (Classification::Icd10Cm, _) => starts.get(code).copied(),
    }
}

/// How many codes a classification has.
pub fn size(of: Classification) -> usize {
    STARTS.get(of as usize).map_or(0, HashMap::len)
}

#[derive(Default)]
struct Back {
    columns: HashMap<&'static str, [&'static str; 6]>,
    methods: HashMap<u32, (&'static str, &'static str)>,
    by_site: HashMap<&'static str, Vec<[&'static str; 2]>>,
    by_sex: HashMap<&'static str, Vec<[&'static str; 3]>>,
}

static BACK: LazyLock<Back> = LazyLock::new(|| {
    let mut back = Back::default();
    let mut part = "";
    for line in lines(FROM) {
        let row = cells::<6>(line);
        let [first, second, third, fourth, ..] = row;
        match (first, part) {
            ("@", _) => part = second,
            (_, "columns") => {
                back.columns.insert(first, row);
            }
            (_, "methods") => {
                if let Some(code) = first.split_once('/').and_then(|(h, b)| morphology_number(h, b)) {
                    back.methods.insert(code, (second, third));
                }
            }
            (_, "by-site") => back.by_site.entry(first).or_default().push([second, third]),
            _ => back.by_sex.entry(first).or_default().push([second, third, fourth]),
        }
    }
    back
});

/// The ICD-10 code of a tumor, without a dot. Nothing for a morphology or site the rules do not know.
pub fn to_icd10(site: &str, histology: &str, behavior: &str, sex: Option<&str>) -> Option<String> {
    let (method, argument) = *BACK.methods.get(&morphology_number(histology, behavior)?)?;
    let number: u32 = histology.parse().ok()?;
    let last = site.chars().last()?;
    if number == 9699 && ["C42", "C77"].iter().any(|g| site.starts_with(g)) {
        return Some("C830".into());
    }
    let row = match method {
        "column" => return column(site, argument).map(|code| excepted(site, number, behavior, code.into())),
        "fixed" => argument.replace('*', &last.to_string()),
        "by-site" => block(BACK.by_site.get(argument)?.iter().map(|[s, code]| (*s, *code)), site)?.into(),
        _ => {
            let female = sex == Some("2");
            let rows = BACK.by_sex.get(argument)?.iter();
            block(rows.map(|[s, male, of_women]| (*s, if female { *of_women } else { *male })), site)?.into()
        }
    };
    let code = match row.strip_prefix("column:") {
        Some(name) => column(site, name)?.to_owned(),
        None => row.replace('-', &last.to_string()),
    };
    Some(excepted(site, number, behavior, code)).filter(|c| c != "#" && !c.is_empty())
}

fn column(site: &str, name: &str) -> Option<&'static str> {
    let row = BACK.columns.get(site)?;
    let at = match name {
        "malignant" => 1,
        "benign" => 2,
        "in_situ" => 3,
        "uncertain" => 4,
        _ => 5,
    };
    row.get(at).copied().filter(|c| !c.is_empty())
}

/// The first row of a block whose site matches: a whole code, a group of three characters, or `other`.
fn block<'a>(mut rows: impl Iterator<Item = (&'a str, &'a str)>, site: &str) -> Option<&'a str> {
    rows.find(|(wanted, _)| *wanted == "other" || site.starts_with(wanted)).map(|(_, code)| code)
}

fn excepted(site: &str, histology: u32, behavior: &str, code: String) -> String {
    if behavior == "3" && site.starts_with("C22") && code.starts_with("C22") {
        return match histology {
            8170 | 8171 => "C220",
            8160..=8162 | 8140 | 8141 | 8260 | 8440 | 8480 | 8481 | 8490 | 8500 | 8550 | 8560 => "C221",
            8970 => "C222",
            9120..=9133 | 9161 => "C223",
            8000 => "C229",
            h if h < 8800 => "C227",
            h if h < 9590 => "C224",
            _ => return code,
        }
        .into();
    }
    match code.as_str() {
        "D218" => "D219".into(),
        _ if matches!(histology, 8161 | 8162) && site == "C240" => "C240".into(),
        _ => code,
    }
}

/// How many morphologies are converted to ICD-10.
pub fn size_back() -> usize {
    BACK.methods.len()
}

/// Edition and origin of the table to ICD-O-3 and of that from it.
pub fn editions() -> [Head; 2] {
    [head(TO), head(FROM)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ascertained_codes_start_an_abstract() {
        let start = to_icdo3(Classification::Icd10Cm, "C50412", None).unwrap();
        assert_eq!((start.site, start.reportable), ("C504", Some("Y")));
        assert!(to_icdo3(Classification::Icd10Cm, "C99", None).is_none());
        assert_eq!(size(Classification::Icd10Cm), 1_484);
        assert_eq!(size(Classification::Icd10), 1_300);
        assert_eq!(size(Classification::Icd9Cm), 955);
    }

    #[test]
    fn conversions_agree_with_the_shared_cases() {
        let Ok(text) = std::fs::read_to_string(super::super::shared().join("algorithms/cases/icd-conversion.jsonl"))
        else {
            return;
        };
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let of = match case["in"]["from"].as_str().unwrap() {
                "icd10cm" => Classification::Icd10Cm,
                "icd10" => Classification::Icd10,
                _ => Classification::Icd9Cm,
            };
            // "Never null" of the death certificates is the caller's answer, not the table's.
            if of == Classification::Icd10 && case["in"]["allowNull"] == false {
                continue;
            }
            let out = &case["out"];
            let got = to_icdo3(of, case["in"]["code"].as_str().unwrap_or(""), case["in"]["sex"].as_str());
            assert_eq!(got.is_some(), out["found"] == true, "{line}");
            if let Some(got) = got {
                assert_eq!(Some(got.site), out["primarySite"].as_str(), "{line}");
                assert_eq!(Some(got.histology), out["histology"].as_str(), "{line}");
                assert_eq!(Some(got.behavior), out["behavior"].as_str(), "{line}");
                assert_eq!(got.grade, out["grade"].as_str(), "{line}");
                assert_eq!(got.laterality, out["laterality"].as_str(), "{line}");
                assert_eq!(got.reportable, out["reportable"].as_str(), "{line}");
            }
        }
    }

    #[test]
    fn tumors_go_back_to_icd_10_as_in_the_shared_examples() {
        let Ok(text) = std::fs::read_to_string(super::super::shared().join("icdo3/icd10/examples.tsv")) else { return };
        for line in text.lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let (histology, behavior) = c[1].split_once('/').unwrap();
            assert_eq!(to_icd10(c[0], histology, behavior, Some(c[2])).as_deref(), Some(c[3]), "{line}");
        }
    }

    #[test]
    fn every_morphology_that_has_a_method_is_converted_somewhere() {
        assert_eq!(size_back(), 2_769 - 113);
        assert_eq!(BACK.columns.len(), 330);
        assert_eq!(BACK.by_site.values().map(Vec::len).sum::<usize>(), 564);
        assert_eq!(BACK.by_sex.values().map(Vec::len).sum::<usize>(), 14);
        assert_eq!(to_icd10("C504", "8500", "3", Some("2")).as_deref(), Some("C504"));
        assert_eq!(to_icd10("C504", "8500", "2", Some("2")).as_deref(), Some("D051"));
        assert_eq!(to_icd10("C504", "0000", "3", None), None);
        assert_eq!(to_icd10("", "8500", "3", None), None);
    }
}
