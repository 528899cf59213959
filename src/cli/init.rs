//! `accession init`: makes a registry.

use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::registry::clock::Clock;
use crate::registry::setup::{Answers, set_up};
use crate::registry::store::{By, Store, StoreError};

/// Makes an empty registry; with a name it is also set up
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    database: Database,
    /// Kind of registry
    #[arg(long, default_value = "hospital", value_parser = ["hospital", "network", "central"])]
    kind: String,
    /// Name of the registry
    #[arg(long, default_value = "")]
    name: String,
    /// Registry id (item 40)
    #[arg(long, default_value = "")]
    registry_id: String,
    /// Number of the home facility (item 540)
    #[arg(long, default_value = "")]
    facility: String,
    /// NPI of the home facility (item 545)
    #[arg(long, default_value = "")]
    npi: String,
    /// State, two letters
    #[arg(long, default_value = "")]
    state: String,
    /// First day of data collection, YYYY-MM-DD
    #[arg(long, default_value = "")]
    reference_date: String,
    /// First accreditation date, YYYY-MM-DD; none when not accredited
    #[arg(long, default_value = "")]
    accreditation_date: String,
    /// NAACCR version in use
    #[arg(long, default_value = "250")]
    naaccr_version: String,
    /// Time zone, as America/Chicago
    #[arg(long, default_value = "UTC")]
    time_zone: String,
}

impl Init {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let url = self.database.url()?;
        let store = Store::create(&url, Clock::system())?;
        let by = By::system("accession init");
        let answers = Answers {
            kind: self.kind,
            name: if self.name.is_empty() { "Cancer Registry".into() } else { self.name },
            registry_id: self.registry_id,
            facility: self.facility,
            facility_name: String::new(),
            npi: self.npi,
            state: self.state,
            reference_date: self.reference_date,
            accreditation_date: self.accreditation_date,
            naaccr_version: self.naaccr_version,
            time_zone: self.time_zone,
        };
        store
            .write(move |tx| {
                let line = by.line("init", tx.now);
                tx.audit(line);
                set_up(tx, &by, &answers)
            })
            .map_err(|error: StoreError| undo(&store, error))?;
        eprintln!("A registry was made at {}.", url.shown());
        Ok(Outcome::Done)
    }
}

/// A registry whose answers could not be taken is not left behind half made.
fn undo(store: &Store, error: StoreError) -> StoreError {
    if let Some(path) = store.url().sqlite_path() {
        for ending in ["", "-wal", "-shm", ".audit-head"] {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            // What is not there need not go.
            let _ = std::fs::remove_file(name);
        }
    }
    error
}
