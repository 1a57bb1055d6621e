//! The figures of one app.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bridge_core::TypeSchema;
use jiff::Timestamp;

use super::{
    Check, Family,
    doing::{Doing, Sight, UnderWay},
    family::{
        BUILD_INFO, FamilyKind, GUARD_HELD, GUARD_HOLDS, HANDLERS_OVERDUE, POLL_FAILURES, POLL_LAST_SUCCESS,
        SYNC_CHANGES, SYNC_DURATION, SYNC_FOUND, SYNC_PAGES, SYNC_READ, SYNC_RECORDS, SYNCS, TASK_DURATION, TASKS,
    },
    histogram::Histogram,
    pulse::{LONGEST_BEAT, Phase, Pulse},
};
use crate::{clock::Clock, journal::Activity};

/// The values of a family's labels, in its order.
pub(super) type Labels = Vec<&'static str>;

/// The actions of protocol.md section 6. Iden may add others at any time, and a label must not grow with what a server says.
const ACTIONS: [&str; 6] =
    ["create_account", "update_account", "delete_account", "suspend_account", "unsuspend_account", "reset_password"];
/// For what is none of the connector's own.
pub(crate) const OTHER: &str = "other";
/// For how long polls may fail before the app is not ready: longer than a restart of Iden's gateway takes.
const POLLS_MAY_FAIL: Duration = Duration::from_secs(5 * 60);
/// What a completed sync can change.
const CHANGES: [&str; 5] = ["created", "updated", "removed", "deactivated", "links_ended"];

#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(f64),
    Histogram(Histogram),
}

/// What is counted of one app, by family and labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures(BTreeMap<&'static str, BTreeMap<Labels, Value>>);

impl Figures {
    pub(super) fn of(&self, family: &Family) -> Option<&BTreeMap<Labels, Value>> {
        self.0.get(family.name).filter(|series| !series.is_empty())
    }

    fn series(&mut self, family: &Family, labels: &[&'static str]) -> &mut Value {
        debug_assert_eq!(labels.len(), family.labels.len(), "{}", family.name);
        let empty = || match family.kind {
            FamilyKind::Histogram => Value::Histogram(Histogram::default()),
            FamilyKind::Counter | FamilyKind::Gauge => Value::Number(0.0),
        };
        self.0.entry(family.name).or_default().entry(labels.to_vec()).or_insert_with(empty)
    }
}

/// Counts what one app does. Every label is of the connector's own making, so there are as many series as there are types,
/// actions and calls, however long it runs.
#[derive(Debug)]
pub(crate) struct Meter {
    app: String,
    /// What may stand in the label `action`.
    actions: Vec<&'static str>,
    figures: Mutex<Figures>,
    pulse: Pulse,
    pub(super) doing: Doing,
    /// Why Iden could not be had the last time, if so.
    unreached: Mutex<Option<String>>,
    /// When the first of the failed polls was, and why the last one failed; `None` after a good one.
    polls_fail: Mutex<Option<(Duration, String)>>,
    clock: ClockSeam,
}

/// The clock is no `Debug`.
struct ClockSeam(Arc<dyn Clock>);

impl std::fmt::Debug for ClockSeam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Meter {
    /// `actions`: those of the handlers.
    pub(super) fn new(app: &str, types: &[TypeSchema], actions: Vec<&'static str>, clock: Arc<dyn Clock>) -> Self {
        let mut figures = Figures::default();
        *figures.series(&BUILD_INFO, &[env!("CARGO_PKG_VERSION")]) = Value::Number(1.0);
        // There from the first scrape on, so that a rate sees the step from 0 to 1.
        for outcome in ["completed", "held", "failed", "interrupted"] {
            figures.series(&SYNCS, &[outcome]);
            figures.series(&SYNC_DURATION, &[outcome]);
        }
        for schema in types {
            figures.series(&SYNC_READ, &[schema.slug]);
            figures.series(&SYNC_PAGES, &[schema.slug]);
            for outcome in ["created", "updated", "unreadable", "refused"] {
                figures.series(&SYNC_RECORDS, &[schema.slug, outcome]);
            }
            for change in CHANGES {
                figures.series(&SYNC_CHANGES, &[schema.slug, change]);
            }
            figures.series(&SYNC_FOUND, &[schema.slug]);
        }
        for action in &actions {
            for outcome in ["completed", "failed"] {
                figures.series(&TASKS, &[action, outcome]);
            }
            figures.series(&TASK_DURATION, &[action]);
        }
        if !actions.is_empty() {
            figures.series(&POLL_FAILURES, &[]);
        }
        figures.series(&GUARD_HOLDS, &[]);
        figures.series(&GUARD_HELD, &[]);
        figures.series(&HANDLERS_OVERDUE, &[]);
        let (app, figures) = (app.to_owned(), Mutex::new(figures));
        let (pulse, doing, unreached, polls_fail) =
            (Pulse::default(), Doing::of(&app), Mutex::default(), Mutex::default());
        Meter { app, actions, figures, pulse, doing, unreached, polls_fail, clock: ClockSeam(clock) }
    }

