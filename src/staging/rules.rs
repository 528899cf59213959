//! An algorithm as the interpreter runs it: every text once in a pool, keys and tables by number, cells parsed.

use super::cell::Cell;
use super::text::Facts;

/// A text in the pool; 0 is the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct TextId(pub u32);

/// A key of the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId(pub u16);

/// A table; numbers beyond the tables name tables that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TableId(pub u32);

/// The key of the algorithm's version.
pub(crate) const VERSION_KEY: KeyId = KeyId(0);
/// The key of the current year.
pub(crate) const YEAR_KEY: KeyId = KeyId(1);
/// What the two context keys are called in the tables.
pub(crate) const CONTEXT_KEYS: [&str; 2] = ["ctx_alg_version", "ctx_year_current"];

/// All texts of an algorithm, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    text: String,
    ends: Vec<u32>,
}

impl Pool {
    /// Adds a text without looking whether it is there.
    pub fn push(&mut self, text: &str) -> TextId {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        TextId(self.ends.len() as u32 - 1)
    }

    /// The text, `""` for a number that is not in the pool.
    pub fn get(&self, id: TextId) -> &str {
        let at = id.0 as usize;
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).map_or(0, |end| *end as usize) };
        let end = self.ends.get(at).map_or(start, |end| *end as usize);
        self.text.get(start..end).unwrap_or("")
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

/// What an ENDPOINT cell does, its names resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Value(Given),
    Remove,
    Match,
    Stop,
    Jump(TableId),
    Error(TextId),
}

/// A value the algorithm gives: a text or the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    Text(TextId),
    Key(KeyId),
}

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub id: TextId,
    pub name: TextId,
    pub title: TextId,
    pub subtitle: TextId,
    /// description, rationale, additional info, coding guidelines, notes, footnotes; 0 where absent.
    pub texts: [TextId; 6],
    pub columns: Vec<Column>,
    pub rows: u32,
}

/// A column of a table with its cells from top to bottom.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub key: KeyId,
    pub name: TextId,
    pub cells: Cells,
}

/// The cells of a column, by its kind.
#[derive(Debug, Clone)]
pub(crate) enum Cells {
    /// Indices into `Rules::cells`.
    Input(Vec<u32>),
    /// Texts; empty when they are not part of these tables.
    Description(Vec<TextId>),
    /// Indices into `Rules::ends`.
    Endpoint(Vec<u32>),
}

/// What an invalid input does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnInvalid {
    Continue,
    Fail,
    FailWhenUsed,
}

/// A schema.
#[derive(Debug, Clone)]
pub(crate) struct Schema {
    pub id: TextId,
    pub name: TextId,
    pub title: TextId,
    pub subtitle: TextId,
    pub description: TextId,
    pub notes: TextId,
    pub number: Option<u32>,
    pub selection: TableId,
    pub discriminators: Vec<KeyId>,
    pub initial: Vec<(KeyId, Option<Given>)>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    pub mappings: Vec<Mapping>,
    pub involved: Vec<TableId>,
    pub on_invalid: OnInvalid,
    /// For every key its place among the inputs plus one, 0 for keys that are not inputs.
    pub input_at: Vec<u16>,
    /// The places of the outputs in the order of their keys' names.
    pub output_order: Vec<u16>,
}

/// An input of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub key: KeyId,
    pub name: TextId,
    pub description: TextId,
    pub item: u32,
    pub xml_id: TextId,
    pub default: Option<Given>,
    pub default_table: Option<TableId>,
    pub table: Option<TableId>,
    pub used: bool,
    pub unit: TextId,
    pub decimals: Option<u32>,
    pub flags: Vec<Flag>,
}

/// An output of a schema.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    pub key: KeyId,
    pub name: TextId,
    pub description: TextId,
    pub item: u32,
    pub xml_id: TextId,
    pub default: Option<Given>,
    pub table: Option<TableId>,
    pub flags: Vec<Flag>,
}

/// A flag of an input or output with the diagnosis years it holds for; 0 where open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    pub name: TextId,
    pub start: u16,
    pub end: u16,
}

/// A mapping: tables that decide whether it runs, and tables it runs.
#[derive(Debug, Clone)]
pub(crate) struct Mapping {
    pub id: Option<TextId>,
    pub name: TextId,
    pub inclusion: Vec<Path>,
    pub exclusion: Vec<Path>,
    pub initial: Vec<(KeyId, Option<TextId>)>,
    pub paths: Vec<Path>,
}

