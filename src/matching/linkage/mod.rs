//! Linking two files of people: which incoming account is of a person already known.
//!
//! In: accounts of both files. Out: at most one person of the first file for each account of the second, with a weight.
//! Pairs are proposed by blocks (equal number, surname and birth date by sound, telephone …), compared field by field,
//! and weighed: the weight is the logarithm (base 2) of the odds that both are one person, a sum of what each agreement
//! is worth (Fellegi and Sunter 1969), with weights that were learned from pairs known to be right
//! (`reference/matching/weights.tsv`, `accession match --learn`). Nobody is linked below the threshold.

mod blocks;
mod compare;
mod learn;
mod person;

use std::sync::LazyLock;

pub use learn::{Weights, learn};
pub use person::Account;

use blocks::Blocks;
use compare::{Rarity, features};
use person::Person;

/// A person of the first file for an account of the second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Place in the first file.
    pub a: usize,
    /// Place in the second file.
    pub b: usize,
    /// Logarithm (base 2) of the odds.
    pub weight: f64,
}

/// The weight from which a link is one, unless another is given: odds of two to one.
pub const THRESHOLD: f64 = 1.0;

static SHIPPED: LazyLock<Weights> =
    LazyLock::new(|| Weights::read(include_str!("../../../reference/matching/weights.tsv")));

/// The weights that are compiled in.
pub fn shipped_weights() -> &'static Weights {
    &SHIPPED
}

/// The first file, made ready to be searched.
#[derive(Debug)]
pub struct Known {
    people: Vec<Person>,
    blocks: Blocks,
    lasts: Rarity,
    firsts: Rarity,
}

impl Known {
    /// Makes a file ready.
    pub fn of<'a>(accounts: impl Iterator<Item = Account<'a>>) -> Known {
        let people: Vec<Person> = accounts.map(|account| Person::of(&account)).collect();
        let blocks = Blocks::of(&people);
        let lasts = Rarity::of(people.iter().map(|person| person.last.text.as_str()));
        let firsts = Rarity::of(people.iter().map(|person| person.first.text.as_str()));
        Known { people, blocks, lasts, firsts }
    }

    /// The likeliest person for an account, with the weight, if any pair is proposed at all.
    pub fn likeliest(&self, account: &Account<'_>, weights: &Weights) -> Option<(usize, f64)> {
        let person = Person::of(account);
        let weighed = self.blocks.candidates(&person).into_iter().filter_map(|at| {
            let known = self.people.get(at)?;
            Some((at, weights.weigh(&features(known, &person, &self.lasts, &self.firsts))))
        });
        weighed.max_by(|one, other| one.1.total_cmp(&other.1).then(other.0.cmp(&one.0)))
    }

    /// Every proposed person for an account, with the features of the pair.
    fn compared(&self, account: &Account<'_>) -> Vec<(usize, compare::Features)> {
        let person = Person::of(account);
        let candidates = self.blocks.candidates(&person).into_iter();
        candidates
            .filter_map(|at| Some((at, features(self.people.get(at)?, &person, &self.lasts, &self.firsts))))
            .collect()
    }
}

/// Links the accounts of a second file to the people of the first.
pub fn link<'b>(
    known: &Known,
    accounts: impl Iterator<Item = Account<'b>>,
    weights: &Weights,
    threshold: f64,
) -> Vec<Link> {
    accounts
        .enumerate()
        .filter_map(|(b, account)| {
            let (a, weight) = known.likeliest(&account, weights)?;
            (weight >= threshold).then_some(Link { a, b, weight })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Account<'_> = Account {
        last: "CARTWRIGHT",
        first: "ANN",
        middle: "M",
        suffix: "",
        birth_surname: "",
        sex: "2",
        race: "01",
        birth: "19481203",
        ssn: "123456789",
        street: "12 ELM ST",
        city: "OAKTON",
        zip: "87001",
        phone: "5055550123",
    };

    #[test]
    fn a_person_is_found_again_after_marriage_and_moving() {
        let other = Account { first: "RUTH", last: "OTHER", ssn: "", birth: "19300101", phone: "", ..ANN };
        let known = Known::of([other, ANN].into_iter());
        let later = Account { last: "BROOKS", street: "9 OAK AVE", zip: "87002", city: "ELM", phone: "", ..ANN };
        let links = link(&known, [later].into_iter(), shipped_weights(), THRESHOLD);
        assert!(matches!(links.as_slice(), [Link { a: 1, b: 0, .. }]), "{links:?}");
    }

    #[test]
    fn a_twin_is_another_person() {
        let known = Known::of([ANN].into_iter());
        let twin = Account { first: "RUTH", middle: "K", ssn: "123456790", ..ANN };
        assert!(link(&known, [twin].into_iter(), shipped_weights(), THRESHOLD).is_empty());
    }

    #[test]
    fn an_empty_account_is_nobody() {
        let known = Known::of([Account::default(), ANN].into_iter());
        assert!(link(&known, [Account::default()].into_iter(), shipped_weights(), THRESHOLD).is_empty());
    }
}
