//! Reading codes as numbers, dates as parts, lists of codes as ranges.

/// A text of exactly `length` digits as a number.
pub(super) fn digits(text: &str, length: usize) -> Option<u16> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// `C619` as 619; nothing else.
pub(super) fn site(text: &str) -> Option<u16> {
    digits(text.strip_prefix('C')?, 3)
}

/// A histology of four digits.
pub(super) fn histology(text: &str) -> Option<u16> {
    digits(text, 4)
}

/// A behavior of one digit.
pub(super) fn behavior(text: &str) -> Option<u16> {
    digits(text, 1)
}

/// The year a date begins with.
pub(super) fn year(date: &str) -> Option<u16> {
    digits(date.get(..4)?, 4)
}

/// Numbers and inclusive ranges of them: `9050-9055,9140`; letters before the digits are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers(Vec<(u16, u16)>);

impl Numbers {
    pub(super) fn of(list: &str) -> Numbers {
        let number = |text: &str| text.trim().trim_start_matches('C').parse::<u16>().ok();
        let mut ranges: Vec<(u16, u16)> = list
            .split(',')
            .filter_map(|part| {
                let (low, high) = part.split_once('-').unwrap_or((part, part));
                Some((number(low)?, number(high)?))
            })
            .collect();
        ranges.sort_unstable();
        Numbers(ranges)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn holds(&self, number: u16) -> bool {
        let until = self.0.partition_point(|(low, _)| *low <= number);
        // Ranges may overlap, so an earlier one may hold the number too.
        self.0.get(..until).is_some_and(|ranges| ranges.iter().rev().any(|(_, high)| number <= *high))
    }

    /// Each number at which membership may change.
    pub(super) fn bounds(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().flat_map(|(low, high)| [*low, high.saturating_add(1)])
    }
}

/// Codes and inclusive ranges of codes compared as text: `C81-C96,D36`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Codes(Vec<(&'static str, &'static str)>);

impl Codes {
    pub(super) fn of(list: &'static str) -> Codes {
        Codes(
            list.split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| part.split_once('-').unwrap_or((part, part)))
                .collect(),
        )
    }

    pub(super) fn holds(&self, code: &str) -> bool {
        self.0.iter().any(|(low, high)| *low <= code && code <= *high)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_whole_codes_are_numbers() {
        assert_eq!(site("C619"), Some(619));
        for wrong in ["C61", "c619", "619", "C6190", "C61X", "", "C+19"] {
            assert_eq!(site(wrong), None, "{wrong}");
        }
        assert_eq!(histology("8140"), Some(8140));
        assert_eq!(histology("814"), None);
        assert_eq!(year("20240101"), Some(2024));
        assert_eq!(year("é0é"), None);
    }

    #[test]
    fn overlapping_ranges_all_count() {
        let list = Numbers::of("C000-C809, C100-C110");
        assert!(list.holds(500) && list.holds(105) && !list.holds(810));
        assert!(Codes::of("C81-C96,D36").holds("C90") && !Codes::of("C81-C96,D36").holds("D37"));
    }
}
