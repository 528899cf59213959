//! Texts cut into words with their places, and a tree of phrases over words: one pass, whole words, any case.

use std::collections::HashMap;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Number of the word in the tree; 0 for one that no phrase has.
    pub id: u32,
    pub start: usize,
    pub end: usize,
}

/// Words as they are compared: lower case, without apostrophes, one spelling, the plural taken off.
fn folded(raw: &str, into: &mut String) {
    into.clear();
    for c in raw.chars().filter(|c| !matches!(c, '\'' | '’')) {
        into.extend(c.to_lowercase());
    }
    for (from, to) in
        [("tumour", "tumor"), ("aemia", "emia"), ("haem", "hem"), ("oesoph", "esoph"), ("oedema", "edema")]
    {
        if into.contains(from) {
            *into = into.replace(from, to);
        }
    }
    match into.as_str() {
        "ii" => *into = "2".into(),
        "iii" => *into = "3".into(),
        "iv" => *into = "4".into(),
        _ => {
            let plural = into.len() > 4
                && into.ends_with('s')
                && !into.ends_with("ss")
                && !into.ends_with("us")
                && !into.ends_with("is");
            if plural {
                into.pop();
            }
        }
    }
}

/// What is written as one word and means two.
const SPLIT: [(&str, &[&str]); 6] = [
    ("noninvasive", &["non", "invasive"]),
    ("insitu", &["in", "situ"]),
    ("highgrade", &["high", "grade"]),
    ("lowgrade", &["low", "grade"]),
    ("nonkeratinizing", &["non", "keratinizing"]),
    ("microinvasive", &["invasive"]),
];

/// Phrases over words, each with a number of the caller's.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    words: HashMap<String, u32>,
    next: HashMap<(u32, u32), u32>,
    /// By node: the phrase that ends there, plus one.
    ends: Vec<u32>,
}

impl Phrases {
    pub fn new() -> Phrases {
        Phrases { ends: vec![0], ..Phrases::default() }
    }

    /// Adds a phrase; the first of equal phrases stays. Answers the number that stands.
    pub fn add(&mut self, phrase: &str, number: u32) -> Option<u32> {
        let mut node = 0;
        let mut any = false;
        let mut spelled = Vec::new();
        each_word(phrase, |word, _, _| spelled.push(word.to_owned()));
        for word in spelled {
            any = true;
            let fresh = u32::try_from(self.words.len()).unwrap_or(u32::MAX - 1) + 1;
            let id = *self.words.entry(word).or_insert(fresh);
            let new = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            node = *self.next.entry((node, id)).or_insert_with(|| {
                self.ends.push(0);
                new
            });
        }
        let end = self.ends.get_mut(usize::try_from(node).unwrap_or(0)).filter(|_| any)?;
        if *end == 0 {
            *end = number + 1;
        }
        Some(*end - 1)
    }

    /// The words of a text.
    pub fn words_of(&self, text: &str) -> Vec<Word> {
        let mut found = Vec::with_capacity(text.len() / 6);
        each_word(text, |word, start, end| {
            found.push(Word { id: self.words.get(word).copied().unwrap_or(0), start, end });
        });
        found
    }

    /// The longest phrase that begins with the first of these words: its number and how many words it has.
    pub fn longest(&self, words: &[Word]) -> Option<(u32, usize)> {
        let (mut node, mut best) = (0, None);
        for (at, word) in words.iter().enumerate() {
            if word.id == 0 {
                break;
            }
            let Some(next) = self.next.get(&(node, word.id)) else { break };
            node = *next;
            match self.ends.get(usize::try_from(node).unwrap_or(0)) {
                Some(0) | None => {}
                Some(end) => best = Some((*end - 1, at + 1)),
            }
        }
        best
    }
}

fn each_word(text: &str, mut tell: impl FnMut(&str, usize, usize)) {
    let mut spelled = String::new();
    let mut start = None;
    let mut one = |from: usize, to: usize| {
        folded(text.get(from..to).unwrap_or(""), &mut spelled);
        match SPLIT.iter().find(|(word, _)| *word == spelled) {
            Some((_, parts)) => parts.iter().for_each(|p| tell(p, from, to)),
            None if spelled.is_empty() => {}
            None => tell(&spelled, from, to),
        }
    };
    for (at, c) in text.char_indices() {
        let inside = c.is_alphanumeric() || (start.is_some() && matches!(c, '\'' | '’'));
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                one(from, at);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        one(from, text.len());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_longest_phrase_of_whole_words_is_found() {
        let mut phrases = Phrases::new();
        phrases.add("carcinoma", 1);
        phrases.add("carcinoma in situ", 2);
        phrases.add("Bowen's disease", 3);
        phrases.add("CIN III", 4);
        let found = |text: &str| phrases.longest(&phrases.words_of(text));
        assert_eq!(found("Carcinomas in-situ of"), Some((2, 3)));
        assert_eq!(found("carcinoma in the"), Some((1, 1)));
        assert_eq!(found("carcinomatosis"), None);
        assert_eq!(found("BOWENS DISEASE"), Some((3, 2)));
        assert_eq!(found("CIN 3"), Some((4, 2)));
    }
}
