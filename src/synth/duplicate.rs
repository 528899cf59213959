//! True duplicates: the same person again under another patient id number.
//!
//! About one patient in a hundred is the person of an earlier number, told again from that number's own stream, with
//! a spelling variant of the name, some identifiers redrawn, and reported by another facility.

use super::life::{Life, Person};
use super::rng::Rng;
use super::{Settings, World};

/// What differs in a duplicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// A letter of the surname was lost, doubled or swapped.
    SurnameSpelling,
    /// The birth surname stands as surname, or two are joined.
    SurnameChanged,
    /// A familiar form or one letter for the given name.
    GivenName,
    /// The middle name is missing.
    NoMiddle,
    /// Two digits of the number are swapped, or it is not known.
    SocialSecurity,
    /// The day of birth is missing, or day and month are swapped.
    BirthDate,
    /// Another address.
    Address,
    /// Another telephone number.
    Telephone,
}

impl Variant {
    /// Its word in the ledger.
    pub fn name(&self) -> &'static str {
        match self {
            Variant::SurnameSpelling => "surname-spelling",
            Variant::SurnameChanged => "surname-changed",
            Variant::GivenName => "given-name",
            Variant::NoMiddle => "middle-missing",
            Variant::SocialSecurity => "ssn",
            Variant::BirthDate => "birth-date",
            Variant::Address => "address",
            Variant::Telephone => "telephone",
        }
    }
}

fn drawn(settings: &Settings, number: u64) -> bool {
    number > 1 && Rng::of(settings.seed, number * 4).chance(0.01)
}

/// The earlier number this one is a duplicate of, if it is one.
pub fn original_of(settings: &Settings, number: u64) -> Option<u64> {
    if !drawn(settings, number) {
        return None;
    }
    let mut rng = Rng::of(settings.seed, number * 4 + 3);
    let reach = (number - 1).min(400) as usize;
    (0..8).map(|_| number - 1 - rng.index(reach) as u64).find(|earlier| !drawn(settings, *earlier))
}

/// Changes the story into what another facility knows of it; the first change always touches a name.
pub fn vary(world: &World, rng: &mut Rng, life: &mut Life) -> Vec<Variant> {
    let mut variants = Vec::new();
    let person = &mut life.person;
    vary_name(world, rng, person, &mut variants);
    if rng.chance(0.3) {
        person.middle.clear();
        variants.push(Variant::NoMiddle);
    }
    if rng.chance(0.35) {
        person.ssn = if rng.chance(0.5) { 999_999_999 } else { swap_digits(person.ssn, rng.index(6) as u32) };
        variants.push(Variant::SocialSecurity);
    }
    if rng.chance(0.15) {
        person.born_known = 6;
        variants.push(Variant::BirthDate);
    }
    if rng.chance(0.5) {
        let city = world.lists.city(rng);
        person.moved = Some(((city, rng.index(world.lists.cities[city].zips.len())), world.lists.street(rng)));
        variants.push(Variant::Address);
    }
    if rng.chance(0.5) {
        person.phone = rng.between(2_000_000, 9_999_999) as u32;
        variants.push(Variant::Telephone);
    }
    // One tumor, reported by a facility that has not reported this person yet where there is one.
    let count = world.lists.facilities.len();
    let known: Vec<usize> = life.reports.iter().map(|report| report.facility).collect();
    life.reports.truncate(1);
    if let Some(report) = life.reports.first_mut() {
        report.facility =
            (0..count).find(|facility| !known.contains(facility)).unwrap_or((report.facility + 1) % count);
        report.other = None;
        report.second = false;
    }
    variants
}

fn vary_name(world: &World, rng: &mut Rng, person: &mut Person, variants: &mut Vec<Variant>) {
    match rng.index(4) {
        0 if person.maiden.is_some() => {
            let maiden = person.maiden.take().unwrap_or_default();
            person.last = if rng.chance(0.5) { maiden } else { format!("{maiden}-{}", person.last) };
            variants.push(Variant::SurnameChanged);
        }
        1 => {
            person.first = match world.lists.nickname(&person.first) {
                Some(nickname) => nickname.to_owned(),
                None => misspelt(rng, &person.first),
            };
            variants.push(Variant::GivenName);
        }
        _ => {
            person.last = misspelt(rng, &person.last);
            variants.push(Variant::SurnameSpelling);
        }
    }
}

/// One letter lost, doubled or exchanged with its neighbour, never the first.
fn misspelt(rng: &mut Rng, name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 3 {
        letters.push('E');
        return letters.into_iter().collect();
    }
    let at = 1 + rng.index(letters.len() - 2);
    match rng.index(3) {
        0 if letters.len() > 4 => {
            letters.remove(at);
        }
        1 if letters[at] != letters[at + 1] && letters[at].is_alphabetic() && letters[at + 1].is_alphabetic() => {
            letters.swap(at, at + 1);
        }
        _ => {
            let again = if letters[at].is_alphabetic() { letters[at] } else { 'S' };
            letters.insert(at, again);
        }
    }
    letters.into_iter().collect()
}

fn swap_digits(number: u32, at: u32) -> u32 {
    let low = 10u32.pow(at);
    let (a, b) = (number / low % 10, number / (low * 10) % 10);
    number - a * low - b * low * 10 + b * low + a * low * 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_differs_and_keeps_its_first_letter() {
        let mut rng = Rng::of(3, 3);
        for name in ["LEE", "LI", "O'BRIEN", "VANDER PLOEG", "JENSEN"] {
            for _ in 0..50 {
                let other = misspelt(&mut rng, name);
                assert_ne!(other, name);
                assert_eq!(other.chars().next(), name.chars().next());
            }
        }
    }

    #[test]
    fn swapped_digits_are_neighbours() {
        assert_eq!(swap_digits(912_345_678, 0), 912_345_687);
        assert_eq!(swap_digits(912_345_678, 2), 912_346_578);
    }

    #[test]
    fn about_one_in_a_hundred_is_a_duplicate_of_an_earlier_original() {
        let settings = Settings::default();
        let pairs: Vec<(u64, u64)> = (1..=20_000).filter_map(|n| Some((n, original_of(&settings, n)?))).collect();
        assert!((140..260).contains(&pairs.len()), "{}", pairs.len());
        assert!(pairs.iter().all(|(n, original)| original < n && original_of(&settings, *original).is_none()));
    }
}
