//! Rates: crude, by age, adjusted to a standard, with limits; ratios, standardized incidence, trends.
//!
//! A rate stands for persons here and is multiplied by the caller. Strata are age groups: `d` cases, `n` person-years,
//! `w` weights of the standard. A stratum without persons and cases counts as zero; one with cases and no persons takes
//! its cases as persons and the rate is flagged. Weights are made to sum to one over the strata given, so a range of
//! ages uses those of its own groups. Exact Poisson limits for crude rates; Fay and Feuer 1997, and Tiwari, Clegg and
//! Zou 2006, for adjusted ones; Fay 1999 for ratios.

use super::special::{f_quantile, gamma_quantile, t_quantile, t_two_sided};

/// An age group of a population.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stratum {
    /// Cases.
    pub cases: f64,
    /// Person-years.
    pub persons: f64,
    /// Weight in the standard, in any unit.
    pub weight: f64,
}

/// A rate with its limits (95 % unless another level was asked for).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Cases.
    pub cases: f64,
    /// Person-years.
    pub persons: f64,
    /// Cases by person-years.
    pub crude: f64,
    /// Its standard error.
    pub crude_se: f64,
    /// Lower limit, exact Poisson.
    pub crude_lower: f64,
    /// Upper limit, exact Poisson.
    pub crude_upper: f64,
    /// Adjusted to the standard.
    pub adjusted: f64,
    /// Its standard error.
    pub se: f64,
    /// Lower limit (both methods).
    pub lower: f64,
    /// Upper limit, Fay and Feuer.
    pub upper_fay_feuer: f64,
    /// Upper limit, Tiwari.
    pub upper_tiwari: f64,
    /// A stratum had cases but no persons.
    pub flagged: bool,
}

/// What the limits of an adjusted rate are made of.
#[derive(Debug, Clone, Copy)]
struct Sums {
    rate: f64,
    variance: f64,
    /// What one more case would add: at most, and on average; and their squares.
    largest: f64,
    mean: f64,
    mean_square: f64,
}

/// Counts tumors by group (year and sex, say, as one number) and age group: the counts of group g stand from `g * ages` on. Rows
/// whose group or age lies outside are not counted.
pub fn count(rows: impl Iterator<Item = (usize, usize)>, groups: usize, ages: usize) -> Vec<u64> {
    let mut counts = vec![0; groups * ages];
    for (group, age) in rows.filter(|(group, age)| *group < groups && *age < ages) {
        if let Some(cell) = counts.get_mut(group * ages + age) {
            *cell += 1;
        }
    }
    counts
}

/// Which upper limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// One more case in the stratum that weighs most.
    FayFeuer,
    /// One more case spread over the strata.
    Tiwari,
}

fn sums(strata: &[Stratum]) -> Sums {
    let total: f64 = strata.iter().map(|stratum| stratum.weight).sum();
    let mut all = Sums { rate: 0.0, variance: 0.0, largest: 0.0, mean: 0.0, mean_square: 0.0 };
    for stratum in strata {
        let persons = if stratum.persons > 0.0 { stratum.persons } else { stratum.cases };
        let each = if persons > 0.0 { stratum.weight / total / persons } else { 0.0 };
        all.rate += each * stratum.cases;
        all.variance += each * each * stratum.cases;
        all.largest = all.largest.max(each);
        all.mean += each;
        all.mean_square += each * each;
    }
    #[allow(clippy::cast_precision_loss, reason = "a handful of age groups")]
    let groups = strata.len().max(1) as f64;
    all.mean /= groups;
    all.mean_square /= groups;
    all
}

/// Lower and upper exact Poisson limits of a count.
pub fn poisson_limits(cases: f64, level: f64) -> (f64, f64) {
    let tail = (1.0 - level) / 2.0;
    (gamma_quantile(cases, tail), gamma_quantile(cases + 1.0, 1.0 - tail))
}

