//! A spell of work: tasks are looked for, and given out to as many handlers as may run at once.

use std::{collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bridge_core::wire::TaskId;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument as _, field::Empty};

use super::{
    engine::{Desk, TaskEngine},
    error::RoundError,
    lanes::Standing,
    listing::Listing,
    pending::Pending,
    round::{ReportedTask, RoundReport},
    turn::{self, Turn, Turned},
};
use crate::telemetry::{HANDLERS_OVERDUE, TASKS_OLDEST, TASKS_OPEN};

/// How many of those may do nothing but report what is over: where no report arrives, the others go on.
const REPORTS_AT_ONCE: usize = 4;
/// So many handlers may be cut off and still work on a thread, those at work counted in. The threads of a process are few, and its sources need some.
pub(crate) const MOST_OVERDUE: usize = 16;
/// With so many tasks ready to run, there is no need to look for more.
const FULL: usize = 1_000;
/// How long nothing new is begun after something has failed.
const PAUSE: Duration = Duration::from_secs(30);

/// How a running connector looks for tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polling<'a> {
    /// From one poll to the next.
    pub(crate) every: Duration,
    /// Somebody wants it now.
    pub(crate) asked: &'a Notify,
}

/// A spell of work.
pub(super) struct Shift<'a, S> {
    pub(super) engine: &'a TaskEngine<S>,
    system: &'a Arc<S>,
    stop: &'a CancellationToken,
    polling: Option<Polling<'a>>,
    pub(super) desk: &'a mut Desk,
    pub(super) report: RoundReport,
    /// What went wrong, and until when nothing new is begun. What runs is brought to its end.
    failure: Option<(RoundError, Duration)>,
    /// Why no task of the last list can be read: Iden shows tasks in another form than documented, and none of them may be
    /// failed for it.
    pub(super) changed_form: Option<String>,
    /// The tasks of the last whole list that are not settled since. The journal may have more, of a walk that is not over:
    /// an older task of the same account can be on its next page.
    pub(super) listed: HashSet<TaskId>,
    /// How many more tasks are pending than the lanes hold; and how many have left the lanes since tasks were loaded.
    pub(super) left_out: usize,
    done: usize,
    /// Those that are given out only to be reported.
    reporting: HashSet<TaskId>,
}

/// What happened next.
enum Event {
    /// Or it panicked.
    Turned(Result<Turned, TaskId>),
    Listed(Result<Listing, RoundError>),
    /// The list would have been asked for, were there not enough at hand.
    Enough,
    /// A handler that was cut off has ended at last.
    WentHome(TaskId, Option<Pending>),
    /// One that waited for its time may run, or a pause is over.
    Due,
    Stopped,
}

