//! Which pairs are looked at: those that share a block.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::person::Person;

/// A block of more people than this tells nothing and is not used.
const LARGEST: usize = 400;

/// People by their blocks.
#[derive(Debug, Default)]
pub(super) struct Blocks(HashMap<u64, Vec<u32>>);

fn key(kind: u8, parts: &[&str], numbers: &[u16]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, parts, numbers).hash(&mut hasher);
    hasher.finish()
}

/// The blocks a person is in.
fn keys(person: &Person) -> Vec<u64> {
    let mut keys = Vec::with_capacity(24);
    let [year, month, day] = person.birth;
    let digits = |number: &[u8]| String::from_utf8_lossy(number).into_owned();
    if person.ssn.len() == 9 {
        keys.push(key(1, &[&digits(&person.ssn)], &[]));
    }
    if let Some(last_four) = person.ssn.len().checked_sub(4).and_then(|from| person.ssn.get(from..))
        && year > 0
    {
        keys.push(key(2, &[&digits(last_four)], &[year]));
    }
    if !person.phone.is_empty() {
        keys.push(key(3, &[&digits(&person.phone), &person.first.sound], &[]));
    }
    let first = person.first.sound.as_str();
    let initial: String = person.first.letters.iter().take(1).collect();
    if person.has_birth_day() {
        let (early, late) = (month.min(day), month.max(day));
        keys.push(key(4, &[first], &[year, early, late]));
        keys.push(key(5, &[&initial], &[year, early, late]));
    }
    for last in person.lasts() {
        let sound = last.sound.as_str();
        if person.has_birth_day() {
            keys.push(key(6, &[sound], &[year, month.min(day), month.max(day)]));
            keys.push(key(7, &[sound, &initial], &[month, day]));
        }
        if year > 0 {
            keys.push(key(8, &[sound, &initial], &[year, month]));
            keys.push(key(9, &[sound, first], &[year]));
        }
        keys.push(key(10, &[sound, first, &person.zip], &[]));
        keys.push(key(11, &[&last.text, first], &[]));
        // Names in each other's place.
        let (one, other) = if sound < first { (sound, first) } else { (first, sound) };
        keys.push(key(12, &[one, other], &[month, day]));
    }
    if !person.street_number.is_empty() {
        keys.push(key(13, &[&person.street_number, &person.street_name, first], &[]));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl Blocks {
    pub(super) fn of(people: &[Person]) -> Blocks {
        let mut blocks: HashMap<u64, Vec<u32>> = HashMap::new();
        for (at, person) in (0u32..).zip(people) {
            for key in keys(person) {
                blocks.entry(key).or_default().push(at);
            }
        }
        blocks.retain(|_, people| people.len() <= LARGEST);
        Blocks(blocks)
    }

    /// Places of the people that share a block with this one, each once, in order.
    pub(super) fn candidates(&self, person: &Person) -> Vec<usize> {
        let mut found: Vec<usize> = keys(person)
            .iter()
            .filter_map(|key| self.0.get(key))
            .flatten()
            .filter_map(|at| usize::try_from(*at).ok())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
