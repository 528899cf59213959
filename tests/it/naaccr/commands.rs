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

#[test]
fn repairs_are_offered_made_only_when_asked_for_and_listed_one_by_one() {
    let here = tempfile::tempdir().unwrap();
    let text = file("A", &[("12", &["C509"])]).replace(
        "<Item naaccrId=\"sex\">2</Item>",
        "<Item naaccrId=\"nameLast\"> X\u{1} </Item><Item naaccrId=\"laterality\">1</Item>",
    );
    let input = put(here.path(), "in.xml", &text);
    let out = here.path().join("out.xml").display().to_string();
    let offered = naaccr(&["check", &input, "--json"]).expect_code(1).json_lines();
    let pairs: Vec<_> = offered.iter().filter_map(|p| Some((p["kind"].as_str()?, p["repair"].as_str()?))).collect();
    assert!(pairs.contains(&("too_short", "pad")) && pairs.contains(&("wrong_level", "level")), "{pairs:?}");
    let would = naaccr(&["check", &input, "--json", "--repair", "pad,level"]).expect_code(1);
    assert_eq!(would.json_lines().iter().filter(|l| l["repair"].is_string() && l["kind"].is_null()).count(), 2);
    assert_eq!(std::fs::read_to_string(&input).unwrap(), text);

    let plain = naaccr(&["convert", &input, &out, "--json"]).expect_code(1).json();
    assert!(plain["repairs"].is_null());
    assert!(std::fs::read_to_string(&out).unwrap().contains(">12</Item>"));
    let made = naaccr(&["convert", &input, &out, "--json", "--repair", "control,trim,pad,level"]).expect_code(1).json();
    let done: Vec<_> = made["repairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["repair"].as_str().unwrap(), r["before"].as_str().unwrap(), r["after"].as_str().unwrap()))
        .collect();
    assert_eq!(
        done,
        [("pad", "12", "00000012"), ("control", " X\u{1} ", " X "), ("trim", " X ", "X"), ("level", "1", "Tumor")]
    );
    assert_eq!(made["repair_counts"]["pad"], serde_json::json!({"done": 1, "not_done": 0}));
    let after = naaccr(&["check", &out, "--json"]).expect_code(0);
    assert_eq!(after.stdout, "");
}

#[test]
fn a_code_given_up_is_right_for_diagnoses_up_to_its_last_year() {
    let (id, code) = ("brainMolecularMarkers", "10");
    let text = |version: &str| {
        file("A", &[("00000001", &["C719"])])
            .replace("dictionary-250", &format!("dictionary-{version}"))
            .replace("</Tumor>", &format!("<Item naaccrId=\"{id}\">{code}</Item></Tumor>"))
    };
    let kinds = |text: &str| {
        let ran = accession_with(&["naaccr", "check", "-", "--json"], text.as_bytes(), &[]);
        ran.json_lines().iter().map(|p| p["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&text("240")), [""; 0]);
    assert_eq!(kinds(&text("230")), ["bad_code"]);

    let retired = |date: &str| {
        // Documented up to version 18.
        let items = format!("<Item naaccrId=\"residualTumVolPostCytoreduction\">10</Item>{date}</Tumor>");
        kinds(&file("A", &[("00000001", &["C719"])]).replace("</Tumor>", &items))
    };
    assert_eq!(retired("<Item naaccrId=\"dateOfDiagnosis\">2018</Item>"), [""; 0]);
    assert_eq!(retired("<Item naaccrId=\"dateOfDiagnosis\">2019</Item>"), ["bad_code"]);
    assert_eq!(retired(""), ["bad_code"]);
}

#[test]
fn dictionaries_are_merged_and_contradictions_told() {
    let here = tempfile::tempdir().unwrap();
    let head = "naaccrId,naaccrNum,naaccrName,length,parentXmlElement\n";
    let one = put(here.path(), "a.csv", &format!("{head}itemA,10000,Item A,2,Tumor\nboth,10002,Both,1,Patient\n"));
    let two = put(here.path(), "b.csv", &format!("{head}itemB,10001,Item B,3,Tumor\nboth,10002,Both,1,Patient\n"));
    let made = naaccr(&["dictionary", "merge", &one, &two, "--uri", "http://x.org/m.xml", "--csv"]).expect_code(0);
    let ids: Vec<_> = made.stdout.lines().skip(1).map(|l| l.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(ids, ["itemA", "itemB", "both"]);
    let three = put(here.path(), "c.csv", &format!("{head}both,10002,Both,9,Patient\nother,10000,Other,2,Tumor\n"));
    let told = naaccr(&["dictionary", "merge", &one, &three, "--uri", "http://x.org/m.xml"]).expect_code(1);
    assert!(told.stderr.contains("both is defined differently"), "{}", told.stderr);
    assert!(told.stderr.contains("the number 10000 is used for itemA and other"), "{}", told.stderr);
    let merged = put(here.path(), "m.xml", &told.stdout);
    naaccr(&["dictionary", "check", &merged, "--json"]).expect_code(0);
}

#[test]
fn deidentify_leaves_nothing_that_names_and_lists_what_it_did() {
    let here = tempfile::tempdir().unwrap();
    let text = file("A", &[("00000001", &["C509", "C619"]), ("00000002", &["C341"])])
        .replace(
            "<Item naaccrId=\"sex\">",
            "<Item naaccrId=\"nameLast\">Tokenname</Item><Item naaccrId=\"dateOfBirth\">19600203</Item>\
             <Item naaccrId=\"ownItem\">Tokenown</Item><Item naaccrId=\"sex\">",
        )
        .replace(
            "</Tumor>",
            "<Item naaccrId=\"dateOfDiagnosis\">20200405</Item><Item naaccrId=\"addrAtDxCity\">TOKENCITY</Item></Tumor>",
        );
    let input = put(here.path(), "in.xml", &text);
    let key = put(here.path(), "key", "a secret of more than sixteen bytes");
    let out = here.path().join("out.xml").display().to_string();
    let ran = naaccr(&["deidentify", &input, &out, "--level", "deidentified", "--key-file", &key, "--json"]);
    let said = ran.expect_code(0).json();
    assert_eq!(said["written"]["tumors"], 3);
    let item = |id: &str| said["items"].as_array().unwrap().iter().find(|i| i["item"] == id).unwrap().clone();
    assert_eq!((&item("nameLast")["dropped"], &item("dateOfBirth")["changed"]), (&2.into(), &2.into()));
    let written = std::fs::read_to_string(&out).unwrap();
    for gone in ["Token", "TOKEN", "00000001", "0203", "0405", "ownItem"] {
        assert!(!written.contains(gone), "{gone}: {written}");
    }
    assert!(written.contains("<Item naaccrId=\"dateOfDiagnosis\">2020</Item>") && written.contains("recordType=\"I\""));
    // A valid file again, and the same one with the same secret.
    naaccr(&["inspect", &out, "--mode", "strict"]).expect_code(0);
    let again = here.path().join("again.xml").display().to_string();
    naaccr(&["deidentify", &input, &again, "--level", "deidentified", "--key-file", &key]).expect_code(0);
    assert_eq!(std::fs::read_to_string(&again).unwrap(), written);
    naaccr(&["deidentify", &input, &again, "--level", "deidentified"]).expect_code(0);
    assert_ne!(std::fs::read_to_string(&again).unwrap(), written);
    naaccr(&["deidentify", &input, &again, "--level", "limited", "--key-file", &key]).expect_code(0);
    let limited = std::fs::read_to_string(&again).unwrap();
    assert!(limited.contains("20200405") && !limited.contains("Token") && !limited.contains("TOKEN"));
}

#[test]
fn every_bound_is_a_setting_of_the_environment_with_a_message_of_its_own() {
    let here = tempfile::tempdir().unwrap();
    let text = file("I", &[("00000001", &["C509"]), ("00000002", &["C341"])]);
    let text = text.replacen("</Tumor>", "<o:a xmlns:o=\"http://o\"><o:b><o:c/></o:b></o:a></Tumor>", 1);
    let plain = put(here.path(), "in.xml", &text);
    let packed = here.path().join("bomb.xml.gz");
    let mut gzip = flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::best());
    std::io::Write::write_all(&mut gzip, text.replace("</NaaccrData>", "").as_bytes()).unwrap();
    std::io::Write::write_all(&mut gzip, &vec![b' '; 20 << 20]).unwrap();
    gzip.finish().unwrap();
    let packed = packed.display().to_string();
    let mut said: Vec<String> = Vec::new();
    for (file, name, value) in [
        (&plain, "ACCESSION_MAX_VALUE", "3"),
        (&plain, "ACCESSION_MAX_PATIENT", "100"),
        (&plain, "ACCESSION_MAX_TOTAL", "400"),
        (&plain, "ACCESSION_MAX_DEPTH", "1"),
        (&plain, "ACCESSION_MAX_ATTRIBUTES", "2"),
        (&packed, "ACCESSION_MAX_RATIO", "20"),
    ] {
        let words = ["naaccr", "inspect", file.as_str(), "--json", "--max-problems", "0"];
        let run = accession_with(&words, b"", &[(name, value)]).expect_code(2);
        let fatal = run.json()["fatal"].clone();
        assert!(fatal["message"].as_str().is_some_and(|m| !m.is_empty()), "{name}: {fatal}");
        said.push(fatal["message"].to_string());
        // What is given on the line wins.
        if name == "ACCESSION_MAX_VALUE" {
            accession_with(&["naaccr", "inspect", file, "--max-value", "9000"], b"", &[(name, value)]).expect_code(0);
        }
    }
    let many = said.len();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), many, "{said:?}");
    let run = accession_with(
        &["naaccr", "inspect", &plain],
        b"",
        &[("ACCESSION_JSON", "yes"), ("ACCESSION_UNKNOWN", "keep")],
    );
    assert!(run.stdout.starts_with('{'), "{}", run.stdout);
    let run = accession_with(&["naaccr", "inspect", &plain], b"", &[("ACCESSION_MAX_DEPTH", "deep")]).expect_code(2);
    assert!(run.stderr.contains("deep") && run.stderr.contains("max-depth"), "{}", run.stderr);
}
