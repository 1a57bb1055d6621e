//! Chance, all of it from one seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use iden_bridge::random::Random;

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64. Each part of a history has dice of its own, so that another draw in one does not change the others.
#[derive(Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// The dice of one part of the history of this seed.
    pub fn new(seed: u64, part: &str) -> Self {
        let mut dice = Dice { state: seed };
        for byte in part.bytes() {
            dice.state ^= u64::from(byte);
            dice.draw();
        }
        dice
    }

    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mixed(self.state)
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of 0 to `n`, without `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.draw() % n as u64) as usize
    }

    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.draw() % (to - from + 1)
    }

    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.between(from, to))
    }

    /// The same with small numbers as likely as large ones.
    pub fn log_millis(&mut self, from: u64, to: u64) -> Duration {
        let (low, high) = ((from as f64).ln(), (to as f64).ln());
        Duration::from_millis((low + (high - low) * self.unit()).exp() as u64)
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    pub fn uuid(&mut self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(((u128::from(self.draw()) << 64) | u128::from(self.draw())).to_be_bytes())
            .into_uuid()
    }
}

fn mixed(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What the engines draw from.
#[derive(Debug)]
pub struct EngineDice(AtomicU64);

impl EngineDice {
    pub fn new(seed: u64) -> Self {
        EngineDice(AtomicU64::new(seed))
    }
}

impl Random for EngineDice {
    fn unit(&self) -> f64 {
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        (mixed(state) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