    pub(crate) fn app(&self) -> &str {
        &self.app
    }

    pub(super) fn figures(&self) -> Figures {
        self.lock().clone()
    }

    pub(crate) fn add(&self, family: &Family, labels: &[&'static str], more: u64) {
        if let Value::Number(number) = self.lock().series(family, labels) {
            *number += more as f64;
        }
    }

    pub(crate) fn set(&self, family: &Family, labels: &[&'static str], value: f64) {
        *self.lock().series(family, labels) = Value::Number(value);
    }

    /// Sets a time, or takes it away.
    pub(crate) fn set_time(&self, family: &Family, time: Option<Timestamp>) {
        self.set_time_of(family, &[], time);
    }

    /// The same for these labels.
    pub(crate) fn set_time_of(&self, family: &Family, labels: &[&'static str], time: Option<Timestamp>) {
        match time {
            Some(time) => self.set(family, labels, time.as_millisecond() as f64 / 1000.0),
            None => {
                if let Some(series) = self.lock().0.get_mut(family.name) {
                    series.remove(labels);
                }
            }
        }
    }

    pub(crate) fn observe(&self, family: &Family, labels: &[&'static str], duration: Duration) {
        if let Value::Histogram(histogram) = self.lock().series(family, labels) {
            histogram.observe(duration);
        }
    }

    /// The label of an action that came from Iden.
    pub(crate) fn action(&self, action: &str) -> &'static str {
        let known = ACTIONS.iter().chain(&self.actions).find(|known| **known == action);
        known.copied().unwrap_or(OTHER)
    }

    /// The sync side does this now.
    pub(crate) fn says(&self, activity: Activity) {
        self.doing.say(activity, self.clock.0.now());
    }

    /// So many more pages were accepted, and so many are on their way.
    pub(crate) fn pages(&self, landed: u64, on_their_way: usize) {
        self.doing.pages(landed, on_their_way);
    }

    /// Iden asks to be left alone until this time of the clock.
    pub(crate) fn pause(&self, until: Duration) {
        self.doing.pause(until);
    }

    /// A task is being carried out until the value is dropped.
    pub(crate) fn task(self: &Arc<Self>) -> UnderWay {
        UnderWay::new(Arc::clone(self))
    }

    pub(super) fn sight(&self) -> Sight {
        self.doing.look(self.clock.0.now())
    }

    /// Iden has answered a call.
    pub(crate) fn reached(&self) {
        *self.unreached.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// A call has failed for good, in a way that others will fail, too.
    pub(crate) fn not_reached(&self, why: String) {
        *self.unreached.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    /// A poll for tasks went well, or failed for this reason.
    pub(crate) fn polled(&self, failure: Option<&str>) {
        let mut polls_fail = self.polls_fail.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            None => {
                *polls_fail = None;
                self.set_time(&POLL_LAST_SUCCESS, Some(self.clock.0.wall()));
            }
            Some(why) => {
                let since = polls_fail.as_ref().map_or_else(|| self.clock.0.now(), |(since, _)| *since);
                *polls_fail = Some((since, why.to_owned()));
                self.add(&POLL_FAILURES, &[], 1);
            }
        }
    }

    /// What is wrong with the polls, if they have failed for too long.
    fn polling_trouble(&self) -> Option<String> {
        let polls_fail = self.polls_fail.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, why) = polls_fail.as_ref()?;
        let failing = self.clock.0.now().saturating_sub(*since);
        (failing >= POLLS_MAY_FAIL)
            .then(|| format!("polls for tasks have failed for {} min: {why}", failing.as_secs() / 60))
    }

    /// The loops begin to turn.
    pub(crate) fn begin(&self) {
        self.pulse.enter(Phase::Running, self.clock.0.now());
    }

    /// The loops turn.
    pub(crate) fn beat(&self) {
        self.pulse.beat(self.clock.0.now());
    }

    /// The loops are told to end.
    pub(crate) fn stop(&self) {
        self.pulse.enter(Phase::Stopping, self.clock.0.now());
    }

    pub(super) fn lives(&self) -> Check {
        let silence = self.pulse.silence(self.clock.0.now());
        match self.pulse.phase() {
            Phase::Running if silence > LONGEST_BEAT => {
                Check::failed(&self.app, format!("its loops have not turned for {} s", silence.as_secs()))
            }
            Phase::Running => Check::passed(&self.app, "its loops turn"),
            Phase::Attached => Check::passed(&self.app, "it is not running yet"),
            Phase::Stopping => Check::passed(&self.app, "it is stopping"),
        }
    }

    pub(super) fn is_ready(&self) -> Check {
        let lives = self.lives();
        match self.pulse.phase() {
            Phase::Running if lives.ok => match &*self.unreached.lock().unwrap_or_else(PoisonError::into_inner) {
                None => match self.polling_trouble() {
                    Some(trouble) => Check::failed(&self.app, trouble),
                    None => Check::passed(&self.app, "Iden answers"),
                },
                Some(why) => Check::failed(&self.app, why),
            },
            _ => Check { ok: false, ..lives },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
