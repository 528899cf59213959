//! Survival time of all tumors of a patient: SEER algorithm, version 2.2, with days.
//!
//! In: the dates of the patient and of each tumor, the last year of the study, and the year that counts as now. Out: for
//! each tumor its place in time and two measures: to the end of active follow-up, and presumed alive (a patient not known
//! to be dead lives to the end of the study). Missing days and months are placed in the middle of what the other
//! dates of the patient leave open; a flag says how sure the length is. Nothing is refused: what cannot be computed
//! is 9999 months, 99999 days, flag 9.
//!
//! Rule: SEER, "Calculating survival time", with the notes of NAACCR items 1782-1788.

use super::day::{Compared, DateParts, calendar_day, day_number, days_in_month, sequence_number};

/// Days of a month of survival.
pub const DAYS_A_MONTH: f64 = 365.24 / 12.0;

/// A tumor as the algorithm needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimedTumor<'a> {
    /// `dateOfDiagnosis`.
    pub diagnosis: &'a str,
    /// `sequenceNumberCentral`.
    pub sequence: &'a str,
    /// `typeOfReportingSource`.
    pub source: &'a str,
}

/// A patient as the algorithm needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Followed<'a> {
    /// `dateOfBirth`.
    pub birth: &'a str,
    /// `dateOfLastContact`.
    pub last_contact: &'a str,
    /// `vitalStatus`.
    pub vital_status: &'a str,
}

/// One of the two measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// The end as a number `YYYYMMDD`, when known.
    pub end: Option<i32>,
    /// 0 no time, 1 some, 2 not sure and maybe none, 3 not sure but some, 8 death certificate or autopsy alone, 9 unknown.
    pub flag: u8,
    /// Whole months.
    pub months: Option<u16>,
    /// Days.
    pub days: Option<i32>,
}

const UNKNOWN: Measure = Measure { end: None, flag: 9, months: None, days: None };

/// What is computed for a tumor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TumorSurvival {
    /// Place in the order of the patient's tumors, from 1.
    pub record_number: usize,
    /// Diagnosis with filled parts; nothing for a tumor that cannot be placed in time.
    pub diagnosis: Option<DateParts>,
    /// To the end of active follow-up.
    pub active: Measure,
    /// Presumed alive.
    pub presumed_alive: Measure,
}

/// What is computed for a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survival {
    /// 1 alive at the end of the study.
    pub vital_status: Option<String>,
    /// Each tumor, in the order given.
    pub tumors: Vec<TumorSurvival>,
}

#[derive(Debug, Clone, Copy)]
struct Tumor {
    given: usize,
    sequence: i32,
    /// As known.
    known: DateParts,
    /// Missing parts filled by the pass at hand.
    filled: DateParts,
    usable: bool,
    at_death_only: bool,
}

