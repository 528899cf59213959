//! Kaplan-Meier, median, log-rank.
//!
//! Time is a whole number (days or months); an event at a time comes before a withdrawal at that time. Greenwood's standard
//! error; limits on the log(-log) and on the log scale. Times are counted, not sorted, so a million rows take
//! milliseconds.

use super::special::{chi_square_above, normal_quantile};

/// A time and whether it ends with the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observed {
    /// Time.
    pub time: u32,
    /// The event happened; else withdrawn.
    pub event: bool,
}

/// A step of the curve: a time at which events happened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The time.
    pub time: u32,
    /// At risk just before.
    pub at_risk: u64,
    /// Events at it.
    pub events: u64,
    /// Surviving after it.
    pub survival: f64,
    /// Greenwood's sum up to it.
    pub variance: f64,
}

/// A survival curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// How many were followed.
    pub followed: u64,
    /// How many had the event.
    pub events: u64,
    /// Its steps in order.
    pub steps: Vec<Step>,
    /// Ends of all times, counted: how many were followed at least so long.
    followed_at_least: Vec<u64>,
}

/// Lower and upper limit; nothing where a scale has none.
pub type Interval = Option<(f64, f64)>;

/// The curve at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct At {
    /// At risk just before.
    pub at_risk: u64,
    /// Events up to it.
    pub events: u64,
    /// Surviving.
    pub survival: f64,
    /// Standard error.
    pub se: f64,
    /// Limits on the log(-log) scale.
    pub log_log: Interval,
    /// Limits on the log scale, cut at 1.
    pub log: Interval,
}

/// Limits on the log(-log) scale; there are none at 0 and 1.
pub fn log_log_limits(survival: f64, se: f64, level: f64) -> Interval {
    if survival <= 0.0 || survival >= 1.0 || !se.is_finite() {
        return None;
    }
    let reach = normal_quantile(0.5 + level / 2.0) * se / (survival * survival.ln().abs());
    Some((survival.powf(reach.exp()), survival.powf((-reach).exp())))
}

/// The longest time that is counted in a table of its own; longer ones are sorted.
const COUNTED: u32 = 60_000;

/// The Kaplan-Meier curve.
pub fn kaplan_meier(observed: impl Iterator<Item = Observed> + Clone) -> Curve {
    let longest = observed.clone().map(|one| one.time).max().unwrap_or(0);
    // Beyond the counted times (160 years of days) everything is the last time.
    let last = longest.min(COUNTED) as usize;
    let mut ended = vec![(0u64, 0u64); last + 1];
    for one in observed {
        if let Some((events, withdrawn)) = ended.get_mut((one.time as usize).min(last)) {
            if one.event { *events += 1 } else { *withdrawn += 1 }
        }
    }
    let followed: u64 = ended.iter().map(|(events, withdrawn)| events + withdrawn).sum();
    let (mut at_risk, mut survival, mut variance, mut total) = (followed, 1.0, 0.0, 0);
    let mut steps = Vec::new();
    let mut followed_at_least = Vec::with_capacity(ended.len());
    for (time, (events, withdrawn)) in (0u32..).zip(&ended) {
        followed_at_least.push(at_risk);
        if *events > 0 {
            let (risk, lost) = (number(at_risk), number(*events));
            survival *= 1.0 - lost / risk;
            variance += lost / (risk * (risk - lost));
            total += events;
            steps.push(Step { time, at_risk, events: *events, survival, variance });
        }
        at_risk -= events + withdrawn;
    }
    Curve { followed, events: total, steps, followed_at_least }
}

#[allow(clippy::cast_precision_loss, reason = "counts of people")]
fn number(count: u64) -> f64 {
    count as f64
}

impl Curve {
    /// The curve at a time, which need not be whole.
    pub fn at(&self, time: f64, level: f64) -> At {
        let until = self.steps.partition_point(|step| f64::from(step.time) <= time);
        let step = until.checked_sub(1).and_then(|at| self.steps.get(at));
        let (survival, variance) = step.map_or((1.0, 0.0), |step| (step.survival, step.variance));
        let events = self.steps.iter().take(until).map(|step| step.events).sum();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time is not negative")]
        let next = time.ceil() as usize;
        let at_risk = self.followed_at_least.get(next).copied().unwrap_or(0);
        let se = survival * variance.sqrt();
        let log = (survival > 0.0 && survival < 1.0).then(|| {
            let reach = normal_quantile(0.5 + level / 2.0) * variance.sqrt();
            ((survival.ln() - reach).exp(), (survival.ln() + reach).exp().min(1.0))
        });
        At { at_risk, events, survival, se, log_log: log_log_limits(survival, se, level), log }
    }

    /// The median with its log(-log) limits, as far as the curve and its band come down to one half.
    pub fn median(&self, level: f64) -> (Option<f64>, Option<f64>, Option<f64>) {
        let median = self.steps.iter().position(|step| step.survival <= 0.5 + 1e-12).and_then(|at| {
            let step = self.steps.get(at)?;
            // On an exactly flat half the middle of the flat part.
            let flat = (step.survival - 0.5).abs() < 1e-12;
            let end = if flat { self.steps.get(at + 1).map(|next| next.time) } else { None };
            Some(end.map_or(f64::from(step.time), |end| (f64::from(step.time) + f64::from(end)) / 2.0))
        });
        let crossed = |pick: fn((f64, f64)) -> f64| {
            let below = |step: &&Step| {
                log_log_limits(step.survival, step.survival * step.variance.sqrt(), level)
                    .is_some_and(|limits| pick(limits) <= 0.5)
            };
            self.steps.iter().find(below).map(|step| f64::from(step.time))
        };
        (median, crossed(|(low, _)| low), crossed(|(_, high)| high))
    }
}

