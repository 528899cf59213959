//! Whether a value has the length and shape its item asks for.

use crate::naaccr::item::{DataType, Item};
use crate::naaccr::problem::ProblemKind;

/// What is wrong with a value, as far as a dictionary can say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub too_long: bool,
    pub too_short: bool,
    pub bad_type: bool,
    pub leading_space: bool,
    pub trailing_space: bool,
}

impl Faults {
    /// Whether nothing is wrong.
    #[inline]
    pub fn none(self) -> bool {
        self == Faults::default()
    }

    /// The kinds, in the order they are reported.
    pub fn kinds(self) -> impl Iterator<Item = ProblemKind> {
        [
            (self.too_long, ProblemKind::TooLong),
            (self.too_short, ProblemKind::TooShort),
            (self.bad_type, ProblemKind::BadType),
            (self.leading_space, ProblemKind::LeadingSpace),
            (self.trailing_space, ProblemKind::TrailingSpace),
        ]
        .into_iter()
        .filter_map(|(is, kind)| is.then_some(kind))
    }
}

/// Checks a value's length, and its shape too if `shape` is asked for.
#[inline]
pub(crate) fn faults(item: &Item, value: &str, shape: bool) -> Faults {
    let mut found = Faults::default();
    let bytes = value.as_bytes();
    let most = item.length as usize;
    // A value has no more characters than bytes, so counting is only needed for the long ones.
    let characters = if bytes.len() > most { value.chars().count() } else { bytes.len() };
    found.too_long = characters > most && !item.unlimited_text;
    if !shape {
        return found;
    }
    match item.data_type {
        DataType::Text => {
            found.leading_space = bytes.first() == Some(&b' ') && !item.keeps_blanks;
            found.trailing_space = bytes.last() == Some(&b' ') && !item.keeps_blanks;
        }
        DataType::Digits => {
            found.bad_type = !bytes.iter().all(u8::is_ascii_digit);
            found.too_short = characters < most;
        }
        DataType::Alpha => {
            found.bad_type = !bytes.iter().all(u8::is_ascii_uppercase);
            found.too_short = characters < most;
        }
        DataType::Mixed => {
            found.bad_type = !bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
            found.too_short = characters < most;
        }
        DataType::Numeric => found.bad_type = !is_numeric(bytes),
        DataType::Date => found.bad_type = !is_date(bytes),
        DataType::DateTime => found.bad_type = !is_date_time(bytes),
    }
    found
}

/// What the rule broken is, in plain words.
pub(crate) fn rule(kind: ProblemKind, item: &Item, value: &str) -> String {
    let length = item.length;
    let has = || match value.chars().count() {
        1 => "1 character".to_owned(),
        n => format!("{n} characters"),
    };
    match kind {
        ProblemKind::TooLong => format!("{}, but {} may have {length} at most", has(), item.name),
        ProblemKind::TooShort => format!("{}, but {} must have exactly {length}", has(), item.name),
        ProblemKind::LeadingSpace => "the text begins with a blank".to_owned(),
        ProblemKind::TrailingSpace => "the text ends with a blank".to_owned(),
        _ => {
            let shape = match item.data_type {
                DataType::Digits => "must be digits only",
                DataType::Alpha => "must be capital letters A to Z only",
                DataType::Mixed => "must be capital letters A to Z and digits only",
                DataType::Numeric => "must be a number: digits, with a point and more digits if need be",
                DataType::Date => {
                    "must be a date as YYYYMMDD, YYYYMM or YYYY, year 1800 to 2099, without the parts that are not known"
                }
                DataType::DateTime => "must be a date such as 2020-01-15, with a time and an offset if need be",
                DataType::Text => "must be text",
            };
            format!("{} {shape}", item.name)
        }
    }
}

fn is_numeric(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |b| *b == b'.');
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    parts.next().is_some_and(digits) && parts.next().is_none_or(digits)
}

/// The number two digits stand for, if they are digits.
#[inline]
fn two(bytes: &[u8]) -> u8 {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => (a - b'0') * 10 + (b - b'0'),
        _ => u8::MAX,
    }
}

#[inline]
fn is_year(bytes: &[u8]) -> bool {
    matches!(two(&bytes[..2]), 18..=20) && two(&bytes[2..4]) < 100
}

#[inline]
pub(crate) fn is_date(bytes: &[u8]) -> bool {
    match bytes.len() {
        4 => is_year(bytes),
        6 => is_year(bytes) && matches!(two(&bytes[4..6]), 1..=12),
        8 => is_year(bytes) && matches!(two(&bytes[4..6]), 1..=12) && matches!(two(&bytes[6..8]), 1..=31),
        _ => false,
    }
}

