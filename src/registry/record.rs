//! The items of one record: item id to value, only filled items, sorted by item number.
//!
//! This is what stands as JSON text in the `items` columns and is the truth of a record. Items of user dictionaries
//! and unknown items are named `dictionary:id` (`?:id` when no dictionary is known) and stand last, by name. Two
//! records with the same items have the same text, so the SHA-256 of the text is the record's hash.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::naaccr::super_dictionary;
use crate::registry::store::{Changed, StoreError};

/// The filled items of a record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    /// Item number; `u32::MAX` for items outside the super-dictionary.
    number: u32,
    /// Items of the standard are named by the dictionary itself, so that a record costs no copy of their names.
    id: Cow<'static, str>,
    value: Box<str>,
}

/// An item's name as a record keeps it, and the number by which it is sorted.
fn named(id: &str) -> (u32, Cow<'static, str>) {
    match super_dictionary().by_id(id) {
        Some(item) => (item.number.map_or(u32::MAX, |n| n.0), item.name_of(id)),
        None => (u32::MAX, Cow::Owned(id.into())),
    }
}

impl Record {
    /// A record without items.
    pub fn new() -> Record {
        Record::default()
    }

    /// Reads the JSON text of an `items` column.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming `what` when the text is not an object of texts.
    pub fn parse(text: &str, what: &str) -> Result<Record, StoreError> {
        serde_json::from_str(text).map_err(|e| StoreError::Damaged { what: what.into(), why: e.to_string() })
    }

    /// The JSON text.
    pub fn to_text(&self) -> String {
        let mut text =
            String::with_capacity(self.entries.iter().map(|e| e.id.len() + e.value.len() + 6).sum::<usize>() + 2);
        text.push('{');
        for entry in &self.entries {
            if text.len() > 1 {
                text.push(',');
            }
            push_quoted(&mut text, &entry.id);
            text.push(':');
            push_quoted(&mut text, &entry.value);
        }
        text.push('}');
        text
    }

    /// The value of an item; none when it is not filled.
    pub fn get(&self, id: &str) -> Option<&str> {
        let at = self.place(named(id).0, id).ok()?;
        self.entries.get(at).map(|e| &*e.value)
    }

    /// The value of an item, empty when it is not filled.
    pub fn value(&self, id: &str) -> &str {
        self.get(id).unwrap_or_default()
    }

    /// Sets an item (an empty value takes it out) and answers what changed, if anything did.
    pub fn set(&mut self, id: &str, value: &str) -> Option<Changed> {
        let (number, name) = named(id);
        let old = match self.place(number, id) {
            Ok(at) if *self.entries[at].value == *value => return None,
            Ok(at) if value.is_empty() => self.entries.remove(at).value,
            Ok(at) => std::mem::replace(&mut self.entries[at].value, value.into()),
            Err(_) if value.is_empty() => return None,
            Err(at) => {
                self.entries.insert(at, Entry { number, id: name, value: value.into() });
                "".into()
            }
        };
        Some(Changed { item: id.into(), old: old.into(), new: value.into() })
    }

    /// Where an item stands, or where it would.
    fn place(&self, number: u32, id: &str) -> Result<usize, usize> {
        self.entries.binary_search_by(|e| e.number.cmp(&number).then_with(|| (*e.id).cmp(id)))
    }

    /// Puts an item at the end while a record is built; [`Record::arrange`] must follow.
    pub(crate) fn push(&mut self, id: impl Into<Cow<'static, str>>, number: Option<u32>, value: &str) {
        self.entries.push(Entry { number: number.unwrap_or(u32::MAX), id: id.into(), value: value.into() });
    }

    /// Sorts what was pushed. Of an item pushed twice the last value stays.
    pub(crate) fn arrange(&mut self) {
        self.entries.sort_by(order);
        self.entries.reverse();
        self.entries.dedup_by(|a, b| a.id == b.id);
        self.entries.reverse();
    }

