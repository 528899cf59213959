//! One edit at one case: what it says and why, the values it looks at, values that would let it pass, the over-ride with its
//! reason, and every over-ride it had here.

use serde::Serialize;

use super::banner::Banner;
use super::case_stage::CaseStage;
use super::dock::shown;
use super::fields::{context_of, words_of};
use super::item::dock_of;
use super::workbench::Case;
use crate::asker::May;
use crate::codes::choices;
use crate::dates::PartialDate;
use crate::edits::{self, Edit, Plan, Severity, Slot, Surroundings, rule_in_words};
use crate::naaccr::super_dictionary;
use crate::registry::edit_results::Judge;
use crate::registry::over_rides::{Asked, over_ride};
use crate::registry::sections::section_of;
use crate::registry::store::By;
use crate::registry::store::edit_results::over_rides;
use crate::registry::store::scope::ScopeBinds;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    banner: Banner,
    case: i64,
    version: i64,
    patient_version: i64,
    id: String,
    name: String,
    sentence: String,
    fails: bool,
    passes_by_flag: bool,
    severity: &'static str,
    rule: String,
    help: String,
    source: String,
    items: Vec<Item>,
    fixes: Vec<Fix>,
    may_edit: bool,
    may_over_ride: bool,
    flag: Option<Flag>,
    given: Vec<Given>,
}

#[derive(Serialize)]
struct Item {
    number: u32,
    name: String,
    value: String,
    meaning: String,
    href: String,
}

#[derive(Serialize)]
struct Fix {
    number: u32,
    name: String,
    now: String,
    code: String,
    label: String,
    back: &'static str,
}

#[derive(Serialize)]
struct Flag {
    number: u32,
    name: String,
    /// Values that let it pass, when there are several.
    values: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Given {
    state: &'static str,
    when: String,
    login: String,
    reason: String,
    ended: String,
    reviewed: String,
}

/// The page; a script puts its middle into a dialog.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let (mut conn, standards) = (ask.reading()?, ask.store().standards());
    let judge = Judge::of(&mut conn, &standards, ask.now(), None)?;
    let (bound, plan) = judge.plan(&case.abstract_.items, &case.abstract_.record_type);
    let edit = bound.library().edit(ask.path.get("edit")).ok_or(Refused::NotFound)?;
    let (patient, tumors) = shown(&case);
    let checked = edits::Case::new(patient.iter(), tumors.iter().map(|items| items.iter()));
    let failures = plan.as_ref().map(|plan| plan.check_all(&checked, judge.surroundings())).unwrap_or_default();
    let mine = |f: &&edits::Failure| f.tumor.is_none_or(|t| t == 0) || f.other == Some(0);
    let failure = failures.iter().filter(mine).find(|f| f.edit == edit.id);
    let fails = failure.is_some_and(|f| !f.over_ridden);
    let may_edit = case.may_edit(ask)?;
    let fixes = match (&plan, failure) {
        (Some(plan), Some(failure)) if fails && may_edit => fixes(&case, plan, edit, failure, judge.surroundings()),
        _ => Vec::new(),
    };
    let context = context_of(&case);
    let stage = CaseStage::of(&standards, &case, ask.now());
    let zone = ask.app.front()?.zone;
    let id = case.abstract_.id;
    let item = |slot: &Slot| {
        let standard = slot.standard();
        let (number, value) = (number_of(*slot), case.value(slot.id()).to_owned());
        Item {
            number,
            name: show::item_name(&standard.name),
            meaning: words_of(standard, &value, &context, &stage),
            href: match section_of(slot.id()) {
                Some(section) => format!("/cases/{id}/{}#i{number}", section.key),
                None => format!("/cases/{id}/items?q={number}"),
            },
            value,
        }
    };
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let given = over_rides(&mut conn, id)?;
    let page = Page {
        banner: Banner::of(&case.patient, &case.all, today),
        case: id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        id: edit.id.clone(),
        name: edit.name.clone(),
        sentence: failure.map_or_else(|| "It does not fail here now.".to_owned(), |f| f.message.clone()),
        fails,
        passes_by_flag: failure.is_some_and(|f| f.over_ridden),
        severity: match failure.map(|f| f.severity).unwrap_or_else(|| edit.severity()) {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Info => "Note",
        },
        rule: rule_in_words(edit),
        help: edit.help.clone(),
        source: source_of(edit),
        items: edit.items.iter().map(item).collect(),
        fixes,
        may_edit,
        may_over_ride: fails && may_over_ride(ask, &case)?,
        flag: edit.overrides.first().map(|over| flag(over, &case)),
        given: given
            .into_iter()
            .filter(|row| row.edit == edit.id)
            .map(|row| Given {
                state: match (row.state.as_str(), row.needed) {
                    ("stands", 1) => "stands",
                    ("stands", _) => "stands, not needed any more",
                    ("fallen", _) => "fell",
                    ("removed", _) => "taken out",
                    _ => "given again",
                },
                when: show::time_near(&row.at, ask.now(), zone),
                ended: row.ended_why.unwrap_or_default(),
                reviewed: reviewed(&row.reviewed),
                login: row.login,
                reason: row.reason,
            })
            .collect(),
    };
    let reply = ask.page("pages/case-edit", &Sheet::of(&page.name, "/patients"), &page)?;
    let reply = reply.about_patient(case.patient.id).about_tumor(case.abstract_.tumor).about_abstract(id);
    Ok(reply.noting(format!("edit {}", page.id)))
}

