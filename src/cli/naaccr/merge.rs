//! `accession naaccr merge`: several files as one.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::naaccr::output::Output;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Patient, ReadOptions, Reader, Root};

/// Writes the patients of several files into one. All must be of one version and record type; convert them first if
/// they are not. Patients are not joined, even if their numbers are the same.
#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    /// The files to read, in this order.
    #[arg(required = true, num_args = 1..)]
    inputs: Vec<PathBuf>,
    /// The file to write, or `-` for standard output.
    #[arg(long)]
    out: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Merge {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        // Every root is read before anything is written, so that a file that does not fit stops the work at once.
        let mut root: Option<Root> = None;
        let mut differing: Vec<String> = Vec::new();
        for path in &self.inputs {
            if path.as_os_str() == "-" {
                bail!("files are read twice, so standard input cannot be one of them");
            }
            let reader =
                Reader::open(self.reading.open(path)?, &options).with_context(|| path.display().to_string())?;
            match &mut root {
                None => root = Some(reader.root().clone()),
                Some(root) => join(root, reader.root(), &mut differing)
                    .with_context(|| format!("{} does not fit the files before it", path.display()))?,
            }
        }
        let Some(root) = root else { bail!("no file to read") };
        let mut output = Output::new(&self.out, &root)?;
        for path in &self.inputs {
            append(path, self.reading.open(path)?, &options, &mut output)?;
        }
        let (written, _) = output.finish()?;
        differing.sort();
        differing.dedup();
        for id in &differing {
            eprintln!("accession: the files differ in their item {id}; it is left out");
        }
        let text = if self.json {
            json!({
                "files": self.inputs.len(),
                "written": {"patients": written.patients, "tumors": written.tumors, "bytes": written.bytes},
                "lost": differing.iter().map(|id| json!({"item": id, "reason": "files_differ", "count": 1})).collect::<Vec<_>>(),
            })
            .to_string()
        } else {
            format!("{} patients, {} tumors, {} bytes", written.patients, written.tumors, written.bytes)
        };
        if self.out.as_os_str() == "-" {
            eprintln!("{text}")
        } else {
            println!("{text}")
        }
        Ok(if differing.is_empty() { Outcome::Done } else { Outcome::Found })
    }
}

/// Makes one root of two: user dictionaries of both, and the items both hold with the same value.
fn join(root: &mut Root, other: &Root, differing: &mut Vec<String>) -> anyhow::Result<()> {
    if root.version != other.version || root.record_type != other.record_type {
        bail!(
            "it is of version {} and type {}, they are of version {} and type {}; convert it first",
            other.version,
            other.record_type,
            root.version,
            root.record_type
        );
    }
    for uri in &other.user_dictionary_uris {
        if !root.user_dictionary_uris.contains(uri) {
            root.user_dictionary_uris.push(uri.clone());
        }
    }
    for attribute in &other.other_attributes {
        match root.other_attributes.iter().find(|(name, _)| *name == attribute.0) {
            None => root.other_attributes.push(attribute.clone()),
            Some(same) if same == attribute => {}
            Some(_) => bail!("its root attribute {} has another value; convert the files without it", attribute.0),
        }
    }
    root.time_generated = None;
    let ids: Vec<String> = root.items.iter().chain(other.items.iter()).map(|e| e.id.to_owned()).collect();
    for id in ids {
        if root.items.get(&id) != other.items.get(&id) {
            root.items.remove(&id);
            differing.push(id);
        }
    }
    root.extensions.extend(other.extensions.iter().cloned());
    Ok(())
}

fn append(
    path: &std::path::Path,
    input: Box<dyn std::io::Read + Send>,
    options: &ReadOptions,
    output: &mut Output,
) -> anyhow::Result<()> {
    let name = || path.display().to_string();
    let mut reader = Reader::open(input, options).with_context(name)?;
    let mut patient = Patient::default();
    while reader.read_patient(&mut patient).with_context(name)? {
        output.write(&patient)?;
    }
    Ok(())
}
