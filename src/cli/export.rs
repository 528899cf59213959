//! `accession export`: writes abstracts to a NAACCR XML file.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Outcome;
use super::database::Database;
use crate::registry::store::{By, hex};
use crate::submission::convert::Loss;
use crate::submission::export::{Definition, export};

/// Exports abstracts to a NAACCR XML file (.xml.gz)
#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    database: Database,
    /// Record type
    #[arg(long = "type", default_value = "A", value_parser = ["A", "M", "C", "I"])]
    record_type: String,
    /// NAACCR version
    #[arg(long, default_value = "250", value_parser = ["250", "260"])]
    version: String,
    /// Facility numbers (540)
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    facility: Vec<String>,
    /// Diagnosis years, as 2018-2024 or 2024
    #[arg(long)]
    years: Option<String>,
    /// Statuses
    #[arg(long, value_delimiter = ',')]
    status: Vec<String>,
    /// Leave out what exporting adds or refreshes (2110, 2170, 50, time of the file)
    #[arg(long)]
    as_received: bool,
    /// Time of the file, ISO 8601
    #[arg(long)]
    time: Option<String>,
    /// Who receives it, for the list of disclosures
    #[arg(long, default_value = "")]
    recipient: String,
    /// What for, for the list of disclosures
    #[arg(long, default_value = "")]
    purpose: String,
    /// The file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    patients: u64,
    tumors: u64,
    bytes: u64,
    sha256: String,
    lost: Vec<Loss>,
}

impl Export {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let years = self.years.as_deref().map(parse_years).transpose()?;
        let definition = Definition {
            record_type: self.record_type.chars().next().unwrap_or('A'),
            version: self.version.parse().context("the version is a number")?,
            facilities: self.facility,
            years,
            statuses: self.status,
            as_received: self.as_received,
            time: self.time,
            recipient: self.recipient,
            purpose: self.purpose,
        };
        let store = self.database.open()?;
        let by = By::system("accession export");
        let aside = Aside::begin(&self.out)?;
        let (written, lost, aside) = export(&store, &by, &definition, None, aside, |_, _| Ok(true))?;
        let (bytes, sha256) = aside.finish()?;
        let answer = Answer {
            file: self.out.display().to_string(),
            patients: written.patients,
            tumors: written.tumors,
            bytes,
            sha256,
            lost,
        };
        if self.json {
            println!("{}", serde_json::to_string(&answer)?);
        } else {
            println!("{}: {} patients, {} tumors, {} bytes", answer.file, answer.patients, answer.tumors, answer.bytes);
            for loss in &answer.lost {
                println!("  not carried: {} {} ({} times)", loss.item, loss.reason, loss.count);
            }
        }
        Ok(Outcome::Done)
    }
}

fn parse_years(text: &str) -> anyhow::Result<(i64, i64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let year = |t: &str| t.trim().parse::<i64>().ok().filter(|y| (1800..=2099).contains(y));
    match (year(first), year(last)) {
        (Some(first), Some(last)) if first <= last => Ok((first, last)),
        _ => anyhow::bail!("--years is a year or two years, as 2018-2024"),
    }
}

/// A file written aside, synced and renamed, so that a half file never stands under its name.
pub struct Aside {
    file: Option<std::fs::File>,
    aside: PathBuf,
    name: PathBuf,
    hasher: Sha256,
    bytes: u64,
}

impl Aside {
    /// Begins it beside `name`, readable by its owner only.
    pub fn begin(name: &Path) -> anyhow::Result<Aside> {
        if name.is_dir() {
            anyhow::bail!("{} is a folder; name a file in it", name.display());
        }
        let mut aside = name.as_os_str().to_owned();
        aside.push(format!(".{}.part", std::process::id()));
        let aside = PathBuf::from(aside);
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)
            .with_context(|| format!("{} cannot be written", name.display()))?;
        Ok(Aside { file: Some(file), aside, name: name.to_path_buf(), hasher: Sha256::new(), bytes: 0 })
    }

    /// Syncs it, gives it its name, and answers length and SHA-256.
    pub fn finish(mut self) -> anyhow::Result<(u64, String)> {
        if let Some(file) = self.file.take() {
            file.sync_all().with_context(|| format!("{} cannot be written", self.name.display()))?;
        }
        std::fs::rename(&self.aside, &self.name)
            .with_context(|| format!("{} cannot be written", self.name.display()))?;
        let folder = self.name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder)
            .and_then(|f| f.sync_all())
            .with_context(|| format!("{} cannot be synced", folder.display()))?;
        Ok((self.bytes, hex(&self.hasher.finalize_reset())))
    }
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let Some(file) = &mut self.file else { return Err(std::io::Error::other("the file is closed")) };
        let written = file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |f| f.flush())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if self.file.is_some() {
            // Not finished: nothing of it stays.
            let _ = std::fs::remove_file(&self.aside);
        }
    }
}
