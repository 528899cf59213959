//! The super-dictionary: every item of every version, keyed by its newest id.
//!
//! The store keeps one name for an item whatever version it came in. An item whose id changed while its number
//! stayed is one item; the reserved areas of the default user dictionaries are items of their own, also where a
//! number of theirs was given to a real item later (530, 1190).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;
use std::ops::Deref;
use std::sync::OnceLock;

use crate::naaccr::dictionary::{IdHasher, all, default_user_dictionary, dictionary};
use crate::naaccr::item::{Item, ItemNumber};
use crate::naaccr::versions::Version;

/// One item over all versions. Dereferences to its newest definition.
#[derive(Clone, Debug)]
pub struct StandardItem {
    item: &'static Item,
    /// First version that has it.
    pub first: Version,
    /// Last version that has it, unless that is the newest there is.
    pub retired_after: Option<Version>,
    /// Ids it had before.
    pub former_ids: Vec<&'static str>,
    /// Short English label for a column or a narrow field; its name if there is none.
    pub label: &'static str,
    /// Who sets the standard, such as `SEER/CoC`.
    pub source: &'static str,
    /// Year it was first used, as the documentation writes it; empty if that is not known.
    pub year_implemented: &'static str,
    /// Year it was given up, as the documentation writes it; empty if it was not, or that is not known.
    pub year_retired: &'static str,
    /// Whether it is a reserved area of a default user dictionary.
    pub reserved: bool,
}

impl StandardItem {
    /// Its newest definition.
    pub fn definition(&self) -> &'static Item {
        self.item
    }

    /// The name of the two that it may be called by, its id or a former one.
    pub fn name_of(&self, id: &str) -> Cow<'static, str> {
        let item: &'static Item = self.item;
        match self.former_ids.iter().find(|former| **former == id) {
            Some(former) => Cow::Borrowed(former),
            None => Cow::Borrowed(&item.id),
        }
    }
}

impl Deref for StandardItem {
    type Target = Item;
    fn deref(&self) -> &Item {
        self.item
    }
}

/// Every item of versions 14 to 26.
#[derive(Debug)]
pub struct SuperDictionary {
    items: Vec<StandardItem>,
    by_id: HashMap<&'static str, usize, BuildHasherDefault<IdHasher>>,
    by_number: HashMap<ItemNumber, usize>,
}

impl SuperDictionary {
    /// All items by number; a reserved area stands after a real item of the same number.
    pub fn items(&self) -> &[StandardItem] {
        &self.items
    }

    /// The item of that id, the newest or a former one.
    pub fn by_id(&self, id: &str) -> Option<&StandardItem> {
        self.items.get(*self.by_id.get(id)?)
    }

    /// The item of that number.
    pub fn by_number(&self, number: ItemNumber) -> Option<&StandardItem> {
        self.items.get(*self.by_number.get(&number)?)
    }
}

/// The super-dictionary.
pub fn super_dictionary() -> &'static SuperDictionary {
    static SUPER: OnceLock<SuperDictionary> = OnceLock::new();
    SUPER.get_or_init(assemble)
}

/// The newest id of an item that version knows by `id`, from its base or default user dictionary.
pub fn canonical_id(version: Version, id: &str) -> Option<&'static str> {
    let id = earlier_id(version, id).unwrap_or(id);
    let known = dictionary(version).by_id(id).is_some()
        || default_user_dictionary(version).is_some_and(|d| d.by_id(id).is_some());
    if !known {
        return None;
    }
    let item: &'static Item = super_dictionary().by_id(id)?.item;
    Some(&item.id)
}

/// The id an item has in that version's dictionary, for one that had another in an earlier edition of the same
/// dictionary or of its draft.
pub(crate) fn earlier_id(version: Version, id: &str) -> Option<&'static str> {
    all().renamed.iter().find(|r| r.0 == version && r.1 == id).map(|r| r.2)
}

fn assemble() -> SuperDictionary {
    let mut by_key: BTreeMap<(ItemNumber, bool, &str), StandardItem> = BTreeMap::new();
    for version in Version::ALL {
        let base = dictionary(version).items().iter().map(|i| (i, false));
        let user = default_user_dictionary(version).map_or(&[][..], |d| d.items()).iter().map(|i| (i, true));
        for (item, reserved) in base.chain(user) {
            let Some(number) = item.number else { continue };
            let key = (number, reserved, if reserved { &*item.id } else { "" });
            let standard = by_key.entry(key).or_insert_with(|| StandardItem {
                item,
                first: version,
                retired_after: None,
                former_ids: Vec::new(),
                label: "",
                source: "",
                year_implemented: "",
                year_retired: "",
                reserved,
            });
            if standard.item.id != item.id {
                standard.former_ids.push(&standard.item.id);
            }
            standard.item = item;
            standard.retired_after = (version != Version::NEWEST).then_some(version);
        }
    }
    let mut items: Vec<StandardItem> = by_key.into_values().collect();
    let (mut by_id, mut by_number) = (HashMap::default(), HashMap::new());
    for (n, standard) in items.iter_mut().enumerate() {
        let about = all().about.get(&*standard.item.id).copied().unwrap_or_default();
        standard.label = if about.label.is_empty() { &standard.item.name } else { about.label };
        standard.source = about.source;
        standard.year_implemented = about.implemented;
        standard.year_retired = about.retired;
        for former in &standard.former_ids {
            by_id.insert(*former, n);
        }
        by_id.insert(&*standard.item.id, n);
        if let Some(number) = standard.item.number {
            by_number.entry(number).or_insert(n);
        }
    }
    SuperDictionary { items, by_id, by_number }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_renamed_item_is_found_under_both_ids() {
        let item = super_dictionary().by_id("seerPrimaryTumor").unwrap();
        assert_eq!(&*item.id, "eodPrimaryTumor");
        assert_eq!(item.former_ids, ["seerPrimaryTumor"]);
        assert_eq!(canonical_id(item.first, "seerPrimaryTumor"), Some("eodPrimaryTumor"));
        assert_eq!(canonical_id(Version::V260, "seerPrimaryTumor"), None);
    }

    #[test]
    fn retired_items_stay_and_say_when() {
        let sex = super_dictionary().by_id("sex").unwrap();
        assert_eq!(sex.retired_after, Some(Version::V250));
        assert_eq!(super_dictionary().by_id("sexAssignedAtBirth").unwrap().retired_after, None);
    }

    #[test]
    fn a_reserved_area_is_not_the_item_that_got_its_number() {
        let all = super_dictionary();
        assert_eq!(&*all.by_number(ItemNumber(530)).unwrap().id, "edpMdeLinkDate");
        assert!(all.by_id("reserved02").unwrap().reserved);
    }

    #[test]
    fn items_stand_in_the_order_of_their_numbers() {
        assert!(super_dictionary().items().is_sorted_by_key(|i| i.number));
        assert!(super_dictionary().items().len() > 880);
    }
}
