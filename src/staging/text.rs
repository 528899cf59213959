//! A value as the tables see it: packed so that comparing it costs an integer comparison.
//!
//! The tables compare texts of equal length in code order, or compare numbers as 32-bit floats. Both are prepared
//! once for each value: up to eight ASCII characters fit a `u64` whose order is the texts' order, and the number is
//! kept as an integer that sorts as the float does.

/// What is worked out once about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The first eight bytes, big end first, zero padded; meaningful when `len <= 8` and not `odd`.
    pub packed: u64,
    /// The number as an ordered integer, 0 when the value is not a number.
    pub number: u32,
    /// Length in bytes, 255 when over eight.
    pub len: u8,
    /// The number is written with a decimal point.
    pub dot: bool,
    /// Has a character that cannot be packed (not ASCII, or NUL): compared the slow way.
    pub odd: bool,
    /// The number of a text of one to three digits, `NO_DIGITS` for other texts.
    pub digits: u16,
}

/// Says that a text is not one to three digits.
pub(crate) const NO_DIGITS: u16 = u16::MAX;

impl Facts {
    /// The facts of the empty text, which also stand for a value that is absent.
    pub const BLANK: Facts = Facts { packed: 0, number: 0, len: 0, dot: false, odd: false, digits: NO_DIGITS };

    /// Works out the facts of a text.
    pub fn of(text: &str) -> Facts {
        let bytes = text.as_bytes();
        let (packed, len, odd) = if bytes.len() <= 8 {
            let mut eight = [0u8; 8];
            let mut odd = 0u8;
            for (to, from) in eight.iter_mut().zip(bytes) {
                *to = *from;
                // NUL and everything beyond ASCII set the high bit.
                odd |= *from | from.wrapping_sub(1);
            }
            (u64::from_be_bytes(eight), bytes.len() as u8, odd & 0x80 != 0)
        } else {
            (0, 255, !text.is_ascii() || bytes.contains(&0))
        };
        let (number, dot) = match number(bytes) {
            Some((value, dot)) => (ordered(value), dot),
            None => (0, false),
        };
        let digits = match bytes {
            [a @ b'0'..=b'9'] => u16::from(a - b'0'),
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => u16::from(a - b'0') * 10 + u16::from(b - b'0'),
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
                u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0')
            }
            _ => NO_DIGITS,
        };
        Facts { packed, number, len, dot, odd, digits }
    }

    /// Whether the value is a number in the tables' sense.
    pub fn is_number(&self) -> bool {
        self.number != 0
    }
}

/// Reads a number as the tables do: an optional minus, ASCII digits, at most one point, not ending in a point.
/// The second answer is whether there is a point.
pub(crate) fn number(bytes: &[u8]) -> Option<(f32, bool)> {
    let digits = match bytes {
        [] => return None,
        [b'-', rest @ ..] => rest,
        all => all,
    };
    if digits.is_empty() || digits.last() == Some(&b'.') {
        return None;
    }
    let mut points = 0;
    let mut whole = 0u32;
    for byte in digits {
        match byte {
            b'0'..=b'9' => whole = whole.wrapping_mul(10).wrapping_add(u32::from(byte - b'0')),
            b'.' => points += 1,
            _ => return None,
        }
    }
    if points > 1 {
        return None;
    }
    // Seven digits are exact in a 32-bit float, so the sum above is the value.
    if points == 0 && digits.len() <= 7 {
        let value = whole as f32;
        return Some((if digits.len() < bytes.len() { -value } else { value }, false));
    }
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse::<f32>().ok().map(|value| (value, points == 1))
}

/// A float as an integer of the same order; both zeros are one. Never 0 for a number.
pub(crate) fn ordered(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    if bits & 0x8000_0000 != 0 { !bits } else { bits | 0x8000_0000 }
}

/// Cuts off everything up to the blank from both ends, as the reference engine does.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) if *first > b' ' && *last > b' ' => text,
        _ => text.trim_matches(|c: char| c <= ' '),
    }
}

/// Length in UTF-16 units, in which the official engine measures.
pub(crate) fn units(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// Whether `low <= value <= high` in the order of UTF-16 units.
pub(crate) fn between(low: &str, value: &str, high: &str) -> bool {
    if value.is_ascii() && low.is_ascii() && high.is_ascii() {
        low <= value && value <= high
    } else {
        low.encode_utf16().le(value.encode_utf16()) && value.encode_utf16().le(high.encode_utf16())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_has_digits_and_one_point_at_most() {
        for text in ["1", "001", "-5", ".5", "-.5", "0.1", "9999999999"] {
            assert!(Facts::of(text).is_number(), "{text}");
        }
        for text in ["", "-", ".", "5.", "+5", "1e5", " 5", "1.2.3", "--1", "٣", "XXX.1"] {
            assert!(!Facts::of(text).is_number(), "{text}");
        }
    }

    #[test]
    fn ordered_numbers_sort_as_floats() {
        let mut last = 0;
        for value in [-1e30, -5.0, -0.5, 0.0, 0.1, 1.0, 2018.0, 1e30] {
            assert!(ordered(value) > last);
            last = ordered(value);
        }
        assert_eq!(ordered(-0.0), ordered(0.0));
        assert_eq!(Facts::of("-0").number, Facts::of("000").number);
    }

    #[test]
    fn packed_texts_sort_as_texts_of_one_length() {
        assert!(Facts::of("C760").packed < Facts::of("C767").packed);
        assert!(Facts::of("C76A").packed > Facts::of("C767").packed);
        assert!(Facts::of("C\u{e9}").odd && Facts::of("a\0").odd && !Facts::of("~").odd);
    }

    #[test]
    fn control_characters_are_trimmed_like_blanks() {
        assert_eq!(trim("\t C509\u{1} "), "C509");
        assert_eq!(trim("\u{a0}x"), "\u{a0}x");
    }
}