impl<'a, S: Send + Sync + 'static> Shift<'a, S> {
    pub(super) fn new(
        engine: &'a TaskEngine<S>,
        system: &'a Arc<S>,
        stop: &'a CancellationToken,
        polling: Option<Polling<'a>>,
        desk: &'a mut Desk,
    ) -> Self {
        desk.tidy();
        let (report, failure, changed_form, listed, left_out, done, reporting) = Default::default();
        Shift { engine, system, stop, polling, desk, report, failure, changed_form, listed, left_out, done, reporting }
    }

    pub(super) async fn work(mut self) -> Result<RoundReport, RoundError> {
        let (engine, stop) = (self.engine, self.stop);
        let listing = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RoundError::Interrupted),
            listing = self.list() => listing?,
        };
        self.report.pending = listing.tasks.len() + listing.unreadable.len();
        self.take_in(listing).await?;

        let mut turns = FuturesUnordered::new();
        let mut poll: Option<BoxFuture<'a, Result<Listing, RoundError>>> = None;
        let mut resend_after: Option<BoxFuture<'a, ()>> = None;
        loop {
            self.get_over_it();
            let goes_on = self.failure.is_none() && !stop.is_cancelled();
            if goes_on && self.is_running_out() {
                self.load_more().await?;
            }
            while goes_on
                && turns.len() < engine.at_once
                && let Some(pending) = self.next()
            {
                let (id, tracker) = (pending.id(), TaskTracker::new());
                self.desk.at_work.insert(id, tracker.clone());
                let span = tracing::info_span!(
                    "bridge.task",
                    bridge.app = engine.meter.app(),
                    bridge.task_id = %id,
                    bridge.action = Empty,
                    bridge.resource_type = Empty
                );
                let turn = Turn::new(engine, self.system, stop, tracker, pending).take().instrument(span);
                turns.push(AssertUnwindSafe(turn).catch_unwind().map(move |turned| turned.map_err(|_| id)));
            }
            if turns.is_empty() {
                if goes_on && self.left_out > 0 && self.load_more().await? {
                    continue;
                }
                break;
            }
            let is_full = self.desk.lanes.ready() >= FULL;
            poll = poll.filter(|_| goes_on && !is_full);
            resend_after = resend_after.filter(|_| goes_on && is_full);
            if goes_on && is_full {
                resend_after = resend_after.or_else(|| self.polling.map(|polling| engine.clock.sleep(polling.every)));
            } else if goes_on {
                poll = poll.or_else(|| self.polling.map(|polling| self.list_after(polling).boxed()));
            }
            let due = match &self.failure {
                Some((_, until)) => Some(*until).filter(|until| *until > engine.clock.now()),
                None => self.desk.lanes.next_due().filter(|_| goes_on && turns.len() < engine.at_once),
            };
            let event = tokio::select! {
                biased;
                Some(turned) = turns.next() => Event::Turned(turned),
                Some((id, pending)) = self.desk.overtime.next() => Event::WentHome(id, pending),
                Some(listing) = maybe(poll.as_mut()) => Event::Listed(listing),
                Some(()) = maybe(resend_after.as_mut()) => Event::Enough,
                Some(()) = maybe(due.map(|due| engine.clock.sleep(due.saturating_sub(engine.clock.now())))) => Event::Due,
                // The turns look at it themselves.
                () = stop.cancelled(), if goes_on => Event::Stopped,
            };
            let done = match event {
                Event::Turned(Ok(turned)) => self.take_back(turned),
                Event::Turned(Err(id)) => {
                    self.take_back_panicked(id);
                    Ok(())
                }
                Event::WentHome(id, pending) => {
                    self.go_home(id, pending);
                    Ok(())
                }
                Event::Listed(listing) => {
                    poll = None;
                    match listing {
                        Ok(listing) => self.take_in(listing).await,
                        // What is at hand does not depend on the list.
                        Err(RoundError::Client(error)) => {
                            tracing::error!(error = %error, hint = error.hint(), "tasks could not be looked for; those at hand go on");
                            Ok(())
                        }
                        Err(error) => Err(error),
                    }
                }
                Event::Enough => {
                    resend_after = None;
                    self.desk.lanes.resend();
                    self.take_up_again().await
                }
                Event::Due | Event::Stopped => Ok(()),
            };
            if let Err(error) = done {
                self.fail(error);
            }
        }
        drop(turns);
        self.show_standing();
        let standing = self.standing();
        match (self.failure, self.changed_form) {
            (Some((error, _)), _) => Err(error),
            (None, _) if stop.is_cancelled() => Err(RoundError::Interrupted),
            (None, Some(why)) => Err(RoundError::Unreadable { tasks: self.desk.unreadable, why }),
            (None, None) => Ok(self.report.standing(standing)),
        }
    }

    /// Whether handlers could run that have no task, although more tasks are pending. To load some takes a while, so enough
    /// must have been done since.
    fn is_running_out(&self) -> bool {
        let has_done = self.done >= (self.engine.window / 8).max(1);
        self.left_out > 0 && has_done && self.desk.lanes.ready() == 0
    }

    /// Loads more of the tasks that were listed. Returns whether there are any.
    async fn load_more(&mut self) -> Result<bool, RoundError> {
        let before = self.report.came;
        self.done = 0;
        self.left_out = self.load().await?;
        Ok(self.report.came > before)
    }

    fn standing(&self) -> Standing {
        let mut standing = self.desk.lanes.standing();
        standing.waiting += self.left_out;
        standing
    }

    /// What is left to do, in figures.
    pub(super) fn show_standing(&self) {
        let (meter, lanes) = (&self.engine.meter, &self.desk.lanes);
        let Standing { waiting, blocked, parked, unreported } = self.standing();
        let states = [
            ("waiting", waiting),
            ("blocked", blocked),
            ("parked", parked),
            ("unreported", unreported),
            ("unreadable", self.desk.unreadable),
        ];
        for (state, tasks) in states {
            meter.set(&TASKS_OPEN, &[state], tasks as f64);
        }
        meter.set_time(&TASKS_OLDEST, lanes.oldest());
        self.show_overdue();
    }

    /// How many handlers still work although they were cut off.
    pub(super) fn show_overdue(&self) {
        self.engine.meter.set(&HANDLERS_OVERDUE, &[], self.desk.overtime.count() as f64);
    }

    fn list(&self) -> impl Future<Output = Result<Listing, RoundError>> + use<'a, S> {
        let engine = self.engine;
        async move {
            let listing = Listing::read(&engine.client, engine.app, &*engine.journal, &*engine.clock).await;
            // A poll of which no task can be read must not look like one that found none.
            match listing.as_ref().ok().and_then(|listing| Some((listing.unreadable.len(), listing.changed_form()?))) {
                Some((tasks, why)) => {
                    let why = why.to_owned();
                    engine.polled::<()>(&Err(RoundError::Unreadable { tasks, why })).await?;
                }
                None => engine.polled(&listing).await?,
            }
            listing
        }
    }

    fn list_after(&self, polling: Polling<'a>) -> impl Future<Output = Result<Listing, RoundError>> + use<'a, S> {
        let (clock, list) = (&self.engine.clock, self.list());
        async move {
            tokio::select! {
                biased;
                () = clock.sleep(polling.every) => {}
                () = polling.asked.notified() => {}
            }
            list.await
        }
    }

    /// The next task that may be given out.
    fn next(&mut self) -> Option<Pending> {
        if self.reporting.len() < REPORTS_AT_ONCE
            && let Some(report) = self.desk.lanes.next_report()
        {
            self.reporting.insert(report.id());
            return Some(report);
        }
        if self.desk.overtime.count() + self.desk.at_work.len() >= MOST_OVERDUE.max(self.engine.at_once) {
            return None;
        }
        self.desk.lanes.next(self.engine.clock.now())
    }

    /// A turn that panicked: whatever it was, it is not this task's alone to bring the others down.
    fn take_back_panicked(&mut self, id: TaskId) {
        tracing::error!(bridge.task_id = %id, "the turn of this task panicked; the message stands above, the others go on, and it is looked at again after the next start");
        self.desk.at_work.remove(&id);
        self.reporting.remove(&id);
        self.report.parked += 1;
    }

    /// Takes a task back from its turn.
    fn take_back(&mut self, turned: Turned) -> Result<(), RoundError> {
        let tracker = self.desk.at_work.remove(&turned.id());
        self.done += 1;
        self.reporting.remove(&turned.id());
        if let Turned::Reported(ReportedTask { id, .. }) | Turned::Conflict(id) | Turned::Dropped(id) = &turned {
            self.listed.remove(id);
        }
        let (lanes, now) = (&mut self.desk.lanes, self.engine.clock.now());
        match turned {
            Turned::Reported(task) => {
                lanes.remove(task.id);
                self.desk.settled.insert(task.id, now);
                // A running connector goes on for ever, and nobody reads the list.
                self.report.count(task, self.polling.is_none());
            }
            Turned::Conflict(id) => {
                lanes.remove(id);
                self.desk.settled.insert(id, now);
                self.report.conflicts += 1;
            }
            Turned::Dropped(id) => {
                lanes.remove(id);
                self.desk.settled.insert(id, now);
            }
            Turned::Moved(pending, subject) => {
                let moves = pending.moves;
                lanes.remove(pending.id());
                lanes.enter(&pending, &subject);
                // A server that shows it differently each time must not be asked without a pause.
                if moves > 1 { lanes.delay(pending, now + turn::PAUSE) } else { lanes.queue(pending) }
            }
            Turned::Unreported(pending) => lanes.hold_report(pending),
            Turned::Delayed(pending, until) => lanes.delay(pending, until),
            Turned::Parked(pending) => lanes.park(pending),
            Turned::Aside(pending) => lanes.set_aside(pending),
            Turned::Overtime(pending) => {
                let tracker = tracker.unwrap_or_default();
                self.desk.overtime.add(pending.id(), Some(pending), tracker);
                self.engine.meter.set(&HANDLERS_OVERDUE, &[], self.desk.overtime.count() as f64);
                if self.desk.overtime.count() == MOST_OVERDUE {
                    tracing::error!(
                        handlers = MOST_OVERDUE,
                        "so many handlers were cut off and still work on a thread; no other one is called before some of them end. Is the system down?"
                    );
                }
            }
            Turned::PutBack(pending, error) => {
                if pending.conclusion.is_some() {
                    lanes.hold_report(pending);
                } else {
                    lanes.queue(pending);
                }
                return error.map_or(Ok(()), Err);
            }
        }
        Ok(())
    }

    /// The first failure is the one that counts; but the journal's before any other, which may pass.
    fn fail(&mut self, error: RoundError) {
        let ends_it_all = |error: &RoundError| matches!(error, RoundError::Journal(_));
        if ends_it_all(&error) {
            // Nothing of what the turns would come to could be written down.
            self.stop.cancel();
        }
        match &self.failure {
            Some((first, _)) if ends_it_all(first) || !ends_it_all(&error) => {
                tracing::warn!(error = %error, "more has failed");
            }
            _ => self.failure = Some((error, self.engine.clock.now().saturating_add(PAUSE))),
        }
    }

    /// A handler that takes its time must not keep the others from going on when Iden answers again. Without the journal
    /// nothing goes on.
    fn get_over_it(&mut self) {
        let now = self.engine.clock.now();
        if self.polling.is_some()
            && let Some((RoundError::Client(error), until)) = &self.failure
            && *until <= now
        {
            tracing::error!(error = %error, hint = error.hint(), "tasks had to wait; they go on");
            self.failure = None;
        }
    }
}

/// What a future that may be there comes to.
async fn maybe<F: Future>(future: Option<F>) -> Option<F::Output> {
    match future {
        Some(future) => Some(future.await),
        None => None,
    }
}
