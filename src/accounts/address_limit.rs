//! One password tried on many logins: limited by the address it comes from, twenty tries a minute.
//!
//! Kept in memory of each server. Tries that turned out right are given back, so a hospital whose people all come from
//! one address is not held up in the morning. IPv6 counts by its first 64 bits: one household, one number.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// Wrong tries a minute from one address.
pub const TRIES_A_MINUTE: usize = 20;
const MOST_ADDRESSES: usize = 50_000;

/// The tries of the last minute, by address.
#[derive(Debug, Default)]
pub struct AddressLimit {
    tries: Mutex<HashMap<IpAddr, Recent>>,
}

#[derive(Debug, Default)]
struct Recent {
    times: Vec<DateTime<Utc>>,
    told: bool,
}

/// A try that was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// Seconds until the next is.
    pub wait: i64,
    /// The first of this minute: worth a line on the audit chain.
    pub first: bool,
}

impl AddressLimit {
    /// Counts a try and lets it through, unless there were twenty in the last minute.
    ///
    /// # Errors
    /// How long to wait.
    pub fn try_from(&self, address: IpAddr, now: DateTime<Utc>) -> Result<(), TooMany> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= MOST_ADDRESSES {
            tries.retain(|_, recent| recent.times.iter().any(|t| within_a_minute(*t, now)));
        }
        let recent = tries.entry(network(address)).or_default();
        recent.times.retain(|t| within_a_minute(*t, now));
        if recent.times.len() < TRIES_A_MINUTE {
            recent.times.push(now);
            recent.told = false;
            return Ok(());
        }
        let oldest = recent.times.iter().min().copied().unwrap_or(now);
        let wait = (oldest + Duration::seconds(60) - now).num_seconds().clamp(1, 60);
        let first = !std::mem::replace(&mut recent.told, true);
        Err(TooMany { wait, first })
    }

    /// Gives the try at that time back: it was right.
    pub fn was_right(&self, address: IpAddr, tried: DateTime<Utc>) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(recent) = tries.get_mut(&network(address))
            && let Some(at) = recent.times.iter().rposition(|t| *t == tried)
        {
            recent.times.remove(at);
        }
    }
}

fn within_a_minute(time: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    (now - time).num_milliseconds().abs() < 60_000
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
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

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn twenty_tries_a_minute_pass_and_the_twenty_first_waits() {
        let limit = AddressLimit::default();
        for n in 0..20 {
            assert!(limit.try_from(ip("10.0.0.1"), noon() + Duration::seconds(n)).is_ok());
        }
        let refused = limit.try_from(ip("10.0.0.1"), noon() + Duration::seconds(20)).unwrap_err();
        assert_eq!(refused, TooMany { wait: 40, first: true });
        assert!(!limit.try_from(ip("10.0.0.1"), noon() + Duration::seconds(21)).unwrap_err().first);
        assert!(limit.try_from(ip("10.0.0.2"), noon() + Duration::seconds(21)).is_ok());
        assert!(limit.try_from(ip("10.0.0.1"), noon() + Duration::seconds(60)).is_ok());
    }

    #[test]
    fn five_hundred_logins_with_one_password_get_twenty_tries_a_minute() {
        let limit = AddressLimit::default();
        let passed =
            (0..500).filter(|n| limit.try_from(ip("10.0.0.1"), noon() + Duration::milliseconds(n * 100)).is_ok());
        assert_eq!(passed.count(), 20);
    }

    #[test]
    fn right_tries_do_not_count() {
        let limit = AddressLimit::default();
        for n in 0..200 {
            let at = noon() + Duration::milliseconds(n);
            assert!(limit.try_from(ip("10.0.0.1"), at).is_ok());
            limit.was_right(ip("10.0.0.1"), at);
        }
    }

    #[test]
    fn ipv6_counts_by_network_and_mapped_ipv4_as_ipv4() {
        assert_eq!(network(ip("2001:db8:1:2:aaaa::1")), network(ip("2001:db8:1:2:bbbb::9")));
        assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
        assert_eq!(network(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
