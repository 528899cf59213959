//! What can go wrong in the store, each in words for the person who must act.

use super::super::change::NotAmended;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a database.
    #[error("the database address is wrong: {0}. Write sqlite:PATH or postgres://user@host/name")]
    WrongUrl(String),
    /// There is no database there.
    #[error("there is no registry at {0}. Make one with `accession init --database …`")]
    NotThere(String),
    /// There is something, but not a registry.
    #[error("{0} is not an Accession registry: {1}")]
    NotARegistry(String, String),
    /// `init` found a registry.
    #[error("{0} already holds a registry. Nothing was changed")]
    AlreadyThere(String),
    /// The place cannot be read or written.
    #[error("{0} cannot be opened: {1}")]
    NotOpened(String, String),
    /// The database was made by a newer program.
    #[error(
        "the registry was last opened by Accession {database} and holds migration {migration}, which this program \
         ({program}) does not know. Install Accession {database} or newer"
    )]
    Newer {
        /// Version that wrote the database last.
        database: String,
        /// The first migration this program does not know.
        migration: String,
        /// This program.
        program: String,
    },
    /// Another process serves this SQLite file.
    #[error("process {0} already serves this registry. Stop it first, or use it")]
    InUse(String),
    /// Nothing with this id that the asker may see.
    #[error("there is no such record, or it is not yours to see")]
    NotFound,
    /// Not allowed for this asker.
    #[error("this is not among what your roles allow: {0}")]
    NotAllowed(&'static str),
    /// What was asked cannot be done as it was asked; the sentence says why.
    #[error("{0}")]
    Refused(String),
    /// Somebody changed the record first.
    #[error("somebody changed this record since you opened it")]
    Stale(Box<NotAmended>),
    /// A stored text is not what the store writes.
    #[error("{what} is damaged: {why}. Run `accession check`")]
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The writer has stopped.
    #[error("the registry no longer takes changes ({0}). Start the server again")]
    WriterStopped(String),
    /// The disk or its file system refused.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The database refused.
    #[error("the database did not answer as it should")]
    Database(#[from] diesel::result::Error),
    /// No connection in time.
    #[error("no connection to the database came free in time")]
    NoConnection(#[from] r2d2::Error),
}

impl StoreError {
    /// The whole chain of causes, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(inner) = cause {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            cause = inner.source();
        }
        text
    }

    /// The disk is full: what the person is told is different.
    pub fn is_disk_full(&self) -> bool {
        let text = self.chain();
        text.contains("disk is full") || text.contains("No space left")
    }
}
