//! A fresh database for one test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{Nullable, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

use super::postgres;

/// The two kinds of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database of the private cluster.
    Postgres,
}

/// One empty database, removed when the test ends.
pub struct Database {
    kind: Kind,
    url: String,
    name: String,
    folder: tempfile::TempDir,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct SqliteStep {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    plan: String,
}

impl Database {
    /// A fresh empty database: on SQLite the file is not there yet, on PostgreSQL the database is, without tables.
    pub fn fresh(kind: Kind) -> Result<Database, String> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = tempfile::Builder::new().prefix("accession-").tempdir().map_err(|error| error.to_string())?;
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", folder.path().join("registry.sqlite").display()),
            Kind::Postgres => {
                let cluster = postgres::cluster()?;
                execute_at(
                    &cluster.url("postgres"),
                    &format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"),
                )?;
                cluster.url(&name)
            }
        };
        Ok(Database { kind, url, name, folder })
    }

    /// A SQLite registry that is there already and stays.
    pub fn at_hand(url: &str) -> Database {
        let folder = tempfile::Builder::new().prefix("accession-").tempdir().unwrap();
        Database { kind: Kind::Sqlite, url: url.to_owned(), name: String::new(), folder }
    }

    /// SQLite or PostgreSQL.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL as the program takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder of this test's own for files; on SQLite the database lies in it too.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The SQLite file.
    pub fn file(&self) -> PathBuf {
        assert_eq!(self.kind, Kind::Sqlite, "only SQLite has a file");
        PathBuf::from(self.url.trim_start_matches("sqlite:"))
    }

    /// The one text column `value` of a query, past the program: for looking behind it and for tampering.
    pub fn values(&self, query: &str) -> Vec<Option<String>> {
        let rows: Vec<Row> = match self.kind {
            Kind::Sqlite => sql_query(query).load(&mut self.sqlite()),
            Kind::Postgres => sql_query(query).load(&mut self.postgres()),
        }
        .unwrap_or_else(|error| panic!("{query}: {error}"));
        rows.into_iter().map(|row| row.value).collect()
    }

    /// A whole number, as `SELECT count(*) …` gives it.
    pub fn number(&self, query: &str) -> i64 {
        let text = self.values(&format!("SELECT CAST(({query}) AS TEXT) AS value")).remove(0);
        text.unwrap_or_default().parse().unwrap_or_else(|_| panic!("{query} gave no number"))
    }

    /// Changes the database past the program, as somebody with the file in his hands could.
    /// On PostgreSQL as the superuser.
    pub fn tamper(&self, statements: &str) {
        self.try_tamper(statements).unwrap_or_else(|error| panic!("{statements}: {error}"));
    }

    /// The same; the database may refuse.
    pub fn try_tamper(&self, statements: &str) -> Result<(), String> {
        match self.kind {
            Kind::Sqlite => self.sqlite().batch_execute(statements).map_err(|error| error.to_string()),
            Kind::Postgres => execute_at(&postgres::cluster()?.superuser_url(&self.name), statements),
        }
    }

    /// The plan of a query: SQLite's steps, or PostgreSQL's plan as JSON with reading a table through as the last resort.
    pub fn plan(&self, query: &str) -> Result<Vec<String>, String> {
        let rows: Result<Vec<Step>, _> = match self.kind {
            Kind::Sqlite => sql_query(format!("EXPLAIN QUERY PLAN {query}"))
                .load::<SqliteStep>(&mut self.sqlite())
                .map(|steps| steps.into_iter().map(|step| Step { plan: step.detail }).collect()),
            Kind::Postgres => {
                let mut connection = self.postgres();
                connection.batch_execute("SET enable_seqscan = off").map_err(|error| error.to_string())?;
                sql_query(format!("EXPLAIN (FORMAT JSON) {query}")).load(&mut connection)
            }
        };
        rows.map(|steps| steps.into_iter().map(|step| step.plan).collect()).map_err(|error| error.to_string())
    }

    fn sqlite(&self) -> SqliteConnection {
        let file = self.file();
        let mut connection = SqliteConnection::establish(&file.display().to_string()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        connection
    }

    /// As the superuser: a look behind what the program's role may see.
    fn postgres(&self) -> PgConnection {
        let cluster = postgres::cluster().unwrap_or_else(|missing| panic!("{missing}"));
        PgConnection::establish(&cluster.superuser_url(&self.name)).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.kind == Kind::Postgres
            && let Ok(cluster) = postgres::cluster()
        {
            let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
            if let Err(error) = execute_at(&cluster.superuser_url("postgres"), &drop) {
                eprintln!("{}: {error}", self.name);
            }
        }
    }
}

/// Runs statements at a PostgreSQL URL.
pub fn execute_at(url: &str, statements: &str) -> Result<(), String> {
    let mut connection = PgConnection::establish(url).map_err(|error| error.to_string())?;
    connection.batch_execute(statements).map_err(|error| error.to_string())
}

/// The URL of an empty PostgreSQL database whose encoding is LATIN1; none where PostgreSQL is not installed.
pub fn latin_1_database() -> Option<String> {
    let cluster = match postgres::cluster() {
        Ok(cluster) => cluster,
        Err(missing) if super::ci() => panic!("{missing}"),
        Err(missing) => {
            super::skipped(&missing);
            return None;
        }
    };
    let make = "CREATE DATABASE latin_1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0";
    execute_at(&cluster.url("postgres"), make).unwrap_or_else(|error| panic!("{error}"));
    Some(cluster.url("latin_1"))
}
