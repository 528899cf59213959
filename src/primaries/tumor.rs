//! A tumor as the rules read it, and the tests on dates and sides that all groups of rules share.

use chrono::{Datelike, NaiveDate};

/// A tumor as it is reported, by its codes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reported<'a> {
    /// Year of diagnosis.
    pub year: &'a str,
    /// Month, blank when unknown.
    pub month: &'a str,
    /// Day, blank when unknown.
    pub day: &'a str,
    /// `primarySite`.
    pub site: &'a str,
    /// `histologicTypeIcdO3`.
    pub histology: &'a str,
    /// `behaviorCodeIcdO3`.
    pub behavior: &'a str,
    /// `laterality`.
    pub laterality: &'a str,
}

/// A tumor whose codes are valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tumor {
    pub(super) year: i32,
    pub(super) month: Option<u32>,
    pub(super) day: Option<u32>,
    /// 504 of `C504`.
    pub(super) site: u16,
    pub(super) histology: u16,
    pub(super) behavior: u8,
    /// The code; 0 as it is, nothing for a blank or a code of another form.
    pub(super) laterality: Option<u8>,
}

/// A histology and behavior of the rules.
pub(super) const fn m(histology: u16, behavior: u8) -> u32 {
    histology as u32 * 10 + behavior as u32
}

impl Tumor {
    /// Nothing when site, histology, behavior or year are not valid.
    pub(super) fn read(reported: &Reported<'_>, as_of_year: i32) -> Option<Tumor> {
        let digits = |text: &str, length: usize| -> Option<u16> {
            (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
        };
        let site = digits(reported.site.strip_prefix('C')?, 3).filter(|site| *site != 809)?;
        let histology = digits(reported.histology, 4).filter(|histology| (8000..=9999).contains(histology))?;
        let behavior = digits(reported.behavior, 1).filter(|behavior| matches!(behavior, 0..=3 | 6))?;
        let year = i32::from(digits(reported.year, 4)?);
        if year > as_of_year {
            return None;
        }
        let number = |text: &str| text.parse::<u32>().ok();
        let month = number(reported.month).filter(|month| (1..=12).contains(month));
        let day = month
            .and_then(|month| number(reported.day).filter(|day| NaiveDate::from_ymd_opt(year, month, *day).is_some()));
        Some(Tumor {
            year,
            month,
            day,
            site,
            histology,
            behavior: u8::try_from(behavior).ok()?,
            laterality: digits(reported.laterality, 1).and_then(|side| u8::try_from(side).ok()),
        })
    }

    pub(super) fn morphology(&self) -> u32 {
        m(self.histology, self.behavior)
    }

    /// 50 of `C504`.
    pub(super) fn category(&self) -> u16 {
        self.site / 10
    }

    pub(super) fn is_full_date(&self) -> bool {
        self.day.is_some()
    }

    /// The first and the last day that it may have been.
    fn days(&self) -> (i32, i32) {
        let number =
            |month, day| NaiveDate::from_ymd_opt(self.year, month, day).map_or(0, |date| date.num_days_from_ce());
        match (self.month, self.day) {
            (Some(month), Some(day)) => (number(month, day), number(month, day)),
            (Some(12), None) => (number(12, 1), number(12, 31)),
            (Some(month), None) => (number(month, 1), number(month + 1, 1) - 1),
            (None, _) => (number(1, 1), number(12, 31)),
        }
    }
}

/// Two tumors to be judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) a: Tumor,
    pub(super) b: Tumor,
}

/// Which of two was diagnosed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Later {
    A,
    B,
    Same,
    Unknown,
}

/// Whether a time lies between two diagnoses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    Within,
    Apart,
    Unknown,
}

impl Pair {
    pub(super) fn later(&self) -> Later {
        let (a, b) = (&self.a, &self.b);
        let by = |one: u32, other: u32| if one > other { Later::A } else { Later::B };
        if a.year != b.year {
            return if a.year > b.year { Later::A } else { Later::B };
        }
        let (Some(one), Some(other)) = (a.month, b.month) else { return Later::Unknown };
        if one != other {
            return by(one, other);
        }
        match (a.day, b.day) {
            (Some(one), Some(other)) if one == other => Later::Same,
            (Some(one), Some(other)) => by(one, other),
            _ => Later::Unknown,
        }
    }

    /// Whether more than `limit` days lie between.
    pub(super) fn days(&self, limit: i32) -> Time {
        let ((a_first, a_last), (b_first, b_last)) = (self.a.days(), self.b.days());
        let (least, most) = match self.later() {
            Later::Same => return Time::Within,
            Later::Unknown => {
                let most = (a_last - b_first).abs().max((b_last - a_first).abs());
                return if most <= limit { Time::Within } else { Time::Unknown };
            }
            Later::A => (a_first - b_last, a_last - b_first),
            Later::B => (b_first - a_last, b_last - a_first),
        };
        if least > limit {
            Time::Apart
        } else if most <= limit {
            Time::Within
        } else {
            Time::Unknown
        }
    }