/// The log-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogRank {
    /// Chi-square.
    pub chi_square: f64,
    /// Degrees of freedom.
    pub degrees: usize,
    /// Probability of a larger one by chance.
    pub p: f64,
}

/// Compares groups. Nothing for fewer than two groups, or when nothing can be told apart.
pub fn log_rank(groups: &[Vec<Observed>]) -> Option<LogRank> {
    let count = groups.len();
    if count < 2 {
        return None;
    }
    let last = groups.iter().flatten().map(|one| one.time).max()?.min(COUNTED) as usize;
    let mut ended = vec![vec![(0u64, 0u64); count]; last + 1];
    let mut at_risk = vec![0u64; count];
    for (group, members) in groups.iter().enumerate() {
        for one in members {
            if let Some((events, all)) =
                ended.get_mut((one.time as usize).min(last)).and_then(|groups| groups.get_mut(group))
            {
                *events += u64::from(one.event);
                *all += 1;
            }
        }
        if let Some(risk) = at_risk.get_mut(group) {
            *risk = members.len() as u64;
        }
    }
    let kept = count - 1;
    let mut difference = vec![0.0; kept];
    let mut covariance = vec![vec![0.0; kept]; kept];
    for at in &ended {
        let (events, risk): (u64, u64) = (at.iter().map(|(events, _)| events).sum(), at_risk.iter().sum());
        if events > 0 {
            let (events, risk) = (number(events), number(risk));
            let spread = if risk > 1.0 { events * (risk - events) / (risk - 1.0) } else { 0.0 };
            for (one, ((row, gap), (lost, _))) in covariance.iter_mut().zip(&mut difference).zip(at).enumerate() {
                let share = number(*at_risk.get(one)?) / risk;
                *gap += number(*lost) - events * share;
                for (other, cell) in row.iter_mut().enumerate() {
                    let of_other = number(*at_risk.get(other)?) / risk;
                    *cell += spread * share * (f64::from(u8::from(one == other)) - of_other);
                }
            }
        }
        for (risk, (_, all)) in at_risk.iter_mut().zip(at) {
            *risk -= all;
        }
    }
    let solved = solve(covariance, &difference)?;
    let chi_square = difference.iter().zip(&solved).map(|(one, other)| one * other).sum();
    #[allow(clippy::cast_precision_loss, reason = "a number of groups")]
    let p = chi_square_above(chi_square, kept as f64);
    Some(LogRank { chi_square, degrees: kept, p })
}

/// Solves a small system by elimination.
fn solve(mut matrix: Vec<Vec<f64>>, right: &[f64]) -> Option<Vec<f64>> {
    let size = right.len();
    let mut right = right.to_vec();
    for pivot in 0..size {
        let best = (pivot..size).max_by(|a, b| {
            let size_of = |at: usize| matrix.get(at).and_then(|row| row.get(pivot)).map_or(0.0, |cell| cell.abs());
            size_of(*a).total_cmp(&size_of(*b))
        })?;
        matrix.swap(pivot, best);
        right.swap(pivot, best);
        let row = matrix.get(pivot)?.clone();
        let head = *row.get(pivot)?;
        if head.abs() < 1e-12 {
            return None;
        }
        let value = *right.get(pivot)?;
        for other in 0..size {
            if other == pivot {
                continue;
            }
            let target = matrix.get_mut(other)?;
            let factor = target.get(pivot)? / head;
            target.iter_mut().zip(&row).for_each(|(cell, of)| *cell -= factor * of);
            *right.get_mut(other)? -= factor * value;
        }
    }
    (0..size).map(|at| Some(right.get(at)? / matrix.get(at)?.get(at)?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn observed(times: &[(u32, bool)]) -> Vec<Observed> {
        times.iter().map(|(time, event)| Observed { time: *time, event: *event }).collect()
    }

    #[test]
    fn a_hand_made_curve_steps_as_it_should() {
        let curve = kaplan_meier(observed(&[(6, true), (18, true), (30, false), (60, false)]).into_iter());
        assert!((curve.at(12.0, 0.95).survival - 0.75).abs() < 1e-12);
        assert!((curve.at(24.0, 0.95).survival - 0.5).abs() < 1e-12);
        assert_eq!(
            (curve.at(24.5, 0.95).at_risk, curve.at(30.0, 0.95).at_risk, curve.at(61.0, 0.95).at_risk),
            (2, 2, 0)
        );
        assert_eq!(curve.median(0.95).0, Some(18.0));
    }

    #[test]
    fn the_exactly_flat_half_gives_its_middle() {
        let curve = kaplan_meier(observed(&[(2, true), (4, true), (8, true), (10, true)]).into_iter());
        assert_eq!(curve.median(0.95).0, Some(6.0));
    }

    #[test]
    fn a_time_beyond_every_table_counts_as_the_last() {
        let curve = kaplan_meier(observed(&[(u32::MAX, true), (5, false)]).into_iter());
        assert_eq!((curve.followed, curve.events), (2, 1));
    }

    /// Two groups of three: by hand, observed 3 and expected 1.8333 in the first; variance 0.7178.
    #[test]
    fn the_log_rank_test_of_a_small_table_is_that_by_hand() {
        let groups = [observed(&[(1, true), (2, true), (3, true)]), observed(&[(4, true), (5, true), (6, true)])];
        let found = log_rank(&groups).unwrap();
        let (expected, variance) = (3.0 / 6.0 + 2.0 / 5.0 + 1.0 / 4.0, 0.25 + 0.24 + 0.1875);
        assert!((found.chi_square - (3.0f64 - expected).powi(2) / variance).abs() < 1e-12);
        assert_eq!(found.degrees, 1);
        assert!(log_rank(&groups[..1]).is_none());
    }
}
