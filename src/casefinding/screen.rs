//! Screening: which words of a report are diagnoses, how each is said, and whether the report is to be reported.
//!
//! For each section, specimen and sentence: diagnoses and context words are found (longest phrase, whole words). A
//! diagnosis is *denied* by a denial before it in its clause or behind it, else *of the past* or *of the family*, else
//! *doubted* or *suspected* by the nearest such word, else *said*. What is said or suspected in a deciding section is put to the
//! reportability rules with the specimen's site. The report is reportable when one specimen is.

use std::ops::Range;

use super::message::{Message, Status};
use super::place::{site_of, site_of_icd};
use super::report::{Report, SectionKind};
use super::rules::{Case, Reportable, Rules};
use super::sentence::{sentences, specimens};
use super::vocabulary::{Code, Meaning, Vocabulary};
use super::words::Word;

/// Words after a diagnosis that make it the name of an office, a test or a plan.
const OFFICES: [&str; 12] = [
    "screening",
    "screen",
    "surveillance",
    "center",
    "registry",
    "protocol",
    "staging",
    "society",
    "risk",
    "panel",
    "antigen",
    "program",
];

/// How a word that was found counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A reportable diagnosis that is said.
    Positive,
    /// A reportable diagnosis after a word that counts as one.
    Suspected,
    /// A diagnosis after a word that does not count.
    Doubted,
    /// A diagnosis that is denied.
    Negated,
    /// A diagnosis of the past.
    History,
    /// A diagnosis of the family.
    Family,
    /// A diagnosis that the rules do not collect.
    NotReportable,
    /// A diagnosis in a section that does not decide.
    Aside,
    /// A word that denies.
    Negation,
    /// A word of doubt or suspicion.
    Ambiguous,
    /// Helps sorting only.
    Clue,
}

impl Kind {
    /// The word for it in files and on pages.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Positive => "positive",
            Kind::Suspected => "suspected",
            Kind::Doubted => "doubted",
            Kind::Negated => "negated",
            Kind::History => "history",
            Kind::Family => "family",
            Kind::NotReportable => "not-reportable",
            Kind::Aside => "aside",
            Kind::Negation => "negation",
            Kind::Ambiguous => "ambiguous",
            Kind::Clue => "clue",
        }
    }
}

/// A word that counted, with its place in the report's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Its place.
    pub range: Range<usize>,
    /// How it counted.
    pub kind: Kind,
}

/// A tumor that is suspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspicion {
    /// Site, `C504`, or empty.
    pub site: String,
    /// Histology.
    pub histology: String,
    /// Behavior.
    pub behavior: String,
    /// What the rules say of it.
    pub reportable: Reportable,
    /// Why, a sentence.
    pub because: String,
}

/// What screening found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screening {
    /// Yes, no, or for a person.
    pub reportable: Reportable,
    /// Why, a sentence.
    pub because: String,
    /// The words that counted, in order.
    pub terms: Vec<Term>,
    /// What is suspected, the most telling first.
    pub suspicions: Vec<Suspicion>,
}

/// What is known beside the text.
#[derive(Debug, Clone, Copy, Default)]
struct Beside<'b> {
    year: Option<u16>,
    site: Option<&'static str>,
    cytology: bool,
    sex: &'b str,
}

/// Screens a message by the registry's rules, its own first.
pub fn screen(message: &Message, rules: &[&Rules]) -> Screening {
    if message.is_cancelled() {
        return Screening {
            reportable: Reportable::No,
            because: "The laboratory cancelled the report.".into(),
            terms: Vec::new(),
            suspicions: Vec::new(),
        };
    }
    let live = message.orders.iter().filter(|o| o.status != Status::Cancelled);
    let reasons: Vec<&str> = live.clone().flat_map(|o| o.reasons.iter().map(String::as_str)).collect();
    let cytology = live.clone().all(|o| {
        let service = o.service.to_ascii_lowercase();
        ["cytolog", "47527-7", "33716-2", "33717-0", "10524-7", "pap smear"].iter().any(|w| service.contains(w))
    });
    let beside = Beside {
        year: message.year(),
        site: reasons.iter().find_map(|c| site_of_icd(c, message.sex)),
        cytology,
        sex: message.sex,
    };
    let mut found = screened(&message.report, beside, rules);
    let listed = reasons.iter().find(|c| super::icd::is_listed(c));
    if found.reportable == Reportable::No
        && let Some(code) = listed
        && !found.terms.iter().any(|t| t.kind == Kind::NotReportable)
        && !super::icd::is_skin(code)
    {
        found.reportable = Reportable::Review;
        found.because =
            format!("The report names no reportable tumor, but its reason {code} is on the casefinding list.");
    }
    found
}

