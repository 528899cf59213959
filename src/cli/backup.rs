//! `accession backup` and `accession restore`.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::Outcome;
use super::database::Database;
use super::export::Aside;
use crate::accounts::store::second_factors_lack;
use crate::registry::backup::{Key, backup, new_key, restore};
use crate::registry::store::check::check;
use crate::registry::store::{By, hex, unhex};

/// Writes a backup of one moment, also while the registry is served
#[derive(Debug, Args)]
pub struct Backup {
    /// The backup
    #[arg(value_name = "FILE", required_unless_present = "new_key")]
    file: Option<PathBuf>,
    #[command(flatten)]
    database: Database,
    /// File with the key (64 hexadecimal digits): the backup is encrypted
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Make a new key in this file and end
    #[arg(long, value_name = "FILE")]
    new_key: Option<PathBuf>,
    /// Keep only this many of the newest backups in the folder of the file
    #[arg(long, value_name = "N")]
    keep: Option<usize>,
}

/// Restores a backup into a place where no registry is
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: Database,
    /// File with the key the backup was written with
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

impl Backup {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        if let Some(place) = &self.new_key {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(place)
                .with_context(|| format!("the key cannot be written to {}", place.display()))?;
            writeln!(file, "{}", hex(&new_key()?)).context("writing the key")?;
            eprintln!(
                "A key was made in {}. Keep a copy of it away from the backups: without it they cannot be read.",
                place.display()
            );
            return Ok(Outcome::Done);
        }
        let Some(name) = &self.file else { bail!("name the file of the backup") };
        let key = read_key(self.key_file.as_deref())?;
        let store = self.database.open()?;
        let aside = Aside::begin(name)?;
        let (rows, aside) = backup(&store, key.as_ref(), aside)?;
        let (bytes, sha256) = aside.finish()?;
        let by = By::system("accession backup");
        store.audit(by.line("backup", store.clock().now()).note(format!("{rows} rows, {bytes} bytes, {sha256}")))?;
        eprintln!("{}: {rows} rows, {bytes} bytes", name.display());
        if let Some(keep) = self.keep {
            remove_older(name, keep.max(1))?;
        }
        Ok(Outcome::Done)
    }
}

impl Restore {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let key = read_key(self.key_file.as_deref())?;
        let file =
            std::fs::File::open(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))?;
        let rows = restore(&self.database.url()?, key.as_ref(), std::io::BufReader::with_capacity(1 << 18, file))?;
        let store = self.database.open()?;
        let by = By::system("accession restore");
        store.audit(by.line("restore", store.clock().now()).note(format!("{rows} rows")))?;
        let findings = check(&store)?;
        if let Some(first) = findings.first() {
            bail!(
                "{rows} rows were restored, but the registry is not sound: {} {}: {}",
                first.kind,
                first.place,
                first.message
            );
        }
        eprintln!("{rows} rows were restored and found sound.");
        if let Some(lacking) = second_factors_lack(&store)? {
            eprintln!("Before it is served: {lacking}.");
        }
        Ok(Outcome::Done)
    }
}

fn read_key(file: Option<&Path>) -> anyhow::Result<Option<Key>> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file).with_context(|| format!("the key {} cannot be read", file.display()))?;
    let bytes = unhex(text.trim()).and_then(|b| Key::try_from(b).ok());
    bytes.map(Some).with_context(|| format!("{} is no key: it holds not 64 hexadecimal digits", file.display()))
}

/// Takes away older backups of the same ending in the same folder.
fn remove_older(newest: &Path, keep: usize) -> anyhow::Result<()> {
    let folder = newest.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let entry = entry?;
        if entry.path().extension() == newest.extension() && entry.file_type()?.is_file() {
            found.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    found.sort();
    found.reverse();
    for (_, path) in found.into_iter().skip(keep) {
        std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
    }
    Ok(())
}
