//! Random moments that a failed run can repeat.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A small generator (xorshift); `ACCESSION_TEST_SEED` repeats a run.
pub struct Chance {
    state: u64,
}

impl Chance {
    /// Seeded by the clock; the seed is printed and shows up when the test fails.
    pub fn new() -> Chance {
        let seed: u64 = std::env::var("ACCESSION_TEST_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into());
        println!("ACCESSION_TEST_SEED={seed}");
        Chance { state: seed | 1 << 40 }
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % end
    }

    /// Waits up to so many milliseconds.
    pub fn wait_up_to(&mut self, milliseconds: u64) {
        std::thread::sleep(Duration::from_micros(self.below(milliseconds * 1_000)));
    }
}
