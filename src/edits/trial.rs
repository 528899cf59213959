//! Tries an edit on its tests.
//!
//! A test names the items that matter. Where it says nothing of the date of diagnosis and the edit has years, it is
//! run on the fifteenth of June of the first of them (of the last, if they have no first).

use super::case::Case;
use super::eval::{Frame, Surroundings};
use super::frame::{Edit, Scope, Trial};
use crate::dates::PartialDate;
use crate::staging::Algorithm;

/// The day tests are run for unless they name another.
pub const TRIAL_DAY: &str = "20260630";

/// What came of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trialed {
    /// Number of the test in its edit, from 1.
    pub number: usize,
    /// Its line.
    pub line: usize,
    /// Whether the edit did what the test says.
    pub agrees: bool,
    /// What happened, in words.
    pub message: String,
}

/// Whether the edit fails on the test's case; an error says what the test has wrong.
pub(crate) fn fails_on(edit: &Edit, trial: &Trial) -> Result<bool, String> {
    let day = trial.as_of.as_deref().unwrap_or(TRIAL_DAY);
    let as_of = PartialDate::parse(day).map_err(|bad| format!("as_of {day}: {bad}"))?;
    let mut with = Surroundings::shipped(as_of);
    with.settings.extend(trial.settings.iter().cloned());
    let date = edit.years.first.or(edit.years.last).map(|year| format!("{year}0615"));
    let dated = |items: &'_ [(String, String)]| {
        let needs = !items.iter().any(|(id, _)| id == "dateOfDiagnosis");
        date.as_deref().filter(|_| needs).map(|date| ("dateOfDiagnosis".to_owned(), date.to_owned()))
    };
    let tumors: Vec<Vec<(String, String)>> =
        trial.tumors.iter().map(|items| items.iter().cloned().chain(dated(items)).collect()).collect();
    let mut case = Case::new(pairs(&trial.patient), tumors.iter().map(|items| pairs(items)));
    if let Some(id) = &trial.schema {
        let schema = Algorithm::Eod.shipped().schema(id);
        if schema.is_none() && id != "none" {
            return Err(format!("{id} is no schema of EOD {}", Algorithm::Eod.shipped().version()));
        }
        case = case.map_tumors(|_, tumor| tumor.with_schema(schema));
    }
    let stranger = case.tumors.iter().chain([&case.patient]).flat_map(|t| &t.strangers).next();
    if let Some(stranger) = stranger {
        return Err(format!("{} is no item", stranger.id));
    }
    let over_ridden = |own: &super::case::TumorCase<'_>| {
        edit.overrides.iter().any(|over| {
            let value = own.value(over.flag);
            !value.is_blank() && over.values.as_ref().is_none_or(|values| values.holds(value))
        })
    };
    let frame = |own, other| Frame { own, other, case: &case, with: &with, no_blanks: false };
    let fails = |own, other| {
        let frame = frame(own, other);
        frame.ask(&edit.when) == Some(true) && frame.ask(&edit.fail) == Some(true)
    };
    Ok(match edit.level {
        Scope::Patient => fails(&case.patient, None),
        Scope::Tumor => {
            case.tumors.iter().any(|tumor| edit.years.hold(tumor.dx_year) && fails(tumor, None) && !over_ridden(tumor))
        }
        Scope::Pair => {
            let all = &case.tumors;
            let apart =
                |a: usize, b: usize| a != b && edit.years.hold(all[a].dx_year) && edit.years.hold(all[b].dx_year);
            (0..all.len()).any(|a| {
                (0..all.len()).any(|b| {
                    apart(a, b) && fails(&all[a], Some(&all[b])) && !over_ridden(&all[a]) && !over_ridden(&all[b])
                })
            })
        }
    })
}

/// Tries an edit on all its tests.
pub fn try_edit(edit: &Edit) -> Vec<Trialed> {
    let one = |trial: &Trial| {
        let (agrees, message) = match fails_on(edit, trial) {
            Ok(failed) if failed == trial.must_fail => (true, String::new()),
            Ok(true) => (false, "the edit fails on a case it must let pass".to_owned()),
            Ok(false) => (false, "the edit lets a case pass on which it must fail".to_owned()),
            Err(message) => (false, message),
        };
        Trialed { number: trial.number, line: trial.line, agrees, message }
    };
    edit.trials.iter().map(one).collect()
}

fn pairs(items: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    items.iter().map(|(id, value)| (id.as_str(), value.as_str()))
}
