//! The dock of the abstract: what the edits say of the case at this moment, errors first.
//!
//! All edits of the registry's set run over the patient's abstracts that the asker may see; what concerns this
//! abstract's tumor or the patient is shown. Each message names the item to jump to, the rule and where it comes from.

use serde::Serialize;

use super::case_stage::CaseStage;
use super::fields::{Problem, problems_of};
use super::workbench::Case;
use crate::edits::{self, Failure, Library, Severity};
use crate::registry::edit_results::{Judge, grave};
use crate::registry::record::Record;
use crate::registry::sections::{Section, section_of};
use crate::registry::store::edit_results::{OverRide, over_rides};
use crate::web::{Ask, Refused};

/// One message.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Section of the item to jump to; empty when it stands in none.
    pub section: &'static str,
    /// Number of that item.
    number: u32,
    href: String,
    sentence: String,
    rule: String,
    icon: &'static str,
    tone: &'static str,
    says: &'static str,
    /// Page that tells why, offers values and takes an over-ride; empty for a family the program makes.
    why: String,
    /// A flag lets it pass.
    flag: bool,
}

/// An over-ride that stands, or that fell since it was given.
#[derive(Debug, Clone, Serialize)]
pub struct Given {
    sentence: String,
    rule: String,
    why: String,
    icon: &'static str,
    tone: &'static str,
    says: &'static str,
}

/// The dock as its template takes it.
#[derive(Default, Serialize)]
pub struct Dock {
    /// What there is to say about the section's items by themselves.
    problems: Vec<Problem>,
    /// What the edits say: errors and warnings, errors first.
    messages: Vec<Message>,
    /// Over-rides that stand or fell.
    given: Vec<Given>,
    errors: usize,
    warnings: usize,
    /// So many more are not shown.
    more: usize,
    none: bool,
}

/// As many as one looks through; the rest is told as a number.
const MOST: usize = 60;

impl Dock {
    /// How many edits fail as errors.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether an edit fails at an item of a section.
    pub fn speaks_of(&self, section: &str) -> bool {
        self.messages.iter().any(|m| m.section == section)
    }
}

/// The dock rendered alone, for a page that is open.
#[derive(Serialize)]
pub struct DockPart {
    /// The abstract.
    pub case: i64,
    /// Whether the asker may change it.
    pub may_edit: bool,
    /// What it says.
    pub dock: Dock,
}

/// Families that say of one item what the field itself says already.
const OF_ONE_ITEM: [&str; 4] = ["code-list", "schema-item", "length-type", "date-shape"];

/// Runs the edits over the case.
///
/// # Errors
/// The settings could not be read.
pub fn dock(ask: &Ask, case: &Case, stage: &CaseStage, current: &Section) -> Result<Dock, Refused> {
    let (mut conn, standards) = (ask.reading()?, ask.store().standards());
    let judge = Judge::of(&mut conn, &standards, ask.now(), None)?;
    let (bound, plan) = judge.plan(&case.abstract_.items, &case.abstract_.record_type);
    let given = over_rides(&mut conn, case.abstract_.id)?;
    let Some(plan) = plan else { return Ok(Dock { none: true, ..Dock::default() }) };
    let (patient, tumors) = shown(case);
    let checked = edits::Case::new(patient.iter(), tumors.iter().map(|items| items.iter()));
    let mut failures = plan.check(&checked, judge.surroundings());
    let problems = problems_of(current, case, stage);
    let said = |f: &Failure| {
        let number = f.items.first().and_then(|slot| slot.standard().number).map_or(0, |n| n.0);
        OF_ONE_ITEM.contains(&&*f.family) && problems.iter().any(|p| p.number == number)
    };
    failures.retain(|f| (f.tumor.is_none_or(|tumor| tumor == 0) || f.other == Some(0)) && !said(f));
    failures.sort_by_key(|f| (grave(f.severity), f.kind == "required"));
    let messages = merged(&failures, bound.library(), case.abstract_.id, current.key);
    let errors = messages.iter().filter(|m| m.tone == "bad").count();
    Ok(Dock {
        errors,
        none: messages.is_empty() && problems.is_empty(),
        warnings: messages.len() - errors + problems.len(),
        more: messages.len().saturating_sub(MOST),
        given: given.iter().filter_map(|row| told(row, &given, bound.library(), case.abstract_.id)).collect(),
        messages: messages.into_iter().take(MOST).collect(),
        problems,
    })
}

