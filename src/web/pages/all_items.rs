//! Every item of the dictionary for one abstract: what the sections do not hold is reached here.

use std::sync::Arc;

use serde::Serialize;

use super::banner::{Banner, Tab};
use super::case_stage::CaseStage;
use super::fields::{context_of, words_of};
use super::workbench::Case;
use crate::dates::PartialDate;
use crate::intake::arrived::dictionary_name;
use crate::naaccr::{Dictionary, Level, super_dictionary};
use crate::registry::sections::section_of;
use crate::registry::store::standards;
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct AllItems<'a> {
    banner: Banner,
    linked: bool,
    tabs: Vec<Tab>,
    tab_section: &'static str,
    case: i64,
    version: i64,
    patient_version: i64,
    q: &'a str,
    only_filled: bool,
    rows: Vec<Row>,
    own: Vec<Own>,
    may_edit: bool,
}

#[derive(Serialize)]
struct Row {
    number: u32,
    name: String,
    value: String,
    meaning: String,
    section: Option<&'static str>,
    historical: bool,
}

#[derive(Serialize)]
struct Own {
    id: String,
    /// Number, name and dictionary, where the registry has the dictionary; empty else.
    known: String,
    value: String,
}

/// What a user dictionary in use says of an item stored as `name:id`.
fn known_as(id: &str, dictionaries: &[Arc<Dictionary>]) -> String {
    let Some((name, id)) = id.split_once(':') else { return String::new() };
    let of_name = dictionaries.iter().find(|dictionary| dictionary_name(dictionary.uri()) == name);
    let item = of_name.and_then(|dictionary| dictionary.by_id(id));
    item.map_or_else(String::new, |item| match item.number {
        Some(number) => format!("{} {}, {name}", number.0, item.name),
        None => format!("{}, {name}", item.name),
    })
}

/// The page.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let context = context_of(&case);
    let stage = CaseStage::of(&ask.store().standards(), &case, ask.now());
    let q = ask.query.trimmed("q");
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_string).collect();
    let only_filled = ask.query.get("filled") != "no" && words.is_empty();
    let rows = super_dictionary()
        .items()
        .iter()
        .filter(|item| item.level != Level::Root && !item.reserved)
        .filter_map(|item| {
            let value = case.value(&item.id);
            let number = item.number.map_or(0, |n| n.0);
            let name = item.name.to_lowercase();
            let asked = words.iter().all(|w| {
                name.contains(w.as_str()) || number.to_string() == *w || item.id.to_lowercase().contains(w.as_str())
            });
            (asked && (!only_filled || !value.is_empty())).then(|| Row {
                number,
                name: show::item_name(&item.name),
                value: value.chars().take(300).collect(),
                meaning: words_of(item, value, &context, &stage),
                section: section_of(&item.id).map(|s| s.key),
                historical: item.retired_after.is_some(),
            })
        })
        .collect();
    let dictionaries = standards::dictionaries(&mut *ask.reading()?)?;
    let own = case
        .abstract_
        .items
        .iter()
        .chain(case.patient.items.iter())
        .filter(|(id, _)| id.contains(':'))
        .map(|(id, value)| Own { id: id.into(), known: known_as(id, &dictionaries), value: value.into() })
        .filter(|own| {
            let text = format!("{} {}", own.id, own.known).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        })
        .collect();
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let page = AllItems {
        banner: Banner::of(&case.patient, &case.all, today),
        linked: true,
        tabs: Tab::all(&case.all, Some(case.abstract_.id)),
        tab_section: "items",
        case: case.abstract_.id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        q,
        only_filled,
        rows,
        own,
        may_edit: case.may_edit(ask)?,
    };
    let reply = ask.page("pages/all-items", &Sheet::of("All items", "/patients"), &page)?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting("all items"))
}
