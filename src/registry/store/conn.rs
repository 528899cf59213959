//! One connection type for both databases, and the one way statements are written.
//!
//! Statements are constant texts with `?` for values, the same text for SQLite and PostgreSQL wherever the two
//! agree; they are prepared once for a connection and kept. Where the databases differ, [`Conn::dialect`] is matched
//! in a small function named for what differs. No statement is put together from outside data.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Binary, HasSqlType, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{Connection, PgConnection, QueryResult, RunQueryDsl, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// The embedded database.
    Sqlite(SqliteConnection),
    /// PostgreSQL.
    Postgres(PgConnection),
}

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A value bound to a statement.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A whole number, or NULL.
    Int(Option<i64>),
    /// Text, or NULL.
    Text(Option<&'a str>),
    /// Bytes, or NULL.
    Bytes(Option<&'a [u8]>),
    /// A list of ids as a JSON array, for `IN (?)`: it stands for a query that lists them.
    Ids(&'a str),
    /// Facilities whose records count only while somebody holds them, as a JSON array of
    /// `[facility or null, user, 1 when records that nobody holds count too]`, for `facility_id IN (?)`: it stands for a
    /// query that reads `facility_id` and `abstractor` of the abstract it stands beside.
    Held(&'a str),
    /// A list of texts as a JSON array, for `IN (?)`.
    Texts(&'a str),
}

macro_rules! value_from {
    ($($from:ty => |$v:ident| $to:expr),* $(,)?) => {$(
        impl<'a> From<$from> for Value<'a> { fn from($v: $from) -> Value<'a> { $to } }
    )*};
}
value_from! {
    i64 => |v| Value::Int(Some(v)),
    i32 => |v| Value::Int(Some(i64::from(v))),
    u32 => |v| Value::Int(Some(i64::from(v))),
    bool => |v| Value::Int(Some(i64::from(v))),
    Option<i64> => |v| Value::Int(v),
    Option<i32> => |v| Value::Int(v.map(i64::from)),
    &'a str => |v| Value::Text(Some(v)),
    &'a String => |v| Value::Text(Some(v)),
    Option<&'a str> => |v| Value::Text(v),
    &'a Option<String> => |v| Value::Text(v.as_deref()),
    &'a [u8] => |v| Value::Bytes(Some(v)),
    &'a Vec<u8> => |v| Value::Bytes(Some(v)),
    &'a [u8; 32] => |v| Value::Bytes(Some(v)),
    Option<&'a [u8]> => |v| Value::Bytes(v),
}

/// Values for a statement: `binds![id, name.as_str(), None::<i64>]`.
#[macro_export]
macro_rules! binds {
    ($($v:expr),* $(,)?) => { &[$($crate::registry::store::Value::from($v)),*] };
}

/// A constant text with its values.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    text: &'a str,
    values: &'a [Value<'a>],
    dialect: Dialect,
}

impl QueryId for Statement<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement<'_> {
    type SqlType = Untyped;
}

impl<C: Connection> RunQueryDsl<C> for Statement<'_> {}

// For each database itself: by way of the joint connection every value would be boxed before it is bound.
impl QueryFragment<Sqlite> for Statement<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.walk(out)
    }
}

impl QueryFragment<Pg> for Statement<'_> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.walk(out)
    }
}

impl Statement<'_> {
    fn walk<'b, DB>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt> + HasSqlType<Text> + HasSqlType<Binary>,
        i64: ToSql<BigInt, DB>,
        str: ToSql<Text, DB>,
        [u8]: ToSql<Binary, DB>,
    {
        let mut rest = self.text;
        for value in self.values {
            let (piece, after) = rest.split_once('?').unwrap_or((rest, ""));
            out.push_sql(piece);
            rest = after;
            match value {
                Value::Int(v) => out.push_bind_param::<Nullable<BigInt>, _>(v)?,
                Value::Text(v) => out.push_bind_param::<Nullable<Text>, _>(v)?,
                Value::Bytes(v) => out.push_bind_param::<Nullable<Binary>, _>(v)?,
                Value::Ids(v) | Value::Held(v) | Value::Texts(v) => {
                    let (before, after) = match value {
                        Value::Texts(_) => texts_query(self.dialect),
                        Value::Held(_) => held_query(self.dialect),
                        _ => ids_query(self.dialect),
                    };
                    out.push_sql(before);
                    out.push_bind_param::<Text, _>(v)?;
                    out.push_sql(after);
                }
            }
        }
        out.push_sql(rest);
        Ok(())
    }
}

/// How the numbers of a JSON array are listed.
fn ids_query(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Sqlite => ("SELECT value FROM json_each(", ")"),
        Dialect::Postgres => ("SELECT json_array_elements_text((", ")::json)::bigint"),
    }
}

/// How the facilities of abstracts that somebody holds are listed, beside the abstract.
fn held_query(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Sqlite => (
            "SELECT coalesce(value ->> 0, facility_id) FROM json_each(",
            ") WHERE abstractor = value ->> 1 OR (value ->> 2 = 1 AND abstractor IS NULL)",
        ),
        Dialect::Postgres => (
            "SELECT coalesce((held.e ->> 0)::bigint, facility_id) FROM json_array_elements((",
            ")::json) AS held (e) WHERE abstractor = (held.e ->> 1)::bigint OR (held.e ->> 2 = '1' AND abstractor IS NULL)",
        ),
    }
}

/// How the texts of a JSON array are listed.
fn texts_query(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Sqlite => ("SELECT value FROM json_each(", ")"),
        Dialect::Postgres => ("SELECT json_array_elements_text((", ")::json)"),
    }
}

impl Conn {
    /// Which database this is.
    pub fn dialect(&self) -> Dialect {
        match self {
            Conn::Sqlite(_) => Dialect::Sqlite,
            Conn::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and answers how many rows it touched.
    pub fn run(&mut self, text: &str, values: &[Value<'_>]) -> QueryResult<usize> {
        debug_assert_eq!(text.matches('?').count(), values.len(), "{text}");
        let statement = Statement { text, values, dialect: self.dialect() };
        match self {
            Conn::Sqlite(conn) => statement.execute(conn),
            Conn::Postgres(conn) => statement.execute(conn),
        }
    }

    /// All rows of a query.
    pub fn rows<R>(&mut self, text: &str, values: &[Value<'_>]) -> QueryResult<Vec<R>>
    where
        R: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        debug_assert_eq!(text.matches('?').count(), values.len(), "{text}");
        let statement = Statement { text, values, dialect: self.dialect() };
        match self {
            Conn::Sqlite(conn) => statement.load::<R>(conn),
            Conn::Postgres(conn) => statement.load::<R>(conn),
        }
    }

    /// The first row of a query, or none.
    pub fn row<R>(&mut self, text: &str, values: &[Value<'_>]) -> QueryResult<Option<R>>
    where
        R: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        Ok(self.rows::<R>(text, values)?.into_iter().next())
    }

    /// The one number a query answers (column `n`), or none when it has no row or the number is NULL.
    pub fn number(&mut self, text: &str, values: &[Value<'_>]) -> QueryResult<Option<i64>> {
        Ok(self.row::<Number>(text, values)?.and_then(|r| r.n))
    }

    /// Runs several statements without values.
    pub fn batch(&mut self, text: &str) -> QueryResult<()> {
        self.batch_execute(text)
    }
}

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    n: Option<i64>,
}
