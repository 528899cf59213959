//! Tumors as survival and quality need them, from a table of rows.
//!
//! A row is the text of the columns of `tumors.csv` (`docs/statistics.md`). Survival time is computed by the SEER
//! algorithm from the dates; the cohort rules say which tumors are left out and count what each rule removes.

use std::collections::HashMap;

use super::life_table::Sex;
use crate::derive::{DateParts, Followed, Survival, TimedTumor, TumorSurvival, survival};

/// A row of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TumorRow {
    /// Patient.
    pub patient: String,
    /// Tumor.
    pub tumor: String,
    /// Sequence number, central.
    pub sequence: String,
    /// 1 male, 2 female.
    pub sex: String,
    /// Date of birth, `YYYYMMDD` or less.
    pub birth: String,
    /// Date of diagnosis.
    pub diagnosis: String,
    /// Age at diagnosis in years; computed from the dates when blank.
    pub age: String,
    /// Behavior.
    pub behavior: String,
    /// Type of reporting source.
    pub source: String,
    /// Diagnostic confirmation.
    pub confirmation: String,
    /// Summary stage.
    pub stage: String,
    /// 1 alive, 0 dead.
    pub vital_status: String,
    /// Date of last contact.
    pub last_contact: String,
    /// Underlying cause of death, ICD-10.
    pub cause: String,
}

/// A tumor with its survival time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// What was computed.
    pub survival: TumorSurvival,
    /// Vital status at the end of the study.
    pub vital_status: Option<String>,
}

/// Survival time of every row, in order; rows of one patient are computed together.
pub fn timed(rows: &[TumorRow], cutoff_year: i32, as_of_year: i32) -> Vec<Timed> {
    let mut of_patient: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut order = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let places = of_patient.entry(&row.patient).or_default();
        if places.is_empty() {
            order.push(row.patient.as_str());
        }
        places.push(at);
    }
    let mut all: Vec<Option<Timed>> = vec![None; rows.len()];
    for patient in order {
        let places = of_patient.get(patient).map_or(&[][..], Vec::as_slice);
        let tumors: Vec<TimedTumor<'_>> = places
            .iter()
            .filter_map(|at| rows.get(*at))
            .map(|row| TimedTumor { diagnosis: &row.diagnosis, sequence: &row.sequence, source: &row.source })
            .collect();
        let Some(first) = places.first().and_then(|at| rows.get(*at)) else { continue };
        let followed =
            Followed { birth: &first.birth, last_contact: &first.last_contact, vital_status: &first.vital_status };
        let Survival { vital_status, tumors } = survival(followed, &tumors, cutoff_year, as_of_year);
        for (at, of_tumor) in places.iter().zip(tumors) {
            if let Some(slot) = all.get_mut(*at) {
                *slot = Some(Timed { survival: of_tumor, vital_status: vital_status.clone() });
            }
        }
    }
    all.into_iter().flatten().collect()
}

/// A tumor of a survival cohort.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// Days to the end of active follow-up.
    pub days: u32,
    /// Whole months.
    pub months: u16,
    /// Dead at the end.
    pub dead: bool,
    /// Dead of cancer.
    pub dead_of_cancer: bool,
    /// Sex.
    pub sex: Sex,
    /// Completed years of age at diagnosis.
    pub age: i32,
    /// Completed months of age at diagnosis.
    pub age_months: i32,
    /// Month of diagnosis, counted from January of the year 0.
    pub diagnosis_month: i32,
    /// Day of diagnosis, by its number.
    pub diagnosis_day: i32,
    /// Day of birth, by its number.
    pub birth_day: i32,
    /// Row it comes from.
    pub row: usize,
}

/// How many tumors each rule removed, in the order of the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Not malignant.
    pub not_malignant: usize,
    /// Not the first primary (sequence 00 or 01).
    pub not_first: usize,
    /// Death certificate or autopsy alone.
    pub at_death_only: usize,
    /// Survival time unknown.
    pub time_unknown: usize,
    /// Alive with no survival time.
    pub alive_without_time: usize,
    /// Age or sex unknown.
    pub age_or_sex_unknown: usize,
}

/// The survival cohort, with what was removed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cohort {
    /// Who is in.
    pub members: Vec<Member>,
    /// Who is not.
    pub removed: Removed,
}

/// A death of cancer, by its cause.
pub fn is_cancer(cause: &str) -> bool {
    let mut letters = cause.bytes();
    letters.next() == Some(b'C') && letters.next().is_some_and(|byte| byte.is_ascii_digit())
}

fn months_between(from: DateParts, to: DateParts) -> Option<i32> {
    let whole = 12 * (to.year? - from.year?) + to.month? - from.month?;
    Some(whole - i32::from(to.day? < from.day?))
}

/// The cohort by the usual rules: malignant, first primary, no death certificate or autopsy alone, known time, and some
/// time where the patient lives.
pub fn cohort(rows: &[TumorRow], timed: &[Timed]) -> Cohort {
    let mut cohort = Cohort::default();
    for (at, (row, timed)) in rows.iter().zip(timed).enumerate() {
        let removed = &mut cohort.removed;
        let measure = &timed.survival.active;
        let dead = timed.vital_status.as_deref() == Some("0");
        let reason = if row.behavior != "3" {
            Some(&mut removed.not_malignant)
        } else if !matches!(&*row.sequence, "00" | "01") {
            Some(&mut removed.not_first)
        } else if matches!(&*row.source, "6" | "7") {
            Some(&mut removed.at_death_only)
        } else if measure.months.is_none() {
            Some(&mut removed.time_unknown)
        } else if !dead && measure.days == Some(0) {
            Some(&mut removed.alive_without_time)
        } else {
            None
        };
        if let Some(reason) = reason {
            *reason += 1;
            continue;
        }
        match member(at, row, timed, dead) {
            Some(member) => cohort.members.push(member),
            None => removed.age_or_sex_unknown += 1,
        }
    }
    cohort
}

fn member(at: usize, row: &TumorRow, timed: &Timed, dead: bool) -> Option<Member> {
    let diagnosis = timed.survival.diagnosis?;
    let sex = match &*row.sex {
        "1" => Sex::Male,
        "2" => Sex::Female,
        _ => return None,
    };
    let typed_age: Option<i32> = row.age.parse().ok().filter(|age| (0..=130).contains(age));
    let birth = DateParts::of(&row.birth);
    // Without a whole birth date a person is taken to be half a year past the birthday.
    let age_months =
        months_between(birth, diagnosis).or(typed_age.map(|age| 12 * age + 6)).filter(|months| *months >= 0)?;
    let diagnosis_day = diagnosis.number()?;
    Some(Member {
        days: u32::try_from(timed.survival.active.days?).ok()?,
        months: timed.survival.active.months?,
        dead,
        dead_of_cancer: dead && is_cancer(&row.cause),
        sex,
        age: typed_age.unwrap_or(age_months / 12),
        age_months,
        diagnosis_month: 12 * diagnosis.year? + diagnosis.month? - 1,
        diagnosis_day,
        birth_day: birth.number().unwrap_or(diagnosis_day - age_months * 30_437 / 1000),
        row: at,
    })
}
