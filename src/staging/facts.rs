//! What can be said of a schema without a case: the keys its rules read, what it derives, the tables it reaches.

use std::collections::{BTreeMap, BTreeSet};

use super::context::{Context, Slot};
use super::edition::{AsOf, Edition};
use super::rules::*;
use super::text::trim;

/// The facts of a schema, all lists sorted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SchemaFacts<'a> {
    /// The schema's id.
    pub schema: &'a str,
    /// Keys the rules read and no earlier step writes.
    pub computed_inputs: BTreeSet<&'a str>,
    /// Keys it answers with.
    pub outputs: BTreeSet<&'a str>,
    /// How many tables it reaches.
    pub involved_tables_count: usize,
    /// Inputs that have a value of their own when none is given.
    pub defaults: BTreeMap<&'a str, &'a str>,
    /// Inputs used for staging.
    pub required: BTreeSet<&'a str>,
}

impl Edition {
    /// The facts of a schema; none if there is no such schema.
    pub fn facts(&self, schema: &str) -> Option<SchemaFacts<'_>> {
        let rules = &self.rules;
        let schema = rules.schemas.get(rules.find_schema(schema)?)?;
        let mut defaults = BTreeMap::new();
        for input in &schema.inputs {
            match input.default {
                Some(Given::Text(text)) => defaults.insert(rules.key(input.key), rules.text(text)),
                Some(Given::Key(_)) | None => None,
            };
        }
        let outputs: BTreeSet<&str> = match schema.outputs.is_empty() {
            false => schema.outputs.iter().map(|output| rules.key(output.key)).collect(),
            true => self.written(schema),
        };
        Some(SchemaFacts {
            schema: rules.text(schema.id),
            computed_inputs: self.read_keys(schema),
            outputs,
            involved_tables_count: schema.involved.iter().collect::<BTreeSet<_>>().len(),
            defaults,
            required: schema.inputs.iter().filter(|input| input.used).map(|input| rules.key(input.key)).collect(),
        })
    }

    /// The keys the rules of a schema read from outside.
    fn read_keys<'a>(&'a self, schema: &'a Schema) -> BTreeSet<&'a str> {
        let rules = &self.rules;
        let mut read = BTreeSet::new();
        let mut written = BTreeSet::new();
        if let Some(selection) = rules.table(schema.selection) {
            read.extend(selection.inputs().map(|(key, _)| key));
        }
        for mapping in &schema.mappings {
            let deciding = || mapping.inclusion.iter().chain(&mapping.exclusion);
            for path in deciding() {
                self.read_by_path(path, &mut written, &mut read);
            }
            if !mapping.paths.is_empty() {
                written.extend(mapping.initial.iter().map(|(key, _)| *key));
                for path in deciding().chain(&mapping.paths) {
                    self.read_by_path(path, &mut written, &mut read);
                }
            }
        }
        read.remove(&VERSION_KEY);
        read.remove(&YEAR_KEY);
        read.into_iter().map(|key| rules.key(key)).collect()
    }

    fn read_by_path(&self, path: &Path, written: &mut BTreeSet<KeyId>, read: &mut BTreeSet<KeyId>) {
        let rules = &self.rules;
        let renamed = |pairs: &[(KeyId, KeyId)], key: KeyId, inward: bool| {
            // Of two renamings of one key the last counts, as in the reference engine's map.
            let find = |(from, to): &(KeyId, KeyId)| match inward {
                true => (*to == key).then_some(*from),
                false => (*from == key).then_some(*to),
            };
            pairs.iter().rev().find_map(find).unwrap_or(key)
        };
        // What this path itself reads keeps a key it also writes from being taken as written.
        let mut here = BTreeSet::new();
        for table in self.reached(path.table) {
            let Some(table) = rules.table(table) else { continue };
            for column in &table.columns {
                match &column.cells {
                    Cells::Input(_) => {
                        let key = renamed(&path.input, column.key, true);
                        if !written.contains(&key) {
                            here.insert(key);
                        }
                    }
                    Cells::Endpoint(_) => {
                        let key = renamed(&path.output, column.key, false);
                        if !here.contains(&key) {
                            written.insert(key);
                        }
                    }
                    Cells::Description(_) => {}
                }
            }
            for key in self.referred(table) {
                let key = renamed(&path.input, key, true);
                if !written.contains(&key) {
                    here.insert(key);
                }
            }
        }
        read.extend(here);
    }

    /// The keys a table names in `{{references}}`, context keys excluded.
    fn referred(&self, table: &Table) -> BTreeSet<KeyId> {
        let rules = &self.rules;
        let mut keys = BTreeSet::new();
        for (_, cells) in table.inputs() {
            for (_, cell) in cells.iter().filter_map(|cell| rules.cells.get(*cell as usize)) {
                keys.extend(cell.references().filter_map(|name| rules.key_index.find(rules, name)));
            }
        }
        for (_, cells) in table.endpoints() {
            keys.extend(cells.iter().filter_map(|cell| match rules.ends.get(*cell as usize) {
                Some(End::Value(Given::Key(key))) => Some(*key),
                _ => None,
            }));
        }
        keys.remove(&VERSION_KEY);
        keys.remove(&YEAR_KEY);
        keys
    }

    /// A table and those it jumps to, each once, in the order they are met.
    fn reached(&self, table: TableId) -> Vec<TableId> {
        let mut found = Vec::new();
        let mut waiting = vec![table];
        while let Some(table) = waiting.pop() {
            let Some(known) = self.rules.table(table).filter(|_| !found.contains(&table)) else { continue };
            found.push(table);
            let mut to: Vec<TableId> = Vec::new();
            for row in 0..known.rows as usize {
                for (_, cells) in known.endpoints() {
                    if let Some(End::Jump(next)) = cells.get(row).and_then(|cell| self.rules.ends.get(*cell as usize))
                        && !to.contains(next)
                    {
                        to.push(*next);
                    }
                }
            }
            waiting.extend(to.into_iter().rev());
        }
        found
    }

    /// The keys the tables of a schema write.
    fn written<'a>(&'a self, schema: &'a Schema) -> BTreeSet<&'a str> {
        let mut keys = BTreeSet::new();
        for path in schema.mappings.iter().flat_map(|mapping| &mapping.paths) {
            for table in self.reached(path.table).iter().filter_map(|table| self.rules.table(*table)) {
                for (key, _) in table.endpoints() {
                    let to = path.output.iter().rev().find(|(from, _)| *from == key).map_or(key, |(_, to)| *to);
                    keys.insert(self.rules.key(to));
                }
            }
        }
        keys
    }

    /// Whether a value is a code of a schema's input. False for an unknown schema or key; a blank is valid only if
    /// the table has a blank row.
    pub fn is_code_valid(&self, schema: &str, key: &str, value: Option<&str>, as_of: &AsOf) -> bool {
        let value = value.unwrap_or("");
        self.is_context_valid(schema, key, [(key, Some(value))], as_of)
    }

    /// Whether the values together are valid for a schema's input, where its table tests several keys.
    pub fn is_context_valid<'v>(
        &self,
        schema: &str,
        key: &str,
        values: impl IntoIterator<Item = (&'v str, Option<&'v str>)>,
        as_of: &AsOf,
    ) -> bool {
        let rules = &self.rules;
        let input = rules
            .find_schema(schema)
            .and_then(|at| rules.schemas.get(at))
            .and_then(|schema| schema.input(rules.key_index.find(rules, key)?));
        let Some(input) = input else { return false };
        let Some(table) = input.table else { return true };
        let mut context = Context::new(rules);
        self.put_context_keys(&mut context, as_of);
        for (key, value) in values {
            if let Some(key) = rules.key_index.find(rules, key) {
                context.set(key, Slot::of(trim(value.unwrap_or(""))));
            }
        }
        self.row(table, &context).is_some()
    }

    /// The first row of a table that matches the values as they are, from 0.
    pub fn matching_row<'v>(
        &self,
        table: &str,
        values: impl IntoIterator<Item = (&'v str, Option<&'v str>)>,
        as_of: &AsOf,
    ) -> Option<u32> {
        let rules = &self.rules;
        let table = rules.find_table(table)?;
        let mut context = Context::new(rules);
        for (key, value) in values {
            if let Some(key) = rules.key_index.find(rules, key) {
                context.set(key, value.map_or(Slot::NULL, Slot::of));
            }
        }
        self.put_context_keys(&mut context, as_of);
        self.row(table, &context)
    }

    fn put_context_keys<'a>(&'a self, context: &mut Context<'a>, as_of: &'a AsOf) {
        context.set_text(VERSION_KEY, self.rules.version);
        context.set(YEAR_KEY, Slot::of(as_of.as_str()));
    }

    /// The schemas that reach a table, by id.
    pub fn schemas_using(&self, table: &str) -> Vec<&str> {
        let Some(table) = self.rules.find_table(table) else { return Vec::new() };
        let using = self.rules.schemas.iter().filter(|schema| schema.involved.contains(&table));
        using.map(|schema| self.rules.text(schema.id)).collect()
    }

    /// Whether a site is one the algorithm knows.
    pub fn is_site_valid(&self, site: &str) -> bool {
        self.lookup.is_site(site)
    }

    /// Whether a histology is one the algorithm knows.
    pub fn is_histology_valid(&self, histology: &str) -> bool {
        self.lookup.is_histology(histology)
    }
}
