//! The grammar of the cells: what an INPUT cell accepts and what an ENDPOINT cell does.
//!
//! An INPUT cell is `*`, or parts between commas; an empty part accepts a blank; a part of two pieces around a dash
//! is a range when the pieces are equally long, or both numbers, or one is a `{{reference}}`; everything else is a
//! text to be met exactly. An ENDPOINT cell is `TYPE` or `TYPE:value`.

use super::text::{Facts, between, number, ordered, trim, units};

/// What an INPUT cell accepts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    /// Accepts anything, also a blank.
    pub any: bool,
    /// What it accepts otherwise.
    pub parts: Box<[Part]>,
}

/// One part of an INPUT cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Part {
    /// Exactly this text; `""` is a blank.
    Exactly(Box<str>),
    /// Texts of the same length from the first to the second.
    Texts(Box<str>, Box<str>),
    /// Numbers from the first to the second (as ordered integers); a value with a point only if a bound has one.
    Numbers {
        /// The least, ordered.
        low: u32,
        /// The greatest, ordered.
        high: u32,
        /// A bound is written with a point.
        dot: bool,
    },
    /// Bounds that name a key of the context.
    Referring(Box<str>, Box<str>),
}

/// Finds the value of a key named by a `{{reference}}`.
pub(crate) trait Resolve {
    /// The value, `""` if there is none.
    fn resolve(&self, key: &str) -> &str;
}

impl Cell {
    /// Reads a cell.
    pub fn parse(text: &str) -> Cell {
        if text == "*" {
            return Cell { any: true, parts: Box::new([]) };
        }
        Cell { any: false, parts: text.split(',').map(Part::parse).collect() }
    }

    /// The keys of the context the cell names.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.parts
            .iter()
            .flat_map(|part| match part {
                Part::Referring(low, high) => [reference(low), reference(high)],
                _ => [None, None],
            })
            .flatten()
    }

    /// Whether the cell accepts the value.
    pub fn accepts(&self, text: &str, facts: &Facts, context: &impl Resolve) -> bool {
        self.any || self.parts.iter().any(|part| part.accepts(text, facts, context))
    }
}

impl Part {
    fn parse(text: &str) -> Part {
        let mut pieces: Vec<&str> = text.split('-').collect();
        while pieces.len() > 1 && pieces.last() == Some(&"") {
            pieces.pop();
        }
        if let [low, high] = pieces[..] {
            let (low, high) = (trim(low), trim(high));
            if is_reference(low) || is_reference(high) {
                return Part::Referring(low.into(), high.into());
            }
            if let Some(range) = Part::range(low, high) {
                return range;
            }
        }
        let text = trim(text);
        if is_reference(text) { Part::Referring(text.into(), text.into()) } else { Part::Exactly(text.into()) }
    }

    /// The range from `low` to `high`, if they can bound one.
    fn range(low: &str, high: &str) -> Option<Part> {
        if low == high {
            return Some(Part::Exactly(low.into()));
        }
        if let (Some((from, dot)), Some((to, dot_too))) = (number(low.as_bytes()), number(high.as_bytes())) {
            return Some(Part::Numbers { low: ordered(from), high: ordered(to), dot: dot || dot_too });
        }
        (units(low) == units(high)).then(|| Part::Texts(low.into(), high.into()))
    }

    fn accepts(&self, text: &str, facts: &Facts, context: &impl Resolve) -> bool {
        match self {
            Part::Exactly(wanted) => **wanted == *text,
            Part::Texts(low, high) => units(low) == units(text) && between(low, text, high),
            Part::Numbers { low, high, dot } => {
                facts.is_number() && (*dot || !facts.dot) && (*low..=*high).contains(&facts.number)
            }
            Part::Referring(low, high) => {
                let low = reference(low).map_or(&**low, |key| context.resolve(key));
                let high = reference(high).map_or(&**high, |key| context.resolve(key));
                Part::range(low, high).is_some_and(|range| range.accepts(text, facts, context))
            }
        }
    }
}

