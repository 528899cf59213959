//! The compact form of an algorithm: numbers of variable length over one pool of texts, compressed with zstd.
//!
//! ```text
//! "ACST" version  zstd( texts  keys  cells  ends  tables  missing  schemas  glossary )
//! ```
//! Cells of a column stand together because neighbours are alike. What follows from the rest (parsed cells, facts,
//! indexes) is worked out on reading.

use super::archive::Refused;
use super::cell::Cell;
use super::rules::*;

const MAGIC: &[u8; 5] = b"ACST\x01";
/// Largest compiled algorithm that is read.
const MOST: usize = 256 * 1024 * 1024;

/// Writes the compact form.
pub(crate) fn write(rules: &Rules) -> Vec<u8> {
    let mut out = Out(Vec::new());
    out.number(rules.pool.len() as u64);
    for at in 0..rules.pool.len() as u32 {
        let text = rules.pool.get(TextId(at));
        out.number(text.len() as u64);
        out.0.extend_from_slice(text.as_bytes());
    }
    out.text(rules.algorithm);
    out.text(rules.version);
    out.list(&rules.keys, |out, key| out.text(*key));
    out.list(&rules.cells, |out, (text, _)| out.text(*text));
    out.list(&rules.ends, |out, end| match end {
        End::Value(given) => {
            out.number(0);
            out.given(*given);
        }
        End::Remove => out.number(1),
        End::Match => out.number(2),
        End::Stop => out.number(3),
        End::Jump(table) => {
            out.number(4);
            out.number(u64::from(table.0));
        }
        End::Error(words) => {
            out.number(5);
            out.text(*words);
        }
    });
    out.list(&rules.tables, Out::table);
    out.list(&rules.missing, |out, text| out.text(*text));
    out.list(&rules.schemas, Out::schema);
    out.list(&rules.glossary, |out, term| {
        out.text(term.name);
        out.text(term.definition);
        out.list(&term.alternatives, |out, name| out.text(*name));
    });
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(out.0.len() as u32).to_le_bytes());
    // Compressing into memory with a valid level cannot fail.
    bytes.extend(zstd::bulk::compress(&out.0, 19).expect("zstd compresses into memory"));
    bytes
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
    fn text(&mut self, text: TextId) {
        self.number(u64::from(text.0));
    }
    fn key(&mut self, key: KeyId) {
        self.number(u64::from(key.0));
    }
    fn list<T>(&mut self, items: &[T], mut one: impl FnMut(&mut Out, &T)) {
        self.number(items.len() as u64);
        items.iter().for_each(|item| one(self, item));
    }
    fn maybe<T>(&mut self, item: &Option<T>, one: impl FnOnce(&mut Out, &T)) {
        self.number(u64::from(item.is_some()));
        if let Some(item) = item {
            one(self, item);
        }
    }
    fn given(&mut self, given: Given) {
        match given {
            Given::Text(text) => self.number(u64::from(text.0) << 1),
            Given::Key(key) => self.number(u64::from(key.0) << 1 | 1),
        }
    }
    fn table(&mut self, table: &Table) {
        [table.id, table.name, table.title, table.subtitle]
            .iter()
            .chain(&table.texts)
            .for_each(|text| self.text(*text));
        self.number(u64::from(table.rows));
        self.list(&table.columns, |out, column| {
            out.key(column.key);
            out.text(column.name);
            let (kind, cells): (u64, Vec<u32>) = match &column.cells {
                Cells::Input(cells) => (0, cells.clone()),
                Cells::Description(cells) => (1, cells.iter().map(|text| text.0).collect()),
                Cells::Endpoint(cells) => (2, cells.clone()),
            };
            out.number(kind);
            out.list(&cells, |out, cell| out.number(u64::from(*cell)));
        });
    }
    fn flags(&mut self, flags: &[Flag]) {
        self.list(flags, |out, flag| {
            out.text(flag.name);
            out.number(u64::from(flag.start));
            out.number(u64::from(flag.end));
        });
    }
    fn paths(&mut self, paths: &[Path]) {
        self.list(paths, |out, path| {
            out.number(u64::from(path.table.0));
            for pairs in [&path.input, &path.output] {
                out.list(pairs, |out, (from, to)| {
                    out.key(*from);
                    out.key(*to);
                });
            }
        });
    }
    fn schema(&mut self, schema: &Schema) {
        for text in [schema.id, schema.name, schema.title, schema.subtitle, schema.description, schema.notes] {
            self.text(text);
        }
        self.maybe(&schema.number, |out, number| out.number(u64::from(*number)));
        self.number(u64::from(schema.selection.0));
        self.list(&schema.discriminators, |out, key| out.key(*key));
        self.list(&schema.initial, |out, (key, value)| {
            out.key(*key);
            out.maybe(value, |out, given| out.given(*given));
        });
        self.list(&schema.inputs, |out, input| {
            out.key(input.key);
            [input.name, input.description, input.xml_id, input.unit].iter().for_each(|text| out.text(*text));
            out.number(u64::from(input.item));
            out.maybe(&input.default, |out, given| out.given(*given));
            out.maybe(&input.default_table, |out, table| out.number(u64::from(table.0)));
            out.maybe(&input.table, |out, table| out.number(u64::from(table.0)));
            out.number(u64::from(input.used));
            out.maybe(&input.decimals, |out, number| out.number(u64::from(*number)));
            out.flags(&input.flags);
        });
        self.list(&schema.outputs, |out, output| {
            out.key(output.key);
            [output.name, output.description, output.xml_id].iter().for_each(|text| out.text(*text));
            out.number(u64::from(output.item));
            out.maybe(&output.default, |out, given| out.given(*given));
            out.maybe(&output.table, |out, table| out.number(u64::from(table.0)));
            out.flags(&output.flags);
        });
        self.list(&schema.mappings, |out, mapping| {
            out.maybe(&mapping.id, |out, id| out.text(*id));
            out.text(mapping.name);
            out.paths(&mapping.inclusion);
            out.paths(&mapping.exclusion);
            out.list(&mapping.initial, |out, (key, value)| {
                out.key(*key);
                out.maybe(value, |out, text| out.text(*text));
            });
            out.paths(&mapping.paths);
        });
        self.list(&schema.involved, |out, table| out.number(u64::from(table.0)));
        self.number(match schema.on_invalid {
            OnInvalid::Continue => 0,
            OnInvalid::Fail => 1,
            OnInvalid::FailWhenUsed => 2,
        });
    }
}

