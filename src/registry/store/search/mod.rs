//! Patient search.
//!
//! ```text
//!   what was typed ──read──► names, birth date, numbers
//!        ──► candidates: looked up by index only, each look-up within the scope of who asks, bounded and in a fixed order
//!        ──► ranked in Rust by how well they agree with everything that was typed
//!        ──► the best are shown with the tumors and accession numbers that the asker may see
//! ```
//!
//! The bound of a look-up counts only what the asker may see, so neither the result, its length, its order nor
//! [`Answer::more`] depends on another facility's patients. Both databases give the same answer: they compare bytes,
//! and every order that is shown is made here.

mod candidates;
mod query;
mod ranking;
mod shown;

pub use candidates::LIST_QUERIES;
pub use query::Query;
pub use shown::{Found, ShortTumor};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::audit::{By, Line};
use super::{Conn, StoreError};
use candidates::Lookup;

/// The most patients that one search shows.
pub const MOST_SHOWN: usize = 50;

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The best matches, the best first.
    pub found: Vec<Found>,
    /// There are more than are shown: the query should say more.
    pub more: bool,
    /// Fields whose text could not be read as what the field takes, with that text.
    pub not_read: Vec<(&'static str, String)>,
}

/// The patients the asker may see who agree with what was typed. `secret` is the registry's ([`super::Store::secret`]).
/// The caller writes [`search_line`] to the audit.
///
/// # Errors
/// Only those of the database; nothing that can be typed is an error.
pub fn find_patients(conn: &mut Conn, by: &By, secret: &[u8; 32], query: &Query) -> Result<Answer, StoreError> {
    let reading = query.read();
    if reading.is_empty() {
        return Ok(Answer { not_read: reading.not_read, ..Answer::default() });
    }
    let limit = if query.limit == 0 { MOST_SHOWN } else { query.limit.min(MOST_SHOWN) };
    let mut lookup = Lookup::new(conn, by, query.as_written);
    lookup.numbers(&reading, secret)?;
    lookup.names(&reading)?;
    lookup.birth(&reading)?;
    let (candidates, capped) = lookup.taken()?;
    let mut ranked = ranking::rank(&reading, candidates, query.as_written);
    // Middle names stand in the records, which are read for the best only.
    let more = capped || ranked.len() > limit;
    ranked.truncate(limit * 3);
    let found = shown::shown(conn, by, &reading, ranked, limit)?;
    Ok(Answer { found, more, not_read: reading.not_read })
}

/// The audit line of a search: which fields were used, how many were found and the ids of the first fifty; what was
/// typed stands beside the chain as its detail.
pub fn search_line(by: &By, now: DateTime<Utc>, query: &Query, answer: &Answer) -> Line {
    let ids: Vec<String> = answer.found.iter().take(MOST_SHOWN).map(|f| f.patient.to_string()).collect();
    let count = if answer.more { format!("over {}", answer.found.len()) } else { answer.found.len().to_string() };
    let fields = query.read().fields.join(" ");
    by.line("search", now).note(format!("fields {fields}; found {count}: {}", ids.join(" "))).detail(query.terms())
}
