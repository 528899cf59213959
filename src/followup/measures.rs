//! The two measures of a hospital's follow-up, over plain facts.
//!
//! Measure 1 counts patients diagnosed in the last fifteen years, measure 2 in the last five, both counted back from
//! the newest year of completed cases and never before the first accreditation date or, without one, the reference
//! date. A patient counts once. The lines are those of the report: T, less the exclusions, A eligible, B dead, C living,
//! D current, E lost, F followed; A = B + C, C = D + E, F = B + D.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::rules::{Exclusion, Months, PatientFacts, Switches, TumorFacts, Window, rate_day};
use crate::dates::{self, PartialDate};
use crate::registry::store::followup::DuePatient;

/// A measure of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "the lines of the report have these letters")]
pub struct Measure {
    /// First year of diagnosis that counts.
    pub from_year: i32,
    /// Share to be reached, in percent.
    pub target: i64,
    /// Patients in the window whose class is followed.
    pub T: i64,
    /// Of them taken out, by exclusion.
    pub excluded: BTreeMap<&'static str, i64>,
    /// Eligible.
    pub A: i64,
    /// Dead.
    pub B: i64,
    /// Living.
    pub C: i64,
    /// Living with a current contact.
    pub D: i64,
    /// Lost.
    pub E: i64,
    /// Followed.
    pub F: i64,
    /// Contacts that are missing until the target is reached.
    pub need: i64,
    /// Patients who fall out within 30, 60 and 90 days.
    pub fallout: BTreeMap<&'static str, i64>,
    #[serde(skip)]
    window: Window,
}

/// Years and targets of the two measures.
pub const WINDOWS: [(i32, i64); 2] = [(15, 80), (5, 90)];
const SPANS: [(&str, i64); 3] = [("30", 30), ("60", 60), ("90", 90)];

impl Measure {
    /// A measure over so many years before the newest completed year, not before the floor.
    pub fn begin(years: i32, target: i64, completed_year: i32, floor: Option<NaiveDate>) -> Measure {
        let first = NaiveDate::from_ymd_opt(completed_year - years, 1, 1);
        Measure {
            from_year: completed_year - years,
            target,
            T: 0,
            excluded: BTreeMap::new(),
            A: 0,
            B: 0,
            C: 0,
            D: 0,
            E: 0,
            F: 0,
            need: 0,
            fallout: SPANS.iter().map(|(key, _)| (*key, 0)).collect(),
            window: Window { from: first.max(floor), to: NaiveDate::from_ymd_opt(completed_year, 12, 31) },
        }
    }

    /// Counts a patient.
    pub fn add(
        &mut self,
        patient: &PatientFacts,
        tumors: &[TumorFacts],
        switches: Switches,
        months: Months,
        as_of: NaiveDate,
    ) {
        let Some(excluded) = self.exclusion(patient, tumors, switches, as_of) else { return };
        self.T += 1;
        if let Some(exclusion) = excluded {
            *self.excluded.entry(exclusion.code()).or_default() += 1;
            return;
        }
        self.A += 1;
        if patient.dead {
            self.B += 1;
        } else {
            self.C += 1;
            match months.is_current_for_rate(patient.last_contact, as_of) {
                true => self.D += 1,
                false => self.E += 1,
            }
            self.falls_out(patient, months, as_of);
        }
        self.F = self.B + self.D;
        self.need = ((self.target * self.A + 99) / 100 - self.F).max(0);
    }

    /// Outside the measure: none. Inside: the exclusion that takes the patient out, if one does. Class and window say
    /// who is inside.
    fn exclusion(
        &self,
        patient: &PatientFacts,
        tumors: &[TumorFacts],
        switches: Switches,
        as_of: NaiveDate,
    ) -> Option<Option<Exclusion>> {
        let only = Switches::only(&[Exclusion::F1, Exclusion::F7], switches);
        let judged = |t: &TumorFacts, on| super::rules::exclusion(patient, t, tumors, self.window, on, as_of);
        let mut found = None;
        for tumor in tumors.iter().filter(|t| judged(t, only).is_none()) {
            match judged(tumor, switches) {
                None => return Some(None),
                Some(exclusion) => found = Some(exclusion),
            }
        }
        found.map(Some)
    }

