//! Accession: a cancer registry server and abstracting application.
//!
//! The rooms below stand in the only direction of dependence: a room may use those above it, never those
//! below it. A test reads the `use crate::` lines and fails on an upward one. Rooms down to `report` are pure:
//! no database, no web, no clock.

/// Partial dates, ages, intervals: the type every other room uses.
pub mod dates;
/// Who asks: user, roles, facilities, purpose; a plain value.
pub mod asker;
/// NAACCR items and dictionaries; the readers and writers of NAACCR files.
pub mod naaccr;
/// Code tables and their search by words.
pub mod codes;
/// The SEER staging algorithm interpreter.
pub mod staging;
/// Multiple-primary rules.
pub mod primaries;
/// Derived variables: recodes, survival time, identification of origin.
pub mod derive;
/// Data-quality rules: their language, the library, running them.
pub mod edits;
/// Person matching: names folded and sounded.
pub mod matching;
/// Casefinding: pathology messages and disease indices read and screened; reportability.
pub mod casefinding;
/// Printable reports and letters from plain values.
pub mod report;
/// Patient, tumor, abstract: the store, history, audit, jobs and files.
pub mod registry;
/// Users, roles, facilities, sign-in.
pub mod accounts;
/// Imports of files from outside.
pub mod intake;
/// Due lists, postings, letters.
pub mod followup;
/// Recipients and the files made for them.
pub mod submission;
/// Extracts for research.
pub mod research;
/// Synthetic registries for demonstration, tests and benches.
pub mod synth;
/// One file a screen: forms, pages, JSON API.
pub mod web;
/// One file a command.
pub mod cli;