/// Who sets the rule, where it is written, what it is called there.
pub fn source_of(edit: &Edit) -> String {
    let named = edit.standard.as_ref().map(|(name, documented)| {
        format!(", there called {name}{}", if *documented { "" } else { " (name not verified)" })
    });
    format!("{}, {}{}", edit.agency, edit.source, named.unwrap_or_default())
}

fn number_of(slot: Slot) -> u32 {
    slot.standard().number.map_or(0, |n| n.0)
}

fn may_over_ride(ask: &Ask, case: &Case) -> Result<bool, Refused> {
    let Ok(asker) = ask.who()?.asker_for(May::Override) else { return Ok(false) };
    let by = By { asker, ..ask.by()?.clone() };
    Ok(ScopeBinds::of(&by).holds_abstract(case.abstract_.facility, case.abstract_.abstractor, &by))
}

fn flag(over: &edits::Override, case: &Case) -> Flag {
    let context = context_of(case);
    let lets = |code: &str| over.values.as_ref().is_some_and(|set| set.parts().iter().any(|part| part == code));
    let named = choices(over.flag.id(), &context);
    Flag {
        number: number_of(over.flag),
        name: show::item_name(&over.flag.standard().name),
        values: named.iter().filter(|c| lets(c.code)).map(|c| (c.code.to_owned(), c.label.to_owned())).collect(),
    }
}

fn reviewed(text: &str) -> String {
    let values: std::collections::BTreeMap<String, String> = serde_json::from_str(text).unwrap_or_default();
    let one = |(item, value): (String, String)| {
        let name = super_dictionary().by_id(&item).map_or(item.as_str(), |found| &found.name).to_owned();
        format!("{name} {}", if value.is_empty() { "blank" } else { &value })
    };
    values.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Most codes of an item that are tried, and values that are offered.
const MOST_TRIED: usize = 24;
const MOST_OFFERED: usize = 4;

/// Codes of the items of a failure that let the edit pass and make no new error, the best first.
fn fixes(case: &Case, plan: &Plan<'_>, edit: &Edit, failure: &edits::Failure, with: &Surroundings<'_>) -> Vec<Fix> {
    let context = context_of(case);
    let (patient, tumors) = shown(case);
    let mut found: Vec<(usize, Fix)> = Vec::new();
    for slot in failure.items.iter().take(2).filter(|slot| !slot.id().starts_with("overRide")) {
        let codes = choices(slot.id(), &context);
        if codes.is_empty() || codes.len() > MOST_TRIED {
            continue;
        }
        let before = case.value(slot.id());
        for choice in codes.iter().filter(|choice| choice.retired.is_none() && choice.code != before) {
            let (mut of_patient, mut own) = (patient.clone(), case.abstract_.items.clone());
            match slot.is_of_patient() {
                true => of_patient.set(slot.id(), choice.code),
                false => own.set(slot.id(), choice.code),
            };
            let all = std::iter::once(&own).chain(tumors.iter().skip(1).copied());
            let tried = edits::Case::new(of_patient.iter(), all.map(|items| items.iter()));
            let tumor = (!slot.is_of_patient()).then_some(0);
            let failures = plan.recheck(&tried, with, tumor, *slot);
            if failures.iter().any(|f| f.edit == edit.id && !f.over_ridden) {
                continue;
            }
            let errors = failures.iter().filter(|f| !f.over_ridden && f.severity == Severity::Error).count();
            let fix = Fix {
                number: number_of(*slot),
                name: show::item_name(&slot.standard().name),
                now: before.to_owned(),
                code: choice.code.to_owned(),
                label: choice.label.to_owned(),
                back: section_of(slot.id()).map_or("accession", |section| section.key),
            };
            found.push((errors + usize::from(!choice.fits), fix));
        }
    }
    found.sort_by_key(|(errors, _)| *errors);
    let best = found.first().map_or(0, |(errors, _)| *errors);
    found.into_iter().filter(|(errors, _)| *errors == best).map(|(_, fix)| fix).take(MOST_OFFERED).collect()
}

#[derive(Serialize)]
struct Done {
    version: i64,
    patient_version: i64,
    dock: Option<String>,
    saved: String,
}

/// Takes an over-ride. A script gets the dock, a form goes back to the abstract.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let (by, id, seen) = (ask.by()?.clone(), case.abstract_.id, ask.number("seen")?);
    let asked = Asked {
        edit: ask.path.get("edit").to_owned(),
        value: ask.form.trimmed("value").to_owned(),
        reason: ask.form.trimmed("reason").to_owned(),
    };
    ask.store().write(move |tx| over_ride(tx, &by, id, seen, &asked))?;
    if !ask.wants_json {
        return Ok(Reply::see(format!("/cases/{id}/edits/{}", ask.path.get("edit"))));
    }
    let case = Case::read(ask)?;
    let stage = CaseStage::of(&ask.store().standards(), &case, ask.now());
    Reply::json(&Done {
        version: case.abstract_.version,
        patient_version: case.patient.version,
        dock: dock_of(ask, &case, &stage)?,
        saved: show::time_to_second(&case.abstract_.changed_at, ask.app.front()?.zone),
    })
}
