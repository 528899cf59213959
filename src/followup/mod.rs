//! Follow-up: who is due, what was tried, what came of it; letters and mail.
//!
//! ```text
//!   rules    when a patient is due or lost, whom a registry does not trace, which tumors a measure counts
//!   measures the two measures of a hospital's follow-up
//!   passive  files of other sources: linked, posted, reviewed, undone
//!   policy   the settings of a registry, and counting the measures over it
//!   sources  the codes of items 1790 and 1791 and which of two reports is the more reliable
//!   accept   a reported contact against what is on file: newer, earlier, a conflict, or refused, with every change
//!   posting  what `accept` decided, written: patient, abstracts, contact, attempts, audit in one piece
//!   letters  a letter to a physician or patient: attempt, disclosure and stored copy in one piece
//!   mail     through SMTP or into a folder
//! ```
//!
//! `rules`, `measures`, `sources` and `accept` are pure: they get the day as a value. Vital status and last contact belong to the
//! patient and are shared by all his tumors; cancer status and recurrence belong to each tumor.

pub mod accept;
pub mod letters;
pub mod mail;
pub mod measures;
pub mod passive;
pub mod policy;
pub mod posting;
pub mod rules;
pub mod sources;