const SHORT: Refused = Refused::Compiled("the file ends early");
const WRONG: Refused = Refused::Compiled("a number in it is out of range");

/// Reads the compact form.
pub(crate) fn read(bytes: &[u8]) -> Result<Rules, Refused> {
    let packed = bytes.strip_prefix(MAGIC).ok_or(Refused::Compiled("not a file of compiled tables of this version"))?;
    let (size, packed) = packed.split_first_chunk::<4>().ok_or(SHORT)?;
    let size = u32::from_le_bytes(*size) as usize;
    if size > MOST {
        return Err(Refused::Compiled("it is too large"));
    }
    let plain = zstd::bulk::decompress(packed, size).map_err(|_| Refused::Compiled("it is damaged"))?;
    let mut from = In { bytes: &plain, limits: Limits::default() };
    let mut pool = Pool::default();
    for _ in 0..from.count()? {
        let length = from.count()?;
        let (text, rest) = from.bytes.split_at_checked(length).ok_or(SHORT)?;
        pool.push(std::str::from_utf8(text).map_err(|_| Refused::Compiled("a text in it is not UTF-8"))?);
        from.bytes = rest;
    }
    from.limits.texts = pool.len();
    let (algorithm, version) = (from.text()?, from.text()?);
    let keys = from.list(In::text)?;
    from.limits.keys = keys.len();
    let cells: Vec<(TextId, Cell)> = from.list(|from| {
        let text = from.text()?;
        Ok((text, Cell::parse(pool.get(text))))
    })?;
    from.limits.cells = cells.len();
    let ends = from.list(|from| {
        Ok(match from.number()? {
            0 => End::Value(from.given()?),
            1 => End::Remove,
            2 => End::Match,
            3 => End::Stop,
            4 => End::Jump(from.table_id()?),
            5 => End::Error(from.text()?),
            _ => return Err(WRONG),
        })
    })?;
    from.limits.ends = ends.len();
    let tables = from.list(In::table)?;
    let missing = from.list(In::text)?;
    let schemas = from.list(In::schema)?;
    let glossary = from
        .list(|from| Ok(Term { name: from.text()?, definition: from.text()?, alternatives: from.list(In::text)? }))?;
    if from.limits.highest_table as usize >= (tables.len() + missing.len()).max(1) {
        return Err(WRONG);
    }
    let mut rules = Rules {
        algorithm,
        version,
        pool,
        facts: Vec::new(),
        keys,
        key_index: KeyIndex::default(),
        cells,
        ends,
        tables,
        missing,
        schemas,
        glossary,
    };
    rules.finish();
    Ok(rules)
}

#[derive(Default)]
struct Limits {
    texts: usize,
    keys: usize,
    cells: usize,
    ends: usize,
    highest_table: u32,
}

struct In<'b> {
    bytes: &'b [u8],
    limits: Limits,
}

