//! What a file holds: root, patients, tumors, items, extensions.

use std::ops::Range;

use crate::naaccr::item::{Item, ItemNumber, RecordType, UNRANKED};
use crate::naaccr::super_dictionary::super_dictionary;
use crate::naaccr::versions::{Specification, Version};

/// The items of one root, patient or tumor, in the order of the file.
///
/// One text holds all values; a reader that reuses a [`Patient`] allocates nothing once it has grown.
#[derive(Clone, Debug, Default)]
pub struct Items {
    text: String,
    spans: Vec<Span>,
    repeats: bool,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    name: Name,
    value: u32,
    length: u32,
    line: u32,
}

#[derive(Clone, Copy, Debug)]
enum Name {
    Known(&'static Item),
    Own { at: u32, length: u32, number: Option<ItemNumber> },
}

/// One item with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The id as it stands in the file.
    pub id: &'a str,
    /// Its number, where a dictionary or the file gives one.
    pub number: Option<ItemNumber>,
    /// The value; never empty.
    pub value: &'a str,
    /// Line in the file, from 1; 0 if it comes from no file.
    pub line: u64,
}

impl Items {
    /// How many.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The value of the first item of that id.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.iter().find(|e| e.id == id).map(|e| e.value)
    }

    /// The items in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'_>> + Clone {
        self.spans.iter().map(|span| self.entry(span))
    }

    /// Puts the positions of the items into `order`, sorted by id; of equal ids the earlier one comes first.
    pub(crate) fn sort_into(&self, order: &mut Vec<(u32, u32)>) {
        order.clear();
        order.extend(self.spans.iter().zip(0..).map(|(span, n)| match span.name {
            Name::Known(item) => (item.rank, n),
            Name::Own { .. } => (UNRANKED, n),
        }));
        order.sort_unstable();
        if order.last().is_some_and(|(rank, _)| *rank == UNRANKED) {
            order.sort_by_key(|(_, n)| (self.entry(&self.spans[*n as usize]).id, *n));
        }
    }

    /// The item at a position.
    pub(crate) fn at(&self, n: u32) -> Entry<'_> {
        self.entry(&self.spans[n as usize])
    }

    /// Adds an item that comes from no file. An empty value means "no value" and adds nothing.
    pub fn push(&mut self, id: &str, value: &str) {
        match super_dictionary().by_id(id) {
            Some(item) if item.id == id => self.push_known(item.definition(), value, 0),
            known => self.push_own(id, known.and_then(|i| i.number), value, 0),
        }
    }

    /// Sets an item, in its place if it is there; an empty value takes it away.
    pub fn set(&mut self, id: &str, value: &str) {
        let Some(place) = self.spans.iter().position(|span| self.entry(span).id == id) else {
            return self.push(id, value);
        };
        if value.is_empty() {
            self.spans.remove(place);
            return;
        }
        let at = self.text.len() as u32;
        self.text.push_str(value);
        self.spans[place].value = at;
        self.spans[place].length = value.len() as u32;
    }

    /// Gives the first item of that id and value another value, in its place; an empty one takes it away.
    pub fn change(&mut self, id: &str, before: &str, after: &str) {
        let is_it = |span: &Span| {
            let entry = self.entry(span);
            entry.id == id && entry.value == before
        };
        let Some(place) = self.spans.iter().position(is_it) else { return };
        if after.is_empty() {
            self.spans.remove(place);
            return;
        }
        let at = self.text.len() as u32;
        self.text.push_str(after);
        self.spans[place].value = at;
        self.spans[place].length = after.len() as u32;
    }

    /// Gives the first item of that id another id, in its place.
    pub fn rename(&mut self, id: &str, newer: &str) {
        let Some(place) = self.spans.iter().position(|span| self.entry(span).id == id) else { return };
        let number = self.entry(&self.spans[place]).number;
        self.spans[place].name = match super_dictionary().by_id(newer) {
            Some(item) if item.id == newer => Name::Known(item.definition()),
            known => {
                let number = known.and_then(|item| item.number).or(number);
                let at = self.text.len() as u32;
                self.text.push_str(newer);
                Name::Own { at, length: newer.len() as u32, number }
            }
        };
    }

    /// Takes an item away and gives its value.
    pub fn remove(&mut self, id: &str) -> Option<String> {
        let place = self.spans.iter().position(|span| self.entry(span).id == id)?;
        let span = self.spans.remove(place);
        Some(self.entry(&span).value.to_owned())
    }

    /// Keeps only the items the question is answered yes for.
    pub fn retain(&mut self, mut keep: impl FnMut(Entry<'_>) -> bool) {
        let mut spans = std::mem::take(&mut self.spans);
        spans.retain(|span| keep(self.entry(span)));
        self.spans = spans;
    }

    /// Takes all away and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
        self.repeats = false;
    }

    /// Notes that an id stands here twice, against the rule.
    pub(crate) fn note_repeat(&mut self) {
        self.repeats = true;
    }

    /// Whether an id may stand here twice.
    pub(crate) fn has_repeats(&self) -> bool {
        self.repeats
    }

    #[inline]
    pub(crate) fn push_known(&mut self, item: &'static Item, value: &str, line: u64) {
        if !value.is_empty() {
            self.push_span(Name::Known(item), value, line);
        }
    }

    pub(crate) fn push_own(&mut self, id: &str, number: Option<ItemNumber>, value: &str, line: u64) {
        if !value.is_empty() {
            let name = Name::Own { at: self.text.len() as u32, length: id.len() as u32, number };
            self.text.push_str(id);
            self.push_span(name, value, line);
        }
    }

    #[inline]
    fn push_span(&mut self, name: Name, value: &str, line: u64) {
        let at = self.text.len() as u32;
        self.text.push_str(value);
        self.spans.push(Span { name, value: at, length: value.len() as u32, line: line as u32 });
    }

    #[inline]
    fn entry(&self, span: &Span) -> Entry<'_> {
        let (id, number) = match span.name {
            Name::Known(item) => (&*item.id, item.number),
            Name::Own { at, length, number } => (&self.text[at as usize..(at + length) as usize], number),
        };
        let value = &self.text[span.value as usize..(span.value + span.length) as usize];
        Entry { id, number, value, line: u64::from(span.line) }
    }
}

