//! Phrase templates: how the free text of a synthetic abstract is put together.
//!
//! A template is written once in `reference/synth` and parsed when the generator starts:
//!
//! ```text
//! [mass|lesion]            one of these, by chance
//! {size_cm}                a fact of the case
//! {=psaLabValue}           the value of an item of the record being written
//! {side?left|}             the first text when the fact is there, else the second
//! {kras=1,2?mutated|wild}  the first text when the item (or fact) has one of the values, else the second
//! <30:comment>             present in 30 of 100
//! ```
//!
//! All of them nest. A template with a name nobody knows is refused when it is parsed, so a test that loads the
//! tables proves all of them.

use super::record::{Record, Slot, slot};
use super::rng::Rng;

/// Where a phrase gets the facts of the case.
pub trait Facts {
    /// Writes the fact with this index to the end of `out`.
    fn write(&self, fact: usize, out: &mut String);
}

/// Why a template cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BadPhrase {
    /// A name that is neither a fact nor an item.
    #[error("phrase uses {0:?}, which is neither a fact of the case nor an item")]
    Unknown(String),
    /// A bracket that is never closed, or one too many.
    #[error("phrase has unbalanced brackets near {0:?}")]
    Unbalanced(String),
}

/// A parsed template.
#[derive(Debug, Default, Clone)]
pub struct Phrase {
    parts: Vec<Part>,
}

#[derive(Debug, Clone)]
enum Part {
    Text(Box<str>),
    Choice(Box<[Phrase]>),
    Fact(usize),
    Value(Slot),
    IfFact(usize, Box<[Phrase; 2]>),
    IfFactIs(usize, Box<[Box<str>]>, Box<[Phrase; 2]>),
    IfValue(Slot, Box<[Box<str>]>, Box<[Phrase; 2]>),
    Maybe(f64, Box<Phrase>),
}

impl Phrase {
    /// Parses a template; `facts` are the names of the facts, in the order of their indexes.
    pub fn parse(text: &str, facts: &[&str]) -> Result<Phrase, BadPhrase> {
        let mut parser = Parser { rest: text, facts };
        let phrase = parser.sequence(&[])?;
        if parser.rest.is_empty() { Ok(phrase) } else { Err(BadPhrase::Unbalanced(parser.rest.to_owned())) }
    }

    /// Writes one rendering to the end of `out`.
    pub fn write(&self, rng: &mut Rng, facts: &dyn Facts, record: &Record, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Choice(options) => {
                    if let Some(option) = options.get(rng.index(options.len())) {
                        option.write(rng, facts, record, out);
                    }
                }
                Part::Fact(fact) => facts.write(*fact, out),
                Part::Value(slot) => out.push_str(record.at(*slot).unwrap_or("")),
                Part::IfFact(fact, arms) => {
                    let before = out.len();
                    facts.write(*fact, out);
                    let there = out.len() > before;
                    out.truncate(before);
                    arms[usize::from(!there)].write(rng, facts, record, out);
                }
                Part::IfFactIs(fact, values, arms) => {
                    let before = out.len();
                    facts.write(*fact, out);
                    let hit = values.iter().any(|one| **one == out[before..]);
                    out.truncate(before);
                    arms[usize::from(!hit)].write(rng, facts, record, out);
                }
                Part::IfValue(slot, values, arms) => {
                    let value = record.at(*slot).unwrap_or("");
                    let hit = values.iter().any(|one| &**one == value);
                    arms[usize::from(!hit)].write(rng, facts, record, out);
                }
                Part::Maybe(chance, inner) => {
                    if rng.chance(*chance) {
                        inner.write(rng, facts, record, out);
                    }
                }
            }
        }
    }
}

struct Parser<'t> {
    rest: &'t str,
    facts: &'t [&'t str],
}

