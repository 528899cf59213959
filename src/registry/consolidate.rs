//! The tumor follows its abstracts.
//!
//! With one abstract the tumor has no items of its own and reads through. From the second on each item comes from
//! the abstract with the lowest class rank that fills it (10-14, 20-22, 00, 30-49, 99; then the older abstract), and
//! the origin of each value is kept. Items that belong to a facility stay on its abstract.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::registry::promoted::class_rank;
use crate::registry::record::Record;
use crate::registry::store::records::{self, Abstract};
use crate::registry::store::{By, Entry, Kind, Origin, StoreError, Tx};

/// Is an item of the facility, not of the tumor.
pub fn is_facility_item(id: &str) -> bool {
    static LIST: OnceLock<std::collections::HashSet<&'static str>> = OnceLock::new();
    LIST.get_or_init(|| {
        include_str!("../../reference/facility-items.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split('\t').next())
            .collect()
    })
    .contains(id)
}

/// The items that stand for a tumor, given its abstracts: the items, and which abstract each came from.
pub fn standing_items(abstracts: &[Abstract]) -> (Record, BTreeMap<String, i64>) {
    let mut ranked: Vec<&Abstract> = abstracts.iter().collect();
    ranked.sort_by_key(|a| (class_rank(a.items.get("classOfCase")), a.id));
    let (mut items, mut origins) = (Record::new(), BTreeMap::new());
    for abstract_ in ranked {
        for (id, value) in abstract_.items.iter().filter(|(id, _)| !is_facility_item(id)) {
            if !origins.contains_key(id) {
                items.set(id, value);
                origins.insert(id.to_string(), abstract_.id);
            }
        }
    }
    (items, origins)
}

/// Brings a tumor up to date with its abstracts; writes nothing when nothing of it changes.
pub(crate) fn tumor_follows(tx: &mut Tx<'_>, by: &By, tumor: i64) -> Result<(), StoreError> {
    let before = records::tumor_row(tx.conn, tumor)?;
    let abstracts = records::abstracts_of_tumor(tx.conn, tumor)?;
    match abstracts.as_slice() {
        [] => Ok(()),
        [only] => {
            tx.update_tumor(tumor, before.version, &only.items, None)?;
            Ok(())
        }
        several => {
            let (items, origins) = standing_items(several);
            let origins = serde_json::to_string(&origins).unwrap_or_default();
            let hash = tx.update_tumor(tumor, before.version, &items, Some((&items, &origins)))?;
            let changes = before.own.unwrap_or_default().differences(&items);
            let entry = Entry {
                kind: Kind::Tumor,
                record: tumor,
                version: before.version + 1,
                why: "follows its abstracts by class of case",
                origin: Origin::Rule,
                source: None,
                record_hash: &hash,
                changes: &changes,
            };
            tx.remember(by, &entry)
        }
    }
}
