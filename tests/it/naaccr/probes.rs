//! Every conformance probe meets its `want`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use serde_json::Value;

use super::shared;
use crate::kit::{Outcome, accession, accession_with};

#[test]
fn every_probe_meets_its_want() {
    let Some(folder) = shared() else { return };
    let probes = std::fs::read_to_string(folder.join("conformance/probes.jsonl")).unwrap();
    let here = tempfile::tempdir().unwrap();
    let dictionaries = dictionaries(&folder, here.path());
    let mut failed = String::new();
    let mut count = 0;
    for line in probes.lines() {
        let probe: Value = serde_json::from_str(line).unwrap();
        count += 1;
        if let Err(why) = judge(&probe, &dictionaries, here.path()) {
            let note = probe["want_note"].as_str().unwrap_or_default();
            writeln!(failed, "{} ({}: {note})\n    {why}", text(&probe["id"]), text(&probe["want"])).unwrap();
        }
    }
    println!("{count} probes");
    assert!(failed.is_empty(), "{failed}");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The probes' user dictionaries as files.
fn dictionaries(folder: &Path, here: &Path) -> BTreeMap<String, PathBuf> {
    let all: Value =
        serde_json::from_slice(&std::fs::read(folder.join("conformance/dictionaries.json")).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for (name, dictionary) in all.as_object().unwrap() {
        let mut xml = String::from("<NaaccrDictionary xmlns=\"http://naaccr.org/naaccrxml\"");
        for key in ["dictionaryUri", "naaccrVersion", "specificationVersion"] {
            if let Some(value) = dictionary[key].as_str() {
                write!(xml, " {key}=\"{value}\"").unwrap();
            }
        }
        xml.push_str("><ItemDefs>");
        for item in dictionary["items"].as_array().unwrap() {
            xml.push_str("<ItemDef");
            for (key, value) in item.as_object().unwrap() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                write!(xml, " {key}=\"{value}\"").unwrap();
            }
            xml.push_str("/>");
        }
        xml.push_str("</ItemDefs></NaaccrDictionary>");
        let path = here.join(format!("{name}.xml"));
        std::fs::write(&path, xml).unwrap();
        files.insert(name.clone(), path);
    }
    files
}

fn input(probe: &Value) -> Vec<u8> {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    if let Some(text) = probe["input"]["text"].as_str() {
        return text.into();
    }
    if let Some(text) = probe["input"]["base64"].as_str() {
        return decode(text);
    }
    let packed = decode(text(&probe["input"]["gzip_base64"]));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

fn arguments(probe: &Value, dictionaries: &BTreeMap<String, PathBuf>) -> Vec<String> {
    let mut found = vec!["--mode".to_owned(), "strict".to_owned()];
    for option in probe["options"].as_array().unwrap() {
        let option = text(option);
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        let flag = match name {
            "relaxed_ns" => "relaxed-namespaces".to_owned(),
            "write_numbers" => "item-numbers".to_owned(),
            "alpha_order" => "alphabetical".to_owned(),
            "control_error" => "control-characters".to_owned(),
            "spec" => "specification".to_owned(),
            other => other.replace('_', "-"),
        };
        found.push(format!("--{flag}"));
        match name {
            "unknown" if value == "process" => found.push("keep".into()),
            "control_error" => found.push("error".into()),
            "include" | "exclude" => found.push(value.replace('+', ",")),
            _ if !value.is_empty() => found.push(value.into()),
            _ => {}
        }
    }
    for name in probe["dictionaries"].as_array().unwrap() {
        found.push("--user-dictionary".into());
        found.push(dictionaries[text(name)].display().to_string());
    }
    found
}

fn judge(probe: &Value, dictionaries: &BTreeMap<String, PathBuf>, here: &Path) -> Result<(), String> {
    let mut arguments = arguments(probe, dictionaries);
    let kind = text(&probe["type"]);
    match kind {
        "xml" | "flat" => {
            let format = if kind == "xml" { "xml" } else { "fixed" };
            arguments.splice(0..0, ["naaccr", "inspect", "-", "--json", "--format", format].map(String::from));
            let ran = accession_with(&arguments, &input(probe), &[]);
            judge_reading(probe, &ran)
        }
        _ => {
            let out = here.join("out");
            let _ = std::fs::remove_file(&out);
            let to = if kind == "x2f" { "fixed" } else { "xml" };
            let out_name = out.display().to_string();
            let begin = ["naaccr", "convert", "-", &out_name, "--json", "--to", to].map(String::from);
            arguments.splice(0..0, begin);
            let ran = accession_with(&arguments, &input(probe), &[]);
            judge_writing(probe, &ran, &out, kind)
        }
    }
}

fn judge_reading(probe: &Value, ran: &Outcome) -> Result<(), String> {
    let (ours, peer, want) = (parsed(ran)?, &probe["peer"], text(&probe["want"]));
    let same = same_outcome(&ours, peer).and_then(|()| same_content(&ours, peer));
    let beyond = outcome(&ours) != "ok";
    match (text(&probe["id"]), want) {
        (_, "agree") => same,
        (_, "agree-or-better") => match same {
            Err(_) if outcome(&ours) == "ok" && ours["extensions"] == 1 => Ok(()),
            other => other,
        },
        ("flat-version-210", "more") => same.and_then(|()| {
            let message = text(&ours["fatal"]["message"]);
            if message.contains("no fixed columns") { Ok(()) } else { Err(message.to_owned()) }
        }),
        (_, "more") => {
            same_errors(&ours, peer)?;
            let n = ours["problems"].as_array().unwrap().len() as u64;
            if n > peer["n_errors"].as_u64().unwrap() { Ok(()) } else { Err(format!("only {n} problems")) }
        }
        (_, "stricter") if beyond => Ok(()),
        ("prefix-unregistered" | "flat-bom", "lenient") if outcome(&ours) == "ok" => {
            if ours["patients"] == 1 && ours["tumors"] == 1 { Ok(()) } else { Err(ours.to_string()) }
        }
        ("xml-charref-astral", "correct") => {
            if outcome(&ours) == "ok" && ours["digest"] != peer["digest"] {
                Ok(())
            } else {
                Err(ours.to_string())
            }
        }
        ("xml-decl-latin1-bytes-latin1", "correct") => {
            if outcome(&ours) == "ok" && ours["digest"] != peer["digest"] || beyond {
                Ok(())
            } else {
                Err(ours.to_string())
            }
        }
        ("flat-mixed-version", "correct") if beyond => Ok(()),
        _ => Err(format!("not met: {ours}")),
    }
}

fn judge_writing(probe: &Value, ran: &Outcome, out: &Path, kind: &str) -> Result<(), String> {
    let (ours, peer) = (parsed(ran)?, &probe["peer"]);
    // What the reference library says of a conversion is whether it was written; problems stand in the counts.
    let stopped = outcome(&ours) == "fatal";
    if stopped || text(&peer["outcome"]) == "fatal" {
        same_outcome(&ours, peer)?;
    } else if ours["problem_counts"] != peer["error_counts"] {
        return Err(format!("{} and not {}", ours["problem_counts"], peer["error_counts"]));
    }
    if text(&peer["outcome"]) == "fatal" {
        return if out.exists() { Err("a file was left behind".into()) } else { Ok(()) };
    }
    let written = std::fs::read_to_string(out).unwrap();
    let expected = text(&peer["output"]);
    if kind == "x2f" {
        return if written == expected { Ok(()) } else { Err(format!("{written:?}\n    {expected:?}")) };
    }
    let content = |xml: &str| {
        let ran = accession_with(&["naaccr", "inspect", "-", "--json", "--unknown", "keep"], xml.as_bytes(), &[]);
        let read = ran.json();
        (read["digest"].clone(), read["root"]["recordType"].clone(), read["root"]["specificationVersion"].clone())
    };
    if content(&written) != content(expected) {
        return Err(format!("{written}\n    {expected}"));
    }
    let numbers = |xml: &str| xml.matches("naaccrNum=").count();
    if numbers(&written) == numbers(expected) { Ok(()) } else { Err(written) }
}

fn parsed(ran: &Outcome) -> Result<Value, String> {
    serde_json::from_str(&ran.stdout).map_err(|e| format!("{e}: {} {}", ran.stdout, ran.stderr))
}

fn outcome(ours: &Value) -> &str {
    text(&ours["outcome"])
}

fn same_outcome(ours: &Value, peer: &Value) -> Result<(), String> {
    if outcome(ours) != text(&peer["outcome"]) {
        return Err(format!("outcome {} and not {}: {ours}", outcome(ours), text(&peer["outcome"])));
    }
    if outcome(ours) != "fatal" {
        return same_errors(ours, peer);
    }
    if ours["fatal"]["kind"] != peer["fatal"] {
        return Err(format!("stopped by {} and not {}", ours["fatal"], peer["fatal"]));
    }
    if let Some(line) = peer["fatal_line"].as_u64()
        && text(&peer["fatal_at"]) != "open"
        && ours["fatal"]["line"] != line
        // A document type declaration is refused where it stands, not where its entity is used.
        && !text(&ours["fatal"]["message"]).contains("document type")
    {
        return Err(format!("stopped at {} and not at line {line}", ours["fatal"]));
    }
    Ok(())
}

fn same_errors(ours: &Value, peer: &Value) -> Result<(), String> {
    // The reference library has no line for what is wrong with the root.
    let root = |kind: &Value| text(kind) == "bad_time_generated";
    let key = |kind: &Value, line: &Value, id: &Value| {
        let line = if root(kind) { &Value::Null } else { line };
        format!("{} {} {}", text(kind), line, text(id))
    };
    let mut theirs: Vec<(String, String)> = Vec::new();
    for error in peer["errors"].as_array().into_iter().flatten() {
        theirs.push((
            key(&error["kind"], &error["line"], &error["id"]),
            format!("{} {}", error["line"], text(&error["id"])),
        ));
    }
    let mut mine: Vec<(String, String)> = Vec::new();
    for problem in ours["problems"].as_array().into_iter().flatten() {
        if text(&problem["severity"]) != "note" {
            let place = format!("{} {}", problem["line"], text(&problem["item"]));
            mine.push((key(&problem["kind"], &problem["line"], &problem["item"]), place));
        }
    }
    let flagged: Vec<String> = theirs.iter().map(|(_, place)| place.clone()).collect();
    for (error, _) in theirs {
        match mine.iter().position(|(found, _)| *found == error) {
            Some(n) => drop(mine.remove(n)),
            None => return Err(format!("not reported: {error}; reported: {mine:?}")),
        }
    }
    // Probes that rewrite give counts only.
    let counted = peer["errors"].is_null() && peer["n_errors"].as_u64().unwrap_or(0) > 0;
    match mine.iter().find(|(_, place)| !flagged.contains(place)) {
        Some(extra) if !counted => Err(format!("reported without need: {extra:?}")),
        _ => Ok(()),
    }
}

fn same_content(ours: &Value, peer: &Value) -> Result<(), String> {
    for key in ["patients", "tumors", "items"] {
        if ours[key] != peer[key] {
            return Err(format!("{key} {} and not {}", ours[key], peer[key]));
        }
    }
    if outcome(ours) != "fatal" && !peer["digest"].is_null() && ours["digest"] != peer["digest"] {
        return Err(format!("another content: {ours}"));
    }
    Ok(())
}

#[test]
fn a_stop_leaves_no_file_behind() {
    let here = tempfile::tempdir().unwrap();
    let (broken, out) = (here.path().join("in.xml"), here.path().join("out.xml"));
    std::fs::write(&broken, "<NaaccrData>").unwrap();
    let arguments = ["naaccr", "convert", broken.to_str().unwrap(), out.to_str().unwrap(), "--json"];
    let ran = accession(&arguments).expect_code(2);
    assert_eq!(ran.json()["outcome"], "fatal");
    assert_eq!(std::fs::read_dir(here.path()).unwrap().count(), 1);
}
