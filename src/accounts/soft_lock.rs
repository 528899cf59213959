//! What follows wrong tries on one login: waiting, never a lock that a stranger can put on somebody's account for good.
//!
//! ```text
//!             wrong          wrong, 5th           wrong: 1, 2, 4 … 300 s
//!   free ────────────► free ────────────► waiting ──────────► waiting      100th wrong in a row
//!    ▲                   │     time over ► free to try once ──────────────────────────► shut
//!    │ right             │ right              │ right                                     │
//!    └───────────────────┴────────────────────┘             reset with the second factor ─┘
//! ```
//!
//! A try while waiting is not judged and not counted. NIST SP 800-63B-4 allows at most 100 wrong tries in a row; after
//! them only a reset with the second factor, or by an administrator, opens the login again. The state is kept by what
//! was typed as login, whether such a user exists or not, so that waiting tells nothing.

use chrono::{DateTime, Duration, Utc};

/// Wrong tries in a row after which the login is shut.
pub const MOST_FAILURES: i64 = 100;
const FREE_TRIES: i64 = 5;
const LONGEST_WAIT: i64 = 300;

/// Wrong tries in a row on one login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Failures {
    /// How many.
    pub in_a_row: i64,
    /// When the last was.
    pub last: Option<DateTime<Utc>>,
}

/// Whether a try is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Yes.
    Now,
    /// Not for so many seconds.
    After(i64),
    /// Not before a reset.
    Shut,
}

impl Failures {
    /// Whether a try at this time is judged.
    pub fn may(&self, now: DateTime<Utc>) -> NextTry {
        if self.in_a_row >= MOST_FAILURES {
            return NextTry::Shut;
        }
        let Some(last) = self.last else { return NextTry::Now };
        let until = last + Duration::seconds(self.wait());
        match (until - now).num_milliseconds() {
            left if left <= 0 => NextTry::Now,
            // A clock set back must not stretch the wait.
            left => NextTry::After(((left + 999) / 1000).min(self.wait())),
        }
    }

    /// Seconds to wait after the last wrong try.
    pub fn wait(&self) -> i64 {
        match self.in_a_row - FREE_TRIES {
            ..0 => 0,
            over => {
                1i64.checked_shl(u32::try_from(over).unwrap_or(u32::MAX)).unwrap_or(LONGEST_WAIT).clamp(1, LONGEST_WAIT)
            }
        }
    }

    /// One more wrong try.
    #[must_use]
    pub fn one_more(self, now: DateTime<Utc>) -> Failures {
        Failures { in_a_row: self.in_a_row + 1, last: Some(now) }
    }

    /// One less: a try counted before it was judged was right as far as it went.
    #[must_use]
    pub fn one_less(self) -> Failures {
        Failures { in_a_row: (self.in_a_row - 1).max(0), last: self.last }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chrono::TimeZone;

    fn noon() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, 24, 12, 0, 0).unwrap()
    }

    fn after(wrong: i64) -> Failures {
        Failures { in_a_row: wrong, last: Some(noon()) }
    }

    #[test]
    fn waits_are_1_2_4_up_to_300_seconds_from_the_fifth_on() {
        let waits: Vec<i64> = (0..18).map(|n| after(n).wait()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
        assert_eq!(after(99).wait(), 300);
    }

    #[test]
    fn wait_ends_to_the_second() {
        let failures = after(8);
        assert_eq!(failures.may(noon()), NextTry::After(8));
        assert_eq!(failures.may(noon() + Duration::milliseconds(7_999)), NextTry::After(1));
        assert_eq!(failures.may(noon() + Duration::seconds(8)), NextTry::Now);
    }

    #[test]
    fn hundredth_wrong_try_shuts_the_login_for_any_time() {
        assert_eq!(after(99).may(noon() + Duration::days(1)), NextTry::Now);
        assert_eq!(after(100).may(noon() + Duration::days(365)), NextTry::Shut);
    }

    #[test]
    fn thousand_wrong_tries_one_a_second_are_mostly_not_judged() {
        let (mut failures, mut judged, mut at) = (Failures::default(), 0, noon());
        for _ in 0..1_000 {
            if failures.may(at) == NextTry::Now {
                failures = failures.one_more(at);
                judged += 1;
            }
            at += Duration::seconds(1);
        }
        assert_eq!(judged, 15);
        assert_eq!(failures.may(at + Duration::seconds(300)), NextTry::Now);
    }

    #[test]
    fn never_more_than_a_hundred_are_judged() {
        let (mut failures, mut judged, mut at) = (Failures::default(), 0, noon());
        for _ in 0..1_000 {
            if failures.may(at) == NextTry::Now {
                failures = failures.one_more(at);
                judged += 1;
            }
            at += Duration::seconds(300);
        }
        assert_eq!(judged, 100);
    }

    #[test]
    fn clock_set_back_does_not_stretch_the_wait() {
        assert_eq!(after(6).may(noon() - Duration::hours(1)), NextTry::After(2));
    }
}
