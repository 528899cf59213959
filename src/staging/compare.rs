//! Two editions of an algorithm held against each other: what a registry should know before it switches one on, and
//! what a change of edition did to a case.

use std::collections::BTreeMap;

use serde::Serialize;

use super::edition::Edition;
use super::record::Derived;
use super::view::{InputView, SchemaView, TableView};

/// What differs between two editions. Ids are sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// Schemas only the new edition has.
    pub schemas_added: Vec<String>,
    /// Schemas only the old edition has.
    pub schemas_removed: Vec<String>,
    /// Schemas of both that differ.
    pub schemas_changed: Vec<SchemaDifference>,
    /// Tables only the new edition has.
    pub tables_added: Vec<String>,
    /// Tables only the old edition has.
    pub tables_removed: Vec<String>,
    /// Tables of both whose columns or rows differ.
    pub tables_changed: Vec<String>,
}

/// What differs in a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SchemaDifference {
    /// The schema.
    pub schema: String,
    /// Its title was, and is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<(String, String)>,
    /// Other cases belong to it.
    pub selection: bool,
    /// A table it reaches has other rows, or it reaches other tables: a derived value may differ.
    pub rules: bool,
    /// Inputs that came.
    pub inputs_added: Vec<String>,
    /// Inputs that went.
    pub inputs_removed: Vec<String>,
    /// Inputs with other codes, default or use.
    pub inputs_changed: Vec<InputDifference>,
    /// Outputs that came.
    pub outputs_added: Vec<String>,
    /// Outputs that went.
    pub outputs_removed: Vec<String>,
}

/// What differs in an input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InputDifference {
    /// Its key.
    pub key: String,
    /// Codes that came, as the table writes them.
    pub codes_added: Vec<String>,
    /// Codes that went: values that may not be valid any more.
    pub codes_removed: Vec<String>,
    /// Its default was, and is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<(Option<String>, Option<String>)>,
    /// Whether the rules read it was, and is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used_for_staging: Option<(bool, bool)>,
}

/// What a change of edition did to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum CaseChange {
    /// It belongs to another schema, or to none.
    Schema {
        /// The schema before.
        before: Option<String>,
        /// The schema now.
        now: Option<String>,
    },
    /// It ends otherwise.
    Outcome {
        /// How it ended before.
        before: &'static str,
        /// How it ends now.
        now: &'static str,
    },
    /// A value of it became valid or invalid, or another problem came or went.
    Problem {
        /// The problem's kind.
        kind: &'static str,
        /// The key or table it is about.
        about: String,
        /// Whether it is there now.
        now: bool,
    },
    /// A derived value differs.
    Value {
        /// The NAACCR item.
        item: String,
        /// The value before.
        before: Option<String>,
        /// The value now.
        now: Option<String>,
    },
}

/// Holds two editions against each other.
pub fn compare(old: &Edition, new: &Edition) -> Differences {
    let mut differences = Differences::default();
    let tables = |edition: &'_ Edition| -> BTreeMap<String, u64> {
        edition.tables().map(|table| (table.id().to_owned(), content(&table))).collect()
    };
    let (tables_before, tables_now) = (tables(old), tables(new));
    (differences.tables_added, differences.tables_removed) = came_and_went(tables_before.keys(), tables_now.keys());
    let changed = |id: &str| tables_before.get(id) != tables_now.get(id);
    differences.tables_changed =
        tables_now.keys().filter(|id| tables_before.contains_key(*id) && changed(id)).cloned().collect();

    let ids = |edition: &Edition| edition.schemas().map(|schema| schema.id().to_owned()).collect::<Vec<_>>();
    let (ids_before, ids_now) = (ids(old), ids(new));
    (differences.schemas_added, differences.schemas_removed) = came_and_went(ids_before.iter(), ids_now.iter());
    for id in &ids_now {
        let (Some(before), Some(now)) = (old.schema(id), new.schema(id)) else { continue };
        let found = schema(&before, &now, &changed);
        if found != (SchemaDifference { schema: id.clone(), ..SchemaDifference::default() }) {
            differences.schemas_changed.push(found);
        }
    }
    differences
}

