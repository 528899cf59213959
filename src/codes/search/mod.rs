//! Finding a code by its number or by words in any order.
//!
//! A query is read as numbers of codes (`8500/3`, `C50.4`, `85`) and words. Each word must be met by a term of the
//! code, by itself, by its beginning, by what it abbreviates (`reference/codes/words.tsv`), or, failing all, by a near
//! spelling. Words that name an organ choose among histologies without having to stand in the term; `left` and
//! `right` are never required. Equal hits are ordered by what is accepted for the case (site/type list, sex, year) and by
//! how common the code is. Without an item, sites and morphologies are searched together, and surgery if the case
//! has a site.

mod index;
mod tables;
mod words;

use super::context::Context;
use super::items::{Source, reading};
use super::meaning::Retired;

/// A code that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The item it is for.
    pub item: &'static str,
    /// The value to write; for a morphology its histology.
    pub code: &'static str,
    /// The behavior that goes with a histology.
    pub behavior: Option<&'static str>,
    /// The name of the code.
    pub label: &'static str,
    /// The term that was met, where it is another one.
    pub term: Option<&'static str>,
    /// Unknown, not applicable, not recorded.
    pub means_missing: bool,
    /// The code fits the case.
    pub fits: bool,
    /// Why it is not for use in the case, if so.
    pub retired: Option<Retired>,
    /// What it was ranked by.
    pub score: f32,
}

impl Hit {
    /// The code as it is shown: `8500/3`, else the value.
    pub fn shown(&self) -> String {
        match self.behavior {
            Some(behavior) => format!("{}/{behavior}", self.code),
            None => self.code.to_owned(),
        }
    }
}

/// A query taken apart.
pub(crate) struct Query {
    /// Beginnings of codes in capitals, without dot and slash.
    codes: Vec<String>,
    /// The readings of the words.
    readings: Vec<words::Reading>,
}

/// The best `limit` codes for a query, for one item or, without, for site, morphology and surgery.
pub fn search(query: &str, item: Option<&str>, context: &Context, limit: usize) -> Vec<Hit> {
    let query: String = query.chars().take(200).collect();
    let query = query.as_str();
    let mut hits = match item {
        Some(item) => match reading(item).map(|r| r.source) {
            Some(Source::Site) => tables::found_sites(&taken_apart(query, Numbers::Site), context),
            Some(Source::Histology) => tables::found_morphologies(&taken_apart(query, Numbers::Morphology), context),
            Some(Source::CauseOfDeath | Source::Diagnosis) => tables::found_causes(item, query),
            Some(_) => tables::listed(item, query, context),
            None => Vec::new(),
        },
        None => {
            let mut hits = tables::found_sites(&taken_apart(query, Numbers::Site), context);
            hits.extend(tables::found_morphologies(&taken_apart(query, Numbers::Morphology), context));
            if context.site.is_some() {
                let surgery = if context.dx_year.is_some_and(|y| y < 2023) {
                    "rxSummSurgPrimSite"
                } else {
                    "rxSummSurgPrimSite2023"
                };
                hits.extend(tables::listed(surgery, query, context));
            }
            hits
        }
    };
    hits.sort_by(|a, b| {
        b.score.total_cmp(&a.score).then_with(|| a.code.cmp(b.code)).then_with(|| a.behavior.cmp(&b.behavior))
    });
    hits.truncate(limit);
    hits
}

/// What counts as the number of a code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Site,
    Morphology,
}

fn taken_apart(query: &str, numbers: Numbers) -> Query {
    let (mut codes, mut rest) = (Vec::new(), String::new());
    for part in query.split_whitespace() {
        let plain: String =
            part.chars().filter(|c| !matches!(c, '.' | '/' | '-')).collect::<String>().to_ascii_uppercase();
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let code = match numbers {
            Numbers::Site => plain.strip_prefix('C').filter(|d| digits(d) && d.len() <= 3).map(|_| plain.clone()),
            Numbers::Morphology => {
                let number = plain.strip_prefix('M').unwrap_or(&plain);
                (digits(number) && (2..=5).contains(&number.len()) && number.starts_with(['8', '9']))
                    .then(|| number.to_owned())
            }
        };
        match code {
            Some(code) => codes.push(code),
            None => {
                rest.push_str(part);
                rest.push(' ');
            }
        }
    }
    let words = words::split(&rest);
    let readings = if words.is_empty() { Vec::new() } else { words::readings(&words) };
    Query { codes, readings }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `tests/it/data/code-searches.tsv`: the words typed, item, site, year, and the code that must be among the first three.
    #[test]
    fn searches_of_registrars_find_the_code_among_the_first_three() {
        let text = include_str!("../../../tests/it/data/code-searches.tsv");
        let (mut count, mut missed) = (0, Vec::new());
        for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().filter(|c| !c.is_empty());
            let (words, item, site, year, wanted) = (cell().unwrap(), cell(), cell(), cell(), cell().unwrap());
            let context = Context {
                site,
                dx_year: year.map(|y| y.parse().unwrap()),
                state_at_dx: Some("IA"),
                ..Context::default()
            };
            let hits = search(words, item, &context, 3);
            count += 1;
            if !hits.iter().any(|h| h.shown() == wanted) {
                let all = search(words, item, &context, 400);
                let at = all.iter().position(|h| h.shown() == wanted);
                let got: Vec<String> = hits
                    .iter()
                    .map(|h| format!("{} {} {:.2}", h.shown(), h.term.unwrap_or(h.label), h.score))
                    .collect();
                missed.push(format!("{words:?} wants {wanted} (stands at {at:?}): {got:?}"));
            }
        }
        assert!(count >= 100, "{count} searches");
        assert!(missed.is_empty(), "{} of {count} missed:\n{}", missed.len(), missed.join("\n"));
    }

    #[test]
    fn what_fits_the_case_comes_first() {
        let lung = Context { site: Some("C341"), ..Context::default() };
        let hits = search("adenocarcinoma", Some("histologicTypeIcdO3"), &lung, 20);
        assert!(hits.first().unwrap().fits);
        let glioma = Context { histology: Some("9440"), behavior: Some("3"), ..Context::default() };
        assert!(search("lobe", Some("primarySite"), &glioma, 4).iter().all(|h| h.code.starts_with("C71")));
        let man = Context { sex: Some("1"), ..Context::default() };
        assert!(!search("ovary", Some("primarySite"), &man, 1).first().unwrap().fits);
    }

    #[test]
    fn nothing_and_nonsense_find_nothing_and_do_no_harm() {
        for query in [
            "",
            "   ",
            "zzzzqqq",
            "....",
            "C999",
            "\u{0}",
            "é",
            "🦀 🦀",
            &"carcinoma ".repeat(500),
            &"x".repeat(100_000),
        ] {
            let hits = search(query, None, &Context::default(), 5);
            assert!(hits.len() <= 5);
        }
        assert!(search("", None, &Context::default(), 5).is_empty());
        assert!(search("1", Some("noSuchItem"), &Context::default(), 5).is_empty());
        assert!(search("smith", Some("nameLast"), &Context::default(), 5).is_empty());
    }
}
