//! Dictionaries: what items there are, by id and by number.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

use crate::naaccr::item::{Item, ItemNumber};
use crate::naaccr::reference::read::{Tables, tables};
use crate::naaccr::versions::Version;

/// The items of one base or user dictionary.
#[derive(Clone, Debug)]
pub struct Dictionary {
    uri: Cow<'static, str>,
    version: Option<Version>,
    items: Vec<Item>,
    by_id: HashMap<Cow<'static, str>, u32, BuildHasherDefault<IdHasher>>,
    by_number: HashMap<ItemNumber, u32>,
}

impl Dictionary {
    /// A dictionary of those items.
    pub(crate) fn new(
        uri: impl Into<Cow<'static, str>>,
        version: impl Into<Option<Version>>,
        items: Vec<Item>,
    ) -> Dictionary {
        let mut by_id = HashMap::with_capacity_and_hasher(items.len(), BuildHasherDefault::default());
        let mut by_number = HashMap::with_capacity(items.len());
        for (n, item) in std::iter::zip(0u32.., &items) {
            by_id.entry(item.id.clone()).or_insert(n);
            if let Some(number) = item.number {
                by_number.entry(number).or_insert(n);
            }
        }
        Dictionary { uri: uri.into(), version: version.into(), items, by_id, by_number }
    }

    /// The URI files name it by.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The version it is made for; a user dictionary may leave it open.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// Its items, by number.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The item of that id.
    pub fn by_id(&self, id: &str) -> Option<&Item> {
        self.items.get(*self.by_id.get(id)? as usize)
    }

    /// The item of that number.
    pub fn by_number(&self, number: ItemNumber) -> Option<&Item> {
        self.items.get(*self.by_number.get(&number)? as usize)
    }
}

/// The base dictionary of a version.
pub fn dictionary(version: Version) -> &'static Dictionary {
    &all().base[version.dictionary_version().index()]
}

/// The default user dictionary of a version, for those that had one.
pub fn default_user_dictionary(version: Version) -> Option<&'static Dictionary> {
    all().default_user.iter().find(|d| d.version == Some(version))
}

/// All compiled-in tables, parsed when first asked for.
pub(crate) fn all() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(tables)
}

/// A quick hash for item ids, which are short and come from files whose size is bounded: no defence is needed
/// because the table holds only the dictionary's own ids.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(*eight)).wrapping_mul(FACTOR);
        }
        let mut last = [0u8; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.0 = (self.0.rotate_left(23) ^ u64::from_le_bytes(last)).wrapping_mul(FACTOR);
        self.0 ^= self.0 >> 32;
    }

    fn write_u8(&mut self, _: u8) {}

    fn write_usize(&mut self, _: usize) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::item::{DataType, Level};

    #[test]
    fn every_version_has_its_official_number_of_items() {
        let counts: Vec<usize> = Version::ALL.into_iter().map(|v| dictionary(v).items().len()).collect();
        assert_eq!(counts, [527, 534, 564, 772, 798, 810, 782, 783, 780, 771]);
        let user: Vec<usize> =
            Version::ALL.into_iter().filter_map(default_user_dictionary).map(|d| d.items().len()).collect();
        assert_eq!(user, [21, 21, 23, 19, 2]);
    }

    #[test]
    fn an_item_is_found_by_id_and_number() {
        let site = dictionary(Version::V260).by_id("primarySite").unwrap();
        assert_eq!((site.number, site.length, site.level), (Some(ItemNumber(400)), 4, Level::Tumor));
        assert_eq!(site.data_type, DataType::Text);
        assert_eq!(site.section, "Cancer Identification");
        assert_eq!(dictionary(Version::V260).by_number(ItemNumber(400)), Some(site));
        assert!(dictionary(Version::V260).by_id("sex").is_none());
    }

    #[test]
    fn follow_up_source_central_moved_to_the_patient_with_24() {
        let level = |n| dictionary(Version::new(n).unwrap()).by_id("followUpSourceCentral").unwrap().level;
        assert_eq!((level(230), level(240)), (Level::Tumor, Level::Patient));
    }
}
