//! The words of a query: spelling made even, abbreviations opened, codes told from words.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::table::{cells, lines};

const WORDS: &str = include_str!("../../../reference/codes/words.tsv");
const ORGANS: &str = include_str!("../../../reference/codes/organs.tsv");

/// At most this many readings of a query with several abbreviations.
const READINGS: usize = 12;

static MEANINGS: LazyLock<HashMap<&'static str, Vec<Vec<String>>>> = LazyLock::new(|| {
    lines(WORDS)
        .map(|line| {
            let [word, meanings] = cells::<2>(line);
            (word, meanings.split('|').map(split).collect())
        })
        .collect()
});

static SITES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    lines(ORGANS)
        .map(|line| {
            let [word, site] = cells::<2>(line);
            (word, site)
        })
        .collect()
});

/// The site that a word stands for, as `breast` for C509.
pub(super) fn organ(word: &str) -> Option<&'static str> {
    SITES.get(word).copied()
}

/// The words of a text in small letters, British spellings made American, plurals made single.
pub(super) fn split(text: &str) -> Vec<String> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfd().filter(|c| !('\u{300}'..'\u{370}').contains(c)).flat_map(char::to_lowercase).collect()
    };
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(even).collect()
}

fn even(word: &str) -> String {
    let mut word = word.to_owned();
    for (british, american) in [
        ("aemia", "emia"),
        ("haem", "hem"),
        ("oesoph", "esoph"),
        ("tumour", "tumor"),
        ("oedema", "edema"),
        ("caec", "cec"),
        ("phaeo", "pheo"),
        ("aemic", "emic"),
    ] {
        if word.contains(british) {
            word = word.replace(british, american);
        }
    }
    let plural =
        word.len() > 4 && word.ends_with('s') && !["ss", "us", "is", "as", "os"].iter().any(|e| word.ends_with(e));
    if plural && word.is_ascii() {
        word.pop();
    }
    word
}

/// One word of a query with what else it may be.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The words that satisfy it: the typed one first, then its single-word meanings.
    pub words: Vec<String>,
    /// It says left or right, which few terms do.
    pub is_side: bool,
}

/// A reading of a query: one choice for each abbreviation that stands for several words.
pub(super) type Reading = Vec<Wanted>;

/// The readings of a query's words, the literal one first.
pub(super) fn readings(words: &[String]) -> Vec<Reading> {
    let mut readings: Vec<Reading> = vec![Vec::new()];
    for word in words {
        let meanings = MEANINGS.get(word.as_str()).map_or(&[][..], Vec::as_slice);
        let mut one = vec![word.clone()];
        one.extend(meanings.iter().filter(|m| m.len() == 1).flatten().cloned());
        let is_side = one.iter().any(|w| matches!(w.as_str(), "left" | "right" | "bilateral"));
        let literal = Wanted { words: one, is_side };
        let longer: Vec<&Vec<String>> = meanings.iter().filter(|m| m.len() > 1).collect();
        let mut next: Vec<Reading> = Vec::with_capacity(readings.len() * (1 + longer.len()));
        for reading in &readings {
            let mut reading = reading.clone();
            reading.push(literal.clone());
            next.push(reading);
        }
        for meaning in longer {
            for reading in &readings {
                let mut reading = reading.clone();
                reading.extend(meaning.iter().map(|w| {
                    let mut words = vec![w.clone()];
                    let more = MEANINGS.get(w.as_str()).map_or(&[][..], Vec::as_slice);
                    words.extend(more.iter().filter(|m| m.len() == 1).flatten().cloned());
                    Wanted { words, is_side: false }
                }));
                next.push(reading);
            }
        }
        next.truncate(READINGS);
        readings = next;
    }
    readings
}

/// How far two words are apart in single letters, if at most `most`.
pub(super) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut best = i + 1;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let left = row.get(j).copied().unwrap_or(usize::MAX - 1);
            let value = (corner + usize::from(x != y)).min(above + 1).min(left + 1);
            corner = above;
            best = best.min(value);
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = value;
            }
        }
        if best > most {
            return None;
        }
    }
    row.last().copied().filter(|d| *d <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_made_even() {
        assert_eq!(split("Tumours of the OESOPHAGUS"), ["tumor", "of", "the", "esophagus"]);
        assert_eq!(split("Leukaemia, T-cell"), ["leukemia", "t", "cell"]);
        assert_eq!(split("Ménière—ﬁ"), ["meniere", "ﬁ"]);
        assert_eq!(split("  ,;"), Vec::<String>::new());
    }

    #[test]
    fn abbreviations_open_into_readings() {
        let readings = readings(&split("nsclc lung"));
        let words: Vec<Vec<&str>> =
            readings.iter().map(|r| r.iter().filter_map(|w| w.words.first()).map(String::as_str).collect()).collect();
        assert_eq!(words, [vec!["nsclc", "lung"], vec!["non", "small", "cell", "carcinoma", "lung"]]);
    }

    #[test]
    fn readings_are_bounded() {
        let words = vec!["scc".to_owned(); 40];
        assert!(readings(&words).len() <= READINGS);
    }

    #[test]
    fn slips_of_a_letter_are_measured() {
        assert_eq!(distance("carcinoma", "carcnoma", 1), Some(1));
        assert_eq!(distance("melanoma", "melanoma", 1), Some(0));
        assert_eq!(distance("lung", "liver", 1), None);
    }
}
