//! Reads edit files: TOML with a `[file]` head of what its edits share, then `[[edit]]` tables, and in `[sets]`, `[items]`
//! and `[[terms]]` the names expressions may use.
//!
//! Nothing is left out silently: an unknown field, a name used twice, a hole in a message that names no item, an
//! item to show that the rule never reads, a missing test are faults with file, line and column. A faulty edit is
//! reported and left out; the others go on.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Spanned, Table as TomlTable, Value as TomlValue};

use super::code_set::CodeSet;
use super::expression::Expression;
use super::frame::{Confidence, Edit, Fault, Override, Scope, Severity, Trial, Years};
use super::parse::parse;
use super::slots::Slot;
use super::terms::{Table, Terms};
use crate::naaccr::{Level, RecordTypes};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    #[serde(default)]
    file: Shared,
    #[serde(default)]
    edit: Vec<EditToml>,
    #[serde(default)]
    sets: TomlTable,
    #[serde(default)]
    items: TomlTable,
    #[serde(default)]
    terms: Vec<TermToml>,
    /// Head and sets of a registry's own file: `own` reads them.
    #[serde(default, rename = "standard")]
    _standard: Option<TomlTable>,
    #[serde(default, rename = "set")]
    _set: Vec<TomlTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TermToml {
    name: Spanned<String>,
    is: Spanned<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Shared {
    family: Option<String>,
    kind: Option<String>,
    agency: Option<String>,
    level: Option<Scope>,
    sets: Option<Vec<String>>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    years: Option<Spanned<String>>,
    types: Option<Spanned<String>>,
    source: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditToml {
    id: Spanned<String>,
    name: Option<String>,
    standard: Option<String>,
    #[serde(default)]
    documented: bool,
    family: Option<String>,
    kind: Option<String>,
    agency: Option<String>,
    level: Option<Scope>,
    sets: Option<Vec<String>>,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    years: Option<Spanned<String>>,
    types: Option<Spanned<String>>,
    source: Option<String>,
    #[serde(default, rename = "override")]
    overrides: Vec<Spanned<String>>,
    when: Option<Spanned<String>>,
    fail: Spanned<String>,
    #[serde(default)]
    items: Vec<Spanned<String>>,
    message: Spanned<String>,
    #[serde(default)]
    help: String,
    #[serde(default)]
    after: Vec<String>,
    #[serde(default)]
    fails: Vec<Spanned<TomlTable>>,
    #[serde(default)]
    passes: Vec<Spanned<TomlTable>>,
}

/// Whether the tests of edits are read too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trials {
    /// They are kept, and one that is missing is a fault.
    Kept,
    /// They are left out: a library of known fingerprint is trusted at start.
    LeftOut,
}

/// A text with the places of its lines.
struct Place<'t> {
    file: &'t str,
    text: &'t str,
}

impl Place<'_> {
    fn fault(&self, at: usize, edit: Option<&str>, message: impl Into<String>) -> Fault {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |rest| rest.chars().count()) + 1;
        Fault { file: self.file.to_owned(), line, column, edit: edit.map(str::to_owned), message: message.into() }
    }

    fn line(&self, at: usize) -> usize {
        self.text.get(..at).map_or(1, |before| before.matches('\n').count() + 1)
    }

    /// Where a position inside a string's content stands in the file.
    fn inside(&self, span: Range<usize>, at: usize) -> usize {
        let raw = self.text.get(span.clone()).unwrap_or("");
        let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        let newline = usize::from(quotes == 3 && raw[3..].starts_with('\n'));
        span.start + quotes + newline + at
    }

    fn expression(&self, text: &Spanned<String>, level: Scope, terms: &Terms, id: &str) -> Result<Expression, Fault> {
        parse(text.get_ref(), level, terms)
            .map_err(|wrong| self.fault(self.inside(text.span(), wrong.at), Some(id), wrong.message))
    }
}

fn read_toml(place: &Place<'_>) -> Result<FileToml, Fault> {
    toml::from_str(place.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        place.fault(at, None, error.message().to_owned())
    })
}

