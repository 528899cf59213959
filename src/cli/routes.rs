//! `accession routes`: every address of the server, who may use it, and what it leaves in the audit trail.

use std::io::Write;

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
        let text = match self.json {
            true => serde_json::to_string_pretty(&rows)? + "\n",
            false => rows
                .iter()
                .map(|row| format!("{:4} {:36} {}\n", row.method.text(), row.path, row.roles.join(" ")))
                .collect(),
        };
        // Whoever reads may stop reading.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(Outcome::Done)
    }
}
