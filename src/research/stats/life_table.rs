//! Life tables: the chance of living another year by age, sex and calendar year.
//!
//! The US tables 1940-2014 are compiled in; a registry's own come as rows. Beyond the last year or age the last one holds,
//! before the first year the first.

use std::collections::BTreeMap;
use std::sync::LazyLock;

const PACKED: &[u8] = include_bytes!("../../../reference/statistics/us-life.bin");

/// Sex in a life table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
}

/// Why rows are no life table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLifeTable {
    /// A chance is not between 0 and 1.
    #[error("year {year}, age {age}: the chance of living another year must be between 0 and 1")]
    Chance {
        /// Year of the row.
        year: i32,
        /// Age of the row.
        age: usize,
    },
    /// A row is missing.
    #[error("year {year}, age {age}: there is no row for one of the sexes; every year needs every age from 0")]
    Missing {
        /// Year of the missing row.
        year: i32,
        /// Age of the missing row.
        age: usize,
    },
    /// No rows.
    #[error("the life table has no rows")]
    Empty,
}

/// A row: year, sex, age, chance of living another year.
pub type LifeRow = (i32, Sex, usize, f64);

/// A life table.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeTable {
    first_year: i32,
    years: usize,
    ages: usize,
    /// Chance of living another year, by year, age and sex.
    annual: Vec<f64>,
    /// Chance of living another month.
    monthly: Vec<f64>,
}

static US: LazyLock<LifeTable> = LazyLock::new(|| {
    let text = zstd::decode_all(PACKED).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.expect("the compiled-in life tables unpack");
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("all\t")) {
        let mut cells = line.split('\t').skip(1);
        let (year, sex) = (cells.next().and_then(|year| year.parse().ok()).unwrap_or(0), cells.next());
        let sex = if sex == Some("male") { Sex::Male } else { Sex::Female };
        for (age, chance) in cells.filter_map(|cell| cell.parse::<f64>().ok()).enumerate() {
            rows.push((year, sex, age, chance / 1e8));
        }
    }
    LifeTable::of(&rows).expect("the compiled-in life tables are whole")
});

impl LifeTable {
    /// The US tables, all races.
    pub fn us() -> &'static LifeTable {
        &US
    }

    /// A table of rows in any order. Every year from the first to the last needs every age from 0 for both sexes.
    pub fn of(rows: &[LifeRow]) -> Result<LifeTable, BadLifeTable> {
        let mut known: BTreeMap<(i32, usize, Sex), f64> = BTreeMap::new();
        for (year, sex, age, chance) in rows {
            if !(0.0..=1.0).contains(chance) {
                return Err(BadLifeTable::Chance { year: *year, age: *age });
            }
            known.insert((*year, *age, *sex), *chance);
        }
        let (Some(((first_year, _, _), _)), Some(((last_year, _, _), _))) =
            (known.first_key_value(), known.last_key_value())
        else {
            return Err(BadLifeTable::Empty);
        };
        let (first_year, last_year) = (*first_year, *last_year);
        let ages = known.keys().map(|(_, age, _)| age + 1).max().unwrap_or(0);
        let mut annual = Vec::new();
        for year in first_year..=last_year {
            for age in 0..ages {
                for sex in [Sex::Male, Sex::Female] {
                    let chance = known.get(&(year, age, sex)).copied();
                    annual.push(chance.ok_or(BadLifeTable::Missing { year, age })?);
                }
            }
        }
        let monthly = annual.iter().map(|chance| chance.powf(1.0 / 12.0)).collect();
        let years = annual.len() / ages / 2;
        Ok(LifeTable { first_year, years, ages, annual, monthly })
    }

    /// Where a cell stands; ages and years outside the table take its ends.
    fn place(&self, year: i32, age: i32, sex: Sex) -> usize {
        let year = usize::try_from(year - self.first_year).unwrap_or(0).min(self.years - 1);
        let age = usize::try_from(age).unwrap_or(0).min(self.ages - 1);
        (year * self.ages + age) * 2 + usize::from(sex == Sex::Female)
    }

    /// The chance of living another year.
    pub fn annual(&self, year: i32, age: i32, sex: Sex) -> f64 {
        self.annual.get(self.place(year, age, sex)).copied().unwrap_or(1.0)
    }

    /// The chance of living another month.
    pub fn monthly(&self, year: i32, age: i32, sex: Sex) -> f64 {
        self.monthly.get(self.place(year, age, sex)).copied().unwrap_or(1.0)
    }

    /// The last age, which holds for all later ones.
    pub fn last_age(&self) -> i32 {
        i32::try_from(self.ages).unwrap_or(i32::MAX) - 1
    }

    /// First and last year.
    pub fn years(&self) -> (i32, i32) {
        (self.first_year, self.first_year + i32::try_from(self.years).unwrap_or(1) - 1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_us_table_holds_1940_to_2014_and_its_ends_hold_beyond() {
        let us = LifeTable::us();
        assert_eq!(us.years(), (1940, 2014));
        assert!((us.annual(1940, 0, Sex::Male) - 0.947_62).abs() < 1e-8);
        assert_eq!(us.annual(2030, 120, Sex::Female), us.annual(2014, 109, Sex::Female));
        assert_eq!(us.annual(1900, -3, Sex::Female), us.annual(1940, 0, Sex::Female));
    }

    #[test]
    fn a_table_with_holes_is_refused() {
        let row = |age| [(2000, Sex::Male, age, 0.9), (2000, Sex::Female, age, 0.95)];
        assert!(LifeTable::of(&[row(0), row(1)].concat()).is_ok());
        assert_eq!(LifeTable::of(&[row(0), row(2)].concat()), Err(BadLifeTable::Missing { year: 2000, age: 1 }));
        assert_eq!(LifeTable::of(&[(2000, Sex::Male, 0, 1.5)]), Err(BadLifeTable::Chance { year: 2000, age: 0 }));
        assert_eq!(LifeTable::of(&[]), Err(BadLifeTable::Empty));
    }
}
