//! Sets of sites and morphologies, and tables of rows, as the rule manuals list them: `reference/primaries/sets.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tumor::Tumor;
use crate::codes::table::{cells, lines};

const TABLE: &str = include_str!("../../reference/primaries/sets.tsv");

static LISTS: LazyLock<HashMap<(&'static str, &'static str), &'static str>> = LazyLock::new(|| {
    lines(TABLE)
        .map(|line| {
            let [kind, name, content] = cells::<3>(line);
            ((kind, name), content)
        })
        .collect()
});

fn content(kind: &'static str, name: &'static str) -> &'static str {
    LISTS.get(&(kind, name)).copied().unwrap_or("")
}

/// A code of a set: `8500/3` with its behavior, `8500` whatever it is.
const ANY_BEHAVIOR: u32 = 9;

fn morphology(code: &str) -> Option<u32> {
    let (histology, behavior) = code.split_once('/').unwrap_or((code, "9"));
    Some(histology.trim().parse::<u32>().ok()? * 10 + behavior.trim().parse::<u32>().ok()?)
}

/// Histologies and morphologies.
#[derive(Debug, Default)]
pub(super) struct Set(Vec<u32>);

impl Set {
    /// The set of a name.
    pub(super) fn named(name: &'static str) -> Set {
        Set::of(content("list", name))
    }

    /// Codes with commas between: `8500/2,8520`.
    pub(super) fn of(codes: &str) -> Set {
        let mut set = Set::default();
        for part in codes.split(',') {
            match part.split_once('-') {
                Some((low, high)) => {
                    let (low, high) = (morphology(low).unwrap_or(1), morphology(high).unwrap_or(0));
                    set.0.extend((low / 10..=high / 10).map(|histology| histology * 10 + ANY_BEHAVIOR));
                }
                None => set.0.extend(morphology(part)),
            }
        }
        set.sorted()
    }

    fn sorted(mut self) -> Set {
        self.0.sort_unstable();
        self.0.dedup();
        self
    }

    pub(super) fn holds(&self, tumor: &Tumor) -> bool {
        self.0.binary_search(&(u32::from(tumor.histology) * 10 + ANY_BEHAVIOR)).is_ok()
            || self.0.binary_search(&tumor.morphology()).is_ok()
    }

    /// Both sets in one.
    pub(super) fn and(mut self, other: &Set) -> Set {
        self.0.extend_from_slice(&other.0);
        self.sorted()
    }

    /// Without the codes of another.
    pub(super) fn without(mut self, other: &Set) -> Set {
        self.0.retain(|code| other.0.binary_search(code).is_err());
        self
    }

    /// Only codes without a behavior.
    pub(super) fn whatever_behavior(mut self) -> Set {
        self.0.retain(|code| code % 10 == ANY_BEHAVIOR);
        self
    }
}

/// Sites: `C18` (a category), `C180`, ranges of either.
#[derive(Debug, Default)]
pub(super) struct Sites(Vec<(u16, u16)>);

impl Sites {
    pub(super) fn named(name: &'static str) -> Sites {
        Sites::of(content("list", name))
    }

    pub(super) fn of(list: &str) -> Sites {
        let end = |code: &str, last: bool| {
            let digits = code.trim().strip_prefix('C')?;
            let number: u16 = digits.parse().ok()?;
            Some(if digits.len() == 2 { number * 10 + if last { 9 } else { 0 } } else { number })
        };
        Sites(
            list.split(',')
                .filter_map(|part| {
                    let (low, high) = part.split_once('-').unwrap_or((part, part));
                    Some((end(low, false)?, end(high, true)?))
                })
                .collect(),
        )
    }

    pub(super) fn holds(&self, site: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&site))
    }

    /// Each entry of the list by itself: both sites are in one.
    pub(super) fn one_entry_holds(&self, a: u16, b: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&a) && (*low..=*high).contains(&b))
    }
}

/// A table of rows: code to row, in the order of the codes.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<(u32, &'static str)>);

