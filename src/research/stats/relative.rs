//! The monthly life table: actuarial and Kaplan-Meier survival, expected survival by Ederer II, relative survival.
//!
//! Interval x holds survival months = x - 1. Expected survival of an interval is the mean over those who enter it of the
//! chance of living another month at the attained age and year, age counted in completed months of the diagnosis.
//! People who only know whole years of age are half a year too young by the other way of counting, which is kept beside.

use super::life_table::LifeTable;
use super::survival::{Interval, log_log_limits};
use super::tumors::Member;

/// An interval of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LifeInterval {
    /// Its number, from 1.
    pub month: usize,
    /// Alive at its start.
    pub alive: u64,
    /// Events in it.
    pub died: u64,
    /// Withdrawn in it.
    pub withdrawn: u64,
    /// Surviving the interval, actuarial.
    pub observed_interval: f64,
    /// Surviving to its end, actuarial.
    pub observed: f64,
    /// Greenwood's standard error.
    pub observed_se: f64,
    /// Surviving to its end, Kaplan-Meier.
    pub km: f64,
    /// Its standard error.
    pub km_se: f64,
    /// Expected to survive the interval; nothing when nobody enters it.
    pub expected: Option<Expected>,
}

/// What the population's life table expects.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// Of those who enter the interval.
    pub interval: f64,
    /// Cumulated.
    pub cumulative: f64,
    /// Cumulated, with whole years of age.
    pub whole_years: f64,
}

impl LifeInterval {
    /// Relative survival and its standard error.
    pub fn relative(&self) -> Option<(f64, f64)> {
        let expected = self.expected?.cumulative;
        Some((self.observed / expected, self.observed_se / expected))
    }

    /// Limits of relative survival; none from 1 on.
    pub fn relative_limits(&self, level: f64) -> Interval {
        let (relative, se) = self.relative()?;
        log_log_limits(relative, se, level)
    }

