use std::time::Duration;

use jiff::Timestamp;

/// The sandbox's own time: the system's, moved forward by [`Clock::advance`].
pub(crate) struct Clock {
    ahead: Duration,
    last: Timestamp,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { ahead: Duration::ZERO, last: Timestamp::UNIX_EPOCH }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.ahead = self.ahead.saturating_add(by);
    }

    /// How far it is ahead of the system's time.
    pub(crate) fn ahead(&self) -> Duration {
        self.ahead
    }

    /// The present.
    pub(crate) fn now(&self) -> Timestamp {
        whole_micros(Timestamp::now().checked_add(self.ahead).unwrap_or(Timestamp::MAX))
    }

    /// The present, but never the same instant twice: what is ordered by creation time is ordered by creation.
    pub(crate) fn stamp(&mut self) -> Timestamp {
        let next = self.last.checked_add(Duration::from_micros(1)).unwrap_or(Timestamp::MAX);
        self.last = self.now().max(next);
        self.last
    }
}

/// A stamp as Django keeps it.
pub(crate) fn whole_micros(stamp: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(stamp.as_microsecond()).unwrap_or(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_stamps_are_the_same() {
        let mut clock = Clock::new();
        let stamps: Vec<_> = (0..1_000).map(|_| clock.stamp()).collect();
        assert!(stamps.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn advancing_moves_the_present_and_never_overflows() {
        let mut clock = Clock::new();
        let before = clock.now();
        clock.advance(Duration::from_secs(60));
        assert!(clock.now() >= before + Duration::from_secs(60));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now().as_second(), Timestamp::MAX.as_second());
        clock.stamp();
    }
}
