//! When a patient is due, when lost, and whom a registry does not trace.
//!
//! A living patient is due twelve months after the last contact and lost after fifteen; both numbers are settings. The
//! work list reads a date with unknown parts as its first possible day, so that nobody slips; the rate reads a month as
//! its last day and a year as 30 June (our rule). Exclusions are named F1 to F9, each can be switched off.

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use crate::dates::{self, PartialDate, Precision};

/// Months after the last contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Months {
    /// Until due.
    pub due: i32,
    /// Until lost.
    pub lost: i32,
}

impl Default for Months {
    fn default() -> Months {
        Months { due: 12, lost: 15 }
    }
}

/// How a patient stands on the work list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not yet due.
    Current,
    /// The due month is this month.
    Due,
    /// The due month has passed, and the patient is not lost yet.
    Grace,
    /// No contact for longer than the months until lost.
    Lost,
    /// Dead: no more letters.
    Closed,
}

/// The bounds of the work list on a day: last contacts as `YYYYMMDD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// A contact on this day or later is not yet due.
    pub due_before: i32,
    /// A contact on this day or later is due this month.
    pub month_from: i32,
    /// A contact before this day is lost.
    pub lost_before: i32,
}

impl Months {
    /// The bounds as of a day.
    pub fn bounds(self, as_of: NaiveDate) -> Bounds {
        let (from, before) = self.due_month(as_of);
        let lost = dates::add_months(as_of, -self.lost).unwrap_or(as_of);
        Bounds { due_before: before, month_from: from, lost_before: dates::day_number(lost) }
    }

    /// Which last contacts come due in the month of a day: first day, and first day that no longer does.
    pub fn due_month(self, day: NaiveDate) -> (i32, i32) {
        let first = day.with_day(1).unwrap_or(day);
        let from = dates::add_months(first, -self.due).unwrap_or(first);
        let before = dates::add_months(from, 1).unwrap_or(from);
        (dates::day_number(from), dates::day_number(before))
    }

    /// How a living patient of this last contact stands; none is due now.
    pub fn state(self, last_contact: Option<PartialDate>, dead: bool, as_of: NaiveDate) -> State {
        let bounds = self.bounds(as_of);
        match last_contact.map(PartialDate::first_day) {
            _ if dead => State::Closed,
            None => State::Due,
            Some(day) if day < bounds.lost_before => State::Lost,
            Some(day) if day < bounds.month_from => State::Grace,
            Some(day) if day < bounds.due_before => State::Due,
            Some(_) => State::Current,
        }
    }

    /// The day on which the patient comes due.
    pub fn due_on(self, last_contact: PartialDate) -> Option<NaiveDate> {
        dates::add_months(last_contact.first(), self.due)
    }

    /// The last day on which the patient still counts as current.
    pub fn falls_out_after(self, last_contact: PartialDate) -> Option<NaiveDate> {
        dates::add_months(last_contact.first(), self.lost)
    }

    /// Whether the rate counts a living patient as followed.
    pub fn is_current_for_rate(self, last_contact: Option<PartialDate>, as_of: NaiveDate) -> bool {
        let bound = dates::add_months(as_of, -self.lost).unwrap_or(as_of);
        last_contact.is_some_and(|date| rate_day(date) >= bound)
    }
}

/// The day the rate reads for a date of which parts may be unknown.
pub fn rate_day(date: PartialDate) -> NaiveDate {
    match date.precision() {
        Precision::Year => NaiveDate::from_ymd_opt(i32::from(date.year()), 6, 30).unwrap_or(date.last()),
        _ => date.last(),
    }
}

/// Complete months between the first possible day of a date and a day.
pub fn months_since(date: PartialDate, day: NaiveDate) -> i32 {
    let from = date.first();
    let months = (day.year() - from.year()) * 12 + day.month() as i32 - from.month() as i32;
    months - i32::from(dates::add_months(from, months).is_some_and(|reached| reached > day))
}

/// Why a tumor is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Exclusion {
    /// Class of case outside 10-14 and 20-22.
    F1,
    /// Lives abroad.
    F2,
    /// Over 100 and without contact for more than a year.
    F3,
    /// In situ of the cervix, the only malignancy.
    F4,
    /// Basal or squamous of the skin, in situ or localized.
    F5,
    /// Benign or borderline outside the central nervous system.
    F6,
    /// Diagnosed before the window or the reference date.
    F7,
    /// Known by autopsy or death certificate only.
    F8,
    /// Reportable by agreement only.
    F9,
}

