//! Makes the rules out of an opened archive: every text once, keys and tables by number, cells read and checked.

use std::collections::{BTreeMap, HashMap};

use super::archive::{Archive, Refused};
use super::cell::{Act, Cell, endpoint, reference};
use super::check;
use super::model::{FlagText, FromTo, KeyValue, MappingText, PathText, SchemaText, TableText};
use super::rules::*;
use super::text::Facts;
use crate::naaccr::{ItemNumber, super_dictionary};

/// Which of the archive's words are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Everything, as a registry sees it that loaded the archive itself.
    Everything,
    /// Codes with the term that names each (its first line, at most 120 characters).
    Names,
    /// Codes alone.
    Codes,
}

/// How closely an archive is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Unknown tables, loops and missing lists are refused.
    Full,
    /// Only what the reference engine refuses; the rest shows when a case is staged.
    Reference,
}

/// Longest name of a code that is kept.
const LONGEST_NAME: usize = 120;

/// Makes the rules of an archive.
pub(crate) fn compile(archive: &Archive, keep: Keep, checks: Checks) -> Result<Rules, Refused> {
    let mut maker = Maker {
        keep,
        pool: Pool::default(),
        texts: HashMap::new(),
        keys: Vec::new(),
        key_ids: HashMap::new(),
        cells: Vec::new(),
        cell_ids: HashMap::new(),
        ends: Vec::new(),
        end_ids: HashMap::new(),
        table_ids: archive.tables.keys().enumerate().map(|(at, id)| (id.clone(), TableId(at as u32))).collect(),
        missing: Vec::new(),
    };
    maker.text("");
    for key in CONTEXT_KEYS {
        maker.key(key);
    }
    let (algorithm, version) = (maker.text(&archive.algorithm), maker.text(&archive.version));
    let mut tables = Vec::with_capacity(archive.tables.len());
    for table in archive.tables.values() {
        tables.push(maker.table(table)?);
    }
    let mut schemas = Vec::with_capacity(archive.schemas.len());
    for schema in archive.schemas.values() {
        schemas.push(maker.schema(schema)?);
    }
    let glossary = match keep {
        Keep::Everything => archive
            .glossary
            .iter()
            .map(|term| Term {
                name: maker.text(&term.name),
                definition: maker.optional(&term.definition),
                alternatives: term.alternate_name.iter().flatten().map(|name| maker.text(name)).collect(),
            })
            .collect(),
        Keep::Names | Keep::Codes => Vec::new(),
    };
    if maker.keys.len() > usize::from(u16::MAX) - 1 {
        return Err(Refused::Inconsistent(format!(
            "the archive names {} keys, more than an algorithm has",
            maker.keys.len()
        )));
    }
    let mut rules = Rules {
        algorithm,
        version,
        facts: Vec::new(),
        key_index: KeyIndex::default(),
        pool: maker.pool,
        keys: maker.keys,
        cells: maker.cells,
        ends: maker.ends,
        tables,
        missing: maker.missing,
        schemas,
        glossary,
    };
    rules.finish();
    check::examine(&rules, checks)?;
    Ok(rules)
}

/// The term that names a code: the first line of its description without markup. Where that line is only a heading
/// in bold ("CLINICAL ASSESSMENT ONLY"), the next line is the term and the heading goes before it.
fn name_of_code(description: &str) -> String {
    let description = description.trim();
    let mut lines = description.lines().map(str::trim);
    let first = lines.next().unwrap_or("");
    let heading = first.starts_with("**") && first.ends_with("**");
    let mut name = first.replace("**", "");
    if heading
        && lines.next().is_some_and(str::is_empty)
        && let Some(term) = lines.find(|line| !line.is_empty())
    {
        name = format!("{}: {}", name.trim_end_matches(':'), term.replace("**", ""));
    }
    let cut = name.char_indices().nth(LONGEST_NAME).map_or(name.len(), |(at, _)| at);
    name.truncate(cut);
    name.trim_end().to_owned()
}

