//! A registry's own edit file: one TOML file with a head that says what it is, its edits, and the sets it defines.
//!
//! ```toml
//! [standard]
//! name = "iowa"            # several editions of one name may stand side by side
//! edition = "2026.1"
//! years = "2026+"          # years of diagnosis of the cases that are bound to it; all unless given
//! ```
//!
//! It is examined whole before it is stored: everything the language asks, every test, every name in its sets.

use serde::Deserialize;
use toml::Spanned;

use super::frame::{Fault, Years};
use super::library::{EditFile, Library, place};
use super::load::Trials;
use super::trial::try_edit;

/// What an own file says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnHead {
    /// Its name.
    pub name: String,
    /// Its edition.
    pub edition: String,
    /// Years of diagnosis of the cases bound to it.
    pub years: Years,
    /// How many edits it holds.
    pub edits: usize,
    /// The sets it defines.
    pub sets: Vec<String>,
}

#[derive(Deserialize)]
struct FileToml {
    standard: Option<Spanned<StandardToml>>,
    #[serde(default)]
    edit: Vec<toml::Table>,
    #[serde(default)]
    set: Vec<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StandardToml {
    name: Spanned<String>,
    edition: Spanned<String>,
    years: Option<Spanned<String>>,
}

impl OwnHead {
    /// Reads the head alone.
    ///
    /// # Errors
    /// What is missing or wrong in it, where it stands.
    pub fn read(file: &str, text: &str) -> Result<OwnHead, Fault> {
        let fault = |at: usize, message: String| {
            let (line, column) = place(text, at);
            Fault { file: file.to_owned(), line, column, edit: None, message }
        };
        let read: FileToml = toml::from_str(text)
            .map_err(|error| fault(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
        let Some(head) = read.standard else {
            let message = "the head [standard] with name and edition is missing; other people must know what this is";
            return Err(fault(0, message.to_owned()));
        };
        let head = head.into_inner();
        let fits = |word: &str| {
            (1..=40).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        };
        for word in [&head.name, &head.edition] {
            if !fits(word.get_ref()) {
                return Err(fault(word.span().start, "write letters, digits, -, . and _, at most 40".to_owned()));
            }
        }
        let years = match &head.years {
            None => Years::default(),
            Some(years) => Years::parse(years.get_ref()).ok_or_else(|| {
                let message = format!("{} are no years; write all, 2018+, 2003-2017 or 2023", years.get_ref());
                fault(years.span().start, message)
            })?,
        };
        let name_of = |set: &toml::Table| set.get("name").and_then(toml::Value::as_str).map(str::to_owned);
        Ok(OwnHead {
            name: head.name.into_inner(),
            edition: head.edition.into_inner(),
            years,
            edits: read.edit.len(),
            sets: read.set.iter().filter_map(name_of).collect(),
        })
    }
}

/// Examines a registry's own file beside the compiled-in library: head, language, names in sets, every test.
///
/// # Errors
/// Every fault, each with its line and column.
pub fn examine_own(file: &str, text: &str) -> Result<OwnHead, Vec<Fault>> {
    let head = OwnHead::read(file, text).map_err(|fault| vec![fault])?;
    let mut library = Library::shipped().clone();
    let mut faults = library.add(&[EditFile { name: file, text }], Trials::Kept);
    for edit in library.edits().iter().filter(|edit| edit.file == file) {
        let failed = try_edit(edit).into_iter().filter(|trialed| !trialed.agrees);
        faults.extend(failed.map(|trialed| Fault {
            file: file.to_owned(),
            line: trialed.line,
            column: 1,
            edit: Some(edit.id.clone()),
            message: format!("test {}: {}", trialed.number, trialed.message),
        }));
    }
    if head.edits == 0 && head.sets.is_empty() {
        let message = "it holds no edit and no set".to_owned();
        faults.push(Fault { file: file.to_owned(), line: 1, column: 1, edit: None, message });
    }
    if faults.is_empty() { Ok(head) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const OWN: &str = r#"[standard]
name = "iowa"
edition = "2026.1"
years = "2024+"

[file]
family = "address"
agency = "IA"
sets = ["iowa"]
source = "our rule 4"

[[set]]
name = "iowa"
title = "What the state asks"
like = ["hospital"]
without = ["lat-middle-lobe-left"]

[[edit]]
id = "ia-county"
fail = "countyAtDx = 001"
message = "County {countyAtDx} is not used."
fails = [{ countyAtDx = "001" }]
passes = [{ countyAtDx = "003" }]
"#;

    fn faults(text: &str) -> Vec<String> {
        examine_own("iowa.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_own_file_says_what_it_is() {
        let head = examine_own("iowa.toml", OWN).unwrap();
        assert_eq!((head.name.as_str(), head.edition.as_str(), head.edits), ("iowa", "2026.1", 1));
        assert_eq!((head.sets, head.years.to_string()), (vec!["iowa".to_string()], "2024+".into()));
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_column() {
        assert!(
            faults(&OWN.replace("\"lat-middle", "\"lat-muddle"))[0].starts_with("iowa.toml:16:12: the set iowa names")
        );
        assert!(
            faults(&OWN.replace("[\"hospital\"]", "[\"hospitals\"]"))[0].starts_with("iowa.toml:15:9: the set iowa")
        );
        assert!(faults(&OWN.replace("= 001\"", "= 1\""))[0].starts_with("iowa.toml:20:22: edit ia-county: 1 has"));
        assert!(faults(&OWN.replace("\"003\" }", "\"001\" }"))[0].contains("test 2: the edit fails on a case"));
        assert!(faults(&OWN.replace("2024+", "24+"))[0].starts_with("iowa.toml:4:9: 24+ are no years"));
        assert!(faults(OWN.split_once("[file]").unwrap().1)[0].contains("[standard]"));
        assert!(faults("[standard]\nname = \"a b\"\nedition = \"1\"\n")[0].starts_with("iowa.toml:2:8: write letters"));
        assert!(
            faults(&OWN.replace("sets = [\"iowa\"]", "sets = [\"nowhere\"]"))[0].contains("there is no set nowhere")
        );
        assert!(faults("no toml at all").len() == 1);
    }
}
