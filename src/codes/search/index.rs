//! An inverted index over terms: which terms hold all the words of a query, and how well.

use std::collections::HashMap;

use super::words::{Reading, distance, split};

/// A term to be found.
#[derive(Debug)]
struct Doc {
    entry: u32,
    text: &'static str,
    words: f32,
    preferred: bool,
}

#[derive(Debug, Clone, Copy)]
struct Posting {
    doc: u32,
    /// The word is the term's first.
    first: bool,
    /// The word stands in the term itself, not in what is implied by its code.
    own: bool,
}

/// An index of the terms of a table's entries.
#[derive(Debug, Default)]
pub(super) struct Index {
    vocabulary: Vec<Box<str>>,
    postings: Vec<Vec<Posting>>,
    docs: Vec<Doc>,
}

/// A found term.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub entry: u32,
    pub text: &'static str,
    pub preferred: bool,
    /// From 0 to about 1.
    pub score: f32,
}

/// Collects terms for an [`Index`].
#[derive(Default)]
pub(super) struct Builder {
    words: HashMap<Box<str>, Vec<Posting>>,
    docs: Vec<Doc>,
}

/// Words that say nothing about which code it is.
const EMPTY: [&str; 12] = ["nos", "of", "the", "and", "or", "in", "with", "to", "a", "by", "for", "not"];

impl Builder {
    /// Adds a term of an entry; `implied` are words its code stands for that the term does not say.
    pub fn add(&mut self, entry: u32, text: &'static str, preferred: bool, implied: &[&str]) {
        let doc = u32::try_from(self.docs.len()).unwrap_or(u32::MAX);
        let mut weight = 0.0;
        let mut seen: Vec<String> = Vec::new();
        for (at, word) in split(text).into_iter().enumerate() {
            if seen.contains(&word) {
                continue;
            }
            weight += if EMPTY.contains(&word.as_str()) { 0.15 } else { 1.0 };
            let postings = self.words.entry(word.as_str().into()).or_default();
            postings.push(Posting { doc, first: at == 0, own: true });
            seen.push(word);
        }
        for word in implied.iter().flat_map(|w| split(w)).filter(|w| !seen.contains(w)).collect::<Vec<_>>() {
            let postings = self.words.entry(word.as_str().into()).or_default();
            if postings.last().is_none_or(|p| p.doc != doc) {
                postings.push(Posting { doc, first: false, own: false });
            }
        }
        self.docs.push(Doc { entry, text, words: f32::max(weight, 0.5), preferred });
    }

    pub fn index(self) -> Index {
        let mut words: Vec<(Box<str>, Vec<Posting>)> = self.words.into_iter().collect();
        words.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let (vocabulary, postings) = words.into_iter().unzip();
        Index { vocabulary, postings, docs: self.docs }
    }
}

/// How a word of the query was met by a term.
#[derive(Clone, Copy, Default)]
struct Met {
    weight: f32,
    own: bool,
    first: bool,
}

/// What a term has met of a query so far.
#[derive(Clone, Copy, Default)]
struct Sum {
    weight: f32,
    own: f32,
    required: u8,
    spared: u8,
}

