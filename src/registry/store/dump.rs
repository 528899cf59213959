//! All tables as lines of text, and back: one form for both databases, so that a backup of one restores into either.
//!
//! A table is a line `{"table":…,"columns":[…],"kinds":[…]}` followed by a line of JSON for each row: numbers and texts
//! as they are, bytes as hexadecimal digits, none as null. Tables stand in the order in which they may be filled.

use std::io::{BufRead, Write};

use diesel::sql_types::{Nullable, Text};
use serde::{Deserialize, Serialize};

use super::{Conn, Dialect, Store, StoreError, Value, unhex};
use crate::binds;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Number,
    Text,
    Bytes,
}

#[derive(Debug, Serialize, Deserialize)]
struct Table {
    table: String,
    columns: Vec<String>,
    kinds: Vec<Kind>,
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<Text>)]
    line: Option<String>,
}

/// Tables that others point to stand first.
const FIRST: [&str; 9] =
    ["program", "facility", "user_", "import", "patient", "tumor", "abstract", "source_record", "disclosure"];

/// Tables that a new registry already has a row in; the backup's row takes its place.
const MADE_FILLED: [&str; 2] = ["program", "audit_head"];

/// Names in statements made from the schema are letters, digits and underscores; nothing from outside gets here.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn tables(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let text = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
        }
        Dialect::Postgres => {
            "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        }
    };
    let mut names: Vec<String> = conn
        .rows::<Name>(text, &[])?
        .into_iter()
        .map(|n| n.name)
        .filter(|n| n != "__diesel_schema_migrations" && is_name(n))
        .collect();
    names.sort_by_key(|name| (FIRST.iter().position(|f| f == name).unwrap_or(FIRST.len()), name.clone()));
    Ok(names)
}

fn columns(conn: &mut Conn, table: &str) -> Result<Table, StoreError> {
    let text = match conn.dialect() {
        Dialect::Sqlite => "SELECT name, lower(type) AS kind FROM pragma_table_info(?) ORDER BY cid",
        Dialect::Postgres => {
            "SELECT column_name::text AS name, data_type::text AS kind FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
        }
    };
    let found = conn.rows::<Column>(text, binds![table])?;
    let kind = |kind: &str| match kind {
        "integer" | "bigint" | "smallint" => Kind::Number,
        "blob" | "bytea" => Kind::Bytes,
        _ => Kind::Text,
    };
    Ok(Table {
        table: table.to_string(),
        kinds: found.iter().map(|c| kind(&c.kind)).collect(),
        columns: found.into_iter().map(|c| c.name).filter(|n| is_name(n)).collect(),
    })
}

/// The statement that gives a page of a table's rows as JSON, after a row number of the order.
fn select(table: &Table, dialect: Dialect) -> String {
    let cells: Vec<String> = table
        .columns
        .iter()
        .zip(&table.kinds)
        .map(|(name, kind)| match (kind, dialect) {
            (Kind::Bytes, Dialect::Sqlite) => format!("CASE WHEN {name} IS NULL THEN NULL ELSE lower(hex({name})) END"),
            (Kind::Bytes, Dialect::Postgres) => format!("encode({name}, 'hex')"),
            _ => name.clone(),
        })
        .collect();
    let made = match dialect {
        Dialect::Sqlite => "json_array",
        Dialect::Postgres => "json_build_array",
    };
    let cast = if dialect == Dialect::Postgres { "::text" } else { "" };
    let order = table.columns.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let mut text = String::from("SELECT ");
    for part in [
        made,
        "(",
        &cells.join(", "),
        ")",
        cast,
        " AS line FROM ",
        &table.table,
        " ORDER BY ",
        &order,
        " LIMIT ? OFFSET ?",
    ] {
        text.push_str(part);
    }
    text
}

/// The statement that gives rows of a table whose first column is a number, after a number.
fn select_after(table: &Table, dialect: Dialect) -> String {
    let all = select(table, dialect);
    let key = &table.columns[0];
    let mut text = all.split(" ORDER BY ").next().unwrap_or_default().to_string();
    for part in [" WHERE ", key, " > ? ORDER BY ", key, " LIMIT ?"] {
        text.push_str(part);
    }
    text
}

/// Writes all tables as they stand at one moment; answers the rows written.
pub fn dump(store: &Store, out: &mut dyn Write) -> Result<u64, StoreError> {
    let mut conn = store.reading()?;
    let begin = match conn.dialect() {
        Dialect::Sqlite => "BEGIN",
        Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    };
    conn.batch(begin)?;
    let written = dump_in(&mut conn, out);
    conn.batch("ROLLBACK")?;
    written
}

fn io(error: std::io::Error) -> StoreError {
    StoreError::Io("the backup could not be written".into(), error)
}

fn dump_in(conn: &mut Conn, out: &mut dyn Write) -> Result<u64, StoreError> {
    let mut written = 0;
    for name in tables(conn)? {
        let table = columns(conn, &name)?;
        let head = serde_json::to_string(&table).map_err(|e| StoreError::Refused(e.to_string()))?;
        writeln!(out, "{head}").map_err(io)?;
        let has_id = table.columns.first().is_some_and(|c| c == "id" || c == "seq");
        let text = if has_id { select_after(&table, conn.dialect()) } else { select(&table, conn.dialect()) };
        let (mut after, mut offset) = (i64::MIN, 0i64);
        loop {
            let rows = match has_id {
                true => conn.rows::<Row>(&text, binds![after, 500i64])?,
                false => conn.rows::<Row>(&text, binds![2_000i64, offset])?,
            };
            if rows.is_empty() {
                break;
            }
            offset += 2_000;
            for row in rows {
                let line = row.line.unwrap_or_default();
                if has_id {
                    let first = line.trim_start_matches('[').split([',', ']']).next().unwrap_or_default();
                    after = first
                        .trim()
                        .parse()
                        .map_err(|_| StoreError::Damaged { what: name.clone(), why: "a row has no id".into() })?;
                }
                writeln!(out, "{line}").map_err(io)?;
                written += 1;
            }
        }
    }
    writeln!(out, "{{\"rows\":{written}}}").map_err(io)?;
    Ok(written)
}

