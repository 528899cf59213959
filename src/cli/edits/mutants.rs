//! `accession edits mutants`: is every clause of every rule held by a test?

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{drawn, read_files, whole_library};
use crate::cli::Outcome;
use crate::edits::{Edit, Mutant, mutants};

/// Turns every comparison of every edit round and drops every clause; a test must notice each.
#[derive(Debug, Args)]
pub struct Mutants {
    /// Edit files; their edits alone are changed.
    files: Vec<PathBuf>,
    /// Only these edits.
    #[arg(long)]
    edit: Vec<String>,
    /// How many are drawn; all unless given.
    #[arg(long)]
    draw: Option<usize>,
    /// What they are drawn by, such as the date of a commit.
    #[arg(long, default_value = "1")]
    seed: String,
    /// One object.
    #[arg(long)]
    json: bool,
}

impl Mutants {
    pub fn run(self) -> anyhow::Result<Outcome> {
        let more = read_files(&self.files)?;
        let (library, _) = whole_library(&more);
        let wanted = |edit: &&Edit| {
            (more.is_empty() || more.iter().any(|(name, _)| *name == edit.file))
                && (self.edit.is_empty() || self.edit.contains(&edit.id))
                && !edit.is_only_documented()
        };
        let mut all: Vec<(&Edit, Mutant)> = Vec::new();
        for edit in library.edits().iter().filter(wanted) {
            all.extend(mutants(edit).into_iter().map(|mutant| (edit, mutant)));
        }
        if let Some(draw) = self.draw {
            all.sort_by_cached_key(|(edit, mutant)| drawn(&self.seed, &[&edit.id, &mutant.change]));
            all.truncate(draw);
        }
        let survivors: Vec<&(&Edit, Mutant)> = all.iter().filter(|(_, mutant)| !mutant.noticed).collect();
        if self.json {
            let survivors: Vec<_> =
                survivors.iter().map(|(edit, m)| json!({"edit": edit.id, "change": m.change})).collect();
            println!("{}", json!({"mutants": all.len(), "survivors": survivors}));
        } else {
            for (edit, mutant) in &survivors {
                println!("{}:{}: {}: {}", edit.file, edit.line, edit.id, mutant.change);
            }
            println!("{} mutants, {} noticed, {} survived", all.len(), all.len() - survivors.len(), survivors.len());
        }
        Ok(if survivors.is_empty() { Outcome::Done } else { Outcome::Found })
    }
}
