//! The store: the only place that names the registry's tables.
//!
//! [`Store`] holds a pool of reading connections and the one writer. Reading functions take who asks ([`By`]) and put
//! the scope on through [`scope`]; changes go through `registry::change` inside [`Store::write`], which commits in
//! groups and appends the audit chain. Statements are constant texts, the same for SQLite and PostgreSQL wherever
//! they agree.

mod anchor;
mod audit;
pub mod bench;
pub mod check;
mod conn;
pub mod dump;
mod error;
pub mod disclosure;
pub mod edit_results;
pub mod facility;
pub mod files;
pub mod followup;
mod history;
mod open;
pub mod imports;
pub mod jobs;
pub mod lists;
pub mod operations;
pub mod outgoing;
pub mod purge;
pub mod receipts;
pub mod reconciliation;
pub mod records;
pub mod reindex;
pub mod research;
pub mod reviews;
pub mod scope;
pub mod search;
pub mod settings;
pub mod sources;
pub mod sql_access;
pub mod standards;
pub mod system;
pub mod submissions;
pub mod suspense;
pub mod trail;
mod url;
pub mod vault;
pub(crate) mod write_records;
mod writer;

use std::sync::Arc;

use diesel::sql_types::Binary;

pub use anchor::{Anchor, Head};
pub use audit::{By, Line, Written};
pub use conn::{Conn, Dialect, Statement, Value};
pub use error::StoreError;
pub(crate) use history::Entry;
pub use history::{Changed, Kind, Origin, Remembered};
pub use open::{PROGRAM, ServerLock};
pub use url::DatabaseUrl;
pub use writer::{Tx, Writer};

use crate::registry::clock::Clock;
use crate::registry::standards::{InUse, Shelf};
use vault::{KeyPlace, Vault};

/// A reading connection of the pool.
pub type Reading = r2d2::PooledConnection<diesel::r2d2::ConnectionManager<Conn>>;

/// A registry's database, open. Cloned freely.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: DatabaseUrl,
    readers: open::Readers,
    writer: Writer,
    clock: Clock,
    shelf: Shelf,
    secret: [u8; 32],
    vault: Vault,
}

#[derive(diesel::QueryableByName)]
struct Secret {
    #[diesel(sql_type = Binary)]
    secret: Vec<u8>,
}

impl Store {
    /// Makes an empty registry and opens it.
    ///
    /// # Errors
    /// [`StoreError::AlreadyThere`] when there is one; nothing is changed then.
    pub fn create(url: &DatabaseUrl, clock: Clock) -> Result<Store, StoreError> {
        open::create(url, &clock)?;
        Store::open(url, clock)
    }

    /// Gives a role of PostgreSQL what a server needs and no more; the registry is opened by the role that owns its tables.
    ///
    /// # Errors
    /// SQLite has no roles; there is no such role, or it owns the tables.
    pub fn grant_server_role(&self, role: &str) -> Result<(), StoreError> {
        open::grant_server_role(&mut open::connect(&self.inner.url)?, role)
    }

    /// Takes back a registry that was made this moment and could not be set up.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when somebody has used it; it is left alone then.
    pub fn discard_new(url: &DatabaseUrl) -> Result<(), StoreError> {
        open::discard_new(url)
    }

    /// Opens an existing registry and brings it up to date; never makes one.
    ///
    /// # Errors
    /// A sentence for each way it can fail: see [`StoreError`].
    pub fn open(url: &DatabaseUrl, clock: Clock) -> Result<Store, StoreError> {
        Store::open_with_key(url, clock, KeyPlace::of(url))
    }

