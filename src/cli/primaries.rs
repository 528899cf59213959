//! `accession primaries`: pairs of tumors judged, a JSON line for a JSON line.

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate};
use clap::Args;
use serde::Deserialize;

use super::lines::{each_line, text};
use crate::cli::Outcome;
use crate::primaries::{Primaries, Reported, primaries};

/// One primary or several: reads lines `{"a":[year,month,day,site,histology,behavior,laterality],"b":[…]}`.
#[derive(Debug, Args)]
pub(super) struct PrimariesCommand {
    /// The year that counts as the current one.
    #[arg(long, value_name = "YEAR", env = "ACCESSION_AS_OF_YEAR")]
    as_of_year: Option<i32>,
    /// The day that counts as today; only its year matters.
    #[arg(long, value_name = "DATE", env = "ACCESSION_AS_OF")]
    as_of: Option<NaiveDate>,
    /// JSON lines, which this command writes in any case.
    #[arg(long)]
    json: bool,
}

impl PrimariesCommand {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let year = self.as_of_year.or(self.as_of.map(|date| date.year()));
        let year = year.unwrap_or_else(|| chrono::Local::now().year());
        each_line(|line, out| {
            let line: Line<'_> = serde_json::from_slice(line)?;
            answer(out, &primaries(&line.a.reported(), &line.b.reported(), year));
            Ok(())
        })
    }
}

#[derive(Deserialize)]
struct Line<'l> {
    #[serde(borrow)]
    a: Tumor<'l>,
    #[serde(borrow)]
    b: Tumor<'l>,
}

#[derive(Deserialize)]
struct Tumor<'l>(#[serde(borrow)] [Option<Cow<'l, str>>; 7]);

impl Tumor<'_> {
    fn reported(&self) -> Reported<'_> {
        let [year, month, day, site, histology, behavior, laterality] =
            self.0.each_ref().map(|cell| cell.as_deref().unwrap_or(""));
        Reported { year, month, day, site, histology, behavior, laterality }
    }
}

fn answer(out: &mut Vec<u8>, found: &Primaries) {
    out.extend_from_slice(b"{\"result\":");
    text(out, found.verdict.name());
    for (key, value) in [("group", found.group), ("step", found.step)] {
        out.extend_from_slice(format!(",\"{key}\":").as_bytes());
        match value {
            Some(value) => text(out, value),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    fn shared() -> Option<PathBuf> {
        let folder = std::env::var_os("ACCESSION_SHARED")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
        folder.join("mph").is_dir().then_some(folder)
    }

    fn report(kind: &str, differences: &BTreeMap<String, Vec<String>>) {
        let count: usize = differences.values().map(Vec::len).sum();
        let lines: Vec<String> = differences
            .iter()
            .map(|(key, found)| {
                format!("{} × {key}\n  {}", found.len(), found.iter().take(3).cloned().collect::<Vec<_>>().join("\n  "))
            })
            .collect();
        assert!(count == 0, "{kind}: {count} differences\n{}", lines.join("\n"));
    }

    #[test]
    fn every_generated_pair_is_judged_as_by_the_official_library() {
        let Some(shared) = shared() else { return };
        let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in std::fs::read_to_string(shared.join("mph/cases-generated.jsonl")).unwrap().lines() {
            let expected: serde_json::Value = serde_json::from_str(line).unwrap();
            let pair: Line<'_> = serde_json::from_str(line).unwrap();
            let mut out = Vec::new();
            answer(&mut out, &primaries(&pair.a.reported(), &pair.b.reported(), 2026));
            let ours: serde_json::Value = serde_json::from_slice(&out).unwrap();
            if ["result", "group", "step"].iter().any(|key| ours[key] != expected[key]) {
                let key = format!(
                    "{} expected {} {}, ours {} {}",
                    expected["group"], expected["step"], expected["result"], ours["step"], ours["result"]
                );
                differences.entry(key).or_default().push(line.to_owned());
            }
        }
        report("generated", &differences);
    }

    #[test]
    fn every_published_pair_is_judged_by_the_rules_as_they_stand() {
        let Some(shared) = shared() else { return };
        let mut differences: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut reader = csv::Reader::from_path(shared.join("mph/cases-published.csv")).unwrap();
        for row in reader.records().map(Result::unwrap) {
            let cell = |at: usize| row.get(at).unwrap();
            let tumor = |at: usize| Reported {
                year: cell(at),
                month: cell(at + 1),
                day: cell(at + 2),
                site: cell(at + 3),
                histology: cell(at + 4),
                behavior: cell(at + 5),
                laterality: cell(at + 6),
            };
            let found = primaries(&tumor(1), &tumor(8), 2026);
            if found.verdict.name() != cell(16) {
                let key = format!("{:?} {:?} ours {:?} expected {}", found.group, found.step, found.verdict, cell(16));
                differences.entry(key).or_default().push(row.iter().collect::<Vec<_>>().join(","));
            }
        }
        report("published", &differences);
    }
}