struct Maker {
    keep: Keep,
    pool: Pool,
    texts: HashMap<String, TextId>,
    keys: Vec<TextId>,
    key_ids: HashMap<String, KeyId>,
    cells: Vec<(TextId, Cell)>,
    cell_ids: HashMap<TextId, u32>,
    ends: Vec<End>,
    end_ids: HashMap<String, u32>,
    table_ids: BTreeMap<String, TableId>,
    missing: Vec<TextId>,
}

impl Maker {
    fn text(&mut self, text: &str) -> TextId {
        if let Some(id) = self.texts.get(text) {
            return *id;
        }
        let id = self.pool.push(text);
        self.texts.insert(text.to_owned(), id);
        id
    }

    fn optional(&mut self, text: &Option<String>) -> TextId {
        text.as_deref().map_or(TextId(0), |text| self.text(text))
    }

    /// A longer text of others: only for a registry that loads the archive itself.
    fn prose(&mut self, text: &Option<String>) -> TextId {
        if self.keep == Keep::Everything { self.optional(text) } else { TextId(0) }
    }

    fn key(&mut self, name: &str) -> KeyId {
        if let Some(id) = self.key_ids.get(name) {
            return *id;
        }
        let text = self.text(name);
        // Too many keys are refused at the end; until then the number only has to fit.
        let id = KeyId(self.keys.len().min(usize::from(u16::MAX)) as u16);
        self.keys.push(text);
        self.key_ids.insert(name.to_owned(), id);
        id
    }

    fn table_id(&mut self, id: &str) -> TableId {
        if let Some(number) = self.table_ids.get(id) {
            return *number;
        }
        let text = self.text(id);
        let number = TableId(self.table_ids.len() as u32);
        self.missing.push(text);
        self.table_ids.insert(id.to_owned(), number);
        number
    }

    fn given(&mut self, text: &str) -> Given {
        match reference(text) {
            Some(key) => Given::Key(self.key(key)),
            None => Given::Text(self.text(text)),
        }
    }

    fn cell(&mut self, text: &str) -> u32 {
        let id = self.text(text);
        if let Some(at) = self.cell_ids.get(&id) {
            return *at;
        }
        let cell = Cell::parse(text);
        for key in cell.references() {
            self.key(key);
        }
        let at = self.cells.len() as u32;
        self.cells.push((id, cell));
        self.cell_ids.insert(id, at);
        at
    }

    fn end(&mut self, text: &str) -> Option<u32> {
        if let Some(at) = self.end_ids.get(text) {
            return Some(*at);
        }
        let end = match endpoint(text)? {
            Act::Value(value) => End::Value(self.given(value)),
            Act::Remove => End::Remove,
            Act::Match => End::Match,
            Act::Stop => End::Stop,
            Act::Jump(table) => End::Jump(self.table_id(table)),
            Act::Error(words) if self.keep == Keep::Everything => End::Error(self.text(words)),
            Act::Error(_) => End::Error(TextId(0)),
        };
        let at = self.ends.len() as u32;
        self.ends.push(end);
        self.end_ids.insert(text.to_owned(), at);
        Some(at)
    }

    /// The words that name a code, as much of them as is kept.
    fn label(&mut self, text: &str) -> TextId {
        match self.keep {
            Keep::Everything => self.text(text),
            Keep::Codes => TextId(0),
            Keep::Names => self.text(&name_of_code(text)),
        }
    }

    /// The id of a NAACCR item: the archive's, unless no dictionary knows it and its number has another.
    fn item_id(&mut self, id: &Option<String>, number: Option<u32>) -> TextId {
        let Some(id) = id else { return TextId(0) };
        let items = super_dictionary();
        let known = items.by_id(id).is_none().then(|| items.by_number(ItemNumber(number?))).flatten();
        match known {
            Some(item) => self.text(&item.definition().id),
            None => self.text(id),
        }
    }