    /// The same, with the key of sealed secrets at a place given.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with_key(url: &DatabaseUrl, clock: Clock, key: KeyPlace) -> Result<Store, StoreError> {
        let mut conn = open::connect(url)?;
        open::admit(&mut conn, url)?;
        let secret = secret_of(&mut conn).map_err(|error| match error {
            StoreError::Damaged { .. } => {
                StoreError::NotARegistry(url.shown(), "its first row is missing; it was not set up to the end".into())
            }
            other => other,
        })?;
        let anchor = match url.sqlite_path() {
            Some(path) => {
                let place = Anchor::beside(path);
                Anchor::at(&place).map_err(|e| StoreError::NotOpened(place.display().to_string(), e.to_string()))?
            }
            None => Anchor::none(),
        };
        let again = url.clone();
        let shelf = Shelf::default();
        if let Some(own) = standards::read_in_use(&mut conn, &InUse::default())? {
            shelf.put(own);
        }
        let writer = Writer::start(conn, move || open::connect(&again), clock.clone(), anchor, shelf.clone());
        let readers = open::readers(url)?;
        let vault = Vault::at(key);
        Ok(Store { inner: Arc::new(Inner { url: url.clone(), readers, writer, clock, shelf, secret, vault }) })
    }

    /// A connection for reading; it cannot write.
    pub fn reading(&self) -> Result<Reading, StoreError> {
        Ok(self.inner.readers.get()?)
    }

    /// Does `work` in the writer's transaction and answers after the commit; see [`Writer::write`].
    ///
    /// # Errors
    /// What `work` refuses (nothing of it is kept), or that the writer has stopped.
    pub fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.inner.writer.write(work)
    }

    /// Puts one line on the audit chain and waits until it is on disk.
    ///
    /// # Errors
    /// That the writer has stopped.
    pub fn audit(&self, line: Line) -> Result<(), StoreError> {
        self.write(move |tx| {
            tx.audit(line);
            Ok::<(), StoreError>(())
        })
    }

    /// Fills an empty registry from a backup's text; see [`dump::fill`].
    pub(crate) fn refill(&self, from: &mut dyn std::io::BufRead) -> Result<u64, StoreError> {
        let mut conn = open::connect(&self.inner.url)?;
        let rows = dump::fill(&mut conn, from)?;
        if let Some(path) = self.inner.url.sqlite_path() {
            // The anchor follows with the next line of the chain.
            let _ = std::fs::remove_file(Anchor::beside(path));
        }
        Ok(rows)
    }

    /// Takes away a registry that was just made and could not be filled.
    pub(crate) fn discard(&self) {
        match self.inner.url.sqlite_path() {
            Some(path) => {
                for ending in ["", "-wal", "-shm", ".audit-head"] {
                    let mut name = path.as_os_str().to_owned();
                    name.push(ending);
                    // What is not there need not go.
                    let _ = std::fs::remove_file(name);
                }
            }
            None => {
                if let Ok(mut conn) = open::connect(&self.inner.url) {
                    let undone = open::undo_migrations(&mut conn);
                    if let Err(error) = undone {
                        log::error!("the tables of a refused restore could not be taken away: {}", error.chain());
                    }
                }
            }
        }
    }

    /// After a removal by order: nothing of it stays in the write-ahead log of a SQLite file.
    ///
    /// # Errors
    /// The file cannot be reached.
    pub fn empty_log(&self) -> Result<(), StoreError> {
        if self.inner.url.sqlite_path().is_some() {
            open::connect(&self.inner.url)?.batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
        }
        Ok(())
    }

    /// Where the database is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// The clock of this program.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// What is sealed with the key outside the database.
    pub fn vault(&self) -> &Vault {
        &self.inner.vault
    }

    /// The key of this registry's keyed hashes (SSN search, study ids, opaque ids). Never leaves the process.
    pub fn secret(&self) -> &[u8; 32] {
        &self.inner.secret
    }
}

/// The key of this registry's keyed hashes.
pub(crate) fn secret_of(conn: &mut Conn) -> Result<[u8; 32], StoreError> {
    let row = conn.row::<Secret>("SELECT secret FROM program WHERE id = 1", &[])?;
    row.map(|r| hash32(&r.secret))
        .ok_or_else(|| StoreError::Damaged { what: "the registry".into(), why: "its first row is missing".into() })
}