    /// Whether at least `limit` years lie between.
    pub(super) fn years(&self, limit: i32) -> Time {
        let (earlier, later) = if self.a.year <= self.b.year { (&self.a, &self.b) } else { (&self.b, &self.a) };
        let difference = later.year - earlier.year;
        if difference != limit {
            return if difference > limit { Time::Apart } else { Time::Within };
        }
        let (Some(from), Some(to)) = (earlier.month, later.month) else { return Time::Unknown };
        if from != to {
            return if to > from { Time::Apart } else { Time::Within };
        }
        match (earlier.day, later.day) {
            (Some(from), Some(to)) if to >= from => Time::Apart,
            (Some(_), Some(_)) => Time::Within,
            _ => Time::Unknown,
        }
    }

    /// Both sides are right or left.
    pub(super) fn sides_known(&self) -> bool {
        matches!((self.a.laterality, self.b.laterality), (Some(1 | 2), Some(1 | 2)))
    }

    pub(super) fn opposite_sides(&self) -> bool {
        matches!((self.a.laterality, self.b.laterality), (Some(1), Some(2)) | (Some(2), Some(1)))
    }

    pub(super) fn same_side(&self) -> bool {
        self.sides_known() && self.a.laterality == self.b.laterality
    }

    pub(super) fn both(&self, holds: impl Fn(&Tumor) -> bool) -> bool {
        holds(&self.a) && holds(&self.b)
    }

    pub(super) fn either(&self, holds: impl Fn(&Tumor) -> bool) -> bool {
        holds(&self.a) || holds(&self.b)
    }

    /// One holds the first and the other the second.
    pub(super) fn split(&self, one: impl Fn(&Tumor) -> bool, other: impl Fn(&Tumor) -> bool) -> bool {
        (one(&self.a) && other(&self.b)) || (one(&self.b) && other(&self.a))
    }

    pub(super) fn same_site(&self) -> bool {
        self.a.site == self.b.site
    }

    pub(super) fn same_category(&self) -> bool {
        self.a.category() == self.b.category()
    }

    pub(super) fn same_histology(&self) -> bool {
        self.a.histology == self.b.histology
    }

    /// One morphology, and not an unspecified one.
    pub(super) fn same_specified_morphology(&self) -> bool {
        self.a.morphology() == self.b.morphology() && !matches!(self.a.histology, 8000 | 8010)
    }

    /// The later tumor and the earlier one, when that is known and they are of different days.
    pub(super) fn in_order(&self) -> Option<(&Tumor, &Tumor)> {
        match self.later() {
            Later::A => Some((&self.a, &self.b)),
            Later::B => Some((&self.b, &self.a)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pair(a: [&str; 3], b: [&str; 3]) -> Pair {
        let tumor = |[year, month, day]: [&'static str; 3]| {
            let reported =
                Reported { year, month, day, site: "C504", histology: "8500", behavior: "3", laterality: "1" };
            Tumor::read(&reported, 2026).unwrap()
        };
        let fixed = |date: [&str; 3]| date.map(|part| &*part.to_owned().leak());
        Pair { a: tumor(fixed(a)), b: tumor(fixed(b)) }
    }

    #[test]
    fn days_between_dates_with_unknown_parts_are_judged_by_the_extremes() {
        assert_eq!(pair(["2020", "01", "01"], ["2020", "03", "01"]).days(60), Time::Within);
        assert_eq!(pair(["2020", "01", "01"], ["2020", "03", "02"]).days(60), Time::Apart);
        assert_eq!(pair(["2020", "01", ""], ["2020", "03", ""]).days(60), Time::Unknown);
        assert_eq!(pair(["2020", "01", ""], ["2020", "01", ""]).days(60), Time::Within);
        assert_eq!(pair(["2020", "", ""], ["2022", "", ""]).days(60), Time::Apart);
    }

    #[test]
    fn five_years_to_the_day_are_apart() {
        assert_eq!(pair(["2015", "05", "10"], ["2020", "05", "10"]).years(5), Time::Apart);
        assert_eq!(pair(["2015", "05", "10"], ["2020", "05", "09"]).years(5), Time::Within);
        assert_eq!(pair(["2015", "05", ""], ["2020", "05", "09"]).years(5), Time::Unknown);
        assert_eq!(pair(["2015", "13", ""], ["2020", "05", "09"]).years(5), Time::Unknown);
    }
}
