//! Making, finding and refusing databases.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, r2d2::ConnectionManager};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Conn, DatabaseUrl, Dialect, StoreError};
use crate::binds;
use crate::registry::clock::{Clock, stamp};

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// A number that all servers of one PostgreSQL database lock while one of them migrates.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_lock(5474501)";
const MIGRATION_UNLOCK: &str = "SELECT pg_advisory_unlock(5474501)";

/// The program's version.
pub const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Opens one connection; never makes a database.
pub(super) fn connect(url: &DatabaseUrl) -> Result<Conn, StoreError> {
    if let DatabaseUrl::Sqlite(path) = url {
        must_be_a_database_file(path)?;
    }
    let opened = match url {
        DatabaseUrl::Sqlite(_) => diesel::SqliteConnection::establish(&url.for_diesel()).map(Conn::Sqlite),
        DatabaseUrl::Postgres(text) => diesel::PgConnection::establish(text).map(Conn::Postgres),
    };
    let mut conn = opened.map_err(|e| StoreError::NotOpened(url.shown(), first_line(&e.to_string())))?;
    prepare(&mut conn).map_err(|e| match url {
        DatabaseUrl::Sqlite(_) => StoreError::NotARegistry(url.shown(), first_line(&e.to_string())),
        DatabaseUrl::Postgres(_) => StoreError::NotOpened(url.shown(), first_line(&e.to_string())),
    })?;
    Ok(conn)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_string()
}

fn must_be_a_database_file(path: &Path) -> Result<(), StoreError> {
    let shown = format!("sqlite:{}", path.display());
    let file = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::NotThere(shown)),
        Err(error) => return Err(StoreError::NotOpened(shown, error.to_string())),
        Ok(meta) if meta.is_dir() => {
            return Err(StoreError::NotARegistry(shown, "it is a folder; name the file in it".into()));
        }
        Ok(_) => OpenOptions::new().read(true).write(true).open(path),
    };
    let mut file = file.map_err(|e| StoreError::NotOpened(shown.clone(), e.to_string()))?;
    let mut begin = [0u8; 16];
    let read = file.read(&mut begin).map_err(|e| StoreError::NotOpened(shown.clone(), e.to_string()))?;
    if read < 16 || &begin != b"SQLite format 3\0" {
        return Err(StoreError::NotARegistry(shown, "it is not a SQLite file".into()));
    }
    Ok(())
}

/// Sets what every connection needs before its first statement.
fn prepare(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn.dialect() {
        Dialect::Sqlite => conn.batch(
            "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY; \
             PRAGMA wal_autocheckpoint = 16000;",
        ),
        Dialect::Postgres => conn.batch(
            "SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET lock_timeout = '10s'; \
             SET standard_conforming_strings = on;",
        ),
    }
}

/// Prepares the connections of the readers' pool.
#[derive(Debug)]
struct Reader;

impl r2d2::CustomizeConnection<Conn, diesel::r2d2::Error> for Reader {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        let read_only = match conn.dialect() {
            Dialect::Sqlite => "PRAGMA query_only = ON",
            Dialect::Postgres => "SET default_transaction_read_only = on",
        };
        prepare(conn).and_then(|()| conn.batch_execute(read_only)).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// The pool of reading connections.
pub(super) type Readers = r2d2::Pool<ConnectionManager<Conn>>;

/// Opens the readers' pool.
pub(super) fn readers(url: &DatabaseUrl) -> Result<Readers, StoreError> {
    let size = match url {
        DatabaseUrl::Sqlite(_) => 6,
        DatabaseUrl::Postgres(_) => 8,
    };
    Ok(r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(Duration::from_secs(10))
        .test_on_check_out(matches!(url, DatabaseUrl::Postgres(_)))
        .connection_customizer(Box::new(Reader))
        .build(ConnectionManager::<Conn>::new(url.for_diesel()))?)
}

/// Makes an empty registry: the file (readable by its owner only) and all tables.
///
/// # Errors
/// [`StoreError::AlreadyThere`] when there is a registry; nothing is changed then.
pub(super) fn create(url: &DatabaseUrl, clock: &Clock) -> Result<(), StoreError> {
    if let DatabaseUrl::Sqlite(path) = url {
        make_file(path)?;
    }
    let mut conn = match url {
        DatabaseUrl::Sqlite(_) => diesel::SqliteConnection::establish(&url.for_diesel()).map(Conn::Sqlite),
        DatabaseUrl::Postgres(text) => diesel::PgConnection::establish(text).map(Conn::Postgres),
    }
    .map_err(|e| StoreError::NotOpened(url.shown(), first_line(&e.to_string())))?;
    prepare(&mut conn)?;
    if has_program_table(&mut conn)? {
        return Err(StoreError::AlreadyThere(url.shown()));
    }
    must_be_utf8(&mut conn, url)?;
    migrate(&mut conn)?;
    let mut secret = [0u8; 32];
    super::random(&mut secret)?;
    conn.run(
        "INSERT INTO program (id, version, created_at, secret) VALUES (1, ?, ?, ?)",
        binds![PROGRAM, &stamp(clock.now()), &secret],
    )?;
    conn.run("INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, ?)", binds![&[0u8; 32]])?;
    Ok(())
}

/// Takes back what [`create`] made: the file, or the tables. Only while nothing was written to the audit chain.
pub(super) fn discard_new(url: &DatabaseUrl) -> Result<(), StoreError> {
    let mut conn = connect(url)?;
    if conn.number("SELECT count(*) AS n FROM audit", &[])?.unwrap_or(0) > 0 {
        return Err(StoreError::Refused(format!("{} was used in the meantime and is left as it is", url.shown())));
    }
    match url {
        DatabaseUrl::Sqlite(path) => {
            drop(conn);
            for ending in ["", "-wal", "-shm", ".audit-head", ".lock"] {
                let mut name = path.as_os_str().to_owned();
                name.push(ending);
                match std::fs::remove_file(&name) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(StoreError::Io(PathBuf::from(name).display().to_string(), error));
                    }
                    _ => {}
                }
            }
        }
        DatabaseUrl::Postgres(_) => {
            let Conn::Postgres(inner) = &mut conn else { return Ok(()) };
            inner
                .revert_all_migrations(POSTGRES_MIGRATIONS)
                .map_err(|e| StoreError::Refused(format!("the new tables could not be taken back: {e}")))?;
            inner.batch_execute("DROP TABLE __diesel_schema_migrations")?;
        }
    }
    Ok(())
}