/// Thirty-two bytes of a stored hash; a hash of another length never equals a real one.
pub(crate) fn hash32(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0xff; 32])
}

/// Random bytes from the operating system.
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), StoreError> {
    getrandom::fill(bytes)
        .map_err(|e| StoreError::Refused(format!("the operating system gives no random numbers: {e}")))
}

fn random_number() -> Result<i64, StoreError> {
    let mut bytes = [0u8; 8];
    random(&mut bytes)?;
    Ok(i64::from_be_bytes(bytes) & i64::MAX)
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

/// Bytes of hexadecimal digits, if they are such.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn new_registry(folder: &tempfile::TempDir) -> Store {
        let url = DatabaseUrl::parse(&format!("sqlite:{}", folder.path().join("r.db").display())).unwrap();
        Store::create(&url, Clock::system()).unwrap()
    }

    #[test]
    fn audit_lines_form_one_chain_whose_head_is_anchored() {
        let folder = tempfile::tempdir().unwrap();
        let store = new_registry(&folder);
        let by = By::system("test");
        for n in 0..5 {
            store.audit(by.line("look", store.clock().now()).patient(n).detail("a term")).unwrap();
        }
        let mut conn = store.reading().unwrap();
        let lines = conn.rows::<Written>("SELECT * FROM audit ORDER BY seq", &[]).unwrap();
        let mut head = [0u8; 32].to_vec();
        for line in &lines {
            assert_eq!(line.hash_after(&head).to_vec(), line.hash);
            head.clone_from(&line.hash);
        }
        assert_eq!(lines.len(), 5);
        assert_eq!(Anchor::read(&Anchor::beside(store.url().sqlite_path().unwrap())).unwrap().hash.to_vec(), head);
    }

    #[test]
    fn a_refused_piece_leaves_nothing_and_others_of_its_group_stay() {
        let folder = tempfile::tempdir().unwrap();
        let store = new_registry(&folder);
        let by = By::system("test");
        let refused = store.write({
            let by = by.clone();
            move |tx| {
                settings::set(tx, &by, "registry.name", "Harbor", "")?;
                Err::<(), _>(StoreError::NotFound)
            }
        });
        assert!(matches!(refused, Err(StoreError::NotFound)));
        store.write(move |tx| settings::set(tx, &by, "registry.state", "IA", "")).unwrap();
        let mut conn = store.reading().unwrap();
        assert_eq!(settings::setting(&mut conn, "registry.name").unwrap(), "");
        assert_eq!(settings::setting(&mut conn, "registry.state").unwrap(), "IA");
        assert_eq!(conn.number("SELECT count(*) AS n FROM audit", &[]).unwrap(), Some(1));
    }

    #[test]
    fn audit_lines_cannot_be_changed_through_sql() {
        let folder = tempfile::tempdir().unwrap();
        let store = new_registry(&folder);
        store.audit(By::system("test").line("look", store.clock().now())).unwrap();
        let changed = store.write(|tx| tx.conn.run("UPDATE audit SET login = 'x'", &[]).map_err(StoreError::from));
        assert!(changed.is_err());
    }

    #[test]
    fn a_second_registry_in_the_same_place_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = new_registry(&folder);
        assert!(matches!(Store::create(store.url(), Clock::system()), Err(StoreError::AlreadyThere(_))));
    }

    #[test]
    fn a_missing_file_a_folder_and_a_text_file_are_refused_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.db");
        let url = |p: &std::path::Path| DatabaseUrl::Sqlite(p.to_path_buf());
        assert!(matches!(Store::open(&url(&missing), Clock::system()), Err(StoreError::NotThere(_))));
        assert!(!missing.exists());
        assert!(matches!(Store::open(&url(folder.path()), Clock::system()), Err(StoreError::NotARegistry(..))));
        let text = folder.path().join("notes.txt");
        std::fs::write(&text, "not a database, only a text file").unwrap();
        assert!(matches!(Store::open(&url(&text), Clock::system()), Err(StoreError::NotARegistry(..))));
    }
}
