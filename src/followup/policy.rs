//! How a registry follows: months, exclusions and windows, as its settings say.

use chrono::{Datelike, NaiveDate};

use super::measures::{Counted, Measure, Windowed, facts};
use super::rules::{Exclusion, Months, Switches};
use crate::registry::store::followup::{everybody, last_patient};
use crate::registry::store::settings::{InForce, in_force};
use crate::registry::store::{By, Conn, StoreError};

/// The settings of follow-up.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Until due and lost.
    pub months: Months,
    /// Which exclusions hold.
    pub switches: Switches,
    /// A central registry traces tumors of every class.
    pub every_class: bool,
    /// The first accreditation date, else the reference date: nothing before it counts.
    pub floor: Option<NaiveDate>,
    /// The newest year of which all cases are complete, where it is set.
    pub completed_year: Option<i32>,
    /// The two measures: years back and target in percent.
    pub measures: [(i32, i64); 2],
    /// The year that lies so many years back counts too.
    pub far_year_counts: bool,
}

impl Policy {
    /// Reads it.
    ///
    /// # Errors
    /// The store's.
    pub fn read(conn: &mut Conn) -> Result<Policy, StoreError> {
        Policy::of(&in_force(conn)?)
    }

    fn of(set: &InForce) -> Result<Policy, StoreError> {
        let number = |name: &str| -> Result<i32, StoreError> { Ok(i32::try_from(set.number(name)?).unwrap_or(0)) };
        let every_class = set.text("registry.kind")? == "central";
        let accredited = set.text("registry.accreditation_date")?;
        let floor = if accredited.is_empty() { set.text("registry.reference_date")? } else { accredited };
        let off = set.text("follow_up.exclusions_off")?;
        let mut switches = Switches::default();
        for exclusion in Exclusion::ALL {
            let named = off.split([' ', ',']).any(|code| code.eq_ignore_ascii_case(exclusion.code()));
            if named || (every_class && exclusion == Exclusion::F1) {
                switches = switches.without(exclusion);
            }
        }
        if set.is_yes("follow_up.benign_cns_excluded")? {
            switches = switches.with_benign_cns_excluded();
        }
        Ok(Policy {
            months: Months { due: number("follow_up.due_months")?, lost: number("follow_up.lost_months")? },
            switches,
            every_class,
            floor: floor.parse().ok(),
            completed_year: set.text("follow_up.completed_year")?.parse().ok(),
            measures: [
                (number("follow_up.measure_1_years")?, set.number("follow_up.measure_1_target")?),
                (number("follow_up.measure_2_years")?, set.number("follow_up.measure_2_target")?),
            ],
            far_year_counts: set.is_yes("follow_up.far_year_counts")?,
        })
    }

    /// The newest complete year as of a day: the setting, else the year before.
    pub fn complete(&self, as_of: NaiveDate) -> i32 {
        self.completed_year.unwrap_or_else(|| as_of.year() - 1)
    }

    /// The two windows as of a day.
    pub fn windows(&self, as_of: NaiveDate, completed_year: Option<i32>) -> [Windowed; 2] {
        let year = completed_year.unwrap_or_else(|| self.complete(as_of));
        self.measures.map(|(years, target)| {
            let back = if self.far_year_counts { years } else { years - 1 };
            Windowed::of(year - back, year, target, self.floor)
        })
    }
}

/// By what the measures are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// Not at all.
    No,
    /// Primary site, three characters.
    Site,
    /// Year of diagnosis.
    Year,
    /// Class of case.
    Class,
    /// Following physician (2470).
    Physician,
    /// Facility.
    Facility,
    /// Groups of age at diagnosis and behavior, as SEER sets targets.
    Age,
}

impl Apart {
    /// Every one, with its word and name.
    pub const ALL: [(Apart, &'static str, &'static str); 7] = [
        (Apart::No, "", "All together"),
        (Apart::Site, "site", "Site"),
        (Apart::Year, "year", "Year of diagnosis"),
        (Apart::Class, "class", "Class of case"),
        (Apart::Physician, "physician", "Following physician"),
        (Apart::Facility, "facility", "Facility"),
        (Apart::Age, "age", "Age at diagnosis"),
    ];
}

/// Counts both measures over the patients the asker may see, as of a day; told apart by tumors, a patient counts in each
/// group in which one of his tumors is.
///
/// # Errors
/// The store's.
pub fn count(
    conn: &mut Conn,
    by: &By,
    policy: &Policy,
    as_of: NaiveDate,
    completed_year: Option<i32>,
    apart: Apart,
) -> Result<Counted, StoreError> {
    const STEP: i64 = 4_000;
    let windows = policy.windows(as_of, completed_year);
    let mut counted = Counted::begin(windows);
    let last = last_patient(conn)?;
    let mut above = 0;
    while above < last {
        for patient in everybody(conn, by, above, above + STEP)? {
            let (of_patient, tumors) = facts(&patient);
            counted.add(&of_patient, &tumors, policy.switches, policy.months, as_of);
            if apart == Apart::No {
                continue;
            }
            let mut groups: Vec<(String, Vec<super::rules::TumorFacts>)> = Vec::new();
            for (row, tumor) in patient.tumors.iter().zip(&tumors) {
                let key = group(apart, row.facility_id, row.physician(), &of_patient, tumor);
                match groups.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, list)) => list.push(tumor.clone()),
                    None => groups.push((key, vec![tumor.clone()])),
                }
            }
            for (key, list) in groups {
                counted.add_to(&key, windows, |measure: &mut Measure| {
                    measure.add_among(&of_patient, &list, &tumors, policy.switches, policy.months, as_of);
                });
            }
        }
        above += STEP;
    }
    Ok(counted)
}

fn group(
    apart: Apart,
    facility: i64,
    physician: &str,
    patient: &super::rules::PatientFacts,
    tumor: &super::rules::TumorFacts,
) -> String {
    match apart {
        Apart::No => String::new(),
        Apart::Site => tumor.site.get(..3).unwrap_or("unknown").to_string(),
        Apart::Year => tumor.diagnosed.map_or_else(|| "unknown".into(), |d| d.year().to_string()),
        Apart::Class if tumor.class.is_empty() => "unknown".into(),
        Apart::Class => tumor.class.clone(),
        Apart::Physician if physician.is_empty() => "none".into(),
        Apart::Physician => physician.to_string(),
        Apart::Facility => facility.to_string(),
        Apart::Age if tumor.behavior == "2" => "in situ".into(),
        Apart::Age => {
            let age = patient.birth.zip(tumor.diagnosed).and_then(|(birth, dx)| birth.age_on(dx)).map(|age| age.low);
            match age {
                None => "invasive, age unknown".into(),
                Some(age) if age < 20 => "invasive, under 20".into(),
                Some(age) if age < 65 => "invasive, 20 to 64".into(),
                Some(_) => "invasive, 65 and over".into(),
            }
        }
    }
}

/// The share to be reached and the goal of a group of ages [SEER training, governing agencies], in percent.
pub fn age_targets(group: &str) -> (i64, i64) {
    match group {
        "invasive, 65 and over" => (90, 95),
        _ => (80, 90),
    }
}
