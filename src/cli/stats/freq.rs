//! `accession stats freq`: how often each combination of values occurs.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::table::{Answer, Cell, Form, Source};
use crate::cli::Outcome;
use crate::research::stats::quality::frequencies;

/// How often each combination of values occurs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Freq {
    /// The table, `-` for the standard input. A column `count` is added up.
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// The columns whose values are counted.
    #[arg(long, value_delimiter = ',', required = true)]
    by: Vec<String>,
    #[command(flatten)]
    form: Form,
}

impl Freq {
    pub(super) fn run(self) -> Result<Outcome> {
        let source = Source::open(&self.cases)?;
        let places = self.by.iter().map(|column| source.needed(column)).collect::<Result<Vec<_>>>()?;
        let weight = source.place("count");
        let mut counted = Vec::new();
        source.each(|row, _| {
            let key: Vec<String> = places.iter().map(|at| row.get(*at).unwrap_or("").to_owned()).collect();
            let times = match weight {
                Some(at) => row.get(at).unwrap_or("").trim().parse::<u64>()?,
                None => 1,
            };
            counted.push((key, times));
            Ok(())
        })?;
        let total: u64 = counted.iter().map(|(_, times)| times).sum();
        let counts = frequencies(counted);
        let mut answer = Answer { columns: self.by, rows: Vec::new() };
        answer.columns.extend(["count".to_owned(), "percent".to_owned()]);
        #[allow(clippy::cast_precision_loss, reason = "counts of rows")]
        for (key, count) in counts {
            let mut row: Vec<Cell> = key.into_iter().map(Cell::from).collect();
            row.push(count.into());
            row.push((100.0 * count as f64 / total as f64).into());
            answer.rows.push(row);
        }
        answer.write(self.form)?;
        Ok(Outcome::Done)
    }
}
