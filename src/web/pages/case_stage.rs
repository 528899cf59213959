//! What the staging rules say of the case on screen: the algorithm and schema, what is still to be asked, the items of
//! the schema with their codes, what is derived and why, and where a received value differs from it.

use std::collections::HashMap;

use serde::Serialize;

use super::workbench::Case;
use crate::naaccr::super_dictionary;
use crate::registry::derived::{Differs, differing, is_of_a_child, staged};
use crate::registry::record::Record;
use crate::registry::rederive::as_of;
use crate::registry::standards::InUse;
use crate::staging::{
    Algorithm, AsOf, Derived, Edition, Editions, Entry, FormItem, Mode, Outcome, Step, dx_year, in_words, inputs_of,
    schema_items,
};

/// An algorithm that stages the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// Its everyday name.
    pub name: &'static str,
    /// Its name on pages.
    pub title: &'static str,
    /// The edition.
    pub edition: String,
    /// The schema's id; empty while it is not known.
    pub schema: String,
    /// The schema's title.
    pub schema_title: String,
    /// Why nothing was staged, in a sentence; empty if something was.
    pub trouble: String,
    /// That the edition of the case's year is not here yet, in a sentence; empty if it is.
    pub pending: String,
}

/// What to ask so that there is one schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// The item's number.
    pub number: u32,
    /// The item's id.
    pub id: String,
    /// Its label.
    pub name: String,
    /// Why it is asked.
    pub why: String,
    /// The answers: code, and what it means or leads to.
    pub answers: Vec<(String, String)>,
}

/// An item of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaItem {
    /// Its NAACCR id.
    pub id: String,
    /// What the value means by the schema's own table; empty where it is not said.
    pub meaning: String,
    /// A number that was measured, which the item's own unit says better than the table's row.
    pub measured: bool,
    /// It has a list of codes.
    pub coded: bool,
    /// The value is not in the schema's table.
    pub unknown_code: bool,
    /// Who requires it: NPCR, SEER, CoC.
    pub required: [bool; 3],
    /// What there is to know beside the value: unit, default, whether the rules read it.
    pub hint: String,
    /// Changing it may change the form.
    pub discriminator: bool,
}

/// A code of an item's picklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// The code, or a range in words.
    pub code: String,
    /// It can be taken as it is.
    pub whole: bool,
    /// The term that names it.
    pub label: String,
    /// What it derives, in words.
    pub derives: String,
}

/// A derived value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What the last table looked at, in short.
    pub short: String,
}

/// What the rules say of a case.
#[derive(Debug, Clone, Default)]
pub struct CaseStage {
    /// The algorithms of the year.
    pub rules: Vec<Rules>,
    /// What to ask next.
    pub ask: Vec<Asked>,
    /// The items of the schema, in its order.
    pub items: Vec<SchemaItem>,
    /// Why each derived value is what it is, by item.
    pub reasons: HashMap<String, Reason>,
    /// Items that the algorithms of the year write.
    pub derivable: Vec<String>,
    /// Items that schemas of these algorithms ask for, this one's or another's.
    pub of_schemas: Vec<String>,
    /// Received or typed values that differ from ours.
    pub differs: Vec<Differs>,
}

impl CaseStage {
    /// Of a case, by the editions it is bound to.
    pub fn of(in_use: &InUse, case: &Case, now: chrono::DateTime<chrono::Utc>) -> CaseStage {
        let complete = matches!(case.abstract_.status.as_str(), "complete" | "submitted");
        let editions = if complete { in_use.bound_to(&case.abstract_.derived) } else { in_use.editions() };
        let (patient, items) = (&case.patient.items, &case.abstract_.items);
        let as_of = as_of(now);
        let runs = staged(&editions, &as_of, patient, items);
        let mut made =
            CaseStage { differs: differing(&editions, &runs, items, &case.abstract_.derived), ..Self::default() };
        let year = dx_year(|id| items.get(id));
        for (place, run) in runs.iter().enumerate() {
            let edition = editions.edition(run.algorithm);
            made.derivable.extend(edition.derivable_items().map(str::to_owned));
            if run.algorithm == Algorithm::Pediatric && !run.schema.is_some_and(is_of_a_child) {
                continue;
            }
            let pending = match year {
                Some(year) if editions.is_pending(run.algorithm, Some(year)) => format!(
                    "Made for diagnoses up to {}: the edition for {year} is not loaded yet. The case is marked pending-edition.",
                    editions.made_for[run.algorithm as usize]
                ),
                _ => String::new(),
            };
            made.add(edition, run, &told(&editions, &runs, place, (patient, items), &as_of), pending);
            made.add_items(
                edition,
                run,
                &Values { patient, items, earlier: runs.get(..place).unwrap_or_default() },
                &as_of,
            );
        }
        made
    }

    /// An item of the schema.
    pub fn item(&self, id: &str) -> Option<&SchemaItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// The one schema of the form is known.
    pub fn has_schema(&self) -> bool {
        self.rules.iter().any(|rules| !rules.schema.is_empty())
    }

