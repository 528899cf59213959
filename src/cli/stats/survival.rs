//! `accession stats survival`: months, Kaplan-Meier, actuarial and relative tables, cause-specific, medians, log-rank.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use chrono::Datelike;
use clap::{Args, ValueEnum};

use super::table::{Answer, Cell, Form, Source, Tumors, probability};
use crate::cli::Outcome;
use crate::derive::DAYS_A_MONTH;
use crate::research::stats::life_table::{LifeTable, Sex};
use crate::research::stats::net::{Estimator, net_survival};
use crate::research::stats::relative::{LifeInterval, ederer_2, life_table};
use crate::research::stats::survival::{At, Interval, Observed, kaplan_meier, log_rank};
use crate::research::stats::tumors::{Cohort, Member, Removed, Timed, cohort, timed};

/// What is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Method {
    /// Kaplan-Meier, death of any cause.
    Km,
    /// Actuarial table of months.
    Actuarial,
    /// Relative survival by Ederer II, with observed and cause-specific beside.
    Relative,
    /// Kaplan-Meier, death of cancer.
    CauseSpecific,
    /// Net survival by Pohar Perme, in continuous time.
    PoharPerme,
    /// Relative survival by Ederer II, in continuous time.
    #[value(name = "ederer2")]
    Ederer2,
    /// Relative survival by Ederer I, in continuous time.
    #[value(name = "ederer1")]
    Ederer1,
    /// Recoded dates, months and days of each tumor.
    Months,
    /// Median survival.
    Median,
    /// Log-rank test over the values of each column.
    LogRank,
}

/// The unit of time of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Unit {
    /// Days, asked for at months of 365.24/12 days.
    Days,
    /// Whole months.
    Months,
}

/// Survival: months, Kaplan-Meier, actuarial, relative, cause-specific.
#[derive(Debug, Args)]
pub(in crate::cli) struct SurvivalCommand {
    /// The table of tumors.
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// A life table (year, sex, age, annual_survival); the US tables if left out.
    #[arg(long, value_name = "FILE")]
    life_table: Option<PathBuf>,
    /// What is computed.
    #[arg(long, value_enum)]
    method: Method,
    /// The unit of time of a curve.
    #[arg(long, value_enum, default_value = "days")]
    unit: Unit,
    /// Last year of the study; the year before this one if left out.
    #[arg(long, value_name = "YEAR")]
    cutoff_year: Option<i32>,
    /// Groups: all, sex, summary_stage, ageNNplus, or any column.
    #[arg(long, value_delimiter = ',', default_value = "all")]
    by: Vec<String>,
    /// Months at which curves and tables are read.
    #[arg(long, value_delimiter = ',', default_value = "12,24,36,48,60,72,84,96,108,120")]
    at: Vec<u16>,
    /// The year that counts as the current one.
    #[arg(long, value_name = "YEAR", env = "ACCESSION_AS_OF_YEAR")]
    as_of_year: Option<i32>,
    #[command(flatten)]
    form: Form,
}

/// What is asked, without the files.
#[derive(Debug, Clone)]
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) unit: Unit,
    pub(super) cutoff_year: i32,
    pub(super) as_of_year: i32,
    pub(super) by: &'a [String],
    pub(super) at: &'a [u16],
}

impl SurvivalCommand {
    pub(super) fn run(self) -> Result<Outcome> {
        let as_of_year = self.as_of_year.unwrap_or_else(|| chrono::Local::now().year());
        let asked = Asked {
            method: self.method,
            unit: self.unit,
            cutoff_year: self.cutoff_year.unwrap_or(as_of_year - 1),
            as_of_year,
            by: &self.by,
            at: &self.at,
        };
        let loaded = self.life_table.as_deref().map(read_life_table).transpose()?;
        let life = loaded.as_ref().unwrap_or_else(|| LifeTable::us());
        let (answer, removed) = answer(&self.cases, life, &asked)?;
        answer.write(self.form)?;
        if let Some(removed) = removed {
            eprintln!("{removed}");
        }
        Ok(Outcome::Done)
    }
}