impl<'t> Parser<'t> {
    fn sequence(&mut self, ends: &[char]) -> Result<Phrase, BadPhrase> {
        let mut parts = Vec::new();
        loop {
            let stop = self.rest.find(['[', '{', '<', ']', '}', '>', '|']).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(stop);
            if !text.is_empty() {
                parts.push(Part::Text(text.into()));
            }
            self.rest = rest;
            match self.rest.chars().next() {
                None => break,
                Some(found) if ends.contains(&found) => break,
                Some('[') => {
                    self.skip();
                    let options = self.options(']')?;
                    parts.push(Part::Choice(options.into()));
                }
                Some('{') => {
                    self.skip();
                    parts.push(self.fact()?);
                }
                Some('<') => {
                    self.skip();
                    let colon = self.rest.find(':').ok_or_else(|| self.unbalanced())?;
                    let percent: f64 = self.rest[..colon].parse().map_err(|_| self.unbalanced())?;
                    self.rest = &self.rest[colon + 1..];
                    let inner = self.sequence(&['>'])?;
                    self.close('>')?;
                    parts.push(Part::Maybe(percent / 100.0, Box::new(inner)));
                }
                Some(_) => return Err(self.unbalanced()),
            }
        }
        Ok(Phrase { parts })
    }

    fn options(&mut self, end: char) -> Result<Vec<Phrase>, BadPhrase> {
        let mut options = vec![self.sequence(&['|', end])?];
        while self.rest.starts_with('|') {
            self.skip();
            options.push(self.sequence(&['|', end])?);
        }
        self.close(end)?;
        Ok(options)
    }

    fn fact(&mut self) -> Result<Part, BadPhrase> {
        let stop = self.rest.find(['?', '}']).ok_or_else(|| self.unbalanced())?;
        let (head, rest) = self.rest.split_at(stop);
        let question = rest.starts_with('?');
        self.rest = &rest[1..];
        if !question {
            return match head.strip_prefix('=') {
                Some(item) => Ok(Part::Value(self.item(item)?)),
                None => Ok(Part::Fact(self.known(head)?)),
            };
        }
        let mut arms = self.options('}')?.into_iter();
        let arms = Box::new([arms.next().unwrap_or_default(), arms.next().unwrap_or_default()]);
        match head.split_once('=') {
            Some((name, values)) => {
                let values = values.split(',').map(Box::from).collect();
                match self.known(name) {
                    Ok(fact) => Ok(Part::IfFactIs(fact, values, arms)),
                    Err(_) => Ok(Part::IfValue(self.item(name)?, values, arms)),
                }
            }
            None => Ok(Part::IfFact(self.known(head)?, arms)),
        }
    }

    fn known(&self, name: &str) -> Result<usize, BadPhrase> {
        self.facts.iter().position(|fact| *fact == name).ok_or_else(|| BadPhrase::Unknown(name.to_owned()))
    }

    fn item(&self, id: &str) -> Result<Slot, BadPhrase> {
        slot(id).ok_or_else(|| BadPhrase::Unknown(id.to_owned()))
    }

    fn close(&mut self, end: char) -> Result<(), BadPhrase> {
        if !self.rest.starts_with(end) {
            return Err(self.unbalanced());
        }
        self.skip();
        Ok(())
    }

    /// Steps over a bracket, which is one byte.
    fn skip(&mut self) {
        self.rest = &self.rest[1..];
    }

    fn unbalanced(&self) -> BadPhrase {
        BadPhrase::Unbalanced(self.rest.chars().take(40).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::synth::record::Allowed;

    struct Two;
    impl Facts for Two {
        fn write(&self, fact: usize, out: &mut String) {
            out.push_str(["left", ""][fact]);
        }
    }

    fn render(text: &str) -> String {
        let mut record = Record::new(Allowed::all());
        record.set("laterality", "2");
        let mut out = String::new();
        Phrase::parse(text, &["side", "nothing"]).unwrap().write(&mut Rng::of(1, 1), &Two, &record, &mut out);
        out
    }

    #[test]
    fn facts_values_and_conditions_are_filled_in() {
        assert_eq!(render("{side} breast, code {=laterality}."), "left breast, code 2.");
        assert_eq!(render("{side?on the {side}|midline}"), "on the left");
        assert_eq!(render("{nothing?x|midline}"), "midline");
        assert_eq!(render("{side=left,right?paired}{side=none?no}"), "paired");
        assert_eq!(render("{laterality=1,2?paired|}{laterality=0?no}"), "paired");
        assert_eq!(render("<100:yes><0:no>"), "yes");
        assert!(["a", "b c"].contains(&render("[a|b [c|c]]").as_str()));
    }

    #[test]
    fn unknown_names_and_open_brackets_are_refused() {
        for bad in ["{what}", "{=noSuchItem}", "[a|b", "a]", "<x:y>", "{side?a", "<20:a"] {
            assert!(Phrase::parse(bad, &["side"]).is_err(), "{bad}");
        }
    }
}
