//! Which group of rules a tumor falls under, by year, site, histology and behavior.

use std::sync::LazyLock;

use super::step::Said;
use super::tumor::{Pair, Tumor};
use super::{before_2007, hematopoietic, mph_2007, solid_2018, solid_2023, solid_cns, solid_head_neck};
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/primaries/groups.tsv");

/// A group of rules.
pub(super) struct Group {
    pub(super) id: &'static str,
    sites: Option<Vec<(u16, u16)>>,
    histologies: Option<Vec<(u16, u16)>>,
    not_histologies: Vec<(u16, u16)>,
    behaviors: Vec<(u16, u16)>,
    years: (i32, i32),
    pub(super) steps: Vec<&'static str>,
    pub(super) rules: fn(&str, &Pair) -> Said,
}

fn ranges(list: &str) -> Vec<(u16, u16)> {
    let number = |text: &str| text.trim().trim_start_matches('C').parse::<u16>().ok();
    list.split(',')
        .filter_map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            Some((number(low)?, number(high)?))
        })
        .collect()
}

fn within(ranges: &[(u16, u16)], number: u16) -> bool {
    ranges.iter().any(|(low, high)| (*low..=*high).contains(&number))
}

fn rules_of(id: &str) -> fn(&str, &Pair) -> Said {
    match id {
        "hemato_2000_and_earlier" => hematopoietic::to_2000,
        "hemato_2001_to_2009" => hematopoietic::from_2001,
        "hemato_2010_and_later" => hematopoietic::from_2010,
        "2006_and_earlier_benign_brain" => before_2007::benign_brain,
        "2006_and_earlier_solid_malignant" => before_2007::solid_malignant,
        "mph_2007_to_2017_head_and_neck" => mph_2007::head_and_neck,
        "mph_2007_to_2017_colon" => mph_2007::colon,
        "mph_2007_to_2017_lung" => mph_2007::lung,
        "mph_2007_to_2017_melanoma" => mph_2007::melanoma,
        "mph_2007_to_2017_breast" => mph_2007::breast,
        "mph_2007_to_2017_kidney" => mph_2007::kidney,
        "mph_2007_to_2017_urinary" => mph_2007::urinary,
        "mph_2007_to_2017_benign_brain" => mph_2007::benign_brain,
        "mph_2007_to_2017_malignant_brain" => mph_2007::malignant_brain,
        "mph_2007_to_2022_other_sites" => mph_2007::other_sites,
        "str_2018_and_later_breast" => solid_2018::breast,
        "str_2018_and_later_colon" => solid_2018::colon,
        "str_2018_and_later_head_and_neck" => solid_head_neck::head_and_neck,
        "str_2018_and_later_kidney" => solid_2018::kidney,
        "str_2018_and_later_lung" => solid_2018::lung,
        "str_2018_and_later_malignant_cns" => solid_cns::malignant,
        "str_2018_and_later_non_malignant_cns" => solid_cns::non_malignant,
        "str_2018_and_later_urinary" => solid_2018::urinary,
        "str_2021_and_later_cutaneous_melanoma" => solid_2023::melanoma,
        _ => solid_2023::other_sites,
    }
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| {
    lines(TABLE)
        .map(|line| {
            let [id, sites, histologies, not_histologies, behaviors, years, steps] = cells::<7>(line);
            let some = |list: &str| (!list.is_empty()).then(|| ranges(list));
            let (from, to) = years.split_once('-').unwrap_or((years, years));
            Group {
                id,
                sites: some(sites),
                histologies: some(histologies),
                not_histologies: ranges(not_histologies),
                behaviors: ranges(behaviors),
                years: (from.parse().unwrap_or(0), to.parse().unwrap_or(9999)),
                steps: if steps.is_empty() { vec![""] } else { steps.split(' ').collect() },
                rules: rules_of(id),
            }
        })
        .collect()
});

/// The names of the groups of rules, in the order in which they are looked through.
pub fn groups() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|group| group.id)
}

impl Group {
    fn is_of_other_sites(&self) -> bool {
        self.id.ends_with("other_sites")
    }

    fn takes(&self, tumor: &Tumor, year: i32) -> bool {
        let histology = match &self.histologies {
            Some(listed) => within(listed, tumor.histology),
            None => !within(&self.not_histologies, tumor.histology),
        };
        (self.years.0..=self.years.1).contains(&year)
            && within(&self.behaviors, u16::from(tumor.behavior))
            && histology
            && (self.sites.as_ref().is_none_or(|listed| within(listed, tumor.site))
                || self.takes_paraganglia(tumor, year))
    }

    /// Carotid and aortic bodies are of the head and neck from 2019.
    fn takes_paraganglia(&self, tumor: &Tumor, year: i32) -> bool {
        self.id == "str_2018_and_later_head_and_neck"
            && matches!(tumor.site, 754 | 755)
            && matches!(tumor.histology, 8680 | 8690..=8693)
            && tumor.behavior == 3
            && year >= 2019
    }
}

/// The first group that takes a tumor; `year` is the later of the two years of diagnosis. Other sites take what no
/// specific group takes.
pub(super) fn group_of(tumor: &Tumor, year: i32) -> Option<&'static Group> {
    let mut others = None;
    for group in GROUPS.iter().filter(|group| group.takes(tumor, year)) {
        if !group.is_of_other_sites() {
            return Some(group);
        }
        others = others.or(Some(group));
    }
    others
}
