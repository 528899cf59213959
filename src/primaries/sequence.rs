//! Sequence numbers (item 560): which number each tumor of a person has.
//!
//! Two independent series over the whole life, tumors of other registries included. Malignant and in situ (behavior 2,
//! 3): 00 alone, else 01 to 59; benign and borderline (0, 1): 60 alone, else 61 to 87. The order is that of diagnosis;
//! on one day the worse prognosis comes first, else the order that stands is kept. 99 and 88, the unknown numbers, are
//! left alone. Rule: NAACCR data dictionary, version 26, item 560.

use std::cmp::Ordering;

use crate::dates::PartialDate;

/// A tumor of the person, in this registry or elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lifetime {
    /// Date of diagnosis, `YYYYMMDD` or with its unknown parts left out; empty when unknown.
    pub diagnosed: String,
    /// Behavior, one digit.
    pub behavior: String,
    /// The number that stands; empty for a tumor that is new.
    pub number: String,
    /// Worse is lower; equal where nobody said.
    pub prognosis: u8,
}

/// A number that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renumbered {
    /// Which tumor, its place in what was given.
    pub tumor: usize,
    /// The number that stood; empty for a new tumor.
    pub from: String,
    /// The number that follows.
    pub to: String,
}

/// Why no numbers follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSequence {
    /// The behavior decides the series.
    #[error("tumor {0} has no behavior, which decides the series of its sequence number")]
    NoBehavior(usize),
    /// A series is full.
    #[error("a person has at most {0} numbered tumors of one series")]
    TooMany(usize),
}

/// The numbers that change when these are all the tumors of a person's life.
///
/// # Errors
/// A tumor without behavior, or more tumors than a series has numbers.
pub fn renumbered(tumors: &[Lifetime]) -> Result<Vec<Renumbered>, NoSequence> {
    let mut changes = Vec::new();
    for (series, single, most) in [(["2", "3"], 0, 59), (["0", "1"], 60, 27)] {
        let mut members: Vec<(usize, &Lifetime)> =
            tumors.iter().enumerate().filter(|(_, t)| series.contains(&t.behavior.as_str())).collect();
        let unknown = if single == 0 { "99" } else { "88" };
        members.retain(|(_, t)| t.number != unknown);
        members.sort_by(|(at, a), (other, b)| in_order(a, b).then(at.cmp(other)));
        let count = members.len()
            + tumors.iter().filter(|t| series.contains(&t.behavior.as_str()) && t.number == unknown).count();
        if members.len() > most {
            return Err(NoSequence::TooMany(most));
        }
        for (place, (at, tumor)) in members.into_iter().enumerate() {
            let to = format!("{:02}", if count == 1 { single } else { single + place + 1 });
            if tumor.number != to {
                changes.push(Renumbered { tumor: at, from: tumor.number.clone(), to });
            }
        }
    }
    match tumors.iter().position(|t| !matches!(t.behavior.as_str(), "0" | "1" | "2" | "3")) {
        Some(at) => Err(NoSequence::NoBehavior(at)),
        None => {
            changes.sort_by_key(|c| c.tumor);
            Ok(changes)
        }
    }
}

/// By diagnosis where the dates can be told apart, then by prognosis, then by the numbers that stand.
fn in_order(a: &Lifetime, b: &Lifetime) -> Ordering {
    let date = |t: &Lifetime| PartialDate::parse(&t.diagnosed).ok();
    let standing = |t: &Lifetime| t.number.parse::<u8>().unwrap_or(u8::MAX);
    let by_date = match (date(a), date(b)) {
        (Some(one), Some(other)) => one.chronological(other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    by_date.then(a.prognosis.cmp(&b.prognosis)).then(standing(a).cmp(&standing(b)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `date behavior number prognosis`, tumors divided by `,`; the numbers afterwards.
    #[test]
    fn numbers_follow_the_life_of_the_person() {
        for (what, tumors, expected) in [
            ("a single malignant tumor is 00", "20200101 3 - 0", "00"),
            ("a second primary makes 00 to 01", "20200101 3 00 0,20240501 3 - 0", "01 02"),
            ("an earlier one found later comes first", "20200101 3 00 0,20150501 3 - 0", "02 01"),
            ("in situ counts in the malignant series", "20200101 2 00 0,20240501 3 - 0", "01 02"),
            ("one day: the worse prognosis comes first", "20240501 3 00 2,20240501 3 - 1", "02 01"),
            ("one day, no difference: what stands is kept", "20240501 3 00 0,20240501 3 - 0", "01 02"),
            ("a benign tumor does not count with a malignant one", "20200101 3 00 0,20240501 0 - 0", "00 60"),
            ("a second benign tumor makes 60 to 61", "20200101 0 60 0,20240501 1 - 0", "61 62"),
            ("deletion of the second leaves 00", "20200101 3 01 0", "00"),
            ("deletion of the first of three moves the others", "20200101 3 02 0,20210101 3 03 0", "01 02"),
            (
                "deletion of a benign one leaves the malignant ones",
                "20200101 3 01 0,20210101 3 02 0,20210101 0 62 0",
                "01 02 60",
            ),
            ("an unknown number stays, and the others are of several", "20200101 3 99 0,20240501 3 - 0", "99 01"),
            ("an unknown date comes last", "- 3 00 0,20240501 3 - 0", "02 01"),
            ("a year alone comes before a day in it", "2024 3 00 0,20240501 3 - 0", "01 02"),
            ("a third primary leaves the two before it", "20200101 3 01 0,20210101 3 02 0,20240101 3 - 0", "01 02 03"),
        ] {
            let given: Vec<Lifetime> = tumors
                .split(',')
                .map(|t| {
                    let cells: Vec<String> = t.split(' ').map(|c| c.replace('-', "")).collect();
                    Lifetime {
                        diagnosed: cells[0].clone(),
                        behavior: cells[1].clone(),
                        number: cells[2].clone(),
                        prognosis: cells[3].parse().unwrap(),
                    }
                })
                .collect();
            let mut numbers: Vec<String> = given.iter().map(|t| t.number.clone()).collect();
            for change in renumbered(&given).unwrap() {
                assert_ne!(change.from, change.to, "{what}");
                assert_eq!(numbers[change.tumor], change.from, "{what}");
                numbers[change.tumor] = change.to;
            }
            assert_eq!(numbers.join(" "), expected, "{what}");
        }
    }

    #[test]
    fn what_has_no_number_is_refused_in_words() {
        let tumor = |behavior: &str| Lifetime { behavior: behavior.into(), ..Lifetime::default() };
        assert_eq!(renumbered(&[tumor("3"), tumor("")]), Err(NoSequence::NoBehavior(1)));
        assert_eq!(renumbered(&vec![tumor("3"); 60]), Err(NoSequence::TooMany(59)));
        assert_eq!(renumbered(&vec![tumor("0"); 28]), Err(NoSequence::TooMany(27)));
    }
}
