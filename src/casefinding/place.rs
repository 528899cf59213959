//! Which site a specimen's name stands for.

use std::sync::LazyLock;

use super::words::Phrases;
use crate::codes::table::{cells, head, lines};
use crate::codes::{Classification, Head, to_icdo3};

const TABLE: &str = include_str!("../../reference/casefinding/places.tsv");

struct Places {
    phrases: Phrases,
    sites: Vec<&'static str>,
}

static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let mut places = Places { phrases: Phrases::new(), sites: Vec::new() };
    for line in lines(TABLE) {
        let [site, words] = cells::<2>(line);
        for phrase in words.split('|') {
            let number = u32::try_from(places.sites.len()).unwrap_or(u32::MAX);
            if places.phrases.add(phrase, number) == Some(number) {
                places.sites.push(site);
            }
        }
    }
    places
});

/// The head of the table.
pub(super) fn edition() -> Head {
    head(TABLE)
}

/// The sites named in a text, in order, with the number of words of each name.
fn named(text: &str) -> Vec<(&'static str, usize)> {
    let words = PLACES.phrases.words_of(text);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|r| !r.is_empty()) {
        match PLACES.phrases.longest(rest) {
            Some((number, length)) => {
                let site = usize::try_from(number).ok().and_then(|n| PLACES.sites.get(n));
                found.extend(site.map(|s| (*s, length)));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

const GENITAL: [&str; 9] = ["C51", "C52", "C60", "C632", "C210", "C211", "C53", "C000", "C001"];

/// The site a specimen's name stands for. Skin with a region is the skin of the region; skin of lip border, vulva,
/// penis, anus and scrotum are sites of their own; a named lymph node counts only when nothing else is named.
pub(super) fn site_of(text: &str) -> Option<&'static str> {
    let all = named(text);
    let is_skin = all.iter().any(|(site, _)| *site == "C449");
    if is_skin {
        let own = all.iter().find(|(s, _)| GENITAL.iter().any(|g| s.starts_with(g)));
        let region = all.iter().find(|(s, _)| s.starts_with("C44") && *s != "C449");
        let lip = all.iter().find(|(s, _)| *s == "C009").map(|_| ("C440", 1));
        return Some(own.or(region).copied().or(lip).map_or("C449", |(s, _)| s));
    }
    let is_node = |site: &str| site.starts_with("C77");
    // The name of an organ and its part: the part is the finer answer when both are of one organ.
    let first = all
        .iter()
        .find(|(s, _)| !is_node(s) && !s.starts_with("C44"))
        .or_else(|| all.iter().find(|(s, _)| !is_node(s)));
    match first {
        Some((site, _)) => {
            let organ = site.get(..3).unwrap_or(site);
            let finer = all.iter().find(|(s, _)| s.starts_with(organ) && !s.ends_with('9'));
            Some(finer.map_or(*site, |(s, _)| *s))
        }
        None => all.first().map(|(s, _)| *s),
    }
}

/// The site an ICD-10-CM code stands for, as written with its dot or without.
pub(super) fn site_of_icd(code: &str, sex: &str) -> Option<&'static str> {
    let plain: String = code.chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
    let with_dot = match plain.get(3..) {
        Some(rest) if !rest.is_empty() => format!("{}.{rest}", plain.get(..3).unwrap_or("")),
        _ => plain.clone(),
    };
    [plain, with_dot]
        .iter()
        .find_map(|c| to_icdo3(Classification::Icd10Cm, c, Some(sex)))
        .map(|start| start.site)
        .filter(|site| site.len() == 4 && !site.starts_with("C76") && *site != "C809")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specimens_name_their_sites() {
        for (text, site) in [
            ("LEFT BREAST, CORE BIOPSY", Some("C509")),
            ("SKIN, NOSE, SHAVE", Some("C443")),
            ("Skin, vulva, biopsy", Some("C519")),
            ("Skin, left lower lip", Some("C001")),
            ("LUNG, RIGHT UPPER LOBE, FINE NEEDLE", Some("C341")),
            ("COLON, SIGMOID, POLYPECTOMY", Some("C187")),
            ("DURA, LEFT FRONTAL, RESECTION", Some("C700")),
            ("Axillary sentinel lymph node", Some("C773")),
            ("Right breast and axillary lymph nodes", Some("C509")),
            ("BLADDER, TURBT", Some("C679")),
            ("something", None),
        ] {
            assert_eq!(site_of(text), site, "{text}");
        }
        assert_eq!(site_of_icd("C50.412", "2"), Some("C504"));
        assert_eq!(site_of_icd("K63.5", "1"), None);
    }
}
