//! One line for one cause: failures of several agencies that say the same of the same items.
//!
//! Two failures have one cause when they are of the same tumor, tell the registrar to look at the same item first, and one
//! reads what the other reads (over-ride flags and the date of diagnosis aside). The gravest stands for them, and
//! of equal ones the one that reads the most; the agencies of all are its tags.

use super::library::Library;
use super::run::Failure;
use super::slots::Slot;

/// A cause: the failure that is shown and those that say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Place of the failure that is shown.
    pub shown: usize,
    /// Places of those that say the same.
    pub same: Vec<usize>,
    /// Who asks, the shown one's agency first.
    pub agencies: Vec<String>,
}

impl Failure {
    /// Whose rule failed; the program's own families are NAACCR's, those of schemas SEER's.
    pub fn agency<'l>(&self, library: &'l Library) -> &'l str {
        match (library.edit(&self.edit), &*self.family) {
            (Some(edit), _) => &edit.agency,
            (None, "ssdi" | "eod" | "grade") => "SEER",
            (None, "override-misuse" | "unknown-item") => "AX",
            (None, _) => "NAACCR",
        }
    }

    fn what(&self) -> Vec<Slot> {
        let flags = |slot: &&Slot| !slot.id().starts_with("overRide") && **slot != Slot::date_of_diagnosis();
        self.items.iter().filter(flags).copied().collect()
    }
}

/// The causes of failures, in the order in which the shown ones stand.
pub fn causes(failures: &[Failure], library: &Library) -> Vec<Cause> {
    let what: Vec<Vec<Slot>> = failures.iter().map(Failure::what).collect();
    let mut order: Vec<usize> = (0..failures.len()).collect();
    order.sort_by_key(|n| (failures[*n].severity, std::cmp::Reverse(what[*n].len()), *n));
    let mut causes: Vec<Cause> = Vec::new();
    for n in order {
        let (one, its) = (&failures[n], &what[n]);
        let belongs = |cause: &&mut Cause| {
            let (shown, shows) = (&failures[cause.shown], &what[cause.shown]);
            (shown.tumor, shown.other, shown.kind == "required") == (one.tumor, one.other, one.kind == "required")
                && !its.is_empty()
                && its.first() == shows.first()
                && its.iter().all(|slot| shows.contains(slot))
        };
        let agency = one.agency(library).to_owned();
        match causes.iter_mut().find(belongs) {
            Some(cause) => {
                cause.same.push(n);
                if !cause.agencies.contains(&agency) {
                    cause.agencies.push(agency);
                }
            }
            None => causes.push(Cause { shown: n, same: Vec::new(), agencies: vec![agency] }),
        }
    }
    causes.sort_by_key(|cause| cause.shown);
    causes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dates::PartialDate;
    use crate::edits::{Case, Plan, PlanFor, Severity, Surroundings};
    use crate::naaccr::{RecordType, Version};

    fn told(items: &[(&'static str, &'static str)]) -> Vec<(String, Vec<String>, Vec<String>)> {
        let library = Library::shipped();
        let plan = Plan::new(
            library,
            PlanFor { set: library.set("all").unwrap(), record_type: RecordType::A, version: Version::V260 },
        );
        let with = Surroundings::shipped(PartialDate::of_day(2026, 6, 30).unwrap());
        let mut failures = plan.check(&Case::new([], [items.iter().copied()]), &with);
        failures.retain(|failure| failure.severity == Severity::Error && failure.kind != "required");
        let id = |n: &usize| failures[*n].edit.to_string();
        causes(&failures, library)
            .iter()
            .map(|c| (id(&c.shown), c.same.iter().map(id).collect(), c.agencies.clone()))
            .collect()
    }

    #[test]
    fn what_two_agencies_say_of_site_and_histology_is_one_line_with_both() {
        let ovary = [
            ("primarySite", "C569"),
            ("histologicTypeIcdO3", "8046"),
            ("behaviorCodeIcdO3", "3"),
            ("dateOfDiagnosis", "20191222"),
        ];
        let told = told(&ovary);
        let line = told.iter().find(|line| line.0.starts_with("site-hist-not-on-")).unwrap();
        assert_eq!((line.1.len(), line.2.len()), (1, 2), "{told:?}");
        assert!(line.2.contains(&"SEER".to_owned()) && line.2.contains(&"COC".to_owned()));
    }

    #[test]
    fn different_items_stay_apart() {
        let lung = [
            ("primarySite", "C342"),
            ("laterality", "2"),
            ("regionalNodesPositive", "05"),
            ("regionalNodesExamined", "02"),
            ("dateOfDiagnosis", "20200101"),
        ];
        let told = told(&lung);
        assert!(told.iter().any(|line| line.0 == "lat-middle-lobe-left" && line.1.is_empty()), "{told:?}");
        assert!(told.len() > 1, "{told:?}");
    }
}
