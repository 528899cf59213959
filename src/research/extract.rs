//! Making an extract: count first, then page by page from the store into a table, in constant memory.
//!
//! The same registry, definition and day give the same bytes. Below *identified* the rows of a page of patients stand
//! in the order of the study's numbers, so that the order in which people came into the registry is not told.

use std::io::Write;

use chrono::NaiveDate;

use super::codebook::{Made, STUDY_COLUMNS};
use super::cohort::Cohort;
use super::csv::write_row;
use super::definition::{Column, Plan};
use super::levels::Level;
use super::release::{Items, Lifetime, Release, Released, StudyKey};
use crate::registry::store::disclosure::{self, NewDisclosure};
use crate::registry::store::research::{self, Case, Cases, Number, Wanted};
use crate::registry::store::settings::setting_is_yes;
use crate::registry::store::{By, Store, StoreError};

/// Why an extract was not made.
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// It may not be made.
    #[error("{0}")]
    Refused(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be written.
    #[error("the extract could not be written: {0}")]
    Write(#[from] std::io::Error),
    /// Left off because the server ends.
    #[error("the server ends")]
    LeftOff,
}

/// Patients looked at in one step.
const STEP: i64 = 1_000;
/// Steps after which a count by items that have no column is broken off.
const COUNTED_STEPS: usize = 20;

/// How many tumors an extract would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// Tumors.
    pub tumors: i64,
    /// Patients.
    pub patients: i64,
    /// All were counted; otherwise there are at least so many.
    pub complete: bool,
}

/// Counts. A cohort by columns is counted whole; where records must be read one by one the count ends early.
///
/// # Errors
/// What the store says.
pub fn count(store: &Store, by: &By, plan: &Plan) -> Result<Count, NotMade> {
    let wanted = &plan.cohort.wanted;
    if plan.cohort.items.is_empty() && plan.definition.level != Level::Identified {
        let Number { tumors, patients } = research::count(&mut *store.reading()?, by, wanted)?;
        return Ok(Count { tumors, patients, complete: true });
    }
    let mut cases = Cases::begin(store, by, wanted)?;
    let mut count = Count { tumors: 0, patients: 0, complete: false };
    let mut last = 0;
    for _ in 0..COUNTED_STEPS {
        let Some(page) = cases.next(STEP)? else {
            count.complete = true;
            break;
        };
        for case in page.iter().filter(|case| passes(&plan.cohort, case) && !is_restricted(plan.definition.level, case))
        {
            count.tumors += 1;
            count.patients += i64::from(case.patient != last);
            last = case.patient;
        }
    }
    Ok(count)
}

/// What is left after a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The filter's word; empty before the first.
    pub filter: &'static str,
    /// Tumors left.
    pub tumors: i64,
}

