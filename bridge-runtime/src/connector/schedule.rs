//! When a running connector syncs, and how often it polls.

use std::time::Duration;

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
    /// Times that pass during a sync, or while the connector is not running, are not made up for. If the machine's clock is
    /// set while it runs, the next sync starts at the next time by the clock as it is then.
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
}

/// `wait`, give or take a tenth: many connectors that start together do not stay together.
pub(super) fn jittered(wait: Duration, random: &dyn Random) -> Duration {
    Duration::try_from_secs_f64(wait.as_secs_f64() * (0.9 + 0.2 * random.unit())).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_one_thing_leaves_the_others() {
        let (busy, idle) = (Duration::from_secs(2), Duration::from_secs(20));
        let schedule = Schedule::default().poll_every(busy, idle).without_syncs();
        assert_eq!((schedule.poll_busy, schedule.poll_idle), (busy, idle));
        assert_eq!(Schedule::default().poll_every(busy, idle).sync, Schedule::default().sync);
    }
}