fn make_file(path: &Path) -> Result<(), StoreError> {
    let shown = format!("sqlite:{}", path.display());
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(StoreError::AlreadyThere(shown)),
        Err(error) => Err(StoreError::NotOpened(shown, error.to_string())),
    }
}

fn must_be_utf8(conn: &mut Conn, url: &DatabaseUrl) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let encoding = conn.row::<OneText>("SELECT current_setting('server_encoding') AS t", &[])?.map(|r| r.t);
    match encoding.as_deref() {
        Some("UTF8") => Ok(()),
        other => Err(StoreError::NotARegistry(
            url.shown(),
            format!("its encoding is {}; make the database with ENCODING 'UTF8'", other.unwrap_or("unknown")),
        )),
    }
}

#[derive(diesel::QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    t: String,
}

fn has_program_table(conn: &mut Conn) -> Result<bool, StoreError> {
    let text = match conn.dialect() {
        Dialect::Sqlite => "SELECT count(*) AS n FROM sqlite_master WHERE name = 'program'",
        Dialect::Postgres => {
            "SELECT count(*) AS n FROM pg_tables WHERE tablename = 'program' AND schemaname = current_schema()"
        }
    };
    Ok(conn.number(text, &[])?.unwrap_or(0) > 0)
}

fn has_any_table(conn: &mut Conn) -> Result<bool, StoreError> {
    let text = match conn.dialect() {
        Dialect::Sqlite => "SELECT count(*) AS n FROM sqlite_master",
        Dialect::Postgres => "SELECT count(*) AS n FROM pg_tables WHERE schemaname = current_schema()",
    };
    Ok(conn.number(text, &[])?.unwrap_or(0) > 0)
}

/// Looks whether this program may use the registry, and brings an older one up to date.
///
/// # Errors
/// [`StoreError::NotARegistry`], or [`StoreError::Newer`] naming both versions; nothing is changed then.
pub(super) fn admit(conn: &mut Conn, url: &DatabaseUrl) -> Result<(), StoreError> {
    if !has_program_table(conn)? {
        return Err(match has_any_table(conn)? {
            true => StoreError::NotARegistry(url.shown(), "it holds other tables".into()),
            false => StoreError::NotThere(url.shown()),
        });
    }
    let known = known_migrations(conn.dialect())?;
    let applied = conn
        .rows::<OneText>("SELECT version AS t FROM __diesel_schema_migrations ORDER BY version", &[])?
        .into_iter()
        .map(|r| r.t)
        .collect::<Vec<_>>();
    if let Some(unknown) = applied.iter().find(|m| !known.contains(*m)) {
        let database = conn.row::<OneText>("SELECT version AS t FROM program WHERE id = 1", &[])?.map(|r| r.t);
        return Err(StoreError::Newer {
            database: database.unwrap_or_default(),
            migration: unknown.clone(),
            program: PROGRAM.into(),
        });
    }
    if applied.len() < known.len() {
        migrate(conn)?;
    }
    conn.run("UPDATE program SET version = ? WHERE id = 1 AND version <> ?", binds![PROGRAM, PROGRAM])?;
    Ok(())
}

