//! Recode tables: the first row whose site, histology, behavior and year lists take the case.
//!
//! Rows of `reference/derive/recodes.tsv`. On first use a table is cut along both axes where any list begins or ends, and
//! each cell of the cut keeps the rows that site and histology allow, so that an answer is two look-ups and seldom
//! more than one comparison.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::parts::Numbers;
use crate::codes::table::{cells, lines};

const TABLES: &str = include_str!("../../reference/derive/recodes.tsv");

/// A recode table by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Recode {
    /// Site recode of 2003.
    Site2003,
    /// Site recode of 2003, Kaposi sarcoma and mesothelioma with their sites.
    Site2003Without,
    /// Site recode, ICD-O-3/WHO 2008.
    SiteWho2008,
    /// Site recode 2023.
    Site2023,
    /// Site recode 2023, expanded.
    Site2023Expanded,
    /// Childhood cancer, ICCC-3.
    Iccc3,
    /// Childhood cancer, ICCC of WHO 2008.
    IcccWho2008,
    /// Childhood cancer, ICCC-3 as revised by IARC in 2017.
    IcccIarc2017,
    /// Adolescents and young adults, WHO 2008.
    AyaWho2008,
    /// Adolescents and young adults, 2020.
    Aya2020,
    /// Brain and central nervous system, 2020.
    Brain2020,
    /// Lymphoid neoplasms, 2021.
    Lymphoid2021,
}

/// Every recode with the name of its table.
pub(super) const NAMES: [(Recode, &str); 12] = [
    (Recode::Site2003, "site-2003"),
    (Recode::Site2003Without, "site-2003-without"),
    (Recode::SiteWho2008, "site-who-2008"),
    (Recode::Site2023, "site-2023"),
    (Recode::Site2023Expanded, "site-2023-expanded"),
    (Recode::Iccc3, "iccc-3"),
    (Recode::IcccWho2008, "iccc-who-2008"),
    (Recode::IcccIarc2017, "iccc-iarc-2017"),
    (Recode::AyaWho2008, "aya-who-2008"),
    (Recode::Aya2020, "aya-2020"),
    (Recode::Brain2020, "brain-2020"),
    (Recode::Lymphoid2021, "lymphoid-2021"),
];

/// A group of a recode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// Its code.
    pub code: &'static str,
    /// Its extended code, where the table has one.
    pub extended: &'static str,
    /// Its name.
    pub name: &'static str,
}

struct Row {
    group: Group,
    sites_in: Numbers,
    sites_out: Numbers,
    histologies_in: Numbers,
    histologies_out: Numbers,
    behaviors: Numbers,
    from: Option<u16>,
    to: Option<u16>,
}

impl Row {
    /// `both` tables apply inclusion and exclusion of histologies together, the exclusion first.
    fn takes(&self, site: u16, histology: u16, both: bool) -> bool {
        let by = |inside: &Numbers, outside: &Numbers, number: u16| {
            if inside.is_empty() { !outside.holds(number) } else { inside.holds(number) }
        };
        by(&self.sites_in, &self.sites_out, site)
            && by(&self.histologies_in, &self.histologies_out, histology)
            && !(both && self.histologies_out.holds(histology))
    }

    fn takes_time(&self, behavior: u16, year: u16) -> bool {
        (self.behaviors.is_empty() || self.behaviors.holds(behavior))
            && match (self.from, self.to) {
                (Some(from), _) => year >= from,
                (None, Some(to)) => year <= to,
                (None, None) => true,
            }
    }
}

const SITES: usize = 1000;
const HISTOLOGIES: usize = 10_000;

struct Table {
    rows: Vec<Row>,
    groups: Vec<Group>,
    site_class: Vec<u16>,
    histology_class: Vec<u16>,
    histology_classes: usize,
    /// For each site class and histology class, where its rows begin and end in `lists`.
    cells: Vec<(u32, u32)>,
    lists: Vec<u16>,
}

/// The class of each number below `size`: numbers of one class are in the same lists of every row.
fn classes(size: usize, bounds: impl Iterator<Item = u16>) -> (Vec<u16>, Vec<u16>) {
    let mut cuts: Vec<u16> = bounds.filter(|bound| *bound > 0 && usize::from(*bound) < size).collect();
    cuts.push(0);
    cuts.sort_unstable();
    cuts.dedup();
    let mut class = vec![0; size];
    let mut at = 0u16;
    for (number, slot) in class.iter_mut().enumerate() {
        while cuts.get(usize::from(at) + 1).is_some_and(|next| usize::from(*next) <= number) {
            at += 1;
        }
        *slot = at;
    }
    (class, cuts)
}

