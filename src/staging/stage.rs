//! Staging a case: the order of steps is that of the reference engine, to the last detail.
//!
//! ```text
//! site and histology given? -> one schema? -> only its keys? -> year valid?
//!   -> trim, defaults, inputs valid? -> outputs' defaults -> mappings in order -> outputs valid?
//! ```

use super::context::{Context, Slot, State};
use super::edition::{AsOf, Edition};
use super::index::walk;
use super::rules::*;

/// Whether the official engine is followed to the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As the official engine: an unknown key fails the case, site and histology are not trimmed for the look-up.
    Strict,
    /// For our own screens: values are trimmed for the look-up and an unknown key is a problem beside the case.
    Practical,
}

/// How a staging ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Staged, perhaps with problems.
    Staged,
    /// Site or histology is missing.
    MissingSiteOrHistology,
    /// No schema matches.
    NoMatchingSchema,
    /// Several schemas match: a discriminator is missing.
    MultipleMatchingSchemas,
    /// The year of diagnosis is not one the schema stages.
    InvalidYear,
    /// A key is unknown, or a value is invalid where the schema stops at that.
    InvalidInput,
}

impl Outcome {
    /// The name the official engine gives it, its spelling kept.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Staged => "STAGED",
            Outcome::MissingSiteOrHistology => "FAILED_MISSING_SITE_OR_HISTOLOGY",
            Outcome::NoMatchingSchema => "FAILED_NO_MATCHING_SCHEMA",
            Outcome::MultipleMatchingSchemas => "FAILED_MULITPLE_MATCHING_SCHEMAS",
            Outcome::InvalidYear => "FAILED_INVALID_YEAR_DX",
            Outcome::InvalidInput => "FAILED_INVALID_INPUT",
        }
    }
}

/// What a problem found while staging is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum ProblemKind {
    InfiniteLoop,
    InvalidNonRequiredInput,
    InvalidOutput,
    InvalidRequiredInput,
    MatchNotFound,
    StagingError,
    UnknownInput,
    UnknownInputMapping,
    UnknownTable,
}

impl ProblemKind {
    /// The name the official engine gives it.
    pub fn as_str(self) -> &'static str {
        match self {
            ProblemKind::InfiniteLoop => "INFINITE_LOOP",
            ProblemKind::InvalidNonRequiredInput => "INVALID_NON_REQUIRED_INPUT",
            ProblemKind::InvalidOutput => "INVALID_OUTPUT",
            ProblemKind::InvalidRequiredInput => "INVALID_REQUIRED_INPUT",
            ProblemKind::MatchNotFound => "MATCH_NOT_FOUND",
            ProblemKind::StagingError => "STAGING_ERROR",
            ProblemKind::UnknownInput => "UNKNOWN_INPUT",
            ProblemKind::UnknownInputMapping => "UNKNOWN_INPUT_MAPPING",
            ProblemKind::UnknownTable => "UNKNOWN_TABLE",
        }
    }
}

/// A problem found while staging.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem<'a> {
    /// What it is about.
    pub kind: ProblemKind,
    /// The table it arose in.
    pub table: Option<&'a str>,
    /// The key it is about.
    pub key: Option<&'a str>,
    /// The columns it is about, in order.
    pub columns: Vec<&'a str>,
    /// The algorithm's own words, where it has some and they are loaded.
    pub words: Option<&'a str>,
}

impl<'a> Problem<'a> {
    fn new(kind: ProblemKind) -> Problem<'a> {
        Problem { kind, table: None, key: None, columns: Vec::new(), words: None }
    }
    fn table(mut self, table: &'a str) -> Self {
        self.table = Some(table);
        self
    }
    fn key(mut self, key: &'a str) -> Self {
        self.key = Some(key);
        self
    }
}

/// One table the case went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit<'a> {
    /// The mapping's id, if it has one.
    pub mapping: Option<&'a str>,
    /// The table's id.
    pub table: &'a str,
}

/// The answer to a case.
#[derive(Debug, Clone)]
pub struct Staged<'a> {
    /// How it ended.
    pub outcome: Outcome,
    /// The schema's id, from the moment one is found.
    pub schema: Option<&'a str>,
    /// The outputs by key, in the order of the keys; a null is none, a removed one is not there.
    pub outputs: Vec<(&'a str, Option<&'a str>)>,
    /// Problems in the order they arose.
    pub problems: Vec<Problem<'a>>,
    rules: &'a Rules,
    mappings: &'a [Mapping],
    /// The tables gone through: place of the mapping and table.
    visits: Vec<(u16, TableId)>,
}

