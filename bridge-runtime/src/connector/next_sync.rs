//! When a running connector syncs next, also when the machine's clock is set meanwhile.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Cron, Schedule, SyncTime, schedule::jittered};
use crate::{clock::Clock, planted::Bug, random::Random};

/// After a step back of at most this long, a time that already had its sync does not get another one. After a longer step
/// the clock was wrong before, and its times count again: the connector never waits longer than this for nothing.
const REPEATED: SignedDuration = SignedDuration::from_mins(5);
/// A smaller change of the wall clock is not worth another line in the log.
const NOTICED: SignedDuration = SignedDuration::from_mins(1);

/// The start of the next sync.
pub(super) struct NextSync<'a> {
    schedule: &'a Schedule,
    start: Start,
    /// The cron time of the last sync that had one.
    served: Option<Timestamp>,
    /// The wall clock at the last look.
    seen: Timestamp,
}

#[derive(Clone, Copy)]
enum Start {
    /// At a time of the cron expression, by the wall clock: the machine may sleep through it, and the clock may be set.
    At(Timestamp),
    /// At this monotonic time: after an interval, or after a failure. `shown`: the same by the wall clock, for people.
    After { now: Duration, shown: Timestamp },
}

impl<'a> NextSync<'a> {
    /// The first one; `None` for a connector that does not sync.
    pub(super) fn first(schedule: &'a Schedule, clock: &dyn Clock) -> Option<Self> {
        let seen = clock.wall();
        let start = match &schedule.sync {
            SyncTime::Never => return None,
            SyncTime::Every(_) => Start::after(Duration::ZERO, clock),
            SyncTime::At(cron) => Start::At(cron.next_after(seen)?),
        };
        Some(NextSync { schedule, start, served: None, seen })
    }

    /// When it starts, by the wall clock.
    pub(super) fn time(&self) -> Timestamp {
        match self.start {
            Start::At(time) | Start::After { shown: time, .. } => time,
        }
    }

    /// How long until it starts. Call it often: if the wall clock was set, [`time`](Self::time) changes here.
    pub(super) fn left(&mut self, clock: &dyn Clock) -> Duration {
        let wall = clock.wall();
        let was_set_back = wall < self.seen && !Bug::SetClockIsNotSeen.is_planted();
        self.seen = wall;
        match (&mut self.start, &self.schedule.sync) {
            (Start::At(time), SyncTime::At(cron)) => {
                if was_set_back {
                    *time = next_time(cron, wall, self.served).min(*time);
                }
                Duration::try_from(time.duration_since(wall)).unwrap_or(Duration::ZERO)
            }
            (Start::At(_), _) => Duration::ZERO,
            (Start::After { now, shown }, _) => {
                let left = now.saturating_sub(clock.now());
                let until = later(wall, left);
                if until.duration_since(*shown).abs() > NOTICED {
                    *shown = until;
                }
                left
            }
        }
    }

    /// It starts now, at its time or because somebody asked for it.
    pub(super) fn begins(&mut self, clock: &dyn Clock) {
        if let Start::At(time) = self.start
            && time <= clock.wall()
        {
            self.served = Some(time);
        }
    }

    /// How long to wait for the one after it, by the schedule.
    pub(super) fn usual(&self, clock: &dyn Clock, random: &dyn Random) -> Duration {
        let wall = clock.wall();
        match &self.schedule.sync {
            SyncTime::Never => Duration::MAX,
            SyncTime::Every(every) => jittered(*every, random),
            SyncTime::At(cron) => {
                Duration::try_from(next_time(cron, wall, self.served).duration_since(wall)).unwrap_or(Duration::ZERO)
            }
        }
    }

    /// Plans the one after it: after `usual`, or after another `wait` because the last one failed.
    pub(super) fn plan(&mut self, wait: Duration, usual: Duration, clock: &dyn Clock) {
        let wall = clock.wall();
        self.seen = wall;
        self.start = match &self.schedule.sync {
            SyncTime::At(cron) if wait == usual => Start::At(next_time(cron, wall, self.served)),
            _ => Start::after(wait, clock),
        };
    }
}

