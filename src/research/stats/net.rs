//! Survival beside that of the population in continuous time: net survival (Pohar Perme), relative by Ederer I and II.
//!
//! Time is in days; a person of day 0 is followed for half a day. The population's hazard is constant between birthdays
//! and turns of the year. Within a day the people at risk do not change, so the integral of the population's hazard over
//! them has a closed form: for Pohar Perme's weights it is the logarithm of how much the sum of weights grows.

use super::life_table::LifeTable;
use super::survival::{Interval, log_log_limits};
use super::tumors::Member;
use crate::derive::{DAYS_A_MONTH, DateParts};

/// Days of a year of age.
const DAYS_A_YEAR: f64 = 365.241;

/// Which estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Estimator {
    /// Net survival: each person weighs the inverse of the expected survival.
    PoharPerme,
    /// Relative survival; expected: the mean hazard of those still at risk.
    Ederer2,
    /// Relative survival; expected: the mean expected survival of everybody.
    Ederer1,
}

/// Survival at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetAt {
    /// At risk just before.
    pub at_risk: u64,
    /// Net or relative survival; it may pass 1.
    pub survival: f64,
    /// Standard error.
    pub se: f64,
}

impl NetAt {
    /// Limits on the log(-log) scale; none from 1 on.
    pub fn limits(&self, level: f64) -> Interval {
        log_log_limits(self.survival, self.se, level)
    }
}

/// Sums over the people at risk in a piece of time: day k is from k - 1 to k, days 0 and 1 are the halves of the first.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    at_risk: u64,
    deaths: u64,
    /// Population hazard of those at risk.
    hazard: f64,
    /// Sum of weights at the start and at the end.
    weight_from: f64,
    weight_to: f64,
    /// Of those who die at the end.
    dead_weight: f64,
    dead_weight_square: f64,
    /// Sum over everybody of expected survival at the end.
    expected: f64,
}

fn length(day: usize) -> f64 {
    if day < 2 { 0.5 } else { 1.0 }
}

/// The hazards of a person on each day from diagnosis.
struct Hazards<'l> {
    life: &'l LifeTable,
    member: &'l Member,
    /// Day from diagnosis up to which the hazard at hand holds, and the hazard.
    until: i64,
    hazard: f64,
}

impl Hazards<'_> {
    fn on(&mut self, day: i64) -> f64 {
        if day >= self.until {
            let age_days = f64::from(self.member.diagnosis_day - self.member.birth_day);
            #[allow(clippy::cast_precision_loss, reason = "days of a life")]
            let lived = age_days + day as f64;
            #[allow(clippy::cast_possible_truncation, reason = "an age in years")]
            let age = ((lived / DAYS_A_YEAR).floor() as i32).max(0);
            let today = i64::from(self.member.diagnosis_day) + day;
            let year = i32::try_from(today * 400 / 146_097).unwrap_or(0);
            // The day count starts in March of the year 0, so the year is that one or the next.
            let first_of =
                |year: i32| DateParts { year: Some(year), month: Some(1), day: Some(1) }.number().map_or(0, i64::from);
            let year = (year - 1..=year + 1).rev().find(|year| first_of(*year) <= today).unwrap_or(year);
            #[allow(clippy::cast_possible_truncation, reason = "days of a life")]
            let birthday = (f64::from(age + 1) * DAYS_A_YEAR - age_days).ceil() as i64;
            let new_year = first_of(year + 1) - i64::from(self.member.diagnosis_day);
            self.until = new_year.min(birthday.max(day + 1));
            self.hazard = -self.life.annual(year, age, self.member.sex).ln() / DAYS_A_YEAR;
        }
        self.hazard
    }
}