    fn table(&mut self, table: &TableText) -> Result<Table, Refused> {
        let wrong = |reason: String| Refused::Entry { entry: format!("tables/{}.json", table.id), reason };
        let definition = table.definition.as_deref().unwrap_or_default();
        let rows = table.rows.as_deref().unwrap_or_default();
        for (at, row) in rows.iter().enumerate() {
            if row.len() != definition.len() {
                let (row, columns) = (row.len(), definition.len());
                return Err(wrong(format!("row {} has {row} cells where the table has {columns} columns", at + 1)));
            }
        }
        let mut columns = Vec::with_capacity(definition.len());
        for (place, column) in definition.iter().enumerate() {
            let cells = rows.iter().map(|row| row.get(place).and_then(|cell| cell.as_deref()));
            let cells = match column.kind.as_str() {
                // A cell that is null is not tested, which `*` says too.
                "INPUT" => Cells::Input(cells.map(|cell| self.cell(cell.unwrap_or("*"))).collect()),
                "DESCRIPTION" if self.keep == Keep::Codes => Cells::Description(Vec::new()),
                "DESCRIPTION" => Cells::Description(cells.map(|cell| self.label(cell.unwrap_or(""))).collect()),
                "ENDPOINT" => {
                    let mut ends = Vec::with_capacity(rows.len());
                    for cell in cells {
                        let text = cell.unwrap_or("");
                        ends.push(self.end(text).ok_or_else(|| {
                            wrong(format!(
                                "\"{}\" is not an endpoint: VALUE, MATCH, STOP, JUMP:table or ERROR",
                                text.escape_debug()
                            ))
                        })?);
                    }
                    Cells::Endpoint(ends)
                }
                other => return Err(wrong(format!("column {} is of the unknown type {other}", column.key))),
            };
            columns.push(Column { key: self.key(&column.key), name: self.optional(&column.name), cells });
        }
        Ok(Table {
            id: self.text(&table.id),
            name: self.optional(&table.name),
            title: self.optional(&table.title),
            subtitle: self.optional(&table.subtitle),
            texts: [
                self.prose(&table.description),
                self.prose(&table.rationale),
                self.prose(&table.additional_info),
                self.prose(&table.coding_guidelines),
                self.prose(&table.notes),
                self.prose(&table.footnotes),
            ],
            columns,
            rows: rows.len() as u32,
        })
    }

    fn schema(&mut self, schema: &SchemaText) -> Result<Schema, Refused> {
        let wrong = |reason: String| Refused::Entry { entry: format!("schemas/{}.json", schema.id), reason };
        let selection =
            schema.schema_selection_table.as_deref().ok_or_else(|| wrong("has no schema selection table".into()))?;
        let on_invalid = match schema.on_invalid_input.as_deref() {
            None | Some("CONTINUE") => OnInvalid::Continue,
            Some("FAIL") => OnInvalid::Fail,
            Some("FAIL_WHEN_USED_FOR_STAGING") => OnInvalid::FailWhenUsed,
            Some(other) => return Err(wrong(format!("{other} is not an answer to invalid input"))),
        };
        let mut inputs = Vec::new();
        for input in schema.inputs.iter().flatten() {
            inputs.push(Input {
                key: self.key(&input.key),
                name: self.optional(&input.name),
                description: self.prose(&input.description),
                item: input.naaccr_item.unwrap_or(0),
                xml_id: self.item_id(&input.naaccr_xml_id, input.naaccr_item),
                default: input.default.as_deref().map(|text| self.given(text)),
                default_table: input.default_table.as_deref().map(|id| self.table_id(id)),
                table: input.table.as_deref().map(|id| self.table_id(id)),
                used: input.used_for_staging.unwrap_or(false),
                unit: self.optional(&input.unit),
                decimals: input.decimal_places,
                flags: self.flags(&input.metadata),
            });
        }
        let mut outputs = Vec::new();
        for output in schema.outputs.iter().flatten() {
            outputs.push(Output {
                key: self.key(&output.key),
                name: self.optional(&output.name),
                description: self.prose(&output.description),
                item: output.naaccr_item.unwrap_or(0),
                xml_id: self.item_id(&output.naaccr_xml_id, output.naaccr_item),
                default: output.default.as_deref().map(|text| self.given(text)),
                table: output.table.as_deref().map(|id| self.table_id(id)),
                flags: self.flags(&output.metadata),
            });
        }
        let mut mappings = Vec::new();
        for mapping in schema.mappings.iter().flatten() {
            mappings.push(self.mapping(mapping));
        }
        Ok(Schema {
            id: self.text(&schema.id),
            name: self.optional(&schema.name),
            title: self.optional(&schema.title),
            subtitle: self.optional(&schema.subtitle),
            description: self.prose(&schema.description),
            notes: self.prose(&schema.notes),
            number: schema.schema_num,
            selection: self.table_id(selection),
            discriminators: schema.schema_discriminators.iter().flatten().map(|key| self.key(key)).collect(),
            initial: schema.initial_context.iter().flatten().map(|pair| self.initial(pair)).collect(),
            inputs,
            outputs,
            mappings,
            involved: schema.involved_tables.iter().flatten().map(|id| self.table_id(id)).collect(),
            on_invalid,
            input_at: Vec::new(),
            output_order: Vec::new(),
        })
    }

