//! First names that may be one person's: Bill and William, Peggy and Margaret, Pepe and José.

use std::collections::HashMap;
use std::sync::OnceLock;

type Groups = HashMap<&'static str, Vec<&'static str>>;

fn groups() -> &'static Groups {
    static GROUPS: OnceLock<Groups> = OnceLock::new();
    GROUPS.get_or_init(|| {
        let mut related: Groups = HashMap::new();
        for line in include_str!("../../reference/names/nicknames.tsv").lines().filter(|l| !l.starts_with('#')) {
            let group: Vec<&'static str> = line.split(['\t', ' ']).filter(|n| !n.is_empty()).collect();
            for name in &group {
                let others = related.entry(name).or_default();
                others.extend(group.iter().filter(|other| *other != name));
            }
        }
        for others in related.values_mut() {
            others.sort_unstable();
            others.dedup();
        }
        related
    })
}

/// The other names a bearer of this folded first name may go by, in alphabetical order.
pub fn other_names(first: &str) -> &'static [&'static str] {
    groups().get(first).map(Vec::as_slice).unwrap_or_default()
}

/// Whether two folded first names may be one person's.
pub fn are_related(one: &str, other: &str) -> bool {
    other_names(one).binary_search(&other).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_and_its_name_are_related_both_ways() {
        for (one, other) in [("BILL", "WILLIAM"), ("PEGGY", "MARGARET"), ("PEPE", "JOSE"), ("KATHY", "CATHERINE")] {
            assert!(are_related(one, other), "{one} {other}");
            assert!(are_related(other, one), "{other} {one}");
        }
        assert!(!are_related("PATRICK", "PATRICIA"), "a shared nickname does not make two names one");
    }

    #[test]
    fn no_group_is_so_wide_that_looking_it_up_costs() {
        let widest = groups().iter().max_by_key(|(_, others)| others.len());
        assert!(widest.is_some_and(|(_, others)| others.len() <= 40), "{widest:?}");
        assert!(groups().len() > 600);
        assert!(groups().keys().all(|name| name.bytes().all(|b| b.is_ascii_uppercase())));
    }
}
