//! `accession naaccr dictionary …`: checking, comparing and converting dictionaries.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::naaccr::{
    Dictionary, DictionaryProblem, Version, dictionary, dictionary_csv, dictionary_from_csv, dictionary_xml,
    differences, load_dictionary, merged,
};

/// Dictionaries.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Dictionaries {
    /// Says every rule a dictionary breaks, with its line.
    Check {
        /// The dictionary.
        file: PathBuf,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Says what changed from one dictionary to another.
    Diff {
        /// A file, or a version such as 250 for its base dictionary.
        from: PathBuf,
        /// A file, or a version.
        to: PathBuf,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Writes several user dictionaries as one. Contradictions are told; of two definitions the first is taken.
    Merge {
        /// The dictionaries, in XML or CSV.
        #[arg(required = true, num_args = 1..)]
        files: Vec<PathBuf>,
        /// URI of the dictionary made of them.
        #[arg(long)]
        uri: String,
        /// What it is.
        #[arg(long, default_value = "")]
        description: String,
        /// When it was changed last.
        #[arg(long, default_value = "")]
        date_last_modified: String,
        /// Write CSV.
        #[arg(long)]
        csv: bool,
    },
    /// Writes a dictionary as CSV, or a user dictionary from CSV.
    Csv {
        /// A file, or a version; a name that ends in `.csv` is turned into a dictionary.
        file: PathBuf,
        /// URI of the dictionary made from CSV.
        #[arg(long)]
        uri: Option<String>,
        /// Version of the dictionary made from CSV.
        #[arg(long)]
        version: Option<String>,
        /// What the dictionary made from CSV is.
        #[arg(long, default_value = "")]
        description: String,
        /// When the dictionary made from CSV was changed last.
        #[arg(long, default_value = "")]
        date_last_modified: String,
    },
}

impl Dictionaries {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Dictionaries::Check { file, json } => check(&file, json),
            Dictionaries::Diff { from, to, json } => diff(&from, &to, json),
            Dictionaries::Merge { files, uri, description, date_last_modified, csv } => {
                let all: Vec<Dictionary> = files.iter().map(|file| find(file)).collect::<anyhow::Result<_>>()?;
                let (merged, problems) = merged(&all.iter().collect::<Vec<_>>(), &uri);
                for problem in &problems {
                    eprintln!("accession: {}", problem.message);
                }
                let text = match csv {
                    true => dictionary_csv(&merged),
                    false => dictionary_xml(&merged, &description, &date_last_modified),
                };
                print!("{text}");
                Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Found })
            }
            Dictionaries::Csv { file, uri, version, description, date_last_modified } => {
                if file.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
                    let Some(uri) = uri else { bail!("a dictionary needs a URI; give --uri") };
                    from_csv(&file, &uri, &version.unwrap_or_default(), &description, &date_last_modified)
                } else {
                    print!("{}", dictionary_csv(&find(&file)?));
                    Ok(Outcome::Done)
                }
            }
        }
    }
}

fn check(file: &Path, as_json: bool) -> anyhow::Result<Outcome> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let (outcome, problems) = match load_dictionary(&bytes) {
        Ok(loaded) if loaded.problems.is_empty() => ("ok", Vec::new()),
        Ok(loaded) => ("errors", loaded.problems),
        Err(refused) => ("fatal", vec![refused]),
    };
    if as_json {
        let problems: Vec<Value> = problems.iter().map(problem).collect();
        println!("{}", json!({"outcome": outcome, "problems": problems}));
    } else {
        for problem in &problems {
            println!("{}: {} ({})", file.display(), problem, problem.kind);
        }
    }
    Ok(match outcome {
        "ok" => Outcome::Done,
        "errors" => Outcome::Found,
        _ => {
            eprintln!("accession: {} is not a dictionary that can be read", file.display());
            Outcome::NotDone
        }
    })
}

fn problem(problem: &DictionaryProblem) -> Value {
    let mut object = json!({"kind": problem.kind, "line": problem.line, "message": problem.message});
    if let Some(item) = &problem.item {
        object["item"] = json!(item);
    }
    if let Some(number) = problem.number {
        object["number"] = json!(number.0);
    }
    object
}

/// The dictionary of a version or a file.
fn find(path: &Path) -> anyhow::Result<Dictionary> {
    if let Some(version) = path.to_str().and_then(Version::parse) {
        return Ok(dictionary(version).clone());
    }
    let bytes = std::fs::read(path)
        .with_context(|| format!("reading {} (name a file, or a version such as 250)", path.display()))?;
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv")) {
        let loaded =
            dictionary_from_csv(&bytes, "", "").with_context(|| format!("{} is no dictionary", path.display()))?;
        return Ok(loaded.dictionary);
    }
    Ok(load_dictionary(&bytes).with_context(|| format!("{} is no dictionary", path.display()))?.dictionary)
}

fn diff(from: &Path, to: &Path, as_json: bool) -> anyhow::Result<Outcome> {
    let found = differences(&find(from)?, &find(to)?);
    for d in &found {
        if as_json {
            println!(
                "{}",
                json!({"change": d.change, "item": d.item, "number": d.number, "attribute": d.attribute, "old": d.old, "new": d.new})
            );
        } else {
            let number = d.number.map(|n| n.to_string()).unwrap_or_default();
            match d.attribute {
                "" => println!("{:8} {} {number}", d.change, d.item),
                _ => println!("{:8} {} {number} {}: {:?} -> {:?}", d.change, d.item, d.attribute, d.old, d.new),
            }
        }
    }
    Ok(if found.is_empty() { Outcome::Done } else { Outcome::Found })
}

fn from_csv(file: &Path, uri: &str, version: &str, description: &str, date: &str) -> anyhow::Result<Outcome> {
    let csv = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let loaded = dictionary_from_csv(&csv, uri, version)
        .with_context(|| format!("making a dictionary of {}", file.display()))?;
    for problem in &loaded.problems {
        eprintln!("{}: {problem}", file.display());
    }
    print!("{}", dictionary_xml(&loaded.dictionary, description, date));
    Ok(if loaded.problems.is_empty() { Outcome::Done } else { Outcome::Found })
}
