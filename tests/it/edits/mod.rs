//! The edits by the command line: lines of cases, files, the seeded errors of the synthetic file.

mod clean_file;
mod registry;

use std::collections::HashMap;
use std::path::PathBuf;

use accession::naaccr::{Patient, ReadOptions, Reader};
use serde_json::Value;

use crate::kit::{accession, accession_with};

fn edits_of(line: &Value) -> Vec<&str> {
    line["failures"].as_array().unwrap().iter().map(|failure| failure["edit"].as_str().unwrap()).collect()
}

#[test]
fn lines_of_cases_are_answered_in_order_and_a_bad_one_does_not_stop_the_run() {
    let lines = concat!(
        r#"{"id":7,"patient":{},"tumors":[{"primarySite":"C342","laterality":"2"}]}"#,
        "\nno case\n",
        r#"{"id":"b","patient":{},"tumors":[{"primarySite":"C342","laterality":"1","noSuchItem":"1"}]}"#,
        "\n"
    );
    let answers =
        accession_with(&["edits", "cases", "--as-of", "2026-06-30"], lines.as_bytes(), &[]).expect_code(1).json_lines();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["id"], 7);
    let failure = answers[0]["failures"]
        .as_array()
        .unwrap()
        .iter()
        .find(|failure| failure["edit"] == "lat-middle-lobe-left")
        .expect("the middle lobe is told")
        .clone();
    assert_eq!(
        (&failure["severity"], &failure["family"], &failure["tumor"]),
        (&"error".into(), &"laterality".into(), &0.into())
    );
    assert_eq!(failure["items"][0], "laterality");
    assert_eq!(answers[1]["line"], 2);
    assert!(answers[1]["error"].is_string());
    assert!(
        edits_of(&answers[2]).contains(&"unknown-item") && !edits_of(&answers[2]).contains(&"lat-middle-lobe-left")
    );
}

#[test]
fn a_clean_case_ends_with_zero_and_an_unknown_set_with_two() {
    let line = br#"{"id":1,"patient":{"sexAssignedAtBirth":"1"},"tumors":[{"primarySite":"C619"}]}"#;
    let answers = accession_with(&["edits", "cases", "--set", "optional"], line, &[]).expect_code(0).json_lines();
    assert_eq!(answers[0]["failures"], serde_json::json!([]));
    accession_with(&["edits", "cases", "--set", "no-such-set"], line, &[]).expect_code(2);
}

#[test]
fn a_file_gives_a_line_a_patient_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("made.xml");
    let file = file.to_str().unwrap();
    accession(&["synth", "--patients", "20", "--seed", "3", "--out", file]).expect_code(0);
    let lines = accession(&["edits", "run", file, "--set", "seer", "--as-of", "2026-11-02", "--json"]).json_lines();
    let (summary, patients) = lines.split_last().unwrap();
    assert_eq!(patients.len() as u64, summary["summary"]["patients"].as_u64().unwrap());
    let told: usize = patients.iter().map(|line| line["failures"].as_array().unwrap().len()).sum();
    assert_eq!(told as u64, summary["summary"]["failures"].as_u64().unwrap());
}

#[test]
fn a_states_own_file_is_tested_and_run_without_a_build() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.toml");
    let text = "[file]\nfamily = \"address\"\nagency = \"IA\"\nsets = [\"state-example\"]\nsource = \"our rule\"\n\n[[edit]]\nid = \"ia-county\"\nfail = \"countyAtDx = 001\"\nmessage = \"County {countyAtDx} is not used.\"\nfails = [{ countyAtDx = \"001\" }]\npasses = [{ countyAtDx = \"003\" }]\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    accession(&["edits", "test", file]).expect_code(0);
    let case = br#"{"id":1,"patient":{},"tumors":[{"countyAtDx":"001"}]}"#;
    let run = ["edits", "cases", "--set", "state-example", "--edits", file];
    let answers = accession_with(&run, case, &[]).expect_code(1).json_lines();
    assert!(edits_of(&answers[0]).contains(&"ia-county"), "{answers:?}");
    std::fs::write(file, text.replace("= 001\"", "= 1\"")).unwrap();
    let told = accession(&["edits", "test", file]).expect_code(1).stdout;
    assert!(
        told.contains("state.toml:9:22: edit ia-county: 1 has 1 characters, but countyAtDx has exactly 3"),
        "{told}"
    );
}

#[test]
fn no_mutant_of_a_shipped_edit_survives() {
    let told = accession(&["edits", "mutants", "--json"]).expect_code(0).json();
    assert!(told["mutants"].as_u64().unwrap() > 3_000 && told["survivors"].as_array().unwrap().is_empty());
}

#[test]
fn a_second_reader_who_saw_message_and_source_agrees_with_sixty_drawn_edits() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/edits/second_reader.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let drawn = accession(&["edits", "list", "--draw", "60", "--json"]).expect_code(0).json_lines();
    assert_eq!(drawn.len(), 60);
    for line in &drawn {
        let id = format!("{{\"edit\":\"{}\",", line["id"].as_str().unwrap());
        assert_eq!(text.lines().filter(|one| one.starts_with(&id)).count(), 2, "{id}");
    }
    let told = accession(&["edits", "test", "--cases", file.to_str().unwrap(), "--json"]).expect_code(0).json();
    assert_eq!((told["edits"].as_u64(), told["tests"].as_u64()), (Some(60), Some(120)));
}

