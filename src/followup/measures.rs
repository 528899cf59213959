//! The two measures of a hospital's follow-up, over plain facts.
//!
//! Measure 1 counts patients diagnosed in the last fifteen years, measure 2 in the last five, both counted back from
//! the newest year of completed cases and never before the first accreditation date or, without one, the reference
//! date. A patient counts once. The lines are those of the report: T, less the exclusions, A eligible, B dead, C living,
//! D current, E lost, F followed; A = B + C, C = D + E, F = B + D.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::rules::{Exclusion, Months, PatientFacts, Switches, TumorFacts, Window, rate_day};
use crate::dates;
use crate::registry::store::followup::Traced;

/// A measure of a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "the lines of the report have these letters")]
pub struct Measure {
    /// First year of diagnosis that counts.
    pub from_year: i32,
    /// Last year.
    pub to_year: i32,
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
    /// The same lines with tumors as the unit.
    pub tumors: Lines,
    #[serde(skip)]
    window: Window,
}

/// The lines from A to F of another unit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[allow(non_snake_case, reason = "the lines of the report have these letters")]
pub struct Lines {
    /// Eligible.
    pub A: i64,
    /// Of the dead.
    pub B: i64,
    /// Of the living.
    pub C: i64,
    /// Of the living with a current contact.
    pub D: i64,
    /// Lost.
    pub E: i64,
    /// Followed.
    pub F: i64,
}

/// The years of diagnosis and the target of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windowed {
    from_year: i32,
    to_year: i32,
    target: i64,
    window: Window,
}

impl Windowed {
    /// From a year to a year, not before the floor.
    pub fn of(from_year: i32, to_year: i32, target: i64, floor: Option<NaiveDate>) -> Windowed {
        let first = NaiveDate::from_ymd_opt(from_year, 1, 1);
        let window = Window { from: first.max(floor), to: NaiveDate::from_ymd_opt(to_year, 12, 31) };
        Windowed { from_year, to_year, target, window }
    }

    /// The days of diagnosis.
    pub fn window(self) -> Window {
        self.window
    }
}

/// Both measures, and each group of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Measures 1 and 2.
    pub both: [Measure; 2],
    /// The measures of each group, by its key.
    pub groups: BTreeMap<String, [Measure; 2]>,
}

impl Counted {
    /// Nothing counted yet.
    pub fn begin(windows: [Windowed; 2]) -> Counted {
        Counted { both: windows.map(Measure::begin), groups: BTreeMap::new() }
    }

    /// Counts a patient in both.
    pub fn add(
        &mut self,
        patient: &PatientFacts,
        tumors: &[TumorFacts],
        switches: Switches,
        months: Months,
        as_of: NaiveDate,
    ) {
        self.both.iter_mut().for_each(|m| m.add(patient, tumors, switches, months, as_of));
    }

    /// Counts in the measures of a group.
    pub fn add_to(&mut self, key: &str, windows: [Windowed; 2], count: impl FnMut(&mut Measure)) {
        let group = self.groups.entry(key.to_string()).or_insert_with(|| windows.map(Measure::begin));
        group.iter_mut().for_each(count);
    }
}

const SPANS: [(&str, i64); 3] = [("30", 30), ("60", 60), ("90", 90)];

impl Measure {
    /// A measure of a window.
    pub fn begin(of: Windowed) -> Measure {
        Measure {
            from_year: of.from_year,
            to_year: of.to_year,
            target: of.target,
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
            tumors: Lines::default(),
            window: of.window,
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
        self.add_among(patient, tumors, tumors, switches, months, as_of);
    }

    /// Counts a patient by some of his tumors; whether one is the only malignancy is judged among all.
    pub fn add_among(
        &mut self,
        patient: &PatientFacts,
        tumors: &[TumorFacts],
        all: &[TumorFacts],
        switches: Switches,
        months: Months,
        as_of: NaiveDate,
    ) {
        let verdicts: Vec<Option<Option<Exclusion>>> =
            tumors.iter().map(|t| self.exclusion(patient, t, all, switches, as_of)).collect();
        let eligible: BTreeSet<i64> =
            tumors.iter().zip(&verdicts).filter(|(_, v)| **v == Some(None)).map(|(t, _)| t.tumor).collect();
        let Some(first) = verdicts.iter().flatten().next() else { return };
        self.T += 1;
        if eligible.is_empty() {
            if let Some(exclusion) = first {
                *self.excluded.entry(exclusion.code()).or_default() += 1;
            }
            return;
        }
        let units = i64::try_from(eligible.len()).unwrap_or(i64::MAX);
        self.A += 1;
        self.tumors.A += units;
        if patient.dead {
            self.B += 1;
            self.tumors.B += units;
        } else {
            self.C += 1;
            self.tumors.C += units;
            match months.is_current_for_rate(patient.last_contact, as_of) {
                true => (self.D, self.tumors.D) = (self.D + 1, self.tumors.D + units),
                false => (self.E, self.tumors.E) = (self.E + 1, self.tumors.E + units),
            }
            self.falls_out(patient, months, as_of);
        }
        self.F = self.B + self.D;
        self.tumors.F = self.tumors.B + self.tumors.D;
        self.need = ((self.target * self.A + 99) / 100 - self.F).max(0);
    }

    /// A line as a share of the eligible, in percent.
    pub fn share(&self, line: i64) -> f64 {
        if self.A == 0 { 0.0 } else { line as f64 * 100.0 / self.A as f64 }
    }

    /// The current among the living, in percent.
    pub fn living_share(&self) -> f64 {
        if self.C == 0 { 0.0 } else { self.D as f64 * 100.0 / self.C as f64 }
    }

    /// Outside the measure: none. Inside: the exclusion that takes the tumor out, if one does. Class and window say what is
    /// inside.
    fn exclusion(
        &self,
        patient: &PatientFacts,
        tumor: &TumorFacts,
        all: &[TumorFacts],
        switches: Switches,
        as_of: NaiveDate,
    ) -> Option<Option<Exclusion>> {
        let only = Switches::only(&[Exclusion::F1, Exclusion::F7], switches);
        let judged = |on| super::rules::exclusion(patient, tumor, all, self.window, on, as_of);
        judged(only).is_none().then(|| judged(switches))
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

/// What the rules ask of a patient as the store has him.
pub fn facts(patient: &Traced) -> (PatientFacts, Vec<TumorFacts>) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let of_patient = PatientFacts {
        dead: patient.vital_status == "0",
        last_contact: patient.contact,
        birth: patient.birth,
        country: patient.country.clone(),
    };
    let tumors = patient
        .tumors
        .iter()
        .map(|t| TumorFacts {
            tumor: t.tumor_id,
            class: text(&t.class),
            site: text(&t.site),
            histology: text(&t.histology),
            behavior: text(&t.behavior),
            diagnosed: t.diagnosed(),
            summary_stage: t.summary_stage().into(),
            next_source: t.next_source().into(),
            reporting_source: t.reporting_source().into(),
            by_agreement: false,
        })
        .collect();
    (of_patient, tumors)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::dates::PartialDate;

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
        let mut measure = Measure::begin(Windowed::of(2010, 2025, 80, None));
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
        let mut measure = Measure::begin(Windowed::of(2020, 2025, 90, NaiveDate::from_ymd_opt(2021, 6, 1)));
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
