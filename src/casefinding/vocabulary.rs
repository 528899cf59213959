//! What screening listens for: terms of ICD-O-3.2, our own words, the phrase lists, and words that change their meaning.

use std::sync::LazyLock;

use super::words::Phrases;
use crate::codes::table::{cells, head, lines};
use crate::codes::{Head, morphologies};

const CONTEXT: &str = include_str!("../../reference/casefinding/context.tsv");
const DIAGNOSES: &str = include_str!("../../reference/casefinding/diagnoses.tsv");
const PHRASES: &str = include_str!("../../reference/casefinding/phrases.tsv");
const AMBIGUOUS: &str = include_str!("../../reference/casefinding/ambiguous.tsv");

/// A morphology a phrase may stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code {
    pub histology: &'static str,
    pub behavior: &'static str,
    /// The site the term implies (`C70._`), or empty.
    pub sites: &'static str,
    pub from: Option<u16>,
    pub to: Option<u16>,
    /// Lower is asked first.
    rank: u8,
}

/// What a phrase means.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// A diagnosis; the codes it may stand for.
    Diagnosis(Vec<Code>),
    /// Denies what follows, to the end of the clause or as many words.
    Deny(Option<usize>),
    /// Denies what stands before it.
    Denied,
    /// Words that count as a diagnosis.
    Suspect,
    /// Words that do not.
    Doubt,
    /// Of the past.
    Past,
    /// Of the family.
    Kin,
    /// Ends what stands before.
    Stop,
    /// Means nothing, though words of it would.
    Ignore,
    /// A whole phrase that denies what it holds.
    Denial,
    /// Helps sorting, decides nothing.
    Clue,
}

pub(super) struct Vocabulary {
    pub phrases: Phrases,
    pub meanings: Vec<Meaning>,
}

/// Words of ICD-O terms that stand in reports as headings and not as a diagnosis.
const HEADINGS: [&str; 8] =
    ["tumor", "neoplasm", "unclassified tumor", "blastoma", "epithelial tumor", "soft tissue tumor", "cyst", "polyp"];

impl Vocabulary {
    /// The vocabulary, made once.
    pub fn get() -> &'static Vocabulary {
        static ALL: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::made);
        &ALL
    }

    fn made() -> Vocabulary {
        let mut all = Vocabulary { phrases: Phrases::new(), meanings: Vec::new() };
        for line in lines(CONTEXT) {
            let [kind, phrase, reach] = cells::<3>(line);
            let meaning = match kind {
                "deny" => Meaning::Deny(reach.parse().ok()),
                "denied" => Meaning::Denied,
                "suspect" => Meaning::Suspect,
                "doubt" => Meaning::Doubt,
                "past" => Meaning::Past,
                "kin" => Meaning::Kin,
                "stop" => Meaning::Stop,
                _ => Meaning::Ignore,
            };
            all.add(phrase, meaning);
        }
        for line in lines(AMBIGUOUS) {
            let [counts, term] = cells::<2>(line);
            all.add(term, if counts == "yes" { Meaning::Suspect } else { Meaning::Doubt });
        }
        for line in lines(DIAGNOSES) {
            let [code, words] = cells::<2>(line);
            let Some((histology, behavior)) = code.split_once('/') else { continue };
            let code = Code { histology, behavior, sites: implied(histology, behavior), from: None, to: None, rank: 0 };
            words.split('|').for_each(|phrase| all.diagnosis(phrase, code));
        }
        all.terms_of_icdo();
        for line in lines(PHRASES) {
            let [kind, phrase] = cells::<2>(line);
            let meaning = match kind {
                "diagnosis" => Meaning::Diagnosis(vec![Code {
                    histology: "8000",
                    behavior: "3",
                    sites: "",
                    from: None,
                    to: None,
                    rank: 9,
                }]),
                "denial" => Meaning::Denial,
                _ => Meaning::Clue,
            };
            all.add(phrase, meaning);
        }
        all
    }

    /// A phrase with its meaning, unless it has one.
    fn add(&mut self, phrase: &str, meaning: Meaning) {
        let number = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        if self.phrases.add(phrase, number) == Some(number) {
            self.meanings.push(meaning);
        }
    }

    /// A diagnosis; a phrase may stand for several codes.
    fn diagnosis(&mut self, phrase: &str, code: Code) {
        let number = u32::try_from(self.meanings.len()).unwrap_or(u32::MAX);
        match self.phrases.add(phrase, number) {
            Some(stands) if stands == number => self.meanings.push(Meaning::Diagnosis(vec![code])),
            Some(stands) => {
                if let Some(Meaning::Diagnosis(codes)) =
                    usize::try_from(stands).ok().and_then(|s| self.meanings.get_mut(s))
                {
                    codes.push(code);
                    codes.sort_by_key(|c| c.rank);
                }
            }
            None => {}
        }
    }

    fn terms_of_icdo(&mut self) {
        for code in morphologies() {
            let standing = u8::from(code.standing.list_only)
                + u8::from(code.standing.guidelines)
                + u8::from(code.standing.obsolete);
            let names = [(code.name, None)].into_iter().chain(code.terms.iter().map(|t| (t.text, t.from)));
            for (at, (term, from)) in names.enumerate() {
                let rank = 1 + standing * 2 + u8::from(at > 0);
                let one = Code {
                    histology: code.histology,
                    behavior: code.behavior,
                    sites: code.sites,
                    from: from.or(code.from),
                    to: code.to,
                    rank,
                };
                for phrase in spellings(term) {
                    if !HEADINGS.contains(&phrase.as_str()) {
                        self.diagnosis(&phrase, one);
                    }
                }
            }
        }
    }
}

/// The site an own word implies: that of the ICD-O code.
fn implied(histology: &str, behavior: &str) -> &'static str {
    crate::codes::morphology(histology, behavior).map_or("", |m| m.sites)
}

/// A term of ICD-O as reports write it: without NOS and parentheses, and with what stands behind a comma in front.
fn spellings(term: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in term.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let lower = plain.to_lowercase();
    let parts: Vec<&str> =
        lower.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "nos" && *p != "usual type").collect();
    let mut found = vec![parts.join(" ")];
    match parts.as_slice() {
        [a, b] => found.push(format!("{b} {a}")),
        [a, b, c] => {
            found.push(format!("{b} {a} {c}"));
            found.push(format!("{c} {b} {a}"));
            found.push(format!("{b} {c} {a}"));
        }
        _ => {}
    }
    for at in 0..found.len() {
        let one = found.get(at).cloned().unwrap_or_default();
        for (from, to) in [
            ("infiltrating duct ", "invasive ductal "),
            ("duct carcinoma", "ductal carcinoma"),
            ("neurilemoma", "schwannoma"),
        ] {
            if one.contains(from) {
                found.push(one.replace(from, to));
            }
        }
    }
    found.retain(|f| f.chars().count() >= 3);
    found
}

/// Edition and origin of the tables of casefinding.
pub fn editions() -> Vec<Head> {
    let place = super::place::edition();
    [CONTEXT, DIAGNOSES, PHRASES, AMBIGUOUS].map(head).into_iter().chain([place, super::icd::edition()]).collect()
}
