//! Chance that can be repeated.

use std::{env, fmt, time::Duration};

use iden_bridge::random::{Random, SystemRandom};

/// What the variable says, if it is there.
pub fn told(name: &str) -> Option<u64> {
    Some(env::var(name).ok()?.parse().unwrap_or_else(|error| panic!("`{name}`: {error}")))
}

/// Where a history begins.
#[derive(Clone, Copy)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BRIDGE_SEED={} BRIDGE_KILLS=1", self.0)
    }
}

pub struct Chance(SystemRandom);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Chance(SystemRandom::seeded(seed))
    }

    /// From 0, and below this.
    pub fn below(&self, bound: usize) -> usize {
        (self.0.unit() * bound as f64) as usize
    }

    pub fn says_yes(&self) -> bool {
        self.below(2) == 0
    }

    pub fn one_of<T: Copy>(&self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn takes<T>(&self, of: &mut Vec<T>) -> T {
        let at = self.below(of.len());
        of.swap_remove(at)
    }

    /// Any time up to this is as likely.
    pub fn within(&self, longest: Duration) -> Duration {
        longest.mul_f64(self.0.unit())
    }

    /// Each tenth of a time is as likely as the nine tenths above it: near the start as much happens as in all the rest.
    pub fn soon(&self, shortest: Duration, longest: Duration) -> Duration {
        shortest.mul_f64((longest.as_secs_f64() / shortest.as_secs_f64()).powf(self.0.unit()))
    }
}