    fn falls_out(&mut self, patient: &PatientFacts, months: Months, as_of: NaiveDate) {
        let last = patient.last_contact.and_then(|date| dates::add_months(rate_day(date), months.lost));
        let Some(days) = last.map(|day| (day - as_of).num_days()).filter(|days| *days >= 0) else { return };
        for (key, span) in SPANS {
            if days < span {
                *self.fallout.entry(key).or_default() += 1;
            }
        }
    }
}

/// What the rules ask of a patient of a due list.
pub fn facts(patient: &DuePatient) -> (PatientFacts, Vec<TumorFacts>) {
    let items = &patient.items;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let bound = |day: Option<i64>| day.and_then(|d| i32::try_from(d).ok());
    let of_patient = PatientFacts {
        dead: items.value("vitalStatus") == "0",
        last_contact: PartialDate::parse(items.value("dateOfLastContact")).ok(),
        birth: PartialDate::parse(items.value("dateOfBirth")).ok(),
        country: items.value("addrCurrentCountry").into(),
    };
    let tumors = patient
        .tumors
        .iter()
        .map(|t| TumorFacts {
            class: text(&t.class),
            site: text(&t.site),
            histology: text(&t.histology),
            behavior: text(&t.behavior),
            diagnosed: bound(t.dx_low).zip(bound(t.dx_high)).and_then(|(l, h)| PartialDate::from_bounds(l, h)),
            summary_stage: text(&t.summary_stage),
            next_source: text(&t.next_source),
            reporting_source: text(&t.reporting_source),
            by_agreement: false,
        })
        .collect();
    (of_patient, tumors)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn patient(contact: &str, dead: bool, country: &str, birth: &str) -> PatientFacts {
        PatientFacts {
            dead,
            last_contact: PartialDate::parse(contact).ok(),
            birth: PartialDate::parse(birth).ok(),
            country: country.into(),
        }
    }

    /// Seven patients: one abroad, two over 100, four eligible: one dead, two current, one lost.
    #[test]
    fn the_lines_of_the_report_hold_together() {
        let as_of = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let mut measure = Measure::begin(15, 80, 2025, None);
        let tumor = TumorFacts {
            class: "14".into(),
            behavior: "3".into(),
            diagnosed: PartialDate::parse("2022").ok(),
            ..TumorFacts::default()
        };
        let people = [
            patient("20260110", false, "MEX", "1957"),
            patient("20240110", false, "USA", "1920"),
            patient("20240110", false, "USA", "1921"),
            patient("20230110", true, "USA", "1957"),
            patient("20260110", false, "USA", "1957"),
            patient("20250910", false, "USA", "1957"),
            patient("20240110", false, "USA", "1957"),
        ];
        for person in &people {
            measure.add(person, std::slice::from_ref(&tumor), Switches::default(), Months::default(), as_of);
        }
        let m = &measure;
        assert_eq!((m.T, m.excluded["F2"], m.excluded["F3"]), (7, 1, 2));
        assert_eq!((m.A, m.B, m.C, m.D, m.E, m.F), (4, 1, 3, 2, 1, 3));
        assert_eq!((m.A, m.C, m.F), (m.B + m.C, m.D + m.E, m.A - m.E));
        assert_eq!((m.need, m.fallout["30"], m.fallout["90"]), (1, 1, 1));
    }

    #[test]
    fn a_patient_outside_the_window_or_class_is_not_in_the_measure() {
        let as_of = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let mut measure = Measure::begin(5, 90, 2025, NaiveDate::from_ymd_opt(2021, 6, 1));
        for (class, year) in [("14", "2014"), ("00", "2022"), ("14", "20210101")] {
            let tumor = TumorFacts {
                class: class.into(),
                behavior: "3".into(),
                diagnosed: PartialDate::parse(year).ok(),
                ..TumorFacts::default()
            };
            let person = patient("20260110", false, "USA", "1957");
            measure.add(&person, &[tumor], Switches::default(), Months::default(), as_of);
        }
        assert_eq!(measure.T, 0);
    }
}
