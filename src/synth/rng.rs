//! The generator's own random numbers: xoshiro256++ seeded by splitmix64.
//!
//! Each patient has a stream of its own, made from the registry's seed and the patient's number, so that patients do
//! not depend on one another. The algorithms are the public-domain ones of Blackman and Vigna; writing them here
//! keeps the bytes the same whatever a library changes.

/// One stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream with this number under this seed.
    pub fn of(seed: u64, stream: u64) -> Self {
        let mut x = seed ^ stream.wrapping_mul(0xD1B5_4A32_D192_ED03).rotate_left(17);
        let mut next = || {
            x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = x;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Rng { state: [next(), next(), next(), next()] }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number from `low` to `high`, both included.
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        if high <= low {
            return low;
        }
        let span = (i64::from(high) - i64::from(low) + 1) as u64;
        (i64::from(low) + ((u128::from(self.bits()) * u128::from(span)) >> 64) as i64) as i32
    }

    /// An index below `count`; 0 for an empty list.
    pub fn index(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A number from the normal distribution (sum of twelve uniform ones: near enough, and the same everywhere).
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..6).map(|_| self.pair()).sum();
        mean + deviation * (sum - 6.0)
    }

    /// The sum of two uniform numbers from one draw.
    fn pair(&mut self) -> f64 {
        let bits = self.bits();
        ((bits >> 32) as f64 + (bits & 0xFFFF_FFFF) as f64) / 4_294_967_296.0
    }

    /// Which of the running totals is hit; 0 for an empty list.
    pub fn weighted(&mut self, totals: &[f32]) -> usize {
        let Some(last) = totals.last() else { return 0 };
        let hit = (self.unit() * f64::from(*last)) as f32;
        totals.partition_point(|total| *total <= hit).min(totals.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_itself_and_differs_from_its_neighbour() {
        let draw = |seed, stream| {
            let mut rng = Rng::of(seed, stream);
            (0..8).map(|_| rng.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 1), draw(1, 1));
        assert_ne!(draw(1, 1), draw(1, 2));
        assert_ne!(draw(1, 1), draw(2, 1));
    }

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut rng = Rng::of(7, 0);
        let mut seen = [false; 5];
        for _ in 0..1000 {
            seen[(rng.between(-2, 2) + 2) as usize] = true;
            assert!((0.0..1.0).contains(&rng.unit()));
        }
        assert_eq!(seen, [true; 5]);
        assert_eq!(rng.between(3, 1), 3);
    }

    #[test]
    fn weights_are_followed() {
        let mut rng = Rng::of(7, 1);
        let totals = [1.0, 1.0, 4.0];
        let mut hits = [0; 3];
        for _ in 0..4000 {
            hits[rng.weighted(&totals)] += 1;
        }
        assert_eq!(hits[1], 0);
        assert!((900..1100).contains(&hits[0]), "{hits:?}");
    }

    #[test]
    fn the_normal_has_its_mean_and_spread() {
        let mut rng = Rng::of(7, 2);
        let draws: Vec<f64> = (0..20_000).map(|_| rng.normal(65.0, 12.0)).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 65.0).abs() < 0.5 && (variance.sqrt() - 12.0).abs() < 0.4, "{mean} {variance}");
    }
}
