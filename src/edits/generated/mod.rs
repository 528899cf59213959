//! The families of edits that follow from dictionaries, value sets, schemas and the required table, and need no file.
//!
//! They walk what is filled, so a record costs by its size and not by the number of rules: about three thousand rules
//! are asked at the price of two hundred.

mod between;
mod needed;
mod schema;
mod values;
mod years;

use super::case::{Case, TumorCase};
use super::eval::Surroundings;
use super::frame::Severity;
use super::required::{Requirement, Status, requirements};
use super::run::{Failure, PlanFor};
use super::slots::Slot;
use crate::naaccr::RecordType;

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
    standards: Vec<String>,
    record_type: RecordType,
    /// The rows of the set's standards, by item.
    required: Vec<Requirement>,
}

impl Maker {
    pub fn new(wanted: PlanFor<'_>) -> Maker {
        let asks = |row: &&Requirement| {
            row.status == Status::Required
                && wanted.set.required_by.iter().any(|name| name == row.standard)
                && row.item.item().record_types.contains(wanted.record_type)
        };
        let mut required: Vec<Requirement> = requirements().iter().filter(asks).copied().collect();
        required.sort_by_key(|row| row.item);
        Maker {
            families: wanted.set.made.clone(),
            standards: wanted.set.required_by.clone(),
            record_type: wanted.record_type,
            required,
        }
    }

    fn runs(&self, family: &str) -> bool {
        self.families.iter().any(|name| name == family || name == "all")
    }

    fn asked_by(&self, standard: &str) -> bool {
        self.standards.iter().any(|name| name == standard)
    }

    /// Checks a tumor, or the patient's own items.
    pub fn check(&self, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
        values::check(self, made, out);
        if self.runs("required") {
            needed::check(self, made, out);
        }
        if made.tumor.is_some() {
            if self.runs("year-range") {
                years::check(made, out);
            }
            if self.runs("schema-item") || self.runs("required") {
                schema::check(self, made, out);
            }
        }
    }

    pub fn check_between_tumors(&self, made: &Made<'_, '_>, out: &mut Vec<Failure>) {
        if self.runs("patient-equal") {
            between::check(made, out);
        }
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
