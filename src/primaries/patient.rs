//! From pairs to a patient: tumors joined by a pair that is one primary are one primary.

use super::{Primaries, Reported, Verdict, primaries};

/// What the rules say of all tumors of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The primary of each tumor, in the order given: a number from 0, in the order of first appearance.
    pub primary_of: Vec<usize>,
    /// The pairs that a person must look at, with what stopped them.
    pub questions: Vec<(usize, usize, Primaries)>,
}

/// Judges all pairs of a patient's tumors.
pub fn judge(tumors: &[Reported<'_>], as_of_year: i32) -> Judgement {
    let mut primary_of: Vec<usize> = (0..tumors.len()).collect();
    let mut questions = Vec::new();
    for (at, one) in tumors.iter().enumerate() {
        for (other_at, other) in tumors.iter().enumerate().skip(at + 1) {
            let found = primaries(one, other, as_of_year);
            match found.verdict {
                Verdict::Single => {
                    let (keep, join) = (primary_of.get(at).copied(), primary_of.get(other_at).copied());
                    if let (Some(keep), Some(join)) = (keep, join) {
                        let (keep, join) = (keep.min(join), keep.max(join));
                        primary_of.iter_mut().filter(|of| **of == join).for_each(|of| *of = keep);
                    }
                }
                Verdict::Questionable | Verdict::Invalid => questions.push((at, other_at, found)),
                Verdict::Multiple => {}
            }
        }
    }
    let mut numbers: Vec<usize> = Vec::new();
    for of in &mut primary_of {
        let number = numbers.iter().position(|known| known == of).unwrap_or_else(|| {
            numbers.push(*of);
            numbers.len() - 1
        });
        *of = number;
    }
    Judgement { primary_of, questions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tumor<'a>(year: &'a str, site: &'a str, side: &'a str) -> Reported<'a> {
        Reported { year, month: "06", day: "15", site, histology: "8500", behavior: "3", laterality: side }
    }

    #[test]
    fn a_second_breast_primary_after_five_years_is_new() {
        let judged = judge(&[tumor("2018", "C504", "1"), tumor("2019", "C502", "1"), tumor("2024", "C504", "1")], 2026);
        assert_eq!(judged.primary_of, [0, 0, 1]);
        assert!(judged.questions.is_empty());
    }

    #[test]
    fn an_invalid_code_is_a_question() {
        let judged = judge(&[tumor("2018", "C809", "1"), tumor("2019", "C502", "1")], 2026);
        assert_eq!(judged.questions.len(), 1);
    }
}
