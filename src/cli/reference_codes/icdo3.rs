//! `codes/topography.tsv`, `codes/morphology.tsv`, `codes/site-type.tsv`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt::Write;
use std::path::Path;

use anyhow::Result;

use super::{Table, cells, head, rows};

const ORIGIN: &str = "ICD-O-3 of the World Health Organization: codes and names as facts, by way of IARC's tables";

/// Topography: code, name, group, sex, laterality, other terms.
pub(super) fn topography(from: &Path) -> Result<Table> {
    let mut terms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows(from, "icdo3/topography-synonyms.tsv")? {
        terms.entry(row.get("code").into()).or_default().push(row.get("term").into());
    }
    for row in cells(from, "naaccr/codes/lookups-v26/primarySite.csv")? {
        if let [code, name, ..] = row.as_slice() {
            terms.entry(code.clone()).or_default().insert(0, name.clone());
        }
    }
    let paired: BTreeMap<String, String> = rows(from, "icdo3/paired-sites.tsv")?
        .iter()
        .map(|r| (r.get("code").to_owned(), r.get("rule").to_owned()))
        .collect();
    let mut text = head(
        "Topography",
        "ICD-O-3.2 (topography unchanged since ICD-O-3, 2000)",
        ORIGIN,
        "code	name	group	sex	side	other terms by |",
    );
    for row in rows(from, "icdo3/topography.tsv")? {
        let code = row.get("code");
        let mut seen = HashSet::from([row.get("name").to_lowercase()]);
        let others: Vec<String> = terms
            .remove(code)
            .unwrap_or_default()
            .into_iter()
            .filter(|t| !t.contains('|') && seen.insert(t.to_lowercase()))
            .collect();
        let side = paired.get(code).map_or("", |rule| if rule == "paired-2004" { "from 2004" } else { "yes" });
        let _ = writeln!(
            text,
            "{code}\t{}\t{}\t{}\t{side}\t{}",
            row.get("name"),
            row.get("group_name"),
            row.get("sex_only"),
            others.join("|")
        );
    }
    Ok(Table { path: "codes/topography.tsv", content: text.into_bytes() })
}

#[derive(Default)]
struct Morphology {
    preferred: String,
    sites: String,
    flags: BTreeSet<&'static str>,
    from: Option<u16>,
    to: Option<u16>,
    terms: Vec<Term>,
}

struct Term {
    text: String,
    words: Vec<String>,
    from: Option<u16>,
}

/// Morphology: every code of ICD-O-3.2, of 3.1 that left, of the site/type list and of the NAACCR guidelines.
pub(super) fn morphology(from: &Path) -> Result<Table> {
    let mut codes: BTreeMap<String, Morphology> = BTreeMap::new();
    for row in rows(from, "icdo3/morphology-32.tsv")? {
        let code = codes.entry(row.get("code").into()).or_default();
        code.preferred = row.get("preferred").into();
        code.sites = row.get("site_reference").trim_matches(['(', ')']).into();
        if !row.get("obsolete").is_empty() {
            code.flags.insert("obsolete");
        }
    }
    for row in rows(from, "icdo3/morphology-32-terms.tsv")? {
        codes.entry(row.get("code").into()).or_default().add(row.get("term"));
    }
    let mut never_all_dated: HashSet<String> = codes.keys().cloned().collect();
    for row in cells(from, "naaccr/codes/lookups-v26/histologicTypeIcdO3_allTerms.csv")? {
        let [histology, behavior, term, kind, ..] = row.as_slice() else { continue };
        let key = format!("{histology}/{behavior}");
        let code = codes.entry(key.clone()).or_default();
        let (text, year) = clean(term);
        if year.is_none() {
            never_all_dated.insert(key);
        }
        if kind == "preferred" && code.preferred.is_empty() {
            code.preferred = text;
            code.flags.insert("guidelines");
            code.from = year;
        } else {
            code.add(term);
        }
    }
    for row in rows(from, "icdo3/history/changes-31-to-32.tsv")? {
        let code = codes.entry(row.get("code").into()).or_default();
        if row.get("change") == "removed" {
            code.to = Some(2020);
            if code.preferred.is_empty() {
                code.preferred = row.get("name_31").into();
            }
            code.flags.remove("guidelines");
        } else {
            code.from = code.terms.iter().filter_map(|t| t.from).min().or(Some(2021));
        }
    }
    for (file, flag) in [("icdo3/morphology-not-in-32.tsv", "list"), ("icdo3/history/morphology-31.tsv", "")] {
        for row in rows(from, file)? {
            let known = codes.contains_key(row.get("code"));
            let code = codes.entry(row.get("code").into()).or_default();
            if !known {
                let name = if flag.is_empty() { row.get("preferred") } else { row.get("term") };
                code.preferred = name.into();
            }
            if !flag.is_empty() {
                code.flags.insert(flag);
                code.flags.remove("guidelines");
            }
        }
    }
    let mut text = head(
        "Morphology. Flags: obsolete, guidelines (NAACCR implementation guidelines, not an entry of 3.2), list (site/type list of 2022 only)",
        "ICD-O-3.2 of 9 September 2020, with 3.1 codes valid to 2020 and NAACCR guideline terms",
        ORIGIN,
        "code	name	sites	flags	from	to	other terms by |, a term's first year after @",
    );
    for (key, code) in &codes {
        let flags: Vec<&str> = code.flags.iter().copied().collect();
        let year = |y: Option<u16>| y.map(|y| y.to_string()).unwrap_or_default();
        let own = words(&code.preferred);
        let terms: Vec<String> = code
            .terms
            .iter()
            .filter(|t| t.words != own && !t.text.contains('|'))
            .map(|t| t.from.map_or(t.text.clone(), |y| format!("{}@{y}", t.text)))
            .collect();
        let _ = writeln!(
            text,
            "{key}\t{}\t{}\t{}\t{}\t{}\t{}",
            code.preferred,
            code.sites,
            flags.join(","),
            year(code.from),
            year(code.to),
            terms.join("|")
        );
    }
    Ok(Table { path: "codes/morphology.tsv", content: text.into_bytes() })
}

