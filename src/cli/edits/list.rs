//! `accession edits list`, `accession edits diff`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::{drawn, read_files};
use crate::cli::Outcome;
use crate::edits::{Edit, EditFile, Library, Trials};

/// Names the edits of the library.
#[derive(Debug, Args)]
pub struct List {
    /// Only those that run in this set.
    #[arg(long)]
    set: Option<String>,
    /// Only those of this family.
    #[arg(long)]
    family: Option<String>,
    /// Only those that read this item.
    #[arg(long)]
    item: Option<String>,
    /// So many, drawn by the seed, each with its message and source alone: what a second reader of rules is given.
    #[arg(long, value_name = "MANY")]
    draw: Option<usize>,
    /// What they are drawn by.
    #[arg(long, default_value = "second-reader", requires = "draw")]
    seed: String,
    /// The sets instead of the edits.
    #[arg(long)]
    sets: bool,
    /// A line of JSON each.
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let library = Library::shipped();
        if self.sets {
            for set in library.sets() {
                let runs = library.edits().iter().filter(|edit| library.runs_in(edit, set)).count();
                match self.json {
                    true => say!("{}", json!({"set": set.name, "title": set.title, "edits": runs})),
                    false => say!("{:22} {runs:5} edits  {}", set.name, set.title),
                }
            }
            return Ok(Outcome::Done);
        }
        let set = match &self.set {
            Some(name) => Some(library.set(name).ok_or_else(|| anyhow!("there is no edit set {name}"))?),
            None => None,
        };
        let wanted = |edit: &&Edit| {
            set.is_none_or(|set| library.runs_in(edit, set))
                && self.family.as_ref().is_none_or(|family| *family == edit.family)
                && self.item.as_ref().is_none_or(|item| edit.reads().iter().any(|slot| slot.id() == item))
        };
        if let Some(draw) = self.draw {
            let mut all: Vec<&Edit> =
                library.edits().iter().filter(wanted).filter(|edit| !edit.is_only_documented()).collect();
            all.sort_by_cached_key(|edit| drawn(&self.seed, &[&edit.id]));
            for edit in all.into_iter().take(draw) {
                match self.json {
                    true => say!("{}", json!({"id": edit.id, "message": edit.message, "source": edit.source})),
                    false => say!("{}\n    {}\n    {}", edit.id, edit.message, edit.source),
                }
            }
            return Ok(Outcome::Done);
        }
        for edit in library.edits().iter().filter(wanted) {
            match self.json {
                true => say!(
                    "{}",
                    json!({"id": edit.id, "name": edit.name, "family": edit.family, "severity": edit.severity(),
                        "confidence": edit.confidence, "agency": edit.agency, "years": edit.years.to_string()})
                ),
                false => say!(
                    "{:44} {:18} {:8} {:?}  {}",
                    edit.id,
                    edit.family,
                    format!("{:?}", edit.severity()).to_lowercase(),
                    edit.confidence,
                    edit.name
                ),
            }
        }
        Ok(Outcome::Done)
    }
}

/// What a folder of edit files would change: new, changed and retired edits.
#[derive(Debug, Args)]
pub struct Diff {
    /// Edit files, or a folder of them; compared with the library.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// One object.
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let mut paths = Vec::new();
        let mut whole = false;
        for path in &self.paths {
            if path.is_dir() {
                whole = true;
                for entry in std::fs::read_dir(path).with_context(|| format!("reading {}", path.display()))? {
                    let entry = entry.with_context(|| format!("reading {}", path.display()))?.path();
                    if entry.extension().is_some_and(|end| end == "toml") {
                        paths.push(entry);
                    }
                }
            } else {
                paths.push(path.clone());
            }
        }
        paths.sort();
        let texts = read_files(&paths)?;
        let shipped = Library::shipped();
        let mut files: Vec<EditFile<'_>> = crate::edits::shipped_files();
        files.retain(|file| {
            file.name.ends_with(".tsv") || file.name.ends_with("terms.toml") || file.name.ends_with("sets.toml")
        });
        let own: Vec<EditFile<'_>> = texts.iter().map(|(name, text)| EditFile { name, text }).collect();
        let base = |name: &str| name.rsplit('/').next().unwrap_or("").to_owned();
        files.retain(|file| !own.iter().any(|new| base(new.name) == base(file.name)));
        files.extend(own);
        let (new, faults) = Library::load(&files, Trials::LeftOut);
        for fault in faults.iter().filter(|fault| texts.iter().any(|(name, _)| *name == fault.file)) {
            eprintln!("{fault}");
        }
        let mut added = Vec::new();
        let mut changed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for edit in new.edits() {
            match shipped.edit(&edit.id) {
                None => added.push(edit.id.as_str()),
                Some(old) => {
                    let what = differences(old, edit);
                    if !what.is_empty() {
                        changed.insert(&edit.id, what);
                    }
                }
            }
        }
        let retired: Vec<&str> = match whole {
            true => shipped.edits().iter().map(|edit| edit.id.as_str()).filter(|id| new.edit(id).is_none()).collect(),
            false => Vec::new(),
        };
        if self.json {
            let changed: BTreeMap<&str, Value> = changed.iter().map(|(id, what)| (*id, json!(what))).collect();
            say!("{}", json!({"new": added, "changed": changed, "retired": retired}));
        } else {
            for id in &added {
                say!("new      {id}");
            }
            for (id, what) in &changed {
                say!("changed  {id}: {}", what.join(", "));
            }
            for id in &retired {
                say!("retired  {id}");
            }
            say!("{} new, {} changed, {} retired", added.len(), changed.len(), retired.len());
        }
        let same = added.is_empty() && changed.is_empty() && retired.is_empty();
        Ok(if same { Outcome::Done } else { Outcome::Found })
    }
}

fn differences<'w>(old: &Edit, new: &Edit) -> Vec<&'w str> {
    let parts = [
        ("when", old.when != new.when),
        ("fail", old.fail != new.fail),
        ("severity", old.severity() != new.severity()),
        ("confidence", old.confidence != new.confidence),
        ("years", old.years != new.years),
        ("record types", old.record_types != new.record_types),
        ("sets", old.sets != new.sets),
        ("over-ride", old.overrides != new.overrides),
        ("items", old.items != new.items),
        ("message", old.message != new.message),
        ("level", old.level != new.level),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