impl Exclusion {
    /// Every one, in order.
    pub const ALL: [Exclusion; 9] = [
        Exclusion::F1,
        Exclusion::F2,
        Exclusion::F3,
        Exclusion::F4,
        Exclusion::F5,
        Exclusion::F6,
        Exclusion::F7,
        Exclusion::F8,
        Exclusion::F9,
    ];

    /// `F1`.
    pub fn code(self) -> &'static str {
        ["F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9"][self as usize]
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Exclusion::F1 => "nonanalytic",
            Exclusion::F2 => "foreign resident",
            Exclusion::F3 => "over 100",
            Exclusion::F4 => "in situ of cervix",
            Exclusion::F5 => "skin, in situ or localized",
            Exclusion::F6 => "benign or borderline",
            Exclusion::F7 => "diagnosed before the window",
            Exclusion::F8 => "autopsy or death certificate only",
            Exclusion::F9 => "by agreement only",
        }
    }
}

/// What the rules ask of a patient.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatientFacts {
    /// Item 1760 is 0.
    pub dead: bool,
    /// Item 1750.
    pub last_contact: Option<PartialDate>,
    /// Item 240.
    pub birth: Option<PartialDate>,
    /// Item 1832.
    pub country: String,
}

/// What the rules ask of a tumor, as one facility reports it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TumorFacts {
    /// Which tumor: several facilities may report one.
    pub tumor: i64,
    /// Item 610.
    pub class: String,
    /// Item 400.
    pub site: String,
    /// Item 522.
    pub histology: String,
    /// Item 523.
    pub behavior: String,
    /// Item 390.
    pub diagnosed: Option<PartialDate>,
    /// Item 764, else 759: summary stage; empty when unknown.
    pub summary_stage: String,
    /// Item 1800.
    pub next_source: String,
    /// Item 500: type of reporting source.
    pub reporting_source: String,
    /// A local mark: reportable by agreement only.
    pub by_agreement: bool,
}

/// Diagnosis days that count; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day.
    pub to: Option<NaiveDate>,
}

/// Which exclusions hold in a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    on: [bool; 9],
    benign_cns_too: bool,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches { on: [true; 9], benign_cns_too: false }
    }
}

impl Switches {
    /// Without one of them.
    pub fn without(mut self, off: Exclusion) -> Switches {
        self.on[off as usize] = false;
        self
    }

    /// With benign and borderline tumors of the central nervous system taken out as well.
    pub fn with_benign_cns_excluded(mut self) -> Switches {
        self.benign_cns_too = true;
        self
    }

    /// Only these, as far as they hold in `among`.
    pub fn only(these: &[Exclusion], among: Switches) -> Switches {
        let mut only = [false; 9];
        these.iter().for_each(|e| only[*e as usize] = among.has(*e));
        Switches { on: only, ..among }
    }

    /// It holds.
    pub fn has(self, exclusion: Exclusion) -> bool {
        self.on[exclusion as usize]
    }
}

/// Countries and territories that are not foreign.
const HOME_COUNTRIES: [&str; 8] = ["", "USA", "PRI", "GUM", "VIR", "ASM", "MNP", "UMI"];
/// Unknown countries: they exclude nobody.
const UNKNOWN_COUNTRIES: [&str; 3] = ["ZZU", "ZZX", "ZZN"];

/// The first exclusion that takes a tumor out; none means that it is followed.
pub fn exclusion(
    patient: &PatientFacts,
    tumor: &TumorFacts,
    all: &[TumorFacts],
    window: Window,
    switches: Switches,
    as_of: NaiveDate,
) -> Option<Exclusion> {
    let benign_cns_too = switches.benign_cns_too && switches.has(Exclusion::F6);
    Exclusion::ALL.into_iter().find(|e| {
        let benign_cns = *e == Exclusion::F6 && benign_cns_too && matches!(tumor.behavior.as_str(), "0" | "1");
        switches.has(*e) && (benign_cns || holds(*e, patient, tumor, all, window, as_of))
    })
}

/// The exclusion of a patient: none as long as one tumor is followed.
pub fn exclusion_of_patient(
    patient: &PatientFacts,
    all: &[TumorFacts],
    window: Window,
    switches: Switches,
    as_of: NaiveDate,
) -> Option<Exclusion> {
    let mut first = None;
    for tumor in all {
        first = Some(exclusion(patient, tumor, all, window, switches, as_of)?);
    }
    first
}

