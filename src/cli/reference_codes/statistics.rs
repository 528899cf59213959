//! `statistics/*`: standard populations and US life tables.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Table, cells, head, rows};

/// Every table of `statistics/`.
pub(super) fn tables(from: &Path) -> Result<Vec<Table>> {
    Ok(vec![standards(from)?, life(from)?])
}

fn standards(from: &Path) -> Result<Table> {
    let mut text = head(
        "Standard populations by 19 age groups: 0, 1-4, 5-9 to 80-84, 85 and over",
        "US 2000 (Census P25-1130), World (Segi 1960, Doll 1966), WHO 2000-2025, Europe 1976 and 2013",
        "US Census Bureau, SEER and WHO; public domain, facts",
        "name	weights",
    );
    let listed = rows(from, "statistics/standard_populations.csv")?;
    for name in [
        "us2000_population",
        "us2000_million",
        "world_segi_doll",
        "who_2000_2025_million",
        "europe_1976",
        "europe_2013",
    ] {
        let weights: Vec<&str> = listed.iter().map(|row| row.get(name)).collect();
        let _ = writeln!(text, "{name}\t{}", weights.join("\t"));
    }
    Ok(Table { path: "statistics/standards.tsv", content: text.into_bytes() })
}

/// A line a race, year and sex: the chance of living another year at each age, in hundred-millionths.
fn life(from: &Path) -> Result<Table> {
    let mut chances: BTreeMap<[String; 3], Vec<String>> = BTreeMap::new();
    for (file, by_race) in [("survexp_us", false), ("survexp_us_race", true)] {
        let listed = cells(from, &format!("statistics/{file}.csv.gz"))?;
        let columns = listed.first().cloned().unwrap_or_default();
        let column =
            |name: &str| columns.iter().position(|known| known == name).with_context(|| format!("{file}: no {name}"));
        let (year, sex, age, chance) = (column("year")?, column("sex")?, column("age")?, column("annual_survival")?);
        let race = if by_race { Some(column("race")?) } else { None };
        for row in listed.iter().skip(1) {
            let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
            let ages = chances.entry([race.map_or_else(|| "all".to_owned(), cell), cell(year), cell(sex)]).or_default();
            anyhow::ensure!(cell(age) == ages.len().to_string(), "{file}: ages are not in order");
            let chance: f64 = cell(chance).parse().with_context(|| format!("{file}: {row:?}"))?;
            ages.push(format!("{:.0}", chance * 1e8));
        }
    }
    let mut text = head(
        "US life tables: race, year, sex; the chance of living another year at each age from 0, in hundred-millionths",
        "1940-2014",
        "National Center for Health Statistics, public domain, as tabulated in the R package survival",
        "race	year	sex	chances",
    );
    for (key, ages) in chances {
        let _ = writeln!(text, "{}\t{}", key.join("\t"), ages.join("\t"));
    }
    let content = zstd::encode_all(text.as_bytes(), 19).context("packing the life tables")?;
    Ok(Table { path: "statistics/us-life.bin", content })
}
