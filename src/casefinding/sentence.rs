//! Sections cut into specimens, specimens into sentences.

use std::ops::Range;

/// A specimen of a section: its name and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specimen {
    /// Where its name stands: from the label to the first colon; empty when there is none.
    pub name: Range<usize>,
    /// Where its text stands, the name included.
    pub range: Range<usize>,
}

/// The specimens of `text[range]`.
pub(super) fn specimens(text: &str, range: Range<usize>) -> Vec<Specimen> {
    let whole = text.get(range.clone()).unwrap_or("");
    let range = range.start + (whole.len() - whole.trim_start().len())..range.end;
    let mut starts = vec![range.start];
    let mut fresh = true;
    for (at, c) in text.get(range.clone()).unwrap_or("").char_indices() {
        let at = range.start + at;
        if fresh && !c.is_whitespace() {
            if at > range.start && is_label(text.get(at..range.end).unwrap_or("")) {
                starts.push(at);
            }
            fresh = false;
        }
        if matches!(c, '\n' | '.' | ';') {
            fresh = true;
        }
    }
    let ends = starts.iter().skip(1).copied().chain([range.end]);
    let mut found: Vec<Specimen> = Vec::new();
    for (start, end) in starts.iter().copied().zip(ends) {
        let part = text.get(start..end).unwrap_or("");
        // A label's own stop does not end the name.
        let label = if is_label(part.trim_start()) { part.len() - part.trim_start().len() + 3 } else { 0 };
        let body = part.get(label..).unwrap_or("");
        let stop = body
            .find(':')
            .filter(|at| {
                *at < 200
                    && !body.get(..*at).unwrap_or("").contains([';', '\n'])
                    && !body.get(..*at).unwrap_or("").contains(". ")
            })
            .or_else(|| [body.find('\n'), body.find(". ")].into_iter().flatten().min().filter(|at| *at < 120));
        let name = start..stop.map_or(start, |at| start + label + at);
        found.push(Specimen { name, range: start..end });
    }
    found
}

/// `A.`, `B)`, `PART 2`, `Specimen 1:` and the like, then a name.
fn is_label(rest: &str) -> bool {
    let mut chars = rest.chars();
    let (first, second, third) = (chars.next(), chars.next(), chars.next());
    if first.is_some_and(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        && second.is_some_and(|c| matches!(c, '.' | ')' | ':'))
        && third.is_some_and(char::is_whitespace)
        && chars.find(|c| !c.is_whitespace()).is_some_and(char::is_alphabetic)
    {
        return true;
    }
    let head: String = rest.chars().take(14).collect::<String>().to_ascii_lowercase();
    ["part ", "specimen ", "specimen #"].iter().any(|word| {
        head.strip_prefix(word).is_some_and(|after| {
            let label: String = after.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            (1..=2).contains(&label.len())
                && after.chars().nth(label.len()).is_some_and(|c| matches!(c, ':' | '.' | ')' | ' ' | ','))
        })
    })
}

/// The sentences of `text[range]`.
pub(super) fn sentences(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let part = text.get(range.clone()).unwrap_or("");
    let bytes = part.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut line_start) = (0, 0);
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied();
        let ends = match byte {
            b'.' => next.is_none_or(|b| b.is_ascii_whitespace()) && !is_abbreviation(part.get(start..at).unwrap_or("")),
            b'!' | b'?' | b';' => true,
            b'\n' => {
                let line = part.get(line_start..at).unwrap_or("").trim_end();
                let after = part.get(at + 1..).unwrap_or("");
                line_start = at + 1;
                breaks(line, after)
            }
            _ => false,
        };
        if ends {
            found.push(range.start + start..range.start + at);
            start = at + 1;
        }
    }
    found.push(range.start + start..range.end);
    found.retain(|r| r.len() > 1);
    found
}

/// Whether a line's end is the end of what it says: lines are wrapped at any width.
fn breaks(line: &str, after: &str) -> bool {
    let last = line.rsplit(|c: char| c.is_whitespace()).next().unwrap_or("").to_ascii_lowercase();
    if line.ends_with(',')
        || matches!(
            last.as_str(),
            "for" | "of" | "or" | "and" | "no" | "with" | "the" | "a" | "in" | "by" | "to" | "is" | "not"
        )
    {
        return false;
    }
    let rest = after.trim_start_matches([' ', '\t']);
    let first = rest.chars().next();
    line.is_empty()
        || line.ends_with([':', '.'])
        || first.is_none_or(|c| c == '\n' || matches!(c, '-' | '*' | '•'))
        || is_label(rest)
        || (line.chars().count() < 50 && first.is_some_and(|c| c.is_uppercase() || c.is_ascii_digit()))
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    matches!(word.to_ascii_lowercase().as_str(), "vs" | "dr" | "approx" | "eg" | "ie" | "e" | "cf" | "st")
        || (word.chars().count() == 1 && word.chars().all(|c| c.is_ascii_uppercase()) && before.len() <= 2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn specimens_and_sentences_are_told_apart() {
        let text = "A. PROSTATE, LEFT: Benign.\nB. PROSTATE, RIGHT: Cancer, 3.5 cm. No\nspread.";
        let found = specimens(text, 0..text.len());
        assert_eq!(
            found.iter().map(|s| &text[s.name.clone()]).collect::<Vec<_>>(),
            ["A. PROSTATE, LEFT", "B. PROSTATE, RIGHT"]
        );
        let said: Vec<&str> = sentences(text, found[1].range.clone()).into_iter().map(|r| text[r].trim()).collect();
        assert_eq!(said, ["B. PROSTATE, RIGHT: Cancer, 3.5 cm", "No\nspread"]);
    }
}
