//! Steps of the wall clock. The sum of a day must not end because somebody sets the clock.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::sources::Sources;
use crate::{clock::Clock, journal::JournalError, planted::Bug};

/// The two clocks may drift apart so far between two looks. More is a step.
const DRIFT: SignedDuration = SignedDuration::from_secs(60);

/// Notices when the wall clock was set: the monotonic clock says how much time has passed.
#[derive(Debug, Default)]
pub(crate) struct ClockSteps {
    last: Mutex<Option<(Duration, Timestamp)>>,
}

impl ClockSteps {
    /// What the wall clock shows, and by how much it was set since the last look. `None` at the first one.
    fn look(&self, clock: &dyn Clock) -> (Timestamp, Option<SignedDuration>) {
        let (passed, wall) = (clock.now(), clock.wall());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let step = last.map(|(then, shown)| {
            let passed = SignedDuration::try_from(passed.saturating_sub(then)).unwrap_or(SignedDuration::MAX);
            let step = wall.duration_since(shown).saturating_sub(passed);
            if step.abs() > DRIFT { step } else { SignedDuration::ZERO }
        });
        *last = Some((passed, wall));
        (wall, step)
    }
}

impl<S> Sources<S> {
    /// Looks at the wall clock, before the sum of a day is asked for or added to. If the clock was set, the journal follows.
    ///
    /// While the machine sleeps, the monotonic clock stands still. So a sleep looks like a step, and the day is as much
    /// longer. A step between two processes cannot be noticed.
    pub(super) async fn wall(&self) -> Result<Timestamp, JournalError> {
        let (now, step) = self.clock_steps.look(&*self.clock);
        if Bug::ClockStepEndsTheDay.is_planted() || step == Some(SignedDuration::ZERO) {
            return Ok(now);
        }
        if let Some(step) = step {
            tracing::warn!(seconds = step.as_secs(), "the wall clock was set, or the machine slept");
        }
        self.journal.follow_clock(step.unwrap_or_default(), now).await?;
        Ok(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds that have passed, and by how many the wall clock was set.
    struct TwoClocks(Mutex<(u64, i64)>);

    #[async_trait::async_trait]
    impl Clock for TwoClocks {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.lock().unwrap().0)
        }

        async fn sleep(&self, _: Duration) {}

        fn wall(&self) -> Timestamp {
            let (passed, set) = *self.0.lock().unwrap();
            Timestamp::from_second(1_800_000_000 + i64::try_from(passed).unwrap() + set).unwrap()
        }
    }

    #[test]
    fn a_step_is_what_the_wall_clock_shows_beyond_the_time_that_has_passed() {
        let clock = TwoClocks(Mutex::new((0, 0)));
        let steps = ClockSteps::default();
        let look = |passed, set| {
            {
                let mut both = clock.0.lock().unwrap();
                *both = (both.0 + passed, both.1 + set);
            }
            steps.look(&clock).1.map(|step| step.as_secs())
        };
        assert_eq!(look(5, 0), None, "there was no look before it");
        assert_eq!(look(90_000, 0), Some(0), "a day passes");
        assert_eq!(look(10, 100_000), Some(100_000));
        assert_eq!(look(10, -100_000), Some(-100_000));
        assert_eq!(look(10, 60), Some(0), "the clocks drift apart");
        assert_eq!(look(10, -61), Some(-61));
    }
}