/// Whether a text as a whole is a `{{reference}}`.
fn is_reference(text: &str) -> bool {
    text.starts_with("{{") && text.ends_with("}}")
}

/// The key a `{{reference}}` names.
pub(crate) fn reference(text: &str) -> Option<&str> {
    text.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).filter(|key| !key.contains(['\n', '\r']))
}

/// What an ENDPOINT cell does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act<'a> {
    /// Writes a text, or the value of a key when it is a `{{reference}}`.
    Value(&'a str),
    /// Takes the key out of the context.
    Remove,
    /// Does nothing: the row is valid.
    Match,
    /// Ends this mapping's tables.
    Stop,
    /// Runs another table.
    Jump(&'a str),
    /// Reports; the text may be empty.
    Error(&'a str),
}

/// Reads an ENDPOINT cell; none when its type is not known or a JUMP names no table.
pub(crate) fn endpoint(text: &str) -> Option<Act<'_>> {
    let (kind, value) = match text.split_once(':') {
        Some((kind, value)) => (trim(kind), Some(trim(value))),
        None => (trim(text), None),
    };
    Some(match (kind, value) {
        ("VALUE", Some(value)) => Act::Value(value),
        ("VALUE", None) => Act::Remove,
        ("MATCH", _) => Act::Match,
        ("STOP", _) => Act::Stop,
        ("JUMP", Some(table)) if !table.is_empty() => Act::Jump(table),
        ("ERROR", text) => Act::Error(text.unwrap_or("")),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Year;
    impl Resolve for Year {
        fn resolve(&self, key: &str) -> &str {
            if key == "ctx_year_current" { "2026" } else { "" }
        }
    }

    fn accepts(cell: &str, value: &str) -> bool {
        Cell::parse(cell).accepts(value, &Facts::of(value), &Year)
    }

    #[test]
    fn an_empty_part_accepts_only_a_blank() {
        assert!(accepts("", "") && !accepts("", "1"));
        assert!(accepts("1,", "") && accepts("1,", "1") && accepts(",1", ""));
        assert!(accepts("*", "") && accepts("*", "x"));
    }

    #[test]
    fn numbers_are_compared_without_regard_to_width() {
        assert!(accepts("001-010", "5") && accepts("001-010", "0005"));
        assert!(!accepts("001-010", "5.0") && accepts("0.1-9999.9", "5") && accepts("0.1-9999.9", "5.0"));
        assert!(!accepts("1.5", "001.5"));
    }

    #[test]
    fn the_year_may_be_named() {
        assert!(accepts("2018-{{ctx_year_current}},9999", "2026") && accepts("2018-{{ctx_year_current}}", "02020"));
        assert!(!accepts("2018-{{ctx_year_current}},9999", "2027"));
        assert!(accepts("{{ctx_year_current}}", "2026") && !accepts("2018-{{nothing}}", "2020"));
    }

    #[test]
    fn a_dash_at_the_end_belongs_to_the_text() {
        assert!(accepts("p0I-", "p0I-") && !accepts("p0I-", "p0I") && accepts("N0(mol-)", "N0(mol-)"));
        assert!(accepts("C760-C767", "C763") && !accepts("C760-C767", "C7630"));
        assert!(accepts("-5", "-5") && accepts("-", "-") && accepts(" - ", ""));
    }

    #[test]
    fn texts_beyond_ascii_are_measured_as_the_official_engine_does() {
        assert!(accepts("A0-Z0", "B\u{e9}") && !accepts("A0-Z0", "B\u{1F600}"));
    }

    #[test]
    fn endpoints_are_read_with_and_without_a_value() {
        assert_eq!(endpoint("VALUE: {{x}}"), Some(Act::Value("{{x}}")));
        assert_eq!(endpoint("VALUE:"), Some(Act::Value("")));
        assert_eq!(endpoint("VALUE"), Some(Act::Remove));
        assert_eq!(endpoint("ERROR:a:b"), Some(Act::Error("a:b")));
        assert_eq!(endpoint("JUMP:"), None);
        assert_eq!(endpoint("value:x"), None);
    }
}
