//! A staging told step by step: which table was asked, which row matched and why, what was written.

use serde::Serialize;

use super::context::{Context, Slot, State};
use super::edition::{AsOf, Edition};
use super::rules::*;
use super::stage::{Mode, Staged, Watch};
use super::view::{TableView, in_words};

/// One step of a staging.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step<'a> {
    /// What kind of step it is.
    pub kind: StepKind,
    /// The mapping it belongs to, by id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<&'a str>,
    /// The table's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'a str>,
    /// The table's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// The row that matched, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// What the row looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Tested<'a>>,
    /// What was written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<Written<'a>>,
    /// The step in a sentence.
    pub text: String,
    #[serde(skip)]
    label: &'a str,
    #[serde(skip)]
    problems: Vec<String>,
}

/// What kind of step it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// An input without a value took its default.
    Default,
    /// A table decided whether a mapping runs.
    Decide,
    /// A mapping ran or was passed over.
    Mapping,
    /// A table ran.
    Table,
    /// A mapping was stopped by a row.
    Stop,
}

/// A value a row looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tested<'a> {
    /// The key.
    pub key: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The value it had.
    pub value: &'a str,
    /// What the row accepts, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepts: Option<String>,
}

/// A value that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Written<'a> {
    /// The key.
    pub key: &'a str,
    /// Its name.
    pub name: &'a str,
    /// The value; none for null or removed.
    pub value: Option<&'a str>,
}

impl Edition {
    /// Stages a case and tells how.
    pub fn explain<'a>(
        &'a self,
        inputs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        as_of: &'a AsOf,
        mode: Mode,
    ) -> (Staged<'a>, Vec<Step<'a>>) {
        let mut teller = Teller { edition: self, schema: None, mapping: None, steps: Vec::new(), running: Vec::new() };
        let staged = self.stage_watched(inputs, as_of, mode, &mut teller);
        let mut steps = teller.steps;
        for step in &mut steps {
            step.text = step.sentence();
        }
        (staged, steps)
    }
}

/// Writes the steps down as they happen.
struct Teller<'a> {
    edition: &'a Edition,
    schema: Option<&'a Schema>,
    mapping: Option<&'a str>,
    steps: Vec<Step<'a>>,
    /// The tables that are running, each with its step.
    running: Vec<(&'a Table, usize)>,
}

impl<'a> Teller<'a> {
    fn step(&mut self, kind: StepKind) -> &mut Step<'a> {
        let at = self.steps.len();
        self.steps.push(Step {
            kind,
            mapping: self.mapping,
            table: None,
            title: None,
            row: None,
            when: Vec::new(),
            writes: Vec::new(),
            text: String::new(),
            label: "",
            problems: Vec::new(),
        });
        &mut self.steps[at]
    }

    /// What a key is called: the schema's name of its input or output, else the heading of its column.
    fn name(&self, key: KeyId, column: TextId) -> &'a str {
        let rules = &self.edition.rules;
        let of_schema = self.schema.and_then(|schema| {
            let input = schema.input(key).map(|input| input.name);
            input.or_else(|| schema.outputs.iter().find(|output| output.key == key).map(|output| output.name))
        });
        let said = [of_schema.unwrap_or_default(), column].into_iter().find_map(|name| rules.some(name));
        // A key that only passes between tables is called as in the first table that heads a column with it.
        let columns = || rules.tables.iter().flat_map(|table| &table.columns);
        let anywhere = || columns().find(|column| column.key == key).and_then(|column| rules.some(column.name));
        said.or_else(anywhere).unwrap_or(rules.key(key))
    }

    fn tested(&self, table: &'a Table, row: Option<u32>, context: &Context<'a>) -> Vec<Tested<'a>> {
        let rules = &self.edition.rules;
        let mut tested = Vec::new();
        for column in &table.columns {
            let Cells::Input(cells) = &column.cells else { continue };
            let cell = row.and_then(|row| rules.cells.get(*cells.get(row as usize)? as usize));
            tested.push(Tested {
                key: rules.key(column.key),
                name: self.name(column.key, column.name),
                value: context.get(column.key).text,
                accepts: cell.map(|(text, _)| in_words(rules.text(*text))),
            });
        }
        tested
    }
}

