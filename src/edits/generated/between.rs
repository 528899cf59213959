//! Items of the patient that differ from tumor to tumor.
//!
//! In a file such an item stands once. Records of several facilities, and cases given tumor by tumor, can disagree.

use super::{Made, failure};
use crate::dates::PartialDate;
use crate::edits::run::Failure;
use crate::edits::slots::Slot;

/// Items whose disagreement has an edit of its own in the library.
const OWN_EDIT: [&str; 16] = [
    "dateOfBirth",
    "sex",
    "sexAssignedAtBirth",
    "socialSecurityNumber",
    "dateOfLastContact",
    "causeOfDeath",
    "birthplaceState",
    "birthplaceCountry",
    "spanishHispanicOrigin",
    "vitalStatus",
    "race1",
    "race2",
    "race3",
    "race4",
    "race5",
    "nameLast",
];

pub(super) fn check(made: &Made<'_, '_>, out: &mut Vec<Failure>) {
    let tumors = &made.case.tumors;
    let mut seen: Vec<Slot> = Vec::new();
    for (n, tumor) in tumors.iter().enumerate() {
        for (slot, value) in tumor.filled.iter().filter(|(slot, _)| slot.is_of_patient()) {
            if seen.contains(slot) || OWN_EDIT.contains(&slot.id()) {
                continue;
            }
            let other = tumors[..n].iter().map(|other| other.value(*slot).text).find(|text| differ(*slot, text, value));
            if let Some(other) = other {
                seen.push(*slot);
                let message = format!("{} is {} for one tumor and {other} for another.", slot.label(), value.trim());
                let mut one = failure(format!("patient-equal-{}", slot.id()), "patient-equal", made, *slot, message);
                one.kind = "inter-record".into();
                out.push(one);
            }
        }
    }
}

fn differ(slot: Slot, a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    if a.is_empty() || b.is_empty() {
        return false;
    }
    match (slot.is_date(), PartialDate::parse(a), PartialDate::parse(b)) {
        (true, Ok(a), Ok(b)) => a.certainly_before(b) || a.certainly_after(b),
        _ => a != b,
    }
}
