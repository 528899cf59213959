//! `accession stats rates`: rates by the values of some columns, and trends over the years.
//!
//! Counts come as rows with `count`, or as a table of tumors (year from the diagnosis, age group from the age). Populations
//! come as rows with `population`; a column that only the counts have (a site) meets the same population. Besides each
//! value there is a row for both sexes and one for all sites.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::table::{Answer, Cell, Form, Source, probability};
use crate::cli::Outcome;
use crate::derive::age_group;
use crate::research::stats::rates::{Rate, Stratum, Trend, Yearly, rate, trend};
use crate::research::stats::standards::{self, Standard};

/// Crude and adjusted rates with limits; trends.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rates {
    /// Counts, or tumors.
    #[arg(long, value_name = "FILE")]
    cases: PathBuf,
    /// Populations; left out when they stand beside the counts.
    #[arg(long, value_name = "FILE")]
    population: Option<PathBuf>,
    /// The standard population, or several.
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "us2000_population")]
    standard: Vec<String>,
    /// The columns to group by.
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// Annual percent change over `year` instead of the rates.
    #[arg(long)]
    apc: bool,
    #[command(flatten)]
    form: Form,
}

impl Rates {
    pub(super) fn run(self) -> Result<Outcome> {
        let names: Vec<&str> = self.standard.iter().map(String::as_str).collect();
        answer(&self.cases, self.population.as_deref(), &names, &self.by, self.apc)?.write(self.form)?;
        Ok(Outcome::Done)
    }
}

/// Number of age groups of the standards that are shipped.
const GROUPS: usize = 19;

/// Counts or persons by values of the grouping columns and age group.
type Cells = HashMap<Vec<String>, [f64; GROUPS]>;