impl In<'_> {
    fn number(&mut self) -> Result<u64, Refused> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first().ok_or(SHORT)?;
            self.bytes = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(WRONG)
    }
    /// A count of things that take a byte each at least.
    fn count(&mut self) -> Result<usize, Refused> {
        let count = self.number()?;
        if count > self.bytes.len() as u64 { Err(SHORT) } else { Ok(count as usize) }
    }
    fn small(&mut self) -> Result<u32, Refused> {
        u32::try_from(self.number()?).map_err(|_| WRONG)
    }
    fn text(&mut self) -> Result<TextId, Refused> {
        let number = self.small()?;
        if (number as usize) < self.limits.texts { Ok(TextId(number)) } else { Err(WRONG) }
    }
    fn key(&mut self) -> Result<KeyId, Refused> {
        let number = self.small()?;
        match u16::try_from(number) {
            Ok(key) if (number as usize) < self.limits.keys => Ok(KeyId(key)),
            _ => Err(WRONG),
        }
    }
    fn table_id(&mut self) -> Result<TableId, Refused> {
        let number = self.small()?;
        self.limits.highest_table = self.limits.highest_table.max(number);
        Ok(TableId(number))
    }
    fn year(&mut self) -> Result<u16, Refused> {
        u16::try_from(self.number()?).map_err(|_| WRONG)
    }
    fn given(&mut self) -> Result<Given, Refused> {
        let number = self.number()?;
        let half = number >> 1;
        match number & 1 {
            0 if half < self.limits.texts as u64 => Ok(Given::Text(TextId(half as u32))),
            1 if half < self.limits.keys as u64 => Ok(Given::Key(KeyId(half as u16))),
            _ => Err(WRONG),
        }
    }
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
        let count = self.count()?;
        let mut items = Vec::with_capacity(count.min(1 << 16));
        for _ in 0..count {
            items.push(one(self)?);
        }
        Ok(items)
    }
    fn maybe<T>(&mut self, one: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<Option<T>, Refused> {
        match self.number()? {
            0 => Ok(None),
            _ => one(self).map(Some),
        }
    }
    fn below(&mut self, limit: usize) -> Result<u32, Refused> {
        let number = self.small()?;
        if (number as usize) < limit { Ok(number) } else { Err(WRONG) }
    }
    fn table(&mut self) -> Result<Table, Refused> {
        let (id, name, title, subtitle) = (self.text()?, self.text()?, self.text()?, self.text()?);
        let mut texts = [TextId(0); 6];
        for text in &mut texts {
            *text = self.text()?;
        }
        let rows = self.small()?;
        let columns = self.list(|from| {
            let (key, name) = (from.key()?, from.text()?);
            let (cell_limit, end_limit) = (from.limits.cells, from.limits.ends);
            let kind = from.number()?;
            let cells = match kind {
                0 => Cells::Input(from.list(|from| from.below(cell_limit))?),
                1 => Cells::Description(from.list(In::text)?),
                2 => Cells::Endpoint(from.list(|from| from.below(end_limit))?),
                _ => return Err(WRONG),
            };
            let length = match &cells {
                Cells::Input(cells) | Cells::Endpoint(cells) => cells.len(),
                Cells::Description(cells) if cells.is_empty() => rows as usize,
                Cells::Description(cells) => cells.len(),
            };
            if length == rows as usize { Ok(Column { key, name, cells }) } else { Err(WRONG) }
        })?;
        Ok(Table { id, name, title, subtitle, texts, columns, rows })
    }
    fn flags(&mut self) -> Result<Vec<Flag>, Refused> {
        self.list(|from| Ok(Flag { name: from.text()?, start: from.year()?, end: from.year()? }))
    }
    fn pairs(&mut self) -> Result<Vec<(KeyId, KeyId)>, Refused> {
        self.list(|from| Ok((from.key()?, from.key()?)))
    }
    fn paths(&mut self) -> Result<Vec<Path>, Refused> {
        self.list(|from| Ok(Path { table: from.table_id()?, input: from.pairs()?, output: from.pairs()? }))
    }
    fn schema(&mut self) -> Result<Schema, Refused> {
        Ok(Schema {
            id: self.text()?,
            name: self.text()?,
            title: self.text()?,
            subtitle: self.text()?,
            description: self.text()?,
            notes: self.text()?,
            number: self.maybe(In::small)?,
            selection: self.table_id()?,
            discriminators: self.list(In::key)?,
            initial: self.list(|from| Ok((from.key()?, from.maybe(In::given)?)))?,
            inputs: self.list(|from| {
                Ok(Input {
                    key: from.key()?,
                    name: from.text()?,
                    description: from.text()?,
                    xml_id: from.text()?,
                    unit: from.text()?,
                    item: from.small()?,
                    default: from.maybe(In::given)?,
                    default_table: from.maybe(In::table_id)?,
                    table: from.maybe(In::table_id)?,
                    used: from.number()? != 0,
                    decimals: from.maybe(In::small)?,
                    flags: from.flags()?,
                })
            })?,
            outputs: self.list(|from| {
                Ok(Output {
                    key: from.key()?,
                    name: from.text()?,
                    description: from.text()?,
                    xml_id: from.text()?,
                    item: from.small()?,
                    default: from.maybe(In::given)?,
                    table: from.maybe(In::table_id)?,
                    flags: from.flags()?,
                })
            })?,
            mappings: self.list(|from| {
                Ok(Mapping {
                    id: from.maybe(In::text)?,
                    name: from.text()?,
                    inclusion: from.paths()?,
                    exclusion: from.paths()?,
                    initial: from.list(|from| Ok((from.key()?, from.maybe(In::text)?)))?,
                    paths: from.paths()?,
                })
            })?,
            involved: self.list(In::table_id)?,
            on_invalid: match self.number()? {
                0 => OnInvalid::Continue,
                1 => OnInvalid::Fail,
                2 => OnInvalid::FailWhenUsed,
                _ => return Err(WRONG),
            },
            input_at: Vec::new(),
            output_order: Vec::new(),
        })
    }
}
