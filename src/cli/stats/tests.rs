#![allow(clippy::unwrap_used)]

//! Every number of the reference cohort, against R (survival, epitools).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::survival::{Asked, Method, Unit};
use super::table::{Answer, Form};
use super::{quality, rates, survival};
use crate::research::stats::life_table::LifeTable;

fn cohort() -> Option<PathBuf> {
    let folder = std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join("statistics/cohort");
    folder.is_dir().then_some(folder)
}

/// The file's own estimators are R's relsurv, whose Pohar Perme sums the population's hazard day by day and whose Ederer
/// curves are read at the last observed time before the one asked for. Ours integrate exactly and are read at the time.
/// Standard errors are compared as shares of survival.
#[test]
fn net_and_relative_survival_in_continuous_time_agree_with_r() {
    let Some(folder) = cohort() else { return };
    let keys = ["method", "group", "month"];
    let expected = keyed(&std::fs::read(folder.join("expected_relative_exact.csv")).unwrap(), &keys);
    for (method, name, off, share_off) in [
        (Method::PoharPerme, "pohar-perme", 3e-4, 5e-4),
        (Method::Ederer2, "ederer2", 2e-3, 1e-6),
        (Method::Ederer1, "ederer1", 2e-3, 1e-6),
    ] {
        let answer = survived(method, &["all", "summary_stage"], &EVERY_YEAR);
        let ours = keyed(&answer.text(Form::default_csv()).unwrap(), &keys);
        let mut compared = 0;
        for (key, theirs) in expected.iter().filter(|(key, _)| key[0] == name) {
            let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
            let mine = &ours[key];
            assert_eq!(theirs["n_risk"], mine["n_risk"], "{key:?}");
            let (known, got) = (number(theirs, "survival"), number(mine, "survival"));
            assert!((known - got).abs() <= off, "{key:?}: expected {known}, ours {got}");
            let (known_share, got_share) = (number(theirs, "se") / known, number(mine, "se") / got);
            assert!((known_share / got_share - 1.0).abs() <= share_off, "{key:?} se: {known_share} {got_share}");
            compared += 1;
        }
        assert_eq!(compared, 40);
    }
}

type Rows = BTreeMap<Vec<String>, BTreeMap<String, String>>;

fn keyed(text: &[u8], keys: &[&str]) -> Rows {
    let mut reader = csv::Reader::from_reader(text);
    let columns: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut rows = Rows::new();
    for row in reader.records().map(Result::unwrap) {
        let cells: BTreeMap<String, String> = columns.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
        rows.insert(keys.iter().map(|key| cells[*key].clone()).collect(), cells);
    }
    rows
}

/// Each number of an expected file is ours within 1e-6 of itself (rate limits 1e-4); texts are equal.
fn compare(file: &str, keys: &[&str], answer: &Answer) -> usize {
    let expected = keyed(&std::fs::read(cohort().unwrap().join(file)).unwrap(), keys);
    let ours = keyed(&answer.text(Form::default_csv()).unwrap(), keys);
    let (mut compared, mut wrong) = (0, Vec::new());
    for (key, row) in &expected {
        let Some(mine) = ours.get(key) else {
            wrong.push(format!("{key:?} is not there"));
            continue;
        };
        for (column, value) in row {
            let Some(found) = mine.get(column) else {
                wrong.push(format!("{column} is not there"));
                continue;
            };
            compared += 1;
            let limit = file.starts_with("expected_rates") && (column.contains("lower") || column.contains("upper"));
            let tolerance = if limit { 1e-4 } else { 1e-6 };
            let equal = match (value.parse::<f64>(), found.parse::<f64>()) {
                (Ok(known), Ok(got)) => (known - got).abs() <= tolerance * known.abs().max(1e-12) + 1e-300,
                _ => value == found,
            };
            // The file carries six digits of a probability; ours may be rounded the other way.
            let equal = equal
                || column == "p"
                    && matches!((value.parse::<f64>(), found.parse::<f64>()), (Ok(a), Ok(b)) if (a - b).abs() <= 1.1e-5 * a);
            // A probability below what a number holds is zero in one of the two.
            let tiny = column == "p" && value == "0" && found.parse::<f64>().is_ok_and(|p| p < 1e-300);
            if !equal && !tiny {
                wrong.push(format!("{key:?} {column}: expected {value}, ours {found}"));
            }
        }
    }
    let first: Vec<String> = wrong.iter().take(12).cloned().collect();
    assert!(wrong.is_empty(), "{file}: {} of {compared} differ\n{}", wrong.len(), first.join("\n"));
    compared
}