impl Start {
    fn after(wait: Duration, clock: &dyn Clock) -> Self {
        Start::After { now: clock.now().saturating_add(wait), shown: later(clock.wall(), wait) }
    }
}

/// The next time of a cron expression, by the clock as it is now.
fn next_time(cron: &Cron, wall: Timestamp, served: Option<Timestamp>) -> Timestamp {
    let served = served.filter(|served| *served > wall && served.duration_since(wall) <= REPEATED);
    cron.next_after(served.unwrap_or(wall)).unwrap_or(Timestamp::MAX)
}

fn later(wall: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait).ok().and_then(|wait| wall.checked_add(wait).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that a test moves and sets.
    struct HandClock(Mutex<(Duration, Timestamp)>);

    impl HandClock {
        fn at(wall: &str) -> Self {
            HandClock(Mutex::new((Duration::ZERO, wall.parse().unwrap())))
        }

        fn pass(&self, seconds: u32) {
            let mut time = self.0.lock().unwrap();
            time.0 += Duration::from_secs(seconds.into());
            time.1 += SignedDuration::from_secs(seconds.into());
        }

        fn set(&self, wall: &str) {
            self.0.lock().unwrap().1 = wall.parse().unwrap();
        }
    }

    #[async_trait::async_trait]
    impl Clock for HandClock {
        fn now(&self) -> Duration {
            self.0.lock().unwrap().0
        }

        async fn sleep(&self, _: Duration) {}

        fn wall(&self) -> Timestamp {
            self.0.lock().unwrap().1
        }
    }

    /// Draws the same number always.
    struct Always(f64);

    impl Random for Always {
        fn unit(&self) -> f64 {
            self.0
        }
    }

    fn cron(text: &str) -> Schedule {
        Schedule::default().sync_at(text.parse().unwrap())
    }

    /// A sync starts, ends at once, and the next one is planned by the schedule.
    fn sync(next: &mut NextSync<'_>, clock: &HandClock) {
        next.begins(clock);
        let usual = next.usual(clock, &Always(0.5));
        next.plan(usual, usual, clock);
    }

    #[track_caller]
    fn assert_starts(next: &mut NextSync<'_>, clock: &HandClock, at: &str) {
        let at: Timestamp = at.parse().unwrap();
        let left = next.left(clock);
        assert_eq!(next.time(), at);
        assert_eq!(left, Duration::try_from(at.duration_since(clock.wall())).unwrap_or(Duration::ZERO));
    }

    #[test]
    fn a_clock_that_is_set_right_by_a_year_leaves_no_year_without_a_sync() {
        let (clock, schedule) = (HandClock::at("2027-12-01T10:00:00Z"), cron("30 2 * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        assert_starts(&mut next, &clock, "2027-12-02T02:30:00Z");
        clock.set("2026-12-01T10:00:01Z");
        assert_starts(&mut next, &clock, "2026-12-02T02:30:00Z");
    }

    #[test]
    fn a_clock_that_is_set_right_during_a_sync_counts_from_then_on() {
        let (clock, schedule) = (HandClock::at("2027-12-01T10:00:30Z"), cron("* * * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        clock.pass(30);
        assert!(next.left(&clock).is_zero());
        next.begins(&clock);
        clock.set("2026-12-01T10:01:10Z");
        let usual = next.usual(&clock, &Always(0.5));
        next.plan(usual, usual, &clock);
        assert_starts(&mut next, &clock, "2026-12-01T10:02:00Z");
    }

    #[test]
    fn a_small_step_back_does_not_bring_the_same_time_twice() {
        let (clock, schedule) = (HandClock::at("2026-12-01T02:29:59Z"), cron("30 2 * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        clock.pass(1);
        assert!(next.left(&clock).is_zero());
        sync(&mut next, &clock);
        assert_starts(&mut next, &clock, "2026-12-02T02:30:00Z");
        clock.set("2026-12-01T02:29:57Z");
        assert_starts(&mut next, &clock, "2026-12-02T02:30:00Z");
        clock.set("2026-12-01T02:25:00Z");
        assert_starts(&mut next, &clock, "2026-12-02T02:30:00Z");
    }

    #[test]
    fn after_a_larger_step_back_the_times_count_again() {
        let (clock, schedule) = (HandClock::at("2026-12-01T02:30:00Z"), cron("30 2 * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        sync(&mut next, &clock);
        clock.set("2026-11-30T22:00:00Z");
        assert_starts(&mut next, &clock, "2026-12-01T02:30:00Z");
    }

    #[test]
    fn a_step_forward_over_its_time_starts_it_once() {
        let (clock, schedule) = (HandClock::at("2026-12-01T02:00:00Z"), cron("30 2 * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        clock.set("2026-12-08T12:00:00Z");
        assert!(next.left(&clock).is_zero());
        sync(&mut next, &clock);
        assert_starts(&mut next, &clock, "2026-12-09T02:30:00Z");
    }

    #[test]
    fn a_sync_that_was_asked_for_does_not_take_the_place_of_the_scheduled_one() {
        let (clock, schedule) = (HandClock::at("2026-12-01T12:00:00Z"), cron("30 2 * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        sync(&mut next, &clock);
        assert_starts(&mut next, &clock, "2026-12-02T02:30:00Z");
    }

    #[test]
    fn intervals_and_retries_go_by_the_monotonic_clock() {
        for schedule in [Schedule::default(), cron("30 2 * * *")] {
            let clock = HandClock::at("2027-12-01T12:00:00Z");
            let mut next = NextSync::first(&schedule, &clock).unwrap();
            next.plan(Duration::from_secs(600), Duration::from_secs(3600), &clock);
            clock.pass(100);
            clock.set("2026-12-01T12:00:00Z");
            assert_eq!(next.left(&clock), Duration::from_secs(500));
            assert_eq!(next.time(), "2026-12-01T12:08:20Z".parse().unwrap(), "the time that `status` shows");
        }
    }
    #[test]
    fn an_interval_starts_with_a_sync_and_is_then_spread_by_a_tenth_to_either_side() {
        let (clock, schedule) = (HandClock::at("2026-12-01T12:00:00Z"), Schedule::default());
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        assert!(next.left(&clock).is_zero());
        for (unit, seconds) in [(0.0, 3240), (0.5, 3600), (0.75, 3780)] {
            assert_eq!(next.usual(&clock, &Always(unit)), Duration::from_secs(seconds));
        }
    }

    #[test]
    fn an_interval_without_end_is_waited_for_without_a_panic() {
        let (clock, schedule) = (HandClock::at("2026-12-01T12:00:00Z"), Schedule::default().sync_every(Duration::MAX));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        let usual = next.usual(&clock, &Always(0.9));
        next.plan(usual, usual, &clock);
        assert_eq!((next.left(&clock), next.time()), (Duration::MAX, Timestamp::MAX));
    }

    #[test]
    fn a_cron_expression_is_met_to_the_millisecond_from_the_first_sync_on() {
        let (clock, schedule) = (HandClock::at("2026-11-24T23:59:59.75Z"), cron("0 * * * *"));
        let mut next = NextSync::first(&schedule, &clock).unwrap();
        assert_eq!(next.left(&clock), Duration::from_millis(250));
        clock.set("2026-11-25T00:00:00Z");
        for unit in [0.0, 0.9] {
            next.begins(&clock);
            assert_eq!(next.usual(&clock, &Always(unit)), Duration::from_secs(3600), "the next time, not the same one");
        }
    }

    #[test]
    fn a_connector_without_syncs_has_no_next_one() {
        let schedule = Schedule::default().without_syncs();
        assert!(NextSync::first(&schedule, &HandClock::at("2026-12-01T12:00:00Z")).is_none());
    }
}
