//! `accession stats quality`: indicators by a column, and of all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::table::{Answer, Form, Tumors};
use crate::cli::Outcome;
use crate::research::stats::quality::quality;

/// Indicators of data quality.
#[derive(Debug, Args)]
pub(in crate::cli) struct QualityCommand {
    /// The table of tumors.
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// The column to group by.
    #[arg(long, default_value = "site")]
    by: String,
    #[command(flatten)]
    form: Form,
}

impl QualityCommand {
    pub(super) fn run(self) -> Result<Outcome> {
        answer(&self.cases, &self.by)?.write(self.form)?;
        Ok(Outcome::Done)
    }
}

pub(super) fn answer(cases: &Path, by: &str) -> Result<Answer> {
    let tumors = Tumors::read(cases)?;
    tumors.check(by)?;
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for at in 0..tumors.rows.len() {
        groups.entry(tumors.cell(at, by)).or_default().push(at);
    }
    let mut answer = Answer::of(&[by, "cases", "mv_pct", "dco_pct", "unstaged_pct", "cancer_deaths"]);
    let mut add = |name: &str, places: &mut dyn Iterator<Item = usize>| {
        let found = quality(places.filter_map(|at| tumors.rows.get(at)));
        answer.rows.push(vec![
            name.into(),
            found.cases.into(),
            found.microscopic.into(),
            found.death_certificate.into(),
            found.unstaged.into(),
            found.cancer_deaths.into(),
        ]);
    };
    add("all", &mut (0..tumors.rows.len()));
    for (name, places) in groups {
        add(name, &mut places.into_iter());
    }
    Ok(answer)
}