/// Screens plain text, headings and all.
pub fn screen_text(text: &str, year: Option<u16>, rules: &[&Rules]) -> (Report, Screening) {
    let report = Report::from_plain(text);
    let found = screened(&report, Beside { year, ..Beside::default() }, rules);
    (report, found)
}

fn screened(report: &Report, beside: Beside<'_>, rules: &[&Rules]) -> Screening {
    let text = report.text.as_str();
    let decided = report.sections.iter().any(|s| matches!(s.kind, SectionKind::Diagnosis | SectionKind::Synoptic));
    let origin =
        report.sections.iter().filter(|s| s.kind == SectionKind::Specimen).find_map(|s| site_of(report.section(s)));
    let lower = text.get(..400.min(text.len())).unwrap_or("").to_ascii_lowercase();
    let cytology =
        beside.cytology || ["cytology", "pap smear", "brushing", "washing"].iter().any(|w| lower.contains(w));
    let beside = Beside { cytology, ..beside };
    let mut state = State { text, rules, beside, origin, terms: Vec::new(), suspicions: Vec::new() };
    let mut last_site = None;
    for section in &report.sections {
        let weight = match section.kind {
            SectionKind::History => Weight::Past,
            SectionKind::Specimen | SectionKind::Gross => Weight::Aside,
            SectionKind::Microscopic | SectionKind::Other if decided => Weight::Hint,
            kind if kind.decides() || !decided => Weight::Decides,
            _ => Weight::Hint,
        };
        for specimen in specimens(text, report.body(section)) {
            let named = site_of(text.get(specimen.name.clone()).unwrap_or(""));
            if section.kind == SectionKind::Diagnosis && named.is_some() {
                last_site = named;
            }
            for sentence in sentences(text, specimen.range.clone()) {
                state.sentence(sentence, weight, named.or(last_site));
            }
        }
    }
    state.finish()
}

/// What a section's words are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Decides,
    /// For a person, when nothing that decides says the same.
    Hint,
    Aside,
    Past,
}

struct State<'s> {
    text: &'s str,
    rules: &'s [&'s Rules],
    beside: Beside<'s>,
    origin: Option<&'static str>,
    terms: Vec<Term>,
    suspicions: Vec<(u32, Suspicion)>,
}

/// A phrase of a sentence: what it means and which words it takes.
struct Piece<'v> {
    meaning: &'v Meaning,
    from: usize,
    to: usize,
}

