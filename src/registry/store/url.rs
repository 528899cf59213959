//! Which database: `sqlite:PATH` or `postgres://…`, and nothing else.

use std::path::{Path, PathBuf};

use super::StoreError;

/// The place of a registry's database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// One file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, as libpq reads it.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    ///
    /// # Errors
    /// [`StoreError::WrongUrl`] for everything else, so that a mistyped address never makes an empty database.
    pub fn parse(text: &str) -> Result<DatabaseUrl, StoreError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(StoreError::WrongUrl("sqlite: names no file".into()));
            }
            return Ok(DatabaseUrl::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(text.into()));
        }
        Err(StoreError::WrongUrl("it begins with neither sqlite: nor postgres://".into()))
    }

    /// The file of a SQLite registry.
    pub fn sqlite_path(&self) -> Option<&Path> {
        match self {
            DatabaseUrl::Sqlite(path) => Some(path),
            DatabaseUrl::Postgres(_) => None,
        }
    }

    /// What diesel opens. A SQLite file is opened for reading and writing and never made.
    pub(super) fn for_diesel(&self) -> String {
        match self {
            DatabaseUrl::Sqlite(path) => {
                let mut uri = String::from("file:");
                for byte in path.as_os_str().as_encoded_bytes() {
                    match byte {
                        b'?' | b'#' | b'%' | 0x80.. => uri.push_str(&format!("%{byte:02X}")),
                        _ => uri.push(char::from(*byte)),
                    }
                }
                uri.push_str("?mode=rw");
                uri
            }
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    /// The place in words that hold no password: for messages and logs.
    pub fn shown(&self) -> String {
        match self {
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseUrl::Postgres(url) => match (url.find("://"), url.rfind('@')) {
                (Some(start), Some(at)) if at > start => {
                    let user = url[start + 3..at].split(':').next().unwrap_or_default();
                    format!("{}://{user}@{}", &url[..start], url[at + 1..].split('?').next().unwrap_or_default())
                }
                _ => url.split('?').next().unwrap_or_default().to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bare_path_is_refused() {
        for wrong in ["registry.db", "", "sqlite:", "mysql://x", "/tmp/registry.db", "postgres:x"] {
            assert!(DatabaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_byte_of_a_file_name_reaches_the_database() {
        let url = DatabaseUrl::parse("sqlite:/srv/Straße 5/a?b#c%.sqlite").unwrap();
        assert_eq!(url.for_diesel(), "file:/srv/Stra%C3%9Fe 5/a%3Fb%23c%25.sqlite?mode=rw");
    }

    #[test]
    fn a_password_is_never_shown() {
        let url = DatabaseUrl::parse("postgres://registry:secret@db.example:5432/accession?sslmode=require").unwrap();
        assert_eq!(url.shown(), "postgres://registry@db.example:5432/accession");
    }
}
