//! The IARC families of morphology and the sites they accept.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::table::{Head, cells, head, lines};

const TABLE: &str = include_str!("../../reference/codes/iarc.tsv");

/// How a histology's families bear on sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearing {
    /// Any site.
    AnySite,
    /// The sites of its families, no others.
    ListedSites,
    /// Every site but those of its families.
    OtherSites,
}

/// What the table says of a histology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// How sites are judged.
    pub bearing: Bearing,
    /// Numbers of its families, `22`.
    pub families: Vec<&'static str>,
}

/// A check of age, basis of diagnosis, behavior or sex, as cells of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// `age`, `basis`, `behavior` or `sex`.
    pub kind: &'static str,
    /// The cells in the order of the table's head.
    pub cells: [&'static str; 5],
}

#[derive(Default)]
struct Checks {
    names: HashMap<&'static str, &'static str>,
    histologies: HashMap<&'static str, Family>,
    sites: HashMap<&'static str, Vec<&'static str>>,
    rules: Vec<Rule>,
}

static CHECKS: LazyLock<Checks> = LazyLock::new(|| {
    let mut checks = Checks::default();
    for line in lines(TABLE) {
        let [kind, a, b, c, d, e] = cells::<6>(line);
        match kind {
            "family" => {
                checks.names.insert(a, c);
            }
            "histology" => {
                let bearing = match b {
                    "listed-sites" => Bearing::ListedSites,
                    "other-sites" => Bearing::OtherSites,
                    _ => Bearing::AnySite,
                };
                let families = c.split(' ').filter(|f| !f.is_empty()).collect();
                checks.histologies.insert(a, Family { bearing, families });
            }
            "only" | "never" => {
                checks.sites.entry(a).or_default().extend(b.split(' '));
            }
            kind => checks.rules.push(Rule { kind, cells: [a, b, c, d, e] }),
        }
    }
    checks
});

/// The families of a histology.
pub fn family(histology: &str) -> Option<&'static Family> {
    CHECKS.histologies.get(histology)
}

/// The name of a family.
pub fn family_name(number: &str) -> Option<&'static str> {
    CHECKS.names.get(number).copied()
}

/// The histology is likely at the site. Nothing where the table does not know the histology.
pub fn is_likely(site: &str, histology: &str) -> Option<bool> {
    let family = family(histology)?;
    let listed = family
        .families
        .iter()
        .filter_map(|f| CHECKS.sites.get(f))
        .flatten()
        .any(|s| !s.is_empty() && site.starts_with(s));
    Some(match family.bearing {
        Bearing::AnySite => true,
        Bearing::ListedSites => listed,
        Bearing::OtherSites => !listed,
    })
}

/// The checks of age, basis, behavior and sex.
pub fn rules() -> &'static [Rule] {
    &CHECKS.rules
}

/// How many histologies and families the table knows.
pub fn size() -> (usize, usize) {
    (CHECKS.histologies.len(), CHECKS.names.len())
}

/// Edition and origin.
pub fn edition() -> Head {
    head(TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_liver_cell_carcinoma_is_unlikely_in_the_breast() {
        assert_eq!(is_likely("C220", "8170"), Some(true));
        assert_eq!(is_likely("C504", "8170"), Some(false));
        assert_eq!(is_likely("C504", "8000"), Some(true));
        assert_eq!(is_likely("C504", "1234"), None);
    }

    #[test]
    fn every_family_has_its_name() {
        assert_eq!(size().1, 70);
        assert!(CHECKS.histologies.values().flat_map(|f| &f.families).all(|f| family_name(f).is_some()));
        assert!(rules().iter().filter(|r| r.kind == "age").count() == 10);
    }

    #[test]
    fn every_shared_row_is_there() {
        let folder = super::super::shared().join("icdo3/iarc");
        let rows = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap_or_default();
        let mut count = 0;
        for line in rows("morphology-to-family.tsv").lines().skip(1) {
            let c: Vec<&str> = line.split('\t').collect();
            let family = family(c.first().copied().unwrap_or("")).expect("the histology is known");
            assert!(c.get(2).is_none_or(|f| f.is_empty() || family.families.contains(f)), "{line}");
            count += 1;
        }
        for file in ["family-sites-only.tsv", "family-sites-never.tsv"] {
            for line in rows(file).lines().skip(1) {
                let (family, site) = line.split_once('\t').unwrap_or((line, ""));
                assert!(CHECKS.sites.get(family).is_some_and(|s| s.contains(&site)), "{line}");
                count += 1;
            }
        }
        assert!(count == 0 || count == 807 + 420 + 66, "{count}");
    }
}