/// A life table of a file: sex `1` or `male`, `2` or `female`.
pub(super) fn read_life_table(path: &Path) -> Result<LifeTable> {
    let source = Source::open(path)?;
    let places = ["year", "sex", "age", "annual_survival"];
    let places = places.iter().map(|column| source.needed(column)).collect::<Result<Vec<_>>>()?;
    let mut rows = Vec::new();
    source.each(|row, _| {
        let cell = |at: usize| places.get(at).and_then(|place| row.get(*place)).unwrap_or("").trim();
        let sex = match cell(1).to_ascii_lowercase().as_str() {
            "1" | "male" | "m" => Sex::Male,
            "2" | "female" | "f" => Sex::Female,
            other => bail!("{other} is no sex: write 1 or male, 2 or female"),
        };
        let year = cell(0).parse().with_context(|| format!("{} is no year", cell(0)))?;
        let age = cell(2).parse().with_context(|| format!("{} is no age", cell(2)))?;
        let chance = cell(3).parse().with_context(|| format!("{} is no chance", cell(3)))?;
        rows.push((year, sex, age, chance));
        Ok(())
    })?;
    LifeTable::of(&rows).with_context(|| path.display().to_string())
}

/// The answer, and what the cohort rules removed.
pub(super) fn answer(cases: &Path, life: &LifeTable, asked: &Asked<'_>) -> Result<(Answer, Option<String>)> {
    let tumors = Tumors::read(cases)?;
    let computed = timed(&tumors.rows, asked.cutoff_year, asked.as_of_year);
    if asked.method == Method::Months {
        return Ok((months(&tumors, &computed), None));
    }
    let cohort = cohort(&tumors.rows, &computed);
    let groups = groups(&tumors, &cohort, asked.by)?;
    let answer = match asked.method {
        Method::Km => curves(&groups, asked, |member| member.dead),
        Method::CauseSpecific => curves(&groups, asked, |member| member.dead_of_cancer),
        Method::Median => medians(&groups),
        Method::LogRank => tests(&tumors, &cohort, asked.by)?,
        Method::Actuarial | Method::Relative => tables(&groups, life, asked),
        Method::PoharPerme => continuous(&groups, life, asked, Estimator::PoharPerme),
        Method::Ederer2 => continuous(&groups, life, asked, Estimator::Ederer2),
        Method::Ederer1 => continuous(&groups, life, asked, Estimator::Ederer1),
        Method::Months => Answer::default(),
    };
    Ok((answer, Some(removed(&cohort))))
}

fn removed(cohort: &Cohort) -> String {
    let Removed { not_malignant, not_first, at_death_only, time_unknown, alive_without_time, age_or_sex_unknown } =
        cohort.removed;
    format!(
        "{} tumors; left out: {not_malignant} not malignant, {not_first} not the first primary, {at_death_only} known from \
         death certificate or autopsy alone, {time_unknown} of unknown time, {alive_without_time} alive without time, \
         {age_or_sex_unknown} of unknown age or sex",
        cohort.members.len()
    )
}

struct Group {
    name: String,
    members: Vec<Member>,
}

fn name_of(column: &str, value: &str) -> String {
    let known = match (column, value) {
        ("sex", "1") => "male",
        ("sex", "2") => "female",
        ("summary_stage", "0") => "in situ",
        ("summary_stage", "1") => "localized",
        ("summary_stage", "2") => "regional",
        ("summary_stage", "7") => "distant",
        ("summary_stage", "9") => "unstaged",
        _ => return if column == "site" { value.to_owned() } else { format!("{column} {value}") },
    };
    known.to_owned()
}

fn column_of(name: &str) -> &str {
    if name == "stage" { "summary_stage" } else { name }
}

/// The youngest age of a group like `age65plus`.
fn oldest_group(name: &str) -> Option<i32> {
    name.strip_prefix("age")?.strip_suffix("plus")?.parse().ok()
}