impl PartialEq for Items {
    fn eq(&self, other: &Items) -> bool {
        self.len() == other.len()
            && std::iter::zip(self.iter(), other.iter()).all(|(a, b)| a.id == b.id && a.value == b.value)
    }
}

/// An element of another namespace, kept as it was written.
#[derive(Clone, Debug)]
pub struct Extension {
    /// The element with all it holds.
    pub xml: String,
    /// Line in the file, from 1.
    pub line: u64,
}

/// First and last line of an element in its file.
pub type Lines = (u64, u64);

/// Equal content; where it stands does not matter.
impl PartialEq for Extension {
    fn eq(&self, other: &Extension) -> bool {
        self.xml == other.xml
    }
}

/// One tumor.
#[derive(Clone, Debug, Default)]
pub struct Tumor {
    /// Its items.
    pub items: Items,
    /// Its extensions.
    pub extensions: Vec<Extension>,
    /// Where it stands in the file.
    pub lines: Lines,
}

/// Equal content; where it stands does not matter.
impl PartialEq for Tumor {
    fn eq(&self, other: &Tumor) -> bool {
        self.items == other.items && self.extensions == other.extensions
    }
}

impl Tumor {
    /// Takes all away and keeps the memory.
    pub fn clear(&mut self) {
        self.items.clear();
        self.extensions.clear();
        self.lines = (0, 0);
    }
}

/// One patient with the tumors.
#[derive(Clone, Debug, Default)]
pub struct Patient {
    /// Items of the patient.
    pub items: Items,
    /// Extensions of the patient.
    pub extensions: Vec<Extension>,
    /// The tumors.
    pub tumors: Vec<Tumor>,
    /// Which patient of the file, from 1.
    pub ordinal: u64,
    /// Where it stands in the file.
    pub lines: Lines,
    /// Where it stands in the file, in bytes after unpacking and decoding.
    pub bytes: Range<u64>,
    spare: Vec<Tumor>,
}

/// Equal content; where it stands does not matter.
impl PartialEq for Patient {
    fn eq(&self, other: &Patient) -> bool {
        self.items == other.items && self.extensions == other.extensions && self.tumors == other.tumors
    }
}

impl Patient {
    /// Takes all away and keeps the memory.
    pub fn clear(&mut self) {
        self.items.clear();
        self.extensions.clear();
        self.spare.append(&mut self.tumors);
        self.ordinal = 0;
        self.lines = (0, 0);
        self.bytes = 0..0;
    }

    /// Adds an empty tumor, with the memory of an earlier one if there is some.
    pub fn add_tumor(&mut self) -> &mut Tumor {
        let mut tumor = self.spare.pop().unwrap_or_default();
        tumor.clear();
        self.tumors.push(tumor);
        let last = self.tumors.len() - 1;
        &mut self.tumors[last]
    }

    /// How many items it has, with those of its tumors.
    pub fn item_count(&self) -> usize {
        self.items.len() + self.tumors.iter().map(|t| t.items.len()).sum::<usize>()
    }
}

/// The root of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// URI of the base dictionary, as written.
    pub base_dictionary_uri: String,
    /// The version the base dictionary names.
    pub version: Version,
    /// URIs of the user dictionaries.
    pub user_dictionary_uris: Vec<String>,
    /// The record type.
    pub record_type: RecordType,
    /// When the file was made, as written.
    pub time_generated: Option<String>,
    /// The specification; absent means 1.0.
    pub specification: Option<Specification>,
    /// Items of the file.
    pub items: Items,
    /// Attributes of other namespaces and declarations of namespaces, in their order.
    pub other_attributes: Vec<(String, String)>,
    /// Extensions of the file.
    pub extensions: Vec<Extension>,
}

impl Root {
    /// A root of the newest specification without items.
    pub fn new(version: Version, record_type: RecordType) -> Root {
        Root {
            base_dictionary_uri: version.base_uri(),
            version,
            user_dictionary_uris: Vec::new(),
            record_type,
            time_generated: None,
            specification: Some(Specification::NEWEST),
            items: Items::default(),
            other_attributes: Vec::new(),
            extensions: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_order_ids_and_values() {
        let mut items = Items::default();
        items.push("primarySite", "C509");
        items.push("stateThing", "x");
        items.push("laterality", "");
        let found: Vec<_> = items.iter().map(|e| (e.id, e.number, e.value)).collect();
        assert_eq!(found, [("primarySite", Some(ItemNumber(400)), "C509"), ("stateThing", None, "x")]);
        items.set("primarySite", "C619");
        assert_eq!(items.get("primarySite"), Some("C619"));
        assert_eq!(items.remove("stateThing").as_deref(), Some("x"));
        assert_eq!(items.len(), 1);
    }

    #[test]
    fn a_cleared_patient_gives_empty_tumors() {
        let mut patient = Patient::default();
        patient.add_tumor().items.push("primarySite", "C509");
        patient.clear();
        assert!(patient.add_tumor().items.is_empty());
    }
}