impl Morphology {
    /// Adds a term unless its words, in any order, are there.
    fn add(&mut self, term: &str) {
        let (text, from) = clean(term);
        let new = words(&text);
        match self.terms.iter_mut().find(|t| t.words == new) {
            Some(old) => old.from = old.from.and(from),
            None if !text.is_empty() => self.terms.push(Term { text, words: new, from }),
            None => {}
        }
    }
}

/// A term without site references and remarks, and the first year its remark states.
fn clean(term: &str) -> (String, Option<u16>) {
    let (mut text, mut from) = (term.trim().to_owned(), None);
    while let Some(close) = text.chars().last().filter(|c| "])".contains(*c)) {
        let open = if close == ']' { '[' } else { '(' };
        let Some(at) = text.rfind(open) else { break };
        let inside = &text[at + 1..text.len() - 1];
        let reference = inside.starts_with('C') && inside[1..].starts_with(|c: char| c.is_ascii_digit());
        if close == ')' && !reference && !inside.contains("M-") && !inside.starts_with("except") {
            break;
        }
        if close == ']' && inside.get(4..5) == Some("+") {
            from = inside[..4].parse().ok().or(from);
        }
        text.truncate(at);
        text.truncate(text.trim_end().len());
    }
    (text, from)
}

/// The words of a term in alphabetical order.
fn words(term: &str) -> Vec<String> {
    let mut words: Vec<String> = term
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    words.sort();
    words
}

/// The site/type list: a group of sites, then its morphologies as `8000/23` for 8000/2 and 8000/3.
pub(super) fn site_type(from: &Path) -> Result<Table> {
    let mut groups: Vec<(String, String, BTreeMap<String, BTreeSet<char>>)> = Vec::new();
    for row in rows(from, "icdo3/site-type-2022.tsv")? {
        let (sites, name) = (row.get("sites"), row.get("site_group"));
        let Some((histology, behavior)) = row.get("code").split_once('/') else { continue };
        if groups.last().is_none_or(|g| g.0 != sites || g.1 != name) {
            match groups.iter().position(|g| g.0 == sites && g.1 == name) {
                Some(at) => {
                    let group = groups.remove(at);
                    groups.push(group);
                }
                None => groups.push((sites.into(), name.into(), BTreeMap::new())),
            }
        }
        if let Some(group) = groups.last_mut() {
            group.2.entry(histology.into()).or_default().extend(behavior.chars());
        }
    }
    let mut text = head(
        "Accepted combinations of site and morphology",
        "SEER site/type validation list of 29 April 2022",
        "SEER Program, National Cancer Institute (public domain)",
        "sites	group	histology/behaviors",
    );
    for (sites, name, codes) in &groups {
        let codes: Vec<String> = codes.iter().map(|(h, b)| format!("{h}/{}", b.iter().collect::<String>())).collect();
        let _ = writeln!(text, "{sites}\t{name}\t{}", codes.join(" "));
    }
    Ok(Table { path: "codes/site-type.tsv", content: text.into_bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_remarks_leave_a_term_and_its_year_stays() {
        let (text, year) = clean("Trichoblastic carcinoma (C44._) [2022+]");
        assert_eq!((text.as_str(), year), ("Trichoblastic carcinoma", Some(2022)));
        let (text, year) = clean("Squamous intraepithelial neoplasia, grade III [SEE STANDARD]");
        assert_eq!((text.as_str(), year), ("Squamous intraepithelial neoplasia, grade III", None));
        assert_eq!(clean("Photodynamic therapy (PDT)").0, "Photodynamic therapy (PDT)");
    }
}
