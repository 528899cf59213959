//! The dock of the abstract: what the edits say of the case at this moment, errors first.
//!
//! All edits of the registry's set run over the patient's abstracts that the asker may see; what concerns this
//! abstract's tumor or the patient is shown. Each message names the item to jump to, the rule and where it comes from.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use serde::Serialize;

use super::case_stage::CaseStage;
use super::fields::{Problem, problems_of};
use super::workbench::Case;
use crate::dates::PartialDate;
use crate::edits::{self, Failure, Library, Plan, PlanFor, Severity, Surroundings};
use crate::naaccr::{RecordType, Version};
use crate::registry::sections::{Section, section_of};
use crate::registry::store::settings::setting;
use crate::registry::store::{Conn, StoreError};

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
    /// For over-riding: number of the flag's item, if a flag lets it pass.
    flag: Option<u32>,
    flag_href: String,
}

/// The dock as its template takes it.
#[derive(Default, Serialize)]
pub struct Dock {
    /// What there is to say about the section's items by themselves.
    problems: Vec<Problem>,
    /// What the edits say: errors and warnings, errors first.
    messages: Vec<Message>,
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
pub fn dock(
    conn: &mut Conn,
    case: &Case,
    stage: &CaseStage,
    current: &Section,
    today: PartialDate,
) -> Result<Dock, StoreError> {
    let set = match setting(conn, "registry.kind")?.as_str() {
        "central" => "central-consolidated",
        _ => "hospital",
    };
    let Some(plan) = plan(set) else { return Ok(Dock::default()) };
    let mut around = Surroundings::shipped(today);
    for (name, key) in [("registryState", "registry.state"), ("referenceDate", "registry.reference_date")] {
        around.settings.insert(name.into(), setting(conn, key)?.replace('-', ""));
    }
    // One abstract a tumor: this one for its own tumor, the first seen for the others.
    let mut shown = vec![&case.abstract_];
    for other in &case.all {
        if shown.iter().all(|a| a.tumor != other.tumor) {
            shown.push(other);
        }
    }
    let tumors = shown.iter().map(|a| a.items.iter());
    let checked = edits::Case::new(case.patient.items.iter(), tumors);
    let mut failures = plan.check(&checked, &around);
    let problems = problems_of(current, case, stage);
    let said = |f: &Failure| {
        let number = f.items.first().and_then(|slot| slot.standard().number).map_or(0, |n| n.0);
        OF_ONE_ITEM.contains(&&*f.family) && problems.iter().any(|p| p.number == number)
    };
    failures.retain(|f| (f.tumor.is_none_or(|tumor| tumor == 0) || f.other == Some(0)) && !said(f));
    failures.sort_by_key(|f| (grave(f.severity), f.kind == "required"));
    let errors = failures.iter().filter(|f| f.severity == Severity::Error).count();
    Ok(Dock {
        errors,
        none: failures.is_empty() && problems.is_empty(),
        warnings: failures.len() - errors + problems.len(),
        more: failures.len().saturating_sub(MOST),
        messages: failures
            .iter()
            .take(MOST)
            .map(|f| message(f, plan.library(), case.abstract_.id, current.key))
            .collect(),
        problems,
    })
}

/// The plan of a set, made once.
fn plan(set: &str) -> Option<&'static Plan<'static>> {
    static PLANS: LazyLock<BTreeMap<String, OnceLock<Plan<'static>>>> =
        LazyLock::new(|| Library::shipped().sets().map(|set| (set.name.clone(), OnceLock::new())).collect());
    let library = Library::shipped();
    let wanted = PlanFor { set: library.set(set)?, record_type: RecordType::A, version: Version::V260 };
    Some(PLANS.get(set)?.get_or_init(|| Plan::new(library, wanted)))
}

fn grave(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
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
    let flag = failure.overrides.first().map(place);
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
        flag_href: flag.as_ref().map(|f| f.2.clone()).unwrap_or_default(),
        flag: flag.map(|f| f.0),
    }
}
