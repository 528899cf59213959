//! Surgery of primary site: which table a case of a site, histology and year codes from.
//!
//! Editions follow the SEER manuals of 1998 to 2024; the newest holds until a later one is loaded. Codes have two
//! digits to 2022 and a letter and three digits from 2023 (`A`, or `B` for sites whose codes were revised).
//! A histology that chooses a table wins at once; otherwise the first table of the site that the histology does not
//! bar.

use std::sync::LazyLock;

use super::table::{Head, Ranges, cells, head, lines, site_number};
use super::topography::sites;

const TABLE: &str = include_str!("../../reference/codes/surgery.tsv");

/// A surgery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// `B410` or `41`.
    pub code: &'static str,
    /// Its name, with that of the operation it extends.
    pub name: &'static str,
}

/// The codes of a site for a run of years.
#[derive(Debug)]
pub struct SurgeryTable {
    /// Its title, as `Breast`.
    pub title: &'static str,
    /// First year of diagnosis.
    pub from: u16,
    /// Last year of diagnosis; open for the newest.
    pub to: Option<u16>,
    /// The codes in the manual's order.
    pub operations: Vec<Operation>,
    sites: Ranges,
    chosen_by: Ranges,
    barred_by: Ranges,
}

impl SurgeryTable {
    /// The operation of a code.
    pub fn operation(&self, code: &str) -> Option<&Operation> {
        self.operations.iter().find(|o| o.code == code)
    }

    fn holds_in(&self, year: u16) -> bool {
        self.from <= year && self.to.is_none_or(|to| year <= to)
    }
}

/// The list of a case without a known site.
const NO_SITE: usize = 1000;

struct Tables {
    all: Vec<SurgeryTable>,
    /// First years of the vintages, newest first.
    years: Vec<u16>,
    /// By site, the tables whose sites hold it; tables that a histology chooses stand in every list.
    of_site: Vec<Vec<u16>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables { all: Vec::new(), years: Vec::new(), of_site: vec![Vec::new(); NO_SITE + 1] };
    for line in lines(TABLE) {
        let [code, name, title, sites, chosen, barred] = cells::<6>(line);
        if code == "@" {
            let (from, to) = name.split_once("..").unwrap_or((name, ""));
            tables.all.push(SurgeryTable {
                title,
                from: from.parse().unwrap_or(0),
                to: to.parse().ok(),
                operations: Vec::new(),
                sites: Ranges::of(sites),
                chosen_by: Ranges::of(chosen),
                barred_by: Ranges::of(barred),
            });
        } else if let Some(table) = tables.all.last_mut() {
            table.operations.push(Operation { code, name });
        }
    }
    for (table, at) in tables.all.iter().zip(0_u16..) {
        let chosen = !table.chosen_by.is_empty();
        for site in sites().iter().filter(|s| chosen || table.sites.holds(s.code)) {
            if let Some(of_site) = site_number(site.code).and_then(|n| tables.of_site.get_mut(n)) {
                of_site.push(at);
            }
        }
        if chosen && let Some(of_no_site) = tables.of_site.last_mut() {
            of_no_site.push(at);
        }
    }
    tables.years = tables.all.iter().map(|t| t.from).collect();
    tables.years.sort_unstable_by(|a, b| b.cmp(a));
    tables.years.dedup();
    tables
});

/// The table of a case. `C50` is read as `C509`; before 1998 there is none.
pub fn surgery_table(site: &str, histology: &str, dx_year: u16) -> Option<&'static SurgeryTable> {
    let whole;
    let site = if site.len() == 3 {
        whole = format!("{site}9");
        &whole
    } else {
        site
    };
    // Without a known site only a histology can choose: the last list.
    let of_site = super::site(site).and(site_number(site)).unwrap_or(NO_SITE);
    let of_site = TABLES.of_site.get(of_site)?;
    let mut found: Option<&SurgeryTable> = None;
    for table in of_site.iter().filter_map(|at| TABLES.all.get(usize::from(*at))).filter(|t| t.holds_in(dx_year)) {
        if table.chosen_by.holds(histology) {
            return Some(table);
        }
        if found.is_none() && table.sites.holds(site) && !table.barred_by.holds(histology) {
            found = Some(table);
        }
    }
    found
}

/// Every table of a site and histology, newest first.
pub fn surgery_tables<'a>(site: &'a str, histology: &'a str) -> impl Iterator<Item = &'static SurgeryTable> + 'a {
    TABLES.years.iter().filter_map(move |year| surgery_table(site, histology, *year))
}

/// Every table there is, in the manual's order.
pub fn all_surgery_tables() -> &'static [SurgeryTable] {
    &TABLES.all
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
    fn a_breast_case_of_2024_has_codes_with_a_letter() {
        let table = surgery_table("C504", "8500", 2024).unwrap();
        assert_eq!(table.title, "Breast");
        assert!(table.operation("B410").unwrap().name.starts_with("Nipple-sparing mastectomy WITHOUT"));
        assert!(surgery_table("C504", "8500", 2018).unwrap().operation("41").is_some());
        assert!(surgery_table("C504", "8500", 1997).is_none());
    }

    #[test]
    fn tables_agree_with_the_shared_cases() {
        let path = super::super::shared().join("algorithms/cases/surgery-table.jsonl");
        let Ok(text) = std::fs::read_to_string(path) else { return };
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let input = &case["in"];
            let year = u16::try_from(input["dxYear"].as_u64().unwrap_or(0)).unwrap();
            let table = surgery_table(
                input["primarySite"].as_str().unwrap_or(""),
                input["histologicTypeIcdO3"].as_str().unwrap_or(""),
                year,
            );
            assert_eq!(
                table.map(|t| t.title.replace(' ', "")),
                case["out"]["table"].as_str().map(|t| t.replace(' ', "")),
                "{line}"
            );
            let codes: Vec<&str> = table.map(|t| t.operations.iter().map(|o| o.code).collect()).unwrap_or_default();
            let wanted: Vec<&str> = case["out"]["codes"]
                .as_array()
                .map(|a| a.iter().filter_map(|c| c.as_str()).collect())
                .unwrap_or_default();
            assert_eq!(codes, wanted, "{line}");
        }
    }

    #[test]
    fn every_row_of_the_shared_codes_is_there() {
        let Ok(text) = std::fs::read_to_string(super::super::shared().join("edits/surgery-codes.tsv")) else { return };
        let mut rows = 0;
        for line in text.lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let year: u16 = c[0].parse().unwrap();
            let title = c[1];
            let there = all_surgery_tables()
                .iter()
                .any(|t| t.title == title && t.holds_in(year) && t.operation(c[5]).is_some());
            assert!(there, "{line}");
            rows += 1;
        }
        assert_eq!(rows, 9_371);
    }
}
