//! The look-up that answers with what to ask next.

use super::context::{Context, Few, Slot, State};
use super::edition::Edition;
use super::form::ON_EVERY_ABSTRACT;
use super::rules::{Cells, KeyId};
use super::stage::Mode;
use super::text::trim;
use super::view::{Entry, SchemaView, in_words};

/// The answer of a look-up.
#[derive(Debug, Clone)]
pub enum Found<'e> {
    /// The schema.
    One(SchemaView<'e>),
    /// Several: what to ask next, most telling first.
    Several {
        /// The schemas still possible, by title.
        schemas: Vec<SchemaView<'e>>,
        /// What tells them apart.
        ask: Vec<Question<'e>>,
    },
    /// None, and why; where one given value is at fault, the question it should answer.
    Nothing {
        /// In a sentence.
        why: String,
        /// The question to ask again.
        ask: Option<Question<'e>>,
    },
}

/// What to ask.
#[derive(Debug, Clone)]
pub struct Question<'e> {
    /// The key in the rules.
    pub key: &'e str,
    /// The id of its NAACCR item.
    pub xml_id: &'e str,
    /// Its label.
    pub name: &'e str,
    /// Why it is asked, in a sentence.
    pub why: String,
    /// The answers there are.
    pub answers: Vec<Answer<'e>>,
}

/// An answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'e> {
    /// The code, or codes in words.
    pub code: String,
    /// What the code means, `""` where names are not loaded.
    pub label: &'e str,
    /// The schemas it leads to, by id.
    pub schemas: Vec<&'e str>,
}

impl Edition {
    /// Looks a case up by what is known of it. Values are trimmed; a blank counts as not known.
    pub fn find<'v>(&self, values: impl IntoIterator<Item = (&'v str, Option<&'v str>)>) -> Found<'_> {
        let rules = &self.rules;
        let mut context = Context::new(rules);
        for (name, value) in values {
            let value = trim(value.unwrap_or(""));
            if let (Some(key), false) = (rules.key_index.find(rules, name), value.is_empty()) {
                context.set(key, Slot::of(value));
            }
        }
        let value = |key: Option<KeyId>| key.map_or("", |key| context.get(key).text);
        let (site, hist) = (value(self.lookup.site), value(self.lookup.hist));
        for (text, what, valid) in
            [(site, "primary site", self.lookup.is_site(site)), (hist, "histology", self.lookup.is_histology(hist))]
        {
            if text.is_empty() {
                return Found::Nothing { why: format!("The {what} is not known yet."), ask: None };
            }
            if !valid {
                return Found::Nothing { why: format!("{text} is not a valid {what} code."), ask: None };
            }
        }
        let mut found = self.numbers(&context);
        match found[..] {
            [] => self.nothing(&mut context),
            [one] => match self.rules.schemas.get(one as usize) {
                Some(schema) => Found::One(SchemaView { edition: self, schema }),
                None => Found::Nothing { why: String::new(), ask: None },
            },
            _ => {
                let ask = self.questions(&mut context, &found);
                // With nothing left to ask a blank may still be what decides.
                if ask.is_empty() {
                    for key in &self.lookup.others {
                        if context.get(*key).state == State::Absent {
                            context.set(*key, Slot::EMPTY);
                        }
                    }
                    let blank = self.numbers(&context);
                    if !blank.is_empty() {
                        found = blank;
                    }
                    if let ([one], schemas) = (&found[..], &self.rules.schemas)
                        && let Some(schema) = schemas.get(*one as usize)
                    {
                        return Found::One(SchemaView { edition: self, schema });
                    }
                }
                let mut schemas = self.views(&found);
                schemas.sort_by_key(|schema| schema.title());
                Found::Several { schemas, ask }
            }
        }
    }

    fn numbers(&self, context: &Context<'_>) -> Vec<u16> {
        let mut found = Vec::new();
        self.lookup.matching(&self.rules, context, false, |schema| {
            found.push(schema);
            true
        });
        found
    }