/// Survival time of a patient's tumors.
pub fn survival(patient: Followed<'_>, tumors: &[TimedTumor<'_>], cutoff_year: i32, as_of_year: i32) -> Survival {
    let mut last = DateParts::read(patient.last_contact);
    if last.year.is_some_and(|year| year < 1900 || year > as_of_year) {
        last = DateParts::default();
    }
    let last = last.in_calendar();
    let after = last.year.is_some_and(|year| year > cutoff_year);
    let vital_status = match (patient.vital_status, after) {
        (_, true) => Some("1".to_owned()),
        ("", _) => None,
        (status, false) => Some(status.to_owned()),
    };
    let mut read: Vec<Tumor> = tumors
        .iter()
        .enumerate()
        .map(|(given, tumor)| {
            let mut known = DateParts::read(tumor.diagnosis);
            let usable = known.year.is_some_and(|year| (1900..=cutoff_year).contains(&year));
            if usable {
                known = known.in_calendar();
            }
            Tumor {
                given,
                sequence: sequence_number(tumor.sequence),
                known,
                filled: known,
                usable,
                at_death_only: matches!(tumor.source, "6" | "7"),
            }
        })
        .collect();
    in_order(&mut read);
    let nothing = TumorSurvival { record_number: 0, diagnosis: None, active: UNKNOWN, presumed_alive: UNKNOWN };
    let mut out = vec![nothing; tumors.len()];
    for (place, tumor) in read.iter().enumerate() {
        if let Some(of_tumor) = out.get_mut(tumor.given) {
            of_tumor.record_number = place + 1;
        }
    }
    let ends = Ends { last, birth: DateParts::read(patient.birth).in_calendar(), cutoff_year };
    let mut usable: Vec<Tumor> = read.into_iter().filter(|tumor| tumor.usable).collect();
    if last.year.is_some() {
        pass(&mut usable, &ends, false, &mut out, |tumor| &mut tumor.active);
    }
    if last.year.is_some() || patient.vital_status == "1" {
        pass(&mut usable, &ends, patient.vital_status == "1", &mut out, |tumor| &mut tumor.presumed_alive);
    }
    for tumor in &usable {
        let Some(of_tumor) = out.get_mut(tumor.given) else { continue };
        of_tumor.diagnosis = Some(tumor.filled);
        if tumor.at_death_only {
            for measure in [&mut of_tumor.active, &mut of_tumor.presumed_alive] {
                *measure = Measure { flag: 8, months: None, days: None, ..*measure };
            }
        }
    }
    Survival { vital_status, tumors: out }
}

fn compact(date: DateParts) -> Option<i32> {
    Some(date.year? * 10_000 + date.month? * 100 + date.day?)
}

/// Puts tumors in order: full dates first, then each with a missing part at the place that its known parts and its
/// sequence number leave.
fn in_order(tumors: &mut Vec<Tumor>) {
    if tumors.len() < 2 {
        return;
    }
    let by_date = |a: &Tumor, b: &Tumor| a.known.compare(a.sequence, b.known, b.sequence);
    let missing = |tumor: &Tumor| match (tumor.known.year, tumor.known.month, tumor.known.day) {
        (None, _, _) => 3,
        (_, None, _) => 2,
        (_, _, None) => 1,
        _ => 0,
    };
    let mut batches: [Vec<Tumor>; 4] = Default::default();
    for tumor in tumors.drain(..) {
        if let Some(batch) = batches.get_mut(missing(&tumor)) {
            batch.push(tumor);
        }
    }
    for (at, mut batch) in batches.into_iter().enumerate() {
        stable_sort(&mut batch, by_date);
        if at == 0 {
            *tumors = batch;
            continue;
        }
        for tumor in batch {
            let place = place_of(&tumor, tumors);
            tumors.insert(place, tumor);
        }
    }
}

/// Insertion sort: the comparator falls back to the sequence number where parts are unknown, so it is no total order,
/// which the library's sort may refuse.
fn stable_sort(tumors: &mut [Tumor], compare: impl Fn(&Tumor, &Tumor) -> std::cmp::Ordering) {
    for at in 1..tumors.len() {
        let mut place = at;
        while place > 0 {
            let (Some(before), Some(one)) = (tumors.get(place - 1), tumors.get(place)) else { break };
            if compare(before, one).is_le() {
                break;
            }
            tumors.swap(place - 1, place);
            place -= 1;
        }
    }
}

const FEDERAL: std::ops::RangeInclusive<i32> = -1..=99;

/// Where a tumor with a missing part belongs among those already placed.
fn place_of(tumor: &Tumor, placed: &[Tumor]) -> usize {
    let federal = FEDERAL.contains(&tumor.sequence);
    for (at, other) in placed.iter().enumerate().rev() {
        match tumor.known.compare_known(other.known) {
            Compared::Later => return at + 1,
            Compared::Earlier => {}
            Compared::Undecided => {
                let same_kind = federal || !FEDERAL.contains(&other.sequence);
                if same_kind && tumor.sequence >= other.sequence {
                    return at + 1;
                }
                if federal {
                    continue;
                }
                let open: Vec<i32> = placed
                    .iter()
                    .take(at + 1)
                    .filter(|one| tumor.known.compare_known(one.known) == Compared::Undecided)
                    .map(|one| one.sequence)
                    .filter(|sequence| !FEDERAL.contains(sequence))
                    .collect();
                let go_on = open.is_sorted() && open.last().is_some_and(|last| *last >= tumor.sequence);
                if !go_on {
                    return at + 1;
                }
            }
        }
    }
    0
}

