//! `accession stats`: rates, survival, quality and frequencies of plain tables, as CSV or JSON.
//!
//! Input: CSV with a head line, packed if its name ends in `.gz`. Columns are those of `docs/statistics.md`. Output: a
//! table; numbers carry ten digits.

mod freq;
mod quality;
mod rates;
mod survival;
mod table;
#[cfg(test)]
mod tests;

use clap::Subcommand;

use crate::cli::Outcome;

/// Rates, survival, quality and frequencies of plain tables.
#[derive(Debug, Subcommand)]
pub(super) enum Stats {
    /// Crude and adjusted rates with limits; trends.
    Rates(rates::Rates),
    /// Survival: months, Kaplan-Meier, actuarial, relative, net, cause-specific.
    Survival(survival::SurvivalCommand),
    /// Indicators of data quality.
    Quality(quality::QualityCommand),
    /// How often each combination of values occurs.
    Freq(freq::Freq),
}

impl Stats {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self {
            Stats::Rates(command) => command.run(),
            Stats::Survival(command) => command.run(),
            Stats::Quality(command) => command.run(),
            Stats::Freq(command) => command.run(),
        }
    }
}