impl<'a> Staged<'a> {
    /// The tables gone through, in order.
    pub fn path(&self) -> impl ExactSizeIterator<Item = Visit<'a>> + use<'a, '_> {
        let (rules, mappings) = (self.rules, self.mappings);
        self.visits.iter().map(move |(mapping, table)| Visit {
            mapping: mappings.get(*mapping as usize).and_then(|mapping| mapping.id).map(|id| rules.text(id)),
            table: rules.table_name(*table),
        })
    }

    /// The CRC-32 of the path's entries, joined by line feeds, as the official cases give it.
    pub fn path_checksum(&self) -> u32 {
        let mut crc = crc32fast::Hasher::new();
        for (at, visit) in self.path().enumerate() {
            if at > 0 {
                crc.update(b"\n");
            }
            if let Some(mapping) = visit.mapping {
                crc.update(mapping.as_bytes());
                crc.update(b".");
            }
            crc.update(visit.table.as_bytes());
        }
        crc.finalize()
    }

    /// The value of an output; none if it is absent or null.
    pub fn output(&self, key: &str) -> Option<&str> {
        let at = self.outputs.binary_search_by(|(name, _)| (*name).cmp(key)).ok()?;
        self.outputs.get(at)?.1
    }
}

/// What looks on while a case is staged. Every part defaults to doing nothing.
pub(crate) trait Watch<'a> {
    fn schema(&mut self, _schema: &'a Schema) {}
    fn input(&mut self, _input: &'a Input, _slot: Slot<'a>, _default: bool) {}
    fn mapping(&mut self, _mapping: &'a Mapping, _involved: bool) {}
    fn deciding(&mut self, _table: TableId, _inclusion: bool, _row: Option<u32>, _context: &Context<'a>) {}
    fn table(&mut self, _table: &'a Table, _row: Option<u32>, _depth: usize, _context: &Context<'a>) {}
    fn write(&mut self, _key: KeyId, _slot: Slot<'a>) {}
    fn leave(&mut self) {}
    fn stop(&mut self) {}
}

impl Watch<'_> for () {}

impl Edition {
    /// Stages a case: its values by key, null for a key supplied without a value.
    pub fn stage<'a>(
        &'a self,
        inputs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        as_of: &'a AsOf,
        mode: Mode,
    ) -> Staged<'a> {
        self.stage_watched(inputs, as_of, mode, &mut ())
    }

    /// Stages a case with something looking on.
    pub(crate) fn stage_watched<'a>(
        &'a self,
        inputs: impl IntoIterator<Item = (&'a str, Option<&'a str>)>,
        as_of: &'a AsOf,
        mode: Mode,
        watch: &mut impl Watch<'a>,
    ) -> Staged<'a> {
        let rules = &self.rules;
        let mut staged = Staged {
            outcome: Outcome::MissingSiteOrHistology,
            schema: None,
            outputs: Vec::new(),
            problems: Vec::new(),
            rules,
            mappings: &[],
            visits: Vec::new(),
        };
        let mut context = Context::new(rules);
        let mut strangers: Vec<&'a str> = Vec::new();
        let mut supplied = Supplied { keys: Vec::with_capacity(48) };
        for (name, value) in inputs {
            match rules.key_index.find(rules, name) {
                Some(key) => {
                    context.set(key, value.map_or(Slot::NULL, Slot::of));
                    supplied.keys.push(key);
                }
                None if strangers.contains(&name) => {}
                None => strangers.push(name),
            }
        }
        if mode == Mode::Practical {
            context.trim(&supplied.keys);
        }
        let lookup = &self.lookup;
        let given = |key: Option<KeyId>| key.is_some_and(|key| context.get(key).state == State::Set);
        if !given(lookup.site) || !given(lookup.hist) {
            return staged;
        }
        let schema = match self.only_schema(&mut context, mode) {
            Ok(schema) => schema,
            Err(outcome) => {
                staged.outcome = outcome;
                return staged;
            }
        };
        staged.schema = Some(rules.text(schema.id));
        staged.mappings = &schema.mappings;
        watch.schema(schema);

        for name in strangers {
            staged.problems.push(Problem::new(ProblemKind::UnknownInput).key(name));
        }
        for (at, key) in supplied.keys.iter().enumerate() {
            if schema.input(*key).is_none() && !supplied.keys[..at].contains(key) {
                staged.problems.push(Problem::new(ProblemKind::UnknownInput).key(rules.key(*key)));
                if mode == Mode::Practical {
                    context.set(*key, Slot::ABSENT);
                }
            }
        }
        if mode == Mode::Strict && !staged.problems.is_empty() {
            staged.outcome = Outcome::InvalidInput;
            return staged;
        }

        context.trim(&supplied.keys);
        context.set_text(VERSION_KEY, rules.version);
        context.set(YEAR_KEY, Slot::of(as_of.as_str()));
        let mut run = Run { edition: self, schema, context, staged, watch };
        run.staged.outcome = run.all();
        run.staged
    }

    /// The one schema the case belongs to, or how it fails.
    fn only_schema<'a>(&'a self, context: &mut Context<'a>, mode: Mode) -> Result<&'a Schema, Outcome> {
        let first_two = |context: &Context<'a>| {
            let (mut first, mut many) = (0, 0);
            self.lookup.matching(&self.rules, context, false, |schema| {
                if many == 0 {
                    first = schema;
                }
                many += 1;
                many < 2
            });
            (first, many)
        };
        let (mut first, mut many) = first_two(context);
        if many == 0 && mode == Mode::Practical && self.leave_blanks_out(context) {
            (first, many) = first_two(context);
        }
        match many {
            1 => self.rules.schemas.get(first as usize).ok_or(Outcome::NoMatchingSchema),
            0 => Err(Outcome::NoMatchingSchema),
            _ => Err(Outcome::MultipleMatchingSchemas),
        }
    }

    /// Takes blank discriminators as not supplied; answers whether there were any.
    pub(crate) fn leave_blanks_out(&self, context: &mut Context<'_>) -> bool {
        let mut any = false;
        for key in &self.lookup.others {
            let slot = context.get(*key);
            if slot.state != State::Absent && slot.text.is_empty() {
                context.set(*key, Slot::ABSENT);
                any = true;
            }
        }
        any
    }

    /// The first row of a table that matches.
    pub(crate) fn row(&self, table: TableId, context: &Context<'_>) -> Option<u32> {
        let rules = &self.rules;
        let known = rules.table(table)?;
        match self.index.get(table.0 as usize) {
            Some(index) => index.get_or_init(|| super::index::TableIndex::new(rules, known)).row(rules, known, context),
            None => walk(rules, known, context),
        }
    }
}

