//! What a value means, in words, for the place beside the code.

use std::borrow::Cow;
use std::fmt;

use super::context::Context;
use super::items::{Reading, Source, State, Unit, reading};
use super::{behaviors_of, cause, county, morphology, site, surgery_table, surgery_tables};
use crate::dates::PartialDate;
use crate::naaccr::value_sets::ValueSet;

/// Why a code that has a meaning is not for use in this case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retired {
    /// Last year of diagnosis.
    After(u16),
    /// First year of diagnosis.
    Before(u16),
    /// The last NAACCR version (three digits) that documents the code.
    SinceVersion(u16),
    /// Marked obsolete in ICD-O.
    Obsolete,
    /// Of another year's table.
    OtherYears,
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Retired::After(year) => write!(f, "valid to {year}"),
            Retired::Before(year) => write!(f, "valid from {year}"),
            Retired::SinceVersion(version) => write!(f, "documented to version {}", version / 10),
            Retired::Obsolete => write!(f, "obsolete term"),
            Retired::OtherYears => write!(f, "a code of other years"),
        }
    }
}

/// The meaning of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// In words.
    pub label: Cow<'static, str>,
    /// Unknown, not applicable, not recorded.
    pub means_missing: bool,
    /// Why it is not for use in this case, if it is not.
    pub retired: Option<Retired>,
}

impl Meaning {
    fn of(label: impl Into<Cow<'static, str>>) -> Meaning {
        Meaning { label: label.into(), means_missing: false, retired: None }
    }
}

/// What `value` means as the item's value in a case. Nothing for a code that no table knows, for text, names and
/// identifiers, and for codes whose labels are not compiled in (AJCC, CS).
pub fn meaning(item: &str, value: &str, context: &Context) -> Option<Meaning> {
    let value = value.trim();
    let reading = reading(item)?;
    if let Some(meaning) = reading.set.and_then(|set| of_set(set, &reading, value)) {
        return Some(meaning);
    }
    if value.is_empty() {
        return None;
    }
    match reading.source {
        Source::Site => site(value).map(|s| Meaning::of(s.name)),
        Source::Histology => of_histology(value, context),
        Source::Behavior | Source::Set | Source::None => reading.unit.and_then(|unit| of_number(unit, value)),
        Source::County(state) => {
            let state = match state {
                State::AtDiagnosis => context.state_at_dx,
                State::Current => context.state_current,
            };
            let county = county(state?, value)?;
            let retired = match context.dx_year {
                Some(year) if county.is_valid_in(Some(year)) => None,
                _ => county.to.map(Retired::After).or(county
                    .from
                    .filter(|f| Some(*f) > context.dx_year && context.dx_year.is_some())
                    .map(Retired::Before)),
            };
            Some(Meaning { retired, ..Meaning::of(county.name) })
        }
        Source::Surgery => of_surgery(value, context, 2),
        Source::Surgery2023 => of_surgery(value, context, 4),
        Source::CauseOfDeath if context.icd_revision.is_some_and(|r| matches!(r, "7" | "8" | "9")) => None,
        Source::CauseOfDeath => cause(value).map(Meaning::of).or_else(|| {
            // Mortality codes of ICD-10 that the clinical modification does not have keep their category's name.
            let category = value.get(..3).filter(|_| value.len() == 4)?;
            cause(category).map(|name| Meaning::of(format!("{name} ({category})")))
        }),
        Source::Diagnosis => cause(value).map(Meaning::of),
        Source::Date | Source::DateTime => of_date(value),
    }
}

fn of_set(set: &'static ValueSet, reading: &Reading, value: &str) -> Option<Meaning> {
    if value.is_empty() {
        return set.blank().map(|label| Meaning { means_missing: true, ..Meaning::of(label) });
    }
    if let Some(code) = set.code(value).filter(|c| !c.label.is_empty()) {
        return Some(Meaning {
            label: code.label.into(),
            means_missing: code.missing,
            retired: code.retired.map(Retired::SinceVersion),
        });
    }
    // A county or an ICD code lies in a range that says no more than that; its own table does.
    if matches!(reading.source, Source::County(_) | Source::Diagnosis | Source::CauseOfDeath | Source::Surgery) {
        return None;
    }
    let range = set.range(value)?;
    Some(match reading.unit {
        Some(unit) => Meaning::of(worded(unit, value)),
        None => Meaning { means_missing: range.missing, ..Meaning::of(range.label) },
    })
}

/// A number within the unit's own ends; an item without ends takes numbers by its value set only.
fn of_number(unit: Unit, value: &str) -> Option<Meaning> {
    let number = |s: &str| s.parse::<f64>().ok().filter(|n| n.is_finite());
    let plain = value.len() <= unit.high.len() && value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (low, high) = (number(unit.low)?, number(unit.high)?);
    (plain && number(value).is_some_and(|v| low <= v && v <= high)).then(|| Meaning::of(worded(unit, value)))
}