impl State<'_> {
    fn sentence(&mut self, range: Range<usize>, weight: Weight, named: Option<&'static str>) {
        let vocabulary = Vocabulary::get();
        let base = range.start;
        let sentence = self.text.get(range).unwrap_or("");
        let words = vocabulary.phrases.words_of(sentence);
        let pieces = pieces(vocabulary, &words);
        let place = |piece: &Piece<'_>| {
            let start = words.get(piece.from).map_or(0, |w| w.start);
            let end = piece.to.checked_sub(1).and_then(|at| words.get(at)).map_or(start, |w| w.end);
            base + start..base + end
        };
        for (at, piece) in pieces.iter().enumerate() {
            let kind = match piece.meaning {
                Meaning::Diagnosis(codes) => {
                    // A diagnosis that names the specimen itself is its name.
                    let own = site_of(sentence).filter(|s| !s.starts_with("C44") && !s.starts_with("C77"));
                    let said = self.how(sentence, &words, &pieces, at);
                    let site = named.or(self.origin).or(own);
                    self.diagnosis(codes, said, weight, site, sentence, &words, piece)
                }
                Meaning::Deny(_) | Meaning::Denied | Meaning::Denial => Kind::Negation,
                Meaning::Suspect | Meaning::Doubt => Kind::Ambiguous,
                Meaning::Clue => Kind::Clue,
                Meaning::Past | Meaning::Kin | Meaning::Stop | Meaning::Ignore => continue,
            };
            let range = place(piece);
            self.terms.push(Term { range, kind });
        }
    }

    /// How the diagnosis at `at` is said: `None` when it is simply said.
    fn how(&self, sentence: &str, words: &[Word], pieces: &[Piece<'_>], at: usize) -> Option<Kind> {
        let own = pieces.get(at)?;
        let gap = |a: usize, b: usize| {
            let start = a.checked_sub(1).and_then(|a| words.get(a)).map_or(0, |w| w.end);
            let end = words.get(b).map_or(start, |w| w.start);
            sentence.get(start..end.max(start)).unwrap_or("")
        };
        // Behind: denials close by, over a colon; words of doubt and suspicion.
        for piece in pieces.iter().skip(at + 1) {
            let between = gap(own.to, piece.from);
            let near = piece.from.saturating_sub(own.to);
            match piece.meaning {
                Meaning::Denied if near <= 5 && (near == 0 || !between.contains([',', ';'])) => {
                    let bare = words.get(piece.from).is_some_and(|w| {
                        matches!(
                            sentence.get(w.start..w.end).unwrap_or("").to_ascii_lowercase().as_str(),
                            "no" | "none" | "negative" | "absent"
                        )
                    }) && piece.to - piece.from == 1;
                    if !bare
                        || (near == 0 && gap(own.to, piece.from).contains([':', '=', '-']))
                        || self.ends_sentence(words, piece.to) && near == 0
                    {
                        return Some(Kind::Negated);
                    }
                }
                Meaning::Doubt
                    if near <= 3 && !between.contains([',', ';', ':']) && self.is_predicate(sentence, words, piece) =>
                {
                    return Some(Kind::Doubted);
                }
                Meaning::Deny(_) if near <= 1 => break,
                Meaning::Stop => break,
                Meaning::Suspect if near <= 3 && self.is_predicate(sentence, words, piece) => {
                    return self
                        .before(sentence, words, pieces, at)
                        .filter(|k| *k == Kind::Negated)
                        .or(Some(Kind::Suspected));
                }
                Meaning::Diagnosis(_)
                    if near <= 2 && (between.contains("and") || between.contains("or") || between.contains('/')) => {}
                Meaning::Diagnosis(_) => break,
                _ => {}
            }
        }
        self.before(sentence, words, pieces, at)
    }

    fn ends_sentence(&self, words: &[Word], to: usize) -> bool {
        to >= words.len()
    }

    /// A word of doubt behind a diagnosis speaks of it in `carcinoma cannot be excluded`, `carcinoma is suspected`.
    fn is_predicate(&self, sentence: &str, words: &[Word], piece: &Piece<'_>) -> bool {
        let said = |at: usize| {
            words.get(at).map(|w| sentence.get(w.start..w.end).unwrap_or("").to_ascii_lowercase()).unwrap_or_default()
        };
        let before = piece.from.checked_sub(1).map(said).unwrap_or_default();
        let first = said(piece.from);
        matches!(before.as_str(), "is" | "are" | "was" | "were" | "be" | "remains")
            || matches!(
                first.as_str(),
                "cannot" | "can" | "could" | "not" | "is" | "are" | "possible" | "favored" | "suspected"
            )
            || piece.to >= words.len()
    }

    fn before(&self, sentence: &str, words: &[Word], pieces: &[Piece<'_>], at: usize) -> Option<Kind> {
        let own = pieces.get(at)?;
        let mut found = None;
        let mut reach = own.from;
        for piece in pieces.iter().take(at).rev() {
            let start = piece.to.checked_sub(1).and_then(|a| words.get(a)).map_or(0, |w| w.end);
            let end = words.get(reach).map_or(start, |w| w.start);
            let between = sentence.get(start..end.max(start)).unwrap_or("");
            if breaks_clause(between, sentence.get(end..).unwrap_or("")) {
                break;
            }
            reach = piece.from;
            let distance = own.from.saturating_sub(piece.to);
            match piece.meaning {
                Meaning::Deny(limit) if limit.is_none_or(|l| distance <= l) => return Some(Kind::Negated),
                // The list goes on: "negative for dysplasia or malignancy or lymphoma".
                Meaning::Denial if distance <= 1 => return Some(Kind::Negated),
                Meaning::Stop => return found,
                Meaning::Kin if found.is_none() => found = Some(Kind::Family),
                Meaning::Past if found.is_none() || found == Some(Kind::Suspected) => found = Some(Kind::History),
                Meaning::Doubt if found.is_none() && distance <= 8 => found = Some(Kind::Doubted),
                Meaning::Suspect if found.is_none() && distance <= 8 => found = Some(Kind::Suspected),
                _ => {}
            }
        }
        found
    }

    #[allow(clippy::too_many_arguments)]
    fn diagnosis(
        &mut self,
        codes: &[Code],
        said: Option<Kind>,
        weight: Weight,
        site: Option<&'static str>,
        sentence: &str,
        words: &[Word],
        piece: &Piece<'_>,
    ) -> Kind {
        if weight == Weight::Past {
            return if said == Some(Kind::Family) { Kind::Family } else { Kind::History };
        }
        if let Some(kind @ (Kind::Negated | Kind::History | Kind::Family | Kind::Doubted)) = said {
            return kind;
        }
        if weight == Weight::Aside {
            return Kind::Aside;
        }
        let year = self.beside.year;
        let valid = |c: &&Code| {
            year.is_none_or(|y| c.from.is_none_or(|f| f <= y) && c.to.is_none_or(|t| y <= t))
                && (year.is_some() || c.to.is_none())
        };
        let Some(code) = codes.iter().find(valid).or_else(|| codes.first()) else { return Kind::Clue };
        let next = |n: usize| words.get(n).map_or("", |w| sentence.get(w.start..w.end).unwrap_or(""));
        if OFFICES.iter().any(|w| next(piece.to).eq_ignore_ascii_case(w)) {
            return Kind::Clue;
        }
        let in_situ = next(piece.to).eq_ignore_ascii_case("in") && next(piece.to + 1).eq_ignore_ascii_case("situ")
            || piece.from >= 2
                && next(piece.from - 2).eq_ignore_ascii_case("in")
                && next(piece.from - 1).eq_ignore_ascii_case("situ")
            || piece.from >= 1 && next(piece.from - 1).eq_ignore_ascii_case("noninvasive")
            || piece.from >= 2
                && next(piece.from - 2).eq_ignore_ascii_case("non")
                && next(piece.from - 1).eq_ignore_ascii_case("invasive");
        let behavior = if in_situ && code.behavior == "3" { "2" } else { code.behavior };
        let metastatic = matches!(behavior, "6")
            || (1..=2).any(|n| piece.from >= n && next(piece.from - n).eq_ignore_ascii_case("metastatic"));
        let site = if metastatic { None } else { self.site(site, code) };
        let case = Case { site: site.unwrap_or(""), histology: code.histology, behavior, year, class: None };
        let mut decision = Rules::decide(self.rules, &case);
        if decision.reportable == Reportable::Yes && said == Some(Kind::Suspected) && self.beside.cytology {
            decision.reportable = Reportable::Review;
            decision.because = "Cytology alone with a word of suspicion is no diagnosis; look for the biopsy.".into();
        }
        if weight == Weight::Hint && decision.reportable == Reportable::Yes {
            decision.reportable = Reportable::Review;
            decision.because = "Said outside the final diagnosis.".into();
        }
        if decision.reportable == Reportable::No {
            // Benign tumors are everywhere: only one that would be malignant elsewhere is worth a line.
            return if matches!(behavior, "0" | "1") { Kind::Clue } else { Kind::NotReportable };
        }
        let vague = matches!(code.histology, "8000" | "8001" | "8010");
        let rank = u32::from(decision.reportable != Reportable::Yes) * 100
            + u32::from(metastatic) * 20
            + u32::from(vague) * 10
            + u32::from(behavior != "3") * 2
            + u32::from(said.is_some());
        let review = decision.reportable != Reportable::Yes;
        self.suspicions.push((
            rank,
            Suspicion {
                site: site.unwrap_or("").to_owned(),
                histology: code.histology.to_owned(),
                behavior: if behavior == "6" || behavior == "9" { "3".into() } else { behavior.to_owned() },
                reportable: decision.reportable,
                because: decision.because,
            },
        ));
        match (weight, said, review) {
            (Weight::Hint, _, _) => Kind::Aside,
            (_, Some(Kind::Suspected), _) => Kind::Suspected,
            _ => Kind::Positive,
        }
    }

    /// The site of a diagnosis: the specimen's, made finer by the message's code, else what the term implies.
    fn site(&self, site: Option<&'static str>, code: &Code) -> Option<&'static str> {
        let implied = implied_site(code);
        let brain = |s: &str| {
            s.starts_with("C70")
                || s.starts_with("C71")
                || s.starts_with("C72")
                || matches!(s, "C751" | "C752" | "C753")
        };
        let blood = code.histology >= "9800" && code.histology <= "9993" || code.histology == "9732";
        if blood {
            return Some("C421");
        }
        match (site, self.beside.site) {
            (Some(site), Some(coded)) if site.get(..3) == coded.get(..3) && site.ends_with('9') => Some(coded),
            (Some("C449"), Some(coded)) if coded.starts_with("C44") => Some(coded),
            // A skin region without the word skin is a region only for tumors of the skin.
            (Some(site), coded) if site.starts_with("C44") && implied.is_some_and(brain) => {
                coded.filter(|s| brain(s)).or(implied)
            }
            (Some(site), _) => Some(site),
            (None, Some(coded)) => Some(coded),
            (None, None) => implied,
        }
        .filter(|s| {
            self.beside.sex.is_empty() || crate::codes::site(s).is_none_or(|s| s.fits_sex(Some(self.beside.sex)))
        })
    }

    fn finish(mut self) -> Screening {
        self.terms.sort_by_key(|t| (t.range.start, t.range.end));
        self.suspicions.sort_by_key(|(rank, _)| *rank);
        let mut suspicions: Vec<Suspicion> = Vec::new();
        for (_, one) in self.suspicions {
            let known = suspicions.iter().any(|s| {
                let same_site = s.site == one.site || one.site.is_empty() || s.site.get(..3) == one.site.get(..3);
                let same_kind =
                    s.histology == one.histology || matches!(one.histology.as_str(), "8000" | "8001" | "8010");
                same_site && (same_kind || s.site.get(..3) == one.site.get(..3))
            });
            if !known {
                suspicions.push(one);
            }
        }
        let (reportable, because) = match suspicions.first() {
            Some(first) => (first.reportable, first.because.clone()),
            None => {
                let has = |kind: Kind| self.terms.iter().any(|t| t.kind == kind);
                let because = if has(Kind::NotReportable) {
                    "The tumor named is one that is not collected."
                } else if has(Kind::Doubted) {
                    "The words before the diagnosis do not count as one."
                } else if has(Kind::Negated) {
                    "The diagnoses named are denied."
                } else if has(Kind::History) || has(Kind::Family) {
                    "The diagnoses named are of the past or of the family."
                } else {
                    "No diagnosis of a reportable tumor is named."
                };
                (Reportable::No, because.to_owned())
            }
        };
        Screening { reportable, because, terms: self.terms, suspicions }
    }
}

/// The site a term implies, `C70._` as its unspecified site; for tumors of meninges and glia that name none, the brain.
fn implied_site(code: &Code) -> Option<&'static str> {
    let group = code.sites.get(..3).unwrap_or("");
    let group = if group.is_empty() {
        match code.histology {
            h if ("9530"..="9539").contains(&h) => "C70",
            h if ("9380"..="9480").contains(&h) => "C71",
            _ => return None,
        }
    } else {
        group
    };
    let fine = code.sites.get(4..5).filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    crate::codes::sites()
        .iter()
        .map(|s| s.code)
        .find(|s| s.starts_with(group) && s.get(3..) == Some(fine.unwrap_or("9")))
}

/// The phrases of a sentence, left to right, the longest at each place.
fn pieces<'v>(vocabulary: &'v Vocabulary, words: &[Word]) -> Vec<Piece<'v>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = words.get(at..).filter(|r| !r.is_empty()) {
        let Some((number, length)) = vocabulary.phrases.longest(rest) else {
            at += 1;
            continue;
        };
        if let Some(meaning) = usize::try_from(number).ok().and_then(|n| vocabulary.meanings.get(n)) {
            found.push(Piece { meaning, from: at, to: at + length });
        }
        at += length;
    }
    found
}

/// Whether what stands between a word and a diagnosis ends the clause. A comma ends it unless the list goes on to an
/// "or", "and" or "nor".
fn breaks_clause(between: &str, after: &str) -> bool {
    if between.contains([';', ':']) || between.contains(" - ") {
        return true;
    }
    if !between.contains(',') {
        return false;
    }
    let joined = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric())
            .take(12)
            .any(|w| ["or", "and", "nor"].iter().any(|j| w.eq_ignore_ascii_case(j)))
    };
    let last = between.rsplit(',').next().unwrap_or("");
    !(joined(last) || joined(after))
}

#[cfg(test)]
mod tests;
