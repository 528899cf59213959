//! What is asked of readers of outside bytes: they never panic, never hang, and what they accept they can write again.
//!
//! Each target takes any bytes. The fuzzer calls them, and so do the tests, with the corpus and with bytes changed at
//! random; `naaccr` is the room, wherever the parent has it from.

use super::naaccr::{
    Dictionary, Format, Limits, Patient, ReadOptions, Reader, RepairKind, Repairs, Root, Unknown, WriteOptions, Writer,
    dictionary_csv, dictionary_from_csv, dictionary_xml, differences, load_dictionary, merged,
};

const LIMITS: Limits =
    Limits { depth: 20, value: 1 << 16, patient: 1 << 20, attributes: 50, total: 1 << 22, ratio: 100 };

/// Reads a file to its end in one of the ways; gives what was read.
pub fn read(bytes: &[u8], options: &ReadOptions) -> Option<(Root, Vec<Patient>)> {
    let mut reader = Reader::open(bytes, options).ok()?;
    let mut patients = Vec::new();
    let mut patient = Patient::default();
    loop {
        match reader.read_patient(&mut patient) {
            Ok(true) => {
                assert!(patients.len() < 300_000, "more patients than the file can hold");
                assert!(!reader.patient_source().is_empty());
                patients.push(patient.clone());
            }
            Ok(false) => return Some((reader.root().clone(), patients)),
            Err(_) => return None,
        }
    }
}

/// Reads bytes in every way and writes what was read.
pub fn every_way(bytes: &[u8], formats: &[Format]) {
    for options in [ReadOptions::strict(), ReadOptions::practical(), ReadOptions::salvage(), ReadOptions::import()] {
        for format in formats {
            let options = ReadOptions { limits: LIMITS, format: *format, ..options.clone() };
            if let Some((root, patients)) = read(bytes, &options) {
                written_and_read(&root, patients);
            }
        }
    }
}

fn written_and_read(root: &Root, mut patients: Vec<Patient>) {
    let write = |patients: &[Patient]| {
        let mut writer = Writer::new(Vec::new(), root, &WriteOptions::default()).expect("memory takes all");
        patients.iter().for_each(|p| writer.write_patient(p).expect("memory takes all"));
        let (_, lost, written) = writer.finish().expect("memory takes all");
        (lost, written)
    };
    let (lost, written) = write(&patients);
    let again = ReadOptions { format: Format::Xml, unknown: Unknown::Keep, ..ReadOptions::practical() };
    let (_, back) = read(&written, &again).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&written)));
    // A carriage return becomes a line feed when written: the one change that is meant.
    let plain = patients.iter().all(|p| {
        p.items
            .iter()
            .chain(p.tumors.iter().flat_map(|t| t.items.iter()))
            .all(|e| !e.value.contains('\r') && e.id.trim() == e.id)
    });
    if lost.is_empty() && plain {
        assert!(back == patients, "read back otherwise:\n{}", String::from_utf8_lossy(&written));
    }
    let mut repairs = Repairs::new(root.version, &RepairKind::ALL, &[], 100);
    patients.iter_mut().for_each(|p| repairs.patient(p));
    let before = patients.clone();
    let mut repairs = Repairs::new(root.version, &[RepairKind::Control, RepairKind::Cut], &[], 100);
    patients.iter_mut().for_each(|p| repairs.patient(p));
    assert!(patients == before, "a repair that was made is made again");
}

/// Bytes as NAACCR XML, packed or not.
pub fn xml(bytes: &[u8]) {
    every_way(bytes, &[Format::Auto, Format::Xml]);
}

/// Bytes as fixed columns.
pub fn fixed(bytes: &[u8]) {
    every_way(bytes, &[Format::Fixed]);
}

/// Bytes as a dictionary in XML, and as one in CSV.
pub fn dictionary(bytes: &[u8]) {
    for loaded in [load_dictionary(bytes), dictionary_from_csv(bytes, "http://x/d.xml", "")].into_iter().flatten() {
        assert!(loaded.problems.iter().all(|p| p.line > 0));
        let all: [&Dictionary; 2] = [&loaded.dictionary, &loaded.dictionary];
        let (one, _) = merged(&all, loaded.dictionary.uri());
        differences(&loaded.dictionary, &one);
        dictionary_csv(&loaded.dictionary);
        let xml = dictionary_xml(&loaded.dictionary, "", "");
        let again = load_dictionary(xml.as_bytes());
        assert!(again.is_ok_and(|a| a.dictionary.items().len() == loaded.dictionary.items().len()), "{xml}");
    }
}