/// `YYYY[-MM[-DD[Thh:mm:ss]]]`, then `Z` or an offset if need be; no part of a second.
fn is_date_time(bytes: &[u8]) -> bool {
    let Some((year, mut rest)) = bytes.split_at_checked(4) else { return false };
    if !is_year(year) {
        return false;
    }
    for (mark, part, highest, lowest) in [
        (b'-', "month", 12, 1),
        (b'-', "day", 31, 1),
        (b'T', "hour", 23, 0),
        (b':', "minute", 59, 0),
        (b':', "second", 59, 0),
    ] {
        let goes_on =
            rest.len() >= 3 && rest[0] == mark && (mark != b'-' || part == "day" || rest.get(3) != Some(&b':'));
        if !goes_on {
            if matches!(part, "minute" | "second") {
                return false;
            }
            break;
        }
        if !(lowest..=highest).contains(&two(&rest[1..3])) {
            return false;
        }
        rest = &rest[3..];
    }
    is_offset(rest)
}

/// Nothing, `Z`, or `+hh:mm` up to 14 hours.
fn is_offset(bytes: &[u8]) -> bool {
    match bytes {
        [] | [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let (hour, minute) = (two(&[*h1, *h2]), two(&[*m1, *m2]));
            hour < 14 && minute < 60 || hour == 14 && minute == 0
        }
        _ => false,
    }
}

/// Whether a text is an ISO 8601 date and time, with or without seconds, their parts and an offset.
pub(crate) fn is_time_generated(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((date, rest)) = bytes.split_at_checked(10) else { return false };
    let date_ok = date[..4].iter().all(u8::is_ascii_digit)
        && date[4] == b'-'
        && date[7] == b'-'
        && chrono::NaiveDate::parse_from_str(&text[..10], "%Y-%m-%d").is_ok();
    let Some((clock, mut rest)) = rest.split_at_checked(6) else { return false };
    let clock_ok = clock[0] == b'T' && two(&clock[1..3]) < 24 && clock[3] == b':' && two(&clock[4..6]) < 60;
    if !date_ok || !clock_ok {
        return false;
    }
    if rest.first() == Some(&b':') {
        if rest.len() < 3 || two(&rest[1..3]) > 59 {
            return false;
        }
        rest = &rest[3..];
        if rest.first() == Some(&b'.') {
            let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            rest = &rest[1 + digits..];
        }
    }
    is_offset(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::naaccr::dictionary::dictionary;
    use crate::naaccr::versions::Version;

    #[test]
    fn dates_and_times_have_the_shapes_of_the_standard() {
        for good in ["1800", "202012", "20991231", "20200230"] {
            assert!(is_date(good.as_bytes()), "{good}");
        }
        for bad in ["1799", "2100", "202013", "202000", "20200132", "2020011", "2020 ", "abcd", ""] {
            assert!(!is_date(bad.as_bytes()), "{bad}");
        }
        for good in [
            "2020",
            "2020-01",
            "2020-01-15",
            "2020-01-15Z",
            "2020-01-15T10:11:12",
            "2020-01-15T10:11:12Z",
            "2020-01-15T10:11:12+14:00",
            "2020-01-15T10:11:12-05:30",
            "2020-05:00",
        ] {
            assert!(is_date_time(good.as_bytes()), "{good}");
        }
        for bad in
            ["2020-1", "2020-01-15T10:11", "2020-01-15T10:11:12.5", "2020-01-15T10:11:12+", "20200115", "2020-13"]
        {
            assert!(!is_date_time(bad.as_bytes()), "{bad}");
        }
        for good in ["2024-08-23T09:11:35.497-04:00", "2024-08-23T09:11:35", "2024-08-23T09:11", "2024-08-23T09:11Z"] {
            assert!(is_time_generated(good), "{good}");
        }
        for bad in ["2024-08-23", "2024-02-30T09:11:35", "2024-08-23T24:11:35", "2024-08-23T09:11:", "x"] {
            assert!(!is_time_generated(bad), "{bad}");
        }
    }

    #[test]
    fn every_fault_of_a_value_is_found() {
        let text = dictionary(Version::V260).by_id("nameLast").unwrap();
        let found = faults(text, &format!(" {} ", "x".repeat(40)), true);
        assert_eq!(
            found.kinds().collect::<Vec<_>>(),
            [ProblemKind::TooLong, ProblemKind::LeadingSpace, ProblemKind::TrailingSpace]
        );
        assert!(faults(text, &"é".repeat(40), true).none());
        let digits = dictionary(Version::V260).by_id("patientIdNumber").unwrap();
        let found = faults(digits, "12x", true);
        assert_eq!(found.kinds().collect::<Vec<_>>(), [ProblemKind::TooShort, ProblemKind::BadType]);
        assert!(faults(digits, "12x", false).none());
    }
}
