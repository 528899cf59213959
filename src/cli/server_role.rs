//! `accession server-role`: gives a role of PostgreSQL what the server needs, and no way to change audit or history.

use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::registry::clock::Clock;
use crate::registry::store::{By, Store};

/// Gives a PostgreSQL role what a server needs and no more; run it as the owner after `init` and after each upgrade
#[derive(Debug, Args)]
pub struct ServerRole {
    #[command(flatten)]
    database: Database,
    /// The role that the server signs in with
    role: String,
}

impl ServerRole {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = Store::open(&self.database.url()?, Clock::system())?;
        store.grant_server_role(&self.role)?;
        let by = By::system("accession server-role");
        store.audit(by.line("grant", store.clock().now()).note("server role"))?;
        println!("{} may serve; it can neither change nor remove audit lines and history", self.role);
        Ok(Outcome::Done)
    }
}
