//! Tumors staged by their NAACCR items.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};

use accession::naaccr::{Patient, ReadOptions, Reader};
use accession::staging::{Algorithm, AsOf, Derived, Editions, Outcome, stage_record};

use super::conformance::shared;

fn stage(items: &[(&'static str, &'static str)]) -> Vec<Derived<'static>> {
    let items: HashMap<&str, &str> = items.iter().copied().collect();
    stage_record(&Editions::shipped(), |id| items.get(id).copied(), &AsOf::year(2026))
}

const BREAST: [(&str, &str); 8] = [
    ("dateOfDiagnosis", "20240315"),
    ("primarySite", "C504"),
    ("histologicTypeIcdO3", "8500"),
    ("behaviorCodeIcdO3", "3"),
    ("eodPrimaryTumor", "100"),
    ("eodRegionalNodes", "000"),
    ("eodMets", "00"),
    ("gradePathological", "2"),
];

#[test]
fn a_breast_case_of_2024_is_staged_by_eod_into_items() {
    let derived = stage(&BREAST);
    let eod = &derived[0];
    assert_eq!((eod.algorithm, eod.outcome, eod.schema), (Algorithm::Eod, Outcome::Staged, Some("breast")));
    let item = |id: &str| eod.items.iter().find(|(name, _)| *name == id).map(|(_, value)| value.as_str());
    assert_eq!(item("schemaId"), Some("00480"));
    assert_eq!(item("derivedSummaryStage2018"), Some("1"));
    assert!(eod.problems.is_empty(), "{:?}", eod.problems);
}

#[test]
fn a_case_between_two_schemas_says_what_to_ask() {
    let mut items = BREAST.to_vec();
    items.retain(|(id, _)| *id != "primarySite" && *id != "histologicTypeIcdO3");
    items.extend([("primarySite", "C111"), ("histologicTypeIcdO3", "8070")]);
    let eod = &stage(&items)[0];
    assert_eq!((eod.outcome, eod.schema), (Outcome::MultipleMatchingSchemas, None));
    assert_eq!(eod.ask[0].xml_id, "schemaDiscriminator1");
}

#[test]
fn an_earlier_sex_item_answers_for_the_new_one() {
    let base = [
        ("dateOfDiagnosis", "2024"),
        ("primarySite", "C481"),
        ("histologicTypeIcdO3", "8441"),
        ("behaviorCodeIcdO3", "3"),
    ];
    let with = |sex: &'static str, value: &'static str| {
        let mut items = base.to_vec();
        items.push((sex, value));
        stage(&items)[0].schema
    };
    assert_eq!(with("sex", "2"), with("sexAssignedAtBirth", "2"));
    assert_ne!(with("sex", "2"), with("sex", "1"));
}

#[test]
fn years_without_an_algorithm_are_left_alone() {
    assert!(stage(&[("dateOfDiagnosis", "1999"), ("primarySite", "C504")]).is_empty());
    assert!(stage(&[("primarySite", "C504")]).is_empty());
}

#[test]
fn the_synthetic_tumors_are_staged_by_their_years() {
    let Some(shared) = shared() else { return };
    let year = AsOf::year(2026);
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for file in ["full-abstract-v25.xml.gz", "full-abstract-v26.xml.gz", "incidence-v25.xml.gz"] {
        let file = std::fs::File::open(shared.join("synthetic").join(file)).unwrap();
        let mut reader = Reader::open(file, &ReadOptions::practical()).unwrap();
        let mut patient = Patient::default();
        while reader.read_patient(&mut patient).unwrap() {
            for tumor in &patient.tumors {
                let item = |id: &str| tumor.items.get(id).or_else(|| patient.items.get(id));
                for derived in stage_record(&Editions::shipped(), item, &year) {
                    *counts.entry((derived.algorithm.name(), derived.outcome.as_str())).or_default() += 1;
                }
            }
        }
    }
    let count = |algorithm, outcome: Outcome| counts.get(&(algorithm, outcome.as_str())).copied().unwrap_or(0);
    let staged = count("eod", Outcome::Staged);
    let all: usize = counts.iter().filter(|((name, _), _)| *name == "eod").map(|(_, many)| many).sum();
    assert!(all > 0 && staged * 10 >= all * 9, "{counts:?}");
    println!("{counts:?}");
}
