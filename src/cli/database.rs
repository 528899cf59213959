//! How commands reach a registry.

use anyhow::Context;
use clap::Args;

use crate::intake::import_job;
use crate::registry::clock::Clock;
use crate::registry::store::{DatabaseUrl, ServerLock, Store, StoreError, jobs};
use crate::registry::work::{Workers, owner_name};

/// The registry a command works on.
#[derive(Debug, Clone, Args)]
pub struct Database {
    /// Where the registry is: sqlite:PATH or postgres://user@host/name
    #[arg(long, env = "ACCESSION_DATABASE", hide_env_values = true, value_name = "URL")]
    pub database: String,
}

impl Database {
    /// Its address.
    pub fn url(&self) -> Result<DatabaseUrl, StoreError> {
        DatabaseUrl::parse(&self.database)
    }

    /// Opens the registry; never makes one.
    pub fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.url()?, Clock::system())
    }
}

/// Every kind of job this program does.
pub fn workers() -> Workers {
    Workers::default()
        .with("import", import_job::work)
        .with("look", crate::intake::look_job::look)
        .with("convert", crate::intake::look_job::convert)
        .with("export", crate::submission::export_job::work)
        .with("edits", crate::registry::edit_run::work)
        .with("receive", crate::submission::receive::work)
        .with("submit", crate::submission::submit_job::work)
        .with("restage", crate::registry::restage::work)
        .with("withdraw", crate::registry::withdraw::work)
        .with("link", crate::followup::passive::link_job::work)
        .with("extract", crate::research::extract_job::work)
}

/// Sees a job to its end: does it here, or waits for the server that serves the same SQLite file.
pub fn see_through(store: &Store, job: i64) -> anyhow::Result<jobs::Job> {
    let lock = match ServerLock::take(store.url()) {
        Ok(lock) => {
            if store.url().sqlite_path().is_some() {
                jobs::let_go_all(store)?;
            }
            Some(lock)
        }
        Err(StoreError::InUse(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let (owner, stop, workers) = (owner_name(), std::sync::atomic::AtomicBool::new(false), workers());
    let by = crate::registry::store::By::system("accession");
    loop {
        let now = jobs::job(&mut *store.reading()?, &by, job).context("looking at the job")?;
        if now.state == "done" || now.state == "failed" {
            return Ok(now);
        }
        let worked = lock.is_some() && workers.do_next(store, &owner, &stop)?;
        if !worked {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}