impl Table {
    fn compile(rows: Vec<Row>, groups: Vec<Group>, both: bool) -> Table {
        let (site_class, sites) =
            classes(SITES, rows.iter().flat_map(|row| row.sites_in.bounds().chain(row.sites_out.bounds())));
        let (histology_class, histologies) = classes(
            HISTOLOGIES,
            rows.iter().flat_map(|row| row.histologies_in.bounds().chain(row.histologies_out.bounds())),
        );
        let mut cells = Vec::with_capacity(sites.len() * histologies.len());
        let mut lists: Vec<u16> = Vec::new();
        let mut known: HashMap<Vec<u16>, (u32, u32)> = HashMap::new();
        for site in &sites {
            let of_site: Vec<(u16, &Row)> =
                (0u16..)
                    .zip(&rows)
                    .filter(|(_, row)| {
                        if row.sites_in.is_empty() { !row.sites_out.holds(*site) } else { row.sites_in.holds(*site) }
                    })
                    .collect();
            for histology in &histologies {
                let mut list = Vec::new();
                for (at, row) in &of_site {
                    if row.takes(*site, *histology, both) {
                        list.push(*at);
                        if row.behaviors.is_empty() && row.from.is_none() && row.to.is_none() {
                            break;
                        }
                    }
                }
                let place = *known.entry(list).or_insert_with_key(|list| {
                    let from = lists.len();
                    lists.extend_from_slice(list);
                    (u32::try_from(from).unwrap_or(0), u32::try_from(lists.len()).unwrap_or(0))
                });
                cells.push(place);
            }
        }
        let histology_classes = histologies.len();
        Table { rows, groups, site_class, histology_class, histology_classes, cells, lists }
    }

    fn group(&self, site: u16, histology: u16, behavior: u16, year: u16) -> Option<Group> {
        let site = *self.site_class.get(usize::from(site))?;
        let histology = *self.histology_class.get(usize::from(histology))?;
        let (from, to) = *self.cells.get(usize::from(site) * self.histology_classes + usize::from(histology))?;
        let list = self.lists.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)?;
        let row =
            list.iter().filter_map(|at| self.rows.get(usize::from(*at))).find(|r| r.takes_time(behavior, year))?;
        Some(row.group)
    }
}

fn read(name: &str, both: bool) -> Table {
    let (mut rows, mut groups, mut inside) = (Vec::new(), Vec::new(), false);
    for line in lines(TABLES) {
        if let Some(title) = line.strip_prefix("@\t") {
            inside = title == name;
            continue;
        }
        if !inside {
            continue;
        }
        let [code, extended, name, sites_in, sites_out, in_, out, behaviors, from, to] = cells::<10>(line);
        let group = Group { code, extended, name };
        if !groups.iter().any(|known: &Group| known.code == code) {
            groups.push(group);
        }
        rows.push(Row {
            group,
            sites_in: Numbers::of(sites_in),
            sites_out: Numbers::of(sites_out),
            histologies_in: Numbers::of(in_),
            histologies_out: Numbers::of(out),
            behaviors: Numbers::of(behaviors),
            from: from.parse().ok(),
            to: to.parse().ok(),
        });
    }
    Table::compile(rows, groups, both)
}

/// A table for each recode, compiled when it is first asked for.
static COMPILED: [LazyLock<Table>; 12] = [
    LazyLock::new(|| read(NAMES[0].1, false)),
    LazyLock::new(|| read(NAMES[1].1, false)),
    LazyLock::new(|| read(NAMES[2].1, false)),
    LazyLock::new(|| read(NAMES[3].1, false)),
    LazyLock::new(|| read(NAMES[4].1, false)),
    LazyLock::new(|| read(NAMES[5].1, false)),
    LazyLock::new(|| read(NAMES[6].1, false)),
    LazyLock::new(|| read(NAMES[7].1, false)),
    LazyLock::new(|| read(NAMES[8].1, false)),
    LazyLock::new(|| read(NAMES[9].1, false)),
    LazyLock::new(|| read(NAMES[10].1, true)),
    LazyLock::new(|| read(NAMES[11].1, false)),
];

impl Recode {
    fn table(self) -> &'static Table {
        &COMPILED[self as usize]
    }

    /// The group of a case. Site is the number of the topography code (619 of `C619`); behavior and year count only in
    /// tables that have them.
    pub fn group(self, site: u16, histology: u16, behavior: u16, year: u16) -> Option<Group> {
        self.table().group(site, histology, behavior, year)
    }

    /// All groups in the order of the table.
    pub fn groups(self) -> &'static [Group] {
        &self.table().groups
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_compiled_table_answers_like_walking_its_rows() {
        for (recode, name) in NAMES {
            let table = recode.table();
            let both = recode == Recode::Brain2020;
            assert!(table.rows.len() > 20, "{name}");
            for site in (0..1000u16).step_by(7) {
                for histology in (7990..10_000u16).step_by(13) {
                    for behavior in [0, 2, 3] {
                        let walked = table
                            .rows
                            .iter()
                            .find(|row| row.takes(site, histology, both) && row.takes_time(behavior, 2012))
                            .map(|row| row.group);
                        assert_eq!(recode.group(site, histology, behavior, 2012), walked, "{name} {site} {histology}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_outside_the_codes_have_no_group() {
        assert_eq!(Recode::SiteWho2008.group(5000, 8140, 3, 2020), None);
        assert_eq!(Recode::SiteWho2008.group(619, 60_000, 3, 2020), None);
    }
}