fn groups(tumors: &Tumors, cohort: &Cohort, by: &[String]) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for name in by {
        if name == "all" {
            groups.push(Group { name: name.clone(), members: cohort.members.clone() });
            continue;
        }
        if let Some(from) = oldest_group(name) {
            let members = cohort.members.iter().filter(|member| member.age >= from).copied().collect();
            groups.push(Group { name: name.clone(), members });
            continue;
        }
        let column = column_of(name);
        tumors.check(column)?;
        let values: BTreeSet<&str> = cohort.members.iter().map(|member| tumors.cell(member.row, column)).collect();
        for value in values {
            let of_value = |member: &&Member| tumors.cell(member.row, column) == value;
            let members = cohort.members.iter().filter(of_value).copied().collect();
            groups.push(Group { name: name_of(column, value), members });
        }
    }
    Ok(groups)
}

fn low(limits: Interval) -> Cell {
    limits.map(|(low, _)| low).into()
}

fn high(limits: Interval) -> Cell {
    limits.map(|(_, high)| high).into()
}

fn curves(groups: &[Group], asked: &Asked<'_>, event: impl Fn(&Member) -> bool + Copy) -> Answer {
    let mut answer = Answer::of(&[
        "group",
        "month",
        "n",
        "n_risk",
        "cum_events",
        "survival",
        "se",
        "lower_loglog",
        "upper_loglog",
        "lower_log",
        "upper_log",
    ]);
    for group in groups {
        let time = |member: &Member| match asked.unit {
            Unit::Days => member.days,
            Unit::Months => u32::from(member.months),
        };
        let curve =
            kaplan_meier(group.members.iter().map(|member| Observed { time: time(member), event: event(member) }));
        for month in asked.at {
            let at = match asked.unit {
                Unit::Days => f64::from(*month) * DAYS_A_MONTH,
                Unit::Months => f64::from(*month),
            };
            let At { at_risk, events, survival, se, log_log, log } = curve.at(at, 0.95);
            answer.rows.push(vec![
                group.name.as_str().into(),
                u64::from(*month).into(),
                curve.followed.into(),
                at_risk.into(),
                events.into(),
                survival.into(),
                se.into(),
                low(log_log),
                high(log_log),
                low(log),
                high(log),
            ]);
        }
    }
    answer
}

fn continuous(groups: &[Group], life: &LifeTable, asked: &Asked<'_>, estimator: Estimator) -> Answer {
    let mut answer = Answer::of(&["group", "method", "month", "n_risk", "survival", "se", "lower", "upper"]);
    let method = match estimator {
        Estimator::PoharPerme => "pohar-perme",
        Estimator::Ederer2 => "ederer2",
        Estimator::Ederer1 => "ederer1",
    };
    for group in groups {
        let found = net_survival(&group.members, life, estimator, asked.at);
        for (month, at) in asked.at.iter().zip(found) {
            answer.rows.push(vec![
                group.name.as_str().into(),
                method.into(),
                u64::from(*month).into(),
                at.at_risk.into(),
                at.survival.into(),
                at.se.into(),
                low(at.limits(0.95)),
                high(at.limits(0.95)),
            ]);
        }
    }
    answer
}

fn medians(groups: &[Group]) -> Answer {
    let mut answer = Answer::of(&["group", "n", "events", "median_days", "lower", "upper"]);
    for group in groups {
        let curve = kaplan_meier(group.members.iter().map(|member| Observed { time: member.days, event: member.dead }));
        let (median, lower, upper) = curve.median(0.95);
        answer.rows.push(vec![
            group.name.as_str().into(),
            curve.followed.into(),
            curve.events.into(),
            median.into(),
            lower.into(),
            upper.into(),
        ]);
    }
    answer
}

fn tests(tumors: &Tumors, cohort: &Cohort, by: &[String]) -> Result<Answer> {
    let mut answer = Answer::of(&["by", "chisq", "df", "p"]);
    for name in by.iter().filter(|name| *name != "all") {
        let groups = groups(tumors, cohort, std::slice::from_ref(name))?;
        let observed: Vec<Vec<Observed>> = groups
            .iter()
            .map(|group| {
                group.members.iter().map(|member| Observed { time: member.days, event: member.dead }).collect()
            })
            .collect();
        if let Some(found) = log_rank(&observed) {
            answer.rows.push(vec![
                column_of(name).into(),
                found.chi_square.into(),
                found.degrees.into(),
                probability(found.p),
            ]);
        }
    }
    Ok(answer)
}

