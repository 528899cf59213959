//! Weights: what each agreement is worth, and how they are learned from pairs known to be right.

use std::collections::HashSet;
use std::fmt::Write;

use super::compare::{FEATURES, Features, name_of};
use super::{Account, Known};

/// What each feature adds to the logarithm of the odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights(Vec<f64>);

impl Weights {
    /// Reads weights as [`Weights::text`] writes them; a feature that is not there weighs nothing.
    pub fn read(text: &str) -> Weights {
        let mut weights = vec![0.0; FEATURES];
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, weight)) = line.split_once('\t') else { continue };
            let place = (0..FEATURES).find(|feature| name_of(*feature) == name);
            if let (Some(slot), Ok(weight)) = (place.and_then(|at| weights.get_mut(at)), weight.parse()) {
                *slot = weight;
            }
        }
        Weights(weights)
    }

    /// A line a feature that weighs something.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "# What an agreement is worth: field and level (src/matching/linkage/compare.rs), logarithm (base 2) of the odds\n\
             # edition: 1\n\
             # origin: learned by accession match --learn from made-up people; our own\n\
             # feature\tweight\n",
        );
        for (feature, weight) in self.0.iter().enumerate().filter(|(_, weight)| weight.abs() >= 0.005) {
            // Writing into memory cannot fail.
            let _ = writeln!(text, "{}\t{weight:.2}", name_of(feature));
        }
        text
    }

    pub(super) fn weigh(&self, features: &Features) -> f64 {
        features.iter().filter_map(|(at, much)| Some(much * self.0.get(usize::try_from(*at).ok()?)?)).sum()
    }
}

/// Learns weights from the pairs that are known to be of one person: logistic regression over all proposed pairs.
pub fn learn<'b>(
    known: &Known,
    accounts: impl Iterator<Item = Account<'b>>,
    right: &HashSet<(usize, usize)>,
) -> Weights {
    let mut pairs: Vec<(Features, bool)> = Vec::new();
    for (b, account) in accounts.enumerate() {
        pairs.extend(known.compared(&account).into_iter().map(|(a, features)| (features, right.contains(&(a, b)))));
    }
    let mut weights = vec![0.0; FEATURES];
    let mut squares = vec![1e-8; FEATURES];
    const ROUNDS: u32 = 40;
    const SHRINK: f64 = 2e-6;
    for round in 0..ROUNDS {
        let rate = 0.15 / f64::from(1 + round / 8);
        // A fixed walk through the pairs in another order each round.
        let step = pairs.len() / 2 + 1 + usize::try_from(round).unwrap_or(0);
        let mut at = 0;
        for _ in 0..pairs.len() {
            at = (at + step) % pairs.len().max(1);
            let Some((features, is_right)) = pairs.get(at) else { continue };
            let sum: f64 = features.iter().map(|(at, much)| much * value(&weights, *at)).sum();
            let off = 1.0 / (1.0 + (-sum).exp()) - f64::from(u8::from(*is_right));
            for (feature, much) in features {
                let Ok(place) = usize::try_from(*feature) else { continue };
                if let (Some(weight), Some(square)) = (weights.get_mut(place), squares.get_mut(place)) {
                    let slope = off * much + SHRINK * *weight;
                    *square += slope * slope;
                    *weight -= rate * slope / square.sqrt();
                }
            }
        }
    }
    Weights(weights.into_iter().map(|weight| weight / std::f64::consts::LN_2).collect())
}

fn value(weights: &[f64], at: u32) -> f64 {
    usize::try_from(at).ok().and_then(|at| weights.get(at)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_as_they_are_written() {
        let known = Known::of((0..40u8).map(|n| {
            let last = ["STONE", "RIVER", "FIELD", "WOOD"][usize::from(n % 4)];
            Account { last, first: "ANN", birth: ["19500101", "19610203"][usize::from(n % 2)], ..Account::default() }
        }));
        let accounts =
            || [Account { last: "STONE", first: "ANN", birth: "19500101", ..Account::default() }].into_iter();
        let learned = learn(&known, accounts(), &HashSet::from([(0, 0)]));
        let read = Weights::read(&learned.text());
        assert!(learned.0.iter().zip(&read.0).all(|(one, other)| (one - other).abs() < 0.006));
        assert!(Weights::read("nonsense\nfirst 1\tx").0.iter().all(|weight| *weight == 0.0));
    }
}
