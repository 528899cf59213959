//! `accession synth` through the front door: sound files, whole or not at all, in little memory.

use std::fs;
use std::io::Read;

use crate::kit::{accession, measured};

#[test]
fn what_synth_writes_inspect_finds_sound() {
    let folder = tempfile::tempdir().unwrap();
    for (version, kind) in [("250", "A"), ("250", "I"), ("260", "A"), ("260", "I")] {
        let out = folder.path().join(format!("{version}-{kind}.xml.gz"));
        let out = out.to_str().unwrap();
        let made = ["synth", "--patients", "120", "--seed", "7", "--version", version, "--type", kind, "--out", out];
        accession(&made).expect_code(0);
        let found = accession(&["naaccr", "inspect", out, "--json"]).expect_code(0).json();
        assert_eq!((found["outcome"].as_str(), found["patients"].as_u64()), (Some("ok"), Some(120)));
        assert_eq!(found["root"]["recordType"], kind);
    }
}

#[test]
fn a_compressed_file_holds_the_bytes_of_the_plain_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plain, packed, ledger) = (path("a.xml"), path("a.xml.gz"), path("ledger.csv"));
    accession(&["synth", "--patients", "200", "--out", &plain, "--ledger", &ledger]).expect_code(0);
    accession(&["synth", "--patients", "200", "--out", &packed]).expect_code(0);
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(&packed).unwrap()).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, fs::read(&plain).unwrap());
    assert!(
        fs::read_to_string(&ledger).unwrap().starts_with("patientIdNumber,tumorRecordNumber,kind,detail,original\n")
    );
}

#[test]
fn memory_does_not_grow_with_the_number_of_patients() {
    let folder = tempfile::tempdir().unwrap();
    let peak = |patients: &str| {
        let out = folder.path().join("grow.xml").to_str().unwrap().to_owned();
        let run = measured(&["synth", "--patients", patients, "--out", &out], |_| ());
        run.outcome.expect_code(0);
        run.peak_kib
    };
    let (few, many) = (peak("500"), peak("6000"));
    assert!(many < few + 8 * 1024, "{few} KiB for 500 patients, {many} KiB for 6,000");
}

#[test]
fn what_cannot_be_made_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.xml");
    let refused = accession(&["synth", "--first-year", "1990", "--out", out.to_str().unwrap()]).expect_code(2);
    assert!(refused.stderr.contains("1990"), "{}", refused.stderr);
    let nowhere = folder.path().join("no/such/folder/a.xml");
    accession(&["synth", "--patients", "1", "--out", nowhere.to_str().unwrap()]).expect_code(2);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