/// A gamma limit for a rate with this mean and variance.
fn gamma_limit(rate: f64, variance: f64, p: f64) -> f64 {
    if rate > 0.0 { variance / rate * gamma_quantile(rate * rate / variance, p) } else { 0.0 }
}

/// The rate of some strata.
pub fn rate(strata: &[Stratum], level: f64) -> Rate {
    let cases: f64 = strata.iter().map(|stratum| stratum.cases).sum();
    let persons: f64 = strata.iter().map(|stratum| stratum.persons).sum();
    let by_persons = |number: f64| if persons > 0.0 { number / persons } else { 0.0 };
    let tail = (1.0 - level) / 2.0;
    let (low, high) = poisson_limits(cases, level);
    let all = sums(strata);
    let upper = |more: f64, square: f64| gamma_limit(all.rate + more, all.variance + square, 1.0 - tail);
    Rate {
        cases,
        persons,
        crude: by_persons(cases),
        crude_se: by_persons(cases.sqrt()),
        crude_lower: by_persons(low),
        crude_upper: by_persons(high),
        adjusted: all.rate,
        se: all.variance.sqrt(),
        lower: gamma_limit(all.rate, all.variance, tail),
        upper_fay_feuer: upper(all.largest, all.largest * all.largest),
        upper_tiwari: upper(all.mean, all.mean_square),
        flagged: strata.iter().any(|stratum| stratum.persons <= 0.0 && stratum.cases > 0.0),
    }
}

/// A ratio of two rates with its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio.
    pub ratio: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// The ratio of two adjusted rates, by Fay's F intervals; nothing when the second rate is zero.
pub fn rate_ratio(one: &[Stratum], other: &[Stratum], limits: Limits, level: f64) -> Option<Ratio> {
    let (a, b) = (sums(one), sums(other));
    if b.rate <= 0.0 {
        return None;
    }
    let tail = (1.0 - level) / 2.0;
    let more = |of: &Sums| match limits {
        Limits::FayFeuer => (of.rate + of.largest, of.variance + of.largest * of.largest),
        Limits::Tiwari => (of.rate + of.mean, of.variance + of.mean_square),
    };
    let ((a_more, a_variance), (b_more, b_variance)) = (more(&a), more(&b));
    let lower = if a.rate > 0.0 {
        a.rate / b_more * f_quantile(tail, 2.0 * a.rate * a.rate / a.variance, 2.0 * b_more * b_more / b_variance)
    } else {
        0.0
    };
    let upper = a_more / b.rate
        * f_quantile(1.0 - tail, 2.0 * a_more * a_more / a_variance, 2.0 * b.rate * b.rate / b.variance);
    Some(Ratio { ratio: a.rate / b.rate, lower, upper })
}

/// Standardized incidence ratio: observed by expected cases, exact Poisson limits.
pub fn standardized_incidence(observed: f64, expected: f64, level: f64) -> Option<Ratio> {
    let (low, high) = poisson_limits(observed, level);
    (expected > 0.0).then(|| Ratio { ratio: observed / expected, lower: low / expected, upper: high / expected })
}

/// Cumulative rate and cumulative risk to an age, from age-specific rates and the years of each group.
pub fn cumulative(strata: &[(Stratum, f64)]) -> (f64, f64) {
    let rate: f64 = strata
        .iter()
        .filter(|(stratum, _)| stratum.persons > 0.0)
        .map(|(stratum, years)| years * stratum.cases / stratum.persons)
        .sum();
    (rate, -(-rate).exp_m1())
}

/// A rate of a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Yearly {
    /// The year.
    pub year: i32,
    /// Its rate.
    pub rate: f64,
    /// Standard error of the rate.
    pub se: f64,
}

