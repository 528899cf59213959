//! The library: all edits, the names they share, the sets they run in.
//!
//! The compiled-in library is read when first asked for; its tests are left out then, they are the work of
//! `accession edits test`. Its fingerprint goes with every result, so that a result of another edition is known.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::frame::{Confidence, Edit, Fault, Severity, Trial};
use super::load::{Trials, read_edits, read_table, read_terms};
use super::terms::Terms;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/reference/edits");

/// A named list of edits: a query with exceptions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditSet {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// Takes every edit there is, those of confidence C too.
    #[serde(default)]
    pub everything: bool,
    /// Takes edits that are listed under `all`.
    #[serde(default)]
    pub takes_all: bool,
    /// Takes edits of confidence C, and no others.
    #[serde(default)]
    pub only_optional: bool,
    /// Takes edits of these agencies.
    #[serde(default)]
    pub agencies: Vec<String>,
    /// Takes edits of these families.
    #[serde(default)]
    pub families: Vec<String>,
    /// Takes what these sets take.
    #[serde(default)]
    pub like: Vec<String>,
    /// Takes these edits besides.
    #[serde(default)]
    pub edits: Vec<String>,
    /// Leaves these edits out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Edits that run as errors whatever their confidence: a registry raises them.
    #[serde(default)]
    pub as_errors: Vec<String>,
    /// Edits that only warn.
    #[serde(default)]
    pub as_warnings: Vec<String>,
    /// The families made by the program that run.
    #[serde(default)]
    pub made: Vec<String>,
    /// Standards whose required items are asked for.
    #[serde(default)]
    pub required_by: Vec<String>,
}

/// A file's sets; what else stands in a registry's own file is read elsewhere.
#[derive(Deserialize)]
struct SetsToml {
    #[serde(default)]
    set: Vec<EditSet>,
}

/// A file of the library.
#[derive(Clone, Copy, Debug)]
pub struct EditFile<'t> {
    /// Its name, with `.toml` or `.tsv`.
    pub name: &'t str,
    /// Its text.
    pub text: &'t str,
}

/// The compiled-in files.
pub fn shipped_files() -> Vec<EditFile<'static>> {
    let mut files: Vec<EditFile<'static>> = FILES
        .files()
        .chain(FILES.dirs().flat_map(|dir| dir.files()))
        .filter_map(|file| Some(EditFile { name: file.path().to_str()?, text: file.contents_utf8()? }))
        .collect();
    files.sort_by_key(|file| file.name);
    files
}

/// Line and column of a position in a text, from 1.
pub(crate) fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
    (before.matches('\n').count() + 1, column)
}

/// All edits with what they share.
#[derive(Debug, Clone, Default)]
pub struct Library {
    edits: Vec<Edit>,
    by_id: HashMap<String, usize>,
    terms: Terms,
    sets: BTreeMap<String, EditSet>,
    fingerprint: String,
}

