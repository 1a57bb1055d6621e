//! What an app is doing at this moment, for whoever looks on in this process. Who looks from outside reads the journal.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Meter;
use crate::journal::Activity;

/// What one app is doing at this moment: [`Telemetry::sights`](super::Telemetry::sights).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sight {
    /// The app's name.
    pub app: String,
    /// What its sync side does. `None` while it starts, and where it only carries out tasks once.
    pub activity: Option<Activity>,
    /// For how long.
    pub since: Duration,
    /// Pages that Iden has accepted in this step.
    pub pages: u64,
    /// Pages that are on their way.
    pub on_their_way: usize,
    /// Tasks that are being carried out.
    pub tasks: usize,
    /// How much longer Iden asks to be left alone.
    pub pause: Duration,
}

/// A sight that the engines keep up to date. Its times are those of the clock.
#[derive(Debug)]
pub(super) struct Doing(Mutex<Sight>);

impl Doing {
    pub(super) fn of(app: &str) -> Self {
        Doing(Mutex::new(Sight { app: app.to_owned(), ..Sight::default() }))
    }

    /// Another step of the work begins its time and its pages anew.
    pub(super) fn say(&self, activity: Activity, now: Duration) {
        let mut sight = self.lock();
        if !sight.activity.as_ref().is_some_and(|before| before.is_same_step(&activity)) {
            (sight.since, sight.pages, sight.on_their_way) = (now, 0, 0);
        }
        sight.activity = Some(activity);
    }

    pub(super) fn pages(&self, landed: u64, on_their_way: usize) {
        let mut sight = self.lock();
        sight.pages += landed;
        sight.on_their_way = on_their_way;
    }

    pub(super) fn pause(&self, until: Duration) {
        let mut sight = self.lock();
        sight.pause = until.max(sight.pause);
    }

    fn task(&self, begins: bool) {
        let tasks = &mut self.lock().tasks;
        *tasks = if begins { *tasks + 1 } else { tasks.saturating_sub(1) };
    }

    pub(super) fn look(&self, now: Duration) -> Sight {
        let sight = self.lock().clone();
        Sight { since: now.saturating_sub(sight.since), pause: sight.pause.saturating_sub(now), ..sight }
    }

    fn lock(&self) -> MutexGuard<'_, Sight> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A task that is being carried out, until it is dropped.
pub(crate) struct UnderWay(Arc<Meter>);

impl UnderWay {
    pub(super) fn new(meter: Arc<Meter>) -> Self {
        meter.doing.task(true);
        UnderWay(meter)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.doing.task(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn reading(slug: &str, records: u64) -> Activity {
        Activity::Reading { slug: slug.to_owned(), records }
    }

    #[test]
    fn a_step_has_its_own_time_and_pages() {
        let doing = Doing::of("HR");
        doing.say(reading("team", 0), SECOND);
        doing.pages(2, 1);
        doing.say(reading("team", 100), 3 * SECOND);
        let sight = doing.look(4 * SECOND);
        assert_eq!((sight.since, sight.pages, sight.on_their_way), (3 * SECOND, 2, 1));
        assert_eq!((&*sight.app, sight.activity), ("HR", Some(reading("team", 100))));
        doing.say(reading("employee", 0), 5 * SECOND);
        let sight = doing.look(5 * SECOND);
        assert_eq!((sight.since, sight.pages, sight.on_their_way), (Duration::ZERO, 0, 0));
    }

    #[test]
    fn a_pause_is_told_by_what_is_left_of_the_longest() {
        let doing = Doing::of("HR");
        doing.pause(9 * SECOND);
        doing.pause(5 * SECOND);
        assert_eq!(doing.look(2 * SECOND).pause, 7 * SECOND);
        assert_eq!(doing.look(9 * SECOND).pause, Duration::ZERO);
    }
}
