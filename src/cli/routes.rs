//! `accession routes`: every address of the server, who may use it, and what it leaves in the audit trail.

use clap::Args;

use super::Outcome;
use crate::web::{Printed, ROUTES};

/// Lists the addresses of the server and who may use them
#[derive(Debug, Args)]
pub struct Routes {
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Routes {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let rows: Vec<Printed> = ROUTES.iter().map(Printed::from).collect();
        if self.json {
            println!("{}", serde_json::to_string_pretty(&rows)?);
            return Ok(Outcome::Done);
        }
        for row in rows {
            println!("{:4} {:36} {}", row.method.text(), row.path, row.roles.join(" "));
        }
        Ok(Outcome::Done)
    }
}