impl Library {
    /// The compiled-in library.
    pub fn shipped() -> &'static Library {
        static SHIPPED: LazyLock<Library> = LazyLock::new(|| Library::load(&shipped_files(), Trials::LeftOut).0);
        &SHIPPED
    }

    /// Reads a library: tables first, then the names, the sets, the edits. Faulty edits are left out and told.
    pub fn load(files: &[EditFile<'_>], trials: Trials) -> (Library, Vec<Fault>) {
        let mut library = Library::default();
        let faults = library.add(files, trials);
        (library, faults)
    }

    /// Adds files; an edit of an id that is there already is a fault.
    pub fn add(&mut self, files: &[EditFile<'_>], trials: Trials) -> Vec<Fault> {
        let mut faults = Vec::new();
        let stem = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
        let mut hash = Sha256::new();
        hash.update(self.fingerprint.as_bytes());
        for file in files {
            hash.update(file.name.as_bytes());
            hash.update([0]);
            hash.update(file.text.as_bytes());
            let name = stem(file.name);
            if let Some(table) = name.strip_suffix(".tsv") {
                let name = table.replace('-', "_").to_ascii_uppercase();
                faults.extend(read_table(file.name, &name, file.text, &mut self.terms).err());
            }
        }
        for file in files.iter().filter(|file| stem(file.name) == "terms.toml") {
            faults.extend(read_terms(file.name, file.text, &mut self.terms));
        }
        let holds_sets = |file: &&EditFile<'_>| stem(file.name) == "sets.toml" || file.text.contains("[[set]]");
        for file in files.iter().filter(holds_sets) {
            faults.extend(self.read_sets(file));
        }
        for file in files {
            let name = stem(file.name);
            if !name.ends_with(".toml") || name == "terms.toml" || name == "sets.toml" {
                continue;
            }
            let mut terms = None;
            if file.text.contains("[sets]") || file.text.contains("[items]") || file.text.contains("[[terms]]") {
                let mut own = self.terms.clone();
                faults.extend(read_terms(file.name, file.text, &mut own));
                terms = Some(own);
            }
            let (edits, more) = read_edits(file.name, file.text, terms.as_ref().unwrap_or(&self.terms), trials);
            faults.extend(more);
            for edit in edits {
                if let Some(other) = self.edit(&edit.id) {
                    faults.push(Fault {
                        file: edit.file.clone(),
                        line: edit.line,
                        column: 1,
                        message: format!("there is an edit of that id in {} line {}", other.file, other.line),
                        edit: Some(edit.id),
                    });
                    continue;
                }
                self.by_id.insert(edit.id.clone(), self.edits.len());
                self.edits.push(edit);
            }
        }
        for file in files.iter().filter(holds_sets) {
            faults.extend(self.unknown_in_sets(file));
        }
        faults.extend(self.dangling());
        self.fingerprint = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        faults
    }

    fn read_sets(&mut self, file: &EditFile<'_>) -> Option<Fault> {
        match toml::from_str::<SetsToml>(file.text) {
            Ok(sets) => {
                self.sets.extend(sets.set.into_iter().map(|set| (set.name.clone(), set)));
                None
            }
            Err(error) => {
                let (line, column) = place(file.text, error.span().map_or(0, |span| span.start));
                let file = file.name.to_owned();
                Some(Fault { file, line, column, edit: None, message: error.message().to_owned() })
            }
        }
    }

    /// What the sets of a file name that is not there, each where it stands.
    fn unknown_in_sets(&self, file: &EditFile<'_>) -> Vec<Fault> {
        // What cannot be read was told when the sets were read.
        let Ok(sets) = toml::from_str::<SetsToml>(file.text) else { return Vec::new() };
        let mut faults = Vec::new();
        for set in &sets.set {
            let named = [&set.edits, &set.without, &set.as_errors, &set.as_warnings];
            let edits = named.into_iter().flatten().filter(|id| !self.by_id.contains_key(*id));
            let likes = set.like.iter().filter(|name| !self.sets.contains_key(*name));
            for (name, what) in edits.map(|id| (id, "edit")).chain(likes.map(|name| (name, "set"))) {
                let start = file.text.find(&format!("\"{}\"", set.name)).unwrap_or(0);
                let after = file.text.get(start..).and_then(|rest| rest.find(&format!("\"{name}\"")));
                let (line, column) = place(file.text, start + after.unwrap_or(0));
                let message = format!("the set {} names {name}, which is no {what}", set.name);
                faults.push(Fault { file: file.name.to_owned(), line, column, edit: None, message });
            }
        }
        faults
    }

    /// Edits that name unknown sets or predecessors.
    fn dangling(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for edit in &self.edits {
            let unknown_sets = edit
                .sets
                .iter()
                .filter(|set| !self.sets.contains_key(*set))
                .map(|set| format!("there is no set {set}"));
            let unknown = edit
                .after
                .iter()
                .filter(|id| !self.by_id.contains_key(*id))
                .map(|id| format!("after names {id}, which is no edit"));
            for message in unknown_sets.chain(unknown) {
                faults.push(Fault {
                    file: edit.file.clone(),
                    line: edit.line,
                    column: 1,
                    edit: Some(edit.id.clone()),
                    message,
                });
            }
        }
        faults
    }

    /// The edits in the order of the files.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// The edit of an id.
    pub fn edit(&self, id: &str) -> Option<&Edit> {
        self.edits.get(*self.by_id.get(id)?)
    }

    /// Gives every edit other tests, by its id.
    pub fn replace_trials(&mut self, mut trials: impl FnMut(&str) -> Vec<Trial>) {
        for edit in &mut self.edits {
            edit.trials = trials(&edit.id);
        }
    }

    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The sets by name.
    pub fn sets(&self) -> impl Iterator<Item = &EditSet> {
        self.sets.values()
    }

    /// The set of a name.
    pub fn set(&self, name: &str) -> Option<&EditSet> {
        self.sets.get(name)
    }

    /// The names expressions may use.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// SHA-256 over all files.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether an edit runs in a set.
    pub fn runs_in(&self, edit: &Edit, set: &EditSet) -> bool {
        self.runs_within(edit, set, 0)
    }

    /// The severity an edit has in a set.
    pub fn severity_in(&self, edit: &Edit, set: &EditSet) -> Severity {
        match edit.severity() {
            _ if set.as_errors.contains(&edit.id) => Severity::Error,
            _ if set.as_warnings.contains(&edit.id) => Severity::Warning,
            severity => severity,
        }
    }

    fn runs_within(&self, edit: &Edit, set: &EditSet, depth: u8) -> bool {
        if edit.is_only_documented() || set.without.contains(&edit.id) {
            return false;
        }
        if set.everything || set.edits.contains(&edit.id) {
            return true;
        }
        let optional = edit.confidence == Confidence::C;
        if set.only_optional || optional {
            return set.only_optional && optional;
        }
        edit.sets.iter().any(|name| *name == set.name || set.takes_all && name == "all")
            || set.agencies.contains(&edit.agency)
            || set.families.contains(&edit.family)
            || depth < 4
                && set.like.iter().filter_map(|name| self.set(name)).any(|like| self.runs_within(edit, like, depth + 1))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::edits::{mutants, try_edit};

    fn whole() -> Library {
        let (library, faults) = Library::load(&shipped_files(), Trials::Kept);
        assert!(faults.is_empty(), "{}", faults.iter().map(|f| format!("{f}\n")).collect::<String>());
        library
    }

    #[test]
    fn every_edit_does_what_its_tests_say() {
        let library = whole();
        let wrong: Vec<String> = library
            .edits()
            .iter()
            .flat_map(|edit| try_edit(edit).into_iter().map(move |t| (edit, t)))
            .filter(|(_, trialed)| !trialed.agrees)
            .map(|(edit, t)| format!("{}:{} {}: {}", edit.file, t.line, edit.id, t.message))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(library.edits().len() > 900, "{}", library.edits().len());
    }

    #[test]
    fn a_mutant_is_noticed_and_a_test_that_decides_nothing_is_found_out() {
        let library = whole();
        let edit = library.edit("lat-middle-lobe-left").unwrap();
        assert!(mutants(edit).len() >= 3 && mutants(edit).iter().all(|mutant| mutant.noticed));
        let mut weak = edit.clone();
        weak.trials.retain(|trial| trial.must_fail);
        assert!(mutants(&weak).iter().any(|mutant| !mutant.noticed));
    }

    #[test]
    fn sets_take_what_they_ask_for() {
        let library = whole();
        let runs = |set: &str, edit: &str| library.runs_in(library.edit(edit).unwrap(), library.set(set).unwrap());
        assert!(runs("seer", "lat-middle-lobe-left") && runs("all", "sex-psa-female"));
        assert!(!runs("seer", "sex-psa-female") && runs("optional", "sex-psa-female"));
        assert!(!runs("optional", "lat-middle-lobe-left") && runs("iarc", "sex-hist-female-only-male"));
        assert!(!runs("all", "race-hispanic-0-surname"), "documentation never runs");
    }

    #[test]
    fn a_registry_raises_and_lowers_an_edit() {
        let library = whole();
        let edit = library.edit("ss2000-behavior2-not-insitu").unwrap();
        let mut set = library.set("all").unwrap().clone();
        assert_eq!(library.severity_in(edit, &set), Severity::Warning);
        set.as_errors.push(edit.id.clone());
        assert_eq!(library.severity_in(edit, &set), Severity::Error);
    }

    #[test]
    fn faults_name_file_line_and_column() {
        let text = "[file]\nfamily = \"x\"\nagency = \"AX\"\nsets = [\"all\"]\nsource = \"s\"\n[[edit]]\nid = \"x-one\"\nfail = \"laterality = 7\"\nmessage = \"m\"\nfails = [{ laterality = \"1\" }]\npasses = [{ laterality = \"2\" }]\n";
        let faults = |text: &str| {
            let mut files = shipped_files();
            files.push(EditFile { name: "own.state.toml", text });
            Library::load(&files, Trials::Kept).1
        };
        let found = faults(text);
        assert_eq!((found[0].line, found[0].column, found[0].edit.as_deref()), (8, 22, Some("x-one")), "{found:?}");
        assert_eq!(found[0].message, "laterality has no code 7");
        let unknown = faults(&text.replace("laterality = 7", "lateralitee = 1"));
        assert!(unknown[0].message.contains("lateralitee"), "{unknown:?}");
        let untested =
            faults(&text.replace("laterality = 7", "laterality = 1").replace("passes = [{ laterality = \"2\" }]", ""));
        assert!(untested[0].message.contains("passes is missing"), "{untested:?}");
        let hole = faults(&text.replace("laterality = 7", "laterality = 1").replace("\"m\"", "\"{lat}\""));
        assert!(hole[0].message.contains("{lat}"), "{hole:?}");
        for (message, column, words) in
            [("it is {laterality", 18, "has no }"), ("laterality}", 22, "has no {"), (" ", 12, "is empty")]
        {
            let text = text.replace("laterality = 7", "laterality = 1").replace("\"m\"", &format!("\"{message}\""));
            let found = faults(&text);
            assert!(found.len() == 1 && found[0].message.contains(words), "{found:?}");
            assert_eq!((found[0].line, found[0].column), (9, column), "{found:?}");
        }
        assert!(faults(&text.replace("laterality = 7", "laterality = 1")).is_empty());
        assert_eq!(faults("[[edit]]\nid = 3\n")[0].line, 2);
    }
}
