//! ICD-O-3 morphology: histology and behavior with their terms and years.
//!
//! Codes of ICD-O-3.2, those of 3.1 that left with 2020, those the NAACCR guidelines and the site/type list add.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, cells, head, lines, morphology_number};

const TABLE: &str = include_str!("../../reference/codes/morphology.tsv");

/// A term for a morphology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// The words.
    pub text: &'static str,
    /// First year of diagnosis it is used for, where one is set.
    pub from: Option<u16>,
}

/// Where a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Marked obsolete in ICD-O-3.2.
    pub obsolete: bool,
    /// From the NAACCR guidelines, not an entry of ICD-O-3.2.
    pub guidelines: bool,
    /// On the site/type list only.
    pub list_only: bool,
}

/// A morphology code: histology and behavior.
#[derive(Debug, Clone)]
pub struct Morphology {
    /// `8500/3`.
    pub code: &'static str,
    /// `8500`.
    pub histology: &'static str,
    /// `3`.
    pub behavior: &'static str,
    /// The preferred term.
    pub name: &'static str,
    /// The site the term implies, as ICD-O writes it (`C50._`), or empty.
    pub sites: &'static str,
    /// Where the code stands.
    pub standing: Standing,
    /// First year of diagnosis, where one is set.
    pub from: Option<u16>,
    /// Last year of diagnosis, where one is set.
    pub to: Option<u16>,
    /// Other terms.
    pub terms: Vec<Term>,
}

impl Morphology {
    /// The code may be used for a diagnosis of this year; an unknown year takes every code that has not left.
    pub fn is_valid_in(&self, dx_year: Option<u16>) -> bool {
        match dx_year {
            Some(year) => self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to),
            None => self.to.is_none(),
        }
    }
}

struct Table {
    all: Vec<Morphology>,
    by_number: HashMap<u32, u16>,
    by_histology: HashMap<&'static str, (u16, u16)>,
}

static CODES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { all: Vec::new(), by_number: HashMap::new(), by_histology: HashMap::new() };
    for line in lines(TABLE) {
        let [code, name, sites, flags, from, to, terms] = cells::<7>(line);
        let Some((histology, behavior)) = code.split_once('/') else { continue };
        let at = u16::try_from(table.all.len()).unwrap_or(u16::MAX);
        if let Some(number) = morphology_number(histology, behavior) {
            table.by_number.insert(number, at);
        }
        table.by_histology.entry(histology).or_insert((at, at)).1 = at + 1;
        table.all.push(Morphology {
            code,
            histology,
            behavior,
            name,
            sites,
            standing: Standing {
                obsolete: flags.contains("obsolete"),
                guidelines: flags.contains("guidelines"),
                list_only: flags.contains("list"),
            },
            from: from.parse().ok(),
            to: to.parse().ok(),
            terms: terms.split('|').filter(|t| !t.is_empty()).map(term).collect(),
        });
    }
    table
});

fn term(text: &'static str) -> Term {
    match text.rsplit_once('@') {
        Some((text, year)) => Term { text, from: year.parse().ok() },
        None => Term { text, from: None },
    }
}

/// The code of a histology and a behavior.
pub fn morphology(histology: &str, behavior: &str) -> Option<&'static Morphology> {
    let at = CODES.by_number.get(&morphology_number(histology, behavior)?)?;
    CODES.all.get(usize::from(*at))
}

/// Every behavior of a histology, in order of behavior.
pub fn behaviors_of(histology: &str) -> &'static [Morphology] {
    CODES
        .by_histology
        .get(histology)
        .and_then(|(from, to)| CODES.all.get(usize::from(*from)..usize::from(*to)))
        .unwrap_or(&[])
}

/// Every morphology in order of code.
pub fn morphologies() -> &'static [Morphology] {
    &CODES.all
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
    fn the_invasive_duct_carcinoma_has_its_terms() {
        let code = morphology("8500", "3").unwrap();
        assert!(code.name.starts_with("Infiltrating duct carcinoma"));
        assert_eq!(code.sites, "C50._");
        assert!(code.terms.iter().any(|t| t.text == "Ductal carcinoma, NOS"));
        assert_eq!(behaviors_of("8500").iter().map(|m| m.behavior).collect::<String>(), "23");
    }

    #[test]
    fn a_code_that_left_with_version_3_1_is_valid_to_2020() {
        let code = morphology("8120", "1").unwrap();
        assert!(code.is_valid_in(Some(2020)) && !code.is_valid_in(Some(2021)) && !code.is_valid_in(None));
    }

    #[test]
    fn every_shared_entry_is_there() {
        let shared = super::super::shared();
        let Ok(text) = std::fs::read_to_string(shared.join("icdo3/morphology-32.tsv")) else { return };
        let mut rows = 0;
        for line in text.lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let code = morphology(cells[1], cells[2]).unwrap();
            assert_eq!(code.name, cells[3]);
            rows += 1;
        }
        assert_eq!(rows, 1_143);
        let words = |t: &str| {
            let mut w: Vec<String> = t
                .to_lowercase()
                .split(|c: char| !c.is_alphanumeric())
                .filter(|w| !w.is_empty())
                .map(str::to_owned)
                .collect();
            w.sort();
            w
        };
        for line in std::fs::read_to_string(shared.join("icdo3/morphology-32-terms.tsv")).unwrap().lines().skip(1) {
            let cells: Vec<&str> = line.split('\t').collect();
            let (histology, behavior) = cells[0].split_once('/').unwrap();
            let code = morphology(histology, behavior).unwrap();
            let wanted = words(cells[2]);
            assert!(words(code.name) == wanted || code.terms.iter().any(|t| words(t.text) == wanted), "{line}");
        }
        assert!(morphologies().len() > 1_400);
    }
}
