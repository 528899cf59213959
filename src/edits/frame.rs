//! The frame of an edit: all that is the same for every rule and that an expression never mentions.

use std::fmt;

use serde::Deserialize;

use super::code_set::CodeSet;
use super::expression::Expression;
use super::slots::Slot;
use crate::naaccr::RecordTypes;

/// What an edit looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The patient's items, and the tumors by `any tumor (…)`.
    Patient,
    /// One tumor with the patient's items.
    #[default]
    Tumor,
    /// Two tumors of a patient, `a` and `b`.
    Pair,
}

/// How grave a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The case may not be sent.
    #[default]
    Error,
    /// Somebody should look.
    Warning,
    /// Documentation; never run.
    Info,
}

/// How well the rule is documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, serde::Serialize, Default)]
pub enum Confidence {
    /// Read in public material, or following from code definitions in it.
    #[default]
    A,
    /// Known from coding practice.
    B,
    /// Plausible, or our proposal.
    C,
}

/// A fault in an edit file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {}{message}", .edit.as_ref().map(|id| format!("edit {id}: ")).unwrap_or_default())]
pub struct Fault {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The edit, if it is about one.
    pub edit: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

/// Years of diagnosis an edit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Years {
    /// First.
    pub first: Option<u16>,
    /// Last.
    pub last: Option<u16>,
}

impl Years {
    /// Reads `all`, `2018+`, `2003-2017`, `-2017` or `2023`.
    pub fn parse(text: &str) -> Option<Years> {
        let year = |text: &str| (text.len() == 4).then(|| text.parse::<u16>().ok())?;
        if text == "all" {
            return Some(Years::default());
        }
        if let Some(first) = text.strip_suffix('+') {
            return Some(Years { first: Some(year(first)?), last: None });
        }
        match text.split_once('-') {
            Some(("", last)) => Some(Years { first: None, last: Some(year(last)?) }),
            Some((first, last)) => {
                let (first, last) = (year(first)?, year(last)?);
                (first <= last).then_some(Years { first: Some(first), last: Some(last) })
            }
            None => year(text).map(|one| Years { first: Some(one), last: Some(one) }),
        }
    }

    /// Whether a year of diagnosis lies in them; one that is not known lies only in all years.
    pub fn hold(self, year: Option<u16>) -> bool {
        match year {
            Some(year) => self.first.is_none_or(|first| first <= year) && self.last.is_none_or(|last| year <= last),
            None => self == Years::default(),
        }
    }
}

impl fmt::Display for Years {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.last) {
            (None, None) => f.write_str("all"),
            (Some(first), None) => write!(f, "{first}+"),
            (None, Some(last)) => write!(f, "-{last}"),
            (Some(first), Some(last)) if first == last => write!(f, "{first}"),
            (Some(first), Some(last)) => write!(f, "{first}-{last}"),
        }
    }
}

/// A flag that lets a failing edit pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Override {
    /// The flag.
    pub flag: Slot,
    /// The values that let it pass; nothing means any value.
    pub values: Option<CodeSet>,
}

/// A case on which an edit is tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Whether the edit must fail.
    pub must_fail: bool,
    /// Items of the patient.
    pub patient: Vec<(String, String)>,
    /// Items of each tumor.
    pub tumors: Vec<Vec<(String, String)>>,
    /// The schema the tumors are taken to have, instead of the one their items select.
    pub schema: Option<String>,
    /// The day it is run for.
    pub as_of: Option<String>,
    /// Settings.
    pub settings: Vec<(String, String)>,
    /// Which test of the edit, from 1.
    pub number: usize,
    /// Where it stands.
    pub line: usize,
}

/// An edit, ready to run.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Its id.
    pub id: String,
    /// Its name in words.
    pub name: String,
    /// Name of the corresponding standard edit, and whether the name stands on a public page.
    pub standard: Option<(String, bool)>,
    /// Group for screens and reports.
    pub family: String,
    /// Field format, code list, inter-field, date order, inter-record.
    pub kind: String,
    /// Who sets the rule.
    pub agency: String,
    /// What it looks at.
    pub level: Scope,
    /// The sets it is listed in; `all` stands for every set of cases.
    pub sets: Vec<String>,
    /// Severity as filed.
    pub filed_severity: Severity,
    /// Confidence.
    pub confidence: Confidence,
    /// Flags that let it pass.
    pub overrides: Vec<Override>,
    /// Years of diagnosis.
    pub years: Years,
    /// Record types.
    pub record_types: RecordTypes,
    /// When it applies.
    pub when: Expression,
    /// When it fails.
    pub fail: Expression,
    /// The items to show, the one to jump to first.
    pub items: Vec<Slot>,
    /// What to tell, with item ids in braces.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Where the rule comes from.
    pub source: String,
    /// Edits whose failure makes this one silent.
    pub after: Vec<String>,
    /// Its tests.
    pub trials: Vec<Trial>,
    /// Every item whose change can change the answer.
    pub(crate) reads: Vec<Slot>,
    /// Whether values of other tumors matter.
    pub(crate) wide: bool,
    /// File and line.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// The expressions as written.
    pub written: (String, String),
}

impl Edit {
    /// The severity it runs with: what nobody could confirm only warns.
    pub fn severity(&self) -> Severity {
        match (self.filed_severity, self.confidence) {
            (Severity::Error, Confidence::B | Confidence::C) => Severity::Warning,
            (severity, _) => severity,
        }
    }

    /// Only documentation.
    pub fn is_only_documented(&self) -> bool {
        self.filed_severity == Severity::Info
    }

    /// Whether the day it is run for can change its answer.
    pub fn reads_today(&self) -> bool {
        self.written.0.contains("today") || self.written.1.contains("today")
    }

    /// Whether it looks at other tumors of the patient.
    pub fn looks_wide(&self) -> bool {
        self.wide
    }

    /// Every item whose change can change its answer.
    pub fn reads(&self) -> &[Slot] {
        &self.reads
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn years_are_read_and_held() {
        let years = |text: &str| Years::parse(text).unwrap();
        assert!(years("2018+").hold(Some(2018)) && !years("2018+").hold(Some(2017)) && !years("2018+").hold(None));
        assert!(years("all").hold(None) && years("2023").hold(Some(2023)) && !years("-2017").hold(Some(2018)));
        assert_eq!(years("2003-2017").to_string(), "2003-2017");
        assert!(Years::parse("2017-2003").is_none() && Years::parse("18+").is_none());
    }
}