/// A table to run, with the renaming of keys around it (from, to).
#[derive(Debug, Clone)]
pub(crate) struct Path {
    pub table: TableId,
    pub input: Vec<(KeyId, KeyId)>,
    pub output: Vec<(KeyId, KeyId)>,
}

/// A term of the glossary.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub name: TextId,
    pub definition: TextId,
    pub alternatives: Vec<TextId>,
}

/// An algorithm, ready to be indexed and run.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub algorithm: TextId,
    pub version: TextId,
    pub pool: Pool,
    /// Facts of every text of the pool.
    pub facts: Vec<Facts>,
    pub keys: Vec<TextId>,
    pub key_index: KeyIndex,
    /// Every distinct INPUT cell with its text.
    pub cells: Vec<(TextId, Cell)>,
    /// Every distinct ENDPOINT cell.
    pub ends: Vec<End>,
    /// In the order of their ids.
    pub tables: Vec<Table>,
    /// Ids that are referred to and do not exist.
    pub missing: Vec<TextId>,
    /// In the order of their ids.
    pub schemas: Vec<Schema>,
    pub glossary: Vec<Term>,
}

impl Rules {
    /// The text of a number.
    pub fn text(&self, id: TextId) -> &str {
        self.pool.get(id)
    }

    /// The text, or none for the empty one.
    pub fn some(&self, id: TextId) -> Option<&str> {
        (id.0 != 0).then(|| self.pool.get(id))
    }

    /// The name of a key.
    pub fn key(&self, key: KeyId) -> &str {
        self.keys.get(key.0 as usize).map_or("", |text| self.pool.get(*text))
    }

    /// The table, if it exists.
    pub fn table(&self, id: TableId) -> Option<&Table> {
        self.tables.get(id.0 as usize)
    }

    /// The id of a table, also of one that does not exist.
    pub fn table_name(&self, id: TableId) -> &str {
        match self.table(id) {
            Some(table) => self.text(table.id),
            None => self.missing.get(id.0 as usize - self.tables.len()).map_or("", |text| self.text(*text)),
        }
    }

    /// Finds a table by its id.
    pub fn find_table(&self, id: &str) -> Option<TableId> {
        self.tables.binary_search_by(|table| self.text(table.id).cmp(id)).ok().map(|at| TableId(at as u32))
    }

    /// Finds a schema by its id.
    pub fn find_schema(&self, id: &str) -> Option<usize> {
        self.schemas.binary_search_by(|schema| self.text(schema.id).cmp(id)).ok()
    }
}

impl Schema {
    /// The input of a key.
    pub fn input(&self, key: KeyId) -> Option<&Input> {
        let at = *self.input_at.get(key.0 as usize)?;
        self.inputs.get((at as usize).checked_sub(1)?)
    }
}

impl Table {
    /// The INPUT columns with their cells.
    pub fn inputs(&self) -> impl Iterator<Item = (KeyId, &[u32])> {
        self.columns.iter().filter_map(|column| match &column.cells {
            Cells::Input(cells) => Some((column.key, &cells[..])),
            _ => None,
        })
    }

    /// The ENDPOINT columns with their cells.
    pub fn endpoints(&self) -> impl Iterator<Item = (KeyId, &[u32])> {
        self.columns.iter().filter_map(|column| match &column.cells {
            Cells::Endpoint(cells) => Some((column.key, &cells[..])),
            _ => None,
        })
    }
}

/// Finds a key by its name: open addressing over a hash of length and ends.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyIndex {
    slots: Vec<(u64, u16)>,
}

impl KeyIndex {
    /// Builds the index.
    pub fn new(pool: &Pool, keys: &[TextId]) -> KeyIndex {
        let size = (keys.len() * 4).next_power_of_two().max(16);
        let mut slots = vec![(0, u16::MAX); size];
        for (number, text) in keys.iter().enumerate() {
            let hash = hash(pool.get(*text));
            let mut at = hash as usize & (size - 1);
            while slots[at].1 != u16::MAX {
                at = (at + 1) & (size - 1);
            }
            slots[at] = (hash, number as u16);
        }
        KeyIndex { slots }
    }

    /// The key of that name.
    pub fn find(&self, rules: &Rules, name: &str) -> Option<KeyId> {
        let hash = hash(name);
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let (found, number) = self.slots[at];
            if number == u16::MAX {
                return None;
            }
            if found == hash && rules.key(KeyId(number)) == name {
                return Some(KeyId(number));
            }
            at = (at + 1) & mask;
        }
    }
}

/// A quick hash of a short text.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15u64 ^ text.len() as u64;
    for chunk in text.as_bytes().chunks(8) {
        let mut eight = [0u8; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(eight)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    hash ^ (hash >> 29)
}
