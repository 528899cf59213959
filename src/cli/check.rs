//! `accession check`: looks whether a registry is as the program wrote it.

use clap::Args;

use super::Outcome;
use super::database::Database;
use crate::registry::store::check::check;

/// Looks whether a registry is sound: audit chain, history, items, columns, files
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    database: Database,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        let findings = check(&store)?;
        let outcome = if findings.is_empty() { "sound" } else { "damaged" };
        if self.json {
            println!("{}", serde_json::json!({"outcome": outcome, "findings": findings}));
        } else {
            println!("{outcome}");
            for finding in &findings {
                println!("  {} {}: {}", finding.kind, finding.place, finding.message);
            }
        }
        Ok(if findings.is_empty() { Outcome::Done } else { Outcome::Found })
    }
}