/// How deep tables may jump. The deepest of the official ones is 3; without an end a made archive could use up the
/// thread's stack.
const DEEPEST: usize = 256;

/// Through how many tables a case may go. The longest way of the official cases is below 100; without an end tables
/// that each jump twice to the next would double the way with each table.
pub(crate) const MOST_STEPS: usize = 10_000;

/// The keys that came in, in order.
struct Supplied {
    keys: Vec<KeyId>,
}

/// A case on its way through its schema.
struct Run<'a, 'w, W> {
    edition: &'a Edition,
    schema: &'a Schema,
    context: Context<'a>,
    staged: Staged<'a>,
    watch: &'w mut W,
}

impl<'a, W: Watch<'a>> Run<'a, '_, W> {
    fn all(&mut self) -> Outcome {
        let (rules, schema) = (&self.edition.rules, self.schema);
        if !self.year_is_valid() {
            return Outcome::InvalidYear;
        }
        if self.take_inputs() {
            return Outcome::InvalidInput;
        }
        for output in &schema.outputs {
            match output.default {
                Some(given) => self.context.set_given(output.key, given),
                None => self.context.set(output.key, Slot::EMPTY),
            }
        }
        for (key, value) in &schema.initial {
            match value {
                Some(given) => self.context.set_given(*key, *given),
                None => self.context.set(*key, Slot::NULL),
            }
        }
        self.staged.visits.reserve(48);
        for (place, mapping) in schema.mappings.iter().enumerate() {
            let involved = self.is_involved(mapping);
            self.watch.mapping(mapping, involved);
            if involved {
                self.run_mapping(place as u16, mapping);
            }
        }
        if schema.outputs.is_empty() {
            self.collect_everything();
            return Outcome::Staged;
        }
        self.staged.outputs.reserve(schema.output_order.len());
        for place in &schema.output_order {
            let Some(output) = schema.outputs.get(*place as usize) else { continue };
            let slot = self.context.get(output.key);
            if slot.state == State::Absent {
                continue;
            }
            self.staged.outputs.push((rules.key(output.key), slot.value()));
        }
        // Outputs are validated among themselves: everything else has left the context by then.
        let validated = schema.output_order.iter().filter_map(|place| schema.outputs.get(*place as usize));
        let validated: Vec<&Output> = validated
            .filter(|output| output.table.is_some() && self.context.get(output.key).state != State::Absent)
            .collect();
        if !validated.is_empty() {
            let is_output = |key| schema.outputs.iter().any(|output| output.key == key);
            let mut tables = validated.iter().filter_map(|output| rules.table(output.table?));
            if tables.any(|table| table.inputs().any(|(key, _)| !is_output(key))) {
                self.forget_all_but_outputs();
            }
            for output in validated {
                let Some(table) = output.table else { continue };
                let key = rules.key(output.key);
                if rules.table(table).is_none() {
                    self.problem(Problem::new(ProblemKind::UnknownTable).key(key));
                } else if self.edition.row(table, &self.context).is_none() {
                    self.problem(Problem::new(ProblemKind::InvalidOutput).key(key).table(rules.table_name(table)));
                }
            }
        }
        Outcome::Staged
    }