fn tables(groups: &[Group], life: &LifeTable, asked: &Asked<'_>) -> Answer {
    let relative = asked.method == Method::Relative;
    let mut columns = vec![
        "group",
        "month",
        "alive",
        "died",
        "withdrawn",
        "observed_interval",
        "observed",
        "observed_se",
        "km",
        "km_se",
    ];
    if relative {
        columns.extend([
            "expected_interval",
            "expected",
            "relative",
            "relative_se",
            "expected_whole_years",
            "relative_whole_years",
        ]);
    }
    columns.extend(["observed_lower", "observed_upper"]);
    if relative {
        columns.extend(["relative_lower", "relative_upper"]);
    }
    columns.extend(["cause_specific", "cause_specific_se"]);
    let mut answer = Answer::of(&columns);
    let last = usize::from(asked.at.iter().copied().max().unwrap_or(0));
    for group in groups {
        let expected = relative.then(|| ederer_2(&group.members, life, last, 1));
        let table = life_table(&group.members, |member| member.dead, expected.as_deref(), last);
        let of_cancer = life_table(&group.members, |member| member.dead_of_cancer, None, last);
        for month in asked.at {
            let Some(at) = usize::from(*month).checked_sub(1) else { continue };
            let (Some(row), Some(cancer)) = (table.get(at), of_cancer.get(at)) else { continue };
            answer.rows.push(line(&group.name, row, cancer, relative));
        }
    }
    answer
}

fn line(group: &str, row: &LifeInterval, cancer: &LifeInterval, relative: bool) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        group.into(),
        row.month.into(),
        row.alive.into(),
        row.died.into(),
        row.withdrawn.into(),
        row.observed_interval.into(),
        row.observed.into(),
        row.observed_se.into(),
        row.km.into(),
        row.km_se.into(),
    ];
    if relative {
        let found = row.relative();
        let whole = row.expected.map(|expected| expected.whole_years);
        cells.extend([
            row.expected.map(|expected| expected.interval).into(),
            row.expected.map(|expected| expected.cumulative).into(),
            found.map(|(relative, _)| relative).into(),
            found.map(|(_, se)| se).into(),
            whole.into(),
            whole.map(|whole| row.observed / whole).into(),
        ]);
    }
    cells.extend([low(row.observed_limits(0.95)), high(row.observed_limits(0.95))]);
    if relative {
        cells.extend([low(row.relative_limits(0.95)), high(row.relative_limits(0.95))]);
    }
    cells.extend([cancer.observed.into(), cancer.observed_se.into()]);
    cells
}

fn months(tumors: &Tumors, computed: &[Timed]) -> Answer {
    let mut answer = Answer::of(&[
        "patient_id",
        "tumor_id",
        "surv_date_dx_recode",
        "surv_date_active",
        "surv_flag_active",
        "surv_mos_active",
        "surv_date_presumed_alive",
        "surv_flag_presumed_alive",
        "surv_mos_presumed_alive",
        "surv_days_active",
        "vital_status_recode",
    ]);
    for (row, Timed { survival, vital_status }) in tumors.rows.iter().zip(computed) {
        let date = |end: Option<i32>| Cell::from(end.map_or_else(String::new, |end| end.to_string()));
        let month = |months: Option<u16>| Cell::from(format!("{:04}", months.unwrap_or(9999)));
        answer.rows.push(vec![
            row.patient.as_str().into(),
            row.tumor.as_str().into(),
            survival.diagnosis.map_or_else(String::new, |date| date.text()).into(),
            date(survival.active.end),
            survival.active.flag.to_string().into(),
            month(survival.active.months),
            date(survival.presumed_alive.end),
            survival.presumed_alive.flag.to_string().into(),
            month(survival.presumed_alive.months),
            format!("{:05}", survival.active.days.unwrap_or(99_999)).into(),
            vital_status.clone().unwrap_or_default().into(),
        ]);
    }
    answer
}
