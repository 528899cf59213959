//! The plain-value record a patient is written into, and the table of items the generator fills.
//!
//! `reference/synth/items.tsv` names every item once, in the order of the item numbers, which is the order of a
//! record. A [`Record`] holds one text with the place of each value in it, and is cleared and filled again for each
//! patient, so that making a million patients costs no memory beyond one.

use std::sync::{Arc, LazyLock};

use super::{RecordType, Version};

/// The place of an item in the table.
pub type Slot = u16;

/// One row of the table.
#[derive(Debug)]
pub struct ItemRow {
    /// Item number.
    pub number: u16,
    /// NAACCR XML id.
    pub id: &'static str,
    /// Record types, as letters.
    pub types: &'static str,
    /// Part of version 250.
    pub in_250: bool,
    /// Part of version 260.
    pub in_260: bool,
}

struct Table {
    rows: Vec<ItemRow>,
    buckets: Vec<Slot>,
}

const BUCKETS: usize = 2048;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut rows = Vec::new();
    for line in include_str!("../../reference/synth/items.tsv").lines() {
        if line.starts_with('#') {
            continue;
        }
        let field: Vec<&'static str> = line.split('\t').collect();
        if let [number, id, _level, _length, types, versions] = field[..] {
            rows.push(ItemRow {
                number: number.parse().expect("items.tsv holds numbers: a test reads it"),
                id,
                types,
                in_250: versions.contains("250"),
                in_260: versions.contains("260"),
            });
        }
    }
    rows.sort_by_key(|row| row.number);
    let mut buckets = vec![Slot::MAX; BUCKETS];
    for (index, row) in rows.iter().enumerate() {
        let mut at = hash(row.id);
        while buckets[at] != Slot::MAX {
            at = (at + 1) % BUCKETS;
        }
        buckets[at] = index as Slot;
    }
    Table { rows, buckets }
});

fn hash(id: &str) -> usize {
    let mut value: u32 = 2_166_136_261;
    for byte in id.bytes() {
        value = (value ^ u32::from(byte)).wrapping_mul(16_777_619);
    }
    (value ^ (value >> 15)) as usize % BUCKETS
}

/// All items the generator may fill, in the order of their numbers.
pub fn items() -> &'static [ItemRow] {
    &TABLE.rows
}

/// The place of an item, if the generator knows it.
pub fn slot(id: &str) -> Option<Slot> {
    let table = &*TABLE;
    let mut at = hash(id);
    loop {
        let slot = table.buckets[at];
        if slot == Slot::MAX {
            return None;
        }
        if table.rows[slot as usize].id == id {
            return Some(slot);
        }
        at = (at + 1) % BUCKETS;
    }
}

/// Which items a file of one version and record type may hold.
#[derive(Debug, Clone)]
pub struct Allowed(Arc<[bool]>);

impl Allowed {
    /// The items of a version and a record type.
    pub fn of(version: Version, record_type: RecordType) -> Self {
        let letter = record_type.letter();
        let there = |row: &ItemRow| match version {
            Version::V250 => row.in_250,
            Version::V260 => row.in_260,
        };
        Allowed(items().iter().map(|row| there(row) && row.types.contains(letter)).collect())
    }

    /// Every item of the table.
    pub fn all() -> Self {
        Allowed(items().iter().map(|_| true).collect())
    }
}

/// Values of one patient or one tumor.
#[derive(Debug, Clone)]
pub struct Record {
    allowed: Allowed,
    text: String,
    places: Vec<(u32, u32)>,
    filled: usize,
}

impl Record {
    /// An empty record that takes only the allowed items.
    pub fn new(allowed: Allowed) -> Self {
        Record { allowed, text: String::with_capacity(16 * 1024), places: vec![(0, 0); items().len()], filled: 0 }
    }

    /// Forgets all values, keeps the room.
    pub fn clear(&mut self) {
        self.text.clear();
        self.places.fill((0, 0));
        self.filled = 0;
    }

    /// How many items have a value.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Sets a value; an empty one, and one of an item outside the version or record type, is not kept.
    pub fn set(&mut self, id: &str, value: &str) {
        let slot = slot(id);
        debug_assert!(slot.is_some(), "items.tsv lacks {id}");
        if let Some(slot) = slot {
            self.put(slot, |text| text.push_str(value));
        }
    }

    /// Sets a value that a function writes.
    pub fn set_with(&mut self, id: &str, write: impl FnOnce(&mut String)) {
        let slot = slot(id);
        debug_assert!(slot.is_some(), "items.tsv lacks {id}");
        if let Some(slot) = slot {
            self.put(slot, write);
        }
    }

    /// True when the item may be set: work for a value nobody will see can be left out.
    pub fn takes(&self, id: &str) -> bool {
        slot(id).is_some_and(|slot| self.allowed.0[slot as usize])
    }

    /// Takes a value away.
    pub fn unset(&mut self, id: &str) {
        if let Some(slot) = slot(id) {
            let place = &mut self.places[slot as usize];
            self.filled -= usize::from(place.1 > place.0);
            *place = (0, 0);
        }
    }

    fn put(&mut self, slot: Slot, write: impl FnOnce(&mut String)) {
        if !self.allowed.0[slot as usize] {
            return;
        }
        let start = self.text.len();
        write(&mut self.text);
        let end = self.text.len();
        let place = &mut self.places[slot as usize];
        self.filled -= usize::from(place.1 > place.0);
        self.filled += usize::from(end > start);
        *place = (start as u32, end as u32);
    }

    /// The value of an item, if it has one.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.at(slot(id)?)
    }

    /// The value at a place of the table.
    pub fn at(&self, slot: Slot) -> Option<&str> {
        let (start, end) = *self.places.get(slot as usize)?;
        if start == end { None } else { self.text.get(start as usize..end as usize) }
    }

    /// All values with their ids, in the order of the item numbers.
    pub fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        items().iter().zip(&self.places).filter_map(|(row, (start, end))| {
            if start == end { None } else { Some((row.id, &self.text[*start as usize..*end as usize])) }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_found_by_its_id_and_numbers_ascend() {
        for (index, row) in items().iter().enumerate() {
            assert_eq!(slot(row.id), Some(index as Slot), "{}", row.id);
        }
        assert!(items().windows(2).all(|pair| pair[0].number < pair[1].number));
        assert_eq!(slot("noSuchItem"), None);
    }

    #[test]
    fn a_record_keeps_only_what_its_file_may_hold() {
        let mut record = Record::new(Allowed::of(Version::V260, RecordType::Incidence));
        record.set("nameLast", "EXAMPLE");
        record.set("sex", "1");
        record.set("sexAssignedAtBirth", "1");
        record.set("primarySite", "");
        assert_eq!(record.values().collect::<Vec<_>>(), [("sexAssignedAtBirth", "1")]);
        assert_eq!(record.filled(), 1);
        record.set("sexAssignedAtBirth", "2");
        assert_eq!(record.get("sexAssignedAtBirth"), Some("2"));
        record.unset("sexAssignedAtBirth");
        assert_eq!(record.filled(), 0);
    }
}
