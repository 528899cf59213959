//! Dates as the SEER algorithms read them: parts that may be unknown, and days counted.

use std::cmp::Ordering;

/// A date in parts, each `None` when unknown. DateParts need not be in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DateParts {
    /// Year.
    pub year: Option<i32>,
    /// Month.
    pub month: Option<i32>,
    /// Day of the month.
    pub day: Option<i32>,
}

impl DateParts {
    /// A date as it is written, without a day or month that the calendar does not have.
    pub fn of(text: &str) -> DateParts {
        DateParts::read(text).in_calendar()
    }

    /// A date written with 4, 6 or 8 characters. What is not a number is unknown, and so is the day of an unknown month.
    pub(super) fn read(text: &str) -> DateParts {
        let part = |from: usize, to: usize, unknown: i32| {
            let text = text.get(from..to)?;
            let number: i32 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
            (number != unknown).then_some(number)
        };
        let length = text.len();
        let year = if matches!(length, 4 | 6 | 8) { part(0, 4, 9999) } else { None };
        let month = if matches!(length, 6 | 8) { part(4, 6, 99) } else { None };
        let day = if length == 8 && month.is_some() { part(6, 8, 99) } else { None };
        DateParts { year, month, day }
    }

    /// Without a day the month does not have; without a month the year does not have.
    pub(super) fn in_calendar(self) -> DateParts {
        match (self.year, self.month, self.day) {
            (_, Some(month), _) if !(1..=12).contains(&month) => DateParts { month: None, day: None, ..self },
            (Some(year), Some(month), Some(day)) if !(1..=days_in_month(year, month)).contains(&day) => {
                DateParts { day: None, ..self }
            }
            _ => self,
        }
    }

    /// The day's number, when all parts are known.
    pub fn number(self) -> Option<i32> {
        Some(day_number(self.year?, self.month?, self.day?))
    }

    /// `YYYY`, `YYYYMM` or `YYYYMMDD`, as far as it is known.
    pub fn text(self) -> String {
        match (self.year, self.month, self.day) {
            (None, _, _) => String::new(),
            (Some(year), None, _) => format!("{year:04}"),
            (Some(year), Some(month), None) => format!("{year:04}{month:02}"),
            (Some(year), Some(month), Some(day)) => format!("{year:04}{month:02}{day:02}"),
        }
    }

    pub(super) fn is_full(self) -> bool {
        self.year.is_some() && self.month.is_some() && self.day.is_some()
    }

    pub(super) fn is_of_year(self, year: i32) -> bool {
        self.year == Some(year)
    }

    /// By year, month and day as far as both know them; what then decides is up to the caller.
    pub(super) fn compare_known(self, other: DateParts) -> Compared {
        for (one, other) in [(self.year, other.year), (self.month, other.month), (self.day, other.day)] {
            match (one, other) {
                (Some(one), Some(other)) => match one.cmp(&other) {
                    Ordering::Less => return Compared::Earlier,
                    Ordering::Greater => return Compared::Later,
                    Ordering::Equal => {}
                },
                _ => return Compared::Undecided,
            }
        }
        Compared::Undecided
    }

    /// The comparator of section 4: known parts first, then the sequence number.
    pub(super) fn compare(self, sequence: i32, other: DateParts, other_sequence: i32) -> Ordering {
        match self.compare_known(other) {
            Compared::Earlier => Ordering::Less,
            Compared::Later => Ordering::Greater,
            Compared::Undecided => sequence.cmp(&other_sequence),
        }
    }
}

/// What known parts say of two dates; equal dates are as undecided as unknown ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    Earlier,
    Later,
    Undecided,
}

/// The number of a sequence code: federal as it stands, non-federal (60-97) after it, missing before all.
pub(super) fn sequence_number(code: &str) -> i32 {
    match code.trim().parse::<i32>() {
        Ok(number @ 60..=97) => number + 100,
        Ok(number) => number,
        Err(_) => -1,
    }
}

fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Days of a month of 1 to 12.
pub(super) fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 => 28 + i32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1 March of the year 0; the difference of two is the days between them.
pub(super) fn day_number(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day - 1
}

/// Year, month and day of a day's number.
pub(super) fn calendar_day(number: i32) -> (i32, i32, i32) {
    let era = number.div_euclid(146_097);
    let of_era = number.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + carried, month, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(day_number(2024, 3, 1) - day_number(2024, 2, 28), 2);
        assert_eq!(day_number(1900, 3, 1) - day_number(1900, 2, 28), 1);
        assert_eq!(day_number(2016, 9, 23) - day_number(2016, 6, 17), 98);
        for number in (day_number(1890, 1, 1)..day_number(2110, 1, 1)).step_by(17) {
            let (year, month, day) = calendar_day(number);
            assert_eq!(day_number(year, month, day), number);
            assert!((1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day));
        }
    }

    #[test]
    fn an_unknown_month_makes_the_day_unknown() {
        assert_eq!(DateParts::read("20249912"), DateParts { year: Some(2024), month: None, day: None });
        assert_eq!(DateParts::read("2024XX12"), DateParts { year: Some(2024), month: None, day: None });
        assert_eq!(DateParts::read("20240"), DateParts::default());
        assert_eq!(
            DateParts::read("20240231").in_calendar(),
            DateParts { year: Some(2024), month: Some(2), day: None }
        );
        assert_eq!(DateParts::read("20241331").in_calendar(), DateParts { year: Some(2024), month: None, day: None });
        assert_eq!(DateParts::read("éé"), DateParts::default());
    }

    #[test]
    fn non_federal_tumors_come_after_federal_ones() {
        assert!(sequence_number("60") > sequence_number("59"));
        assert_eq!(sequence_number("99"), 99);
        assert_eq!(sequence_number(""), -1);
    }
}
