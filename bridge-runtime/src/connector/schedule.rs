//! When a running connector syncs, and how often it polls.

use std::time::Duration;

use jiff::Timestamp;

use super::Cron;
use crate::random::Random;

/// When a running connector syncs, and how often it polls.
///
/// ```
/// use std::time::Duration;
/// use bridge_runtime::connector::{Schedule, SyncTime};
///
/// let nightly = Schedule::default().sync_at("30 2 * * * Europe/Berlin".parse()?);
/// let often = Schedule::default().sync_every(Duration::from_secs(300));
/// assert_eq!(often.sync, SyncTime::Every(Duration::from_secs(300)));
/// # Ok::<(), bridge_runtime::connector::CronError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// When to sync.
    pub sync: SyncTime,
    /// From one poll to the next while tasks come.
    pub poll_busy: Duration,
    /// From one poll to the next when none have come for a while.
    pub poll_idle: Duration,
}

/// When to sync.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncTime {
    /// Not at all: tasks and nothing else.
    Never,
    /// From the end of one sync to the start of the next, give or take a tenth. The first one is due at once.
    Every(Duration),
    /// At the times of a cron expression. The first one waits for its time, too.
    At(Cron),
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            sync: SyncTime::Every(Duration::from_secs(60 * 60)),
            poll_busy: Duration::from_secs(10),
            poll_idle: Duration::from_secs(60),
        }
    }
}

impl Schedule {
    /// Syncs at once, and then this often.
    #[must_use]
    pub fn sync_every(mut self, every: Duration) -> Self {
        self.sync = SyncTime::Every(every);
        self
    }

    /// Syncs at the times of a cron expression.
    ///
    /// Times that pass during a sync, or while the connector is not running, are not made up for.
    #[must_use]
    pub fn sync_at(mut self, cron: Cron) -> Self {
        self.sync = SyncTime::At(cron);
        self
    }

    /// Carries out tasks and nothing else.
    #[must_use]
    pub fn without_syncs(mut self) -> Self {
        self.sync = SyncTime::Never;
        self
    }

    /// Polls this often: `busy` while tasks come, `idle` when none have come for a while.
    #[must_use]
    pub fn poll_every(mut self, busy: Duration, idle: Duration) -> Self {
        (self.poll_busy, self.poll_idle) = (busy, idle);
        self
    }

    /// How long to wait for the first sync. `None` for no sync.
    #[must_use]
    pub fn first_sync(&self, wall: Timestamp) -> Option<Duration> {
        match &self.sync {
            SyncTime::Never => None,
            SyncTime::Every(_) => Some(Duration::ZERO),
            SyncTime::At(cron) => until(wall, cron.next_after(wall)?),
        }
    }

    /// How long to wait for the next sync, from now, which is `wall`. `None` for no sync.
    ///
    /// A clock that was set back since can be before the time that the last sync was for; `wall` is to be the later of
    /// the two then, or the same time comes twice.
    #[must_use]
    pub fn next_sync(&self, wall: Timestamp, random: &dyn Random) -> Option<Duration> {
        match &self.sync {
            SyncTime::Every(every) => Some(jittered(*every, random)),
            SyncTime::Never | SyncTime::At(_) => self.first_sync(wall),
        }
    }
}

/// `wait`, give or take a tenth: many connectors that start together do not stay together.
pub(super) fn jittered(wait: Duration, random: &dyn Random) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * (0.9 + 0.2 * random.unit())).unwrap_or(Duration::MAX)
}

fn until(wall: Timestamp, next: Timestamp) -> Option<Duration> {
    Duration::try_from(next.duration_since(wall)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws the same number always.
    struct Always(f64);

    impl Random for Always {
        fn unit(&self) -> f64 {
            self.0
        }
    }

    const NOON: &str = "2026-11-24T12:00:00Z";

    fn next(schedule: &Schedule, wall: &str, unit: f64) -> Option<Duration> {
        schedule.next_sync(wall.parse().unwrap(), &Always(unit))
    }

    #[test]
    fn an_interval_is_spread_by_a_tenth_to_either_side() {
        let hourly = Schedule::default();
        assert_eq!(next(&hourly, NOON, 0.0), Some(Duration::from_secs(3240)));
        assert_eq!(next(&hourly, NOON, 0.5), Some(Duration::from_secs(3600)));
        assert_eq!(next(&hourly, NOON, 0.75), Some(Duration::from_secs(3780)));
    }

    #[test]
    fn an_interval_without_end_is_waited_for_without_a_panic() {
        let once = Schedule::default().sync_every(Duration::MAX);
        assert_eq!(next(&once, NOON, 0.9), Some(Duration::MAX));
    }

    #[test]
    fn a_cron_expression_is_met_to_the_second_whatever_chance_says() {
        let nightly = Schedule::default().sync_at("30 2 * * *".parse().unwrap());
        // 23:59:50 to 02:30:00.
        let wait = Duration::from_secs(10 + 2 * 3600 + 30 * 60);
        assert_eq!(next(&nightly, "2026-11-24T23:59:50Z", 0.0), Some(wait));
        assert_eq!(next(&nightly, "2026-11-24T23:59:50Z", 0.9), Some(wait));
    }

    #[test]
    fn a_sync_at_its_time_is_followed_by_the_next_time_not_the_same_one() {
        let nightly = Schedule::default().sync_at("30 2 * * *".parse().unwrap());
        assert_eq!(next(&nightly, "2026-11-24T02:30:00Z", 0.5), Some(Duration::from_secs(24 * 3600)));
    }

    #[test]
    fn a_part_of_a_second_is_waited_for() {
        let hourly = Schedule::default().sync_at("0 * * * *".parse().unwrap());
        assert_eq!(next(&hourly, "2026-11-24T12:59:59.75Z", 0.5), Some(Duration::from_millis(250)));
    }

    #[test]
    fn an_interval_starts_with_a_sync_and_a_cron_expression_waits() {
        let noon = NOON.parse().unwrap();
        let schedule = Schedule::default();
        assert_eq!(schedule.first_sync(noon), Some(Duration::ZERO));
        let schedule = schedule.sync_at("0 13 * * *".parse().unwrap());
        assert_eq!(schedule.first_sync(noon), Some(Duration::from_secs(3600)));
        assert_eq!(schedule.without_syncs().first_sync(noon), None);
    }

    #[test]
    fn without_syncs_none_comes() {
        assert_eq!(next(&Schedule::default().without_syncs(), NOON, 0.5), None);
    }

    #[test]
    fn setting_one_thing_leaves_the_others() {
        let (busy, idle) = (Duration::from_secs(2), Duration::from_secs(20));
        let schedule = Schedule::default().poll_every(busy, idle).without_syncs();
        assert_eq!((schedule.poll_busy, schedule.poll_idle), (busy, idle));
        assert_eq!(Schedule::default().poll_every(busy, idle).sync, Schedule::default().sync);
    }
}
