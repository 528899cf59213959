//! The rows of an abstract: an item with its value, meaning and source, and what there is to say about it.

use std::collections::HashMap;

use serde::Serialize;

use super::case_stage::CaseStage;
use super::demands::{self, Demands};
use super::workbench::Case;
use crate::codes::{Context, is_coded, meaning};
use crate::dates::PartialDate;
use crate::naaccr::{DataType, Level, StandardItem, super_dictionary};
use crate::registry::needs::PLACES;
use crate::registry::sections::{Section, section_of};
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
    hint: String,
    reason: String,
    required: Vec<Slot>,
    required_by: String,
    unsure: bool,
    fixed: bool,
    accept: String,
    ask: Vec<Answered>,
}

/// A place among those who require an item.
#[derive(Debug, Clone, Serialize)]
pub struct Slot {
    letter: &'static str,
    asks: bool,
}

/// An answer to a question that the schema depends on.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    code: String,
    label: String,
    whole: bool,
}

/// Something to look at, for the dock.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Number of the item.
    pub number: u32,
    sentence: String,
    rule: String,
    accept: String,
    ours: String,
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
pub fn is_automatic(id: &str) -> bool {
    id.starts_with("derived")
        || matches!(
            id,
            "ageAtDiagnosis"
                | "dateCaseInitiated"
                | "dateCaseCompleted"
                | "dateCaseCompletedCoc"
                | "dateCaseLastChanged"
                | "dateCaseReportExported"
                | "dateCaseReportReceived"
                | "dateCaseReportLoaded"
                | "dateTumorRecordAvailbl"
                | "vendorName"
                | "patientSystemIdHosp"
        )
}

/// The rows of items.
pub fn fields_of<'a>(
    items: impl Iterator<Item = &'static StandardItem> + 'a,
    case: &'a Case,
    stage: &'a CaseStage,
    demands: &Demands,
    origins: &Origins,
    may_edit: bool,
) -> Vec<Field> {
    let context = context_of(case);
    items.map(|item| field(item, (case, stage, demands), &context, origins, may_edit)).collect()
}

/// The context in which a case's codes are read.
pub fn context_of(case: &Case) -> Context<'_> {
    Context::of(|id| Some(case.value(id)).filter(|v| !v.is_empty()))
}

fn field(
    item: &'static StandardItem,
    (case, stage, demands): (&Case, &CaseStage, &Demands),
    context: &Context<'_>,
    origins: &Origins,
    may_edit: bool,
) -> Field {
    let value = case.value(&item.id);
    let words = words_of(item, value, context, stage);
    let problem = problem_of(item, value, context, stage);
    let derivable = stage.derivable.iter().any(|id| *id == item.id);
    let automatic = derivable || is_automatic(&item.id);
    let of_schema = stage.item(&item.id);
    let demand = demands.of_item(&item.id, stage);
    let required: Vec<Slot> = demand.map_or(Vec::new(), |demand| {
        PLACES.iter().zip(demand.asks).map(|((letter, _), asks)| Slot { letter, asks }).collect()
    });
    let asked = stage.ask.iter().find(|asked| asked.id == *item.id);
    let needed = asked.is_some() || demand.is_some_and(|demand| demand.required);
    let derived_here = derivable && case.abstract_.derived.holds(&item.id);
    let (origin, origin_title, from_source) =
        if value.is_empty() { (String::new(), String::new(), false) } else { origins.of_item(&item.id) };
    let (state, icon, tone, says) = match (&problem, value.is_empty(), automatic) {
        (Some(_), ..) => ("is-warn", "warn", "warn", "Look at it"),
        (None, true, false) if needed => ("is-need", "need", "accent", "Required and empty"),
        (None, true, _) => ("", "none", "dim", "Empty"),
        _ if stage.is_orphan(&item.id) => ("is-orphan", "none", "dim", "Not of this schema"),
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
        coded: is_coded(&item.id) || of_schema.is_some_and(|of_schema| of_schema.coded),
        date: item.data_type == DataType::Date,
        most: item.length,
        level: if item.level == Level::Patient { "patient" } else { "tumor" },
        problem: problem.unwrap_or_default(),
        hint: match (of_schema, asked) {
            (_, Some(asked)) => asked.why.clone(),
            (Some(of_schema), None) => of_schema.hint.clone(),
            _ => String::new(),
        },
        reason: match stage.reasons.get(&*item.id) {
            Some(reason) if derived_here => reason.short.clone(),
            _ => String::new(),
        },
        required_by: demand.map_or(String::new(), |demand| {
            let how = if demand.required { "Required by" } else { "If known, asked by" };
            format!("{how} {}", demands::names(&demand))
        }),
        unsure: demand.is_some_and(|demand| !demand.verified),
        fixed: item.length <= 8
            && (item.data_type == DataType::Date
                || item.data_type.fills_its_length() && (is_coded(&item.id) || of_schema.is_some())),
        required,
        accept: stage.differs(&item.id).map_or(String::new(), |differs| differs.ours.clone()),
        ask: asked.map_or(Vec::new(), |asked| {
            let plain = |code: &str| !code.is_empty() && code.chars().all(|c| c.is_ascii_alphanumeric());
            let one = |(code, label): &(String, String)| Answered {
                whole: plain(code),
                code: code.clone(),
                label: label.clone(),
            };
            asked.answers.iter().map(one).collect()
        }),
    }
}

