//! `accession synth`: writes a synthetic registry as NAACCR XML.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::NaiveDate;
use clap::{Args, ValueEnum};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::Outcome;
use super::taken_in::take_in_synthetic;
use crate::registry::clock::Clock;
use crate::registry::store::{By, DatabaseUrl, Store};
use crate::synth::{Generator, RecordType, Settings, Version, Written, write_xml};

/// Make a synthetic registry: realistic patients, none of them real.
#[derive(Debug, Args)]
pub struct Synth {
    /// How many patients, duplicates included.
    #[arg(long, default_value_t = 1000, env = "ACCESSION_PATIENTS")]
    patients: u64,
    /// Same seed, same bytes.
    #[arg(long, default_value_t = 1, env = "ACCESSION_SEED")]
    seed: u64,
    /// NAACCR version.
    #[arg(long, value_enum, default_value = "260", env = "ACCESSION_VERSION")]
    version: VersionName,
    /// Record type: A with identity and texts, I without.
    #[arg(long = "type", value_enum, default_value = "A", env = "ACCESSION_TYPE")]
    record_type: TypeName,
    /// First year of diagnosis (2004 or later).
    #[arg(long, default_value_t = 2004, env = "ACCESSION_FIRST_YEAR")]
    first_year: u16,
    /// Last year of diagnosis.
    #[arg(long, default_value_t = 2025, env = "ACCESSION_LAST_YEAR")]
    last_year: u16,
    /// The day that counts as today.
    #[arg(long, default_value = "2026-11-01", env = "ACCESSION_AS_OF")]
    as_of: NaiveDate,
    /// Registry id (40) of the file, ten digits.
    #[arg(long, default_value = "0000009999", env = "ACCESSION_REGISTRY_ID")]
    registry_id: String,
    /// Where to write true duplicates, partial dates and second reports as CSV.
    #[arg(long, env = "ACCESSION_LEDGER")]
    ledger: Option<PathBuf>,
    /// The file (`.xml`, or `.xml.gz` to compress), or `-` for standard output.
    #[arg(long, env = "ACCESSION_OUT", required_unless_present = "into", conflicts_with = "into")]
    out: Option<PathBuf>,
    /// An existing registry that takes it in: sqlite:PATH or postgres://…
    #[arg(long, env = "ACCESSION_INTO", value_name = "URL")]
    into: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum VersionName {
    #[value(name = "250", alias = "25")]
    V250,
    #[value(name = "260", alias = "26")]
    V260,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum TypeName {
    #[value(name = "A", alias = "a")]
    A,
    #[value(name = "I", alias = "i")]
    I,
}

impl Synth {
    /// Writes the files.
    pub fn run(&self) -> anyhow::Result<Outcome> {
        if self.registry_id.len() != 10 || !self.registry_id.bytes().all(|byte| byte.is_ascii_digit()) {
            bail!("--registry-id {:?} is not ten digits", self.registry_id);
        }
        let settings = Settings {
            patients: self.patients,
            seed: self.seed,
            version: match self.version {
                VersionName::V250 => Version::V250,
                VersionName::V260 => Version::V260,
            },
            record_type: match self.record_type {
                TypeName::A => RecordType::Abstract,
                TypeName::I => RecordType::Incidence,
            },
            first_year: self.first_year,
            last_year: self.last_year,
            as_of: self.as_of,
            registry_id: self.registry_id.clone(),
            time_generated: format!("{}T08:00:00Z", self.as_of),
        };
        if let Some(url) = &self.into {
            return self.take_in(url, &settings);
        }
        let place = self.out.as_deref().unwrap_or(Path::new("-"));
        let mut generator = Generator::new(&settings)?;
        let mut ledger = match &self.ledger {
            Some(path) => Some(Aside::create(path)?),
            None => None,
        };
        let written = if place == Path::new("-") {
            let mut out = io::stdout().lock();
            write(&mut generator, &mut out, ledger.as_mut())?
        } else {
            let mut aside = Aside::create(place)?;
            let written = if place.extension().is_some_and(|end| end == "gz") {
                let mut out = GzEncoder::new(&mut aside.file, Compression::fast());
                let written = write(&mut generator, &mut out, ledger.as_mut())?;
                out.finish().with_context(|| format!("writing {}", place.display()))?;
                written
            } else {
                write(&mut generator, &mut aside.file, ledger.as_mut())?
            };
            aside.keep()?;
            written
        };
        if let Some(ledger) = ledger {
            ledger.keep()?;
        }
        eprintln!("{} patients, {} tumors, {} values", written.patients, written.tumors, written.items);
        Ok(Outcome::Done)
    }

    fn take_in(&self, url: &str, settings: &Settings) -> anyhow::Result<Outcome> {
        let store = Store::open(&DatabaseUrl::parse(url)?, Clock::system())?;
        let taken = take_in_synthetic(&store, &By::system("accession synth"), settings, self.ledger.as_deref())?;
        let counts = &taken.counts;
        eprintln!("{}: {} patients, {} tumors", taken.outcome, counts.patients, counts.tumors);
        match taken.outcome {
            "published" => Ok(Outcome::Done),
            _ => bail!("{}", taken.message.unwrap_or_default()),
        }
    }
}

fn write(generator: &mut Generator, out: &mut dyn Write, ledger: Option<&mut Aside>) -> anyhow::Result<Written> {
    let ledger = ledger.map(|aside| &mut aside.file as &mut dyn Write);
    write_xml(generator, out, ledger).context("writing the registry")
}

/// A file that is written beside its place and moved there when it is whole.
struct Aside {
    file: BufWriter<File>,
    path: PathBuf,
    beside: PathBuf,
    kept: bool,
}

impl Drop for Aside {
    /// What was not finished leaves nothing behind.
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

impl Aside {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut name = path.file_name().with_context(|| format!("{} is not a file name", path.display()))?.to_owned();
        name.push(".part");
        let beside = path.with_file_name(name);
        let file = File::create(&beside).with_context(|| format!("cannot write {}", beside.display()))?;
        Ok(Aside { file: BufWriter::with_capacity(1 << 18, file), path: path.to_owned(), beside, kept: false })
    }

    fn keep(mut self) -> anyhow::Result<()> {
        let name = self.path.display().to_string();
        self.file.flush().with_context(|| format!("writing {name}"))?;
        self.file.get_ref().sync_all().with_context(|| format!("writing {name}"))?;
        std::fs::rename(&self.beside, &self.path).with_context(|| format!("naming {name}"))?;
        self.kept = true;
        Ok(())
    }
}
