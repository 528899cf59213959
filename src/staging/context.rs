//! The values a staging works on, by key.

use super::cell::Resolve;
use super::index::{Seen, Values};
use super::rules::{Given, KeyId, Rules, TextId};
use super::text::{Facts, trim};

/// Whether a key has a value. For matching, absent, null and `""` are the same; for mapping and in the output they
/// differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Null,
    Set,
}

/// A key's value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot<'a> {
    pub text: &'a str,
    pub facts: Facts,
    pub state: State,
}

impl<'a> Slot<'a> {
    pub const ABSENT: Slot<'static> = Slot { text: "", facts: Facts::BLANK, state: State::Absent };
    pub const NULL: Slot<'static> = Slot { text: "", facts: Facts::BLANK, state: State::Null };
    pub const EMPTY: Slot<'static> = Slot { text: "", facts: Facts::BLANK, state: State::Set };

    /// A supplied value.
    pub fn of(text: &'a str) -> Slot<'a> {
        Slot { text, facts: Facts::of(text), state: State::Set }
    }

    /// The value as outputs give it: none for null.
    pub fn value(&self) -> Option<&'a str> {
        (self.state == State::Set).then_some(self.text)
    }
}

/// All keys' values.
pub(crate) struct Context<'a> {
    pub rules: &'a Rules,
    slots: Vec<Slot<'a>>,
}

impl<'a> Context<'a> {
    /// A context without values.
    pub fn new(rules: &'a Rules) -> Context<'a> {
        Context { rules, slots: vec![Slot::ABSENT; rules.keys.len()] }
    }

    /// The value of a key.
    pub fn get(&self, key: KeyId) -> Slot<'a> {
        self.slots.get(key.0 as usize).copied().unwrap_or(Slot::ABSENT)
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: KeyId, slot: Slot<'a>) {
        if let Some(at) = self.slots.get_mut(key.0 as usize) {
            *at = slot;
        }
    }

    /// Sets the value of a key to a text of the rules.
    pub fn set_text(&mut self, key: KeyId, text: TextId) {
        let rules = self.rules;
        let facts = rules.facts.get(text.0 as usize).copied().unwrap_or(Facts::BLANK);
        self.set(key, Slot { text: rules.text(text), facts, state: State::Set });
    }

    /// Sets the value of a key to what the rules give: a text, or another key's value (`""` if absent).
    pub fn set_given(&mut self, key: KeyId, given: Given) {
        match given {
            Given::Text(text) => self.set_text(key, text),
            Given::Key(from) => {
                let slot = self.get(from);
                self.set(key, if slot.state == State::Absent { Slot::EMPTY } else { slot });
            }
        }
    }

    /// Trims the values of some keys.
    pub fn trim(&mut self, keys: &[KeyId]) {
        for key in keys {
            let slot = self.get(*key);
            let trimmed = trim(slot.text);
            if trimmed.len() != slot.text.len() {
                self.set(*key, Slot { state: slot.state, ..Slot::of(trimmed) });
            }
        }
    }
}

/// Values of keys as the look-up reads them.
pub(crate) trait Slots: Resolve {
    /// The value of a key.
    fn slot(&self, key: KeyId) -> Slot<'_>;
    /// Whether a key other than these two has a value.
    fn has_other(&self, site: Option<KeyId>, hist: Option<KeyId>) -> bool;
}

impl Slots for Context<'_> {
    fn slot(&self, key: KeyId) -> Slot<'_> {
        self.get(key)
    }

    fn has_other(&self, site: Option<KeyId>, hist: Option<KeyId>) -> bool {
        let mut keys = (0..self.slots.len() as u16).map(KeyId);
        keys.any(|key| Some(key) != site && Some(key) != hist && !trim(self.get(key).text).is_empty())
    }
}

/// A few values, for a look-up alone: cheaper than a whole context.
pub(crate) struct Few<'a> {
    rules: &'a Rules,
    slots: Vec<(KeyId, Slot<'a>)>,
}

impl<'a> Few<'a> {
    /// No values.
    pub fn new(rules: &'a Rules) -> Few<'a> {
        Few { rules, slots: Vec::with_capacity(8) }
    }

    /// Sets the value of a key.
    pub fn set(&mut self, key: KeyId, slot: Slot<'a>) {
        match self.slots.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = slot,
            None => self.slots.push((key, slot)),
        }
    }

    /// Takes blank values of these keys away; answers whether there were any.
    pub fn leave_blanks_out(&mut self, keys: &[KeyId]) -> bool {
        let before = self.slots.len();
        self.slots.retain(|(key, slot)| !slot.text.is_empty() || !keys.contains(key));
        self.slots.len() < before
    }
}

impl Slots for Few<'_> {
    fn slot(&self, key: KeyId) -> Slot<'_> {
        self.slots.iter().find(|(known, _)| *known == key).map_or(Slot::ABSENT, |(_, slot)| *slot)
    }

    fn has_other(&self, site: Option<KeyId>, hist: Option<KeyId>) -> bool {
        let mut slots = self.slots.iter();
        slots.any(|(key, slot)| Some(*key) != site && Some(*key) != hist && !trim(slot.text).is_empty())
    }
}

impl Resolve for Few<'_> {
    fn resolve(&self, key: &str) -> &str {
        let key = self.rules.key_index.find(self.rules, key);
        let found = self.slots.iter().find(|(known, _)| Some(*known) == key);
        found.map_or("", |(_, slot)| slot.text)
    }
}

impl Resolve for Context<'_> {
    fn resolve(&self, key: &str) -> &str {
        self.rules.key_index.find(self.rules, key).map_or("", |key| self.get(key).text)
    }
}

impl Values for Context<'_> {
    fn value(&self, key: KeyId) -> Seen<'_> {
        let slot = self.get(key);
        Seen { text: slot.text, facts: slot.facts }
    }
}
