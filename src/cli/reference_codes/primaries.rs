//! `primaries/*`: groups of rules, sets and tables of the manuals, hematopoietic pairs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::{Table, head, rows};

const ORIGIN: &str = "SEER manuals, by way of the open multiple-primary library (IMS, BSD); facts re-tabulated";

/// Every table of `primaries/`.
pub(super) fn tables(from: &Path) -> Result<Vec<Table>> {
    Ok(vec![groups(from)?, sets(from)?, hematopoietic(from)?])
}

fn json(from: &Path, file: &str) -> Result<Value> {
    let text = std::fs::read_to_string(from.join(file)).with_context(|| format!("reading {file}"))?;
    serde_json::from_str(&text).with_context(|| format!("reading {file}"))
}

fn groups(from: &Path) -> Result<Table> {
    let groups = json(from, "mph/groups.json")?;
    let mut text = head(
        "Groups of multiple-primary rules in the order in which they are looked through",
        "rules to 2006, 2007, 2018, 2021, 2023; hematopoietic 1998, 2001, 2010",
        ORIGIN,
        "group	sites	histologies	not histologies	behaviors	years	steps",
    );
    for group in groups.as_array().context("mph/groups.json: not a list")? {
        let list = |key: &str| group.get(key).and_then(Value::as_str).unwrap_or("").replace(' ', "");
        let steps: Vec<&str> =
            group.get("steps").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let columns = ["siteInclusions", "histInclusions", "histExclusions", "behaviors", "years"].map(list);
        let _ = writeln!(text, "{}\t{}\t{}", list("id"), columns.join("\t"), steps.join(" "));
    }
    Ok(Table { path: "primaries/groups.tsv", content: text.into_bytes() })
}

/// Codes that follow each other as ranges.
fn ranges(codes: &[&str]) -> String {
    let number = |code: &str| (code.len() == 4).then(|| code.parse::<u32>().ok())?;
    let mut parts: Vec<String> = Vec::new();
    let mut run: Option<(u32, u32)> = None;
    let close = |run: &mut Option<(u32, u32)>, parts: &mut Vec<String>| {
        if let Some((low, high)) = run.take() {
            parts.push(if low == high { low.to_string() } else { format!("{low}-{high}") });
        }
    };
    for code in codes {
        match (number(code), &mut run) {
            (Some(code), Some((_, high))) if code == *high + 1 => *high = code,
            (Some(code), _) => {
                close(&mut run, &mut parts);
                run = Some((code, code));
            }
            (None, _) => {
                close(&mut run, &mut parts);
                parts.push((*code).to_owned());
            }
        }
    }
    close(&mut run, &mut parts);
    parts.join(",")
}

fn map_text(map: &Map<String, Value>) -> String {
    let entry = |(code, row): (&String, &Value)| {
        let row = match row {
            Value::Array(rows) => rows.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
            Value::String(row) => row.trim().to_owned(),
            other => other.to_string(),
        };
        format!("{code}={row}")
    };
    let mut entries: Vec<String> = map.iter().map(entry).collect();
    entries.sort();
    entries.join(";")
}

fn sets(from: &Path) -> Result<Table> {
    let all = json(from, "mph/code-sets.json")?;
    let mut lines: BTreeMap<(String, &str), String> = BTreeMap::new();
    for (name, value) in all.as_object().context("mph/code-sets.json: not an object")? {
        match value {
            Value::String(list) => {
                lines.insert((name.clone(), "list"), list.clone());
            }
            Value::Array(codes) => {
                let codes: Vec<&str> = codes.iter().filter_map(Value::as_str).collect();
                lines.insert((name.clone(), "list"), ranges(&codes));
            }
            Value::Object(map) => {
                if let (Some(Value::Object(tables)), Some(Value::Object(sites))) =
                    (map.get("tables"), map.get("table_of_site"))
                {
                    lines.insert((name.clone(), "sites"), map_text(sites));
                    for (number, table) in tables {
                        if let Value::Object(table) = table {
                            lines.insert((format!("{name}/{number}"), "rows"), map_text(table));
                        }
                    }
                } else if map.values().all(Value::is_array) && name == "nos_vs_specific" {
                    for (of, codes) in map {
                        let codes: Vec<&str> =
                            codes.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
                        lines.insert((format!("{name}/{of}"), "list"), ranges(&codes));
                    }
                } else {
                    lines.insert((name.clone(), "rows"), map_text(map));
                }
            }
            _ => {}
        }
    }
    let mut text = head(
        "Sets of sites and morphologies, and tables of rows, of the multiple-primary manuals",
        "rules to 2006, 2007, 2018 with revisions to 2025",
        ORIGIN,
        "kind	name	codes, or code=row",
    );
    for ((name, kind), content) in lines {
        let _ = writeln!(text, "{kind}\t{name}\t{content}");
    }
    Ok(Table { path: "primaries/sets.tsv", content: text.into_bytes() })
}

fn hematopoietic(from: &Path) -> Result<Table> {
    let mut text = head(
        "Hematopoietic pairs: @ and section; ranges of histology (1998), groups and their pairs (2001), morphology with years and others (2010)",
        "1998, 2001, database of 23 March 2026",
        ORIGIN,
        "cells",
    );
    for (section, file, columns) in [
        ("1998", "heme-1998-pairs", &["first_low", "first_high", "second_low", "second_high"][..]),
        ("2001-groups", "heme-2001-groups", &["group", "hist_low", "hist_high"]),
        ("2001-pairs", "heme-2001-group-pairs", &["first_group", "second_group"]),
    ] {
        let _ = writeln!(text, "@\t{section}");
        for row in rows(from, &format!("mph/{file}.csv"))? {
            let _ = writeln!(text, "{}", columns.iter().map(|column| row.get(column)).collect::<Vec<_>>().join("\t"));
        }
    }
    for (section, file) in
        [("same", "heme-2010-same-primary"), ("to", "heme-2010-transforms-to"), ("from", "heme-2010-transforms-from")]
    {
        let _ = writeln!(text, "@\t{section}");
        let mut others: BTreeMap<[String; 3], Vec<String>> = BTreeMap::new();
        for row in rows(from, &format!("mph/{file}.csv"))? {
            let year = |own: &str, valid: &str| {
                let own = row.get(own);
                if own.is_empty() { row.get(valid).to_owned() } else { own.to_owned() }
            };
            let key = [
                row.get("morphology").to_owned(),
                year("start_year", "valid_start_year"),
                year("end_year", "valid_end_year"),
            ];
            others.entry(key).or_default().push(row.get("other_morphology").to_owned());
        }
        for (key, named) in others {
            let _ = writeln!(text, "{}\t{}", key.join("\t"), named.join(","));
        }
    }
    Ok(Table { path: "primaries/hematopoietic.tsv", content: text.into_bytes() })
}
