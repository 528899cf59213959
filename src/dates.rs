//! Partial dates, ages and intervals.
//!
//! A registry often knows only the year, or the year and month, of an event. [`PartialDate`] says exactly what is
//! known and never fills in a day. Every partial date stands for a span of possible days; the questions asked of it
//! are answered from the first and last day of that span, and an order between two dates is three-valued
//! ([`Answer`]): yes, no, or it cannot be told.
//!
//! In: NAACCR text `YYYY`, `YYYYMM`, `YYYYMMDD` (strict, years 1800-2099), what a person types, or a calendar day.
//! Out: the same text, the form shown on screen (`2026-05-––`), and two integers `YYYYMMDD` (first and last possible
//! day), which are the promoted columns of the store. Refused: any other shape, and days the calendar does not have
//! (20230230), each with its own reason in [`BadDate`].
//!
//! Ages are complete years, so someone born on 29 February has a birthday on 1 March of ordinary years. Adding
//! months keeps to the end of shorter months: 29 February and twelve months is 28 February.

mod typed;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The first year a NAACCR date may carry.
pub const FIRST_YEAR: u16 = 1800;
/// The last year a NAACCR date may carry.
pub const LAST_YEAR: u16 = 2099;

/// Why a text is not a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadDate {
    /// Nothing was given.
    #[error("the date is empty")]
    Empty,
    /// Not four, six or eight digits.
    #[error("a date is written YYYY, YYYYMM or YYYYMMDD, with what is unknown left off the right")]
    Shape,
    /// The year is outside 1800-2099.
    #[error("the year {0} is outside 1800 to 2099")]
    Year(u16),
    /// The month is not 01-12.
    #[error("there is no month {0:02}")]
    Month(u8),
    /// The day is not 01-31.
    #[error("there is no day {0:02}")]
    Day(u8),
    /// The month has fewer days.
    #[error("the calendar has no day {year:04}-{month:02}-{day:02}")]
    NotInCalendar {
        /// Year as written.
        year: u16,
        /// Month as written.
        month: u8,
        /// Day as written.
        day: u8,
    },
}

impl BadDate {
    /// True when the text has the form of a NAACCR date and only the calendar contradicts it; the standard's own
    /// pattern lets such a value through.
    pub fn is_only_calendar(&self) -> bool {
        matches!(self, BadDate::NotInCalendar { .. })
    }
}

/// A three-valued answer to a question about partial dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// True whatever the unknown parts are.
    Yes,
    /// False whatever the unknown parts are.
    No,
    /// It depends on what is unknown.
    Unknown,
}

impl Answer {
    /// True only for [`Answer::Yes`].
    pub fn is_certain(self) -> bool {
        self == Answer::Yes
    }

    /// True unless the answer is a plain no.
    pub fn is_possible(self) -> bool {
        self != Answer::No
    }
}

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// Only the year.
    Year,
    /// Year and month.
    Month,
    /// The day.
    Day,
}

/// A lowest and a highest possible value; equal when both dates are fully known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The lowest possible value.
    pub low: i32,
    /// The highest possible value.
    pub high: i32,
}

impl Span {
    /// The value, when there is only one.
    pub fn exact(self) -> Option<i32> {
        (self.low == self.high).then_some(self.low)
    }
}

/// A date of which the day, or day and month, may be unknown.
///
/// There is no `Ord`: two partial dates may have no order. Sort lists with [`PartialDate::chronological`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartialDate {
    year: u16,
    /// 0 when unknown.
    month: u8,
    /// 0 when unknown.
    day: u8,
}

impl PartialDate {
    /// A date of which only the year is known.
    pub fn of_year(year: u16) -> Result<Self, BadDate> {
        if !(FIRST_YEAR..=LAST_YEAR).contains(&year) {
            return Err(BadDate::Year(year));
        }
        Ok(PartialDate { year, month: 0, day: 0 })
    }

    /// A date of which year and month are known.
    pub fn of_month(year: u16, month: u8) -> Result<Self, BadDate> {
        let date = Self::of_year(year)?;
        if !(1..=12).contains(&month) {
            return Err(BadDate::Month(month));
        }
        Ok(PartialDate { month, ..date })
    }

