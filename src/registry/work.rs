//! The threads that do jobs: any server of a database takes the next one, and carries on what another left.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::registry::store::files::remove_old_files;
use crate::registry::store::{Store, StoreError, hex, jobs, random};

/// A job in the hands of this server.
pub struct Held<'a> {
    /// The registry.
    pub store: &'a Store,
    /// The job as it was when it was taken.
    pub job: jobs::Job,
    /// This server's name in the lease.
    pub owner: &'a str,
    stop: &'a AtomicBool,
}

impl Held<'_> {
    /// The server ends: a long step leaves off at the next good place.
    pub fn should_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// How a job ended.
#[derive(Debug)]
pub enum Ended {
    /// Done, with its result as JSON.
    Done(String),
    /// The work itself said no, in words for the person who asked; the result as JSON, if there is one.
    Failed(String, Option<String>),
    /// Left off because the server ends.
    LeftOff,
}

/// Does one kind of job.
pub type Worker = fn(&Held<'_>) -> anyhow::Result<Ended>;

/// The kinds of jobs this program does.
#[derive(Clone, Default)]
pub struct Workers {
    by_kind: HashMap<&'static str, Worker>,
}

impl Workers {
    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, kind: &'static str, worker: Worker) -> Workers {
        self.by_kind.insert(kind, worker);
        self
    }

    /// Takes and does the next job. Answers whether there was one.
    pub fn do_next(&self, store: &Store, owner: &str, stop: &AtomicBool) -> Result<bool, StoreError> {
        let Some(job) = jobs::take(store, owner)? else { return Ok(false) };
        let (id, kind) = (job.id, job.kind.clone());
        let held = Held { store, job, owner, stop };
        let ended = match self.by_kind.get(kind.as_str()) {
            // A fault of the program in one job must not end the thread that does all of them.
            Some(worker) => catch_unwind(AssertUnwindSafe(|| worker(&held)))
                .unwrap_or_else(|_| Err(anyhow::anyhow!("it ended by a fault of the program, printed above"))),
            None => Ok(Ended::Failed(format!("This program knows no job of kind {kind}."), None)),
        };
        let ended = ended.unwrap_or_else(|error| {
            let number = log_number();
            log::error!("job {id} ({kind}) stopped [{number}]: {error:#}");
            Ended::Failed(format!("The job stopped. Ask the administrator for {number} in the server's log."), None)
        });
        let (state, result, message) = match ended {
            Ended::LeftOff => {
                jobs::give_back(store, id, owner)?;
                return Ok(true);
            }
            Ended::Done(result) => ("done", Some(result), None),
            Ended::Failed(message, result) => ("failed", result, Some(message)),
        };
        let by = owner.to_string();
        let written = store.write(move |tx| jobs::end(tx, id, &by, state, result.as_deref(), message.as_deref()));
        match written {
            // Stopped by a person, or carried on by another server: its end stands there already.
            Err(StoreError::Refused(why)) => log::warn!("{why}"),
            other => other?,
        }
        Ok(true)
    }

    /// Starts a thread that does jobs until `stop` is set.
    pub fn start(self, store: Store, stop: Arc<AtomicBool>) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name("jobs".into()).spawn(move || {
            let owner = owner_name();
            let mut looked: Option<Instant> = None;
            while !stop.load(Ordering::Relaxed) {
                match self.do_next(&store, &owner, &stop) {
                    Ok(true) => {}
                    Ok(false) if looked.is_none_or(|at| at.elapsed() > BETWEEN_LOOKS) => {
                        looked = Some(Instant::now());
                        if let Err(error) = remove_old_files(&store) {
                            log::error!("files past their date could not be removed: {}", error.chain());
                        }
                    }
                    Ok(false) => std::thread::sleep(Duration::from_millis(250)),
                    Err(error) => {
                        log::error!("a job could not be taken: {}", error.chain());
                        std::thread::sleep(Duration::from_secs(2));
                    }
                }
            }
        })
    }
}

/// How often files past their retention date are looked for.
const BETWEEN_LOOKS: Duration = Duration::from_secs(3600);

/// A name for this process in leases.
pub fn owner_name() -> String {
    let mut bytes = [0u8; 8];
    // Without random numbers the process id alone still tells servers of one machine apart.
    let _ = random(&mut bytes);
    format!("{}-{}", std::process::id(), hex(&bytes))
}

/// A short number by which a person and the log mean the same event.
pub fn log_number() -> String {
    let mut bytes = [0u8; 3];
    let _ = random(&mut bytes);
    hex(&bytes).to_uppercase()
}