impl Index {
    /// Every term that holds the words of a reading. Words no term has are met by near spellings; those still unmet,
    /// and those `spare` says, may be absent.
    pub fn find(&self, reading: &Reading, spare: impl Fn(usize) -> bool) -> Vec<Found> {
        let mut sums: Vec<Sum> = vec![Sum::default(); self.docs.len()];
        let mut met: Vec<Met> = vec![Met::default(); self.docs.len()];
        let (mut required, mut spared, mut asked) = (0_u8, 0_u8, 0_u8);
        let mut touched: Vec<u32> = Vec::new();
        for (at, wanted) in reading.iter().enumerate().take(12) {
            touched.clear();
            for (alternative, word) in wanted.words.iter().enumerate() {
                self.meet(word, if alternative == 0 { 1.0 } else { 0.92 }, &mut met, &mut touched);
            }
            if touched.is_empty() {
                self.meet_nearly(wanted.words.first().map_or("", String::as_str), &mut met, &mut touched);
            }
            if touched.is_empty() {
                continue;
            }
            asked += 1;
            let may_be_absent = spare(at) || wanted.is_side;
            required += u8::from(!may_be_absent);
            spared += u8::from(may_be_absent);
            for doc in &touched {
                let at = usize::try_from(*doc).unwrap_or(usize::MAX);
                let (Some(hit), Some(sum)) = (met.get_mut(at), sums.get_mut(at)) else { continue };
                sum.weight += hit.weight + if hit.first { 0.04 } else { 0.0 };
                sum.own += if hit.own { 1.0 } else { 0.0 };
                *(if may_be_absent { &mut sum.spared } else { &mut sum.required }) += 1;
                *hit = Met::default();
            }
        }
        if asked == 0 {
            return Vec::new();
        }
        let asked = f32::from(u8::try_from(reading.len().min(12)).unwrap_or(12));
        sums.iter()
            .zip(&self.docs)
            .filter(|(sum, _)| sum.weight > 0.0 && sum.required >= required)
            .map(|(sum, doc)| {
                // A word that may be absent counts almost as if it were there.
                let quality = (sum.weight + 0.8 * f32::from(spared - sum.spared)) / asked;
                let coverage = (sum.own / doc.words).min(1.0);
                Found {
                    entry: doc.entry,
                    text: doc.text,
                    preferred: doc.preferred,
                    score: 0.6 * quality + 0.4 * coverage,
                }
            })
            .collect()
    }

    /// A word is met by itself, or (from two letters on) by words it begins.
    fn meet(&self, word: &str, weight: f32, met: &mut [Met], touched: &mut Vec<u32>) {
        let from = self.vocabulary.partition_point(|w| w.as_ref() < word);
        for (have, postings) in self.vocabulary.iter().zip(&self.postings).skip(from) {
            if !have.starts_with(word) {
                break;
            }
            let whole = have.len() == word.len();
            if !whole && word.len() < 2 {
                break;
            }
            let length = |s: &str| f32::from(u16::try_from(s.len()).unwrap_or(u16::MAX));
            let part = if whole { 1.0 } else { 0.6 + 0.3 * length(word) / length(have) };
            self.touch(postings, weight * part, met, touched);
        }
    }

    /// Words one letter apart, from eight letters on two.
    fn meet_nearly(&self, word: &str, met: &mut [Met], touched: &mut Vec<u32>) {
        let most = match word.len() {
            0..=4 => return,
            5..=7 => 1,
            _ => 2,
        };
        for (have, postings) in self.vocabulary.iter().zip(&self.postings) {
            if let Some(apart) = distance(word, have, most) {
                self.touch(postings, if apart <= 1 { 0.6 } else { 0.45 }, met, touched);
            }
        }
    }

    fn touch(&self, postings: &[Posting], weight: f32, met: &mut [Met], touched: &mut Vec<u32>) {
        for posting in postings {
            let Some(hit) = met.get_mut(usize::try_from(posting.doc).unwrap_or(usize::MAX)) else { continue };
            if hit.weight == 0.0 {
                touched.push(posting.doc);
            }
            let weight = if posting.own { weight } else { weight * 0.7 };
            if weight > hit.weight {
                *hit = Met { weight, own: posting.own, first: posting.first };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::words::{readings, split};
    use super::*;

    fn index() -> Index {
        let mut builder = Builder::default();
        builder.add(0, "Infiltrating duct carcinoma, NOS", true, &["breast"]);
        builder.add(0, "Ductal carcinoma", false, &["breast"]);
        builder.add(1, "Intraductal carcinoma", true, &["breast", "in situ"]);
        builder.add(2, "Adenocarcinoma", true, &[]);
        builder.index()
    }

    fn best(query: &str) -> Option<u32> {
        let mut found = index().find(readings(&split(query)).first().unwrap(), |_| false);
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found.first().map(|f| f.entry)
    }

    #[test]
    fn words_are_found_in_any_order_by_their_beginnings_and_in_spite_of_a_slip() {
        assert_eq!(best("carcinoma duct infilt"), Some(0));
        assert_eq!(best("adenocarcnoma"), Some(2));
        assert_eq!(best("situ carcinoma"), Some(1));
        assert_eq!(best("adenocarcinoma breast duct"), None);
        assert_eq!(best("zzz"), None);
    }
}