    fn initial(&mut self, pair: &KeyValue) -> (KeyId, Option<Given>) {
        (self.key(&pair.key), pair.value.as_deref().map(|text| self.given(text)))
    }

    fn flags(&mut self, flags: &Option<Vec<FlagText>>) -> Vec<Flag> {
        let one = |flag: &FlagText| match flag {
            FlagText::Name(name) => Flag { name: self.text(name), start: 0, end: 0 },
            FlagText::Years { name, start, end } => {
                Flag { name: self.text(name), start: start.unwrap_or(0), end: end.unwrap_or(0) }
            }
        };
        flags.iter().flatten().map(one).collect()
    }

    fn mapping(&mut self, mapping: &MappingText) -> Mapping {
        Mapping {
            id: mapping.id.as_deref().map(|id| self.text(id)),
            name: self.optional(&mapping.name),
            inclusion: self.paths(&mapping.inclusion_tables),
            exclusion: self.paths(&mapping.exclusion_tables),
            initial: mapping
                .initial_context
                .iter()
                .flatten()
                .map(|pair| (self.key(&pair.key), pair.value.as_deref().map(|text| self.text(text))))
                .collect(),
            paths: self.paths(&mapping.tables),
        }
    }

    fn paths(&mut self, paths: &Option<Vec<PathText>>) -> Vec<Path> {
        let one = |path: &PathText| Path {
            table: self.table_id(&path.id),
            input: self.renaming(&path.input_mapping),
            output: self.renaming(&path.output_mapping),
        };
        paths.iter().flatten().map(one).collect()
    }

    fn renaming(&mut self, pairs: &Option<Vec<FromTo>>) -> Vec<(KeyId, KeyId)> {
        pairs.iter().flatten().map(|pair| (self.key(&pair.from), self.key(&pair.to))).collect()
    }
}

impl Rules {
    /// Works out what follows from the rest: facts of texts, the key index, places of inputs, order of outputs.
    pub(crate) fn finish(&mut self) {
        self.facts = (0..self.pool.len()).map(|at| Facts::of(self.pool.get(TextId(at as u32)))).collect();
        self.key_index = KeyIndex::new(&self.pool, &self.keys);
        let keys: Vec<&str> = self.keys.iter().map(|text| self.pool.get(*text)).collect();
        for schema in &mut self.schemas {
            schema.input_at = vec![0; keys.len()];
            for (at, input) in schema.inputs.iter().enumerate() {
                if let Some(place) = schema.input_at.get_mut(input.key.0 as usize) {
                    *place = at as u16 + 1;
                }
            }
            let mut order: Vec<u16> = (0..schema.outputs.len() as u16).collect();
            order.sort_by_key(|at| schema.outputs.get(*at as usize).and_then(|out| keys.get(out.key.0 as usize)));
            // Of two outputs of one key the later counts, as in the reference engine's map.
            order.dedup_by(|next, kept| {
                let same = schema.outputs[*next as usize].key == schema.outputs[*kept as usize].key;
                if same {
                    *kept = *next;
                }
                same
            });
            schema.output_order = order;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_code_is_its_first_line_without_markup() {
        assert_eq!(name_of_code("In situ\n* Noninvasive"), "In situ");
        assert_eq!(name_of_code("**Localized only**\n- Confined"), "Localized only");
        assert_eq!(name_of_code("**CLINICAL only**\n\nOne node\n* more"), "CLINICAL only: One node");
        assert_eq!(name_of_code(&"\u{e9}".repeat(200)).chars().count(), LONGEST_NAME);
    }
}
