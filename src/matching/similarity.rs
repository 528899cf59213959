//! How alike two names are, from 0 to 1.
//!
//! The base is the measure of Jaro with Winkler's bonus for a common beginning (W. E. Winkler, "String comparator
//! metrics and enhanced decision rules in the Fellegi-Sunter model of record linkage", 1990). One slip of the hand
//! and an equal sound lift it to floors of our own, since the measure alone is hard on short names.

use super::nicknames::are_related;
use super::sounds::{letter_key, sound_key};

/// A typed name, made ready for many comparisons.
#[derive(Debug, Clone)]
pub struct Compared {
    name: String,
    letters: Vec<char>,
    sound: String,
    letter_key: String,
}

impl Compared {
    /// Of a folded and joined name.
    pub fn new(name: &str) -> Compared {
        Compared {
            letters: name.chars().collect(),
            sound: sound_key(name),
            letter_key: letter_key(name),
            name: name.into(),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How alike a folded and joined last name is. A name that begins with what was typed is a likely one.
    pub fn last_name(&self, other: &str) -> f64 {
        if self.name == other {
            return 1.0;
        }
        if self.name.is_empty() || other.is_empty() {
            return 0.0;
        }
        let others: Vec<char> = other.chars().collect();
        let mut alike = jaro_winkler(&self.letters, &others);
        let shorter = self.letters.len().min(others.len());
        match slips(&self.letters, &others) {
            1 if shorter >= 5 => alike = alike.max(0.95),
            1 if shorter >= 3 => alike = alike.max(0.91),
            2 if shorter >= 6 => alike = alike.max(0.88),
            _ => {}
        }
        if self.letters.len() >= 2 && other.starts_with(&self.name) {
            let share = self.letters.len() as f64 / others.len() as f64;
            alike = alike.max(0.84 + 0.12 * share);
        }
        if alike < 0.9 && self.sound == sound_key(other) {
            alike = alike.max(0.9);
        }
        if alike < 0.86 && self.letter_key == letter_key(other) {
            alike = alike.max(0.86);
        }
        alike
    }

    /// How alike a folded and joined first name is. An initial agrees with every name it begins; a nickname with its
    /// name.
    pub fn first_name(&self, other: &str) -> f64 {
        if self.name == other {
            return 1.0;
        }
        if self.name.is_empty() || other.is_empty() {
            return 0.5;
        }
        let (mine, others) = (self.letters.len(), other.chars().count());
        if other.starts_with(&self.name) {
            return if mine == 1 { 0.9 } else { 0.95 };
        }
        if self.name.starts_with(other) {
            return if others == 1 { 0.85 } else { 0.94 };
        }
        if are_related(&self.name, other) {
            return 0.93;
        }
        if mine == 1 || others == 1 {
            return 0.0;
        }
        let others: Vec<char> = other.chars().collect();
        let mut alike = jaro_winkler(&self.letters, &others);
        if slips(&self.letters, &others) == 1 && mine.min(others.len()) >= 3 {
            alike = alike.max(0.92);
        }
        if alike < 0.9 && self.sound == sound_key(other) {
            alike = 0.9;
        }
        // Below this two first names are simply different people's.
        if alike < 0.78 { alike * 0.5 } else { alike }
    }
}

/// The measure of Jaro and Winkler.
pub fn jaro_winkler(one: &[char], other: &[char]) -> f64 {
    let jaro = jaro(one, other);
    let common = one.iter().zip(other).take(4).take_while(|(a, b)| a == b).count();
    jaro + 0.1 * common as f64 * (1.0 - jaro)
}

fn jaro(one: &[char], other: &[char]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let reach = (one.len().max(other.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; other.len()];
    let mut matched = Vec::with_capacity(one.len());
    for (at, letter) in one.iter().enumerate() {
        let from = at.saturating_sub(reach);
        let found = other
            .iter()
            .zip(&taken)
            .enumerate()
            .skip(from)
            .take(at + reach + 1 - from)
            .find(|(_, (o, taken))| *o == letter && !**taken)
            .map(|(place, _)| place);
        if let Some(place) = found {
            if let Some(mark) = taken.get_mut(place) {
                *mark = true;
            }
            matched.push(*letter);
        }
    }
    if matched.is_empty() {
        return 0.0;
    }
    let others = other.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(letter, _)| letter);
    let moved = matched.iter().zip(others).filter(|(a, b)| a != b).count() as f64 / 2.0;
    let m = matched.len() as f64;
    (m / one.len() as f64 + m / other.len() as f64 + (m - moved) / m) / 3.0
}

/// Slips of the hand between two names: letters left out, put in, changed, or neighbours changed places; 3 stands
/// for more than two.
pub fn slips(one: &[char], other: &[char]) -> usize {
    const MANY: usize = 3;
    if one.len().abs_diff(other.len()) >= MANY {
        return MANY;
    }
    let width = other.len() + 1;
    let mut before: Vec<usize> = vec![MANY; width];
    let mut above: Vec<usize> = (0..width).collect();
    for (row, a) in one.iter().enumerate() {
        let mut line = Vec::with_capacity(width);
        line.push(row + 1);
        for (column, b) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(MANY);
            let mut least =
                (at(&above, column) + usize::from(a != b)).min(at(&above, column + 1) + 1).min(at(&line, column) + 1);
            let changed_places =
                row > 0 && column > 0 && one.get(row - 1) == Some(b) && other.get(column - 1) == Some(a);
            if changed_places {
                least = least.min(at(&before, column - 1) + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().unwrap_or(MANY).min(MANY)
}

/// Every name one slip of the hand away from a folded and joined name: what a look-up of exact names tries.
pub fn one_slip_away(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut names = Vec::with_capacity(letters.len() * 54 + 26);
    let mut add = |parts: [&[char]; 3]| names.push(parts.concat().into_iter().collect::<String>());
    for at in 0..=letters.len() {
        let (head, tail) = letters.split_at(at);
        if let Some((&here, rest)) = tail.split_first() {
            add([head, rest, &[]]);
            for letter in ('A'..='Z').filter(|l| *l != here) {
                add([head, &[letter], rest]);
            }
            if let Some((&next, after)) = rest.split_first()
                && here != next
            {
                add([head, &[next, here], after]);
            }
        }
        for letter in 'A'..='Z' {
            add([head, &[letter], tail]);
        }
    }
    names.retain(|other| other != name && !other.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(name: &str) -> Vec<char> {
        name.chars().collect()
    }

    #[test]
    fn the_measure_gives_the_figures_of_its_paper() {
        for (one, other, expected) in
            [("MARTHA", "MARHTA", 0.961), ("DWAYNE", "DUANE", 0.840), ("DIXON", "DICKSONX", 0.813)]
        {
            let measured = jaro_winkler(&letters(one), &letters(other));
            assert!((measured - expected).abs() < 0.001, "{one} {other} {measured}");
        }
        assert!(jaro_winkler(&[], &letters("A")) < 0.001);
    }

    #[test]
    fn slips_are_counted_with_changed_places_as_one() {
        for (one, other, expected) in [
            ("SMITH", "SMITH", 0),
            ("SMITH", "SMTIH", 1),
            ("MARTINEZ", "MATINEZ", 1),
            ("ABC", "", 3),
            ("ABCD", "WXYZ", 3),
            ("KOWALSKI", "KOVALSKY", 2),
        ] {
            assert_eq!(slips(&letters(one), &letters(other)), expected, "{one} {other}");
            assert_eq!(slips(&letters(other), &letters(one)), expected, "{other} {one}");
        }
    }

    #[test]
    fn every_name_one_slip_away_is_listed() {
        let names = one_slip_away("MATINEZ");
        assert!(names.binary_search(&"MARTINEZ".to_string()).is_ok());
        assert!(names.iter().all(|n| slips(&letters(n), &letters("MATINEZ")) == 1));
        assert!(names.len() < 500);
        assert!(!one_slip_away("A").contains(&String::new()));
    }

    #[test]
    fn the_likelier_name_is_the_more_alike() {
        let typed = Compared::new("SMYTH");
        assert!(typed.last_name("SMYTH") > typed.last_name("SMYTHE"));
        assert!(typed.last_name("SMITH") > typed.last_name("SMALL"));
        let bill = Compared::new("BILL");
        assert!(bill.first_name("WILLIAM") > 0.9);
        assert!(bill.first_name("JOHN") < 0.5);
        assert!(Compared::new("J").first_name("JOHN") > Compared::new("J").first_name("WILLIAM"));
        assert!(Compared::new("LI").last_name("LEE") >= 0.9);
    }
}