struct Ends {
    last: DateParts,
    birth: DateParts,
    cutoff_year: i32,
}

/// One pass over the usable tumors in order.
fn pass(
    tumors: &mut [Tumor],
    ends: &Ends,
    to_cutoff: bool,
    out: &mut [TumorSurvival],
    measure: impl Fn(&mut TumorSurvival) -> &mut Measure,
) {
    for tumor in tumors.iter_mut() {
        tumor.filled = tumor.known;
    }
    let mut last = ends.last;
    fill(tumors, &mut last, ends.birth);
    let cutoff = DateParts { year: Some(ends.cutoff_year), month: Some(12), day: Some(31) };
    if to_cutoff || last.year.is_some_and(|year| year > ends.cutoff_year) {
        last = cutoff;
    }
    let end = last.number();
    // A date moved to the end of the study, or equal to it, counts as known.
    let known_end = if last == cutoff { cutoff } else { ends.last };
    for tumor in out.iter_mut() {
        measure(tumor).end = compact(last);
    }
    let mut later_lived = false;
    for tumor in tumors.iter().rev() {
        let Some(of_tumor) = out.get_mut(tumor.given) else { continue };
        let days = end.and_then(|end| Some(end - tumor.filled.number()?)).filter(|days| *days >= 0);
        let to = measure(of_tumor);
        let Some(days) = days else { continue };
        to.days = Some(days);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 3000 months")]
        let months = (f64::from(days) / DAYS_A_MONTH).floor() as u16;
        to.months = Some(months);
        to.flag = if tumor.known.is_full() && known_end.is_full() {
            u8::from(days > 0)
        } else {
            let (one, other) = (tumor.known, known_end);
            let same_month = one.month.is_none() || other.month.is_none() || one.month == other.month;
            if one.year == other.year && same_month { 2 } else { 3 }
        };
        if matches!(to.flag, 1 | 3) {
            later_lived = true;
        } else if to.flag == 2 && later_lived {
            to.flag = 3;
        }
    }
}

/// Fills missing days where the month is known, then missing months, from the first tumor to the last contact.
fn fill(tumors: &mut [Tumor], last: &mut DateParts, birth: DateParts) {
    let count = tumors.len();
    for at in 0..=count {
        let date = nth(tumors, *last, at);
        let (Some(year), Some(month), None) = (date.year, date.month, date.day) else { continue };
        let inside = |other: DateParts| other.is_of_year(year) && other.month == Some(month);
        let mut earliest = 1;
        if at == 0 && inside(birth) {
            earliest = birth.day.unwrap_or(1);
        }
        if let Some(before) = (0..at).rev().map(|n| nth(tumors, *last, n)).find(|other| other.day.is_some())
            && inside(before)
        {
            earliest = before.day.unwrap_or(earliest);
        }
        let mut latest = days_in_month(year, month);
        if let Some(next) = (at + 1..=count).map(|n| nth(tumors, *last, n)).find(|other| other.day.is_some())
            && inside(next)
        {
            latest = next.day.unwrap_or(latest);
        }
        *nth_mut(tumors, last, at) = DateParts { day: Some((earliest + latest).div_euclid(2)), ..date };
    }
    for at in 0..=count {
        let date = nth(tumors, *last, at);
        let (Some(year), None) = (date.year, date.month) else { continue };
        let mut earliest = day_number(year, 1, 1);
        if at == 0
            && birth.is_of_year(year)
            && let Some(month) = birth.month
        {
            earliest = day_number(year, month, birth.day.unwrap_or(1));
        }
        if let Some(before) = (0..at).rev().map(|n| nth(tumors, *last, n)).find(|other| other.is_full())
            && before.is_of_year(year)
        {
            earliest = before.number().unwrap_or(earliest);
        }
        let mut latest = day_number(year, 12, 31);
        if let Some(next) = (at + 1..=count).map(|n| nth(tumors, *last, n)).find(|other| other.is_full())
            && next.is_of_year(year)
        {
            latest = next.number().unwrap_or(latest);
        }
        let (year, month, day) = calendar_day(earliest + (latest - earliest).div_euclid(2));
        *nth_mut(tumors, last, at) = DateParts { year: Some(year), month: Some(month), day: Some(day) };
    }
}

