//! An edition read by people and pages: schemas, inputs, tables and their cells, picklists.

use super::cell::Part;
use super::edition::Edition;
use super::rules::*;

/// A schema.
#[derive(Clone, Copy, Debug)]
pub struct SchemaView<'e> {
    pub(crate) edition: &'e Edition,
    pub(crate) schema: &'e Schema,
}

/// An input of a schema.
#[derive(Clone, Copy, Debug)]
pub struct InputView<'e> {
    edition: &'e Edition,
    pub(crate) input: &'e Input,
}

/// An output of a schema.
#[derive(Clone, Copy, Debug)]
pub struct OutputView<'e> {
    edition: &'e Edition,
    output: &'e Output,
}

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct TableView<'e> {
    pub(crate) edition: &'e Edition,
    pub(crate) table: &'e Table,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnView<'e> {
    /// The key it tests or writes.
    pub key: &'e str,
    /// Its heading.
    pub name: &'e str,
    /// What its cells are.
    pub kind: ColumnKind,
}

/// What the cells of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Values that match.
    Input,
    /// Words.
    Description,
    /// What is done on a match.
    Endpoint,
}

/// The texts of others that come with an archive a registry has loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Prose {
    Description,
    Rationale,
    AdditionalInfo,
    CodingGuidelines,
    Notes,
    Footnotes,
}

/// A row of a picklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<'e> {
    /// The code as the table writes it; may be a range or several codes.
    pub code: &'e str,
    /// What kind of entry the code is.
    pub entry: Entry,
    /// The term that names it, `""` where the names are not loaded.
    pub label: &'e str,
    /// What the code derives directly: the column's heading and the value.
    pub derives: Vec<(&'e str, &'e str)>,
}

/// What a row of a picklist accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One code.
    Code,
    /// Several codes.
    Several,
    /// A range: enter a number in it.
    Range,
    /// Leave it blank.
    Blank,
    /// Anything.
    Anything,
}

/// A flag of an input: who requires it, or that it is a site-specific item, and in which diagnosis years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagView<'e> {
    /// Its name, such as `SEER_REQUIRED` or `SSDI`.
    pub name: &'e str,
    /// First diagnosis year, if it has one.
    pub start: Option<u16>,
    /// Last diagnosis year, if it has one.
    pub end: Option<u16>,
}

impl FlagView<'_> {
    /// Whether it holds in a diagnosis year; an unknown year is inside every window.
    pub fn holds_in(&self, year: Option<u16>) -> bool {
        year.is_none_or(|year| self.start.is_none_or(|start| start <= year) && self.end.is_none_or(|end| year <= end))
    }
}

impl Edition {
    /// The schema of that id.
    pub fn schema(&self, id: &str) -> Option<SchemaView<'_>> {
        let schema = self.rules.schemas.get(self.rules.find_schema(id)?)?;
        Some(SchemaView { edition: self, schema })
    }

    /// All schemas, by id.
    pub fn schemas(&self) -> impl ExactSizeIterator<Item = SchemaView<'_>> {
        self.rules.schemas.iter().map(|schema| SchemaView { edition: self, schema })
    }

    /// The table of that id.
    pub fn table(&self, id: &str) -> Option<TableView<'_>> {
        let table = self.rules.table(self.rules.find_table(id)?)?;
        Some(TableView { edition: self, table })
    }

    /// All tables, by id.
    pub fn tables(&self) -> impl ExactSizeIterator<Item = TableView<'_>> {
        self.rules.tables.iter().map(|table| TableView { edition: self, table })
    }

    /// Whether notes, guidelines and whole descriptions are here, which only an archive loaded by the registry has.
    pub fn has_prose(&self) -> bool {
        self.rules.schemas.iter().any(|schema| schema.notes.0 != 0)
    }

    /// The glossary: term, definition, other names.
    pub fn glossary(&self) -> impl Iterator<Item = (&str, &str, Vec<&str>)> {
        let text = |id: &TextId| self.rules.text(*id);
        self.rules
            .glossary
            .iter()
            .map(move |term| (text(&term.name), text(&term.definition), term.alternatives.iter().map(text).collect()))
    }

    /// The NAACCR ids of the items a case is looked up and staged by, over all schemas: key and id.
    pub fn items(&self) -> Vec<(&str, &str)> {
        let mut items: Vec<(KeyId, TextId)> = Vec::new();
        for input in self.rules.schemas.iter().flat_map(|schema| &schema.inputs) {
            if input.xml_id.0 != 0 && !items.iter().any(|(key, _)| *key == input.key) {
                items.push((input.key, input.xml_id));
            }
        }
        items.into_iter().map(|(key, id)| (self.rules.key(key), self.rules.text(id))).collect()
    }

    pub(crate) fn table_view(&self, id: TableId) -> Option<TableView<'_>> {
        self.rules.table(id).map(|table| TableView { edition: self, table })
    }

    fn flag_views<'e>(&'e self, flags: &'e [Flag]) -> impl Iterator<Item = FlagView<'e>> {
        flags.iter().map(|flag| {
            let name = self.rules.text(flag.name);
            let year = |year: u16| (year != 0).then_some(year);
            let (start, end) = (year(flag.start), year(flag.end));
            // Collaborative Stage writes the years into the name.
            let written = |mark: &str| name.split('_').skip_while(|part| *part != mark).nth(1)?.parse().ok();
            let before = |mark: &str| {
                let at = name.strip_suffix(mark)?;
                at.rsplit('_').next()?.parse::<u16>().ok().filter(|year| *year > 1900)
            };
            FlagView {
                name,
                start: start.or_else(|| before("_FORWARD")),
                end: end.or_else(|| written("PRE").map(|year: u16| year.saturating_sub(1))),
            }
        })
    }
}

