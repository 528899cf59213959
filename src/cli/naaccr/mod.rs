//! `accession naaccr …`: NAACCR files and dictionaries from the command line.

mod convert;
mod dictionary;
mod inspect;
mod json;
mod reading;
mod target;

use clap::Subcommand;

use crate::cli::Outcome;

/// NAACCR files and dictionaries.
#[derive(Debug, Subcommand)]
pub(super) enum Naaccr {
    /// Reads a file and says what it holds and what is wrong with it.
    Inspect(inspect::Inspect),
    /// Writes a file in another form, version or record type.
    Convert(convert::Convert),
    /// Dictionaries: check, compare, make a table.
    #[command(subcommand)]
    Dictionary(dictionary::Dictionaries),
}

impl Naaccr {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Naaccr::Inspect(command) => command.run(),
            Naaccr::Convert(command) => command.run(),
            Naaccr::Dictionary(command) => command.run(),
        }
    }
}