#[derive(Deserialize)]
struct End {
    rows: u64,
}

/// Fills an empty registry's tables from what [`dump`] wrote, in one transaction.
///
/// # Errors
/// A text that is not such, one that ends early, a table this program does not know. Nothing is kept then.
pub fn fill(conn: &mut Conn, from: &mut dyn BufRead) -> Result<u64, StoreError> {
    conn.batch("BEGIN")?;
    if conn.dialect() == Dialect::Postgres {
        conn.batch("SET CONSTRAINTS ALL DEFERRED")?;
    }
    match fill_in(conn, from) {
        Ok(rows) => {
            conn.batch("COMMIT")?;
            Ok(rows)
        }
        Err(error) => {
            conn.batch("ROLLBACK")?;
            Err(error)
        }
    }
}

fn broken(why: impl Into<String>) -> StoreError {
    StoreError::Refused(format!("The backup cannot be restored: {}. Nothing was changed.", why.into()))
}

fn fill_in(conn: &mut Conn, from: &mut dyn BufRead) -> Result<u64, StoreError> {
    let known = tables(conn)?;
    let mut current: Option<(Table, String)> = None;
    let (mut rows, mut line, mut ended) = (0u64, String::new(), None);
    loop {
        line.clear();
        if from.read_line(&mut line).map_err(|e| broken(e.to_string()))? == 0 {
            break;
        }
        if ended.is_some() {
            return Err(broken("something stands after its end"));
        }
        if line.starts_with("{\"rows\"") {
            ended = Some(serde_json::from_str::<End>(&line).map_err(|e| broken(e.to_string()))?.rows);
        } else if line.starts_with('{') {
            let table: Table = serde_json::from_str(&line).map_err(|e| broken(e.to_string()))?;
            let here = if known.contains(&table.table) { columns(conn, &table.table)?.columns } else { vec![] };
            if table.columns.iter().any(|c| !here.contains(c)) {
                return Err(broken(format!("this program has no table {} of that form", table.table)));
            }
            if MADE_FILLED.contains(&table.table.as_str()) {
                conn.run(&delete(&table.table), &[])?;
            }
            let text = insert(&table);
            current = Some((table, text));
        } else {
            let (table, text) = current.as_ref().ok_or_else(|| broken("it begins with a row"))?;
            put(conn, table, text, &line)?;
            rows += 1;
        }
    }
    match ended {
        Some(written) if written == rows => {}
        _ => return Err(broken("it ends early")),
    }
    if conn.dialect() == Dialect::Postgres {
        for table in known {
            restart_identity(conn, &table)?;
        }
    }
    Ok(rows)
}

fn delete(table: &str) -> String {
    let mut text = String::from("DELETE FROM ");
    text.push_str(table);
    text
}

fn insert(table: &Table) -> String {
    let mut text = String::from("INSERT INTO ");
    for part in
        [&table.table, " (", &table.columns.join(", "), ") VALUES (", &vec!["?"; table.columns.len()].join(", "), ")"]
    {
        text.push_str(part);
    }
    text
}

fn put(conn: &mut Conn, table: &Table, text: &str, line: &str) -> Result<(), StoreError> {
    let cells: Vec<serde_json::Value> =
        serde_json::from_str(line).map_err(|e| broken(format!("a row of {}: {e}", table.table)))?;
    if cells.len() != table.kinds.len() {
        return Err(broken(format!("a row of {} has another number of cells", table.table)));
    }
    let bytes: Vec<Option<Vec<u8>>> = cells
        .iter()
        .zip(&table.kinds)
        .map(|(cell, kind)| match (kind, cell.as_str()) {
            (Kind::Bytes, Some(digits)) => unhex(digits).map(Some).ok_or_else(|| broken("bytes that are no digits")),
            _ => Ok(None),
        })
        .collect::<Result<_, _>>()?;
    let values: Vec<Value<'_>> = cells
        .iter()
        .zip(&table.kinds)
        .zip(&bytes)
        .map(|((cell, kind), bytes)| match kind {
            Kind::Number => Value::Int(cell.as_i64()),
            Kind::Text => Value::Text(cell.as_str()),
            Kind::Bytes => Value::Bytes(bytes.as_deref()),
        })
        .collect();
    conn.run(text, &values)?;
    Ok(())
}

/// After rows with given ids PostgreSQL's own counter goes on above the highest.
fn restart_identity(conn: &mut Conn, table: &str) -> Result<(), StoreError> {
    let has = conn.number(
        "SELECT count(*) AS n FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ? \
         AND column_name = 'id' AND is_identity = 'YES'",
        binds![table],
    )?;
    if has.unwrap_or(0) == 0 {
        return Ok(());
    }
    let mut text = String::from("SELECT setval(pg_get_serial_sequence('");
    for part in [table, "', 'id'), coalesce((SELECT max(id) FROM ", table, "), 0) + 1, false) AS n"] {
        text.push_str(part);
    }
    conn.number(&text, &[])?;
    Ok(())
}
