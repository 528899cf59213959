//! What a recipient would see of a case: two hashes over the recipient's items, with and without those of follow-up.
//!
//! Items that exporting itself writes, and the days a record was touched, are not content: they would make every case a
//! changed one each time.

use sha2::{Digest, Sha256};

use crate::naaccr::{Items, super_dictionary};

/// The hashes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prints {
    /// Over all items.
    pub whole: [u8; 32],
    /// Over all but those of follow-up.
    pub core: [u8; 32],
}

/// Items by number that are no content: record type and version, vendor, days of export, arrival, loading and last change.
const NO_CONTENT: [u32; 9] = [10, 30, 40, 50, 2100, 2110, 2111, 2112, 2170];

/// Numbers of the items that follow-up alone changes: last contact and vital status, follow-up sources and contacts, recurrence,
/// death, current address and telephone.
const FOLLOW_UP: [(u32, u32); 7] =
    [(1750, 1802), (1810, 1847), (1854, 1889), (1910, 1945), (2350, 2361), (2392, 2395), (2440, 2446)];

/// Whether only follow-up changes an item.
pub fn is_of_follow_up(number: u32) -> bool {
    FOLLOW_UP.iter().any(|(first, last)| (*first..*last).contains(&number))
}

/// The hashes of a case as it would be written.
pub fn prints(patient: &Items, tumor: &Items) -> Prints {
    let (mut whole, mut core) = (Sha256::new(), Sha256::new());
    for (level, items) in [(b"P", patient), (b"T", tumor)] {
        whole.update(level);
        core.update(level);
        for item in items.iter() {
            let number = super_dictionary().by_id(item.id).and_then(|i| i.number).map_or(0, |n| n.0);
            if NO_CONTENT.contains(&number) {
                continue;
            }
            // A sex is the same sex by its older or newer item.
            let id = if item.id == "sex" { "sexAssignedAtBirth" } else { item.id };
            let parts = [id.as_bytes(), b"\0", item.value.as_bytes(), b"\n"];
            parts.iter().for_each(|part| whole.update(part));
            if !is_of_follow_up(number) {
                parts.iter().for_each(|part| core.update(part));
            }
        }
    }
    Prints { whole: whole.finalize().into(), core: core.finalize().into() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(patient: &[(&str, &str)], tumor: &[(&str, &str)]) -> Prints {
        let items = |list: &[(&str, &str)]| {
            let mut items = Items::default();
            list.iter().for_each(|(id, value)| items.push(id, value));
            items
        };
        prints(&items(patient), &items(tumor))
    }

    #[test]
    fn a_new_contact_changes_the_whole_and_not_the_core() {
        let before = of(&[("dateOfLastContact", "20250101")], &[("primarySite", "C509")]);
        let after = of(&[("dateOfLastContact", "20260101")], &[("primarySite", "C509")]);
        assert!(before.whole != after.whole && before.core == after.core);
        let coded = of(&[("dateOfLastContact", "20250101")], &[("primarySite", "C504")]);
        assert!(before.whole != coded.whole && before.core != coded.core);
    }

    #[test]
    fn what_exporting_writes_is_no_content() {
        let before = of(&[], &[("primarySite", "C509"), ("dateCaseReportExported", "20260101")]);
        assert_eq!(before, of(&[], &[("primarySite", "C509"), ("vendorName", "X")]));
    }
}
