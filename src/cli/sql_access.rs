//! `accession sql-access`: opens the views for SQL to a role of PostgreSQL, or closes them.

use clap::{Args, Subcommand, ValueEnum};

use super::Outcome;
use super::database::Database;
use crate::registry::store::By;
use crate::registry::store::sql_access::{Views, grant, revoke};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum SqlAccess {
    /// Gives a role of PostgreSQL the views, read only
    Grant(Grant),
    /// Takes the views from a role
    Revoke(Revoke),
}

/// Whom to give what.
#[derive(Debug, Args)]
pub struct Grant {
    #[command(flatten)]
    database: Database,
    /// The role of the database; it must be there
    role: String,
    /// Which views: deidentified (*_deid_v), or identified (all)
    #[arg(long)]
    views: Kind,
    /// Why; stands in the audit
    #[arg(long)]
    reason: String,
}

/// From whom to take it.
#[derive(Debug, Args)]
pub struct Revoke {
    #[command(flatten)]
    database: Database,
    /// The role of the database
    role: String,
    /// Why; stands in the audit
    #[arg(long)]
    reason: String,
}

/// Which views.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Deidentified,
    Identified,
}

impl SqlAccess {
    /// Runs the command.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let by = By::system("accession sql-access");
        match self {
            SqlAccess::Grant(Grant { database, role, views, reason }) => {
                let views = match views {
                    Kind::Deidentified => Views::Deidentified,
                    Kind::Identified => Views::Identified,
                };
                let name = role.clone();
                database.open()?.write(move |tx| grant(tx, &by, &role, views, &reason))?;
                println!("{name} may read the {} views", views.key());
            }
            SqlAccess::Revoke(Revoke { database, role, reason }) => {
                let name = role.clone();
                database.open()?.write(move |tx| revoke(tx, &by, &role, &reason))?;
                println!("{name} may read no view");
            }
        }
        Ok(Outcome::Done)
    }
}
