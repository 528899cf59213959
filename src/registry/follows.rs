//! Values of other items that follow from what was just typed: age, laterality of sites without sides, behavior of
//! histologies with one, the accreditation flag of a class.
//!
//! A value that follows is written only where nothing stands or where the same rule wrote what stands; what a person
//! typed or a file brought is never replaced. Each comes with its reason for the history.

use crate::codes::{behaviors_of, site};
use crate::dates::PartialDate;
use crate::registry::change::Change;
use crate::registry::record::Record;

/// A value with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follows {
    /// Item and value.
    pub change: Change,
    /// Why.
    pub why: &'static str,
}

/// What follows from changed items of an abstract; `before` is the abstract as it was.
pub fn follows(patient: &Record, before: &Record, items: &Record, accredited: bool) -> Vec<Follows> {
    let mut found = Vec::new();
    let mut put = |id: &str, value: Option<String>, earlier: Option<String>, why: &'static str| {
        let Some(value) = value else { return };
        let stands = items.value(id);
        if stands != value && (stands.is_empty() || earlier.as_deref() == Some(stands)) {
            found.push(Follows { change: Change::new(id, &value), why });
        }
    };
    put("ageAtDiagnosis", age(patient, items), age(patient, before), "complete years from birth to diagnosis");
    put("laterality", sideless(items), sideless(before), "the primary site has no sides");
    put("behaviorCodeIcdO3", behavior(items), behavior(before), "the only behavior of this histology");
    put("cocAccreditedFlag", flag(items, accredited), flag(before, accredited), "follows the class of case");
    found
}

fn age(patient: &Record, items: &Record) -> Option<String> {
    let birth = PartialDate::parse(patient.value("dateOfBirth")).ok()?;
    let diagnosis = PartialDate::parse(items.value("dateOfDiagnosis")).ok()?;
    let age = birth.age_on(diagnosis)?;
    (age.low == age.high).then(|| format!("{:03}", age.low))
}

fn sideless(items: &Record) -> Option<String> {
    let year = items.value("dateOfDiagnosis").get(..4).and_then(|year| year.parse().ok());
    (!site(items.value("primarySite"))?.is_paired(year)).then(|| "0".to_string())
}

fn behavior(items: &Record) -> Option<String> {
    match behaviors_of(items.value("histologicTypeIcdO3")) {
        [only] => Some(only.behavior.to_string()),
        _ => None,
    }
}

fn flag(items: &Record, accredited: bool) -> Option<String> {
    let class = items.value("classOfCase");
    let flag = match (accredited, class.parse::<u8>()) {
        (_, Err(_)) | (_, Ok(49)) => return None,
        (false, _) => "0",
        (true, Ok(10..=22)) => "1",
        (true, _) => "2",
    };
    Some(flag.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn record(items: &[(&str, &str)]) -> Record {
        let mut record = Record::new();
        items.iter().for_each(|(id, value)| {
            record.set(id, value);
        });
        record
    }

    fn found(before: &[(&str, &str)], items: &[(&str, &str)]) -> Vec<(String, String)> {
        let patient = record(&[("dateOfBirth", "19680311")]);
        let found = follows(&patient, &record(before), &record(items), true);
        found.into_iter().map(|f| (f.change.item, f.change.value)).collect()
    }

    #[test]
    fn what_follows_is_written_where_nothing_stands() {
        let items = [("dateOfDiagnosis", "20260101"), ("primarySite", "C619"), ("classOfCase", "14")];
        let expected = [("ageAtDiagnosis", "057"), ("laterality", "0"), ("cocAccreditedFlag", "1")];
        assert_eq!(found(&[], &items), expected.map(|(id, value)| (id.to_string(), value.to_string())));
        assert!(found(&[], &[("primarySite", "C504")]).is_empty());
    }

    #[test]
    fn a_typed_value_stays_and_one_of_ours_follows() {
        let typed = [("primarySite", "C619"), ("laterality", "9")];
        assert!(found(&[("primarySite", "C504"), ("laterality", "9")], &typed).is_empty());
        let before = [("dateOfDiagnosis", "20260101"), ("ageAtDiagnosis", "057")];
        let after = [("dateOfDiagnosis", "20260401"), ("ageAtDiagnosis", "057")];
        assert_eq!(found(&before, &after), [("ageAtDiagnosis".to_string(), "058".to_string())]);
        let other = [("dateOfDiagnosis", "20260401"), ("ageAtDiagnosis", "060")];
        assert!(found(&[("dateOfDiagnosis", "20260101"), ("ageAtDiagnosis", "060")], &other).is_empty());
    }
}
