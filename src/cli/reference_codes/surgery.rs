//! `codes/surgery.tsv`: surgery of primary site by site and year.

use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Table, head, name_of_code};

struct Block {
    from: u16,
    to: Option<u16>,
    title: String,
    sites: String,
    histologies_in: String,
    histologies_out: String,
    codes: Vec<(String, String)>,
}

/// A block holds for a run of years: title, sites, histologies that choose or bar it, then its codes in order.
pub(super) fn table(from: &Path) -> Result<Table> {
    let file = "algorithms/tables/surgery-tables.json.gz";
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(from.join(file)).with_context(|| format!("reading {file}"))?)
        .read_to_string(&mut text)
        .with_context(|| format!("reading {file}"))?;
    let editions: serde_json::Map<String, Value> =
        serde_json::from_str(&text).with_context(|| format!("reading {file}"))?;
    let mut years: Vec<u16> = editions.keys().filter_map(|y| y.parse().ok()).collect();
    years.sort_unstable();
    let mut blocks: Vec<Block> = Vec::new();
    for (at, year) in years.iter().enumerate() {
        let last = years.get(at + 1).map(|next| next - 1);
        let Some(Value::Array(tables)) = editions.get(&year.to_string()) else { continue };
        for table in tables {
            let text = |key: &str| table.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let block = Block {
                from: *year,
                to: last,
                title: text("title"),
                sites: text("sites_in"),
                histologies_in: text("hist_in"),
                histologies_out: text("hist_out"),
                codes: codes(table.get("rows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice)),
            };
            let before = blocks.iter_mut().find(|b| {
                b.to == Some(year - 1)
                    && (&b.title, &b.sites, &b.histologies_in, &b.histologies_out, &b.codes)
                        == (&block.title, &block.sites, &block.histologies_in, &block.histologies_out, &block.codes)
            });
            match before {
                Some(before) => before.to = last,
                None => blocks.push(block),
            }
        }
    }
    Ok(Table { path: "codes/surgery.tsv", content: written(&blocks).into_bytes() })
}

/// Codes with their names; a name that leans on the one above it (`WITH chest wall`) takes it in.
fn codes(rows: &[Value]) -> Vec<(String, String)> {
    let mut names: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for row in rows {
        let code = row.get(0).and_then(Value::as_str).unwrap_or("");
        let level = usize::try_from(row.get(1).and_then(Value::as_u64).unwrap_or(0)).unwrap_or(0);
        let name = name_of_code(row.get(2).and_then(Value::as_str).unwrap_or(""));
        let combination = name.ends_with(" WITH") && name.to_lowercase().contains("ombination");
        if code.is_empty() && !combination {
            continue;
        }
        names.truncate(level);
        let above = names.last().cloned().unwrap_or_default();
        let full = if combination {
            format!("{} WITH", base(names.first().map_or("", String::as_str)))
        } else if above.ends_with(" WITH") {
            format!("{above} {name}")
        } else if part(&name) && !above.is_empty() {
            format!("{}: {name}", base(&above))
        } else if leans(&name) && !above.is_empty() {
            let above = base(&above);
            let above = if name.starts_with("WITH ") { above.split(" WITH ").next().unwrap_or(above) } else { above };
            format!("{above} {name}")
        } else {
            name
        };
        names.resize(level, above);
        names.push(full.clone());
        if !code.is_empty() {
            out.push((code.to_owned(), full));
        }
    }
    out
}

fn leans(name: &str) -> bool {
    let first = name.split_whitespace().next().unwrap_or("").to_lowercase();
    ["with", "without", "plus", "including", "and"].contains(&first.as_str())
}

/// Kinds of reconstruction, which say nothing without the operation above them.
fn part(name: &str) -> bool {
    ["Reconstruction", "Tissue", "Implant", "Combined (tissue"].iter().any(|p| name.starts_with(p))
}

/// The part of a name that others can lean on: no `NOS`, no closing parenthesis, nothing after a semicolon.
fn base(name: &str) -> &str {
    let mut name = name.strip_suffix(", NOS").unwrap_or(name);
    if let Some(at) = name.find(" (").or_else(|| name.find(" [")).filter(|at| *at >= 10) {
        let rest = name.get(at..).unwrap_or("");
        if rest.find([')', ']']).is_none_or(|close| close + 1 == rest.len()) {
            name = name.get(..at).unwrap_or(name);
        }
    }
    let at = name.find(';').unwrap_or(name.len());
    name.get(..at).unwrap_or(name)
}

fn written(blocks: &[Block]) -> String {
    let mut text = head(
        "Surgery of primary site: @, years, title, sites, histologies that choose the table, that bar it; below, code and name",
        "SEER coding manuals 1998 to 2024 (2024 holds until a later edition is loaded)",
        "SEER Program, National Cancer Institute (public domain); codes of the Commission on Cancer",
        "code	name",
    );
    for block in blocks {
        let to = block.to.map(|y| y.to_string()).unwrap_or_default();
        let _ = writeln!(
            text,
            "@\t{}..{to}\t{}\t{}\t{}\t{}",
            block.from, block.title, block.sites, block.histologies_in, block.histologies_out
        );
        for (code, name) in &block.codes {
            let _ = writeln!(text, "{code}\t{name}");
        }
    }
    text
}
