//! Conditions on items, such as `primarySite=C50*,C51*` or `dateOfDiagnosis>=2020`.

use std::fmt;
use std::str::FromStr;

use crate::naaccr::record::{Patient, Tumor};
use crate::naaccr::super_dictionary::super_dictionary;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// A condition on one item. Several values with commas between mean any of them; `*` stands for any text; no value
/// means the item is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    item: String,
    comparison: Comparison,
    values: Vec<String>,
}

/// Why a text is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCondition(String);

impl fmt::Display for NoCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no condition; write an item, one of = != < <= > >=, and a value: primarySite=C50*", self.0)
    }
}

impl std::error::Error for NoCondition {}

impl FromStr for Condition {
    type Err = NoCondition;

    fn from_str(text: &str) -> Result<Condition, NoCondition> {
        const SIGNS: [(&str, Comparison); 6] = [
            ("!=", Comparison::IsNot),
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("=", Comparison::Is),
            ("<", Comparison::Less),
            (">", Comparison::More),
        ];
        let wrong = || NoCondition(text.to_owned());
        let at = text.find(['=', '!', '<', '>']).ok_or_else(wrong)?;
        let (item, rest) = text.split_at(at);
        let (sign, comparison) = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign)).ok_or_else(wrong)?;
        let item = item.trim();
        if item.is_empty() {
            return Err(wrong());
        }
        // A number names an item too.
        let item = match item.parse() {
            Ok(number) => {
                let known = super_dictionary().by_number(crate::naaccr::ItemNumber(number)).ok_or_else(wrong)?;
                known.id.to_string()
            }
            Err(_) => item.to_owned(),
        };
        let values = rest[sign.len()..].split(',').map(|v| v.trim().to_owned()).collect();
        Ok(Condition { item, comparison, values })
    }
}

impl Condition {
    /// Whether it holds for a tumor of a patient, or for a patient without one.
    pub fn holds(&self, patient: &Patient, tumor: Option<&Tumor>) -> bool {
        let value = tumor.and_then(|t| t.items.get(&self.item)).or_else(|| patient.items.get(&self.item)).unwrap_or("");
        let any = |test: fn(std::cmp::Ordering) -> bool| {
            !value.is_empty() && self.values.iter().any(|v| test(compared(value, v)))
        };
        match self.comparison {
            Comparison::Is => self.values.iter().any(|v| matches(v, value)),
            Comparison::IsNot => !self.values.iter().any(|v| matches(v, value)),
            Comparison::Less => any(std::cmp::Ordering::is_lt),
            Comparison::AtMost => any(std::cmp::Ordering::is_le),
            Comparison::More => any(std::cmp::Ordering::is_gt),
            Comparison::AtLeast => any(std::cmp::Ordering::is_ge),
        }
    }
}

/// A value against a limit: short numbers as numbers, all else as text, of which only as much counts as the limit
/// has, so that a date can be compared with a year.
fn compared(value: &str, limit: &str) -> std::cmp::Ordering {
    if value.len() < 6
        && let (Ok(value), Ok(limit)) = (value.parse::<u64>(), limit.parse::<u64>())
    {
        return value.cmp(&limit);
    }
    let end = value.char_indices().nth(limit.chars().count()).map_or(value.len(), |(n, _)| n);
    value[..end].cmp(limit)
}

/// Whether a text is of a pattern with `*` for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, mut rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    while let Some((middle, more)) = rest.split_once('*') {
        let Some(at) = text.find(middle) else { return false };
        text = &text[at + middle.len()..];
        rest = more;
    }
    text.ends_with(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds(condition: &str) -> bool {
        let mut patient = Patient::default();
        patient.items.push("sex", "2");
        let tumor = patient.add_tumor();
        tumor.items.push("primarySite", "C509");
        tumor.items.push("dateOfDiagnosis", "20200115");
        tumor.items.push("ageAtDiagnosis", "043");
        condition.parse::<Condition>().unwrap().holds(&patient, patient.tumors.first())
    }

    #[test]
    fn conditions_are_on_tumor_or_patient() {
        for good in [
            "primarySite=C50*",
            "primarySite=C61*,C50*",
            "400=C509",
            "primarySite=*09",
            "sex=2",
            "sex!=1",
            "nameLast=",
            "dateOfDiagnosis>=2020",
            "dateOfDiagnosis<202002",
            "ageAtDiagnosis<50",
            "ageAtDiagnosis>=43",
            "primarySite<C6",
        ] {
            assert!(holds(good), "{good}");
        }
        for bad in ["primarySite=C5", "sex=1", "sex=", "dateOfDiagnosis>2020", "ageAtDiagnosis>100", "nameLast<Z"] {
            assert!(!holds(bad), "{bad}");
        }
        assert!("primarySite".parse::<Condition>().is_err());
        assert!("=C50".parse::<Condition>().is_err());
    }
}
