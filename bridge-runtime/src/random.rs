//! Chance, as a seam: it spreads retries and intervals, and a simulation must be able to repeat it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Draws numbers.
pub trait Random: Send + Sync + 'static {
    /// A number from 0 (included) to 1 (excluded).
    fn unit(&self) -> f64;
}

/// SplitMix64: good enough to spread waits, unfit for secrets.
///
/// ```
/// use bridge_runtime::random::{Random, SystemRandom};
///
/// let (a, b) = (SystemRandom::seeded(7), SystemRandom::seeded(7));
/// assert_eq!(a.unit(), b.unit());
/// ```
#[derive(Debug)]
pub struct SystemRandom {
    state: AtomicU64,
}

/// The step of SplitMix64: 2^64 divided by the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl SystemRandom {
    /// Seeded by the operating system, through a random UUID.
    pub fn new() -> Self {
        Self::seeded(uuid::Uuid::new_v4().as_u64_pair().1)
    }

    /// The same numbers for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    fn unit(&self) -> f64 {
        let mut z = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        // The upper 53 bits: all that an f64 can hold without rounding up to 1.
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_range_and_spread() {
        let random = SystemRandom::new();
        let drawn: Vec<f64> = (0..10_000).map(|_| random.unit()).collect();
        assert!(drawn.iter().all(|unit| (0.0..1.0).contains(unit)));
        let mean = drawn.iter().sum::<f64>() / 10_000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }
}
