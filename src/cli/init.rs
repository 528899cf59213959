//! `accession init`: makes a registry.

use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::accounts::store::{Founding, UserEntry, found_registry};
use crate::registry::clock::Clock;
use crate::registry::store::facility::FacilityEntry;
use crate::registry::store::{By, Store};

/// Makes an empty registry; with a name it is also set up
#[derive(Debug, Args)]
pub struct Init {
    #[command(flatten)]
    database: Database,
    /// Kind of registry
    #[arg(long, default_value = "hospital", value_parser = ["hospital", "network", "central"])]
    kind: String,
    /// Name of the registry
    #[arg(long, default_value = "Cancer Registry")]
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
    /// Login of the first administrator; a link to set a password is printed
    #[arg(long, value_name = "LOGIN")]
    admin: Option<String>,
    /// Address of the server, put before the link that is printed
    #[arg(long, env = "ACCESSION_PUBLIC_URL", value_name = "URL", default_value = "")]
    public_url: String,
}

impl Init {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let url = self.database.url()?;
        let store = Store::create(&url, Clock::system())?;
        let by = By::system("accession init");
        let settings = [
            ("registry.kind", self.kind),
            ("registry.name", self.name.clone()),
            ("registry.id", self.registry_id),
            ("registry.state", self.state.to_uppercase()),
            ("registry.reference_date", self.reference_date),
            ("registry.accreditation_date", self.accreditation_date),
            ("registry.naaccr_version", self.naaccr_version),
            ("registry.time_zone", self.time_zone),
        ];
        let founding = Founding {
            settings: settings.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
            home: Some(self.facility).filter(|f| !f.is_empty()).map(|number| FacilityEntry {
                number,
                npi: Some(self.npi).filter(|n| !n.is_empty()),
                name: self.name,
                state: Some(self.state.to_uppercase()).filter(|s| !s.is_empty()),
                ..FacilityEntry::default()
            }),
            administrator: self.admin.map(|login| UserEntry { name: login.clone(), login, ..UserEntry::default() }),
        };
        let founded = match found_registry(&store, &by, &founding) {
            Ok(founded) => founded,
            Err(error) => {
                // A registry whose answers could not be taken is not left behind half made.
                drop(store);
                Store::discard_new(&url)?;
                return Err(error.into());
            }
        };
        eprintln!("A registry was made at {}.", url.shown());
        if let Some(invited) = founded.administrator {
            eprintln!("The administrator sets a password within {} hours at:", invited.hours);
            println!("{}/password/{}", self.public_url.trim_end_matches('/'), invited.token.text());
        }
        Ok(Outcome::Done)
    }
}
