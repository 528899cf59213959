//! The commands that cut, join, compare and convert files.

use std::path::Path;

use serde_json::Value;

use crate::kit::{Outcome, accession, accession_with};

fn file(record_type: &str, patients: &[(&str, &[&str])]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\"?>\n<NaaccrData baseDictionaryUri=\"http://naaccr.org/naaccrxml/naaccr-dictionary-250.xml\" \
         recordType=\"{record_type}\" specificationVersion=\"1.8\" xmlns=\"http://naaccr.org/naaccrxml\">\n"
    );
    for (number, sites) in patients {
        text += &format!("<Patient><Item naaccrId=\"patientIdNumber\">{number}</Item><Item naaccrId=\"sex\">2</Item>");
        for (n, site) in sites.iter().enumerate() {
            text += &format!(
                "<Tumor><Item naaccrId=\"tumorRecordNumber\">{:02}</Item><Item naaccrId=\"primarySite\">{site}</Item></Tumor>",
                n + 1
            );
        }
        text += "</Patient>\n";
    }
    text + "</NaaccrData>\n"
}

fn naaccr(arguments: &[&str]) -> Outcome {
    let all: Vec<&str> = std::iter::once("naaccr").chain(arguments.iter().copied()).collect();
    accession(&all)
}

fn put(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn inspected(path: &str) -> Value {
    naaccr(&["inspect", path, "--json"]).json()
}

#[test]
fn filter_keeps_the_tumors_its_conditions_hold_for() {
    let here = tempfile::tempdir().unwrap();
    let input = put(
        here.path(),
        "in.xml",
        &file("I", &[("00000001", &["C509", "C619"]), ("00000002", &["C341"]), ("00000003", &[])]),
    );
    let out = here.path().join("out.xml").display().to_string();
    let ran = naaccr(&["filter", &input, &out, "--where", "primarySite=C50*,C34*", "--where", "sex=2", "--json"])
        .expect_code(0);
    assert_eq!(ran.json()["written"]["tumors"], 2);
    assert_eq!(inspected(&out)["patients"], 2);
    naaccr(&["filter", &input, &out, "--where", "primarySite=C61*", "--whole-patients"]).expect_code(0);
    assert_eq!(inspected(&out)["tumors"], 2);
    naaccr(&["filter", &input, &out, "--where", "primarySite"]).expect_code(2);
}

#[test]
fn split_and_merge_give_back_the_same_content() {
    let here = tempfile::tempdir().unwrap();
    let whole = file("I", &[("00000001", &["C509"]), ("00000002", &["C341"]), ("00000003", &["C509"])]);
    let input = put(here.path(), "in.xml", &whole);
    let into = here.path().join("parts").display().to_string();
    let parts =
        naaccr(&["split", &input, "--into", &into, "--patients", "2", "--gzip", "--json"]).expect_code(0).json_lines();
    assert_eq!(parts.iter().map(|p| p["patients"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 1]);
    let out = here.path().join("out.xml").display().to_string();
    let names: Vec<&str> = parts.iter().map(|p| p["file"].as_str().unwrap()).collect();
    naaccr(&["merge", names[0], names[1], "--out", &out]).expect_code(0);
    assert_eq!(inspected(&out)["digest"], inspected(&input)["digest"]);
    let by = naaccr(&["split", &input, "--into", &into, "--by", "primarySite", "--json"]).expect_code(0).json_lines();
    assert_eq!(by.iter().map(|p| p["value"].as_str().unwrap()).collect::<Vec<_>>(), ["C341", "C509"]);
    let other = put(here.path(), "other.xml", &file("A", &[]));
    let refused = naaccr(&["merge", &input, &other, "--out", &out]).expect_code(2);
    assert!(refused.stderr.contains("convert it first"), "{}", refused.stderr);
}

#[test]
fn diff_names_patient_tumor_item_and_both_values() {
    let here = tempfile::tempdir().unwrap();
    let before = put(here.path(), "a.xml", &file("I", &[("00000001", &["C509", "C619"]), ("00000002", &["C341"])]));
    let after = put(here.path(), "b.xml", &file("I", &[("00000003", &["C341"]), ("00000001", &["C509", "C620"])]));
    let found = naaccr(&["diff", &before, &after, "--json"]).expect_code(1).json_lines();
    let changes: Vec<&str> = found.iter().filter_map(|d| d["change"].as_str()).collect();
    assert_eq!(changes, ["patient-removed", "patient-added", "item"]);
    assert_eq!(
        (&found[2]["tumor"], &found[2]["before"], &found[2]["after"]),
        (&"02".into(), &"C619".into(), &"C620".into())
    );
    naaccr(&["diff", &before, &before]).expect_code(0);
}

#[test]
fn stats_count_values_and_name_no_person() {
    let here = tempfile::tempdir().unwrap();
    let text = file("A", &[("00000001", &["C509", "C619"]), ("00000002", &["C509"])])
        .replace("<Item naaccrId=\"sex\">", "<Item naaccrId=\"nameLast\">Tokenname</Item><Item naaccrId=\"sex\">");
    let input = put(here.path(), "in.xml", &text);
    let ran = naaccr(&["stats", &input, "--json"]).expect_code(0);
    assert!(!ran.stdout.contains("Tokenname"));
    let found = ran.json();
    let site = found["items"].as_array().unwrap().iter().find(|i| i["item"] == "primarySite").unwrap();
    assert_eq!((&site["filled"], &site["distinct"]), (&3.into(), &2.into()));
    assert_eq!(site["top"][0]["value"], "C509");
}

#[test]
fn check_prints_every_problem_with_its_place() {
    let text = file("A", &[("1", &["C50"])]);
    let ran = accession_with(&["naaccr", "check", "-", "--json"], text.as_bytes(), &[]).expect_code(1);
    let found = ran.json_lines();
    assert!(found.iter().any(|p| p["kind"] == "too_short" && p["line"] == 3 && p["patient"] == 1), "{found:?}");
    let csv = accession_with(&["naaccr", "check", "-", "--csv"], text.as_bytes(), &[]).expect_code(1).stdout;
    assert!(csv.starts_with("kind,severity,line,column,patient"));
    assert_eq!(csv.lines().count(), found.len() + 1);
}

#[test]
fn convert_carries_versions_and_types_and_lists_what_it_cannot() {
    let here = tempfile::tempdir().unwrap();
    let text = file("A", &[("00000001", &["C509"])]).replace(
        "<Item naaccrId=\"sex\">2</Item>",
        "<Item naaccrId=\"nameLast\">X</Item><Item naaccrId=\"sex\">2</Item>",
    );
    let input = put(here.path(), "in.xml", &text);
    let out = here.path().join("out.xml.gz").display().to_string();
    let ran = naaccr(&["convert", &input, &out, "--version", "260", "--type", "I", "--json"]).expect_code(1).json();
    assert_eq!(
        ran["lost"],
        serde_json::json!([{"item": "nameLast", "number": 2230, "reason": "record_type", "count": 1}])
    );
    let csv = here.path().join("out.csv").display().to_string();
    naaccr(&["convert", &out, &csv, "--to", "csv", "--include", "patientIdNumber,sexAssignedAtBirth,primarySite"])
        .expect_code(0);
    assert_eq!(
        std::fs::read_to_string(&csv).unwrap(),
        "patientIdNumber,sexAssignedAtBirth,primarySite\n00000001,2,C509\n"
    );
    let lines = naaccr(&["convert", &out, "-", "--to", "jsonl"]).expect_code(0);
    assert_eq!(lines.json()["tumors"][0]["primarySite"], "C509");
    let refused = naaccr(&["convert", &input, &out, "--to", "fixed", "--json"]).expect_code(2);
    assert_eq!(refused.json()["fatal"]["kind"], "flat_not_supported_for_version");
}

#[test]
fn a_user_dictionary_goes_to_csv_and_back() {
    let here = tempfile::tempdir().unwrap();
    let csv = put(
        here.path(),
        "d.csv",
        "naaccrId,naaccrNum,naaccrName,length,parentXmlElement\nmyItem,10000,My item,2,Tumor\n",
    );
    let made = naaccr(&["dictionary", "csv", &csv, "--uri", "http://x.org/d.xml", "--version", "250"]).expect_code(0);
    let dictionary = put(here.path(), "d.xml", &made.stdout);
    naaccr(&["dictionary", "check", &dictionary, "--json"]).expect_code(0);
    let back = naaccr(&["dictionary", "csv", &dictionary]).expect_code(0);
    assert!(back.stdout.contains("myItem,10000,My item,2,"));
    let found = naaccr(&["dictionary", "diff", "250", "260", "--json"]).expect_code(1).json_lines();
    assert!(found.iter().any(|d| d["change"] == "added" && d["item"] == "sexAssignedAtBirth"));
}