impl<'a> Watch<'a> for Teller<'a> {
    fn schema(&mut self, schema: &'a Schema) {
        self.schema = Some(schema);
    }

    fn input(&mut self, input: &'a Input, slot: Slot<'a>, default: bool) {
        // What the rules do not read explains nothing.
        if default && input.used && !slot.text.is_empty() {
            let rules = &self.edition.rules;
            let written =
                Written { key: rules.key(input.key), name: self.name(input.key, input.name), value: slot.value() };
            self.step(StepKind::Default).writes.push(written);
        }
    }

    fn mapping(&mut self, mapping: &'a Mapping, involved: bool) {
        let rules = &self.edition.rules;
        let id = mapping.id.map(|id| rules.text(id));
        self.mapping = rules.some(mapping.name).or(id);
        if !mapping.inclusion.is_empty() || !mapping.exclusion.is_empty() || !mapping.initial.is_empty() {
            self.step(StepKind::Mapping).row = involved.then_some(1);
        }
    }

    fn deciding(&mut self, table: TableId, inclusion: bool, row: Option<u32>, context: &Context<'a>) {
        let rules = &self.edition.rules;
        let Some(known) = rules.table(table) else { return };
        let when = self.tested(known, row, context);
        self.mapping = None;
        let step = self.step(StepKind::Decide);
        step.table = Some(rules.text(known.id));
        step.title = rules.some(known.title);
        step.row = row.map(|row| row + 1);
        step.when = when;
        step.label = if inclusion { "included" } else { "excluded" };
    }

    fn table(&mut self, table: &'a Table, row: Option<u32>, _: usize, context: &Context<'a>) {
        let rules = &self.edition.rules;
        let when = self.tested(table, row, context);
        let label = row.map_or("", |row| TableView { edition: self.edition, table }.label(row as usize));
        let mut problems = Vec::new();
        if let Some(row) = row {
            for column in &table.columns {
                let Cells::Endpoint(cells) = &column.cells else { continue };
                match cells.get(row as usize).and_then(|cell| rules.ends.get(*cell as usize)) {
                    Some(End::Error(words)) => {
                        let name = self.name(column.key, column.name);
                        let words = rules.some(*words).map(|words| format!(": {words}")).unwrap_or_default();
                        problems.push(format!("reports an error for {name}{words}"));
                    }
                    Some(End::Jump(to)) => {
                        let title = rules.table(*to).map_or("", |table| rules.text(table.title));
                        problems.push(format!("goes on to {title} [{}]", rules.table_name(*to)));
                    }
                    Some(End::Stop) => problems.push("stops here".into()),
                    _ => {}
                }
            }
        }
        self.running.push((table, self.steps.len()));
        let step = self.step(StepKind::Table);
        step.table = Some(rules.text(table.id));
        step.title = rules.some(table.title);
        step.row = row.map(|row| row + 1);
        step.when = when;
        step.label = label;
        step.problems = problems;
    }

    fn write(&mut self, key: KeyId, slot: Slot<'a>) {
        let rules = &self.edition.rules;
        let (table, step) = match self.running.last() {
            Some((table, step)) => (Some(*table), *step),
            None => (None, self.steps.len().saturating_sub(1)),
        };
        let column = table.and_then(|table| table.columns.iter().find(|column| column.key == key));
        let written = Written {
            key: rules.key(key),
            name: self.name(key, column.map_or(TextId(0), |column| column.name)),
            value: (slot.state == State::Set).then_some(slot.text),
        };
        if let Some(step) = self.steps.get_mut(step) {
            step.writes.push(written);
        }
    }

    fn leave(&mut self) {
        self.running.pop();
    }

    fn stop(&mut self) {
        self.step(StepKind::Stop);
    }
}

impl Step<'_> {
    /// The step in a sentence.
    fn sentence(&self) -> String {
        let title = match (self.title, self.table) {
            (Some(title), Some(id)) => format!("{title} [{id}]"),
            (None, Some(id)) => format!("[{id}]"),
            _ => String::new(),
        };
        let writes: Vec<String> = self
            .writes
            .iter()
            .map(|written| match written.value {
                Some("") => format!("{} = blank", named(written.name, written.key)),
                Some(value) => format!("{} = {value}", named(written.name, written.key)),
                None => format!("{} = nothing", named(written.name, written.key)),
            })
            .collect();
        let writes = writes.join(", ");
        match self.kind {
            StepKind::Default => format!("No value was given, so the default is taken: {writes}."),
            StepKind::Mapping => {
                let name = self.mapping.unwrap_or("mapping");
                let start = if writes.is_empty() { String::new() } else { format!(", starting with {writes}") };
                match self.row {
                    Some(_) => format!("{name} applies{start}."),
                    None => format!("{name} does not apply."),
                }
            }
            StepKind::Decide => {
                let met = if self.row.is_some() { "met" } else { "not met" };
                format!("{title}: the list of what is {} is {met} ({}).", self.label, self.conditions())
            }
            StepKind::Stop => format!("{} ends here.", self.mapping.unwrap_or("The mapping")),
            StepKind::Table => {
                let Some(row) = self.row else {
                    return format!("{title}: no row fits ({}).", self.conditions());
                };
                let label =
                    if self.label.is_empty() { String::new() } else { format!(" \"{}\"", first_line(self.label)) };
                let mut does: Vec<String> = self.problems.clone();
                if !writes.is_empty() {
                    does.insert(0, format!("gives {writes}"));
                }
                if does.is_empty() {
                    does.push("changes nothing".into());
                }
                format!("{title}, row {row}{label} ({}): {}.", self.conditions(), does.join("; "))
            }
        }
    }

    fn conditions(&self) -> String {
        let one = |tested: &Tested<'_>| {
            let value = if tested.value.is_empty() { "blank" } else { tested.value };
            match &tested.accepts {
                Some(accepts) if accepts == "anything" => {
                    format!("{} is {value}, not looked at", named(tested.name, tested.key))
                }
                Some(accepts) if accepts != value => {
                    format!("{} is {value} (the row takes {accepts})", named(tested.name, tested.key))
                }
                _ => format!("{} is {value}", named(tested.name, tested.key)),
            }
        };
        self.when.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// A name, or the key where the name says nothing.
fn named<'a>(name: &'a str, key: &'a str) -> &'a str {
    if name.is_empty() || name == "Code" { key } else { name }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("")
}
