//! The rows of an abstract: an item with its value, meaning and source, and what there is to say about it.

use std::collections::HashMap;

use serde::Serialize;

use super::workbench::Case;
use crate::codes::{Context, is_coded, meaning};
use crate::dates::PartialDate;
use crate::naaccr::{DataType, Level, StandardItem};
use crate::registry::sections::Section;
use crate::registry::store::{Conn, Kind, records};
use crate::web::{Refused, show};

/// A row.
#[derive(Debug, Clone, Serialize)]
pub struct Field {
    /// Item number.
    pub number: u32,
    /// Item id.
    pub id: String,
    /// Its name.
    pub label: String,
    /// Its value as it is written.
    pub value: String,
    /// The value in words.
    pub meaning: String,
    /// Row class: `is-bad is-warn is-derived` or nothing.
    pub state: &'static str,
    icon: &'static str,
    tone: &'static str,
    says: &'static str,
    origin: String,
    origin_title: String,
    from_source: bool,
    readonly: bool,
    long: bool,
    wide: bool,
    coded: bool,
    date: bool,
    most: u32,
    level: &'static str,
    problem: String,
}

/// Something to look at, for the dock.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    number: u32,
    sentence: String,
    rule: &'static str,
}

/// Where each item's value came from: the last change of it, if there was one since it arrived.
pub struct Origins {
    changed: HashMap<String, (String, String)>,
    source: Option<i64>,
}

impl Origins {
    /// Reads the changes of a case.
    pub fn of(conn: &mut Conn, case: &Case) -> Result<Origins, Refused> {
        let mut changed = HashMap::new();
        for (kind, id) in [(Kind::Abstract, case.abstract_.id), (Kind::Patient, case.patient.id)] {
            for row in records::changes_of(conn, kind, id)? {
                let title = format!("{}, {}", row.login, row.at.get(..10).unwrap_or_default());
                for change in row.changes()? {
                    changed.entry(change.item).or_insert_with(|| (row.source_kind.clone(), title.clone()));
                }
            }
        }
        Ok(Origins { changed, source: case.abstract_.source })
    }

    fn of_item(&self, id: &str) -> (String, String, bool) {
        match self.changed.get(id) {
            Some((kind, title)) => {
                let word = match kind.as_str() {
                    "typed" => "typed",
                    "rule" => "derived",
                    "contact" => "contact",
                    "operation" => "by hand",
                    _ => "file",
                };
                (word.into(), title.clone(), kind == "source" && self.source.is_some())
            }
            None if self.source.is_some() => ("file".into(), "As received".into(), true),
            None => (String::new(), String::new(), false),
        }
    }
}

/// Items that the program itself writes.
fn is_automatic(id: &str) -> bool {
    id.starts_with("derived")
        || matches!(id, "dateCaseCompleted" | "dateCaseLastChanged" | "dateCaseReportExported" | "vendorName")
}

/// The rows of items.
pub fn fields_of<'a>(
    items: impl Iterator<Item = &'static StandardItem> + 'a,
    case: &'a Case,
    origins: &Origins,
    may_edit: bool,
) -> Vec<Field> {
    let context = context_of(case);
    items.map(|item| field(item, case, &context, origins, may_edit)).collect()
}

/// The context in which a case's codes are read.
pub fn context_of(case: &Case) -> Context<'_> {
    Context::of(|id| Some(case.value(id)).filter(|v| !v.is_empty()))
}

fn field(item: &'static StandardItem, case: &Case, context: &Context<'_>, origins: &Origins, may_edit: bool) -> Field {
    let value = case.value(&item.id);
    let words = words_of(item, value, context);
    let problem = problem_of(item, value, context);
    let automatic = is_automatic(&item.id);
    let (origin, origin_title, from_source) =
        if value.is_empty() { (String::new(), String::new(), false) } else { origins.of_item(&item.id) };
    let (state, icon, tone, says) = match (&problem, value.is_empty(), automatic) {
        (Some(_), ..) => ("is-warn", "warn", "warn", "Look at it"),
        (None, true, _) => ("", "none", "dim", "Empty"),
        (None, false, true) => ("is-derived", "fx", "note", "Derived"),
        _ => ("", "ok", "dim", "Passes"),
    };
    Field {
        number: item.number.map_or(0, |n| n.0),
        id: item.id.to_string(),
        label: show::item_name(&item.name),
        value: value.into(),
        meaning: words,
        state,
        icon,
        tone,
        says,
        origin,
        origin_title,
        from_source,
        readonly: automatic || !may_edit || item.retired_after.is_some_and(|v| !v.may_be_exported()),
        long: item.length > 100,
        wide: item.length > 10,
        coded: is_coded(&item.id),
        date: item.data_type == DataType::Date,
        most: item.length,
        level: if item.level == Level::Patient { "patient" } else { "tumor" },
        problem: problem.unwrap_or_default(),
    }
}

/// A value in words.
pub fn words_of(item: &StandardItem, value: &str, context: &Context<'_>) -> String {
    if value.is_empty() {
        return String::new();
    }
    if item.data_type == DataType::Date {
        return PartialDate::parse(value).map_or_else(|e| e.to_string(), |date| date.screen());
    }
    meaning(&item.id, value, context).map(|m| m.label.into_owned()).unwrap_or_default()
}

/// What there is to say about a value by its item alone.
pub fn problem_of(item: &StandardItem, value: &str, context: &Context<'_>) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let length = value.chars().count();
    if length > item.length as usize && !item.unlimited_text {
        return Some(format!("{length} characters; the item holds {}.", item.length));
    }
    if item.data_type == DataType::Date && PartialDate::parse(value).is_err() {
        return Some(format!("{value} is not a date."));
    }
    let found = meaning(&item.id, value, context);
    match found {
        None if is_coded(&item.id) => Some(format!("{value} is not in the code list.")),
        Some(meaning) if meaning.retired.is_some() => {
            Some(format!("{value}, {}, is not for use in this case.", meaning.label))
        }
        _ => None,
    }
}

/// Everything to look at in a section.
pub fn problems_of(section: &Section, case: &Case) -> Vec<Problem> {
    let context = context_of(case);
    section
        .items()
        .filter_map(|item| {
            let sentence = problem_of(item, case.value(&item.id), &context)?;
            Some(Problem {
                number: item.number.map_or(0, |n| n.0),
                sentence: format!("{}: {sentence}", show::item_name(&item.name)),
                rule: "NAACCR code list and length of the item",
            })
        })
        .collect()
}
