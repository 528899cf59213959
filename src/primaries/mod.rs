//! One primary or several? The multiple-primary rules.
//!
//! In: two tumors of a patient by date, site, histology, behavior and side, and the year that counts as now. Out: a
//! [`Verdict`], with the group of rules and the step that gave it. [`judge`] takes the tumors of a patient and tells which
//! are one primary and which pairs a person must look at.
//!
//! The rules of a group hold for years of diagnosis: general rules to 2006, Multiple Primary and Histology rules
//! 2007-2017 (some sites longer), Solid Tumor Rules from 2018 (cutaneous melanoma 2021, other sites 2023), hematopoietic
//! rules to 2000, 2001-2009 and from 2010. Rules that need a chart, as of recurrences or metastases, are left to
//! people. Tables are compiled in from `reference/primaries`. Nothing is refused: codes that are not valid give
//! [`Verdict::Invalid`].
//!
//! Manuals: SEER, Multiple Primary and Histology Coding Rules 2007; Solid Tumor Rules 2018 with revisions to 2025;
//! Hematopoietic manual and database of 23 March 2026. Steps keep the manuals' numbers (M3, M4 …).

mod before_2007;
mod group;
mod hematopoietic;
mod mph_2007;
mod patient;
mod sequence;
mod sets;
mod solid_2018;
mod solid_2023;
mod solid_cns;
mod solid_head_neck;
mod step;
mod tumor;

pub use group::groups;
pub use patient::{Judgement, judge};
pub use sequence::{Lifetime, NoSequence, Renumbered, renumbered};
pub use tumor::Reported;

use group::{Group, group_of};
use step::Said;
use tumor::{Pair, Tumor};

/// What the rules say of two tumors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// One primary.
    Single,
    /// Two primaries.
    Multiple,
    /// A person must decide.
    Questionable,
    /// A code is not valid.
    Invalid,
}

impl Verdict {
    /// The name by which the official library calls it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Single => "SINGLE_PRIMARY",
            Verdict::Multiple => "MULTIPLE_PRIMARIES",
            Verdict::Questionable => "QUESTIONABLE",
            Verdict::Invalid => "INVALID_INPUT",
        }
    }
}

/// A verdict with where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Primaries {
    /// One or several.
    pub verdict: Verdict,
    /// The group of rules, when both tumors are of one.
    pub group: Option<&'static str>,
    /// The step that decided, as the manual counts it.
    pub step: Option<&'static str>,
}

/// Whether two tumors of a patient are one primary.
pub fn primaries(a: &Reported<'_>, b: &Reported<'_>, as_of_year: i32) -> Primaries {
    let without_group = |verdict| Primaries { verdict, group: None, step: None };
    let (Some(one), Some(other)) = (Tumor::read(a, as_of_year), Tumor::read(b, as_of_year)) else {
        return without_group(Verdict::Invalid);
    };
    let pair = Pair { a: one, b: other };
    let year = one.year.max(other.year);
    match (group_of(&one, year), group_of(&other, year)) {
        (None, None) if one == other && one.is_full_date() && matches!(one.laterality, Some(0..=5 | 9)) => {
            without_group(Verdict::Single)
        }
        (Some(group), Some(same)) if group.id == same.id => run(group, &pair),
        (Some(_), Some(_)) => without_group(Verdict::Multiple),
        _ => without_group(Verdict::Questionable),
    }
}

/// Goes through the steps of a group. What would hold if a date or side were known makes a different answer questionable.
fn run(group: &'static Group, pair: &Pair) -> Primaries {
    let decided = |verdict, step| Primaries { verdict, group: Some(group.id), step: Some(step) };
    let mut kept: Option<(Verdict, &'static str)> = None;
    for step in &group.steps {
        let Said { potential, answer } = (group.rules)(step, pair);
        for said in [potential, answer].into_iter().flatten() {
            match kept {
                Some((verdict, at)) if verdict != said => return decided(Verdict::Questionable, at),
                _ => {}
            }
            if potential == Some(said) && kept.is_none() {
                kept = Some((said, step));
            }
        }
        if let Some(verdict) = answer {
            return decided(verdict, step);
        }
    }
    // Every group ends with a step that answers.
    decided(Verdict::Questionable, kept.map_or("", |(_, at)| at))
}
