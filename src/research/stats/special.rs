//! Distributions: normal, gamma (chi-square), beta (F and t): probabilities and quantiles to at least ten digits.
//!
//! Incomplete gamma by series or continued fraction, incomplete beta by continued fraction, quantiles by Newton steps
//! kept inside a bracket. Own code, because the crates at hand give quantiles to seven digits or refuse degrees of
//! freedom that are not whole.

/// The logarithm of the gamma function for positive arguments.
pub fn ln_gamma(x: f64) -> f64 {
    // Stirling's series after shifting the argument up to where it converges to full precision.
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse
        * (1.0 / 12.0
            - square
                * (1.0 / 360.0
                    - square
                        * (1.0 / 1260.0
                            - square * (1.0 / 1680.0 - square * (1.0 / 1188.0 - square * 691.0 / 360_360.0)))));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

/// The density of a gamma variable of this shape, scale 1.
fn gamma_density(shape: f64, x: f64) -> f64 {
    ((shape - 1.0) * x.ln() - x - ln_gamma(shape)).exp()
}

/// Probability that a gamma variable (scale 1) is at most `x`, and that it is more; both kept to full precision.
pub fn gamma_probability(shape: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    let front = (shape * x.ln() - x - ln_gamma(shape)).exp();
    if x < shape + 1.0 {
        let (mut term, mut sum, mut a) = (1.0 / shape, 1.0 / shape, shape);
        for _ in 0..100_000 {
            a += 1.0;
            term *= x / a;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let below = (front * sum).min(1.0);
        return (below, 1.0 - below);
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut h = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        d = 1.0 / nonzero(a * d + b);
        c = nonzero(b + a / c);
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    let above = (front * h).min(1.0);
    (1.0 - above, above)
}

fn nonzero(x: f64) -> f64 {
    if x.abs() < 1e-300 { 1e-300 } else { x }
}

/// The value that a gamma variable (scale 1) stays below with probability `p`.
pub fn gamma_quantile(shape: f64, p: f64) -> f64 {
    if p.is_nan() || shape.is_nan() || shape <= 0.0 || p <= 0.0 {
        return 0.0;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // Wilson and Hilferty, or the first term of the series for small values.
    let z = normal_quantile(p);
    let cube = 1.0 - 1.0 / (9.0 * shape) + z / (3.0 * shape.sqrt());
    let mut x = shape * cube * cube * cube;
    if x <= 0.0 || shape < 0.5 {
        x = ((p.ln() + ln_gamma(shape + 1.0)) / shape).exp();
    }
    let excess = |x: f64| {
        let (below, above) = gamma_probability(shape, x);
        if p < 0.5 { below - p } else { (1.0 - p) - above }
    };
    solve(x, 0.0, f64::INFINITY, excess, |x| gamma_density(shape, x))
}

/// The root of an increasing function by Newton steps within a bracket.
fn solve(start: f64, low: f64, high: f64, excess: impl Fn(f64) -> f64, slope: impl Fn(f64) -> f64) -> f64 {
    let (mut x, mut low, mut high) = (start, low, high);
    for _ in 0..200 {
        let off = excess(x);
        if off == 0.0 {
            return x;
        }
        if off > 0.0 {
            high = x
        } else {
            low = x
        }
        let next = x - off / slope(x);
        let next = if next > low && next < high && next.is_finite() {
            next
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            2.0 * x.max(1e-12)
        };
        if (next - x).abs() <= 1e-15 * x.abs() {
            return next;
        }
        x = next;
    }
    x
}

/// Chi-square quantile; degrees of freedom need not be whole.
pub fn chi_square_quantile(p: f64, degrees: f64) -> f64 {
    2.0 * gamma_quantile(degrees / 2.0, p)
}

/// Probability that a chi-square variable is more than `x`.
pub fn chi_square_above(x: f64, degrees: f64) -> f64 {
    gamma_probability(degrees / 2.0, x / 2.0).1
}

/// The standard normal quantile.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    // A rational start (Abramowitz and Stegun 26.2.23), then Halley steps on the exact distribution.
    let tail = p.min(1.0 - p);
    let t = (-2.0 * tail.ln()).sqrt();
    let mut z = t
        - (2.515_517 + 0.802_853 * t + 0.010_328 * t * t)
            / (1.0 + 1.432_788 * t + 0.189_269 * t * t + 0.001_308 * t * t * t);
    for _ in 0..6 {
        let off = normal_above(z) - tail;
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let step = off / density;
        z += step / (1.0 - 0.5 * z * step);
    }
    if p < 0.5 { -z } else { z }
}

/// Probability that a standard normal variable is more than `z`.
fn normal_above(z: f64) -> f64 {
    let above = 0.5 * gamma_probability(0.5, 0.5 * z * z).1;
    if z >= 0.0 { above } else { 1.0 - above }
}

/// Probability that a beta variable is at most `x`.
pub fn beta_probability(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut h = d;
    for m in 1..100_000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / nonzero(1.0 + numerator * d);
            c = nonzero(1.0 + numerator / c);
            h *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    h
}

/// The value that a beta variable stays below with probability `p`.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> f64 {
    let density =
        |x: f64| (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + (a - 1.0) * x.ln() + (b - 1.0) * (-x).ln_1p()).exp();
    solve(a / (a + b), 0.0, 1.0, |x| beta_probability(a, b, x) - p, density)
}

/// F quantile; degrees of freedom need not be whole. The smaller side is solved for, so that nothing cancels.
pub fn f_quantile(p: f64, above: f64, below: f64) -> f64 {
    if above <= below {
        let x = beta_quantile(above / 2.0, below / 2.0, p);
        below * x / (above * (1.0 - x))
    } else {
        let y = beta_quantile(below / 2.0, above / 2.0, 1.0 - p);
        below * (1.0 - y) / (above * y)
    }
}

/// Student's t quantile for probabilities above one half.
pub fn t_quantile(p: f64, degrees: f64) -> f64 {
    let x = beta_quantile(0.5, degrees / 2.0, 2.0 * p - 1.0);
    (degrees * x / (1.0 - x)).sqrt()
}

/// Probability that a t variable is further from 0 than `t`, on either side.
pub fn t_two_sided(t: f64, degrees: f64) -> f64 {
    beta_probability(degrees / 2.0, 0.5, degrees / (degrees + t * t))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(ours: f64, known: f64) {
        assert!(((ours - known) / known).abs() < 1e-10, "{ours} {known}");
    }

    /// Values of R's qnorm, qchisq, qgamma, qf, qt, pt, pchisq.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        near(normal_quantile(0.975), 1.959_963_984_540_054);
        near(normal_quantile(0.001), -3.090_232_306_167_813);
        near(chi_square_quantile(0.975, 2.0), 7.377_758_908_227_871);
        near(chi_square_quantile(0.025, 3.0), 0.215_795_282_623_898_2);
        near(chi_square_quantile(0.95, 1.0), 3.841_458_820_694_124);
        near(gamma_quantile(1.0, 0.975), 3.688_879_454_113_936);
        near(t_quantile(0.975, 13.0), 2.160_368_656_461_013);
        near(f_quantile(0.95, 2.0, 10.0), 4.102_821_015_130_599);
        near(t_two_sided(2.160_368_656_461_013, 13.0), 0.05);
        near(chi_square_above(3.841_458_820_694_124, 1.0), 0.05);
    }

    #[test]
    fn a_quantile_and_its_probability_belong_together() {
        for shape in [0.3, 0.5, 1.0, 2.7, 31.4, 999.5, 62_673.0] {
            for p in [0.001, 0.025, 0.5, 0.9, 0.975, 0.999] {
                let (below, above) = gamma_probability(shape, gamma_quantile(shape, p));
                assert!((below - p).abs() < 1e-11 && (above - (1.0 - p)).abs() < 1e-11, "{shape} {p} {below}");
            }
        }
        for (a, b) in [(0.5, 6.5), (3.0, 2.2), (0.5, 1000.0), (40.0, 90.0)] {
            for p in [0.025, 0.5, 0.975] {
                assert!((beta_probability(a, b, beta_quantile(a, b, p)) - p).abs() < 1e-12, "{a} {b} {p}");
            }
        }
    }

    #[test]
    fn the_gamma_function_is_the_factorial() {
        near(ln_gamma(11.0).exp(), 3_628_800.0);
        near(ln_gamma(0.5).exp(), std::f64::consts::PI.sqrt());
    }
}
