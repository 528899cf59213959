//! A set of codes: single codes, ranges of codes of equal length, ranges of numbers, and blank.
//!
//! Codes of up to eight characters are packed into a number, so that a question costs a binary search over
//! ranges and touches no text.

/// A value ready to be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Value<'a> {
    /// The text without blanks at its ends; empty when the item is blank.
    pub text: &'a str,
    key: u64,
}

impl<'a> Value<'a> {
    /// Takes a text; blanks at its ends do not count.
    pub fn of(text: &'a str) -> Value<'a> {
        let text = text.trim();
        Value { text, key: key(text) }
    }

    /// Whether there is nothing.
    pub fn is_blank(self) -> bool {
        self.text.is_empty()
    }
}

/// The first eight bytes, the first the most telling.
fn key(text: &str) -> u64 {
    let mut eight = [0u8; 8];
    for (to, from) in eight.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    u64::from_be_bytes(eight)
}

/// Why a set cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSet {
    /// The ends of a range have different lengths and are not numbers.
    #[error("the ends of the range {0}-{1} have different lengths; a range is compared as text of equal length")]
    Lengths(String, String),
    /// The ends stand the wrong way round.
    #[error("the range {0}-{1} is empty: its end comes before its start")]
    Empty(String, String),
    /// An end is too long.
    #[error("the range {0}-{1} is too long; ranges have at most eight characters")]
    TooLong(String, String),
}

/// A set of codes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodeSet {
    /// Packed ranges by length, low end first; sorted and apart from each other.
    packed: Vec<(u8, u64, u64)>,
    numbers: Vec<(f64, f64)>,
    long: Vec<String>,
    /// Whether blank belongs to it.
    pub has_blank: bool,
    written: Vec<String>,
}

impl CodeSet {
    /// Adds one code.
    pub fn add(&mut self, code: &str) {
        self.written.push(code.to_owned());
        match code.len() {
            0 => self.has_blank = true,
            1..=8 => self.pack(code.len() as u8, key(code), key(code)),
            _ => self.long.push(code.to_owned()),
        }
    }

    /// Adds blank.
    pub fn add_blank(&mut self) {
        self.written.push("blank".to_owned());
        self.has_blank = true;
    }

    /// Adds a range, both ends included.
    pub fn add_range(&mut self, low: &str, high: &str) -> Result<(), BadSet> {
        let ends = || (low.to_owned(), high.to_owned());
        let refuse = |kind: fn(String, String) -> BadSet| {
            let (low, high) = ends();
            Err(kind(low, high))
        };
        let numbers = number(low).zip(number(high));
        if low.len() != high.len() || low.contains('.') && numbers.is_some() {
            let Some((l, h)) = numbers else { return refuse(BadSet::Lengths) };
            if l > h {
                return refuse(BadSet::Empty);
            }
            self.numbers.push((l, h));
        } else if low.len() > 8 {
            return refuse(BadSet::TooLong);
        } else if low > high {
            return refuse(BadSet::Empty);
        } else {
            self.pack(low.len() as u8, key(low), key(high));
        }
        self.written.push(format!("{low}-{high}"));
        Ok(())
    }

    /// Adds all of another set.
    pub fn add_set(&mut self, other: &CodeSet) {
        for (length, low, high) in &other.packed {
            self.pack(*length, *low, *high);
        }
        self.numbers.extend(&other.numbers);
        self.long.extend(other.long.iter().cloned());
        self.has_blank |= other.has_blank;
        self.written.extend(other.written.iter().cloned());
    }

    /// Reads codes and ranges parted by commas; `blank` and an empty text between commas are blank.
    pub fn parse(text: &str) -> Result<CodeSet, BadSet> {
        let mut set = CodeSet::default();
        for part in text.split(',').map(str::trim) {
            match part.split_once('-') {
                _ if part.is_empty() || part == "blank" => set.add_blank(),
                Some((low, high)) if !low.is_empty() && !high.is_empty() => set.add_range(low.trim(), high.trim())?,
                _ => set.add(part),
            }
        }
        Ok(set)
    }

    fn pack(&mut self, length: u8, low: u64, high: u64) {
        self.packed.push((length, low, high));
        self.packed.sort_unstable();
        let mut joined: Vec<(u8, u64, u64)> = Vec::with_capacity(self.packed.len());
        for range in self.packed.drain(..) {
            match joined.last_mut() {
                Some(last) if last.0 == range.0 && range.1 <= last.2 => last.2 = last.2.max(range.2),
                _ => joined.push(range),
            }
        }
        self.packed = joined;
    }

    /// Whether a value that is not blank is in the set.
    pub fn holds(&self, value: Value<'_>) -> bool {
        let length = value.text.len();
        if length <= 8 && !self.packed.is_empty() {
            let at = self.packed.partition_point(|(l, low, _)| (usize::from(*l), *low) <= (length, value.key));
            if let Some((l, _, high)) = at.checked_sub(1).and_then(|at| self.packed.get(at))
                && usize::from(*l) == length
                && value.key <= *high
            {
                return true;
            }
        }
        if !self.numbers.is_empty()
            && let Some(number) = number(value.text)
        {
            return self.numbers.iter().any(|(low, high)| *low <= number && number <= *high);
        }
        length > 8 && self.long.iter().any(|code| code == value.text)
    }

    /// Whether nothing at all is in it.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty() && self.numbers.is_empty() && self.long.is_empty() && !self.has_blank
    }

    /// What was written, part by part.
    pub fn parts(&self) -> &[String] {
        &self.written
    }
}

/// A text of digits, with a point and more digits if need be, as a number.
pub(crate) fn number(text: &str) -> Option<f64> {
    let shape = |b: u8| b.is_ascii_digit() || b == b'.';
    (!text.is_empty() && text.bytes().all(shape) && text.as_bytes()[0] != b'.').then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn holds(set: &str, value: &str) -> bool {
        CodeSet::parse(set).unwrap().holds(Value::of(value))
    }

    #[test]
    fn ranges_take_codes_of_their_own_length_only() {
        assert!(holds("C500-C509,C619", "C504") && holds("C500-C509,C619", "C619"));
        assert!(!holds("C500-C509,C619", "C510") && !holds("C500-C509", "C50") && !holds("00-99", "0"));
        assert!(holds("00-14,20-22", "14") && !holds("00-14,20-22", "15") && holds("00-14,20-22", "20"));
        assert!(holds("1,2,9500-9520,95", "95") && !holds("1,2,9500-9520", "95"));
    }

    #[test]
    fn ranges_with_a_point_are_numbers() {
        assert!(holds("0.0-99.9", "5.0") && holds("0.0-99.9,XX.9", "XX.9") && !holds("0.0-99.9", "100.0"));
        assert!(!holds("0.0-99.9", "XX.1"));
        assert!(holds("XX.3-XX.6", "XX.5") && !holds("XX.3-XX.6", "XX.7"));
    }

    #[test]
    fn long_codes_are_compared_whole() {
        assert!(holds("cervix_9th_2021,breast", "cervix_9th_2021") && !holds("cervix_9th_2021", "cervix_9th_2022"));
    }

    #[test]
    fn faulty_ranges_say_why() {
        assert_eq!(CodeSet::parse("09-1").unwrap_err(), BadSet::Empty("09".into(), "1".into()));
        assert!(matches!(CodeSet::parse("C50-C619"), Err(BadSet::Lengths(..))));
        assert!(matches!(CodeSet::parse("C619-C500"), Err(BadSet::Empty(..))));
    }
}
