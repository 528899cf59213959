//! The sections of an abstract, in the order registrars work, with the items that stand in each.

use std::sync::OnceLock;

use crate::naaccr::{Level, StandardItem, super_dictionary};

/// A section.
#[derive(Debug)]
pub struct Section {
    /// Its place in addresses: `accession patient identification …`.
    pub key: &'static str,
    /// Title.
    pub title: &'static str,
    /// Groups of items under a small heading.
    pub groups: Vec<Group>,
}

/// Items under one small heading.
#[derive(Debug)]
pub struct Group {
    /// Heading.
    pub title: &'static str,
    /// Items in order.
    pub items: Vec<&'static StandardItem>,
}

impl Section {
    /// All items of the section.
    pub fn items(&self) -> impl Iterator<Item = &'static StandardItem> + '_ {
        self.groups.iter().flat_map(|g| g.items.iter().copied())
    }
}

/// The sections.
pub fn sections() -> &'static [Section] {
    static SECTIONS: OnceLock<Vec<Section>> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let mut sections: Vec<Section> = Vec::new();
        for line in include_str!("../../reference/abstract-sections.tsv").lines().filter(|l| !l.starts_with('#')) {
            let mut columns = line.split('\t');
            let (Some(key), Some(title), Some(group), Some(id)) =
                (columns.next(), columns.next(), columns.next(), columns.next())
            else {
                continue;
            };
            let Some(item) = super_dictionary().by_id(id) else { continue };
            if sections.last().is_none_or(|s| s.key != key) {
                sections.push(Section { key, title, groups: vec![] });
            }
            let Some(section) = sections.last_mut() else { continue };
            if section.groups.last().is_none_or(|g| g.title != group) {
                section.groups.push(Group { title: group, items: vec![] });
            }
            if let Some(group) = section.groups.last_mut() {
                group.items.push(item);
            }
        }
        sections
    })
}

/// The section of that key.
pub fn section(key: &str) -> Option<&'static Section> {
    sections().iter().find(|s| s.key == key)
}

/// The section an item stands in; none for items that stand only in the list of all items.
pub fn section_of(id: &str) -> Option<&'static Section> {
    sections().iter().find(|s| s.items().any(|i| i.id == id))
}

/// Is a patient-level item: kept with the patient, not with the abstract.
pub fn is_patient_item(id: &str) -> bool {
    super_dictionary().by_id(id).is_some_and(|i| i.level == Level::Patient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_the_sections_is_known_and_stands_once() {
        let lines =
            include_str!("../../reference/abstract-sections.tsv").lines().filter(|l| !l.starts_with('#')).count();
        let mut ids: Vec<_> = sections().iter().flat_map(Section::items).map(|i| i.id.to_string()).collect();
        assert_eq!(ids.len(), lines);
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), lines);
    }

    #[test]
    fn the_sections_stand_in_the_order_of_the_work() {
        let keys: Vec<_> = sections().iter().map(|s| s.key).collect();
        assert_eq!(
            keys,
            [
                "accession",
                "patient",
                "identification",
                "stage",
                "treatment",
                "text",
                "recurrence",
                "follow-up",
                "overrides",
                "administration"
            ]
        );
    }
}
