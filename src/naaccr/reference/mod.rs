//! The compiled-in tables of `reference/naaccr/`: how they are made and how they are read.
//!
//! `build` makes them from the official files; `read` parses them, once, when first asked. The tables are text with
//! tabs, one fact a line, so that a new edition shows as a readable difference.

pub mod build;
pub(crate) mod read;
