//! Dates as registrars type them: `3/5/25`, `mar 2025`, `5 mar 25`, `t-3`, parts unknown.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{BadDate, PartialDate};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl PartialDate {
    /// Reads a date in any common form; `today` is what `t` means and where the two digits of a year turn from 20 to 19.
    ///
    /// Besides what [`PartialDate::parse_typed`] takes: month first with two digits for the year (`3/5/25`, `3/25` is a
    /// month), digits alone in that order (`030525`, `03052025`), the month by name (`mar 2025`, `5 mar 25`,
    /// `March 5, 2025`), today and days, weeks, months from it (`t`, `t-3`, `t-2w`, `t-1m`). What is unknown may stand as
    /// `?`, `-` or `99`.
    ///
    /// # Errors
    /// What is wrong with it: see [`BadDate`].
    pub fn parse_typed_on(text: &str, today: NaiveDate) -> Result<Self, BadDate> {
        let plain = Self::parse_typed(text);
        if plain.is_ok() || text.trim().is_empty() {
            return plain;
        }
        let text = text.trim().to_lowercase();
        if let Some(day) = from_today(&text, today) {
            return Self::from_naive(day);
        }
        if text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
            return match text.len() {
                4 => of_parts(part(0, 2), "", part(2, 4), today),
                6 => of_parts(part(0, 2), part(2, 4), part(4, 6), today),
                8 => of_parts(part(0, 2), part(2, 4), part(4, 8), today),
                _ => plain,
            };
        }
        let parts: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || "/.,-–".contains(c)).filter(|part| !part.is_empty()).collect();
        let by_name = |part: &str| MONTHS.iter().position(|month| part.len() >= 3 && full(month).starts_with(part));
        if let Some(place) = parts.iter().position(|part| by_name(part).is_some()) {
            let month = parts.get(place).and_then(|part| by_name(part)).unwrap_or_default() + 1;
            let others: Vec<&str> = parts.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, p)| *p).collect();
            let month = month.to_string();
            return match others.as_slice() {
                [year] => of_parts(&month, "", year, today),
                [year, day] if year.len() == 4 => of_parts(&month, day, year, today),
                [day, year] => of_parts(&month, day, year, today),
                _ => Err(BadDate::Shape),
            };
        }
        match parts.as_slice() {
            [year, month, day] if year.len() == 4 => of_parts(month, day, year, today),
            [month, day, year] => of_parts(month, day, year, today),
            [month, year] => of_parts(month, "", year, today),
            _ => plain,
        }
    }
}

/// The whole name of a month, from its first three letters.
fn full(month: &str) -> &'static str {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    NAMES.into_iter().find(|name| name.starts_with(month)).unwrap_or_default()
}

fn from_today(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let rest = text.strip_prefix("today").or_else(|| text.strip_prefix('t'))?.trim();
    if rest.is_empty() {
        return Some(today);
    }
    let back = match rest.as_bytes().first()? {
        b'-' => true,
        b'+' => false,
        _ => return None,
    };
    let amount = rest.get(1..)?.trim();
    let unit = amount.trim_start_matches(|c: char| c.is_ascii_digit());
    let count: u32 = amount.strip_suffix(unit)?.trim().parse().ok().filter(|count| *count <= 36_525)?;
    match (unit.trim(), back) {
        ("" | "d", true) => today.checked_sub_days(Days::new(count.into())),
        ("" | "d", false) => today.checked_add_days(Days::new(count.into())),
        ("w", true) => today.checked_sub_days(Days::new(u64::from(count) * 7)),
        ("w", false) => today.checked_add_days(Days::new(u64::from(count) * 7)),
        ("m", true) => today.checked_sub_months(Months::new(count)),
        ("m", false) => today.checked_add_months(Months::new(count)),
        _ => None,
    }
}

/// A date of month, day and year, each as digits; an unknown day or month may be empty, `?` or `99`.
fn of_parts(month: &str, day: &str, year: &str, today: NaiveDate) -> Result<PartialDate, BadDate> {
    let unknown = |part: &str| part.is_empty() || part == "99" || part.bytes().all(|b| b == b'?');
    let number = |part: &str| -> Result<u8, BadDate> {
        match part.len() {
            1 | 2 => part.parse().map_err(|_| BadDate::Shape),
            _ => Err(BadDate::Shape),
        }
    };
    let year = match (year.len(), year.parse::<u16>()) {
        (4, Ok(year)) => year,
        (2, Ok(two)) => {
            let now = u16::try_from(today.year()).map_err(|_| BadDate::Shape)?;
            let century = now - now % 100;
            if two <= now % 100 { century + two } else { century - 100 + two }
        }
        _ => return Err(BadDate::Shape),
    };
    match (unknown(month), unknown(day)) {
        (true, true) => PartialDate::of_year(year),
        (false, true) => PartialDate::of_month(year, number(month)?),
        (false, false) => PartialDate::of_day(year, number(month)?, number(day)?),
        (true, false) => Err(BadDate::Shape),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates_are_read_as_registrars_type_them() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        for (typed, is) in [
            ("3/5/25", "20250305"),
            ("03-05-25", "20250305"),
            ("3.5.2025", "20250305"),
            ("3/5/45", "19450305"),
            ("3/25", "202503"),
            ("3/2025", "202503"),
            ("mar 2025", "202503"),
            ("March 2025", "202503"),
            ("sept 25", "202509"),
            ("5 mar 25", "20250305"),
            ("5-Mar-2025", "20250305"),
            ("Mar 5, 2025", "20250305"),
            ("2025 mar", "202503"),
            ("2025 mar 5", "20250305"),
            ("030525", "20250305"),
            ("03052025", "20250305"),
            ("0325", "202503"),
            ("20250305", "20250305"),
            ("202503", "202503"),
            ("2025", "2025"),
            ("2025-03", "202503"),
            ("t", "20260310"),
            ("T-3", "20260307"),
            ("today", "20260310"),
            ("t+1", "20260311"),
            ("t-2w", "20260224"),
            ("t-1m", "20260210"),
            ("3/?/25", "202503"),
            ("3/99/2025", "202503"),
            ("99/99/2025", "2025"),
        ] {
            let read = PartialDate::parse_typed_on(typed, today).map(PartialDate::naaccr);
            assert_eq!(read.as_deref(), Ok(is), "{typed}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 10).unwrap();
        for typed in [
            "tomorrow",
            "13/5/25",
            "2/30/25",
            "5 mar",
            "mar",
            "99/5/25",
            "t-",
            "t-99999999",
            "1/2/3/4",
            "é/é/25",
            "///",
            "marx 2025",
            "t-3y",
        ] {
            assert!(PartialDate::parse_typed_on(typed, today).is_err(), "{typed}");
        }
        assert_eq!(PartialDate::parse_typed_on(" ", today), Err(BadDate::Empty));
    }
}