    /// The value that differs from ours.
    pub fn differs(&self, id: &str) -> Option<&Differs> {
        self.differs.iter().find(|differs| differs.item == id)
    }

    /// A filled item that belongs to other schemas only: kept and shown, asked for by nobody.
    pub fn is_orphan(&self, id: &str) -> bool {
        self.has_schema()
            && self.item(id).is_none()
            && !self.derivable.iter().any(|derived| derived == id)
            && self.of_schemas.iter().any(|item| item == id)
    }

    /// What tells two forms apart: algorithms, editions, schemas and questions.
    pub fn key(&self) -> String {
        let rules = self.rules.iter().map(|rules| format!("{} {} {}", rules.name, rules.edition, rules.schema));
        let ask = self.ask.iter().map(|asked| asked.id.clone());
        rules.chain(ask).collect::<Vec<_>>().join(",")
    }

    fn add(&mut self, edition: &Edition, run: &Derived<'_>, steps: &[Step<'_>], pending: String) {
        let schema = run.schema.and_then(|id| edition.schema(id));
        self.rules.push(Rules {
            name: run.algorithm.name(),
            title: title_of(run.algorithm),
            edition: run.edition.into(),
            schema: run.schema.unwrap_or_default().into(),
            schema_title: schema.map_or("", |schema| schema.title()).into(),
            trouble: trouble(run).into(),
            pending,
        });
        for question in &run.ask {
            if self.ask.iter().all(|asked| asked.id != question.xml_id) {
                self.ask.push(Asked {
                    number: number_of(question.xml_id),
                    id: question.xml_id.into(),
                    name: question.name.into(),
                    why: question.why.clone(),
                    answers: question
                        .answers
                        .iter()
                        .map(|answer| (answer.code.clone(), said(edition, answer)))
                        .collect(),
                });
            }
        }
        let Some(schema) = schema else { return };
        for output in schema.outputs() {
            let Some(id) = output.xml_id() else { continue };
            let writes = |step: &&Step<'_>| step.writes.iter().any(|written| written.key == output.key());
            if let Some(step) = steps.iter().rev().find(writes) {
                let short: Vec<String> = step
                    .when
                    .iter()
                    .filter(|tested| tested.accepts.as_deref() != Some("anything"))
                    .map(|tested| {
                        let value = if tested.value.is_empty() { "blank" } else { tested.value };
                        format!("{} {value}", if tested.name.is_empty() { tested.key } else { tested.name })
                    })
                    .collect();
                self.reasons.insert(id.into(), Reason { short: short.join(", ") });
            }
        }
    }

    fn add_items(&mut self, edition: &Edition, run: &Derived<'_>, values: &Values<'_, '_>, as_of: &AsOf) {
        for id in edition.specific_items() {
            if !self.of_schemas.iter().any(|known| known == id) {
                self.of_schemas.push(id.into());
            }
        }
        let Some(schema) = run.schema else { return };
        for item in schema_items(edition, schema, dx_year(|id| values.get(id))) {
            let known = self.items.iter().any(|known| known.id == item.xml_id);
            // What an algorithm before this one derives is not asked again.
            if !known && !self.derivable.iter().any(|derived| derived == item.xml_id) {
                self.items.push(schema_item(edition, &item, values, as_of));
            }
        }
    }
}

/// The items of a case: what was just derived stands before what is stored.
struct Values<'v, 'e> {
    patient: &'v Record,
    items: &'v Record,
    earlier: &'v [Derived<'e>],
}

impl<'v> Values<'v, '_> {
    fn get(&self, id: &str) -> Option<&'v str> {
        let earlier = self.earlier.iter().flat_map(|derived| &derived.items).find(|(item, _)| *item == id);
        earlier.map(|(_, value)| value.as_str()).or_else(|| self.items.get(id)).or_else(|| self.patient.get(id))
    }
}

/// The steps of one algorithm.
fn told<'e>(
    editions: &Editions<'e>,
    runs: &'e [Derived<'e>],
    place: usize,
    (patient, items): (&'e Record, &'e Record),
    as_of: &'e AsOf,
) -> Vec<Step<'e>> {
    let Some((earlier, run)) = runs.get(..place).zip(runs.get(place)) else { return Vec::new() };
    let edition = editions.edition(run.algorithm);
    let Some(schema) = run.schema.and_then(|id| edition.schema(id)) else { return Vec::new() };
    let values = Values { patient, items, earlier };
    let inputs = inputs_of(&schema, &|id: &str| values.get(id));
    edition.explain(inputs, as_of, Mode::Practical).1
}

