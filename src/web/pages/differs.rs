//! A record that arrived and differs from the abstract on file: both side by side, item by item, and which are taken.

use std::collections::HashSet;

use serde::Serialize;

use super::banner::{Banner, Tab};
use super::words;
use super::workbench::Case;
use crate::codes::{Context, meaning};
use crate::dates::PartialDate;
use crate::intake::review::{self, Seen, read_again, tumor_of};
use crate::naaccr::super_dictionary;
use crate::registry::record::Record;
use crate::registry::store::reviews::{self, Waiting};
use crate::registry::store::{StoreError, sources};
use crate::web::frame::Sheet;
use crate::web::{Ask, Refused, Reply, show};

#[derive(Serialize)]
struct Page {
    banner: Banner,
    linked: bool,
    tabs: Vec<Tab>,
    tab_section: &'static str,
    case: i64,
    version: i64,
    patient_version: i64,
    review: Option<i64>,
    file: String,
    rows: Vec<Row>,
    may_edit: bool,
    error: String,
}

#[derive(Serialize)]
struct Row {
    id: String,
    number: u32,
    name: String,
    known: Side,
    arrived: Side,
}

#[derive(Serialize)]
struct Side {
    value: String,
    meaning: String,
}

/// The oldest record that waits at the abstract.
pub fn show(ask: &Ask) -> Result<Reply, Refused> {
    page(ask, String::new())
}

fn page(ask: &Ask, error: String) -> Result<Reply, Refused> {
    let case = Case::read(ask)?;
    let conn = &mut *ask.reading()?;
    let waiting = reviews::waiting_at(conn, case.abstract_.id)?;
    let rows = match &waiting {
        Some(waiting) => rows(&case, waiting, &read_again(&sources::source(conn, waiting.source_id)?)?),
        None => vec![],
    };
    let today = PartialDate::from_naive(ask.now().date_naive()).map_err(|e| Refused::Broken(e.to_string()))?;
    let wrong = !error.is_empty();
    let page = Page {
        banner: Banner::of(&case.patient, &case.all, today),
        linked: true,
        tabs: Tab::all(&case.all, Some(case.abstract_.id)),
        tab_section: "accession",
        case: case.abstract_.id,
        version: case.abstract_.version,
        patient_version: case.patient.version,
        review: waiting.as_ref().map(|w| w.id),
        file: waiting.map(|w| w.file_name).unwrap_or_default(),
        rows,
        may_edit: case.may_edit(ask)?,
        error,
    };
    let reply = ask.page("pages/differs", &Sheet::of("A later report", "/intake").refused_if(wrong), &page)?;
    Ok(reply.about_patient(case.patient.id).about_abstract(case.abstract_.id).noting("later report"))
}

fn rows(case: &Case, waiting: &Waiting, arrived: &crate::intake::arrived::Arrived) -> Vec<Row> {
    let nothing = Record::new();
    let tumor = tumor_of(arrived, waiting).unwrap_or(&nothing);
    let mut rows = differing(&case.patient.items, &arrived.patient);
    // What the staging rules filled did not arrive either time; it follows the items that are taken.
    let ours = |row: &Row| row.arrived.value.is_empty() && case.abstract_.derived.holds(&row.id);
    rows.extend(differing(&case.abstract_.items, tumor).into_iter().filter(|row| !ours(row)));
    rows
}

fn differing(known: &Record, arriving: &Record) -> Vec<Row> {
    let side = |id: &str, value: &str| Side {
        value: value.into(),
        meaning: meaning(id, value, &Context::default()).map(|m| m.label.into_owned()).unwrap_or_default(),
    };
    known
        .differences(arriving)
        .into_iter()
        .map(|change| {
            let item = super_dictionary().by_id(&change.item);
            Row {
                number: item.and_then(|i| i.number).map_or(0, |n| n.0),
                name: item.map_or_else(|| change.item.clone(), |i| show::item_name(&i.name)),
                known: side(&change.item, &change.old),
                arrived: side(&change.item, &change.new),
                id: change.item,
            }
        })
        .collect()
}

/// Takes the chosen items and ends the review.
pub fn take(ask: &Ask) -> Result<Reply, Refused> {
    let (by, case) = (ask.by()?.clone(), Case::read(ask)?);
    let chosen = ask.form.trimmed("review").parse::<i64>().ok();
    let seen = Seen { abstract_: ask.number("seen")?, patient: ask.number("seen_patient")? };
    let (waiting, arrived) = {
        let conn = &mut *ask.reading()?;
        let Some(waiting) = reviews::waiting_at(conn, case.abstract_.id)?.filter(|w| Some(w.id) == chosen) else {
            return page(ask, "This record does not wait any more: somebody settled it, or nothing was chosen.".into());
        };
        let source = sources::source(conn, waiting.source_id)?;
        (waiting, read_again(&source)?)
    };
    let taken: HashSet<String> = match ask.form.trimmed("what") {
        "all" => rows(&case, &waiting, &arrived).into_iter().map(|row| row.id).collect(),
        "none" => HashSet::new(),
        _ => ask.form.all("item").map(str::to_string).collect(),
    };
    let id = case.abstract_.id;
    match ask.store().write(move |tx| review::settle(tx, &by, &waiting, &arrived, seen, &taken)) {
        Ok(()) => Ok(Reply::see(format!("/cases/{id}/accession"))),
        Err(StoreError::Refused(why)) => page(ask, why),
        Err(other) => Err(other.into()),
    }
}

/// A row of the list of records that wait.
#[derive(Serialize)]
pub struct Listed {
    case: i64,
    name: String,
    accession: String,
    sequence: String,
    file: String,
}

impl Listed {
    /// As the intake page lists it.
    pub fn of(waiting: &Waiting) -> Listed {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Listed {
            case: waiting.abstract_id,
            name: show::person(&text(&waiting.last_name), &text(&waiting.first_name), ""),
            accession: words::accession(&text(&waiting.accession)),
            sequence: text(&waiting.sequence),
            file: waiting.file_name.clone(),
        }
    }
}
