//! The families of edits that follow from dictionaries, value sets, schemas and the required table, and need no file.
//!
//! They walk what is filled, so a record costs by its size and not by the number of rules: about three thousand rules
//! are asked at the price of two hundred.

mod values;

use super::case::{Case, TumorCase};
use super::eval::Surroundings;
use super::frame::Severity;
use super::run::{Failure, PlanFor};
use super::slots::Slot;
use crate::naaccr::Version;

/// What is checked: a tumor, or the patient's own items.
pub(crate) struct Made<'c, 'a> {
    pub case: &'c Case<'a>,
    pub with: &'c Surroundings<'a>,
    pub tumor: Option<usize>,
    pub own: &'c TumorCase<'a>,
}

/// Runs the families a set asks for.
#[derive(Debug)]
pub(crate) struct Maker {
    families: Vec<String>,
    version: Version,
}

impl Maker {
    pub fn new(wanted: PlanFor<'_>) -> Maker {
        Maker { families: wanted.set.made.clone(), version: wanted.version }
    }

    fn runs(&self, family: &str) -> bool {
        self.families.iter().any(|name| name == family || name == "all")
    }

    pub fn check(&self, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
        values::check(self, made, out);
    }

    pub fn check_between_tumors(&self, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
        let _ = (made, out);
    }
}

/// A failure of a generated edit about one item.
fn failure(edit: String, family: &'static str, made: &Made<'_, '_>, slot: Slot, message: String) -> Failure {
    Failure {
        edit: edit.into(),
        family: family.into(),
        kind: "field format".into(),
        severity: Severity::Error,
        items: vec![slot],
        stranger: None,
        tumor: made.tumor,
        other: None,
        message,
        overrides: Vec::new(),
        over_ridden: false,
    }
}