fn worded(unit: Unit, value: &str) -> String {
    let plain = value.trim_start_matches(|c: char| !c.is_ascii_digit());
    let at_least = if plain.len() < value.len() { "at least " } else { "" };
    let short = plain.trim_start_matches('0');
    let short = if short.is_empty() {
        "0".to_owned()
    } else if short.starts_with('.') {
        format!("0{short}")
    } else {
        short.to_owned()
    };
    let form = if short == "1" { unit.one } else { unit.many };
    form.replace("{}", &format!("{at_least}{short}"))
}

/// The term of histology and behavior; without a known behavior, of its malignant or first form.
fn of_histology(value: &str, context: &Context) -> Option<Meaning> {
    if let Some(code) = context.behavior.and_then(|b| morphology(value, b)) {
        let retired = if code.is_valid_in(context.dx_year) {
            code.standing.obsolete.then_some(Retired::Obsolete)
        } else {
            code.to.map(Retired::After).or(code.from.map(Retired::Before))
        };
        return Some(Meaning { retired, ..Meaning::of(code.name) });
    }
    let forms = behaviors_of(value);
    let code = forms.iter().find(|m| m.behavior == "3").or(forms.first())?;
    Some(match context.behavior {
        Some(_) => Meaning::of(format!("{} ({})", code.name, code.code)),
        None => Meaning::of(code.name),
    })
}

fn of_surgery(value: &str, context: &Context, length: usize) -> Option<Meaning> {
    let (site, histology) = (context.site?, context.histology.unwrap_or(""));
    if value.len() != length {
        return None;
    }
    if let Some(operation) =
        context.dx_year.and_then(|year| surgery_table(site, histology, year)).and_then(|t| t.operation(value))
    {
        return Some(unknown_surgery(operation.code, Meaning::of(operation.name)));
    }
    let operation = surgery_tables(site, histology).find_map(|t| t.operation(value))?;
    let retired = context.dx_year.map(|_| Retired::OtherYears);
    Some(unknown_surgery(operation.code, Meaning { retired, ..Meaning::of(operation.name) }))
}