    fn problem(&mut self, problem: Problem<'a>) {
        self.staged.problems.push(problem);
    }

    /// The year of diagnosis is an input of the schema and its table takes the values as supplied.
    fn year_is_valid(&mut self) -> bool {
        let Some(input) = self.edition.year.and_then(|key| self.schema.input(key)) else { return false };
        input.table.is_none_or(|table| self.edition.row(table, &self.context).is_some())
    }

    /// Fills defaults and validates what was supplied; answers whether the case must stop.
    fn take_inputs(&mut self) -> bool {
        let (rules, schema) = (&self.edition.rules, self.schema);
        let mut stop = false;
        for input in &schema.inputs {
            let slot = self.context.get(input.key);
            if slot.state != State::Set {
                self.fill(input);
                let slot = self.context.get(input.key);
                self.watch.input(input, slot, true);
                continue;
            }
            self.watch.input(input, slot, false);
            let (false, Some(table)) = (slot.text.is_empty(), input.table) else { continue };
            let key = rules.key(input.key);
            if rules.table(table).is_none() {
                self.problem(Problem::new(ProblemKind::UnknownTable).key(key));
            } else if self.edition.row(table, &self.context).is_none() {
                let kind = match input.used {
                    true => ProblemKind::InvalidRequiredInput,
                    false => ProblemKind::InvalidNonRequiredInput,
                };
                self.problem(Problem::new(kind).key(key).table(rules.table_name(table)));
                stop |= match schema.on_invalid {
                    OnInvalid::Continue => false,
                    OnInvalid::Fail => true,
                    OnInvalid::FailWhenUsed => input.used,
                };
            }
        }
        stop
    }

    /// Gives an input without a value its default.
    fn fill(&mut self, input: &'a Input) {
        if let Some(given) = input.default {
            self.context.set_given(input.key, given);
            if self.context.get(input.key).state != State::Set {
                self.context.set(input.key, Slot::EMPTY);
            }
            return;
        }
        let Some(table) = input.default_table else { return self.context.set(input.key, Slot::EMPTY) };
        let rules = &self.edition.rules;
        let key = rules.key(input.key);
        let Some(known) = rules.table(table) else {
            self.context.set(input.key, Slot::EMPTY);
            return self.problem(Problem::new(ProblemKind::UnknownTable).key(key));
        };
        let row = self.edition.row(table, &self.context);
        let given = row.and_then(|row| {
            known.endpoints().find_map(|(column, cells)| match rules.ends.get(*cells.get(row as usize)? as usize)? {
                End::Value(given) if column == input.key => Some(*given),
                _ => None,
            })
        });
        match given {
            Some(given) => self.context.set_given(input.key, given),
            None => {
                self.context.set(input.key, Slot::EMPTY);
                self.problem(Problem::new(ProblemKind::MatchNotFound).key(key));
            }
        }
    }

    /// Every inclusion table matches and no exclusion table does.
    fn is_involved(&mut self, mapping: &'a Mapping) -> bool {
        mapping.inclusion.iter().all(|path| self.decides(path, true))
            && !mapping.exclusion.iter().any(|path| self.decides(path, false))
    }