impl<'e> SchemaView<'e> {
    /// Its id.
    pub fn id(&self) -> &'e str {
        self.edition.rules.text(self.schema.id)
    }
    /// The registrar's name of it.
    pub fn title(&self) -> &'e str {
        self.edition.rules.text(self.schema.title)
    }
    /// What stands under the title.
    pub fn subtitle(&self) -> Option<&'e str> {
        self.edition.rules.some(self.schema.subtitle)
    }
    /// Its number in Collaborative Stage.
    pub fn number(&self) -> Option<u32> {
        self.schema.number
    }
    /// Its notes, where an official archive is loaded.
    pub fn notes(&self) -> Option<&'e str> {
        self.edition.rules.some(self.schema.notes)
    }
    /// Its description, where an official archive is loaded.
    pub fn description(&self) -> Option<&'e str> {
        self.edition.rules.some(self.schema.description)
    }
    /// The table of the cases that belong to it.
    pub fn selection(&self) -> Option<TableView<'e>> {
        self.edition.table_view(self.schema.selection)
    }
    /// The keys beyond site and histology that its selection needs.
    pub fn discriminators(&self) -> impl Iterator<Item = &'e str> + 'e {
        let edition = self.edition;
        self.schema.discriminators.iter().map(|key| edition.rules.key(*key))
    }
    /// Its inputs, in order.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = InputView<'e>> + 'e {
        let edition = self.edition;
        self.schema.inputs.iter().map(move |input| InputView { edition, input })
    }
    /// The input of a key.
    pub fn input(&self, key: &str) -> Option<InputView<'e>> {
        let key = self.edition.rules.key_index.find(&self.edition.rules, key)?;
        self.schema.input(key).map(|input| InputView { edition: self.edition, input })
    }
    /// Its outputs, in order.
    pub fn outputs(&self) -> impl ExactSizeIterator<Item = OutputView<'e>> + 'e {
        let edition = self.edition;
        self.schema.outputs.iter().map(move |output| OutputView { edition, output })
    }
    /// Every table it reaches.
    pub fn tables(&self) -> impl Iterator<Item = TableView<'e>> + 'e {
        let edition = self.edition;
        self.schema.involved.iter().filter_map(move |table| edition.table_view(*table))
    }
}