fn holds(
    exclusion: Exclusion,
    patient: &PatientFacts,
    tumor: &TumorFacts,
    all: &[TumorFacts],
    window: Window,
    as_of: NaiveDate,
) -> bool {
    let site = tumor.site.as_str();
    match exclusion {
        Exclusion::F1 => !is_followed_class(&tumor.class),
        Exclusion::F2 => {
            let country = patient.country.as_str();
            tumor.next_source == "8" || !(HOME_COUNTRIES.contains(&country) || UNKNOWN_COUNTRIES.contains(&country))
        }
        Exclusion::F3 => {
            let over_100 = patient.birth.is_some_and(|b| completed_years(b, as_of) > 100);
            let a_year_ago = dates::add_months(as_of, -12).unwrap_or(as_of);
            over_100 && patient.last_contact.is_none_or(|date| rate_day(date) < a_year_ago)
        }
        Exclusion::F4 => {
            site.starts_with("C53")
                && tumor.behavior == "2"
                && !all.iter().any(|t| t != tumor && t.tumor != tumor.tumor && matches!(t.behavior.as_str(), "2" | "3"))
        }
        Exclusion::F5 => {
            site.starts_with("C44")
                && tumor.histology.parse::<u16>().is_ok_and(|code| (8050..=8110).contains(&code))
                && matches!(tumor.summary_stage.as_str(), "" | "0" | "1" | "9")
        }
        Exclusion::F6 => matches!(tumor.behavior.as_str(), "0" | "1") && !is_central_nervous(site),
        Exclusion::F7 => tumor.diagnosed.is_some_and(|date| {
            window.from.is_some_and(|from| date.last() < from) || window.to.is_some_and(|to| date.first() > to)
        }),
        Exclusion::F8 => {
            matches!(tumor.class.as_str(), "38" | "49") || matches!(tumor.reporting_source.as_str(), "6" | "7")
        }
        Exclusion::F9 => tumor.by_agreement,
    }
}

/// Class of case 10-14 or 20-22: the tumors a hospital traces.
pub fn is_followed_class(class: &str) -> bool {
    matches!(class.parse::<u8>(), Ok(10..=14 | 20..=22))
}

fn is_central_nervous(site: &str) -> bool {
    matches!(site.get(..3), Some("C70" | "C71" | "C72")) || matches!(site, "C751" | "C752" | "C753")
}

fn completed_years(birth: PartialDate, day: NaiveDate) -> i32 {
    let born = birth.last();
    day.year() - born.year() - i32::from((day.month(), day.day()) < (born.month(), born.day()))
}

/// How a patient counts in a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Followed: dead, or alive with a contact young enough.
    Success,
    /// Lost.
    Failure,
    /// Not in the measure.
    NotCounted,
}

