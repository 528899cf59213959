//! `accession reindex`: columns and search tables written anew from the items.

use std::io::IsTerminal;

use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::registry::store::By;
use crate::registry::store::reindex::reindex;

/// Writes promoted columns and search tables anew from the items; items and history are not touched
#[derive(Debug, Args)]
pub struct Reindex {
    #[command(flatten)]
    database: Database,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Reindex {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        let watched = std::io::stderr().is_terminal();
        let made = reindex(&store, &By::system("accession reindex"), |what, last| {
            if watched {
                eprint!("\r{what}: up to {last}          ");
            }
        })?;
        if watched {
            eprintln!();
        }
        match self.json {
            true => println!("{}", serde_json::to_string(&made)?),
            false => println!("{} patients, {} tumors, {} abstracts", made.patients, made.tumors, made.abstracts),
        }
        Ok(Outcome::Done)
    }
}