/// The patient's items, and one abstract a tumor: this one for its own tumor, the first seen for the others.
pub fn shown(case: &Case) -> (&Record, Vec<&Record>) {
    let mut shown = vec![&case.abstract_];
    for other in &case.all {
        if shown.iter().all(|a| a.tumor != other.tumor) {
            shown.push(other);
        }
    }
    (&case.patient.items, shown.into_iter().map(|a| &a.items).collect())
}

/// One line for what several agencies say in the same words of the same item.
fn merged(failures: &[Failure], library: &Library, case: i64, current: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for failure in failures {
        let new = message(failure, library, case, current);
        match messages.iter_mut().find(|m| m.number == new.number && m.sentence == new.sentence) {
            Some(same) => same.rule = format!("{}; {}", same.rule, new.rule),
            None => messages.push(new),
        }
    }
    messages
}

/// What there is to say of an over-ride: that it stands, that nothing needs it, that it fell and was not given again.
fn told(row: &OverRide, all: &[OverRide], library: &Library, case: i64) -> Option<Given> {
    let name = library.edit(&row.edit).map_or(row.edit.as_str(), |edit| &edit.name);
    let newest = all.iter().find(|other| other.edit == row.edit).is_some_and(|other| other.id == row.id);
    let (icon, tone, says, sentence) = match (row.state.as_str(), row.needed) {
        ("stands", 1) => ("ok", "dim", "Over-ridden", format!("{name}: over-ridden by {}", row.login)),
        ("stands", _) => {
            ("warn", "warn", "Not needed", format!("{name}: the over-ride is no longer needed; take {} out", row.flag))
        }
        ("fallen", _) if newest => {
            let why = row.ended_why.as_deref().unwrap_or_default();
            ("dot", "", "Fell", format!("{name}: the over-ride fell: {why}"))
        }
        _ => return None,
    };
    Some(Given {
        sentence,
        rule: row.reason.clone(),
        why: format!("/cases/{case}/edits/{}", row.edit),
        icon,
        tone,
        says,
    })
}

fn message(failure: &Failure, library: &Library, case: i64, current: &str) -> Message {
    let place = |slot: &edits::Slot| {
        let number = slot.standard().number.map_or(0, |n| n.0);
        let section = section_of(slot.id()).map_or("", |s| s.key);
        let href = match section {
            "" => format!("/cases/{case}/items?q={number}"),
            here if here == current => format!("#i{number}"),
            other => format!("/cases/{case}/{other}#i{number}"),
        };
        (number, section, href)
    };
    let (number, section, href) = failure.items.first().map(place).unwrap_or((0, "", String::new()));
    let rule = match library.edit(&failure.edit) {
        Some(edit) => format!("{}. {}, {}", edit.name, edit.agency, edit.source),
        None => failure.family.replace('-', " "),
    };
    let (icon, tone, says) = match failure.severity {
        Severity::Error => ("bad", "bad", "Error"),
        Severity::Warning => ("warn", "warn", "Warning"),
        Severity::Info => ("dot", "", "Note"),
    };
    Message {
        section,
        number,
        href,
        sentence: failure.message.clone(),
        rule,
        icon,
        tone,
        says,
        why: match library.edit(&failure.edit) {
            Some(edit) => format!("/cases/{case}/edits/{}", edit.id),
            None => String::new(),
        },
        flag: !failure.overrides.is_empty(),
    }
}
