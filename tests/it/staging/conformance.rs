//! Every line of the official engine's answers equal. The current year of those answers is 2026.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::LazyLock;

use accession::staging::{AsOf, Edition, Mode, SHIPPED, compile_archive};
use serde_json::{Map, Value, json};

/// The folder of official files, when it is there.
pub fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("ACCESSION_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    folder.join("staging").is_dir().then_some(folder)
}

/// Every algorithm as it is compiled in and as its official archive says.
static EDITIONS: LazyLock<Vec<(&str, Edition)>> = LazyLock::new(|| {
    let Some(shared) = shared() else { return Vec::new() };
    let mut editions = Vec::new();
    for shipped in SHIPPED {
        let zip = std::fs::read(shared.join(shipped.archive)).unwrap();
        editions.push((shipped.algorithm.name(), Edition::from_archive(&zip).unwrap()));
        let compiled = compile_archive(&zip, shipped.keep).unwrap();
        editions.push((shipped.algorithm.name(), Edition::from_compiled(&compiled).unwrap()));
    }
    editions
});

#[test]
fn the_compiled_in_tables_are_those_of_the_official_archives() {
    let Some(shared) = shared() else { return };
    for shipped in SHIPPED {
        let zip = std::fs::read(shared.join(shipped.archive)).unwrap();
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reference/staging").join(shipped.file);
        let compiled = compile_archive(&zip, shipped.keep).unwrap();
        assert!(compiled == std::fs::read(file).unwrap(), "{} is out of date", shipped.file);
    }
}

/// Calls `answer` for every line of a case file; it gives what we answer and what is expected.
fn compare(kind: &str, answer: impl Fn(&Edition, &Value) -> (Value, Value)) {
    for (name, edition) in &*EDITIONS {
        let file = shared().unwrap().join(format!("staging/cases/{kind}-{name}.jsonl"));
        let text = std::fs::read_to_string(file).unwrap();
        let mut differences = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let case: Value = serde_json::from_str(line).unwrap();
            let (ours, expected) = answer(edition, &case);
            if ours != expected {
                differences.push(format!(
                    "line {}\n  ours     {ours}\n  expected {expected}\n  case {}",
                    at + 1,
                    case["in"]
                ));
            }
        }
        let first: Vec<&str> = differences.iter().take(3).map(String::as_str).collect();
        assert!(differences.is_empty(), "{kind}-{name}: {} differences\n{}", differences.len(), first.join("\n"));
    }
}

fn inputs(case: &Value) -> Vec<(&str, Option<&str>)> {
    case["in"].as_object().unwrap().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

#[test]
fn every_case_is_staged_as_by_the_official_engine() {
    let year = AsOf::year(2026);
    compare("stage", |edition, case| {
        let staged = edition.stage(inputs(case), &year, Mode::Strict);
        let mut errors: Vec<Value> = staged
            .problems
            .iter()
            .map(|problem| {
                let mut error = Map::new();
                error.insert("type".into(), problem.kind.as_str().into());
                problem.table.map(|table| error.insert("table".into(), table.into()));
                problem.key.map(|key| error.insert("key".into(), key.into()));
                if !problem.columns.is_empty() {
                    error.insert("columns".into(), json!(problem.columns));
                }
                Value::Object(error)
            })
            .collect();
        errors.sort_by_key(Value::to_string);
        let out: Map<String, Value> =
            staged.outputs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        let ours = json!({
            "result": staged.outcome.as_str(),
            "schema": staged.schema,
            "out": out,
            "errors": errors,
            "path_len": staged.path().len(),
            "path_crc32": format!("{:08x}", staged.path_checksum()),
        });
        let mut expected_errors = case["errors"].as_array().unwrap().clone();
        expected_errors.sort_by_key(Value::to_string);
        let expected = json!({
            "result": case["result"],
            "schema": case.get("schema"),
            "out": case["out"],
            "errors": expected_errors,
            "path_len": case["path_len"],
            "path_crc32": case["path_crc32"],
        });
        (ours, expected)
    });
}

#[test]
fn every_path_is_gone_as_by_the_official_engine() {
    let year = AsOf::year(2026);
    compare("paths", |edition, case| {
        let staged = edition.stage(inputs(case), &year, Mode::Strict);
        let path: Vec<String> = staged
            .path()
            .map(|visit| visit.mapping.map_or(visit.table.to_owned(), |id| format!("{id}.{}", visit.table)))
            .collect();
        (json!([staged.schema, path]), json!([case["schema"], case["path"]]))
    });
}

#[test]
fn every_look_up_finds_the_official_schemas() {
    compare("lookup", |edition, case| {
        (json!(edition.schemas_matching(inputs(case), Mode::Strict)), case["schemas"].clone())
    });
}

#[test]
fn every_row_is_the_official_one() {
    let year = AsOf::year(2026);
    compare("rows", |edition, case| {
        (json!(edition.matching_row(case["table"].as_str().unwrap(), inputs(case), &year)), case["row"].clone())
    });
}

#[test]
fn every_code_is_valid_or_not_as_officially() {
    let year = AsOf::year(2026);
    compare("codes", |edition, case| {
        let text = |name: &str| case[name].as_str();
        let valid = edition.is_code_valid(text("schema").unwrap(), text("key").unwrap(), text("value"), &year);
        (json!(valid), case["valid"].clone())
    });
}

#[test]
fn the_facts_of_every_schema_are_the_official_ones() {
    compare("schema-facts", |edition, case| {
        (json!(edition.facts(case["schema"].as_str().unwrap()).unwrap()), case.clone())
    });
}