fn nth(tumors: &[Tumor], last: DateParts, at: usize) -> DateParts {
    tumors.get(at).map_or(last, |tumor| tumor.filled)
}

fn nth_mut<'t>(tumors: &'t mut [Tumor], last: &'t mut DateParts, at: usize) -> &'t mut DateParts {
    match tumors.get_mut(at) {
        Some(tumor) => &mut tumor.filled,
        None => last,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn alone(dx: &str, last: &str, status: &str, source: &str) -> TumorSurvival {
        let patient = Followed { birth: "19500101", last_contact: last, vital_status: status };
        survival(patient, &[TimedTumor { diagnosis: dx, sequence: "00", source }], 2020, 2026).tumors[0]
    }

    #[test]
    fn months_are_whole_months_of_365_24_days_a_year() {
        let one = alone("20180101", "20190101", "0", "1");
        assert_eq!((one.active.days, one.active.months, one.active.flag), (Some(365), Some(11), 1));
        let one = alone("20180101", "20190102", "0", "1");
        assert_eq!((one.active.months, one.active.flag), (Some(12), 1));
    }

    #[test]
    fn a_missing_day_is_the_middle_of_the_month() {
        let one = alone("201811", "20190101", "0", "1");
        assert_eq!((one.diagnosis.and_then(compact), one.active.flag), (Some(20_181_115), 3));
    }

    #[test]
    fn the_living_are_presumed_alive_to_the_end_of_the_study() {
        let one = alone("20180101", "20190101", "1", "1");
        assert_eq!((one.active.end, one.presumed_alive.end), (Some(20_190_101), Some(20_201_231)));
    }

    #[test]
    fn a_death_certificate_has_no_survival_time() {
        let one = alone("20180101", "20180101", "0", "7");
        assert_eq!((one.active.flag, one.active.months), (8, None));
    }

    #[test]
    fn a_later_tumor_makes_an_earlier_one_survive() {
        let patient = Followed { birth: "19500101", last_contact: "20180620", vital_status: "0" };
        let dated = |diagnosis, sequence| TimedTumor { diagnosis, sequence, source: "1" };
        let both = survival(patient, &[dated("2018", "01"), dated("20180601", "02")], 2020, 2026);
        assert_eq!(both.tumors[0].active.flag, 3);
        let first = survival(patient, &[dated("2018", "01")], 2020, 2026);
        assert_eq!(first.tumors[0].active.flag, 2);
    }

    #[test]
    fn orders_that_contradict_each_other_do_not_stop_it() {
        let patient = Followed { birth: "", last_contact: "20180620", vital_status: "0" };
        let tumors: Vec<TimedTumor<'_>> = (0..60)
            .map(|n| TimedTumor {
                diagnosis: ["2001", "200105", "20010503", "1999", "", "20019999"][n % 6],
                sequence: ["03", "60", "01", "", "61", "02", "99"][n % 7],
                source: "1",
            })
            .collect();
        let all = survival(patient, &tumors, 2020, 2026);
        let mut places: Vec<usize> = all.tumors.iter().map(|tumor| tumor.record_number).collect();
        places.sort_unstable();
        assert_eq!(places, (1..=60).collect::<Vec<_>>());
    }
}