impl Rows {
    pub(super) fn named(name: &'static str) -> Rows {
        Rows::of(content("rows", name))
    }

    fn of(content: &'static str) -> Rows {
        let mut rows: Vec<(u32, &'static str)> = content
            .split(';')
            .filter_map(|entry| {
                let (code, row) = entry.split_once('=')?;
                Some((morphology(code)?, row))
            })
            .collect();
        rows.sort_unstable();
        Rows(rows)
    }

    fn get(&self, code: u32) -> Option<&'static str> {
        let at = self.0.binary_search_by_key(&code, |(code, _)| *code).ok()?;
        self.0.get(at).map(|(_, row)| *row)
    }

    /// The row of a tumor: of its histology, else of its morphology.
    pub(super) fn row(&self, tumor: &Tumor) -> Option<&'static str> {
        self.get(u32::from(tumor.histology) * 10 + ANY_BEHAVIOR).or_else(|| self.get(tumor.morphology()))
    }

    /// The row of a tumor: of its morphology, else of its histology.
    pub(super) fn row_by_morphology(&self, tumor: &Tumor) -> Option<&'static str> {
        self.get(tumor.morphology()).or_else(|| self.get(u32::from(tumor.histology) * 10 + ANY_BEHAVIOR))
    }

    /// Every code that has a row, and every code that names one.
    pub(super) fn codes(&self) -> Set {
        let mut set = Set(self.0.iter().map(|(code, _)| *code).collect());
        set.0.extend(self.0.iter().flat_map(|(_, row)| row.split(',')).filter_map(morphology));
        set.sorted()
    }
}

/// Tables of rows by site.
#[derive(Debug)]
pub(super) struct RowsOfSites {
    /// By the number of the site.
    table_of_site: Vec<Option<usize>>,
    /// By the number of the table.
    tables: Vec<Rows>,
}

impl RowsOfSites {
    pub(super) fn named(name: &'static str) -> RowsOfSites {
        let mut of_sites = RowsOfSites { table_of_site: vec![None; 1000], tables: Vec::new() };
        for entry in content("sites", name).split(';') {
            let Some((site, table)) = entry.split_once('=') else { continue };
            let site: Option<usize> = site.trim_start_matches('C').parse().ok();
            if let Some(slot) = site.and_then(|site| of_sites.table_of_site.get_mut(site)) {
                *slot = table.parse().ok();
            }
        }
        for ((kind, table), content) in LISTS.iter() {
            let Some((of, number)) = table.rsplit_once('/') else { continue };
            let (true, Ok(number)) = (*kind == "rows" && of == name, number.parse::<usize>()) else { continue };
            if of_sites.tables.len() <= number {
                of_sites.tables.resize_with(number + 1, Rows::default);
            }
            if let Some(slot) = of_sites.tables.get_mut(number) {
                *slot = Rows::of(content);
            }
        }
        of_sites
    }

    /// The number of a site's table.
    pub(super) fn table(&self, site: u16) -> Option<usize> {
        self.table_of_site.get(usize::from(site)).copied().flatten()
    }

    /// The row of a tumor in the table of its site.
    pub(super) fn row(&self, tumor: &Tumor) -> Option<&'static str> {
        self.tables.get(self.table(tumor.site)?)?.row(tumor)
    }
}

/// Names sets that are read on first use.
macro_rules! sets {
    ($($(#[$about:meta])* $name:ident: $kind:ident = $key:literal;)*) => {
        $($(#[$about])* pub(super) static $name: std::sync::LazyLock<$kind> =
            std::sync::LazyLock::new(|| $kind::named($key));)*
    };
}
/// Names sets that are written out.
macro_rules! codes {
    ($($name:ident: $kind:ident = $list:literal;)*) => {
        $(static $name: std::sync::LazyLock<$kind> = std::sync::LazyLock::new(|| $kind::of($list));)*
    };
}
pub(super) use {codes, sets};