    /// Ids and values by item number.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|e| (&*e.id, &*e.value))
    }

    /// How many items are filled.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Has no filled item.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What has to change to make this record the other.
    pub fn differences(&self, other: &Record) -> Vec<Changed> {
        let mut changes = Vec::new();
        let (mut left, mut right) = (self.entries.iter().peekable(), other.entries.iter().peekable());
        loop {
            let side = match (left.peek(), right.peek()) {
                (None, None) => return changes,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(a), Some(b)) => order(a, b),
            };
            let (mut id, mut old, mut new) = ("", "", "");
            if side != Ordering::Greater
                && let Some(entry) = left.next()
            {
                (id, old) = (&entry.id, &entry.value);
            }
            if side != Ordering::Less
                && let Some(entry) = right.next()
            {
                (id, new) = (&entry.id, &entry.value);
            }
            if old != new {
                changes.push(Changed { item: id.into(), old: old.into(), new: new.into() });
            }
        }
    }
}

impl crate::matching::identity::Known for Record {
    fn item(&self, id: &str) -> &str {
        self.value(id)
    }
}

fn order(a: &Entry, b: &Entry) -> Ordering {
    a.number.cmp(&b.number).then_with(|| a.id.cmp(&b.id))
}

/// SHA-256 over the texts that make a record.
pub fn text_hash(items: &str, reported_patient: Option<&str>) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(items.as_bytes());
    if let Some(text) = reported_patient {
        hasher.update(b"\n");
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

fn push_quoted(text: &mut String, value: &str) {
    text.push('"');
    // Whole values at a time: next to none holds what JSON marks.
    let is_plain = value.bytes().fold(true, |plain, b| plain & (b >= 0x20) & (b != b'"') & (b != b'\\'));
    if is_plain {
        text.push_str(value);
        text.push('"');
        return;
    }
    let mut from = 0;
    for (at, byte) in value.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        text.push_str(&value[from..at]);
        from = at + 1;
        match byte {
            b'"' => text.push_str("\\\""),
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\r' => text.push_str("\\r"),
            other => text.push_str(&format!("\\u{other:04x}")),
        }
    }
    text.push_str(&value[from..]);
    text.push('"');
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (id, value) in self.iter() {
            map.serialize_entry(id, value)?;
        }
        map.end()
    }
}

/// An item's name as it is read.
struct Named {
    number: u32,
    name: Cow<'static, str>,
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Named;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item id")
            }
            fn visit_str<E: serde::de::Error>(self, id: &str) -> Result<Named, E> {
                let (number, name) = named(id);
                Ok(Named { number, name })
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Record, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Record;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of item ids and texts")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut record = Record::new();
                while let Some((id, value)) = map.next_entry::<Named, Box<str>>()? {
                    record.entries.push(Entry { number: id.number, id: id.name, value });
                }
                record.arrange();
                Ok(record)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn items_stand_by_number_and_the_text_reads_back() {
        let mut record = Record::new();
        record.set("primarySite", "C504");
        record.set("nameLast", "O\"Neil \\ \n\u{1}");
        record.set("?:ownItem", "x");
        record.set("patientIdNumber", "1");
        let ids: Vec<_> = record.iter().map(|(id, _)| id.to_string()).collect();
        assert_eq!(ids, ["patientIdNumber", "primarySite", "nameLast", "?:ownItem"]);
        assert_eq!(Record::parse(&record.to_text(), "test").unwrap(), record);
        assert_eq!(serde_json::to_string(&record).unwrap(), record.to_text());
    }

    #[test]
    fn setting_an_empty_value_takes_the_item_out() {
        let mut record = Record::new();
        assert!(record.set("sex", "").is_none());
        record.set("sex", "2");
        assert_eq!(record.set("sex", "").unwrap(), Changed { item: "sex".into(), old: "2".into(), new: String::new() });
        assert!(record.is_empty());
    }

    #[test]
    fn differences_name_every_item_that_is_not_the_same() {
        let parse = |t| Record::parse(t, "test").unwrap();
        let (old, new) = (parse(r#"{"sex":"1","nameLast":"A"}"#), parse(r#"{"nameLast":"B","vitalStatus":"1"}"#));
        let mut made = old.clone();
        for change in old.differences(&new) {
            made.set(&change.item, &change.new);
        }
        assert_eq!(made, new);
        assert_eq!(old.differences(&new).len(), 3);
    }
}
