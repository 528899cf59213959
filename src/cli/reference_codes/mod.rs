//! Builds the compact code tables of `reference/` from the official files.
//!
//! Input: the folder that holds `naaccr/`, `icdo3/`, `edits/`, `algorithms/`, `casefinding/`. Output: the tables `naaccr/value-sets.tsv`
//! `codes/*`, `derive/*`, `primaries/*` and `statistics/*` as bytes, so that a test can compare them with what is compiled in. Facts only are taken: codes, ranges,
//! names of codes cut to their first line and 120 characters, validity; no notes, no definitions, and no labels of
//! AJCC and CS codes. A missing or malformed file stops the build and says which file and line.

mod casefinding;
mod derive;
mod icd;
mod icdo3;
mod primaries;
mod statistics;
mod surgery;
mod value_sets;

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};

/// A table as it stands under `reference/`.
#[derive(Debug)]
pub(super) struct Table {
    /// Its path below `reference/`.
    pub(super) path: &'static str,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

/// Every table of codes, made from the official files under `from`.
pub(super) fn tables(from: &Path) -> Result<Vec<Table>> {
    let mut tables = vec![
        value_sets::table(from)?,
        icdo3::topography(from)?,
        icdo3::morphology(from)?,
        icdo3::site_type(from)?,
        surgery::table(from)?,
        icd::to_icdo3(from)?,
        icd::from_icdo3(from)?,
        icd::iarc(from)?,
        icd::causes(from)?,
        casefinding::phrases(from)?,
        casefinding::ambiguous(from)?,
        casefinding::icd10cm(from)?,
    ];
    tables.extend(derive::tables(from)?);
    tables.extend(primaries::tables(from)?);
    tables.extend(statistics::tables(from)?);
    Ok(tables)
}

/// One record of a source file by column name.
struct Row {
    columns: std::sync::Arc<Vec<String>>,
    cells: csv::StringRecord,
}

impl Row {
    fn get(&self, column: &str) -> &str {
        self.columns.iter().position(|c| c == column).and_then(|at| self.cells.get(at)).unwrap_or("")
    }
}

/// The rows of a source file: comma or tab separated by its ending.
fn rows(from: &Path, file: &str) -> Result<Vec<Row>> {
    let path = from.join(file);
    let tabs = file.ends_with(".tsv");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .quoting(!tabs)
        .flexible(true)
        .from_path(&path)
        .with_context(|| format!("reading {file}"))?;
    let columns = std::sync::Arc::new(reader.headers()?.iter().map(str::to_owned).collect::<Vec<_>>());
    reader
        .records()
        .map(|r| Ok(Row { columns: columns.clone(), cells: r.with_context(|| format!("reading {file}"))? }))
        .collect()
}

/// The cells of a source file without a head line, unpacked if its name ends in `.gz`.
fn cells(from: &Path, file: &str) -> Result<Vec<Vec<String>>> {
    let bytes = std::fs::read(from.join(file)).with_context(|| format!("reading {file}"))?;
    let mut text = String::new();
    if file.ends_with(".gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .with_context(|| format!("unpacking {file}"))?;
    } else {
        text = String::from_utf8(bytes).with_context(|| format!("reading {file}"))?;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    reader
        .records()
        .map(|r| Ok(r.with_context(|| format!("reading {file}"))?.iter().map(|c| c.trim().to_owned()).collect()))
        .collect()
}

/// A label's first line, without advice about edits, at most 120 characters, cut at a sentence or a word.
fn name_of_code(label: &str) -> String {
    let first = label.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or("");
    let mut text = first.split_whitespace().collect::<Vec<_>>().join(" ");
    for stop in [" (If this", " If this ", " (Sequence number", " (Use ", " (see ", " [formerly"] {
        if let Some(at) = text.find(stop) {
            text.truncate(at);
        }
    }
    for head in ["Not documented in medical record", "Not documented in patient record"] {
        if text.starts_with(head) {
            text.truncate(head.len());
        }
    }
    let text = text.replace(['*', '•'], "");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches(['.', ';', ',', '\\']);
    if text.chars().count() <= 120 {
        return text.to_owned();
    }
    let cut: String = text.chars().take(121).collect();
    let at = next_sentence(&cut)
        .or_else(|| cut.rfind(" AND ").filter(|at| *at >= 40))
        .or_else(|| [". ", "; ", ": ", " ("].iter().filter_map(|s| cut.rfind(s)).find(|at| *at >= 30))
        .or_else(|| cut.rfind(' '))
        .unwrap_or(cut.len());
    let mut name = cut.get(..at).unwrap_or(&cut);
    while name.matches('(').count() > name.matches(')').count() {
        name = name.get(..name.rfind('(').unwrap_or(0)).unwrap_or("");
    }
    name.trim_end_matches([' ', ',', ';', ':', '.']).to_owned()
}

/// Where a second sentence starts whose stop was lost with a line end: a capital and a small letter after a word that
/// can end a sentence.
fn next_sentence(text: &str) -> Option<usize> {
    const LEANING: [&str; 24] = [
        "the", "a", "an", "of", "in", "or", "and", "other", "item", "using", "with", "for", "by", "code", "from", "to",
        "whether", "than", "at", "on", "as", "if", "is", "no",
    ];
    let mut at = 0;
    let mut before = "";
    for word in text.split(' ') {
        let mut letters = word.chars();
        let starts = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
        let ends = before.ends_with(|c: char| c.is_lowercase() || ")%".contains(c))
            && !before.starts_with(char::is_uppercase)
            && !LEANING.contains(&before);
        if at >= 30 && starts && ends {
            return Some(at - 1);
        }
        at += word.len() + 1;
        before = word;
    }
    None
}

/// The two ends of a label whose name alone would be that of another code.
fn ends_of_label(label: &str) -> String {
    let text = label.split_whitespace().collect::<Vec<_>>().join(" ");
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= 120 {
        return text;
    }
    let head: String = letters.iter().take(70).collect();
    let tail: String = letters.iter().skip(letters.len() - 46).collect();
    let head = head.rsplit_once(' ').map_or(head.as_str(), |h| h.0);
    let tail = tail.split_once(' ').map_or(tail.as_str(), |t| t.1);
    format!("{head} … {tail}")
}

/// Head of a table: what it is, edition, origin.
fn head(what: &str, edition: &str, origin: &str, columns: &str) -> String {
    format!("# {what}\n# edition: {edition}\n# origin: {origin}\n# {columns}\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::path::PathBuf;

    /// With `ACCESSION_WRITE_REFERENCE` set, writes the tables instead.
    #[test]
    fn the_tables_compiled_in_are_what_the_official_files_give() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let shared = std::env::var_os("ACCESSION_SHARED").map(PathBuf::from).unwrap_or_else(|| root.join("../shared"));
        if !shared.is_dir() {
            eprintln!("skipped: the folder of official files is not there");
            return;
        }
        for table in tables(&shared).unwrap() {
            let path = root.join("reference").join(table.path);
            if std::env::var_os("ACCESSION_WRITE_REFERENCE").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &table.content).unwrap();
            }
            assert!(std::fs::read(&path).unwrap() == table.content, "{} is not what the files give", table.path);
        }
    }

    #[test]
    fn a_label_is_cut_to_its_name() {
        assert_eq!(name_of_code("Unknown; size not stated\nNot documented"), "Unknown; size not stated");
        assert_eq!(
            name_of_code("Not applicable: Information not collected for this case (If this item is required by x)"),
            "Not applicable: Information not collected for this case"
        );
        assert!(name_of_code(&"word ".repeat(60)).chars().count() <= 120);
        let lost =
            format!("Circumferential resection margin (CRM) positive Margin IS involved {}", "with tumor ".repeat(9));
        assert_eq!(name_of_code(&lost), "Circumferential resection margin (CRM) positive");
        assert_eq!(
            name_of_code(&format!("Imaging of every kind and more of it ({}", "a, ".repeat(60))),
            "Imaging of every kind and more of it"
        );
    }
}
