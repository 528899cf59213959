//! The tables that are searched, and how hits are ranked in each.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::super::choices::{Choice, choices};
use super::super::context::Context;
use super::super::meaning::Retired;
use super::super::site_type::breadth;
use super::super::table::{cells, lines};
use super::super::{Morphology, Site, causes_under, is_accepted, is_accepted_histology, long_causes, short_causes};
use super::index::{Builder, Found, Index};
use super::words::{self, organ, readings, split};
use super::{Hit, Query};
use crate::codes;

const ALIASES: &str = include_str!("../../../reference/codes/aliases.tsv");
const COMMON: &str = include_str!("../../../reference/codes/common.tsv");

static ALIASES_OF: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    lines(ALIASES)
        .map(|line| {
            let [code, terms] = cells::<2>(line);
            (code, terms)
        })
        .collect()
});

static WEIGHTS: LazyLock<HashMap<&'static str, f32>> = LazyLock::new(|| {
    lines(COMMON)
        .filter_map(|line| {
            let [code, weight] = cells::<2>(line);
            Some((code, weight.parse().ok()?))
        })
        .collect()
});

/// From 0 to 0.2, by how often the code is met.
fn commonness(code: &str) -> f32 {
    WEIGHTS.get(code).map_or(0.0, |w| w * 0.022)
}

fn aliases(code: &str) -> impl Iterator<Item = &'static str> {
    ALIASES_OF.get(code).into_iter().flat_map(|terms| terms.split('|')).filter(|t| !t.is_empty())
}

static SITE_INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut builder = Builder::default();
    for (at, site) in (0_u32..).zip(codes::sites()) {
        builder.add(at, site.name, true, &[site.group]);
        for term in site.terms.iter().copied().chain(aliases(site.code)) {
            builder.add(at, term, false, &[site.group, site.name]);
        }
    }
    builder.index()
});

static MORPHOLOGY_INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut builder = Builder::default();
    for (at, code) in (0_u32..).zip(codes::morphologies()) {
        let behavior = match code.behavior {
            "0" => "benign",
            "1" => "borderline uncertain",
            "2" => "in situ noninvasive",
            "3" => "malignant invasive",
            "6" => "metastatic",
            _ => "",
        };
        builder.add(at, code.name, true, &[behavior]);
        for term in code.terms.iter().map(|t| t.text).chain(aliases(code.code)) {
            builder.add(at, term, false, &[behavior]);
        }
    }
    builder.index()
});

/// Best hit of each entry over the readings of a query, in order of entry. Words of an organ may be absent where
/// `Organs` says so.
fn best(index: &Index, readings: &[words::Reading], organs: Organs) -> Vec<Found> {
    let mut best: Vec<Found> = Vec::new();
    for (at, reading) in readings.iter().enumerate() {
        let is_organ = |w: &words::Wanted| w.words.iter().any(|w| organ(w).is_some());
        let others = organs == Organs::MayBeAbsent && !reading.iter().all(is_organ);
        let found = index.find(reading, |at| others && reading.get(at).is_some_and(is_organ));
        best.extend(found.into_iter().map(|mut found| {
            found.score += if found.preferred { 0.01 } else { 0.0 } - if at > 0 { 0.02 } else { 0.0 };
            found
        }));
    }
    if readings.len() > 1 {
        best.sort_by_key(|f| f.entry);
    }
    best.dedup_by(|next, kept| {
        let same = next.entry == kept.entry;
        if same && next.score > kept.score {
            *kept = *next;
        }
        same
    });
    best
}

/// Whether a term must hold the words of a query that name an organ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Organs {
    MustBeThere,
    MayBeAbsent,
}

fn of_entry(found: &[Found], entry: u32) -> Option<&Found> {
    found.get(found.binary_search_by_key(&entry, |f| f.entry).ok()?)
}

/// More hits than anybody reads are not made.
const MOST: usize = 1_000;

/// Entries whose code begins with one of the query's numbers, each with the share of the code that was typed.
fn share_of(codes: &[String], code: &str) -> Option<f32> {
    let length = |s: &str| f32::from(u16::try_from(s.len()).unwrap_or(u16::MAX));
    codes.iter().filter(|c| code.starts_with(c.as_str())).map(|c| length(c) / length(code)).reduce(f32::max)
}

pub(super) fn found_sites(query: &Query, context: &Context) -> Vec<Hit> {
    let all = codes::sites();
    let words = best(&SITE_INDEX, &query.readings, Organs::MustBeThere);
    all.iter()
        .zip(0_u32..)
        .filter_map(|(site, at)| {
            let (base, term) = base(query, site.code, of_entry(&words, at))?;
            let fits = site_fits(site, context);
            let score = base + commonness(site.code) + if fits { 0.0 } else { -0.3 };
            Some(Hit {
                item: "primarySite",
                code: site.code,
                behavior: None,
                label: site.name,
                term,
                means_missing: site.code == "C809",
                fits,
                retired: None,
                score,
            })
        })
        .collect()
}

