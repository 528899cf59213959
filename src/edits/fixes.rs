//! Values to choose: codes that would make a failure go.
//!
//! Nothing is guessed from the rule's text. Every code an item may hold is tried in its place; it is suggested if the edit
//! then passes and no edit that reads the item fails as an error that did not fail before. Items without a short list of
//! codes (dates, texts, sites, counts) have no suggestions.

use super::case::{Case, Schema, TumorCase};
use super::eval::{Surroundings, set_of};
use super::frame::Severity;
use super::message::label_in_words;
use super::run::{Failure, Plan};
use super::slots::Slot;
use crate::codes::surgery_table;
use crate::naaccr::value_sets::Completeness;
use crate::staging::Entry;

/// Items of a failure that are tried, from the first.
const ITEMS: usize = 3;
/// Codes that are tried of one item; an item with more has no short list to choose from.
const CODES: usize = 120;
/// Values that are suggested for one item.
const SHOWN: usize = 6;

/// A value that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The code; empty for a blank item.
    pub value: String,
    /// What it means in this case.
    pub meaning: String,
}

/// An item and the values that would make the failure go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The item to change.
    pub item: Slot,
    /// The values, in the order of its code list.
    pub values: Vec<Choice>,
    /// So many more would do.
    pub more: usize,
}

impl Plan<'_> {
    /// Values to choose for a failure of this case, by item, the failure's first item first.
    pub fn fixes<'a>(&self, case: &Case<'a>, with: &Surroundings<'a>, failure: &Failure) -> Vec<Fix> {
        // An item that is only absent takes any of its codes: there is nothing to choose for the person.
        if failure.kind == "required" {
            return Vec::new();
        }
        let flag = |slot: &&Slot| !failure.overrides.contains(slot) && !slot.id().starts_with("overRide");
        let items = failure.items.iter().filter(flag).take(ITEMS);
        items.filter_map(|item| self.fix(case, with, failure, *item)).collect()
    }

    fn fix<'a>(&self, case: &Case<'a>, with: &Surroundings<'a>, failure: &Failure, item: Slot) -> Option<Fix> {
        let tumor = failure.tumor.filter(|_| !item.is_of_patient());
        if tumor.is_none() && !item.is_of_patient() {
            return None;
        }
        let own = tumor.and_then(|at| case.tumors.get(at)).unwrap_or(&case.patient);
        let (before, present) = (self.recheck(case, with, tumor, item), own.value(item).text);
        let mut fix = Fix { item, values: Vec::new(), more: 0 };
        let listed = codes(own, item, with);
        // Blank is a value to choose only where the edit says that the item should be blank.
        let blank = [""].into_iter().filter(|_| should_be_blank(failure) && failure.items.first() == Some(&item));
        for code in listed.iter().copied().chain(blank).filter(|code| *code != present) {
            let changed = case.changed(tumor, item, code, with);
            let after = self.recheck(&changed, with, tumor, item);
            let again = |f: &Failure| is_same(f, failure) && f.items.first() == failure.items.first() && !f.over_ridden;
            let new_error = |f: &Failure| {
                f.severity == Severity::Error && !f.over_ridden && !before.iter().any(|old| is_same(old, f))
            };
            if after.iter().any(|f| again(f) || new_error(f)) {
                continue;
            }
            if fix.values.len() == SHOWN {
                fix.more += 1;
                continue;
            }
            let of = tumor.and_then(|at| changed.tumors.get(at)).unwrap_or(&changed.patient);
            let meaning = if code.is_empty() { "blank".to_owned() } else { label_in_words(of, item) };
            fix.values.push(Choice { value: code.to_owned(), meaning });
        }
        (!fix.values.is_empty()).then_some(fix)
    }
}

fn should_be_blank(failure: &Failure) -> bool {
    failure.edit.starts_with("year-range-") || matches!(&*failure.edit, "ssdi-not-in-schema" | "ssdi-year-introduced")
}