/// Adds the names a file defines to the terms.
pub fn read_terms(file: &str, text: &str, terms: &mut Terms) -> Vec<Fault> {
    let place = Place { file, text };
    let read = match read_toml(&place) {
        Ok(read) => read,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    let at_name = |name: &str| text.find(&format!("\n{name} ")).map_or(0, |at| at + 1);
    for (name, value) in &read.sets {
        let parts: Option<Vec<&str>> = match value {
            TomlValue::String(text) => Some(vec![text]),
            TomlValue::Array(all) => all.iter().map(TomlValue::as_str).collect(),
            _ => None,
        };
        let set = match parts {
            Some(parts) => CodeSet::parse(&parts.join(",")).map_err(|bad| bad.to_string()),
            None => Err("a code set is a text of codes and ranges, or a list of such texts".to_owned()),
        };
        match set {
            _ if !is_set_name(name) => faults.push(place.fault(
                at_name(name),
                None,
                "a set's name has at least four characters: capitals, digits, _",
            )),
            Ok(set) => {
                if terms.sets.insert(name.clone(), set).is_some() {
                    faults.push(place.fault(at_name(name), None, format!("the set {name} is defined twice")));
                }
            }
            Err(message) => faults.push(place.fault(at_name(name), None, message)),
        }
    }
    for (name, value) in &read.items {
        let ids: Option<Vec<&str>> = value.as_array().and_then(|all| all.iter().map(TomlValue::as_str).collect());
        let slots =
            ids.unwrap_or_default().into_iter().map(|id| Slot::of(id).ok_or_else(|| format!("{id} is no item")));
        match slots.collect::<Result<Vec<Slot>, String>>() {
            Ok(slots) if !slots.is_empty() && is_set_name(name) => {
                terms.groups.insert(name.clone(), slots);
            }
            Ok(_) => {
                faults.push(place.fault(at_name(name), None, "a group is a name in capitals and a list of item ids"))
            }
            Err(message) => faults.push(place.fault(at_name(name), None, message)),
        }
    }
    for term in &read.terms {
        let name = term.name.get_ref();
        if Slot::of(name).is_some() || terms.named.contains_key(name) {
            faults.push(place.fault(term.name.span().start, None, format!("the name {name} is taken")));
            continue;
        }
        match place.expression(&term.is, Scope::Tumor, terms, name) {
            Ok(expression) => {
                terms.named.insert(name.clone(), Arc::new(expression));
            }
            Err(fault) => faults.push(fault),
        }
    }
    faults
}

/// Adds a table to the terms under a name in capitals.
pub fn read_table(file: &str, name: &str, text: &str, terms: &mut Terms) -> Result<(), Fault> {
    let table = Table::read(text).map_err(|(line, message)| Fault {
        file: file.to_owned(),
        line,
        column: 1,
        edit: None,
        message,
    })?;
    terms.tables.insert(name.to_owned(), table);
    Ok(())
}

fn is_set_name(name: &str) -> bool {
    name.len() > 3 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Reads the edits of a file.
pub fn read_edits(file: &str, text: &str, terms: &Terms, trials: Trials) -> (Vec<Edit>, Vec<Fault>) {
    let place = Place { file, text };
    let read = match read_toml(&place) {
        Ok(read) => read,
        Err(fault) => return (Vec::new(), vec![fault]),
    };
    let mut edits = Vec::with_capacity(read.edit.len());
    let mut faults = Vec::new();
    for edit in read.edit {
        let reader = OneEdit { place: &place, shared: &read.file, terms, trials };
        match reader.read(edit, &mut faults) {
            Ok(edit) => edits.push(edit),
            Err(fault) => faults.push(fault),
        }
    }
    (edits, faults)
}

struct OneEdit<'t> {
    place: &'t Place<'t>,
    shared: &'t Shared,
    terms: &'t Terms,
    trials: Trials,
}

impl OneEdit<'_> {
    fn read(&self, edit: EditToml, faults: &mut Vec<Fault>) -> Result<Edit, Fault> {
        let id = edit.id.get_ref().clone();
        let start = edit.id.span().start;
        let fault = |at: usize, message: String| self.place.fault(at, Some(&id), message);
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(fault(start, "an id has small letters, digits and hyphens".to_owned()));
        }
        let shared = self.shared;
        let missing = |what: &str| fault(start, format!("{what} is missing, here and in [file]"));
        let level = edit.level.or(shared.level).unwrap_or_default();
        let years = match edit.years.as_ref().or(shared.years.as_ref()) {
            Some(years) => Years::parse(years.get_ref()).ok_or_else(|| {
                fault(
                    years.span().start,
                    format!("{} are no years; write all, 2018+, 2003-2017 or 2023", years.get_ref()),
                )
            })?,
            None => Years::default(),
        };
        let record_types = match edit.types.as_ref().or(shared.types.as_ref()) {
            Some(types) => RecordTypes::parse(types.get_ref()).ok_or_else(|| {
                fault(types.span().start, format!("{} are no record types; write letters of ACIM", types.get_ref()))
            })?,
            None => RecordTypes::ALL,
        };
        let when = match &edit.when {
            Some(when) => self.place.expression(when, level, self.terms, &id)?,
            None => Expression::Always,
        };
        let fail = self.place.expression(&edit.fail, level, self.terms, &id)?;
        let mut overrides = Vec::new();
        for flag in &edit.overrides {
            overrides.push(self.overriding(flag).map_err(|message| fault(flag.span().start, message))?);
        }
        let mut reads: Vec<Slot> = Vec::new();
        for item in fail.reads().into_iter().chain(when.reads()) {
            if !reads.contains(&item.slot) {
                reads.push(item.slot);
            }
        }
        let mut named = reads.clone();
        named.extend(overrides.iter().map(|o| o.flag));
        if let Some((at, why)) = broken_message(edit.message.get_ref()) {
            faults.push(fault(self.place.inside(edit.message.span(), at), why.to_owned()));
        }
        for hole in holes(edit.message.get_ref()) {
            let bare = hole.strip_prefix("a.").or_else(|| hole.strip_prefix("b.")).unwrap_or(hole);
            if let Some(slot) = Slot::of(bare).filter(|slot| !reads.contains(slot)) {
                // What the message shows is told anew when it changes.
                reads.push(slot);
            } else if Slot::of(bare).is_none() && bare != "schema" {
                let at = edit.message.get_ref().find(hole).unwrap_or(0);
                let at = self.place.inside(edit.message.span(), at);
                faults.push(fault(at, format!("the message has a hole {{{hole}}}, which is no item")));
            }
        }
        let asks_for_schema = when.asks_for_schema() || fail.asks_for_schema();
        reads.extend(overrides.iter().map(|o| o.flag));
        if years != Years::default() {
            reads.push(Slot::date_of_diagnosis());
        }
        if asks_for_schema {
            let selecting = crate::staging::Algorithm::Eod.shipped().selecting_items();
            reads.extend(selecting.filter_map(|(_, id)| Slot::of(id)));
            reads.push(Slot::date_of_diagnosis());
        }
        reads.sort_unstable();
        reads.dedup();
        let items = self.items(&edit.items, &named, &reads, &id, faults);
        let filed_severity = edit.severity.or(shared.severity).unwrap_or_default();
        let trials = match self.trials {
            Trials::LeftOut => Vec::new(),
            Trials::Kept => self.trials(&edit, &id, filed_severity, faults),
        };
        Ok(Edit {
            name: edit.name.unwrap_or_else(|| id.replace('-', " ")),
            standard: edit.standard.map(|name| (name, edit.documented)),
            family: edit.family.or_else(|| shared.family.clone()).ok_or_else(|| missing("family"))?,
            kind: edit
                .kind
                .or_else(|| shared.kind.clone())
                .unwrap_or_else(|| (if level == Scope::Tumor { "inter-field" } else { "inter-record" }).to_owned()),
            agency: edit.agency.or_else(|| shared.agency.clone()).ok_or_else(|| missing("agency"))?,
            level,
            sets: edit.sets.or_else(|| shared.sets.clone()).ok_or_else(|| missing("sets"))?,
            filed_severity,
            confidence: edit.confidence.or(shared.confidence).unwrap_or_default(),
            overrides,
            years,
            record_types,
            wide: level != Scope::Tumor || when.looks_at_other_tumors() || fail.looks_at_other_tumors(),
            written: (
                edit.when.map_or_else(|| "always".to_owned(), |when| when.into_inner()),
                edit.fail.get_ref().clone(),
            ),
            when,
            fail,
            items,
            message: edit.message.get_ref().clone(),
            help: edit.help,
            source: edit.source.or_else(|| shared.source.clone()).ok_or_else(|| missing("source"))?,
            after: edit.after,
            trials,
            reads,
            file: self.place.file.to_owned(),
            line: self.place.line(start),
            id,
        })
    }

    fn overriding(&self, flag: &Spanned<String>) -> Result<Override, String> {
        let (id, values) =
            flag.get_ref().split_once('=').map_or((flag.get_ref().as_str(), None), |(id, v)| (id, Some(v)));
        let slot = Slot::of(id).filter(|_| id.starts_with("overRide"));
        let flag = slot.ok_or_else(|| format!("{id} is no over-ride flag"))?;
        let values = values.map(CodeSet::parse).transpose().map_err(|bad| bad.to_string())?;
        Ok(Override { flag, values })
    }

    /// The items to show: as listed, else in the order `fail` and `when` name them; the flags stand last.
    fn items(
        &self,
        listed: &[Spanned<String>],
        named: &[Slot],
        reads: &[Slot],
        id: &str,
        faults: &mut Vec<Fault>,
    ) -> Vec<Slot> {
        let mut items: Vec<Slot> = Vec::new();
        for item in listed {
            match Slot::of(item.get_ref()) {
                Some(slot) if reads.contains(&slot) => items.push(slot),
                Some(_) => faults.push(self.place.fault(
                    item.span().start,
                    Some(id),
                    format!("{} stands in items, but the rule never reads it", item.get_ref()),
                )),
                None => {
                    faults.push(self.place.fault(item.span().start, Some(id), format!("{} is no item", item.get_ref())))
                }
            }
        }
        for slot in named {
            if !items.contains(slot) {
                items.push(*slot);
            }
        }
        items
    }

    fn trials(&self, edit: &EditToml, id: &str, severity: Severity, faults: &mut Vec<Fault>) -> Vec<Trial> {
        let mut trials = Vec::new();
        let all = edit.fails.iter().map(|t| (true, t)).chain(edit.passes.iter().map(|t| (false, t)));
        for ((must_fail, table), number) in all.zip(1..) {
            match trial(table.get_ref(), must_fail, number, self.place.line(table.span().start)) {
                Ok(trial) => trials.push(trial),
                Err(message) => faults.push(self.place.fault(table.span().start, Some(id), message)),
            }
        }
        if severity != Severity::Info {
            for (empty, what) in [(edit.fails.is_empty(), "fails"), (edit.passes.is_empty(), "passes")] {
                if empty {
                    let at = edit.id.span().start;
                    faults.push(self.place.fault(at, Some(id), format!("{what} is missing: at least one test")));
                }
            }
        }
        trials
    }
}

