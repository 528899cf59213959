//! `accession key`: the key that the secrets of second factors are sealed with. It lies outside the database.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::Outcome;
use super::database::Database;
use crate::accounts::store::{change_key, lose_key};
use crate::registry::store::vault::{SecretsKey, with_ending};
use crate::registry::store::{By, ServerLock};

/// What `accession key` does.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a new key in a file
    New {
        /// The file; it must not be there yet
        file: PathBuf,
    },
    /// Seal all second factors anew with another key
    Change(Change),
    /// Take away the second factors whose key is lost; people set up new ones when they sign in
    Lost(Lost),
}

/// Seals all second factors anew with another key
#[derive(Debug, Args)]
pub struct Change {
    #[command(flatten)]
    database: Database,
    /// File with the new key; without it a new one is made in the place of the old
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

/// Takes away the second factors whose key is lost
#[derive(Debug, Args)]
pub struct Lost {
    #[command(flatten)]
    database: Database,
    /// Why, for the audit trail
    #[arg(long)]
    reason: String,
}

impl KeyCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// What stood in the way, with what to do.
    pub fn run(self) -> anyhow::Result<Outcome> {
        match self {
            KeyCommand::New { file } => {
                let key = SecretsKey::random()?;
                key.write_to(&file)?;
                eprintln!(
                    "Key {} was made in {}. Keep a copy of it away from the backups.",
                    key.name(),
                    file.display()
                );
            }
            KeyCommand::Change(change) => change.run()?,
            KeyCommand::Lost(lost) => {
                let store = lost.database.open()?;
                let people = lose_key(&store, &By::system("accession key"), &lost.reason)?;
                eprintln!("The second factors of {people} people were taken away.");
            }
        }
        Ok(Outcome::Done)
    }
}

impl Change {
    fn run(self) -> anyhow::Result<()> {
        let store = self.database.open()?;
        let _lock = ServerLock::take(store.url())?;
        let key = match &self.to {
            Some(file) => SecretsKey::of_file(file)?,
            None => SecretsKey::random()?,
        };
        let by = By::system("accession key");
        let place = store.vault().place().clone();
        let Some(file) = place.file() else {
            let Some(to) = &self.to else {
                bail!(
                    "the key is at {}: make the new one with `accession key new FILE` and give --to FILE",
                    place.shown()
                )
            };
            let people = change_key(&store, &by, key.clone())?;
            eprintln!(
                "The second factors of {people} people are sealed with key {}. Now set ACCESSION_KEY_FILE={} for every \
                 server and start them again.",
                key.name(),
                to.display()
            );
            return Ok(());
        };
        // The new key is on the disk before anything is sealed with it; a server that starts in between finds it.
        let new = with_ending(file, ".new");
        if new.exists() {
            bail!("{} is there from a change that was broken off: start the server once, or remove it", new.display());
        }
        key.write_to(&new)?;
        let people = match change_key(&store, &by, key.clone()) {
            Ok(people) => people,
            Err(error) => {
                std::fs::remove_file(&new).with_context(|| format!("{} cannot be removed", new.display()))?;
                return Err(error.into());
            }
        };
        std::fs::rename(&new, file).with_context(|| format!("{} cannot be renamed", new.display()))?;
        eprintln!("The second factors of {people} people are sealed with key {}, in {}.", key.name(), file.display());
        Ok(())
    }
}
