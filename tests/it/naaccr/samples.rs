//! The published samples read as their README says, and 18 goes to fixed columns and back unchanged.

use std::path::Path;

use serde_json::Value;

use super::shared;
use crate::kit::{Outcome, accession};

fn inspect(path: &Path, more: &[&str]) -> Outcome {
    let mut arguments = vec!["naaccr", "inspect", path.to_str().unwrap(), "--json"];
    arguments.extend(more);
    accession(&arguments)
}

#[test]
fn published_samples_are_valid_without_warning_in_every_mode() {
    let Some(folder) = shared() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".xml.gz") {
            continue;
        }
        for mode in ["strict", "practical", "salvage"] {
            let ran = inspect(&path, &["--mode", mode]);
            let found: Value = ran.json();
            assert_eq!(found["outcome"], "ok", "{name} {mode} {found}");
            let tumors: u64 = name.rsplit('-').next().unwrap().trim_end_matches(".xml.gz").parse().unwrap();
            assert_eq!(found["tumors"], tumors, "{name}");
        }
        read += 1;
    }
    assert!(read >= 20, "{read}");
}

#[test]
fn ten_tumors_are_the_same_in_fixed_columns_and_in_xml() {
    let Some(folder) = shared() else { return };
    let fixed =
        inspect(&folder.join("samples/synthetic-data_naaccr-180-incidence_10-records.txt"), &["--mode", "strict"]);
    let xml = inspect(&folder.join("samples/synthetic-data_naaccr-180-incidence_10-tumors.xml"), &["--mode", "strict"]);
    let (fixed, xml) = (fixed.json(), xml.json());
    assert_eq!((&fixed["patients"], &fixed["tumors"]), (&xml["patients"], &xml["tumors"]));
    assert_eq!(fixed["outcome"], "ok");
    assert_eq!(fixed["digest"], xml["digest"], "{fixed} {xml}");
}

#[test]
fn version_18_goes_to_fixed_columns_and_back() {
    let Some(folder) = shared() else { return };
    let here = tempfile::tempdir().unwrap();
    let (fixed, back) = (here.path().join("fixed.txt"), here.path().join("back.xml"));
    for name in ["abstract-10", "abstract-100", "incidence-10"] {
        let sample = folder.join(format!("samples/naaccr-xml-sample-v180-{name}.xml.gz"));
        let path = |p: &Path| p.to_str().unwrap().to_owned();
        let there = accession(&["naaccr", "convert", &path(&sample), &path(&fixed), "--to", "fixed", "--json"]);
        assert_eq!(there.code, Some(0), "{} {}", there.stdout, there.stderr);
        accession(&["naaccr", "convert", &path(&fixed), &path(&back), "--json"]).expect_code(0);
        // A line always carries its type and version; the sample leaves them out.
        let ignored = "recordType,naaccrRecordVersion";
        let (before, after) =
            (inspect(&sample, &["--exclude", ignored]).json(), inspect(&back, &["--exclude", ignored]).json());
        assert_eq!(before["digest"], after["digest"], "{name}");
        assert_eq!(before["tumors"], after["tumors"]);
    }
}

#[test]
fn fixed_column_samples_of_14_15_and_18_are_read() {
    let Some(folder) = shared() else { return };
    for (name, patients) in [
        ("fake-naaccr14-1-rec.txt.gz", 1),
        ("fake-naaccr15-1-rec.txt.gz", 1),
        ("synthetic-naaccr-18-abstract.txt.gz", 20),
    ] {
        let found = inspect(&folder.join("samples").join(name), &[]).json();
        assert_eq!(found["fatal"], Value::Null, "{name} {found}");
        assert_eq!(found["tumors"], patients, "{name}");
    }
}

#[test]
fn a_file_with_items_of_its_own_needs_its_dictionary() {
    let Some(folder) = shared() else { return };
    let file = folder.join("samples/synthetic-data_naaccr-210-incidence_10-tumors_non-standard.xml");
    let dictionary = folder.join("samples/my-dictionary.xml");
    let with = inspect(&file, &["--mode", "strict", "--user-dictionary", dictionary.to_str().unwrap()]).json();
    assert_eq!(with["outcome"], "ok", "{with}");
    let without = inspect(&file, &["--mode", "strict"]).json();
    assert_eq!(without["outcome"], "errors");
    let kept = inspect(&file, &[]).json();
    assert_eq!(kept["items"], with["items"]);
}

#[test]
fn state_dictionaries_are_loaded_and_every_problem_has_its_line() {
    let Some(folder) = shared() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("samples/user-dictionaries")).unwrap() {
        let path = entry.unwrap().path();
        let ran = accession(&["naaccr", "dictionary", "check", path.to_str().unwrap(), "--json"]);
        let found = ran.json();
        println!("{} {found}", path.file_name().unwrap().to_string_lossy());
        assert_ne!(found["outcome"], "fatal", "{found}");
        assert!(found["problems"].as_array().unwrap().iter().all(|p| p["line"].as_u64().unwrap() > 0));
        read += 1;
    }
    assert_eq!(read, 6);
    for version in ["140", "150", "160", "180", "210", "220", "230", "240", "250", "260"] {
        let path = folder.join(format!("dictionaries/naaccr-dictionary-{version}.xml"));
        let ran = accession(&["naaccr", "dictionary", "check", path.to_str().unwrap(), "--json"]);
        assert_eq!(ran.code, Some(0), "{version} {}", ran.stdout);
    }
}
