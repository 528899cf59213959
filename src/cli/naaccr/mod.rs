//! `accession naaccr …`: NAACCR files and dictionaries from the command line.

mod check;
mod convert;
mod deidentify;
mod dictionary;
mod diff;
mod filter;
mod inspect;
mod json;
mod merge;
mod output;
mod reading;
mod split;
mod stats;
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
    /// Prints every problem of a file, a line each, while it is read.
    Check(check::Check),
    /// Writes the tumors that all conditions hold for, with their patients.
    Filter(filter::Filter),
    /// Writes the patients of several files into one.
    Merge(merge::Merge),
    /// Writes a file for each value of an item, or for each so many patients.
    Split(split::Split),
    /// Says what differs between two files.
    Diff(diff::Diff),
    /// Writes what of a file may leave at a privacy level.
    Deidentify(deidentify::Deidentify),
    /// Says how each item of a file is filled.
    Stats(stats::Stats),
    /// Dictionaries: check, compare, make a table.
    #[command(subcommand)]
    Dictionary(dictionary::Dictionaries),
}

impl Naaccr {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Naaccr::Inspect(command) => command.run(),
            Naaccr::Convert(command) => command.run(),
            Naaccr::Check(command) => command.run(),
            Naaccr::Filter(command) => command.run(),
            Naaccr::Merge(command) => command.run(),
            Naaccr::Split(command) => command.run(),
            Naaccr::Diff(command) => command.run(),
            Naaccr::Deidentify(command) => command.run(),
            Naaccr::Stats(command) => command.run(),
            Naaccr::Dictionary(command) => command.run(),
        }
    }
}
