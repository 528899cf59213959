//! `accession naaccr split`: one file as several.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::naaccr::output::Output;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Patient, Reader, Tumor};

/// How many files may be written at once.
const MOST: usize = 500;

/// Writes a file for each value of an item, or for each so many patients.
#[derive(Debug, Args)]
pub(in crate::cli) struct Split {
    /// The file to read, or `-` for standard input.
    input: PathBuf,
    /// Folder of the files to write.
    #[arg(long)]
    into: PathBuf,
    /// The item whose values make the files; a patient is in the file of each of the tumors.
    #[arg(long, required_unless_present = "patients", conflicts_with = "patients")]
    by: Option<String>,
    /// How many patients a file has.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    patients: Option<u64>,
    /// Pack the files.
    #[arg(long)]
    gzip: bool,
    /// Print one JSON object a file.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Split {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        let name = || self.input.display().to_string();
        std::fs::create_dir_all(&self.into).with_context(|| format!("making {}", self.into.display()))?;
        let mut reader = Reader::open(self.reading.open(&self.input)?, &options).with_context(name)?;
        let mut outputs: BTreeMap<String, Output> = BTreeMap::new();
        let mut patient = Patient::default();
        while reader.read_patient(&mut patient).with_context(name)? {
            for (key, part) in self.parts(&patient) {
                if !outputs.contains_key(&key) {
                    if self.patients.is_some() {
                        self.finish(&mut outputs)?;
                    }
                    if outputs.len() == MOST {
                        bail!("the item has more than {MOST} values; split by another, or filter first");
                    }
                    let output = Output::new(&self.into.join(self.file_name(&key)), reader.root())?;
                    outputs.insert(key.clone(), output);
                }
                if let Some(output) = outputs.get_mut(&key) {
                    output.write(part.as_ref().unwrap_or(&patient))?;
                }
            }
        }
        self.finish(&mut outputs)?;
        Ok(Outcome::Done)
    }

    /// The files a patient goes to, with what of the patient; none means the whole.
    fn parts(&self, patient: &Patient) -> Vec<(String, Option<Patient>)> {
        let Some(item) = &self.by else {
            let each = self.patients.unwrap_or(1);
            return vec![(format!("{:06}", (patient.ordinal - 1) / each + 1), None)];
        };
        let value = |tumor: Option<&Tumor>| {
            tumor.and_then(|t| t.items.get(item)).or_else(|| patient.items.get(item)).unwrap_or("").to_owned()
        };
        let mut keys: Vec<String> = patient.tumors.iter().map(|t| value(Some(t))).collect();
        if keys.is_empty() {
            return vec![(value(None), None)];
        }
        let of_tumors = keys.clone();
        keys.sort();
        keys.dedup();
        if keys.len() == 1 {
            return keys.into_iter().map(|key| (key, None)).collect();
        }
        let part = |key: &String| {
            let mut part = patient.clone();
            let mut of_tumors = of_tumors.iter();
            part.tumors.retain(|_| of_tumors.next() == Some(key));
            part
        };
        keys.iter().map(|key| (key.clone(), Some(part(key)))).collect()
    }

    fn file_name(&self, key: &str) -> String {
        let safe: String =
            key.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect();
        let base = match &self.by {
            // Values that look alike as names of files stay apart.
            Some(item) if safe != key => format!("{item}-{safe}-{:08x}", crc(key)),
            Some(item) if key.is_empty() => format!("{item}-none"),
            Some(item) => format!("{item}-{safe}"),
            None => format!("part-{safe}"),
        };
        format!("{base}.xml{}", if self.gzip { ".gz" } else { "" })
    }

    fn finish(&self, outputs: &mut BTreeMap<String, Output>) -> anyhow::Result<()> {
        for (key, output) in std::mem::take(outputs) {
            let (written, _) = output.finish()?;
            let file = self.into.join(self.file_name(&key));
            if self.json {
                println!(
                    "{}",
                    json!({"file": file, "value": key, "patients": written.patients, "tumors": written.tumors, "bytes": written.bytes})
                );
            } else {
                println!("{} {} patients, {} tumors", file.display(), written.patients, written.tumors);
            }
        }
        Ok(())
    }
}

/// A short check sum of a value.
fn crc(text: &str) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}