fn known_migrations(dialect: Dialect) -> Result<Vec<String>, StoreError> {
    use diesel::migration::MigrationSource;
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Refused(format!("the migrations of this program cannot be read: {e}"))
    };
    Ok(match dialect {
        Dialect::Sqlite => MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE_MIGRATIONS)
            .map_err(failed)?
            .iter()
            .map(|m| m.name().version().to_string())
            .collect(),
        Dialect::Postgres => MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES_MIGRATIONS)
            .map_err(failed)?
            .iter()
            .map(|m| m.name().version().to_string())
            .collect(),
    })
}

fn migrate(conn: &mut Conn) -> Result<(), StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Refused(format!("a migration failed and was undone: {e}"))
    };
    match conn {
        Conn::Sqlite(inner) => inner.run_pending_migrations(SQLITE_MIGRATIONS).map(|_| ()).map_err(failed),
        Conn::Postgres(inner) => {
            inner.batch_execute(MIGRATION_LOCK)?;
            let done = inner.run_pending_migrations(POSTGRES_MIGRATIONS).map(|_| ()).map_err(failed);
            inner.batch_execute(MIGRATION_UNLOCK)?;
            done
        }
    }
}

/// What the server's role may do: everything the pages do, but neither change nor remove audit lines and history, nor change
/// what was received. Tables of later migrations are given by running it again.
const SERVER_ROLE: &str = "DO $$ DECLARE role text := current_setting('accession.server_role'); BEGIN \
     EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), role); \
     EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I', current_schema(), role); \
     EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', current_schema(), role); \
     EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit, history FROM %I', role); \
     EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON purging, purged_history, __diesel_schema_migrations FROM %I', role); \
     EXECUTE format('REVOKE INSERT, DELETE, TRUNCATE ON audit_head FROM %I', role); \
     EXECUTE format('REVOKE UPDATE, TRUNCATE ON source_record FROM %I', role); \
     EXECUTE format('GRANT UPDATE (patient_id) ON source_record TO %I', role); END $$";

/// Gives a role of PostgreSQL what a server needs and no more; run by the role that owns the tables.
///
/// # Errors
/// SQLite has no roles; there is no such role; the role owns the tables itself or runs the cluster, so that nothing can be
/// kept from it.
pub(super) fn grant_server_role(conn: &mut Conn, role: &str) -> Result<(), StoreError> {
    if conn.dialect() == Dialect::Sqlite {
        return Err(StoreError::Refused("SQLite has no roles: its file is protected by its owner and mode.".into()));
    }
    let known = conn.number(
        "SELECT CAST(rolsuper OR EXISTS (SELECT 1 FROM pg_tables t WHERE t.tablename = 'audit' AND t.schemaname = current_schema() \
         AND pg_has_role(r.oid, t.tableowner, 'USAGE')) AS int)::bigint AS n FROM pg_roles r WHERE r.rolname = ?",
        binds![role],
    )?;
    match known {
        None => {
            return Err(StoreError::Refused(format!("There is no role {role:?}. Make it with `createuser` first.")));
        }
        Some(1) => {
            return Err(StoreError::Refused(format!(
                "The role {role:?} owns the tables or runs the cluster: nothing can be kept from it. Name another."
            )));
        }
        Some(_) => {}
    }
    conn.transaction(|conn| {
        conn.run("SELECT set_config('accession.server_role', ?, true)", binds![role])?;
        conn.batch(SERVER_ROLE)
    })?;
    Ok(())
}

/// Takes all tables away again: only for a registry that was just made and could not be filled.
pub(super) fn undo_migrations(conn: &mut Conn) -> Result<(), StoreError> {
    let failed = |e: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::Refused(format!("a migration could not be undone: {e}"))
    };
    match conn {
        Conn::Sqlite(inner) => inner.revert_all_migrations(SQLITE_MIGRATIONS).map(|_| ()).map_err(failed),
        Conn::Postgres(inner) => inner.revert_all_migrations(POSTGRES_MIGRATIONS).map(|_| ()).map_err(failed),
    }
}

/// One process serves one SQLite file: held while the server runs.
#[derive(Debug)]
pub struct ServerLock {
    _file: Option<File>,
}

impl ServerLock {
    /// Takes the lock of a SQLite registry. PostgreSQL needs none.
    ///
    /// # Errors
    /// [`StoreError::InUse`] naming the other process.
    pub fn take(url: &DatabaseUrl) -> Result<ServerLock, StoreError> {
        let Some(path) = url.sqlite_path() else { return Ok(ServerLock { _file: None }) };
        let place = lock_path(path);
        let io = |e: std::io::Error| StoreError::NotOpened(place.display().to_string(), e.to_string());
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&place)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).map_err(io)?;
                file.write_all(std::process::id().to_string().as_bytes()).map_err(io)?;
                Ok(ServerLock { _file: Some(file) })
            }
            Err(std::fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(io)?;
                Err(StoreError::InUse(holder.trim().to_string()))
            }
            Err(std::fs::TryLockError::Error(error)) => Err(io(error)),
        }
    }
}

fn lock_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}