    /// Whether a deciding table matches, its renamed keys seen only by it.
    fn decides(&mut self, path: &'a Path, inclusion: bool) -> bool {
        let mut before: Vec<(KeyId, Slot<'a>)> = Vec::new();
        for (from, to) in &path.input {
            let slot = self.context.get(*from);
            if slot.state != State::Absent {
                before.push((*to, self.context.get(*to)));
                self.context.set(*to, slot);
            }
        }
        let row = self.edition.row(path.table, &self.context);
        self.watch.deciding(path.table, inclusion, row, &self.context);
        for (key, slot) in before.into_iter().rev() {
            self.context.set(key, slot);
        }
        row.is_some()
    }

    fn run_mapping(&mut self, place: u16, mapping: &'a Mapping) {
        let rules = &self.edition.rules;
        for path in mapping.inclusion.iter().chain(&mapping.exclusion) {
            self.staged.visits.push((place, path.table));
        }
        for (key, value) in &mapping.initial {
            match value {
                Some(text) => self.context.set_text(*key, *text),
                None => self.context.set(*key, Slot::NULL),
            }
            self.watch.write(*key, self.context.get(*key));
        }
        let mut stack = Vec::new();
        for path in &mapping.paths {
            for (from, to) in &path.input {
                let slot = self.context.get(*from);
                if slot.state == State::Absent {
                    let problem = Problem::new(ProblemKind::UnknownInputMapping).key(rules.key(*from));
                    self.problem(problem.table(rules.table_name(path.table)));
                } else {
                    self.context.set(*to, slot);
                }
            }
            stack.clear();
            let stop = self.run_table(path.table, path, place, &mut stack);
            for (_, to) in &path.input {
                self.context.set(*to, Slot::ABSENT);
            }
            if stop {
                self.watch.stop();
                break;
            }
        }
    }

    /// Runs a table and those it jumps to; answers whether the mapping stops.
    fn run_table(&mut self, table: TableId, path: &'a Path, place: u16, stack: &mut Vec<TableId>) -> bool {
        let rules = &self.edition.rules;
        let Some(known) = rules.table(table) else {
            self.problem(Problem::new(ProblemKind::UnknownTable).table(rules.table_name(table)));
            return false;
        };
        let is_spent = self.staged.visits.len() >= MOST_STEPS;
        if is_spent || stack.contains(&table) || stack.len() >= DEEPEST {
            let problem = Problem::new(ProblemKind::InfiniteLoop).table(rules.table_name(table));
            if !is_spent || self.staged.problems.last() != Some(&problem) {
                self.problem(problem);
            }
            return is_spent;
        }
        self.staged.visits.push((place, table));
        stack.push(table);
        let mut stop = false;
        let row = self.edition.row(table, &self.context);
        self.watch.table(known, row, stack.len() - 1, &self.context);
        match row {
            None => {
                let mut problem = Problem::new(ProblemKind::MatchNotFound).table(rules.table_name(table));
                problem.columns = known.endpoints().map(|(key, _)| rules.key(key)).collect();
                self.problem(problem);
            }
            Some(row) => {
                for (key, cells) in known.endpoints() {
                    let Some(end) = cells.get(row as usize).and_then(|cell| rules.ends.get(*cell as usize)) else {
                        continue;
                    };
                    match end {
                        End::Match => {}
                        End::Stop => stop = true,
                        End::Jump(to) => stop = self.run_table(*to, path, place, stack),
                        End::Error(words) => {
                            let mut problem = Problem::new(ProblemKind::StagingError).table(rules.table_name(table));
                            problem.columns = vec![rules.key(key)];
                            problem.words = rules.some(*words);
                            self.problem(problem);
                        }
                        End::Value(given) => self.write(path, key, Some(*given)),
                        End::Remove => self.write(path, key, None),
                    }
                }
            }
        }
        stack.pop();
        self.watch.leave();
        stop
    }

    /// Writes a value to the keys an endpoint's key is mapped to, or to itself.
    fn write(&mut self, path: &'a Path, key: KeyId, given: Option<Given>) {
        let mut mapped = false;
        for (_, to) in path.output.iter().filter(|(from, _)| *from == key) {
            mapped = true;
            self.put(*to, given);
        }
        if !mapped {
            self.put(key, given);
        }
    }

    fn put(&mut self, key: KeyId, given: Option<Given>) {
        match given {
            Some(given) => self.context.set_given(key, given),
            None => self.context.set(key, Slot::ABSENT),
        }
        self.watch.write(key, self.context.get(key));
    }

    /// Leaves only the outputs in the context.
    fn forget_all_but_outputs(&mut self) {
        let rules = &self.edition.rules;
        let mut kept = Context::new(rules);
        for output in &self.schema.outputs {
            kept.set(output.key, self.context.get(output.key));
        }
        self.context = kept;
    }

    /// A schema without outputs gives all it has worked out.
    fn collect_everything(&mut self) {
        let rules = &self.edition.rules;
        for key in (0..rules.keys.len() as u16).map(KeyId) {
            let slot = self.context.get(key);
            if slot.state != State::Absent && key != VERSION_KEY && key != YEAR_KEY && self.schema.input(key).is_none()
            {
                self.staged.outputs.push((rules.key(key), slot.value()));
            }
        }
        self.staged.outputs.sort();
    }
}