fn is_same(a: &Failure, b: &Failure) -> bool {
    a.edit == b.edit && a.tumor == b.tumor && a.other == b.other
}

/// The codes an item may hold in this tumor; empty when there is no short list.
fn codes<'a>(own: &TumorCase<'a>, item: Slot, with: &Surroundings<'a>) -> Vec<&'a str> {
    if item.is_date() {
        return vec![];
    }
    let mut codes: Vec<&'a str> = Vec::new();
    if matches!(item.id(), "rxSummSurgPrimSite" | "rxSummSurgPrimSite2023") {
        let year = own.dx_year.unwrap_or(0);
        let table = surgery_table(own.get("primarySite"), own.get("histologicTypeIcdO3"), year);
        codes.extend(table.iter().flat_map(|table| table.operations.iter().map(|operation| operation.code)));
    }
    if let (true, Schema::One(schema)) = (codes.is_empty(), own.schema(with))
        && let Some(input) = schema.inputs().find(|input| input.xml_id() == Some(item.id()))
        && let Some(table) = input.table()
    {
        let listed = table.choices(input.key());
        codes.extend(listed.iter().filter(|choice| choice.entry == Entry::Code).map(|choice| choice.code));
    }
    if codes.is_empty()
        && let Some(set) = set_of(item).filter(|set| set.completeness() == Completeness::Closed)
    {
        codes.extend(set.codes().iter().filter(|code| code.retired.is_none()).map(|code| code.code));
    }
    codes.dedup();
    if codes.len() > CODES {
        return vec![];
    }
    codes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dates::PartialDate;
    use crate::edits::{Library, PlanFor};
    use crate::naaccr::{RecordType, Version};

    fn fixes(edit: &str, patient: &[(&'static str, &'static str)], tumor: &[(&'static str, &'static str)]) -> Vec<Fix> {
        let library = Library::shipped();
        let set = library.set("all").unwrap();
        let plan = Plan::new(library, PlanFor { set, record_type: RecordType::A, version: Version::V260 });
        let with = Surroundings::shipped(PartialDate::of_day(2026, 6, 30).unwrap());
        let case = Case::new(patient.iter().copied(), [tumor.iter().copied()]);
        let failures = plan.check(&case, &with);
        plan.fixes(&case, &with, failures.iter().find(|f| f.edit == edit).unwrap())
    }

    fn values(fix: &Fix) -> Vec<&str> {
        fix.values.iter().map(|choice| &*choice.value).collect()
    }

    #[test]
    fn the_middle_lobe_is_right() {
        let lung = [("primarySite", "C342"), ("laterality", "2"), ("dateOfDiagnosis", "20240501")];
        let found = fixes("lat-middle-lobe-left", &[], &lung);
        assert_eq!((found[0].item.id(), values(&found[0])), ("laterality", vec!["1"]));
        assert_eq!(found[0].values[0].meaning, "Right (origin of primary)");
    }

    #[test]
    fn a_value_that_makes_another_error_is_not_suggested() {
        let male = [("sexAssignedAtBirth", "2")];
        let found = fixes("sex-site-male-organ-female", &male, &[("primarySite", "C619"), ("laterality", "0")]);
        let sex = found.iter().find(|fix| fix.item.id() == "sexAssignedAtBirth").unwrap();
        assert!(values(sex).contains(&"1") && !values(sex).contains(&"9") && !values(sex).contains(&"2"), "{sex:?}");
    }

    #[test]
    fn surgery_takes_its_choices_from_the_table_of_the_site() {
        let skin = [
            ("primarySite", "C445"),
            ("histologicTypeIcdO3", "8720"),
            ("behaviorCodeIcdO3", "3"),
            ("dateOfDiagnosis", "20080101"),
            ("rxSummSurgPrimSite", "40"),
        ];
        let found = fixes("surg-code-not-valid-for-site-2003", &[], &skin);
        assert!(values(&found[0]).iter().all(|code| *code != "40") && found[0].more > 5, "{found:?}");
    }
}