    fn views(&self, numbers: &[u16]) -> Vec<SchemaView<'_>> {
        let schemas = numbers.iter().filter_map(|number| self.rules.schemas.get(*number as usize));
        schemas.map(|schema| SchemaView { edition: self, schema }).collect()
    }

    /// Why nothing matches: the one value that rules everything out, or the pair of site and histology.
    fn nothing(&self, context: &mut Context<'_>) -> Found<'_> {
        let rules = &self.rules;
        // What was asked for the schema's sake is doubted before what stands on every abstract.
        let mut doubted = self.lookup.others.clone();
        doubted.sort_by_key(|key| {
            let item = self.selecting.iter().find(|(known, _)| known == key);
            item.is_some_and(|(_, id)| ON_EVERY_ABSTRACT.contains(&rules.text(*id)))
        });
        for key in &doubted {
            let slot = context.get(*key);
            if slot.state == State::Absent {
                continue;
            }
            context.set(*key, Slot::ABSENT);
            let without = self.numbers(context);
            if !without.is_empty() {
                let why = format!("{} fits no schema of this site and histology.", slot.text);
                let ask = self.question(context, &without, *key, why.clone());
                let name = ask.as_ref().map_or(rules.key(*key), |ask| ask.name);
                return Found::Nothing { why: format!("{name}: {why}"), ask };
            }
            context.set(*key, slot);
        }
        let value = |key: Option<KeyId>| key.map_or("", |key| context.get(key).text);
        let (site, hist) = (value(self.lookup.site), value(self.lookup.hist));
        Found::Nothing { why: format!("No schema takes site {site} with histology {hist}."), ask: None }
    }

    /// The discriminators of the schemas that are not given yet and tell some of them apart.
    fn questions(&self, context: &mut Context<'_>, found: &[u16]) -> Vec<Question<'_>> {
        let mut keys: Vec<KeyId> = Vec::new();
        for schema in found.iter().filter_map(|number| self.rules.schemas.get(*number as usize)) {
            let selection = self.rules.table(schema.selection);
            // What the selection tests is asked even where the archive forgets to declare it.
            let tested = selection.iter().flat_map(|table| table.inputs()).map(|(key, _)| key);
            for key in schema.discriminators.iter().copied().chain(tested) {
                let wanted = self.lookup.others.contains(&key) && context.get(key).state == State::Absent;
                if wanted && !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        let titles: Vec<&str> = self.views(found).iter().map(|schema| schema.title()).collect();
        let mut asked: Vec<(usize, Question<'_>)> = Vec::new();
        for key in keys {
            let why = format!("Site and histology alone allow {}.", list(&titles));
            let Some(question) = self.question(context, found, key, why) else { continue };
            let mut kinds: Vec<&[&str]> = question.answers.iter().map(|answer| &answer.schemas[..]).collect();
            kinds.sort();
            kinds.dedup();
            if kinds.len() > 1 {
                let most = kinds.iter().map(|schemas| schemas.len()).max().unwrap_or(0);
                asked.push((most, question));
            }
        }
        asked.sort_by_key(|(most, _)| *most);
        asked.into_iter().map(|(_, question)| question).collect()
    }

    /// The question for a key, its answers with the schemas each leads to.
    fn question(&self, context: &mut Context<'_>, found: &[u16], key: KeyId, why: String) -> Option<Question<'_>> {
        let rules = &self.rules;
        let schemas = self.views(found);
        let input = schemas.iter().find_map(|schema| schema.input(rules.key(key)));
        // Codes from the picklists of all schemas, each once.
        let mut codes: Vec<(String, &str, String)> = Vec::new();
        for schema in &schemas {
            let Some(table) = schema.input(rules.key(key)).and_then(|input| input.table()) else { continue };
            for choice in table.choices(rules.key(key)) {
                if choice.entry == Entry::Code && !codes.iter().any(|(code, ..)| code == choice.code) {
                    codes.push((choice.code.to_owned(), choice.label, choice.code.to_owned()));
                }
            }
        }
        // A year or an age: the ranges the selections themselves test.
        if codes.is_empty() {
            for table in schemas.iter().filter_map(|schema| schema.selection()) {
                for column in table.table.columns.iter().filter(|column| column.key == key) {
                    let Cells::Input(cells) = &column.cells else { continue };
                    for (text, cell) in cells.iter().filter_map(|cell| rules.cells.get(*cell as usize)) {
                        let text = rules.text(*text);
                        let first = text.split([',', '-']).next().map_or("", trim);
                        if !cell.any && !first.is_empty() && !codes.iter().any(|(.., known)| known == first) {
                            codes.push((in_words(text.trim_end_matches([',', ' '])), "", first.to_owned()));
                        }
                    }
                }
            }
        }
        let mut answers = Vec::new();
        for (code, label, sample) in codes {
            let mut with = Context::new(rules);
            for other in (0..rules.keys.len() as u16).map(KeyId) {
                with.set(other, context.get(other));
            }
            with.set(key, Slot::of(&sample));
            let leads: Vec<&str> = self
                .numbers(&with)
                .iter()
                .filter_map(|at| rules.schemas.get(*at as usize))
                .map(|schema| rules.text(schema.id))
                .collect();
            if !leads.is_empty() {
                answers.push(Answer { code, label, schemas: leads });
            }
        }
        (!answers.is_empty()).then(|| Question {
            key: rules.key(key),
            xml_id: input.and_then(|input| input.xml_id()).unwrap_or(""),
            name: input.map_or(rules.key(key), |input| input.name()),
            why,
            answers,
        })
    }

    /// The ids of the schemas that match the supplied keys, sorted.
    pub fn schemas_matching<'v>(
        &self,
        values: impl IntoIterator<Item = (&'v str, Option<&'v str>)>,
        mode: Mode,
    ) -> Vec<&str> {
        let rules = &self.rules;
        let mut few = Few::new(rules);
        let mut strangers = false;
        for (name, value) in values {
            let value = if mode == Mode::Practical { value.map(trim) } else { value };
            match rules.key_index.find(rules, name) {
                Some(key) => few.set(key, value.map_or(Slot::NULL, Slot::of)),
                None => strangers |= mode == Mode::Strict && value.is_some_and(|value| !trim(value).is_empty()),
            }
        }
        let mut found = Vec::new();
        let mut collect = |few: &Few<'_>| {
            self.lookup.matching(rules, few, strangers, |schema| {
                found.extend(rules.schemas.get(schema as usize).map(|schema| rules.text(schema.id)));
                true
            });
            !found.is_empty()
        };
        if !collect(&few) && mode == Mode::Practical && few.leave_blanks_out(&self.lookup.others) {
            collect(&few);
        }
        found
    }
}

/// Names in a list of words, at most four spelled out.
fn list(names: &[&str]) -> String {
    match names {
        [] => "no schema".into(),
        [one] => (*one).into(),
        [rest @ .., last] if names.len() <= 4 => format!("{} or {last}", rest.join(", ")),
        [first, second, third, rest @ ..] => format!("{first}, {second}, {third} and {} more", rest.len()),
        [..] => names.join(", "),
    }
}
