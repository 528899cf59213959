//! What is asked of the reader of staging archives and of the engine: any bytes as an archive are an edition or a
//! refusal, any text as a case has an answer; nothing panics, nothing takes long.
//!
//! The fuzzer calls the targets, and so do the tests with the corpus; `staging` is the room, wherever the parent has
//! it from.

use std::io::{Cursor, Write};

use super::staging::{Algorithm, AsOf, Checks, Edition, Keep, Mode, compile_archive};

/// Begins an entry in the plain writing of an archive: `=== schemas/one.json`, its text in the lines below.
const ENTRY: &str = "=== ";

/// Bytes as an archive: a zip, or the plain writing of one, which the fuzzer can change without breaking a checksum.
pub fn archive(bytes: &[u8]) {
    let made;
    let zip = match std::str::from_utf8(bytes) {
        Ok(text) if text.starts_with(ENTRY) => {
            made = packed(text);
            &made[..]
        }
        _ => bytes,
    };
    for checks in [Checks::Full, Checks::Reference] {
        if let Ok(edition) = Edition::from_archive_with(zip, checks) {
            tried(&edition);
        }
    }
    if let Ok(compiled) = compile_archive(zip, Keep::Everything) {
        let again = Edition::from_compiled(&compiled).expect("what was compiled can be opened");
        tried(&again);
    }
    // The compact form is outside bytes as well once it stands in a registry.
    if let Ok(edition) = Edition::from_compiled(bytes) {
        tried(&edition);
    }
}

/// The plain writing as a zip.
fn packed(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for entry in text.split(ENTRY).skip(1) {
        let (name, body) = entry.split_once('\n').unwrap_or((entry, ""));
        if zip.start_file(name, stored).is_ok() {
            zip.write_all(body.as_bytes()).expect("memory takes all");
        }
    }
    zip.finish().expect("memory takes all").into_inner()
}

/// A few cases of each schema: nothing but what selects it, and every input filled.
fn tried(edition: &Edition) {
    let year = AsOf::year(2026);
    for schema in edition.schemas().take(3) {
        let keys: Vec<String> = schema.inputs().map(|input| input.key().to_owned()).take(200).collect();
        for fill in ["", "1", "C509", "8000", "2020"] {
            let values: Vec<(&str, Option<&str>)> = keys
                .iter()
                .map(|key| match key.as_str() {
                    "site" => (key.as_str(), Some("C509")),
                    "hist" => (key.as_str(), Some("8000")),
                    "year_dx" => (key.as_str(), Some("2020")),
                    _ => (key.as_str(), (fill != "C509").then_some(fill)),
                })
                .collect();
            asked(edition, &values, &year);
        }
        edition.facts(schema.id());
    }
}

/// One case, through everything that answers.
fn asked(edition: &Edition, values: &[(&str, Option<&str>)], year: &AsOf) {
    for mode in [Mode::Strict, Mode::Practical] {
        let (told, steps) = edition.explain(values.iter().copied(), year, mode);
        let staged = edition.stage(values.iter().copied(), year, mode);
        assert_eq!((told.outcome, &told.outputs, &told.problems), (staged.outcome, &staged.outputs, &staged.problems));
        assert!(steps.len() < 20_000 && staged.path().len() <= 20_000);
        staged.path_checksum();
        edition.schemas_matching(values.iter().copied(), mode);
    }
    edition.find(values.iter().copied());
    if let (Some((key, value)), Some(schema)) = (values.first(), edition.schemas().next()) {
        edition.is_code_valid(schema.id(), key, *value, year);
    }
}

/// Bytes as a case: the first byte chooses the algorithm, the next two the year that is now, then `key=value` lines; a
/// line without `=` is a key without a value.
pub fn input(bytes: &[u8]) {
    let Some((head, lines)) = bytes.split_first_chunk::<3>() else { return };
    let algorithm = Algorithm::ALL[usize::from(head[0]) % 4];
    let year = AsOf::year(u16::from_be_bytes([head[1], head[2]]));
    let text = String::from_utf8_lossy(lines);
    let values: Vec<(&str, Option<&str>)> = text
        .split('\n')
        .map(|line| line.split_once('=').map_or((line, None), |(key, value)| (key, Some(value))))
        .take(300)
        .collect();
    asked(algorithm.shipped(), &values, &year);
}