pub(super) fn answer(
    cases: &Path,
    population: Option<&Path>,
    names: &[&str],
    by: &[String],
    apc: bool,
) -> Result<Answer> {
    let standards = names
        .iter()
        .map(|name| {
            standards::named(name).with_context(|| {
                let known: Vec<&str> = standards::all().iter().map(|standard| standard.name).collect();
                format!("there is no standard {name}; there are {}", known.join(", "))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    if apc && !by.iter().any(|column| column == "year") {
        bail!("a trend needs --by with year in it");
    }
    let tables = Tables::read(cases, population, by)?;
    let mut answer = Answer::default();
    for standard in standards {
        let rates = tables.rates(standard);
        if apc {
            trends(&mut answer, standard, by, &rates);
        } else {
            plain(&mut answer, standard, names.len() > 1, by, &rates);
        }
    }
    Ok(answer)
}

struct Tables {
    cases: Cells,
    persons: Cells,
    /// Age groups that the populations have.
    groups: [bool; GROUPS],
    /// Age groups are those of each key by itself.
    own_groups: Option<HashMap<Vec<String>, [bool; GROUPS]>>,
    /// Which of the grouping columns the populations have.
    shared: Vec<bool>,
}

/// A table with counts or persons.
struct Columns {
    by: Vec<Option<usize>>,
    age_group: Option<usize>,
    age: Option<usize>,
    diagnosis: Option<usize>,
}

impl Columns {
    fn of(source: &Source, by: &[String]) -> Columns {
        let place = |name: &str| source.place(name);
        Columns {
            by: by.iter().map(|column| place(column)).collect(),
            age_group: place("agegrp"),
            age: place("age_at_diagnosis").or_else(|| place("age")),
            diagnosis: place("date_of_diagnosis"),
        }
    }

    /// The age group of a row, from 0; nothing when the age is unknown.
    fn group(&self, row: &csv::StringRecord) -> Result<Option<usize>> {
        let cell = |place: Option<usize>| place.and_then(|at| row.get(at)).map(str::trim);
        if let Some(text) = cell(self.age_group) {
            let group: usize = text.parse().with_context(|| format!("age group {text}"))?;
            if !(1..=GROUPS).contains(&group) {
                bail!("age group {group} is not 1 to {GROUPS}");
            }
            return Ok(Some(group - 1));
        }
        let Some(text) = cell(self.age) else { bail!("there is neither a column agegrp nor an age") };
        let age: Option<u16> = text.parse().ok().filter(|age| *age <= 130);
        Ok(age.map(|age| usize::from(age_group(age, 19)) - 1))
    }

    fn key(&self, row: &csv::StringRecord, by: &[String]) -> Option<Vec<String>> {
        let value = |(place, name): (&Option<usize>, &String)| match (place, name.as_str()) {
            (Some(at), _) => row.get(*at).map(|cell| cell.trim().to_owned()),
            (None, "year") => row.get(self.diagnosis?)?.get(..4).map(str::to_owned),
            (None, _) => None,
        };
        self.by.iter().zip(by).map(value).collect()
    }
}

impl Tables {
    fn read(cases: &Path, population: Option<&Path>, by: &[String]) -> Result<Tables> {
        let mut tables = Tables {
            cases: Cells::new(),
            persons: Cells::new(),
            groups: [false; GROUPS],
            own_groups: population.is_none().then(HashMap::new),
            shared: vec![true; by.len()],
        };
        let source = Source::open(cases)?;
        let columns = Columns::of(&source, by);
        for (place, name) in columns.by.iter().zip(by) {
            if place.is_none() && !(name == "year" && columns.diagnosis.is_some()) {
                source.needed(name)?;
            }
        }
        let count = source.place("count");
        let beside = if population.is_none() { Some(source.needed("population")?) } else { None };
        source.each(|row, _| {
            let number = |at: usize| -> Result<f64> {
                let text = row.get(at).unwrap_or("").trim();
                let number: f64 = text.parse().with_context(|| format!("{text} is no number"))?;
                if number.is_finite() && number >= 0.0 { Ok(number) } else { bail!("{text} is no count") }
            };
            let (Some(group), Some(key)) = (columns.group(row)?, columns.key(row, by)) else { return Ok(()) };
            let times = count.map_or(Ok(1.0), number)?;
            add(&mut tables.cases, &key, group, times);
            if let Some(at) = beside {
                add(&mut tables.persons, &key, group, number(at)?);
                if let Some(own) = &mut tables.own_groups {
                    mark(own.entry(key).or_insert([false; GROUPS]), group);
                }
            }
            Ok(())
        })?;
        if let Some(path) = population {
            let source = Source::open(path)?;
            let columns = Columns::of(&source, by);
            tables.shared = columns.by.iter().map(Option::is_some).collect();
            let persons = source.needed("population")?;
            let shared: Vec<String> =
                by.iter().zip(&tables.shared).filter(|(_, s)| **s).map(|(n, _)| n.clone()).collect();
            let only = Columns { by: columns.by.iter().filter(|place| place.is_some()).copied().collect(), ..columns };
            source.each(|row, _| {
                let text = row.get(persons).unwrap_or("").trim();
                let number: f64 = text.parse().with_context(|| format!("{text} is no number"))?;
                if let (Some(group), Some(key)) = (only.group(row)?, only.key(row, &shared)) {
                    add(&mut tables.persons, &key, group, number);
                    mark(&mut tables.groups, group);
                }
                Ok(())
            })?;
        }
        tables.add_totals(by);
        Ok(tables)
    }

    /// Rows for both sexes and for all sites.
    fn add_totals(&mut self, by: &[String]) {
        for (name, total) in [("site", "all"), ("sex", "both")] {
            let Some(at) = by.iter().position(|column| column == name) else { continue };
            let of_persons = self.shared.iter().take(at).filter(|shared| **shared).count();
            total_over(&mut self.cases, at, total);
            if self.shared.get(at) == Some(&true) {
                total_over(&mut self.persons, of_persons, total);
                if let Some(own) = &mut self.own_groups {
                    let mut more: HashMap<Vec<String>, [bool; GROUPS]> = HashMap::new();
                    for (key, groups) in own.iter() {
                        let mut key = key.clone();
                        if let Some(value) = key.get_mut(at) {
                            total.clone_into(value);
                        }
                        let all = more.entry(key).or_insert([false; GROUPS]);
                        all.iter_mut().zip(groups).for_each(|(one, other)| *one |= other);
                    }
                    for (key, groups) in more {
                        own.entry(key).or_insert(groups);
                    }
                }
            }
        }
    }

    /// Every rate in the order of the keys. Keys are those of the population, with each value of the columns that only the
    /// counts have.
    fn rates(&self, standard: &Standard) -> Vec<(Vec<String>, Rate)> {
        let mut only_cases: BTreeSet<Vec<&str>> = BTreeSet::new();
        for key in self.cases.keys() {
            only_cases.insert(
                key.iter().zip(&self.shared).filter(|(_, shared)| !**shared).map(|(value, _)| value.as_str()).collect(),
            );
        }
        if only_cases.is_empty() {
            only_cases.insert(Vec::new());
        }
        let mut keys: BTreeMap<Vec<String>, &[f64; GROUPS]> = BTreeMap::new();
        for others in &only_cases {
            for (of_persons, persons) in &self.persons {
                let (mut mine, mut theirs) = (of_persons.iter(), others.iter());
                let key: Vec<String> = self
                    .shared
                    .iter()
                    .filter_map(
                        |shared| if *shared { mine.next().cloned() } else { theirs.next().map(|v| (*v).to_owned()) },
                    )
                    .collect();
                keys.insert(key, persons);
            }
        }
        keys.into_iter()
            .map(|(key, persons)| {
                let none = [0.0; GROUPS];
                let cases = self.cases.get(&key).unwrap_or(&none);
                let groups = self.own_groups.as_ref().and_then(|own| own.get(&key)).unwrap_or(&self.groups);
                let strata: Vec<Stratum> = groups
                    .iter()
                    .zip(cases)
                    .zip(persons)
                    .zip(&standard.weights)
                    .filter(|(((has, _), _), _)| **has)
                    .map(|(((_, cases), persons), weight)| Stratum {
                        cases: *cases,
                        persons: *persons,
                        weight: *weight,
                    })
                    .collect();
                (key, rate(&strata, 0.95))
            })
            .collect()
    }
}

fn add(cells: &mut Cells, key: &[String], group: usize, number: f64) {
    if !cells.contains_key(key) {
        cells.insert(key.to_vec(), [0.0; GROUPS]);
    }
    if let Some(cell) = cells.get_mut(key).and_then(|groups| groups.get_mut(group)) {
        *cell += number;
    }
}

fn mark(groups: &mut [bool; GROUPS], group: usize) {
    if let Some(has) = groups.get_mut(group) {
        *has = true;
    }
}

fn total_over(cells: &mut Cells, at: usize, total: &str) {
    if cells.keys().any(|key| key.get(at).is_some_and(|value| value == total)) {
        return;
    }
    let mut parts: Vec<(&Vec<String>, &[f64; GROUPS])> = cells.iter().collect();
    parts.sort_by(|a, b| a.0.cmp(b.0));
    let mut totals = Cells::new();
    for (key, numbers) in parts {
        let mut key = key.clone();
        if let Some(value) = key.get_mut(at) {
            total.clone_into(value);
        }
        for (group, number) in numbers.iter().enumerate() {
            add(&mut totals, &key, group, *number);
        }
    }
    cells.extend(totals);
}

fn plain(answer: &mut Answer, standard: &Standard, several: bool, by: &[String], rates: &[(Vec<String>, Rate)]) {
    if answer.columns.is_empty() {
        if several {
            answer.columns.push("standard".into());
        }
        answer.columns.extend(by.iter().cloned());
        answer.columns.extend(
            [
                "count",
                "population",
                "crude",
                "crude_se",
                "crude_lower",
                "crude_upper",
                "rate",
                "se",
                "lower",
                "upper_fay_feuer",
                "upper_tiwari",
                "flag",
            ]
            .map(str::to_owned),
        );
        if !several {
            answer.columns.push("standard".into());
        }
    }
    for (key, found) in rates {
        let mut row: Vec<Cell> = Vec::new();
        if several {
            row.push(standard.name.into());
        }
        row.extend(key.iter().map(|value| Cell::from(value.as_str())));
        row.extend([found.cases.into(), found.persons.into()]);
        let of_100_000 = [
            found.crude,
            found.crude_se,
            found.crude_lower,
            found.crude_upper,
            found.adjusted,
            found.se,
            found.lower,
            found.upper_fay_feuer,
            found.upper_tiwari,
        ];
        row.extend(of_100_000.map(|number| Cell::from(1e5 * number)));
        row.push(if found.flagged { "cases-without-population".into() } else { Cell::Nothing });
        if !several {
            row.push(standard.name.into());
        }
        answer.rows.push(row);
    }
}

fn trends(answer: &mut Answer, standard: &Standard, by: &[String], rates: &[(Vec<String>, Rate)]) {
    if answer.columns.is_empty() {
        answer.columns.extend(by.iter().filter(|column| *column != "year").cloned());
        answer.columns.extend(
            [
                "weighted",
                "years",
                "slope",
                "slope_se",
                "apc",
                "lower",
                "upper",
                "p",
                "percent_change_1yr",
                "percent_change_2yr",
                "standard",
            ]
            .map(str::to_owned),
        );
    }
    let year_at = by.iter().position(|column| column == "year").unwrap_or(0);
    let mut series: BTreeMap<Vec<String>, Vec<Yearly>> = BTreeMap::new();
    for (key, found) in rates {
        let mut key = key.clone();
        let Ok(year) = key.remove(year_at).parse() else { continue };
        series.entry(key).or_default().push(Yearly { year, rate: 1e5 * found.adjusted, se: 1e5 * found.se });
    }
    for (key, mut years) in series {
        years.sort_by_key(|yearly| yearly.year);
        for weighted in [true, false] {
            let Some(Trend { years, slope, slope_se, apc, lower, upper, p, percent_change, percent_change_two }) =
                trend(&years, weighted, 0.95)
            else {
                continue;
            };
            let mut row: Vec<Cell> = key.iter().map(|value| Cell::from(value.as_str())).collect();
            row.extend([Cell::from(if weighted { "TRUE" } else { "FALSE" }), years.into()]);
            row.extend([slope, slope_se, apc, lower, upper].map(Cell::from));
            row.push(probability(p));
            row.extend([percent_change, percent_change_two].map(Cell::from));
            row.push(standard.name.into());
            answer.rows.push(row);
        }
    }
}