/// Where a message is empty or has a brace without its fellow.
fn broken_message(message: &str) -> Option<(usize, &'static str)> {
    if message.trim().is_empty() {
        return Some((0, "the message is empty"));
    }
    let mut open = None;
    for (at, sign) in message.char_indices() {
        match (sign, open) {
            ('{', None) => open = Some(at),
            ('{', Some(at)) => return Some((at, "a { in the message has no }")),
            ('}', None) => return Some((at, "a } in the message has no {")),
            ('}', Some(_)) => open = None,
            _ => {}
        }
    }
    open.map(|at| (at, "a { in the message has no }"))
}

/// The holes of a message.
pub(crate) fn holes(message: &str) -> impl Iterator<Item = &str> {
    message.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(hole, _)| hole))
}

/// A test as its table writes it: items and values, `patient`, `tumors`, `a`, `b`, `schema`, `as_of`, `settings`.
///
/// # Errors
/// An item that is none, a value that is no text, items of a tumor beside `tumors`.
pub fn trial(table: &TomlTable, must_fail: bool, number: usize, line: usize) -> Result<Trial, String> {
    let mut trial = Trial {
        must_fail,
        patient: Vec::new(),
        tumors: Vec::new(),
        schema: None,
        as_of: None,
        settings: Vec::new(),
        number,
        line,
    };
    let mut own = Vec::new();
    for (key, value) in table {
        match (key.as_str(), value) {
            ("schema", TomlValue::String(id)) => trial.schema = Some(id.clone()),
            ("as_of", TomlValue::String(day)) => trial.as_of = Some(day.clone()),
            ("settings", TomlValue::Table(settings)) => trial.settings = pairs(settings)?,
            ("patient", TomlValue::Table(items)) => trial.patient.extend(pairs(items)?),
            ("a" | "b", TomlValue::Table(items)) => trial.tumors.push(pairs(items)?),
            ("tumors", TomlValue::Array(tumors)) => {
                for tumor in tumors {
                    let items = tumor.as_table().ok_or("tumors is a list of tables of items")?;
                    trial.tumors.push(pairs(items)?);
                }
            }
            (id, TomlValue::String(text)) => {
                let slot = Slot::of(id).ok_or_else(|| format!("{id} is no item"))?;
                match slot.item().level {
                    Level::Patient => trial.patient.push((id.to_owned(), text.clone())),
                    _ => own.push((id.to_owned(), text.clone())),
                }
            }
            (id, _) => return Err(format!("{id}: a test holds texts, patient, tumors, a, b, schema, as_of, settings")),
        }
    }
    if trial.tumors.is_empty() {
        trial.tumors.push(own);
    } else if !own.is_empty() {
        return Err("items of a tumor stand inside tumors (or a and b) when there are several".to_owned());
    }
    Ok(trial)
}

fn pairs(table: &TomlTable) -> Result<Vec<(String, String)>, String> {
    table
        .iter()
        .map(|(id, value)| match value.as_str() {
            Some(text) => Ok((id.clone(), text.to_owned())),
            None => Err(format!("{id}: the value of an item is a text in quotes")),
        })
        .collect()
}
