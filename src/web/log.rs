//! The access log: one line a request with time, address, user's number, route, status, time taken and size. Never a
//! name, query, id or value: the route is the pattern of the table, not the address that was asked.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::registry::clock::stamp;

/// Where the lines go.
#[derive(Clone)]
pub struct AccessLog(Arc<Mutex<Box<dyn Write + Send>>>);

/// What a line says.
pub struct Access<'a> {
    /// When it came.
    pub at: DateTime<Utc>,
    /// From where.
    pub address: IpAddr,
    /// The user's row id.
    pub user: Option<i64>,
    /// The pattern of the route.
    pub route: &'a str,
    /// Status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

impl AccessLog {
    /// To standard error.
    pub fn standard_error() -> AccessLog {
        AccessLog::to(Box::new(std::io::stderr()))
    }

    /// At the end of a file that only its owner may read.
    ///
    /// # Errors
    /// That it cannot be opened.
    pub fn file(path: &Path) -> std::io::Result<AccessLog> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        Ok(AccessLog::to(Box::new(file)))
    }

    fn to(place: Box<dyn Write + Send>) -> AccessLog {
        AccessLog(Arc::new(Mutex::new(place)))
    }

    /// Writes the line of a request.
    pub fn access(&self, access: &Access<'_>) {
        let user = access.user.map_or_else(|| "-".to_string(), |id| id.to_string());
        self.line(&format!(
            "{} {} user={user} {} {} {}ms",
            stamp(access.at),
            access.address,
            access.route,
            access.status,
            access.took.as_millis()
        ));
    }

    /// Writes why something was not done, with the number the person was told.
    pub fn fault(&self, at: DateTime<Utc>, number: &str, route: &str, why: &str) {
        self.line(&format!("{} {number} {route}: {why}", stamp(at)));
    }

    /// One line, whatever is in it: control characters are written as their numbers.
    fn line(&self, text: &str) {
        let mut line = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            match c.is_control() {
                true => line.push_str(&format!("\\u{{{:x}}}", c as u32)),
                false => line.push(c),
            }
        }
        line.push('\n');
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written must not stop the server.
        let _ = place.write_all(line.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_line_end_in_a_cause_forges_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let log = AccessLog::file(&path).unwrap();
        log.fault(DateTime::UNIX_EPOCH, "4F2A", "GET /", "first\nsecond \u{1b}[31mred\r");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains("first\\u{a}second \\u{1b}[31mred\\u{d}"));
    }
}