/// How many tumors are left after each filter that has a column, in the order of the page.
///
/// # Errors
/// What the store says.
pub fn ladder(store: &Store, by: &By, plan: &Plan) -> Result<Vec<Step>, NotMade> {
    let (mut all, conn) = (plan.cohort.wanted.clone(), &mut *store.reading()?);
    let mut so_far = Wanted::default();
    let mut steps = Vec::new();
    let mut step = |filter, wanted: &Wanted| -> Result<(), StoreError> {
        steps.push(Step { filter, tumors: research::count(conn, by, wanted)?.tumors });
        Ok(())
    };
    step("", &so_far)?;
    if all.years.is_some() {
        so_far.years = all.years;
        step("years", &so_far)?;
    }
    type Part = fn(&mut Wanted) -> &mut Option<Vec<String>>;
    let parts: [(&'static str, Part); 7] = [
        ("site", |w| &mut w.sites),
        ("histology", |w| &mut w.histologies),
        ("behavior", |w| &mut w.behaviors),
        ("sex", |w| &mut w.sexes),
        ("state", |w| &mut w.states),
        ("county", |w| &mut w.counties),
        ("vital", |w| &mut w.vitals),
    ];
    for (filter, part) in parts {
        if filter == "state" && all.ages.is_some() {
            so_far.ages = all.ages;
            step("age", &so_far)?;
        }
        if let Some(codes) = part(&mut all).take() {
            *part(&mut so_far) = Some(codes);
            step(filter, &so_far)?;
        }
    }
    Ok(steps)
}

/// The first rows as they would leave, with numbers that no study has. Nothing of an identified extract is shown.
///
/// # Errors
/// What the store says.
pub fn preview(store: &Store, by: &By, plan: &Plan, rows: usize) -> Result<Vec<Vec<String>>, NotMade> {
    let mut shown = Vec::new();
    if plan.definition.level == Level::Identified {
        return Ok(shown);
    }
    let mut secret = [0u8; 32];
    getrandom::fill(&mut secret).map_err(|error| NotMade::Refused(format!("There are no random numbers: {error}.")))?;
    let key = StudyKey(secret);
    let today = as_of(store, plan);
    let mut cases = Cases::begin(store, by, &plan.cohort.wanted)?;
    for _ in 0..COUNTED_STEPS {
        let Some(page) = cases.next(STEP)? else { break };
        for case in page.iter().filter(|case| passes(&plan.cohort, case)).take(rows - shown.len()) {
            shown.push(row(plan, &key, today, case, &mut Made::default()));
        }
        if shown.len() == rows {
            break;
        }
    }
    Ok(shown)
}

/// Writes the table to `out` and lists its disclosures. `progress` gets how far the pass is and where it ends; when
/// it answers false the extract is left off.
///
/// # Errors
/// An identified extract that is not switched on, the store, the output.
pub fn extract<W: Write>(
    store: &Store,
    by: &By,
    plan: &Plan,
    job: Option<i64>,
    mut out: W,
    mut progress: impl FnMut(i64, i64) -> Result<bool, StoreError>,
) -> Result<(Made, W), NotMade> {
    may_be_made(store, plan.definition.level)?;
    let (key, disclosure) = begin(store, by, plan, job)?;
    let today = as_of(store, plan);
    let mut cases = Cases::begin(store, by, &plan.cohort.wanted)?;
    let heads = STUDY_COLUMNS.iter().map(|(id, _)| *id).chain(plan.columns.iter().map(Column::id));
    write_row(&mut out, heads)?;
    let mut made = Made::default();
    while let Some(page) = cases.next(STEP)? {
        let (mut rows, mut patients) = (Vec::new(), Vec::new());
        for case in page.iter().filter(|case| passes(&plan.cohort, case)) {
            if is_restricted(plan.definition.level, case) {
                made.restricted += 1;
                continue;
            }
            if patients.last() != Some(&case.patient) {
                patients.push(case.patient);
            }
            rows.push(row(plan, &key, today, case, &mut made));
        }
        made.tumors += rows.len() as u64;
        made.patients += patients.len() as u64;
        if plan.definition.level != Level::Identified {
            rows.sort();
        }
        for row in &rows {
            write_row(&mut out, row.iter().map(String::as_str))?;
        }
        let (done, total) = cases.place();
        store.write(move |tx| disclosure::add_patients(tx, disclosure, &patients))?;
        if !progress(done, total)? {
            return Err(NotMade::LeftOff);
        }
    }
    out.flush()?;
    let line = by.line("extract", store.clock().now()).note(format!(
        "{}, {} patients, {} tumors, disclosure {disclosure}",
        plan.definition.level.key(),
        made.patients,
        made.tumors
    ));
    store.audit(line)?;
    Ok((made, out))
}

/// Refuses an identified extract that no administrator has switched on.
///
/// # Errors
/// In a sentence.
pub fn may_be_made(store: &Store, level: Level) -> Result<(), NotMade> {
    if level == Level::Identified && !setting_is_yes(&mut *store.reading()?, "privacy.identified_extracts")? {
        return Err(NotMade::Refused(
            "Identified extracts are switched off. An administrator may switch them on under Settings, with the reason.".into(),
        ));
    }
    Ok(())
}

fn begin(store: &Store, by: &By, plan: &Plan, job: Option<i64>) -> Result<(StudyKey, i64), StoreError> {
    let by = by.clone();
    let study = plan.definition.study.trim().to_string();
    let recipient = match plan.definition.recipient.trim() {
        "" => study.clone(),
        recipient => recipient.to_string(),
    };
    let new = NewDisclosure {
        kind: "extract",
        recipient,
        purpose: match plan.definition.purpose.trim() {
            "" => format!("study {study}"),
            purpose => purpose.to_string(),
        },
        items_class: plan.definition.level.key().into(),
        job,
    };
    store.write(move |tx| {
        let secret = research::study_secret(tx, &by, &study)?;
        Ok((StudyKey(secret), disclosure::begin(tx, &by, &new)?))
    })
}

/// The day ages are judged by.
pub fn as_of(store: &Store, plan: &Plan) -> NaiveDate {
    let given = plan.definition.as_of.as_deref().and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    given.unwrap_or_else(|| store.clock().now().date_naive())
}

impl Items for Case {
    fn value(&self, id: &str) -> &str {
        self.items.get(id).or_else(|| self.patient_items.get(id)).unwrap_or_default()
    }
}

fn passes(cohort: &Cohort, case: &Case) -> bool {
    cohort.items.iter().all(|test| test.holds(case.value(test.item)))
}

/// Patients not to be contacted and records whose source restricts research stay out of identified extracts.
fn is_restricted(level: Level, case: &Case) -> bool {
    level == Level::Identified
        && (case.value("noPatientContactFlag") == "1"
            || matches!(case.value("reportingFacilityRestrictionFlag"), "01" | "02" | "03" | "04" | "05" | "06" | "07"))
}

fn row(plan: &Plan, key: &StudyKey, today: NaiveDate, case: &Case, made: &mut Made) -> Vec<String> {
    let release = Release::new(plan.definition.level, key);
    let year_of = |day: i64| i32::try_from(day / 10_000).ok();
    let is_dead = matches!(case.value("vitalStatus"), "0" | "4");
    let death = case.last_contact.filter(|_| is_dead).and_then(year_of);
    let life = Lifetime {
        birth_low: case.birth.0,
        birth_high: case.birth.1,
        first_diagnosis: case.first_diagnosis,
        last_year: death.unwrap_or_else(|| chrono::Datelike::year(&today)),
    };
    let mut row = Vec::with_capacity(plan.columns.len() + STUDY_COLUMNS.len());
    row.push(key.number("patient", &case.patient.to_string()));
    row.push(key.number("tumor", &case.tumor.to_string()));
    for column in &plan.columns {
        row.push(match release.value(column.id(), case, case.patient, &life) {
            Released::Value(value) => value,
            Released::Withheld => {
                *made.withheld.entry(column.id().to_string()).or_default() += 1;
                String::new()
            }
        });
    }
    row
}