impl<'e> InputView<'e> {
    /// Its key in the rules.
    pub fn key(&self) -> &'e str {
        self.edition.rules.key(self.input.key)
    }
    /// Its label.
    pub fn name(&self) -> &'e str {
        self.edition.rules.text(self.input.name)
    }
    /// A longer label, where an official archive is loaded.
    pub fn description(&self) -> Option<&'e str> {
        self.edition.rules.some(self.input.description)
    }
    /// The number of its NAACCR item.
    pub fn item_number(&self) -> Option<u16> {
        u16::try_from(self.input.item).ok().filter(|number| *number != 0)
    }
    /// The id of its NAACCR item.
    pub fn xml_id(&self) -> Option<&'e str> {
        self.edition.rules.some(self.input.xml_id)
    }
    /// The value it has when none is given.
    pub fn default(&self) -> Option<&'e str> {
        match self.input.default {
            Some(Given::Text(text)) => Some(self.edition.rules.text(text)),
            Some(Given::Key(_)) | None => None,
        }
    }
    /// The table of its codes.
    pub fn table(&self) -> Option<TableView<'e>> {
        self.edition.table_view(self.input.table?)
    }
    /// Whether the rules read it, so that an invalid value is a problem of the stage.
    pub fn used_for_staging(&self) -> bool {
        self.input.used
    }
    /// The unit of its value.
    pub fn unit(&self) -> Option<&'e str> {
        self.edition.rules.some(self.input.unit)
    }
    /// Digits after the point.
    pub fn decimals(&self) -> Option<u32> {
        self.input.decimals
    }
    /// Its flags.
    pub fn flags(&self) -> impl Iterator<Item = FlagView<'e>> + 'e {
        self.edition.flag_views(&self.input.flags)
    }
}

impl<'e> OutputView<'e> {
    /// Its key in the rules.
    pub fn key(&self) -> &'e str {
        self.edition.rules.key(self.output.key)
    }
    /// Its label.
    pub fn name(&self) -> &'e str {
        self.edition.rules.text(self.output.name)
    }
    /// A longer label, where an official archive is loaded.
    pub fn description(&self) -> Option<&'e str> {
        self.edition.rules.some(self.output.description)
    }
    /// The number of its NAACCR item.
    pub fn item_number(&self) -> Option<u16> {
        u16::try_from(self.output.item).ok().filter(|number| *number != 0)
    }
    /// The id of its NAACCR item.
    pub fn xml_id(&self) -> Option<&'e str> {
        self.edition.rules.some(self.output.xml_id)
    }
    /// The table of the values it may have.
    pub fn table(&self) -> Option<TableView<'e>> {
        self.edition.table_view(self.output.table?)
    }
    /// Its flags.
    pub fn flags(&self) -> impl Iterator<Item = FlagView<'e>> + 'e {
        self.edition.flag_views(&self.output.flags)
    }
}