/// What changed for a case between two stagings by one algorithm.
pub fn case_changes(before: &Derived<'_>, now: &Derived<'_>) -> Vec<CaseChange> {
    let mut changes = Vec::new();
    if before.schema != now.schema {
        let owned = |schema: Option<&str>| schema.map(str::to_owned);
        changes.push(CaseChange::Schema { before: owned(before.schema), now: owned(now.schema) });
    }
    if before.outcome != now.outcome {
        changes.push(CaseChange::Outcome { before: before.outcome.as_str(), now: now.outcome.as_str() });
    }
    for (from, to, there) in [(before, now, false), (now, before, true)] {
        for problem in from.problems.iter().filter(|problem| !to.problems.contains(problem)) {
            let about = problem.key.clone().or_else(|| problem.table.clone()).unwrap_or_default();
            changes.push(CaseChange::Problem { kind: problem.kind, about, now: there });
        }
    }
    let value = |derived: &Derived<'_>, id: &str| {
        derived.items.iter().find(|(name, _)| *name == id).map(|(_, value)| value.clone())
    };
    let mut ids: Vec<&str> = before.items.iter().chain(&now.items).map(|(id, _)| *id).collect();
    ids.sort();
    ids.dedup();
    for id in ids {
        let (was, is) = (value(before, id), value(now, id));
        if was != is {
            changes.push(CaseChange::Value { item: id.to_owned(), before: was, now: is });
        }
    }
    changes
}

fn schema(before: &SchemaView<'_>, now: &SchemaView<'_>, changed: &impl Fn(&str) -> bool) -> SchemaDifference {
    let keys = |schema: &SchemaView<'_>| schema.inputs().map(|input| input.key().to_owned()).collect::<Vec<_>>();
    let outputs = |schema: &SchemaView<'_>| schema.outputs().map(|out| out.key().to_owned()).collect::<Vec<_>>();
    let reached = |schema: &SchemaView<'_>| {
        let mut ids: Vec<String> = schema.tables().map(|table| table.id().to_owned()).collect();
        ids.sort();
        ids
    };
    let selection = |schema: &SchemaView<'_>| schema.selection().map(|table| content(&table));
    let mut found = SchemaDifference { schema: now.id().to_owned(), ..SchemaDifference::default() };
    if before.title() != now.title() {
        found.title = Some((before.title().to_owned(), now.title().to_owned()));
    }
    found.selection = selection(before) != selection(now);
    let tables = reached(now);
    found.rules = reached(before) != tables || tables.iter().any(|id| changed(id));
    (found.inputs_added, found.inputs_removed) = came_and_went(keys(before).iter(), keys(now).iter());
    (found.outputs_added, found.outputs_removed) = came_and_went(outputs(before).iter(), outputs(now).iter());
    for input in now.inputs() {
        let Some(earlier) = before.input(input.key()) else { continue };
        let difference = input_difference(&earlier, &input);
        if difference != (InputDifference { key: input.key().to_owned(), ..InputDifference::default() }) {
            found.inputs_changed.push(difference);
        }
    }
    found
}

fn input_difference(before: &InputView<'_>, now: &InputView<'_>) -> InputDifference {
    let codes = |input: &InputView<'_>| {
        let choices = input.table().map(|table| table.choices(input.key())).unwrap_or_default();
        choices.iter().map(|choice| choice.code.to_owned()).collect::<Vec<_>>()
    };
    let (codes_added, codes_removed) = came_and_went(codes(before).iter(), codes(now).iter());
    let default = |input: &InputView<'_>| input.default().map(str::to_owned);
    let used = (before.used_for_staging(), now.used_for_staging());
    InputDifference {
        key: now.key().to_owned(),
        codes_added,
        codes_removed,
        default: (default(before) != default(now)).then(|| (default(before), default(now))),
        used_for_staging: (used.0 != used.1).then_some(used),
    }
}

/// What only the second has, and what only the first has.
fn came_and_went<'i>(
    before: impl Iterator<Item = &'i String> + Clone,
    now: impl Iterator<Item = &'i String> + Clone,
) -> (Vec<String>, Vec<String>) {
    let only = |of: &mut dyn Iterator<Item = &'i String>, other: std::collections::BTreeSet<&String>| {
        of.filter(|item| !other.contains(item)).cloned().collect()
    };
    let came = only(&mut now.clone(), before.clone().collect());
    (came, only(&mut before.clone(), now.collect()))
}

/// A number that stands for what a table tests and does, its words aside.
fn content(table: &TableView<'_>) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for (at, column) in table.columns().enumerate() {
        if column.kind != super::view::ColumnKind::Description {
            column.key.hash(&mut hasher);
            (0..table.rows()).for_each(|row| match column.kind {
                // The words of an error do not change what is derived.
                super::view::ColumnKind::Endpoint => {
                    let cell = table.cell(row, at);
                    if cell.starts_with("ERROR") { "ERROR".hash(&mut hasher) } else { cell.hash(&mut hasher) }
                }
                _ => table.cell(row, at).hash(&mut hasher),
            });
        }
    }
    hasher.finish()
}
