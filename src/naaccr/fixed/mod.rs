//! Fixed columns, the form of NAACCR files before XML (versions 12 to 18).
//!
//! One line a tumor; neighbouring lines with the same patient number are one patient. Column 1 is the record type,
//! columns 17 to 19 the version, on every line. Items of the patient and of the file are repeated on each line and
//! can disagree; differences are reported. Columns count characters, not bytes.
//! Rules: NAACCR Standards Volume II, versions 12 to 18, record layout tables.

mod layout;
mod reader;
mod writer;

pub(crate) use reader::FixedReader;
pub use writer::FixedWriter;