impl<'e> TableView<'e> {
    /// Its id.
    pub fn id(&self) -> &'e str {
        self.edition.rules.text(self.table.id)
    }
    /// Its name among tables.
    pub fn name(&self) -> &'e str {
        self.edition.rules.text(self.table.name)
    }
    /// Its title.
    pub fn title(&self) -> &'e str {
        self.edition.rules.text(self.table.title)
    }
    /// What stands under the title.
    pub fn subtitle(&self) -> Option<&'e str> {
        self.edition.rules.some(self.table.subtitle)
    }
    /// One of its longer texts, where an official archive is loaded.
    pub fn prose(&self, kind: Prose) -> Option<&'e str> {
        let text = self.table.texts.get(kind as usize)?;
        self.edition.rules.some(*text)
    }
    /// Its columns.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = ColumnView<'e>> + 'e {
        let rules = &self.edition.rules;
        self.table.columns.iter().map(|column| ColumnView {
            key: rules.key(column.key),
            name: rules.text(column.name),
            kind: match column.cells {
                Cells::Input(_) => ColumnKind::Input,
                Cells::Description(_) => ColumnKind::Description,
                Cells::Endpoint(_) => ColumnKind::Endpoint,
            },
        })
    }
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.table.rows as usize
    }
    /// A cell as the table writes it; a description that is not loaded is `""`.
    pub fn cell(&self, row: usize, column: usize) -> String {
        let rules = &self.edition.rules;
        match self.table.columns.get(column).map(|column| &column.cells) {
            Some(Cells::Input(cells)) => self.input_cell(cells, row).to_owned(),
            Some(Cells::Description(cells)) => cells.get(row).map_or("", |text| rules.text(*text)).to_owned(),
            Some(Cells::Endpoint(cells)) => match cells.get(row).and_then(|cell| rules.ends.get(*cell as usize)) {
                Some(End::Value(Given::Text(text))) => format!("VALUE:{}", rules.text(*text)),
                Some(End::Value(Given::Key(key))) => format!("VALUE:{{{{{}}}}}", rules.key(*key)),
                Some(End::Remove) => "VALUE".into(),
                Some(End::Match) => "MATCH".into(),
                Some(End::Stop) => "STOP".into(),
                Some(End::Jump(table)) => format!("JUMP:{}", rules.table_name(*table)),
                Some(End::Error(words)) => format!("ERROR:{}", rules.text(*words)),
                None => String::new(),
            },
            None => String::new(),
        }
    }
    /// The term that names a row; `""` where the names are not loaded.
    pub fn label(&self, row: usize) -> &'e str {
        let rules = &self.edition.rules;
        let words = self.table.columns.iter().filter_map(|column| match &column.cells {
            Cells::Description(cells) => cells.get(row).map(|text| rules.text(*text)),
            _ => None,
        });
        words.map(str::trim).find(|text| !text.is_empty()).unwrap_or("")
    }
    /// The rows as choices for a key the table tests.
    pub fn choices(&self, key: &str) -> Vec<Choice<'e>> {
        let rules = &self.edition.rules;
        let Some((_, cells)) = self.table.inputs().find(|(column, _)| rules.key(*column) == key) else {
            return Vec::new();
        };
        (0..self.rows())
            .map(|row| Choice {
                code: self.input_cell(cells, row),
                entry: cells.get(row).map_or(Entry::Blank, |cell| entry(rules, *cell)),
                label: self.label(row),
                derives: self.derives(row),
            })
            .collect()
    }

    /// What a row writes, in the words of its columns.
    pub(crate) fn derives(&self, row: usize) -> Vec<(&'e str, &'e str)> {
        let rules = &self.edition.rules;
        let written = self.table.columns.iter().filter_map(|column| match &column.cells {
            Cells::Endpoint(cells) => match rules.ends.get(*cells.get(row)? as usize)? {
                End::Value(Given::Text(text)) => Some((rules.text(column.name), rules.text(*text))),
                _ => None,
            },
            _ => None,
        });
        written.collect()
    }

    fn input_cell(&self, cells: &[u32], row: usize) -> &'e str {
        let rules = &self.edition.rules;
        cells.get(row).and_then(|cell| rules.cells.get(*cell as usize)).map_or("", |(text, _)| rules.text(*text))
    }
}

fn entry(rules: &Rules, cell: u32) -> Entry {
    let Some((_, cell)) = rules.cells.get(cell as usize) else { return Entry::Blank };
    match &cell.parts[..] {
        _ if cell.any => Entry::Anything,
        [Part::Exactly(text)] if text.is_empty() => Entry::Blank,
        [Part::Exactly(_)] => Entry::Code,
        [Part::Texts(..) | Part::Numbers { .. } | Part::Referring(..)] => Entry::Range,
        _ => Entry::Several,
    }
}

/// A cell in words: `0,1` is "0 or 1", `001-988,` is "001 to 988 or blank".
pub fn in_words(cell: &str) -> String {
    if cell == "*" {
        return "anything".into();
    }
    let part = |part: &str| {
        let part = part.trim();
        match part.split_once('-').map(|(low, high)| (low.trim(), high.trim())) {
            _ if part.is_empty() => "blank".to_owned(),
            Some((low, high)) if !low.is_empty() && !high.is_empty() && low != high => {
                let year = |bound: &str| bound.replace("{{ctx_year_current}}", "the current year");
                format!("{} to {}", year(low), year(high))
            }
            _ => part.to_owned(),
        }
    };
    let parts: Vec<String> = cell.split(',').map(part).collect();
    match parts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => parts.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_put_in_words() {
        assert_eq!(in_words("0,1"), "0 or 1");
        assert_eq!(in_words("2023-9998, 9999,"), "2023 to 9998, 9999 or blank");
        assert_eq!(in_words("2018-{{ctx_year_current}}"), "2018 to the current year");
        assert_eq!(in_words(""), "blank");
        assert_eq!(in_words("*"), "anything");
        assert_eq!(in_words("p0I-"), "p0I-");
    }

    #[test]
    fn a_window_holds_between_its_years() {
        let flag = FlagView { name: "SSDI", start: Some(2018), end: Some(2020) };
        assert!(flag.holds_in(Some(2020)) && !flag.holds_in(Some(2024)) && flag.holds_in(None));
    }
}