fn site_fits(site: &Site, context: &Context) -> bool {
    let listed = match (context.histology, context.behavior) {
        (Some(h), Some(b)) if codes::morphology(h, b).is_some() => is_accepted(site.code, h, b),
        (Some(h), _) if !codes::behaviors_of(h).is_empty() => is_accepted_histology(site.code, h),
        _ => true,
    };
    listed && site.fits_sex(context.sex)
}

/// What number and words together make of an entry.
fn base(query: &Query, code: &str, found: Option<&Found>) -> Option<(f32, Option<&'static str>)> {
    let share = share_of(&query.codes, code);
    if !query.codes.is_empty() && share.is_none() || !query.readings.is_empty() && found.is_none() {
        return None;
    }
    let score = match (share, found) {
        (Some(share), Some(found)) => 0.5 + 0.5 * share + found.score,
        (Some(share), None) => 1.0 + share,
        (None, Some(found)) => found.score,
        (None, None) => return None,
    };
    Some((score, found.filter(|f| !f.preferred).map(|f| f.text)))
}

pub(super) fn found_morphologies(query: &Query, context: &Context) -> Vec<Hit> {
    let words = best(&MORPHOLOGY_INDEX, &query.readings, Organs::MayBeAbsent);
    let named = query.readings.iter().flatten().flat_map(|w| &w.words).find_map(|w| organ(w));
    let site = named.or(context.site);
    codes::morphologies()
        .iter()
        .zip(0_u32..)
        .filter_map(|(code, at)| {
            let plain: String = code.code.chars().filter(|c| *c != '/').collect();
            let (base, term) = base(query, &plain, of_entry(&words, at))?;
            let fits =
                site.is_none_or(|s| morphology_fits(s, code)) && context.behavior.is_none_or(|b| b == code.behavior);
            let retired = morphology_retired(code, context);
            let mut score = base + commonness(code.code) + if fits { 0.0 } else { -0.3 };
            if fits && let Some(site) = site {
                score += if implies(code, site) { 0.1 } else { 0.1 * (1.0 - breadth(code.histology, code.behavior)) };
            }
            if retired.is_some() {
                score -= 0.3;
            }
            if code.behavior != "3" {
                score -= 0.02;
            }
            if matches!(code.behavior, "6" | "9") {
                score -= 0.3;
            }
            let dated = |t: &'static str| {
                code.terms
                    .iter()
                    .any(|c| c.text == t && c.from.is_some() && c.from > context.dx_year && context.dx_year.is_some())
            };
            if term.is_some_and(dated) {
                score -= 0.15;
            }
            Some(Hit {
                item: "histologicTypeIcdO3",
                code: code.histology,
                behavior: Some(code.behavior),
                label: code.name,
                term,
                means_missing: false,
                fits,
                retired,
                score,
            })
        })
        .collect()
}

/// Accepted by the list; or benign and borderline, which the list does not carry, at a site its term implies.
fn morphology_fits(site: &str, code: &Morphology) -> bool {
    is_accepted(site, code.histology, code.behavior)
        || matches!(code.behavior, "0" | "1") && (code.sites.is_empty() || implies(code, site))
}

/// The code's term implies the site (`C50._`, `C56.9`).
fn implies(code: &Morphology, site: &str) -> bool {
    code.sites.split(',').any(|reference| {
        let group: String = reference.trim().chars().filter(char::is_ascii_alphanumeric).collect();
        group.len() >= 3 && site.starts_with(&group)
    })
}

fn morphology_retired(code: &Morphology, context: &Context) -> Option<Retired> {
    if !code.is_valid_in(context.dx_year) {
        return code.to.map(Retired::After).or(code.from.map(Retired::Before));
    }
    code.standing.obsolete.then_some(Retired::Obsolete)
}

/// Codes of a list: a value set, the counties of the state, the surgery of the site and year.
pub(super) fn listed(item: &str, query: &str, context: &Context) -> Vec<Hit> {
    let Some(item) = codes::items::known_id(item) else { return Vec::new() };
    let list = choices(item, context);
    let wanted = query.trim().to_ascii_uppercase();
    let words = split(query);
    let found = if words.is_empty() {
        Vec::new()
    } else {
        let readings = readings(&words);
        // Lists that do not depend on the case are indexed once.
        let index = index_of_set(item);
        let of_case = index.is_none().then(|| index_of(&list));
        index.or(of_case.as_ref()).map_or(Vec::new(), |index| best(index, &readings, Organs::MustBeThere))
    };
    (0_u32..)
        .zip(&list)
        .filter_map(|(at, choice)| {
            let by_code = if choice.code == wanted {
                Some(2.0)
            } else if !wanted.is_empty() && choice.code.starts_with(&wanted) {
                Some(1.2)
            } else {
                None
            };
            let by_words = of_entry(&found, at).map(|f| f.score);
            let score = by_code.into_iter().chain(by_words).reduce(f32::max)?;
            Some(of_choice(item, choice, score))
        })
        .collect()
}

