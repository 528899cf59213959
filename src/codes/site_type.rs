//! The site/type list: which morphologies are accepted at which sites without review.
//!
//! A pair that is absent needs a look, not a correction; the list carries benign and borderline codes only where they
//! are collected.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, Ranges, cells, head, lines, morphology_number, site_number};
use super::topography::sites;

const TABLE: &str = include_str!("../../reference/codes/site-type.tsv");

struct Group {
    name: &'static str,
    codes: Vec<u32>,
}

struct List {
    groups: Vec<Group>,
    of_site: Vec<Vec<u8>>,
    /// How many groups accept a morphology.
    accepting: HashMap<u32, u16>,
}

static LIST: LazyLock<List> = LazyLock::new(|| {
    let mut list = List { groups: Vec::new(), of_site: vec![Vec::new(); 1000], accepting: HashMap::new() };
    for line in lines(TABLE) {
        let [where_, name, codes] = cells::<3>(line);
        let mut group = Group { name, codes: Vec::new() };
        for code in codes.split(' ') {
            let Some((histology, behaviors)) = code.split_once('/') else { continue };
            group
                .codes
                .extend((0..behaviors.len()).filter_map(|i| morphology_number(histology, behaviors.get(i..=i)?)));
        }
        group.codes.sort_unstable();
        for code in &group.codes {
            *list.accepting.entry(*code).or_default() += 1;
        }
        let at = u8::try_from(list.groups.len()).unwrap_or(u8::MAX);
        let ranges = Ranges::of(where_);
        for site in sites().iter().filter(|s| ranges.holds(s.code)) {
            if let Some(slot) = site_number(site.code).and_then(|n| list.of_site.get_mut(n)) {
                slot.push(at);
            }
        }
        list.groups.push(group);
    }
    list
});

fn groups(site: &str) -> impl Iterator<Item = &'static Group> {
    let of_site = site_number(site).and_then(|n| LIST.of_site.get(n)).map_or(&[][..], Vec::as_slice);
    of_site.iter().filter_map(|at| LIST.groups.get(usize::from(*at)))
}

/// The pair is on the list.
pub fn is_accepted(site: &str, histology: &str, behavior: &str) -> bool {
    morphology_number(histology, behavior)
        .is_some_and(|code| groups(site).any(|g| g.codes.binary_search(&code).is_ok()))
}

/// The share of the list's site groups that accept the morphology, from 0 to 1: low where it is typical of few.
pub(super) fn breadth(histology: &str, behavior: &str) -> f32 {
    let accepting = morphology_number(histology, behavior).and_then(|code| LIST.accepting.get(&code)).copied();
    let groups = u16::try_from(LIST.groups.len()).unwrap_or(u16::MAX).max(1);
    f32::from(accepting.unwrap_or(groups)) / f32::from(groups)
}

/// The histology is on the list for the site with some behavior.
pub fn is_accepted_histology(site: &str, histology: &str) -> bool {
    let Some(low) = morphology_number(histology, "0") else { return false };
    groups(site).any(|g| {
        let at = g.codes.partition_point(|c| *c < low);
        g.codes.get(at).is_some_and(|c| *c < low + 10)
    })
}

/// The list's name for the group a site belongs to.
pub fn group_name(site: &str) -> Option<&'static str> {
    groups(site).next().map(|g| g.name)
}

/// The pairs of site group and morphology on the list.
pub fn size() -> usize {
    LIST.groups.iter().map(|g| g.codes.len()).sum()
}

/// Edition and origin.
pub fn edition() -> Head {
    head(TABLE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn duct_carcinoma_belongs_to_the_breast_and_not_to_the_brain() {
        assert!(is_accepted("C504", "8500", "3"));
        assert!(is_accepted("C504", "8500", "2"));
        assert!(!is_accepted("C719", "8500", "3"));
        assert!(is_accepted_histology("C504", "8500") && !is_accepted_histology("C719", "8500"));
        assert!(!is_accepted("", "", "") && !is_accepted("C504", "85x0", "3"));
    }

    #[test]
    fn every_row_of_the_shared_list_is_accepted() {
        let Ok(text) = std::fs::read_to_string(super::super::shared().join("icdo3/site-type-2022.tsv")) else { return };
        let mut rows = 0;
        for line in text.lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let first = c[0].split([',', '-']).next().unwrap();
            let (histology, behavior) = c[4].split_once('/').unwrap();
            assert!(is_accepted(first, histology, behavior), "{line}");
            rows += 1;
        }
        assert_eq!((rows, size()), (12_496, 12_496));
    }

    #[test]
    fn every_site_stands_in_its_shared_group() {
        let Ok(text) = std::fs::read_to_string(super::super::shared().join("icdo3/site-type-sites.tsv")) else {
            return;
        };
        for line in text.lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let names: Vec<&str> = groups(c[0]).map(|g| g.name).collect();
            assert!(c[1].is_empty() && names.is_empty() || names.contains(&c[1]), "{line}: {names:?}");
        }
        assert!(is_accepted("C187", "8140", "3"));
    }
}
