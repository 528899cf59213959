//! Submission: records on their way to others.
//!
//! An export is a NAACCR XML file of one record type and version, grouped by patient, valid by that version's
//! dictionary. What cannot be carried (an item the version or type does not have, a text longer than its item) is
//! listed, never dropped in silence. The same content and time give the same bytes on both databases.

pub mod answer;
pub mod content;
pub mod convert;
pub mod decide;
pub mod export;
pub mod export_job;
pub mod gate;
pub mod look;
pub mod receive;
pub mod sending;
pub mod submit_job;
pub mod waiting;
pub mod write;