    /// A fully known date.
    pub fn of_day(year: u16, month: u8, day: u8) -> Result<Self, BadDate> {
        let date = Self::of_month(year, month)?;
        if !(1..=31).contains(&day) {
            return Err(BadDate::Day(day));
        }
        if day > days_in_month(year, month) {
            return Err(BadDate::NotInCalendar { year, month, day });
        }
        Ok(PartialDate { day, ..date })
    }

    /// Reads the NAACCR form: `YYYY`, `YYYYMM` or `YYYYMMDD`, digits only, nothing around them.
    pub fn parse(text: &str) -> Result<Self, BadDate> {
        let bytes = text.as_bytes();
        if bytes.is_empty() {
            return Err(BadDate::Empty);
        }
        if !matches!(bytes.len(), 4 | 6 | 8) {
            return Err(BadDate::Shape);
        }
        let mut number: u32 = 0;
        for byte in bytes {
            if !byte.is_ascii_digit() {
                return Err(BadDate::Shape);
            }
            number = number * 10 + u32::from(byte - b'0');
        }
        match bytes.len() {
            4 => Self::of_year(number as u16),
            6 => Self::of_month((number / 100) as u16, (number % 100) as u8),
            _ => Self::of_day((number / 10_000) as u16, (number / 100 % 100) as u8, (number % 100) as u8),
        }
    }