fn index_of(list: &[Choice]) -> Index {
    let mut builder = Builder::default();
    for (at, choice) in (0_u32..).zip(list) {
        builder.add(at, choice.label, true, &[]);
    }
    builder.index()
}

/// The index of an item's value set where [`choices`] gives that set whatever the case.
fn index_of_set(item: &'static str) -> Option<&'static Index> {
    static MADE: LazyLock<Mutex<HashMap<&'static str, &'static Index>>> = LazyLock::new(Mutex::default);
    if !codes::items::is_of_set_alone(item) {
        return None;
    }
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    Some(made.entry(item).or_insert_with(|| Box::leak(Box::new(index_of(&choices(item, &Context::default()))))))
}

fn of_choice(item: &'static str, choice: &Choice, score: f32) -> Hit {
    let mut score = score;
    if choice.retired.is_some() || !choice.fits {
        score -= 0.3;
    }
    Hit {
        item,
        code: choice.code,
        behavior: None,
        label: choice.label,
        term: None,
        means_missing: choice.means_missing,
        fits: choice.fits,
        retired: choice.retired,
        score,
    }
}

type Codes = (Vec<(&'static str, &'static str)>, Index);

fn indexed(codes: impl Iterator<Item = (&'static str, &'static str)>) -> Codes {
    let codes: Vec<_> = codes.collect();
    let mut builder = Builder::default();
    for (at, (_, name)) in (0_u32..).zip(&codes) {
        builder.add(at, name, true, &[]);
    }
    (codes, builder.index())
}

static SHORT: LazyLock<Codes> = LazyLock::new(|| indexed(short_causes()));

/// Five and six characters; injuries and their circumstances (chapters S to Y) are found by number only.
static LONGER: LazyLock<Codes> = LazyLock::new(|| {
    indexed(long_causes().filter(|(code, _)| code.len() <= 6 && !code.starts_with(['S', 'T', 'V', 'W', 'X', 'Y'])))
});

/// Causes of death by ICD-10 (four characters); other diagnoses also by the longer codes of ICD-10-CM.
pub(super) fn found_causes(item: &str, query: &str) -> Vec<Hit> {
    let Some(item) = codes::items::known_id(item) else { return Vec::new() };
    let longest = if item == "causeOfDeath" { 4 } else { 7 };
    let hit = |code: &'static str, label: &'static str, score: f32| Hit {
        item,
        code,
        behavior: None,
        label,
        term: None,
        means_missing: false,
        fits: true,
        retired: None,
        score,
    };
    let number: String = query.trim().chars().filter(|c| *c != '.').collect::<String>().to_ascii_uppercase();
    let is_number = number.len() >= 2
        && number.starts_with(|c: char| c.is_ascii_uppercase())
        && number.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
        && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_number {
        let length = |s: &str| f32::from(u16::try_from(s.len()).unwrap_or(u16::MAX));
        return causes_under(&number, 200)
            .into_iter()
            .filter(|(code, _)| code.len() <= longest)
            .map(|(code, name)| hit(code, name, 1.0 + length(&number) / length(code)))
            .collect();
    }
    let words = split(query);
    if words.is_empty() {
        return Vec::new();
    }
    let readings = readings(&words);
    let mut hits = Vec::new();
    let tables: &[&LazyLock<Codes>] = if longest == 4 { &[&SHORT] } else { &[&SHORT, &LONGER] };
    for table in tables {
        let (codes, index) = &***table;
        let mut found = best(index, &readings, Organs::MustBeThere);
        for found in &mut found {
            let code = usize::try_from(found.entry).ok().and_then(|at| codes.get(at)).map_or("", |c| c.0);
            found.score += if code.len() == 4 { 0.02 } else { 0.0 } + commonness(code);
        }
        if found.len() > MOST {
            found.select_nth_unstable_by(MOST, |a, b| b.score.total_cmp(&a.score));
            found.truncate(MOST);
        }
        for found in found {
            if let Some((code, name)) = usize::try_from(found.entry).ok().and_then(|at| codes.get(at)) {
                hits.push(hit(code, name, found.score));
            }
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_kept_by_hand_name_codes_that_exist() {
        let exists = |code: &str| match code.split_once('/') {
            Some((histology, behavior)) => codes::morphology(histology, behavior).is_some(),
            None => codes::site(code).is_some() || codes::cause(code).is_some(),
        };
        let unknown: Vec<&&str> = ALIASES_OF.keys().chain(WEIGHTS.keys()).filter(|c| !exists(c)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