/// Survival at each of these months.
pub fn net_survival(members: &[Member], life: &LifeTable, estimator: Estimator, months: &[u16]) -> Vec<NetAt> {
    let last = months.iter().map(|month| f64::from(*month) * DAYS_A_MONTH).fold(0.0, f64::max);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "months asked for")]
    let horizon = last.ceil() as usize + 1;
    let mut days = vec![Day::default(); horizon + 1];
    for member in members {
        let mut hazards = Hazards { life, member, until: 0, hazard: 0.0 };
        let followed = member.days as usize;
        let mut cumulated = 0.0f64;
        let mut weight = 1.0f64;
        for (day, sums) in days.iter_mut().enumerate() {
            let at_risk = day <= followed;
            if !at_risk && estimator != Estimator::Ederer1 {
                break;
            }
            let hazard = hazards.on(i64::try_from(day).unwrap_or(0).saturating_sub(1).max(0)) * length(day);
            let from = weight;
            cumulated += hazard;
            weight = cumulated.exp();
            sums.expected += 1.0 / weight;
            if at_risk {
                sums.at_risk += 1;
                sums.hazard += hazard;
                sums.weight_from += from;
                sums.weight_to += weight;
                if day == followed && member.dead {
                    sums.deaths += 1;
                    sums.dead_weight += weight;
                    sums.dead_weight_square += weight * weight;
                }
            }
        }
    }
    let everybody = number(members.len() as u64);
    months.iter().map(|month| read(&days, estimator, everybody, f64::from(*month) * DAYS_A_MONTH)).collect()
}

#[allow(clippy::cast_precision_loss, reason = "counts of people")]
fn number(count: u64) -> f64 {
    count as f64
}

/// The curve at a time in days, which need not be whole.
fn read(days: &[Day], estimator: Estimator, everybody: f64, time: f64) -> NetAt {
    let (mut log_population, mut survival, mut variance, mut at_risk) = (0.0, 1.0, 0.0, 0);
    let mut before = everybody;
    for (day, sums) in (0u32..).zip(days) {
        let (from, to) = if day == 0 {
            (0.0, 0.5)
        } else {
            (f64::from(day - 1).max(if day == 1 { 0.5 } else { 0.0 }), f64::from(day))
        };
        if from >= time {
            break;
        }
        at_risk = sums.at_risk;
        if sums.at_risk == 0 {
            break;
        }
        let share = ((time - from) / (to - from)).min(1.0);
        log_population += share
            * match estimator {
                Estimator::PoharPerme => (sums.weight_to / sums.weight_from).ln(),
                Estimator::Ederer2 => sums.hazard / number(sums.at_risk),
                Estimator::Ederer1 => (before / sums.expected).ln(),
            };
        before = sums.expected;
        if to > time {
            break;
        }
        let (lost, all, square) = match estimator {
            Estimator::PoharPerme => (sums.dead_weight, sums.weight_to, sums.dead_weight_square),
            _ => (number(sums.deaths), number(sums.at_risk), number(sums.deaths)),
        };
        survival *= 1.0 - lost / all;
        variance += square / (all * all);
    }
    let survival = survival * log_population.exp();
    NetAt { at_risk, survival, se: survival * variance.sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::research::stats::life_table::Sex;

    fn member(days: u32, dead: bool) -> Member {
        let day = DateParts::of("20050615").number().unwrap_or(0);
        Member {
            days,
            months: 0,
            dead,
            dead_of_cancer: dead,
            sex: Sex::Male,
            age: 70,
            age_months: 840,
            diagnosis_month: 2005 * 12 + 5,
            diagnosis_day: day,
            birth_day: day - 25_600,
            row: 0,
        }
    }

    #[test]
    fn people_who_die_as_the_population_does_have_a_net_survival_of_one() {
        // Deaths spread so that the share of survivors follows the life table of a man of 70.
        let life = LifeTable::us();
        let hazard = -life.annual(2006, 70, Sex::Male).ln() / DAYS_A_YEAR;
        let members: Vec<Member> = (1..=4000u32)
            .map(|n| {
                let day = -(1.0 - (f64::from(n) - 0.5) / 4000.0).ln() / hazard;
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "days")]
                if day < 365.0 { member(day.round() as u32, true) } else { member(365, false) }
            })
            .collect();
        for estimator in [Estimator::PoharPerme, Estimator::Ederer2, Estimator::Ederer1] {
            let at = net_survival(&members, life, estimator, &[11]);
            assert!(at.first().is_some_and(|at| (at.survival - 1.0).abs() < 2e-3), "{estimator:?} {at:?}");
        }
    }

    #[test]
    fn nobody_at_risk_ends_the_curve() {
        let at = net_survival(&[member(10, true)], LifeTable::us(), Estimator::PoharPerme, &[12]);
        assert!(at.first().is_some_and(|at| at.at_risk == 0 && at.survival == 0.0));
        assert!(net_survival(&[], LifeTable::us(), Estimator::Ederer1, &[1]).len() == 1);
    }
}