    /// Reads what a person types: the NAACCR form, `2026-05-14`, `2026-05`, `5/14/2026`, `5/2026`, or the form on
    /// screen with its dashes for what is unknown. Blanks around it do not matter.
    pub fn parse_typed(text: &str) -> Result<Self, BadDate> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BadDate::Empty);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::parse(text);
        }
        let known = text.trim_end_matches(['–', '-', '/', '?']);
        let parts: Vec<&str> = known.split(['-', '/', '.']).collect();
        let number = |part: &str, digits: usize| -> Result<u16, BadDate> {
            if part.is_empty() || part.len() > digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(BadDate::Shape);
            }
            part.parse().map_err(|_| BadDate::Shape)
        };
        let year_first = parts.first().is_some_and(|part| part.len() == 4);
        let year_last = parts.last().is_some_and(|part| part.len() == 4);
        match parts.as_slice() {
            [year] if year_first => Self::of_year(number(year, 4)?),
            [year, month] if year_first => Self::of_month(number(year, 4)?, number(month, 2)? as u8),
            [month, year] if year_last => Self::of_month(number(year, 4)?, number(month, 2)? as u8),
            [year, month, day] if year_first => {
                Self::of_day(number(year, 4)?, number(month, 2)? as u8, number(day, 2)? as u8)
            }
            [month, day, year] if year_last => {
                Self::of_day(number(year, 4)?, number(month, 2)? as u8, number(day, 2)? as u8)
            }
            _ => Err(BadDate::Shape),
        }
    }

    /// Takes a calendar day; fails only outside the years a NAACCR date may carry.
    pub fn from_naive(day: NaiveDate) -> Result<Self, BadDate> {
        let year = u16::try_from(day.year()).map_err(|_| BadDate::Year(0))?;
        Self::of_day(year, day.month() as u8, day.day() as u8)
    }

    /// Puts a date together again from its first and last possible day as stored (`YYYYMMDD`). Nothing when the two
    /// are not the ends of a day, a month or a year.
    pub fn from_bounds(low: i32, high: i32) -> Option<Self> {
        let first = Self::from_number(low)?;
        let year = Self::of_year(first.year).ok()?;
        let month = Self::of_month(first.year, first.month).ok()?;
        [first, month, year].into_iter().find(|date| date.first_day() == low && date.last_day() == high)
    }

    /// Reads a full day from a number `YYYYMMDD`.
    pub fn from_number(number: i32) -> Option<Self> {
        let number = u32::try_from(number).ok()?;
        Self::of_day(u16::try_from(number / 10_000).ok()?, (number / 100 % 100) as u8, (number % 100) as u8).ok()
    }

    /// The year, always known.
    pub fn year(self) -> u16 {
        self.year
    }

    /// The month, if known.
    pub fn month(self) -> Option<u8> {
        (self.month != 0).then_some(self.month)
    }

    /// The day of the month, if known.
    pub fn day(self) -> Option<u8> {
        (self.day != 0).then_some(self.day)
    }

    /// How much of the date is known.
    pub fn precision(self) -> Precision {
        match (self.month, self.day) {
            (0, _) => Precision::Year,
            (_, 0) => Precision::Month,
            _ => Precision::Day,
        }
    }

    /// True when the day is known.
    pub fn is_full(self) -> bool {
        self.day != 0
    }

    /// The same date with less known: dropping the day, or day and month.
    pub fn cut_to(self, precision: Precision) -> Self {
        match precision {
            Precision::Year => PartialDate { month: 0, day: 0, ..self },
            Precision::Month => PartialDate { day: 0, ..self },
            Precision::Day => self,
        }
    }

    /// The first possible day as a number `YYYYMMDD`.
    pub fn first_day(self) -> i32 {
        number(self.year, self.month.max(1), self.day.max(1))
    }

    /// The last possible day as a number `YYYYMMDD`.
    pub fn last_day(self) -> i32 {
        let month = if self.month == 0 { 12 } else { self.month };
        let day = if self.day == 0 { days_in_month(self.year, month) } else { self.day };
        number(self.year, month, day)
    }

    /// The first possible day of the calendar.
    pub fn first(self) -> NaiveDate {
        naive(self.year, self.month.max(1), self.day.max(1))
    }

    /// The last possible day of the calendar.
    pub fn last(self) -> NaiveDate {
        let month = if self.month == 0 { 12 } else { self.month };
        let day = if self.day == 0 { days_in_month(self.year, month) } else { self.day };
        naive(self.year, month, day)
    }

    /// The day of the calendar, when it is known.
    pub fn to_naive(self) -> Option<NaiveDate> {
        self.is_full().then(|| self.first())
    }

    /// The text of a NAACCR file: `2026`, `202605`, `20260514`.
    pub fn naaccr(self) -> String {
        match self.precision() {
            Precision::Year => format!("{:04}", self.year),
            Precision::Month => format!("{:04}{:02}", self.year, self.month),
            Precision::Day => format!("{:04}{:02}{:02}", self.year, self.month, self.day),
        }
    }

    /// The text on a screen: `2026-05-14`, with `––` for each unknown part.
    pub fn screen(self) -> String {
        match self.precision() {
            Precision::Year => format!("{:04}-––-––", self.year),
            Precision::Month => format!("{:04}-{:02}-––", self.year, self.month),
            Precision::Day => format!("{:04}-{:02}-{:02}", self.year, self.month, self.day),
        }
    }

    /// Is this date before the other?
    pub fn is_before(self, other: PartialDate) -> Answer {
        if self.last_day() < other.first_day() {
            Answer::Yes
        } else if self.first_day() >= other.last_day() {
            Answer::No
        } else {
            Answer::Unknown
        }
    }

    /// Is this date after the other?
    pub fn is_after(self, other: PartialDate) -> Answer {
        other.is_before(self)
    }

    /// Are both the same day?
    pub fn is_same_day(self, other: PartialDate) -> Answer {
        if self.last_day() < other.first_day() || other.last_day() < self.first_day() {
            Answer::No
        } else if self.is_full() && other.is_full() {
            Answer::Yes
        } else {
            Answer::Unknown
        }
    }

    /// True when this date is before the other whatever the unknown parts are.
    pub fn certainly_before(self, other: PartialDate) -> bool {
        self.is_before(other).is_certain()
    }

    /// True when this date is after the other whatever the unknown parts are.
    pub fn certainly_after(self, other: PartialDate) -> bool {
        self.is_after(other).is_certain()
    }

    /// True when this date may be before the other.
    pub fn possibly_before(self, other: PartialDate) -> bool {
        self.is_before(other).is_possible()
    }

    /// True when this date may be after the other.
    pub fn possibly_after(self, other: PartialDate) -> bool {
        self.is_after(other).is_possible()
    }

    /// An order for lists: by the first possible day, then the better known first.
    pub fn chronological(self, other: PartialDate) -> Ordering {
        self.first_day().cmp(&other.first_day()).then(self.last_day().cmp(&other.last_day()))
    }

    /// The age in complete years on a day for someone born on this date; both may be partial, so it is a span.
    /// Nothing when the day is certainly before birth. The low end is never below 0.
    pub fn age_on(self, on: PartialDate) -> Option<Span> {
        let high = complete_years(self.first_day(), on.last_day());
        if high < 0 {
            return None;
        }
        Some(Span { low: complete_years(self.last_day(), on.first_day()).max(0), high })
    }

    /// Complete months from this date to the later one; negative when it is earlier.
    pub fn months_until(self, later: PartialDate) -> Span {
        Span {
            low: complete_months(self.last_day(), later.first_day()),
            high: complete_months(self.first_day(), later.last_day()),
        }
    }

    /// Days from this date to the later one; negative when it is earlier.
    pub fn days_until(self, later: PartialDate) -> Span {
        let days = |from: NaiveDate, to: NaiveDate| to.signed_duration_since(from).num_days() as i32;
        Span { low: days(self.last(), later.first()), high: days(self.first(), later.last()) }
    }

    /// The date so many months on (or back), as exactly known as before; a day the month lacks becomes its last.
    /// Nothing outside 1800-2099, or when only the year is known and the months are not whole years.
    pub fn add_months(self, months: i32) -> Option<Self> {
        match self.precision() {
            Precision::Year if months % 12 != 0 => None,
            Precision::Year => Self::of_year(u16::try_from(i32::from(self.year) + months / 12).ok()?).ok(),
            Precision::Month => {
                let count = i32::from(self.year) * 12 + i32::from(self.month) - 1 + months;
                let year = u16::try_from(count.div_euclid(12)).ok()?;
                Self::of_month(year, (count.rem_euclid(12) + 1) as u8).ok()
            }
            Precision::Day => Self::from_naive(add_months(self.first(), months)?).ok(),
        }
    }
}

