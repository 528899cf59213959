//! `accession withdraw`: takes a whole import back.

use clap::Args;

use super::Outcome;
use super::database::{Database, see_through};
use crate::registry::store::By;
use crate::registry::withdraw::{Came, ask};

/// Takes back what an import made; undone on the page of operations
#[derive(Debug, Args)]
pub struct Withdraw {
    /// Number of the import
    import: i64,
    #[command(flatten)]
    database: Database,
    /// Why, in 10 characters or more
    #[arg(long)]
    reason: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Withdraw {
    /// Runs the command; ends with 1 when patients stay because somebody has worked at them.
    ///
    /// # Errors
    /// No such import, one that is not done, or a reason too short.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let store = self.database.open()?;
        let (import, reason) = (self.import, self.reason.clone());
        let job = store.write(move |tx| ask(tx, &By::system("accession withdraw"), import, &reason))?;
        let job = see_through(&store, job)?;
        if job.state != "done" {
            anyhow::bail!("{}", job.message.unwrap_or_default());
        }
        let came: Came = serde_json::from_str(job.result.as_deref().unwrap_or("{}"))?;
        match self.json {
            true => println!("{}", serde_json::to_string(&came)?),
            false => println!(
                "import {import}: {} abstracts and {} patients were taken back, {} patients stay because somebody has worked at them",
                came.abstracts, came.patients, came.kept
            ),
        }
        Ok(if came.kept > 0 { Outcome::Found } else { Outcome::Done })
    }
}