/// A value in words.
pub fn words_of(item: &StandardItem, value: &str, context: &Context<'_>, stage: &CaseStage) -> String {
    if value.is_empty() {
        return String::new();
    }
    if item.data_type == DataType::Date {
        return PartialDate::parse(value).map_or_else(|e| e.to_string(), |date| date.screen());
    }
    if let Some(of_schema) = stage.item(&item.id).filter(|of_schema| !of_schema.meaning.is_empty()) {
        let own = meaning(&item.id, value, context).filter(|_| of_schema.measured);
        return own.map_or_else(|| of_schema.meaning.clone(), |own| own.label.into_owned());
    }
    if *item.id == *"schemaId"
        && let Some(rules) = stage.rules.iter().find(|rules| rules.name == "eod")
    {
        return rules.schema_title.clone();
    }
    meaning(&item.id, value, context).map(|m| m.label.into_owned()).unwrap_or_default()
}

/// What there is to say about a value by its item and the schema of the case.
pub fn problem_of(item: &StandardItem, value: &str, context: &Context<'_>, stage: &CaseStage) -> Option<String> {
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
    if let Some(differs) = stage.differs(&item.id) {
        let ours = if differs.ours.is_empty() { "nothing" } else { &differs.ours };
        return Some(format!("{} was received; the rules derive {ours}.", differs.stands));
    }
    if let Some(of_schema) = stage.item(&item.id)
        && (of_schema.unknown_code || !of_schema.meaning.is_empty())
    {
        return of_schema.unknown_code.then(|| format!("{value} is not a code of this item in this schema."));
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
pub fn problems_of(section: &Section, case: &Case, stage: &CaseStage) -> Vec<Problem> {
    let context = context_of(case);
    // Items that stand in no section are shown with the stage.
    let elsewhere = stage.items.iter().map(|item| item.id.as_str()).chain(stage.derivable.iter().map(String::as_str));
    let also: Vec<&'static StandardItem> = elsewhere
        .filter(|id| section.key == "stage" && section_of(id).is_none())
        .filter_map(|id| super_dictionary().by_id(id))
        .collect();
    section
        .items()
        .chain(also)
        .filter_map(|item| {
            let sentence = problem_of(item, case.value(&item.id), &context, stage)?;
            let differs = stage.differs(&item.id);
            Some(Problem {
                number: item.number.map_or(0, |n| n.0),
                sentence: format!("{}: {sentence}", show::item_name(&item.name)),
                rule: match (differs, stage.item(&item.id)) {
                    (Some(differs), _) => format!(
                        "derived-differs, {} {}: the received value stays until somebody accepts ours or edits what it \
                         is made of",
                        differs.algorithm, differs.edition
                    ),
                    (None, Some(of_schema)) if of_schema.unknown_code => "codes of the schema".into(),
                    _ => "NAACCR code list and length of the item".into(),
                },
                accept: differs.map_or(String::new(), |differs| differs.item.clone()),
                ours: differs.map_or(String::new(), |differs| differs.ours.clone()),
            })
        })
        .collect()
}