fn unknown_surgery(code: &str, meaning: Meaning) -> Meaning {
    let missing = code == "99" || code.len() == 4 && code.ends_with("990");
    Meaning { means_missing: missing, ..meaning }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A date in words; a point in time keeps its clock.
fn of_date(value: &str) -> Option<Meaning> {
    let (day, clock) = match value.split_once('T') {
        Some((day, clock)) => (day.replace('-', ""), Some(clock)),
        None => (value.replace('-', ""), None),
    };
    let date = PartialDate::parse(&day).ok()?;
    let month = date.month().and_then(|m| MONTHS.get(usize::from(m).checked_sub(1)?));
    let words = match (month, date.to_naive()) {
        (Some(month), Some(day)) => {
            use chrono::Datelike;
            let weekday = DAYS.get(usize::try_from(day.weekday().num_days_from_monday()).ok()?)?;
            format!("{weekday}, {month} {}, {}", day.day(), date.year())
        }
        (Some(month), None) => format!("{month} {}, day unknown", date.year()),
        _ => format!("{}, month and day unknown", date.year()),
    };
    Some(Meaning::of(match clock {
        Some(clock) => format!("{words}, {clock}"),
        None => words,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::is_coded;
    use super::*;
    use std::collections::BTreeMap;

    const BREAST: Context<'static> = Context {
        site: Some("C504"),
        histology: Some("8500"),
        behavior: Some("3"),
        dx_year: Some(2024),
        sex: Some("2"),
        state_at_dx: Some("IA"),
        state_current: Some("FL"),
        icd_revision: Some("1"),
    };

    fn says(item: &str, value: &str) -> String {
        meaning(item, value, &BREAST).map(|m| m.label.into_owned()).unwrap_or_default()
    }

    #[test]
    fn codes_have_their_names() {
        assert_eq!(says("primarySite", "C504"), "Upper-outer quadrant of breast");
        assert_eq!(says("histologicTypeIcdO3", "8500"), "Infiltrating duct carcinoma, NOS");
        assert_eq!(says("countyAtDx", "113"), "Linn County");
        assert_eq!(says("countyCurrent", "086"), "Miami-Dade County");
        assert_eq!(says("birthplaceCountry", "MEX"), "Mexico");
        assert_eq!(
            says("rxSummSurgPrimSite2023", "B410"),
            "Nipple-sparing mastectomy WITHOUT removal of uninvolved contralateral breast"
        );
        assert_eq!(says("causeOfDeath", "C349"), "Malignant neoplasm of unspecified part of bronchus or lung");
        assert_eq!(says("laterality", "1"), "Right (origin of primary)");
    }

    #[test]
    fn numbers_have_their_unit_and_special_values_their_words() {
        assert_eq!(says("tumorSizeSummary", "018"), "18 mm");
        assert!(says("tumorSizeSummary", "999").starts_with("Unknown"));
        assert!(meaning("tumorSizeSummary", "999", &BREAST).unwrap().means_missing);
        assert_eq!(says("psaLabValue", "0.7"), "0.7 ng/ml");
        assert!(says("psaLabValue", "XXX.1").contains("1,000"));
        assert_eq!(says("breslowTumorThickness", "A0.4"), "at least 0.4 mm thick");
        assert_eq!(says("phase1TotalDose", "005040"), "5040 cGy");
        assert_eq!(says("phase1NumberOfFractions", "001"), "1 fraction");
        assert_eq!(says("csTumorSize", "041"), "41 mm");
        assert_eq!(says("ageAtDiagnosis", "065"), "65 years old");
        assert_eq!(says("tumorSizeSummary", "18"), "");
    }

    #[test]
    fn dates_are_read_out() {
        assert_eq!(says("dateOfDiagnosis", "20180401"), "Sunday, April 1, 2018");
        assert_eq!(says("dateOfDiagnosis", "201804"), "April 2018, day unknown");
        assert_eq!(says("dateOfDiagnosis", "2018"), "2018, month and day unknown");
        assert_eq!(says("dateOfDiagnosis", "20181301"), "");
        assert_eq!(says("pathDateSpecCollect1", "2024-03-01T10:30:00-05:00"), "Friday, March 1, 2024, 10:30:00-05:00");
    }

    #[test]
    fn what_is_not_for_this_case_says_so() {
        let old = meaning("rxSummSurgPrimSite", "41", &BREAST).unwrap();
        assert_eq!(old.retired, Some(Retired::OtherYears));
        let gone = Context { behavior: Some("1"), ..BREAST };
        assert_eq!(meaning("histologicTypeIcdO3", "8120", &gone).unwrap().retired, Some(Retired::After(2020)));
        assert_eq!(
            meaning("countyAtDx", "025", &Context { state_at_dx: Some("FL"), ..BREAST }).unwrap().retired,
            Some(Retired::After(1997))
        );
    }

    #[test]
    fn what_no_table_knows_has_no_meaning() {
        for (item, value) in [
            ("primarySite", "C999"),
            ("histologicTypeIcdO3", "7999"),
            ("nameLast", "SMITH"),
            ("noSuchItem", "1"),
            ("tumorSizeSummary", "é"),
            ("csExtension", "100"),
            ("ajccTnmClinT", "cT1a"),
            ("countyAtDx", ""),
        ] {
            assert_eq!(meaning(item, value, &BREAST), None, "{item} {value}");
        }
        assert_eq!(meaning("countyAtDx", "113", &Context::default()), None);
    }

    /// Every value of every coded item of the synthetic full abstracts. What stays without a meaning is printed.
    #[test]
    fn coded_values_of_the_synthetic_abstracts_have_a_meaning() {
        let path = super::super::shared().join("synthetic/full-abstract-v25.xml.gz");
        let Ok(file) = std::fs::File::open(path) else { return };
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).unwrap();
        let (mut known, mut all) = (0_u32, 0_u32);
        let mut silent: BTreeMap<String, u32> = BTreeMap::new();
        for patient in text.split("<Patient>").skip(1) {
            let mut parts = patient.split("<Tumor>");
            let of_patient = items(parts.next().unwrap());
            for tumor in parts {
                let mut values = of_patient.clone();
                values.extend(items(tumor));
                let context = Context::of(|id| values.get(id).copied());
                for (id, value) in &values {
                    if !is_coded(id) {
                        continue;
                    }
                    all += 1;
                    match meaning(id, value, &context) {
                        Some(_) => known += 1,
                        None => *silent.entry(format!("{id}={value}")).or_default() += 1,
                    }
                }
            }
        }
        let share = f64::from(known) / f64::from(all);
        println!("{known} of {all} coded values have a meaning ({:.2} %)", share * 100.0);
        let mut silent: Vec<_> = silent.into_iter().collect();
        silent.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        println!("without: {:?}", silent.iter().take(40).collect::<Vec<_>>());
        assert!(share > 0.98, "{share}");
    }

    fn items(text: &str) -> BTreeMap<&str, &str> {
        text.split("<Item naaccrId=\"")
            .skip(1)
            .filter_map(|item| {
                let (id, rest) = item.split_once("\">")?;
                Some((id, rest.split_once("</Item>")?.0))
            })
            .collect()
    }
}
