//! How the database stands: its size, the migrations it holds, work that waits. No record of a patient is read.

use diesel::sql_types::Text;

use super::{Conn, Dialect, StoreError};

#[derive(diesel::QueryableByName)]
struct OneText {
    #[diesel(sql_type = Text)]
    t: String,
}

/// What the administrator's page shows of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Name and version of the database program.
    pub engine: String,
    /// Bytes it takes.
    pub bytes: i64,
    /// Its newest migration.
    pub migration: String,
    /// Jobs that wait.
    pub waiting: i64,
    /// Jobs that run.
    pub running: i64,
    /// Jobs that failed, of all kept.
    pub failed: i64,
}

/// How the database stands.
///
/// # Errors
/// It does not answer.
pub fn standing(conn: &mut Conn) -> Result<Standing, StoreError> {
    let (engine, bytes) = match conn.dialect() {
        Dialect::Sqlite => (
            "SELECT 'SQLite ' || sqlite_version() AS t",
            "SELECT page_count * page_size AS n FROM pragma_page_count(), pragma_page_size()",
        ),
        Dialect::Postgres => (
            "SELECT 'PostgreSQL ' || current_setting('server_version') AS t",
            "SELECT pg_database_size(current_database()) AS n",
        ),
    };
    let migration = "SELECT max(version) AS t FROM __diesel_schema_migrations";
    Ok(Standing {
        engine: conn.row::<OneText>(engine, &[])?.map(|row| row.t).unwrap_or_default(),
        bytes: conn.number(bytes, &[])?.unwrap_or(0),
        migration: conn.row::<OneText>(migration, &[])?.map(|row| row.t).unwrap_or_default(),
        waiting: conn.number("SELECT count(*) AS n FROM job WHERE state = 'waiting'", &[])?.unwrap_or(0),
        running: conn.number("SELECT count(*) AS n FROM job WHERE state = 'running'", &[])?.unwrap_or(0),
        failed: conn.number("SELECT count(*) AS n FROM job WHERE state = 'failed'", &[])?.unwrap_or(0),
    })
}
