//! ICD-O-3 topography: sites, their names and terms, which of them have a side.

use std::sync::LazyLock;

use super::table::{Head, cells, head, lines, site_number};

const TABLE: &str = include_str!("../../reference/codes/topography.tsv");

/// Whether laterality is coded for a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The organ is single: laterality is 0.
    None,
    /// Paired in every year.
    Paired,
    /// Paired for diagnoses of this year and later.
    PairedFrom(u16),
}

/// A topography code.
#[derive(Debug, Clone)]
pub struct Site {
    /// `C504`.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Name of the site/type group of three characters.
    pub group: &'static str,
    /// `F` or `M` where only one sex has it.
    pub sex: Option<char>,
    /// Whether laterality is coded.
    pub side: Side,
    /// Other terms for it.
    pub terms: Vec<&'static str>,
}

impl Site {
    /// `C50.4`.
    pub fn dotted(&self) -> String {
        let (group, digit) = self.code.split_at(self.code.len().min(3));
        format!("{group}.{digit}")
    }

    /// Laterality is coded for a diagnosis of this year (of an unknown year: as for a recent one).
    pub fn is_paired(&self, dx_year: Option<u16>) -> bool {
        match self.side {
            Side::None => false,
            Side::Paired => true,
            Side::PairedFrom(year) => dx_year.is_none_or(|y| y >= year),
        }
    }

    /// The site exists in a person of this sex (NAACCR code 1 male, 2 female; others have both).
    pub fn fits_sex(&self, sex: Option<&str>) -> bool {
        !matches!((self.sex, sex), (Some('F'), Some("1")) | (Some('M'), Some("2")))
    }
}

struct Sites {
    all: Vec<Site>,
    by_number: Vec<u16>,
}

static SITES: LazyLock<Sites> = LazyLock::new(|| {
    let mut sites = Sites { all: Vec::new(), by_number: vec![0; 1000] };
    for line in lines(TABLE) {
        let [code, name, group, sex, side, terms] = cells::<6>(line);
        let side = match side {
            "" => Side::None,
            "yes" => Side::Paired,
            from => Side::PairedFrom(from.trim_start_matches("from ").parse().unwrap_or(0)),
        };
        sites.all.push(Site {
            code,
            name,
            group,
            sex: sex.chars().next(),
            side,
            terms: terms.split('|').filter(|t| !t.is_empty()).collect(),
        });
        if let Some(slot) = site_number(code).and_then(|n| sites.by_number.get_mut(n)) {
            *slot = u16::try_from(sites.all.len()).unwrap_or(0);
        }
    }
    sites
});

/// The site of a code such as `C504`.
pub fn site(code: &str) -> Option<&'static Site> {
    let at = usize::from(*SITES.by_number.get(site_number(code)?)?);
    SITES.all.get(at.checked_sub(1)?)
}

/// Every site in order of code.
pub fn sites() -> &'static [Site] {
    &SITES.all
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
    fn the_upper_outer_quadrant_is_paired_and_has_a_dotted_form() {
        let site = site("C504").unwrap();
        assert!(site.name.to_lowercase().contains("upper-outer"));
        assert!(site.is_paired(Some(1995)));
        assert_eq!(site.dotted(), "C50.4");
    }

    #[test]
    fn cerebral_meninges_have_a_side_from_2004() {
        let site = site("C700").unwrap();
        assert!(!site.is_paired(Some(2003)));
        assert!(site.is_paired(Some(2004)));
    }

    #[test]
    fn a_man_has_no_ovary() {
        assert!(!site("C569").unwrap().fits_sex(Some("1")));
        assert!(site("C569").unwrap().fits_sex(Some("9")));
        assert!(site("C999").is_none() && site("C50").is_none() && site("Ⅽ504").is_none());
    }

    #[test]
    fn there_are_330_sites_and_76_of_them_are_paired() {
        assert_eq!(sites().len(), 330);
        assert_eq!(sites().iter().filter(|s| s.side != Side::None).count(), 76);
    }

    #[test]
    fn every_shared_name_term_and_pair_is_there() {
        let shared = super::super::shared();
        let Ok(text) = std::fs::read_to_string(shared.join("icdo3/topography.tsv")) else { return };
        for line in text.lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let site = site(c[0]).unwrap();
            assert_eq!((site.name, site.group, site.dotted().as_str()), (c[2], c[4], c[1]));
            assert_eq!(site.sex.map(String::from).unwrap_or_default(), c[5], "{line}");
        }
        let mut rows = 0;
        for line in std::fs::read_to_string(shared.join("icdo3/topography-synonyms.tsv")).unwrap().lines().skip(1) {
            let (code, term) = line.split_once('\t').unwrap();
            let site = site(code).unwrap();
            let there = site.terms.iter().chain([&site.name]).any(|t| t.eq_ignore_ascii_case(term));
            assert!(there, "{line}");
            rows += 1;
        }
        assert_eq!(rows, 777);
        for line in std::fs::read_to_string(shared.join("icdo3/paired-sites.tsv")).unwrap().lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let side = if c[2] == "paired" { Side::Paired } else { Side::PairedFrom(2004) };
            assert_eq!(site(c[0]).unwrap().side, side, "{line}");
        }
    }
}