/// Annual percent change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// How many years.
    pub years: usize,
    /// Slope of the logarithm of the rate.
    pub slope: f64,
    /// Its standard error.
    pub slope_se: f64,
    /// Percent a year.
    pub apc: f64,
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
    /// Two-sided probability that there is no trend.
    pub p: f64,
    /// Percent from the first to the last year.
    pub percent_change: f64,
    /// Percent from the first two to the last two years.
    pub percent_change_two: f64,
}

/// The trend of yearly rates, weighted by the inverse variance of the logarithm or not. Nothing for fewer than three years,
/// or when a rate is zero.
pub fn trend(rates: &[Yearly], weighted: bool, level: f64) -> Option<Trend> {
    if rates.len() < 3 || rates.iter().any(|year| year.rate <= 0.0) {
        return None;
    }
    let weight = |year: &Yearly| if weighted { (year.rate / year.se).powi(2) } else { 1.0 };
    let total: f64 = rates.iter().map(weight).sum();
    let mean = |of: &dyn Fn(&Yearly) -> f64| rates.iter().map(|year| weight(year) * of(year)).sum::<f64>() / total;
    let (mean_x, mean_y) = (mean(&|year| f64::from(year.year)), mean(&|year| year.rate.ln()));
    let off = |year: &Yearly| (f64::from(year.year) - mean_x, year.rate.ln() - mean_y);
    let sxx: f64 = rates.iter().map(|year| weight(year) * off(year).0.powi(2)).sum();
    let sxy: f64 = rates.iter().map(|year| weight(year) * off(year).0 * off(year).1).sum();
    let slope = sxy / sxx;
    let residual: f64 = rates.iter().map(|year| weight(year) * (off(year).1 - slope * off(year).0).powi(2)).sum();
    #[allow(clippy::cast_precision_loss, reason = "a number of years")]
    let degrees = (rates.len() - 2) as f64;
    let slope_se = (residual / degrees / sxx).sqrt();
    let reach = t_quantile(0.5 + level / 2.0, degrees) * slope_se;
    let percent = |slope: f64| 100.0 * slope.exp_m1();
    let change = |from: f64, to: f64| 100.0 * (to - from) / from;
    let (first, last) = (rates.first()?, rates.last()?);
    let mean_of = |years: &[Yearly]| years.iter().map(|year| year.rate).sum::<f64>() / 2.0;
    let ends = (rates.get(..2)?, rates.get(rates.len() - 2..)?);
    Some(Trend {
        years: rates.len(),
        slope,
        slope_se,
        apc: percent(slope),
        lower: percent(slope - reach),
        upper: percent(slope + reach),
        p: t_two_sided(slope / slope_se, degrees),
        percent_change: change(first.rate, last.rate),
        percent_change_two: change(mean_of(ends.0), mean_of(ends.1)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::research::stats::standards;

    const COUNTS: [f64; 19] = [
        29.0, 87.0, 67.0, 71.0, 87.0, 177.0, 290.0, 657.0, 1072.0, 1691.0, 2428.0, 2931.0, 2881.0, 2817.0, 2817.0,
        2744.0, 2634.0, 1884.0, 1705.0,
    ];
    const POPULATIONS: [f64; 19] = [
        139_879.0, 553_189.0, 736_212.0, 770_999.0, 651_390.0, 639_159.0, 676_354.0, 736_557.0, 724_826.0, 700_200.0,
        617_437.0, 516_541.0, 361_170.0, 259_440.0, 206_204.0, 172_087.0, 142_958.0, 99_654.0, 92_692.0,
    ];

    fn strata(cases: &[f64; 19], persons: &[f64; 19]) -> Vec<Stratum> {
        let standard = standards::named("us2000_population").unwrap();
        (0..19).map(|at| Stratum { cases: cases[at], persons: persons[at], weight: standard.weights[at] }).collect()
    }

    fn near(ours: f64, known: f64, within: f64) {
        assert!((ours - known).abs() <= within, "{ours} is not {known}");
    }

    /// The example of the SEER tutorial on age adjustment, SEER 9, all sites.
    #[test]
    fn the_example_of_the_tutorial_comes_out() {
        let all = rate(&strata(&COUNTS, &POPULATIONS), 0.95);
        near(1e5 * all.adjusted, 400.3040, 5e-5);
        near(1e5 * all.crude, 307.709, 5e-4);
        near(1e5 * all.se, 2.4802, 5e-5);
        near(1e5 * all.lower, 395.4574, 5e-5);
        near(1e5 * all.upper_fay_feuer, 405.1987, 5e-5);
        near(1e5 * all.upper_tiwari, 405.1926, 5e-5);
    }

    #[test]
    fn the_sparse_example_comes_out() {
        let persons = POPULATIONS.map(|persons: f64| (persons / 100.0).round());
        let mut cases = [0.0; 19];
        for (at, count) in [(12, 1.0), (14, 2.0), (16, 3.0), (18, 1.0)] {
            cases[at] = count;
        }
        let few = rate(&strata(&cases, &persons), 0.95);
        near(1e5 * few.adjusted, 12.0017, 5e-5);
        near(1e5 * few.se, 4.5622, 5e-5);
        near(1e5 * few.lower, 4.7944, 5e-5);
        near(1e5 * few.upper_fay_feuer, 25.1091, 5e-5);
        near(1e5 * few.upper_tiwari, 24.0846, 5e-5);
        let none = rate(&strata(&[0.0; 19], &persons), 0.95);
        near(1e5 * none.upper_fay_feuer, 6.9645, 5e-5);
        near(1e5 * none.upper_tiwari, 4.8563, 5e-5);
        assert!(none.lower == 0.0 && none.adjusted == 0.0);
    }

    #[test]
    fn rows_are_counted_in_their_cells_and_stray_ones_nowhere() {
        assert_eq!(count([(0, 1), (1, 0), (0, 1), (2, 0), (0, 9)].into_iter(), 2, 2), [0, 2, 1, 0]);
    }

    #[test]
    fn a_ratio_of_equal_rates_is_one_and_its_limits_hold_one() {
        let all = strata(&COUNTS, &POPULATIONS);
        for limits in [Limits::FayFeuer, Limits::Tiwari] {
            let ratio = rate_ratio(&all, &all, limits, 0.95).unwrap();
            near(ratio.ratio, 1.0, 1e-12);
            assert!(ratio.lower < 1.0 && ratio.upper > 1.0);
            near(ratio.lower * ratio.upper, 1.0, 1e-3);
        }
        assert!(rate_ratio(&all, &strata(&[0.0; 19], &POPULATIONS), Limits::Tiwari, 0.95).is_none());
    }

    /// Ten observed where five were expected: limits of a Poisson count of ten, 4.7954 and 18.3904, by five.
    #[test]
    fn a_standardized_incidence_has_poisson_limits() {
        let sir = standardized_incidence(10.0, 5.0, 0.95).unwrap();
        near(sir.ratio, 2.0, 1e-12);
        near(sir.lower, 4.795_389 / 5.0, 1e-6);
        near(sir.upper, 18.390_356 / 5.0, 1e-6);
        assert!(standardized_incidence(1.0, 0.0, 0.95).is_none());
    }

    #[test]
    fn a_steady_growth_of_two_percent_is_two_percent() {
        let years: Vec<Yearly> =
            (0..10).map(|n| Yearly { year: 2000 + n, rate: 50.0 * 1.02f64.powi(n), se: 1.0 }).collect();
        for weighted in [true, false] {
            near(trend(&years, weighted, 0.95).unwrap().apc, 2.0, 1e-9);
        }
        assert!(trend(&years[..2], true, 0.95).is_none());
        near(cumulative(&[(Stratum { cases: 5.0, persons: 100.0, weight: 0.0 }, 2.0)]).1, 1.0 - (-0.1f64).exp(), 1e-12);
    }
}