const GROUPS: [&str; 4] = ["all", "sex", "summary_stage", "age65plus"];
const EVERY_YEAR: [u16; 10] = [12, 24, 36, 48, 60, 72, 84, 96, 108, 120];

fn survived(method: Method, by: &[&str], at: &[u16]) -> Answer {
    let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
    let asked = Asked { method, unit: Unit::Days, cutoff_year: 2015, as_of_year: 2026, by: &by, at };
    let file = cohort().unwrap().join("tumors.csv");
    survival::answer(&file, LifeTable::us(), &asked).unwrap().0
}

#[test]
fn survival_time_of_the_cohort_is_that_of_the_official_library() {
    if cohort().is_none() {
        return;
    }
    let answer = survived(Method::Months, &["all"], &EVERY_YEAR);
    assert_eq!(compare("expected_survival_months.csv", &["tumor_id"], &answer), 4_973 * 11);
}

#[test]
fn curves_of_the_cohort_are_those_of_r() {
    if cohort().is_none() {
        return;
    }
    compare("expected_km_days.csv", &["group", "month"], &survived(Method::Km, &GROUPS, &EVERY_YEAR));
    let of_cancer = survived(Method::CauseSpecific, &GROUPS, &EVERY_YEAR);
    compare("expected_cause_specific_days.csv", &["group", "month"], &of_cancer);
    compare("expected_median.csv", &["group"], &survived(Method::Median, &GROUPS, &EVERY_YEAR));
    compare("expected_logrank.csv", &["by"], &survived(Method::LogRank, &["sex", "summary_stage"], &EVERY_YEAR));
}

#[test]
fn life_tables_of_the_cohort_are_those_of_r() {
    if cohort().is_none() {
        return;
    }
    let yearly = survived(Method::Relative, &GROUPS, &EVERY_YEAR);
    compare("expected_life_table.csv", &["group", "month"], &yearly);
    let every_month: Vec<u16> = (1..=120).collect();
    let monthly = survived(Method::Relative, &["all"], &every_month);
    compare("expected_life_table_monthly_all.csv", &["month"], &monthly);
}

fn rated(cases: &str, population: Option<&str>, standards: &[&str], by: &[&str], apc: bool) -> Answer {
    let folder = cohort().unwrap();
    let by: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
    let population = population.map(|file| folder.join(file));
    rates::answer(&folder.join(cases), population.as_deref(), standards, &by, apc).unwrap()
}

const US_2000: &[&str] = &["us2000_population"];

#[test]
fn rates_of_the_cohort_are_those_of_r() {
    if cohort().is_none() {
        return;
    }
    let small = rated("tumors.csv", Some("small_population.csv"), US_2000, &["year", "sex"], false);
    compare("expected_rates_small.csv", &["year", "sex"], &small);
    let state = ("state_counts.csv.gz", Some("state_population.csv.gz"));
    let by_site = rated(state.0, state.1, US_2000, &["site", "year", "sex"], false);
    compare("expected_rates_state.csv", &["site", "year", "sex"], &by_site);
    let by_county = rated(state.0, state.1, US_2000, &["county", "sex"], false);
    compare("expected_rates_county.csv", &["county", "sex"], &by_county);
    let names = [
        "us2000_population",
        "us2000_million",
        "world_segi_doll",
        "who_2000_2025_million",
        "europe_1976",
        "europe_2013",
    ];
    compare("expected_rates_by_standard.csv", &["standard", "sex"], &rated(state.0, state.1, &names, &["sex"], false));
    compare("expected_rates_edge.csv", &["case"], &rated("edge_rates.csv", None, US_2000, &["case"], false));
}

#[test]
fn trends_of_the_cohort_are_those_of_r() {
    if cohort().is_none() {
        return;
    }
    let state = ("state_counts.csv.gz", Some("state_population.csv.gz"));
    let trends = rated(state.0, state.1, US_2000, &["site", "year", "sex"], true);
    compare("expected_apc.csv", &["site", "sex", "weighted"], &trends);
}

#[test]
fn quality_of_the_cohort_is_that_of_r() {
    let Some(folder) = cohort() else { return };
    compare("expected_quality.csv", &["site"], &quality::answer(&folder.join("tumors.csv"), "site").unwrap());
}