impl fmt::Display for PartialDate {
    /// The NAACCR form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.naaccr())
    }
}

impl fmt::Debug for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.screen())
    }
}

impl FromStr for PartialDate {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        Self::parse(text)
    }
}

impl Serialize for PartialDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.naaccr())
    }
}

impl<'de> Deserialize<'de> for PartialDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The day so many months on (or back); a day the month lacks becomes its last.
pub fn add_months(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let count = Months::new(months.unsigned_abs());
    if months < 0 { day.checked_sub_months(count) } else { day.checked_add_months(count) }
}

/// A calendar day as the number `YYYYMMDD`.
pub fn day_number(day: NaiveDate) -> i32 {
    day.year() * 10_000 + (day.month() * 100 + day.day()) as i32
}

/// How many days a month has; 0 for a month there is not.
pub fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Complete years between two numbers `YYYYMMDD`; below zero when the second is earlier.
fn complete_years(from: i32, to: i32) -> i32 {
    (to - from).div_euclid(10_000)
}

/// Complete months between two numbers `YYYYMMDD`, towards zero as a person counts them.
fn complete_months(from: i32, to: i32) -> i32 {
    if to < from {
        return -complete_months(to, from);
    }
    let months = |number: i32| number / 10_000 * 12 + number / 100 % 100;
    months(to) - months(from) - i32::from(to % 100 < from % 100)
}

fn number(year: u16, month: u8, day: u8) -> i32 {
    i32::from(year) * 10_000 + i32::from(month) * 100 + i32::from(day)
}