/// Every step of every algorithm of a case, for the page that tells how values were derived.
pub fn steps_of(in_use: &InUse, case: &Case, now: chrono::DateTime<chrono::Utc>) -> Vec<(String, Vec<String>)> {
    let complete = matches!(case.abstract_.status.as_str(), "complete" | "submitted");
    let editions = if complete { in_use.bound_to(&case.abstract_.derived) } else { in_use.editions() };
    let as_of = as_of(now);
    let runs = staged(&editions, &as_of, &case.patient.items, &case.abstract_.items);
    let one = |(place, run): (usize, &Derived<'_>)| {
        let steps = told(&editions, &runs, place, (&case.patient.items, &case.abstract_.items), &as_of);
        (run.algorithm.name().to_owned(), steps.into_iter().map(|step| step.text).collect())
    };
    runs.iter().enumerate().map(one).collect()
}

/// The codes an item may take by the schema of the case; none where it has no table there.
pub fn picklist(in_use: &InUse, case: &Case, now: chrono::DateTime<chrono::Utc>, id: &str) -> Option<Vec<Pick>> {
    let complete = matches!(case.abstract_.status.as_str(), "complete" | "submitted");
    let editions = if complete { in_use.bound_to(&case.abstract_.derived) } else { in_use.editions() };
    let runs = staged(&editions, &as_of(now), &case.patient.items, &case.abstract_.items);
    runs.iter().find_map(|run| {
        let schema = editions.edition(run.algorithm).schema(run.schema?)?;
        let input = schema.inputs().find(|input| input.xml_id() == Some(id))?;
        let choices = input.table()?.choices(input.key());
        // Without their names the codes of the value set say more.
        if choices.is_empty() || choices.iter().all(|choice| choice.label.is_empty() && choice.derives.is_empty()) {
            return None;
        }
        let picks = choices.into_iter().filter(|choice| choice.entry != Entry::Blank).map(|choice| Pick {
            whole: choice.entry == Entry::Code,
            code: if choice.entry == Entry::Code { choice.code.into() } else { in_words(choice.code) },
            label: choice.label.into(),
            derives: derives(&choice.derives),
        });
        Some(picks.collect())
    })
}

/// What a code derives: each column's heading with its value.
fn derives(written: &[(&str, &str)]) -> String {
    written
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name} {value}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn schema_item(edition: &Edition, item: &FormItem<'_>, values: &Values<'_, '_>, as_of: &AsOf) -> SchemaItem {
    let value = values.get(item.xml_id).unwrap_or_default().trim();
    let row = item
        .table
        .filter(|_| !value.is_empty())
        .and_then(|table| edition.matching_row(table, [(item.key, Some(value))], as_of));
    let choice = row.and_then(|row| item.picklist.get(usize::try_from(row).ok()?));
    let label = choice.map_or("", |choice| choice.label);
    let unit = item.unit.filter(|_| choice.is_some_and(|choice| choice.entry == Entry::Range));
    let meaning = match unit {
        Some(unit) if !label.is_empty() => format!("{value} {unit}, {label}"),
        Some(unit) => format!("{value} {unit}"),
        None => label.to_owned(),
    };
    let mut hint = Vec::new();
    if item.used_for_staging {
        hint.push("used for staging".to_owned());
    }
    if let Some(unit) = item.unit {
        hint.push(format!("in {unit}"));
    }
    if let Some(default) = item.default.filter(|default| !default.is_empty()) {
        hint.push(format!("counts as {default} while empty"));
    }
    let by = |who: &str| item.required_by.iter().any(|flag| flag.starts_with(who) && !flag.contains("CLINICALLY"));
    SchemaItem {
        id: item.xml_id.into(),
        measured: choice.is_some_and(|choice| choice.entry == Entry::Range) && unit.is_none(),
        coded: item.picklist.iter().any(|choice| !choice.label.is_empty() || !choice.derives.is_empty()),
        meaning,
        unknown_code: item.table.is_some() && !value.is_empty() && row.is_none(),
        required: [by("NPCR"), by("SEER"), by("COC")],
        hint: hint.join(", "),
        discriminator: item.discriminator,
    }
}

fn said(edition: &Edition, answer: &crate::staging::Answer<'_>) -> String {
    let leads = || {
        let titles: Vec<&str> =
            answer.schemas.iter().filter_map(|id| edition.schema(id)).map(|schema| schema.title()).collect();
        titles.join(" or ")
    };
    if answer.label.is_empty() { leads() } else { answer.label.to_owned() }
}

fn trouble(run: &Derived<'_>) -> &'static str {
    match run.outcome {
        Outcome::Staged => "",
        Outcome::MissingSiteOrHistology => "Site or histology is not known yet.",
        Outcome::NoMatchingSchema => "No schema takes this site, histology and year together.",
        Outcome::MultipleMatchingSchemas => "More has to be known before there is one schema.",
        Outcome::InvalidYear => "The year of diagnosis is not one of this algorithm.",
        Outcome::InvalidInput => "A value is not valid.",
    }
}

/// The name of an algorithm on pages.
pub fn title_of(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Eod => "EOD",
        Algorithm::Tnm => "TNM",
        Algorithm::Cs => "CS",
        Algorithm::Pediatric => "Pediatric",
    }
}

fn number_of(id: &str) -> u32 {
    super_dictionary().by_id(id).and_then(|item| item.number).map_or(0, |number| number.0)
}
