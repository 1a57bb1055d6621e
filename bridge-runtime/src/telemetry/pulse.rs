//! Whether the engines of one app turn.

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How long the engines may not turn. They do so every second, and a disk can stall.
pub(super) const LONGEST_BEAT: Duration = Duration::from_secs(30);

/// How far a running connector has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    Attached,
    Running,
    Stopping,
}

/// The beat of the loops of one app. All of them are polled by one task: code that blocks it stops the beat, too.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    phase: AtomicU8,
    /// In milliseconds of the clock.
    last: AtomicU64,
}

impl Pulse {
    pub(super) fn enter(&self, phase: Phase, now: Duration) {
        self.beat(now);
        self.phase.store(phase as u8, Relaxed);
    }

    pub(super) fn beat(&self, now: Duration) {
        self.last.store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::Attached,
            1 => Phase::Running,
            _ => Phase::Stopping,
        }
    }

    /// How long ago it beat last.
    pub(super) fn silence(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.last.load(Relaxed)))
    }
}