fn naive(year: u16, month: u8, day: u8) -> NaiveDate {
    NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day)).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn date(text: &str) -> PartialDate {
        PartialDate::parse(text).unwrap()
    }

    #[test]
    fn three_shapes_are_read_and_written_the_same() {
        for text in ["1800", "2099", "202605", "20260514", "20240229", "19000228"] {
            assert_eq!(date(text).naaccr(), text);
        }
    }

    #[test]
    fn other_shapes_are_refused_with_their_reason() {
        use BadDate::*;
        for (text, why) in [
            ("", Empty),
            ("202", Shape),
            ("20265", Shape),
            ("2026051", Shape),
            ("202605145", Shape),
            ("2026-05", Shape),
            (" 2026", Shape),
            ("2026051x", Shape),
            ("２０２６", Shape),
            ("1799", Year(1799)),
            ("2100", Year(2100)),
            ("202600", Month(0)),
            ("202613", Month(13)),
            ("20269999", Month(99)),
            ("20260500", Day(0)),
            ("20260532", Day(32)),
            ("20230230", NotInCalendar { year: 2023, month: 2, day: 30 }),
            ("20230229", NotInCalendar { year: 2023, month: 2, day: 29 }),
            ("19000229", NotInCalendar { year: 1900, month: 2, day: 29 }),
            ("20260431", NotInCalendar { year: 2026, month: 4, day: 31 }),
        ] {
            assert_eq!(PartialDate::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn only_an_impossible_day_counts_as_a_calendar_fault() {
        assert!(PartialDate::parse("20230230").unwrap_err().is_only_calendar());
        assert!(!PartialDate::parse("20231330").unwrap_err().is_only_calendar());
    }

    #[test]
    fn the_leap_year_rule_of_centuries_holds() {
        assert_eq!(days_in_month(2000, 2), 29);
        assert_eq!(days_in_month(1900, 2), 28);
        assert_eq!(days_in_month(2024, 2), 29);
        assert_eq!(days_in_month(2026, 13), 0);
    }

    #[test]
    fn typed_dates_are_understood_in_both_orders() {
        for (typed, is) in [
            ("2026-05-14", "20260514"),
            ("2026-5-4", "20260504"),
            (" 20260514 ", "20260514"),
            ("5/14/2026", "20260514"),
            ("05/2026", "202605"),
            ("2026-05", "202605"),
            ("2026-05-––", "202605"),
            ("2026-––-––", "2026"),
            ("2026", "2026"),
        ] {
            assert_eq!(PartialDate::parse_typed(typed).unwrap(), date(is), "{typed}");
        }
        for typed in ["5/14/26", "14.5", "tomorrow", "2026-05-14-01", "5//2026", "+5/14/2026", "-2026"] {
            assert!(PartialDate::parse_typed(typed).is_err(), "{typed}");
        }
        assert_eq!(PartialDate::parse_typed("  "), Err(BadDate::Empty));
        assert_eq!(PartialDate::parse_typed("14/5/2026"), Err(BadDate::Month(14)));
    }

    #[test]
    fn the_screen_shows_a_dash_for_what_is_unknown() {
        assert_eq!(date("20260514").screen(), "2026-05-14");
        assert_eq!(date("202605").screen(), "2026-05-––");
        assert_eq!(date("2026").screen(), "2026-––-––");
        for text in ["20260514", "202605", "2026"] {
            assert_eq!(PartialDate::parse_typed(&date(text).screen()), Ok(date(text)));
        }
    }

    #[test]
    fn bounds_are_the_first_and_last_possible_day_and_lead_back() {
        for (text, low, high) in [
            ("2026", 20_260_101, 20_261_231),
            ("202402", 20_240_201, 20_240_229),
            ("202302", 20_230_201, 20_230_228),
            ("20260514", 20_260_514, 20_260_514),
        ] {
            let date = date(text);
            assert_eq!((date.first_day(), date.last_day()), (low, high));
            assert_eq!(PartialDate::from_bounds(low, high), Some(date));
            assert_eq!((day_number(date.first()), day_number(date.last())), (low, high));
        }
        assert_eq!(PartialDate::from_bounds(20_260_514, 20_260_515), None);
        assert_eq!(PartialDate::from_bounds(0, 0), None);
        assert_eq!(PartialDate::from_bounds(-20_260_514, -20_260_514), None);
        assert_eq!(PartialDate::from_number(20_230_230), None);
    }

    #[test]
    fn order_is_certain_only_when_the_spans_do_not_meet() {
        for (a, b, answer) in [
            ("20260514", "20260515", Answer::Yes),
            ("20260514", "20260514", Answer::No),
            ("20260515", "20260514", Answer::No),
            ("202605", "202606", Answer::Yes),
            ("202605", "20260601", Answer::Yes),
            ("202605", "20260531", Answer::Unknown),
            ("202605", "20260501", Answer::No),
            ("2026", "202605", Answer::Unknown),
            ("2025", "2026", Answer::Yes),
            ("2026", "2026", Answer::Unknown),
            ("2026", "20260101", Answer::No),
        ] {
            assert_eq!(date(a).is_before(date(b)), answer, "{a} before {b}");
            assert_eq!(date(b).is_after(date(a)), answer, "{b} after {a}");
        }
        assert!(date("2025").certainly_before(date("2026")));
        assert!(!date("2026").certainly_before(date("202605")));
        assert!(date("2026").possibly_before(date("202605")));
        assert!(date("2026").possibly_after(date("202605")));
        assert!(date("202606").certainly_after(date("20260531")));
    }

    #[test]
    fn the_same_day_is_certain_only_for_full_dates() {
        assert_eq!(date("20260514").is_same_day(date("20260514")), Answer::Yes);
        assert_eq!(date("20260514").is_same_day(date("202605")), Answer::Unknown);
        assert_eq!(date("202605").is_same_day(date("202605")), Answer::Unknown);
        assert_eq!(date("202604").is_same_day(date("20260514")), Answer::No);
    }

    #[test]
    fn ages_are_complete_years() {
        let age = |birth: &str, on: &str| date(birth).age_on(date(on)).map(|span| (span.low, span.high));
        assert_eq!(age("19600514", "20260513"), Some((65, 65)));
        assert_eq!(age("19600514", "20260514"), Some((66, 66)));
        assert_eq!(age("20000229", "20010228"), Some((0, 0)));
        assert_eq!(age("20000229", "20010301"), Some((1, 1)));
        assert_eq!(age("1960", "20260514"), Some((65, 66)));
        assert_eq!(age("196005", "20260514"), Some((65, 66)));
        assert_eq!(age("196006", "20260514"), Some((65, 65)));
        assert_eq!(age("196004", "2026"), Some((65, 66)));
        assert_eq!(age("20260514", "20260514"), Some((0, 0)));
        assert_eq!(age("20260514", "20260513"), None);
        assert_eq!(age("2026", "20260513"), Some((0, 0)));
    }

    #[test]
    fn months_are_complete_months() {
        let months = |from: &str, to: &str| {
            let span = date(from).months_until(date(to));
            (span.low, span.high)
        };
        assert_eq!(months("20260131", "20260228"), (0, 0));
        assert_eq!(months("20260114", "20260214"), (1, 1));
        assert_eq!(months("20250514", "20260513"), (11, 11));
        assert_eq!(months("20260214", "20260114"), (-1, -1));
        assert_eq!(months("202501", "202601"), (11, 12));
        assert_eq!(date("20260514").months_until(date("20270514")).exact(), Some(12));
    }

    #[test]
    fn days_between_partial_dates_are_a_span() {
        let span = date("202602").days_until(date("20260301"));
        assert_eq!((span.low, span.high), (1, 28));
        assert_eq!(date("20240228").days_until(date("20240301")).exact(), Some(2));
    }

    #[test]
    fn adding_months_keeps_to_the_end_of_shorter_months() {
        let add = |text: &str, months: i32| date(text).add_months(months).map(PartialDate::naaccr);
        assert_eq!(add("20240229", 12).as_deref(), Some("20250228"));
        assert_eq!(add("20240229", 48).as_deref(), Some("20280229"));
        assert_eq!(add("20260131", 1).as_deref(), Some("20260228"));
        assert_eq!(add("20260331", -1).as_deref(), Some("20260228"));
        assert_eq!(add("202611", 3).as_deref(), Some("202702"));
        assert_eq!(add("202601", -1).as_deref(), Some("202512"));
        assert_eq!(add("2026", 24).as_deref(), Some("2028"));
        assert_eq!(add("2026", 15), None);
        assert_eq!(add("20991231", 1), None);
        assert_eq!(add("18000101", -1), None);
        assert_eq!(add("202605", i32::MAX / 2), None);
    }

    #[test]
    fn cutting_forgets_from_the_right() {
        assert_eq!(date("20260514").cut_to(Precision::Month), date("202605"));
        assert_eq!(date("20260514").cut_to(Precision::Year), date("2026"));
        assert_eq!(date("2026").cut_to(Precision::Day), date("2026"));
        assert_eq!(date("202605").precision(), Precision::Month);
    }

    #[test]
    fn lists_sort_by_first_day_then_the_better_known() {
        let mut dates = [date("2026"), date("20260102"), date("202601"), date("20260101")];
        dates.sort_by(|a, b| a.chronological(*b));
        assert_eq!(dates.map(PartialDate::naaccr), ["20260101", "202601", "2026", "20260102"]);
    }

    #[test]
    fn json_carries_the_naaccr_form() {
        assert_eq!(serde_json::to_string(&date("202605")).unwrap(), "\"202605\"");
        assert_eq!(serde_json::from_str::<PartialDate>("\"20260514\"").unwrap(), date("20260514"));
        assert!(serde_json::from_str::<PartialDate>("\"20230230\"").is_err());
    }
}