    /// Limits of observed survival.
    pub fn observed_limits(&self, level: f64) -> Interval {
        log_log_limits(self.observed, self.observed_se, level)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of people")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Counts of the intervals, then survival by two kinds of numbers at risk.
pub fn life_table(
    members: &[Member],
    event: impl Fn(&Member) -> bool,
    expected: Option<&[Expected]>,
    intervals: usize,
) -> Vec<LifeInterval> {
    let mut ended = vec![(0u64, 0u64); intervals];
    for member in members {
        if let Some((died, withdrawn)) = ended.get_mut(usize::from(member.months)) {
            if event(member) { *died += 1 } else { *withdrawn += 1 }
        }
    }
    let mut alive = members.len() as u64;
    let (mut observed, mut km) = ((1.0, 0.0), (1.0, 0.0));
    let step = |so_far: &mut (f64, f64), at_risk: f64, died: f64| {
        let survived = if at_risk > 0.0 { 1.0 - died / at_risk } else { 1.0 };
        so_far.0 *= survived;
        if at_risk > died {
            so_far.1 += died / (at_risk * (at_risk - died));
        }
        survived
    };
    let mut table = Vec::with_capacity(intervals);
    for (at, (died, withdrawn)) in ended.into_iter().enumerate() {
        let observed_interval = step(&mut observed, number(alive) - number(withdrawn) / 2.0, number(died));
        step(&mut km, number(alive), number(died));
        table.push(LifeInterval {
            month: at + 1,
            alive,
            died,
            withdrawn,
            observed_interval,
            observed: observed.0,
            observed_se: observed.0 * observed.1.sqrt(),
            km: km.0,
            km_se: km.0 * km.1.sqrt(),
            expected: expected.and_then(|expected| expected.get(at).copied()),
        });
        alive -= died + withdrawn;
    }
    table
}

/// Members of one piece of work; sums of the pieces are added in their order, whatever thread made them.
const PIECE: usize = 1 << 14;

/// Expected survival by Ederer II for each interval that anybody enters, on this many threads. The answer does not depend
/// on how many there are.
pub fn ederer_2(members: &[Member], life: &LifeTable, intervals: usize, threads: usize) -> Vec<Expected> {
    let pieces: Vec<&[Member]> = members.chunks(PIECE).collect();
    let threads = threads.clamp(1, pieces.len().max(1));
    let mut sums: Vec<Vec<[f64; 2]>> = Vec::with_capacity(pieces.len());
    if threads == 1 {
        sums.extend(pieces.iter().map(|piece| sum_of(piece, life, intervals)));
    } else {
        let share = pieces.len().div_ceil(threads);
        std::thread::scope(|scope| {
            let workers: Vec<_> = pieces
                .chunks(share)
                .map(|some| {
                    scope.spawn(move || some.iter().map(|piece| sum_of(piece, life, intervals)).collect::<Vec<_>>())
                })
                .collect();
            for worker in workers {
                sums.extend(worker.join().unwrap_or_default());
            }
        });
    }
    let mut entering = vec![0u64; intervals + 1];
    for member in members {
        if let Some(count) = entering.get_mut(usize::from(member.months).min(intervals)) {
            *count += 1;
        }
    }
    let mut alive = members.len() as u64;
    let (mut exact, mut whole) = (1.0, 1.0);
    let mut expected = Vec::new();
    for (at, gone) in entering.iter().take(intervals).enumerate() {
        if alive == 0 {
            break;
        }
        let sum = |which: usize| -> f64 { sums.iter().filter_map(|piece| piece.get(at)?.get(which)).sum() };
        let interval = sum(0) / number(alive);
        exact *= interval;
        whole *= sum(1) / number(alive);
        expected.push(Expected { interval, cumulative: exact, whole_years: whole });
        alive -= gone;
    }
    expected
}

/// For each interval the sum of the chances of those who enter it: with exact age, with whole years.
fn sum_of(members: &[Member], life: &LifeTable, intervals: usize) -> Vec<[f64; 2]> {
    let mut sums = vec![[0.0; 2]; intervals];
    for member in members {
        let enters = (usize::from(member.months) + 1).min(intervals);
        let diagnosis_year = member.diagnosis_month.div_euclid(12);
        // The chance changes only at a birthday and at the turn of a year.
        let mut at = 0;
        while at < enters {
            let month = i32::try_from(at).unwrap_or(0);
            let (age, year) = ((member.age_months + month) / 12, (member.diagnosis_month + month).div_euclid(12));
            let to_birthday = 12 - (member.age_months + month).rem_euclid(12);
            let to_new_year = 12 - (member.diagnosis_month + month).rem_euclid(12);
            let until = (at + usize::try_from(to_birthday.min(to_new_year)).unwrap_or(1)).min(enters);
            let chance = life.monthly(year, age, member.sex);
            for sum in sums.get_mut(at..until).unwrap_or_default() {
                sum[0] += chance;
            }
            at = until;
        }
        let mut at = 0;
        while at < enters {
            let years = i32::try_from(at / 12).unwrap_or(0);
            let chance = life.monthly(diagnosis_year + years, member.age + years, member.sex);
            let until = (at + 12).min(enters);
            for sum in sums.get_mut(at..until).unwrap_or_default() {
                sum[1] += chance;
            }
            at = until;
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::research::stats::life_table::Sex;

    fn member(months: u16, dead: bool) -> Member {
        Member {
            days: u32::from(months) * 30,
            months,
            dead,
            dead_of_cancer: dead,
            sex: if months.is_multiple_of(2) { Sex::Male } else { Sex::Female },
            age: 60 + i32::from(months % 30),
            age_months: 12 * (60 + i32::from(months % 30)) + i32::from(months % 12),
            diagnosis_month: 12 * 2005 + i32::from(months % 12),
            diagnosis_day: 0,
            birth_day: 0,
            row: 0,
        }
    }

    /// Deaths in months 6 and 18, lost in month 30, alive at 60: .75, then .50 by years, as by hand.
    #[test]
    fn the_actuarial_table_of_four_people_is_that_by_hand() {
        let members = [member(6, true), member(18, true), member(30, false), member(60, false)];
        let table = life_table(&members, |member| member.dead, None, 60);
        assert!(table.get(11).is_some_and(|at| (at.observed - 0.75).abs() < 1e-12));
        assert!(table.get(23).is_some_and(|at| (at.observed - 0.5).abs() < 1e-12));
        assert!(table.last().is_some_and(|at| at.alive == 1 && (at.observed - 0.5).abs() < 1e-12));
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let members: Vec<Member> =
            (0..50_000u32).map(|n| member(u16::try_from(n % 180).unwrap_or(0), n % 3 == 0)).collect();
        let one = ederer_2(&members, LifeTable::us(), 120, 1);
        for threads in [2, 3, 7] {
            assert!(ederer_2(&members, LifeTable::us(), 120, threads) == one);
        }
        assert!(one.windows(2).all(|pair| matches!(pair, [a, b] if b.cumulative < a.cumulative)));
    }
}
