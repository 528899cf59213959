//! Archives made by hand: a whole small algorithm to which a test adds what it is about.

#![allow(clippy::unwrap_used)]

use std::io::{Cursor, Write};

use accession::staging::{AsOf, Checks, Edition, Mode, Refused, Staged};
use serde_json::{Value, json};

/// An archive on the way.
pub struct Made {
    entries: Vec<(String, String)>,
}

/// A small algorithm of the site C509: the codes, the year and nothing else.
pub fn an_archive() -> Made {
    let mut made = Made { entries: Vec::new() };
    made.table("primary_site", json!([["site", "INPUT"]]), json!([["C509"], ["C619"]]));
    made.table("histology", json!([["hist", "INPUT"]]), json!([["8000-8010"], ["8500"]]));
    made.table("year", json!([["year_dx", "INPUT"]]), json!([["2018-{{ctx_year_current}},9999"], [""]]));
    made.table(
        "selection",
        json!([["site", "INPUT"], ["hist", "INPUT"], ["result", "ENDPOINT"]]),
        json!([["C509", "8000-8010", "MATCH"]]),
    );
    made
}

impl Made {
    /// Adds an entry as it is.
    pub fn entry(&mut self, name: &str, text: impl Into<String>) -> &mut Made {
        self.entries.retain(|(known, _)| known != name);
        self.entries.push((name.to_owned(), text.into()));
        self
    }

    /// Adds a table of columns (key, type) and rows.
    pub fn table(&mut self, id: &str, columns: Value, rows: Value) -> &mut Made {
        let definition: Vec<Value> = columns
            .as_array()
            .unwrap()
            .iter()
            .map(|column| json!({"key": column[0], "name": column[0], "type": column[1]}))
            .collect();
        let table = json!({
            "id": id, "algorithm": "made", "version": "1.0", "title": id, "name": id,
            "definition": definition, "rows": rows,
        });
        self.entry(&format!("tables/{id}.json"), table.to_string())
    }

    /// Adds the schema, `parts` laid over a plain one.
    pub fn schema(&mut self, parts: Value) -> &mut Made {
        let mut schema = json!({
            "id": "only", "algorithm": "made", "version": "1.0", "title": "Only", "name": "Only",
            "schema_selection_table": "selection",
            "inputs": [
                {"key": "site", "name": "Site", "naaccr_xml_id": "primarySite", "table": "primary_site", "used_for_staging": true},
                {"key": "hist", "name": "Histology", "naaccr_xml_id": "histologicTypeIcdO3", "table": "histology", "used_for_staging": true},
                {"key": "year_dx", "name": "Year", "table": "year", "used_for_staging": false},
            ],
            "outputs": [{"key": "stage", "name": "Stage"}, {"key": "other", "name": "Other"}],
        });
        for (key, value) in parts.as_object().unwrap() {
            match key.as_str() {
                "more_inputs" => schema["inputs"].as_array_mut().unwrap().extend(value.as_array().unwrap().clone()),
                _ => schema[key] = value.clone(),
            }
        }
        self.entry("schemas/only.json", schema.to_string())
    }

    /// Changes the text of one entry.
    pub fn spoil(&mut self, at: usize, change: impl FnOnce(&str) -> String) -> &mut Made {
        let at = at % self.entries.len();
        self.entries[at].1 = change(&self.entries[at].1);
        self
    }

    /// Adds so many empty entries.
    pub fn pad(&mut self, many: usize) -> &mut Made {
        self.entries.extend((0..many).map(|at| (format!("notes/{at}"), String::new())));
        self
    }

    /// The archive's bytes.
    pub fn zip(&self) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in &self.entries {
            zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    /// Opened as a registry opens it.
    pub fn opened(&self) -> Result<Edition, Refused> {
        Edition::from_archive(&self.zip())
    }

    /// Opened as the reference engine opens it, loops and unknown tables let through.
    pub fn let_through(&self) -> Edition {
        Edition::from_archive_with(&self.zip(), Checks::Reference).unwrap()
    }
}

/// The year of the tests.
pub static YEAR: std::sync::LazyLock<AsOf> = std::sync::LazyLock::new(|| AsOf::year(2026));

/// Stages a case of C509, 8000 with more values.
pub fn stage<'a>(edition: &'a Edition, more: &[(&'static str, &'static str)]) -> Staged<'a> {
    let base = [("site", "C509"), ("hist", "8000"), ("year_dx", "2020")];
    let values = base.iter().chain(more).map(|(key, value)| (*key, Some(*value))).collect::<Vec<_>>();
    edition.stage(values, &YEAR, Mode::Strict)
}

/// Problems as short texts: kind, key, table, columns.
pub fn problems(staged: &Staged<'_>) -> Vec<String> {
    let one = |problem: &accession::staging::Problem<'_>| {
        let mut text = problem.kind.as_str().to_owned();
        for part in [problem.key, problem.table].into_iter().flatten() {
            text = format!("{text} {part}");
        }
        if problem.columns.is_empty() { text } else { format!("{text} {:?}", problem.columns) }
    };
    staged.problems.iter().map(one).collect()
}

/// The tables gone through.
pub fn path(staged: &Staged<'_>) -> Vec<String> {
    staged.path().map(|visit| format!("{}.{}", visit.mapping.unwrap_or(""), visit.table)).collect()
}
