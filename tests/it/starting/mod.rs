//! Making, finding and refusing registries: every wrong start ends with exit code 2, one line that says what to do,
//! and nothing made or changed.

mod refused;
mod serving;
