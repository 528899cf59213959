//! Days as plain numbers: fast arithmetic on the calendar for the generator.
//!
//! A [`Day`] counts days from 1 January 1970 of the proleptic Gregorian calendar. The two conversions follow the
//! well-known civil-day algorithm with years that begin in March.

/// Days since 1 January 1970.
pub type Day = i32;

/// The day of a calendar date.
pub fn day(year: i32, month: i32, day_of_month: i32) -> Day {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day_of_month - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// Year, month and day of the month.
pub fn civil(day: Day) -> (i32, i32, i32) {
    let z = day + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i32::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// The year of a day.
pub fn year(day: Day) -> i32 {
    civil(day).0
}

/// Complete years from one day to a later one.
pub fn age(born: Day, on: Day) -> i32 {
    let (by, bm, bd) = civil(born);
    let (oy, om, od) = civil(on);
    oy - by - i32::from((om, od) < (bm, bd))
}

/// The day moved off a weekend to the next Monday, for events that happen on working days.
pub fn working_day(day: Day) -> Day {
    // 1 January 1970 was a Thursday.
    match (day + 3).rem_euclid(7) {
        5 => day + 2,
        6 => day + 1,
        _ => day,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::{Datelike, NaiveDate, Weekday};

    #[test]
    fn the_arithmetic_agrees_with_the_calendar_library() {
        let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap();
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
        for date in first.iter_days().take(73_414) {
            let number = day(date.year(), date.month() as i32, date.day() as i32);
            assert_eq!(i64::from(number), date.signed_duration_since(epoch).num_days());
            assert_eq!(civil(number), (date.year(), date.month() as i32, date.day() as i32));
            let work = epoch + chrono::Days::new((working_day(number) + 40_000) as u64) - chrono::Days::new(40_000);
            assert!(!matches!(work.weekday(), Weekday::Sat | Weekday::Sun));
        }
    }

    #[test]
    fn ages_are_complete_years() {
        assert_eq!(age(day(1960, 5, 14), day(2026, 5, 13)), 65);
        assert_eq!(age(day(1960, 5, 14), day(2026, 5, 14)), 66);
        assert_eq!(age(day(2000, 2, 29), day(2001, 2, 28)), 0);
    }
}