/// How a patient counts in the measure of a window.
pub fn counts(
    patient: &PatientFacts,
    all: &[TumorFacts],
    window: Window,
    switches: Switches,
    months: Months,
    as_of: NaiveDate,
) -> Counts {
    if all.is_empty() || exclusion_of_patient(patient, all, window, switches, as_of).is_some() {
        return Counts::NotCounted;
    }
    match patient.dead || months.is_current_for_rate(patient.last_contact, as_of) {
        true => Counts::Success,
        false => Counts::Failure,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn date(text: &str) -> Option<PartialDate> {
        PartialDate::parse(text).ok()
    }

    fn window(from_year: i32) -> Window {
        Window { from: NaiveDate::from_ymd_opt(from_year, 1, 1), to: NaiveDate::from_ymd_opt(2025, 12, 31) }
    }

    /// A row: vital status, last contact, birth, country, tumors as class/site/histology/behavior/year, then what is
    /// expected as of 2026-11-22: state, exclusion, measure 1 (2010-2025), measure 2 (2020-2025).
    const ROWS: &str = "\
1|1|20260110|19570101|USA|14/C504/8500/3/2022|current||success|success
2|1|20251122|19570101|USA|14/C504/8500/3/2022|due||success|success
3|1|20250822|19570101|USA|14/C504/8500/3/2022|grace||success|success
4|1|20250821|19570101|USA|14/C504/8500/3/2022|lost||failure|failure
5|0|20230501|19570101|USA|14/C504/8500/3/2022|closed||success|success
6|1|20260110|19570101|USA|00/C504/8500/3/2022|current|F1|not_counted|not_counted
7|1|20260110|19570101|MEX|14/C504/8500/3/2022|current|F2|not_counted|not_counted
8|1|20250101|19250101|USA|14/C504/8500/3/2022|lost|F3|not_counted|not_counted
9|1|20260110|19570101|USA|14/C539/8077/2/2022|current|F4|not_counted|not_counted
10|1|20260601|19570101|USA|14/C504/8500/3/2008|current||not_counted|not_counted
11|1|20240101|19570101|USA|14/C504/8500/3/2014|lost||failure|not_counted
12|1|20260110|19570101|USA|14/C504/8500/3/2022 33/C619/8140/3/2022|current||success|success
13|1|202508|19570101|USA|14/C504/8500/3/2022|lost||success|success
14|1||19570101|USA|14/C504/8500/3/2022|due||failure|failure
15|1|20260110|19570101|USA|14/C710/9530/0/2022|current||success|success
16|1|20260110|19570101|USA|14/C739/8330/1/2022|current|F6|not_counted|not_counted
17|1|20260110|19570101|USA|14/C443/8070/3/2022|current|F5|not_counted|not_counted
18|1|20260110|19570101|USA|14/C539/8077/2/2022 14/C504/8500/3/2022|current||success|success
";

    #[test]
    fn the_table_of_cases_is_met() {
        let as_of = day("2026-11-22");
        for row in ROWS.lines() {
            let cells: Vec<&str> = row.split('|').collect();
            let patient = PatientFacts {
                dead: cells[1] == "0",
                last_contact: date(cells[2]),
                birth: date(cells[3]),
                country: cells[4].into(),
            };
            let tumors: Vec<TumorFacts> = cells[5]
                .split(' ')
                .map(|t| {
                    let t: Vec<&str> = t.split('/').collect();
                    TumorFacts {
                        class: t[0].into(),
                        site: t[1].into(),
                        histology: t[2].into(),
                        behavior: t[3].into(),
                        diagnosed: date(t[4]),
                        ..TumorFacts::default()
                    }
                })
                .collect();
            let (months, on) = (Months::default(), Switches::default());
            let state = months.state(patient.last_contact, patient.dead, as_of);
            let excluded = exclusion_of_patient(&patient, &tumors, Window::default(), on, as_of);
            let measure = |from| {
                let counted = counts(&patient, &tumors, window(from), on, months, as_of);
                serde_json::to_value(counted).unwrap().as_str().unwrap().to_string()
            };
            let found = format!(
                "{}|{}|{}|{}",
                serde_json::to_value(state).unwrap().as_str().unwrap(),
                excluded.map_or("", Exclusion::code),
                measure(2010),
                measure(2020)
            );
            assert_eq!(found, cells[6..].join("|"), "row {}", cells[0]);
        }
    }

    #[test]
    fn an_exclusion_that_is_switched_off_takes_nobody_out() {
        let patient = PatientFacts { country: "MEX".into(), ..PatientFacts::default() };
        let tumor = TumorFacts { class: "14".into(), behavior: "3".into(), ..TumorFacts::default() };
        let all = [tumor.clone()];
        let on = Switches::default();
        let found = |switches| exclusion(&patient, &tumor, &all, Window::default(), switches, day("2026-11-22"));
        assert_eq!(found(on), Some(Exclusion::F2));
        assert_eq!(found(on.without(Exclusion::F2)), None);
    }

    #[test]
    fn due_and_lost_keep_to_the_end_of_short_months() {
        let months = Months::default();
        assert_eq!(months.due_on(date("20240229").unwrap()), Some(day("2025-02-28")));
        assert_eq!(months.falls_out_after(date("20241130").unwrap()), Some(day("2026-02-28")));
    }

    #[test]
    fn bounds_are_those_of_single_patients() {
        let as_of = day("2026-11-22");
        let bounds = Months::default().bounds(as_of);
        assert_eq!(bounds, Bounds { due_before: 20251201, month_from: 20251101, lost_before: 20250822 });
    }

    #[test]
    fn months_since_are_complete_months() {
        assert_eq!(months_since(date("20250829").unwrap(), day("2026-11-23")), 14);
        assert_eq!(months_since(date("20250823").unwrap(), day("2026-11-23")), 15);
        assert_eq!(months_since(date("202508").unwrap(), day("2026-11-01")), 15);
    }
}
