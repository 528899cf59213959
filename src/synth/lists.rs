//! Names, towns, streets, occupations and facilities: the lists people are made from.
//!
//! All lists are our own, of common generic names; the facilities are invented. Physicians are made from numbers,
//! with NPIs that begin with 2, a digit no real one begins with.

use super::rng::Rng;

/// A town with what goes with it.
#[derive(Debug)]
pub struct City {
    /// Name in capitals.
    pub name: &'static str,
    /// County code.
    pub county: &'static str,
    /// ZIP codes.
    pub zips: Vec<&'static str>,
    /// Rural-urban continuum of 2003 and 2013.
    pub continuum: [&'static str; 2],
    /// Census tracts.
    pub tracts: Vec<&'static str>,
}

/// A reporting facility.
#[derive(Debug)]
pub struct Facility {
    /// Facility id (540).
    pub id: &'static str,
    /// NPI (545).
    pub npi: &'static str,
    /// Name.
    pub name: &'static str,
    /// Short name, used in record and report numbers.
    pub short: &'static str,
}

/// The lists.
#[derive(Debug)]
pub struct Lists {
    surnames: [Vec<(&'static str, f32)>; 4],
    first: Vec<(&'static str, char, &'static str)>,
    nicknames: Vec<(&'static str, &'static str)>,
    /// Towns.
    pub cities: Vec<City>,
    city_totals: Vec<f32>,
    streets: Vec<&'static str>,
    occupations: Vec<(&'static str, &'static str)>,
    /// The three facilities.
    pub facilities: Vec<Facility>,
    facility_totals: Vec<f32>,
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split('\t').collect())
}

impl Lists {
    /// Reads the lists that are compiled in.
    pub fn new() -> Self {
        let mut surnames: [Vec<(&str, f32)>; 4] = Default::default();
        for row in rows(include_str!("../../reference/synth/surnames.tsv")) {
            let group = ["w", "b", "h", "a"].iter().position(|one| *one == row[1]).unwrap_or(0);
            let before = surnames[group].last().map_or(0.0, |(_, total)| *total);
            surnames[group].push((row[0], before + row[2].parse().unwrap_or(1.0)));
        }
        let first = rows(include_str!("../../reference/synth/first-names.tsv"))
            .map(|row| (row[0], row[1].chars().next().unwrap_or('1'), row[2]))
            .collect();
        let nicknames = rows(include_str!("../../reference/synth/nicknames.tsv")).map(|row| (row[0], row[1])).collect();
        let mut cities = Vec::new();
        let mut city_totals = Vec::new();
        for row in rows(include_str!("../../reference/synth/cities.tsv")) {
            city_totals.push(city_totals.last().copied().unwrap_or(0.0) + row[3].parse::<f32>().unwrap_or(1.0));
            cities.push(City {
                name: row[0],
                county: row[1],
                zips: row[2].split(',').collect(),
                continuum: [row[4], row[5]],
                tracts: row[6].split(',').collect(),
            });
        }
        let streets =
            include_str!("../../reference/synth/streets.txt").lines().filter(|line| !line.starts_with('#')).collect();
        let occupations =
            rows(include_str!("../../reference/synth/occupations.tsv")).map(|row| (row[0], row[1])).collect();
        let mut facilities = Vec::new();
        let mut facility_totals = Vec::new();
        for row in rows(include_str!("../../reference/synth/facilities.tsv")) {
            facility_totals.push(facility_totals.last().copied().unwrap_or(0.0) + row[4].parse::<f32>().unwrap_or(1.0));
            facilities.push(Facility { id: row[0], npi: row[1], name: row[2], short: row[5] });
        }
        Lists { surnames, first, nicknames, cities, city_totals, streets, occupations, facilities, facility_totals }
    }

    /// A surname of a group (0 general, 1 Black, 2 Hispanic, 3 Asian); most Black patients bear general names.
    pub fn surname(&self, rng: &mut Rng, group: usize) -> &'static str {
        let group = if group == 1 && rng.chance(0.65) { 0 } else { group };
        let list = &self.surnames[group.min(3)];
        let hit = (rng.unit() * f64::from(list.last().map_or(1.0, |(_, total)| *total))) as f32;
        list.get(list.partition_point(|(_, total)| *total <= hit)).map_or("SMITH", |(name, _)| name)
    }

    /// A given name that suits sex, year of birth and group.
    pub fn first_name(&self, rng: &mut Rng, female: bool, born: i32, group: usize) -> &'static str {
        let sex = if female { '2' } else { '1' };
        let era = if group == 2 && rng.chance(0.7) {
            "h"
        } else if born < 1948 {
            "1"
        } else if born < 1980 {
            "2"
        } else {
            "3"
        };
        let count = self.first.iter().filter(|row| row.1 == sex && row.2 == era).count();
        let index = rng.index(count);
        self.first.iter().filter(|row| row.1 == sex && row.2 == era).nth(index).map_or("PAT", |row| row.0)
    }

    /// What people with this given name are called, if there is such a form.
    pub fn nickname(&self, name: &str) -> Option<&'static str> {
        self.nicknames.iter().find(|(long, _)| *long == name).map(|(_, short)| *short)
    }

    /// A town, by its size.
    pub fn city(&self, rng: &mut Rng) -> usize {
        rng.weighted(&self.city_totals)
    }

    /// A facility, by its size.
    pub fn facility(&self, rng: &mut Rng) -> usize {
        rng.weighted(&self.facility_totals)
    }

    /// House number and street.
    pub fn street(&self, rng: &mut Rng) -> String {
        format!("{} {}", rng.between(100, 4999), self.streets[rng.index(self.streets.len())])
    }

    /// Usual occupation and industry.
    pub fn occupation(&self, rng: &mut Rng) -> (&'static str, &'static str) {
        self.occupations[rng.index(self.occupations.len())]
    }
}

/// A ten-digit NPI from nine digits: the check digit is that of 80840 and the number (Luhn).
pub fn npi(nine: u32) -> String {
    let body = format!("80840{nine:09}");
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            match index % 2 {
                0 if digit > 4 => digit * 2 - 9,
                0 => digit * 2,
                _ => digit,
            }
        })
        .sum();
    format!("{nine:09}{}", (10 - sum % 10) % 10)
}

/// NPI of a physician of this number.
pub fn physician_npi(number: u32) -> String {
    npi(210_000_000 + number)
}

/// Licence number of a physician of this number.
pub fn physician_licence(number: u32) -> String {
    format!("IA{number:06}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_the_one_of_the_published_example() {
        assert_eq!(npi(123_456_789), "1234567893");
        for facility in Lists::new().facilities {
            let nine = facility.npi[..9].parse().unwrap_or(0);
            assert_eq!(npi(nine), facility.npi, "{}", facility.name);
        }
    }

    #[test]
    fn names_suit_the_person() {
        let lists = Lists::new();
        let mut rng = Rng::of(1, 1);
        for _ in 0..200 {
            let name = lists.first_name(&mut rng, true, 1940, 0);
            assert!(lists.first.iter().any(|row| row.0 == name && row.1 == '2' && row.2 == "1"));
            assert!(!lists.surname(&mut rng, 2).is_empty());
        }
        assert_eq!(lists.nickname("ROBERT"), Some("BOB"));
    }
}