#[test]
fn a_cause_is_one_line_with_rule_source_agencies_and_values_to_choose() {
    let line = br#"{"id":1,"patient":{"sexAssignedAtBirth":"2"},"tumors":[{"primarySite":"C342","laterality":"2","histologicTypeIcdO3":"8140","behaviorCodeIcdO3":"3","dateOfDiagnosis":"20240501"}]}"#;
    let run = ["edits", "cases", "--explain", "--set", "seer", "--as-of", "2026-06-30"];
    let answers = accession_with(&run, line, &[]).expect_code(1).json_lines();
    let causes = answers[0]["causes"].as_array().unwrap();
    let lobe = causes.iter().find(|cause| cause["edits"][0] == "lat-middle-lobe-left").unwrap();
    assert_eq!(lobe["items"][0]["value"], "2 (Left (origin of primary))");
    assert_eq!(lobe["fixes"][0]["item"], "laterality");
    assert_eq!(lobe["fixes"][0]["values"][0]["value"], "1");
    assert!(lobe["rule"].as_str().unwrap().contains("it fails if Laterality is not 1"), "{lobe}");
    assert!(!lobe["source"].as_str().unwrap().is_empty() && lobe["agencies"][0] == "SEER");
}

/// Where the seeded error must be found: on one of these items, among the first three of a failure.
fn wanted(error: &str) -> &'static [&'static str] {
    match error {
        "sex-site" => &["sexAssignedAtBirth", "primarySite"],
        "dx-after-contact" => &["dateOfDiagnosis", "dateOfLastContact"],
        "bad-month" => &["dateOfDiagnosis", "dateOfBirth", "dateOfLastContact"],
        "bad-site" => &["primarySite"],
        "missing-laterality" => &["laterality"],
        "missing-behavior" | "insitu-distant" => &["behaviorCodeIcdO3", "summaryStage2018", "seerSummaryStage2000"],
        "alive-with-cause" => &["vitalStatus", "causeOfDeath"],
        "age-mismatch" => &["ageAtDiagnosis", "dateOfBirth"],
        "sequence-wrong" => &["sequenceNumberCentral"],
        "unknown-county" => &["countyAtDx"],
        "future-contact" => &["dateOfLastContact"],
        "padded-value" => &["nameLast"],
        "histology-invalid" => &["histologicTypeIcdO3"],
        _ => &[],
    }
}

#[test]
fn the_seeded_errors_of_the_synthetic_file_are_found_on_their_items() {
    let shared = std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join("synthetic");
    let file = shared.join("with-errors-v25.xml.gz");
    let Ok(opened) = std::fs::File::open(&file) else {
        println!("skipped: the synthetic files are not at {}", shared.display());
        return;
    };
    let mut reader = Reader::open(opened, &ReadOptions::practical()).unwrap();
    let mut patient = Patient::default();
    let mut known: HashMap<String, (usize, Vec<String>, bool)> = HashMap::new();
    while reader.read_patient(&mut patient).unwrap() {
        let id = patient.items.get("patientIdNumber").unwrap_or("").to_owned();
        let numbers =
            patient.tumors.iter().map(|t| t.items.get("tumorRecordNumber").unwrap_or("").to_owned()).collect();
        let dead = patient.items.get("vitalStatus") == Some("0");
        known.entry(id).or_insert((patient.ordinal as usize - 1, numbers, dead));
    }
    let run = ["edits", "run", file.to_str().unwrap(), "--set", "all", "--as-of", "2024-12-31", "--json"];
    let lines = accession(&run).expect_code(1).json_lines();
    let (mut seeded, mut missed) = (0, Vec::new());
    for row in csv::Reader::from_path(shared.join("with-errors-v25.ledger.csv")).unwrap().records().map(Result::unwrap)
    {
        let (error, visible) = (&row[2], &row[3]);
        let (at, tumors, dead) = &known[&row[0]];
        // The same person twice is the matcher's to find. Cause of death of a dead patient contradicts nothing.
        if visible != "1" || error == "duplicate-patient" || error == "alive-with-cause" && *dead {
            continue;
        }
        seeded += 1;
        let tumor = tumors.iter().position(|number| *number == row[1]);
        let found = lines[*at]["failures"].as_array().unwrap().iter().any(|failure| {
            let there = failure["tumor"].is_null() || failure["tumor"].as_u64().map(|n| n as usize) == tumor;
            let items = failure["items"].as_array().unwrap();
            let right = items.iter().take(3).any(|item| wanted(error).contains(&item.as_str().unwrap()));
            there && right && (failure["kind"] != "required" || error.starts_with("missing"))
        });
        if !found {
            missed.push(format!("{} {} {error}", &row[0], &row[1]));
        }
    }
    assert!(seeded > 250, "{seeded}");
    assert!(missed.len() * 100 <= seeded * 2, "{} of {seeded}: {missed:?}", missed.len());
}
