//! `accession naaccr deidentify`: what of a file may leave at a privacy level.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::{Datelike, NaiveDate};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cli::Outcome;
use crate::cli::naaccr::output::Output;
use crate::cli::naaccr::reading::Reading;
use crate::naaccr::{Patient, Reader, super_dictionary};
use crate::research::levels::Level;
use crate::research::record_release::RecordRelease;
use crate::research::release::StudyKey;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LevelName {
    Limited,
    #[value(alias = "de-identified")]
    Deidentified,
}

/// Writes what of a file may leave at a privacy level, as an incidence file, and lists what became of each item.
/// `limited` is a limited data set (45 CFR 164.514(e)); `deidentified` is safe harbor (164.514(b)(2)): years only, ages to
/// 89 (090 means 90 and over), three digits of ZIP codes. Patients get other numbers.
#[derive(Debug, Args)]
pub(in crate::cli) struct Deidentify {
    /// The file to read, or `-` for standard input.
    input: PathBuf,
    /// The file to write, or `-` for standard output.
    output: PathBuf,
    /// How much of a person stays.
    #[arg(long, value_enum)]
    level: LevelName,
    /// File with the secret of the study, at least 16 bytes: with the same secret a patient gets the same number again.
    /// Without it the numbers are made for this run alone.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The day at which the living have their age; today if not given.
    #[arg(long)]
    as_of: Option<NaiveDate>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reading: Reading,
}

impl Deidentify {
    pub(in crate::cli) fn run(self) -> anyhow::Result<Outcome> {
        let options = self.reading.options()?;
        let name = || self.input.display().to_string();
        let level = match self.level {
            LevelName::Limited => Level::Limited,
            LevelName::Deidentified => Level::Deidentified,
        };
        let key = key(self.key_file.as_deref())?;
        let year = self.as_of.unwrap_or_else(|| chrono::Local::now().date_naive()).year();
        let mut reader = Reader::open(self.reading.open(&self.input)?, &options).with_context(name)?;
        let mut release = RecordRelease::new(level, &key, reader.root().version, year);
        let mut output = Output::new(&self.output, &release.root(reader.root()))?;
        let mut patient = Patient::default();
        while reader.read_patient(&mut patient).with_context(name)? {
            output.write(&release.patient(&patient))?;
        }
        let (written, _) = output.finish()?;
        let withheld: u64 = release.became().values().map(|b| b.withheld).sum();
        let text = match self.json {
            true => json!({
                "level": level.key(),
                "written": {"patients": written.patients, "tumors": written.tumors, "bytes": written.bytes},
                "items": release.became().iter().map(|(id, became)| item(id, *became)).collect::<Vec<_>>(),
                "extensions_dropped": release.extensions(),
            })
            .to_string(),
            false => self.told(&release, &format!("{} patients, {} tumors", written.patients, written.tumors)),
        };
        if self.output.as_os_str() == "-" {
            eprintln!("{text}");
        } else {
            println!("{text}");
        }
        Ok(if withheld == 0 { Outcome::Done } else { Outcome::Found })
    }

    fn told(&self, release: &RecordRelease<'_>, written: &str) -> String {
        let mut text = format!("{:32} {:>9} {:>9} {:>9} {:>9}\n", "item", "kept", "changed", "dropped", "withheld");
        for (id, b) in release.became() {
            text += &format!("{id:32} {:>9} {:>9} {:>9} {:>9}\n", b.kept, b.changed, b.dropped, b.withheld);
        }
        text + written
    }
}

fn item(id: &str, became: crate::research::record_release::Became) -> Value {
    let mut object = json!({"item": id, "kept": became.kept, "changed": became.changed, "dropped": became.dropped, "withheld": became.withheld});
    if let Some(number) = super_dictionary().by_id(id).and_then(|item| item.number) {
        object["number"] = json!(number.0);
    }
    object
}

/// The secret of a file, or one for this run.
fn key(file: Option<&Path>) -> anyhow::Result<StudyKey> {
    let mut key = [0; 32];
    match file {
        None => getrandom::fill(&mut key).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?,
        Some(path) => {
            let mut secret = Vec::new();
            let opened = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
            opened.take(1 << 16).read_to_end(&mut secret).with_context(|| format!("reading {}", path.display()))?;
            if secret.trim_ascii().len() < 16 {
                bail!("the secret in {} is shorter than 16 bytes", path.display());
            }
            key = Sha256::digest(secret.trim_ascii()).into();
        }
    }
    Ok(StudyKey(key))
}
