//! A spell of work: tasks are looked for, and given out to as many handlers as may run at once.

use std::{
    collections::{HashMap, HashSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use bridge_core::wire::TaskId;
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    engine::{Desk, TaskEngine},
    error::RoundError,
    listing::{Fate, Listing},
    pending::Pending,
    round::RoundReport,
    subject::Subject,
    turn::{Turn, Turned},
};
use crate::journal::{KnownTask, TaskState};

/// How many of those may do nothing but report what is over: where no report arrives, the others go on.
const REPORTS_AT_ONCE: usize = 4;
/// So many handlers may be cut off and still work on a thread, those at work counted in. The threads of a process are few, and its sources need some.
const MOST_OVERTIME: usize = 16;
/// With so many tasks ready to run, there is no need to look for more.
const FULL: usize = 1_000;
/// How many tasks the journal is asked about at a time.
const CHUNK: usize = 1_000;
/// How long nothing new is begun after something has failed.
const PAUSE: Duration = Duration::from_secs(30);
/// How many settled tasks are kept in any case: a clock that was set wrong for a while must not forget them all.
const KEPT_AT_LEAST: u32 = 10_000;
/// How long a settled task is kept. What Iden lists is kept in any case.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

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
    engine: &'a TaskEngine<S>,
    system: &'a Arc<S>,
    stop: &'a CancellationToken,
    polling: Option<Polling<'a>>,
    desk: &'a mut Desk,
    report: RoundReport,
    /// What went wrong, and until when nothing new is begun. What runs is brought to its end.
    failure: Option<(RoundError, Duration)>,
    /// Those that are given out only to be reported.
    reporting: HashSet<TaskId>,
}

/// What happened next.
enum Event {
    /// Or it panicked.
    Turned(Result<Turned, TaskId>),
    Listed(Result<Listing, RoundError>),
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
        let (report, failure, reporting) = Default::default();
        Shift { engine, system, stop, polling, desk, report, failure, reporting }
    }

    pub(super) async fn work(mut self) -> Result<RoundReport, RoundError> {
        let (engine, stop) = (self.engine, self.stop);
        let listing = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RoundError::Interrupted),
            listing = self.list() => listing?,
        };
        self.report.pending = listing.tasks.len();
        self.take_in(listing).await?;

        let mut turns = FuturesUnordered::new();
        let mut poll: Option<BoxFuture<'a, Result<Listing, RoundError>>> = None;
        loop {
            self.get_over_it();
            let goes_on = self.failure.is_none() && !stop.is_cancelled();
            while goes_on
                && turns.len() < engine.at_once
                && let Some(pending) = self.next()
            {
                let (id, tracker) = (pending.id(), TaskTracker::new());
                self.desk.at_work.insert(id, tracker.clone());
                let turn = Turn::new(engine, self.system, stop, tracker, pending).take();
                turns.push(AssertUnwindSafe(turn).catch_unwind().map(move |turned| turned.map_err(|_| id)));
            }
            if turns.is_empty() {
                break;
            }
            if !goes_on || self.desk.lanes.ready() >= FULL {
                poll = None;
            } else if poll.is_none() {
                poll = self.polling.map(|polling| self.list_after(polling).boxed());
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
                Event::WentHome(id, pending) => self.go_home(id, pending).await,
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
                Event::Due | Event::Stopped => Ok(()),
            };
            if let Err(error) = done {
                self.fail(error);
            }
        }
        drop(turns);
        match self.failure {
            Some((error, _)) => Err(error),
            None if stop.is_cancelled() => Err(RoundError::Interrupted),
            None => Ok(self.report.standing(self.desk.lanes.standing())),
        }
    }

    fn list(&self) -> impl Future<Output = Result<Listing, RoundError>> + use<'a, S> {
        let engine = self.engine;
        async move { Listing::read(&engine.client, engine.app, &*engine.journal, &*engine.clock).await }
    }

    fn list_after(&self, polling: Polling<'a>) -> impl Future<Output = Result<Listing, RoundError>> + use<'a, S> {
        let (clock, list) = (&self.engine.clock, self.list());
        async move {
            tokio::select! {
                () = clock.sleep(polling.every) => {}
                () = polling.asked.notified() => {}
            }
            list.await
        }
    }

    /// Takes in what Iden lists, with what the journal knows of it.
    async fn take_in(&mut self, listing: Listing) -> Result<(), RoundError> {
        let (engine, began) = (self.engine, listing.began);
        while let Some(Some((id, pending))) = self.desk.overtime.next().now_or_never() {
            self.go_home(id, pending).await?;
        }
        let listed: HashSet<TaskId> = listing.tasks.keys().copied().collect();
        let mut fresh: Vec<(Pending, Subject)> = listing.tasks.into_values().collect();
        // It was settled since: the list is older than that.
        fresh.retain(|(one, _)| {
            let settled = self.desk.settled.get(&one.id()).is_some_and(|at| *at >= began);
            !settled && !self.desk.lanes.contains(one.id())
        });
        fresh.sort_unstable_by_key(|(one, _)| one.place);
        let mut fresh = fresh.into_iter().peekable();
        while fresh.peek().is_some() {
            let chunk: Vec<(Pending, Subject)> = fresh.by_ref().take(CHUNK).collect();
            let known = engine.journal.tasks(chunk.iter().map(|(one, _)| one.id()).collect()).await?;
            let known: HashMap<TaskId, KnownTask> = known.into_iter().map(|one| (one.seen.id, one)).collect();
            chunk.into_iter().for_each(|(one, subject)| self.queue(known.get(&one.id()), one, &subject));
        }
        self.look_after_unlisted(listing.unlisted).await?;
        self.desk.settled.retain(|id, at| listed.contains(id) || *at >= began);
        self.take_up_again().await?;
        self.desk.lanes.drop_unlisted(|id| listed.contains(&id));
        self.desk.lanes.resend();
        let mut keep = listed;
        keep.extend(self.desk.lanes.ids());
        let before = engine.clock.wall().checked_sub(KEPT).unwrap_or(Timestamp::MIN);
        Ok(engine.journal.forget_tasks(keep, before, KEPT_AT_LEAST).await?)
    }

    fn queue(&mut self, known: Option<&KnownTask>, pending: Pending, subject: &Subject) {
        let lanes = &mut self.desk.lanes;
        lanes.enter(&pending, subject);
        let pending = if let Some(known) = known { pending.known(known) } else { pending };
        if pending.conclusion.is_some() {
            return lanes.hold_report(pending);
        }
        self.report.came += 1;
        if self.desk.overtime.contains(pending.id()) {
            self.desk.overtime.keep(pending);
        } else if known.is_some_and(|known| known.state == TaskState::Parked) {
            lanes.park(pending);
        } else {
            lanes.queue(pending);
        }
    }

    /// Tasks that were begun, and that Iden does not list.
    async fn look_after_unlisted(&mut self, unlisted: Vec<(KnownTask, Fate)>) -> Result<(), RoundError> {
        let (engine, desk) = (self.engine, &mut *self.desk);
        for (known, fate) in unlisted {
            let id = known.seen.id;
            if desk.lanes.is_running(id) || desk.overtime.contains(id) {
                continue;
            }
            // It may have come to its end since it was asked for.
            let state = engine.journal.tasks(vec![id]).await?.pop().map(|now| now.state);
            match fate {
                Fate::Ours if state == Some(TaskState::Executed) && !desk.lanes.contains(id) => {
                    desk.lanes.hold_report(Pending::unlisted(&known));
                }
                Fate::Settled(status) if state.is_some_and(TaskState::is_unclear) => {
                    engine.settled_elsewhere(id, &status).await?;
                    desk.lanes.remove(id);
                    self.report.conflicts += 1;
                }
                Fate::Absent if state.is_some_and(TaskState::is_unclear) => {
                    engine.move_to(id, TaskState::Gone, "Iden has it no more").await?;
                    desk.lanes.remove(id);
                }
                // The list has missed it. Younger ones of its account wait behind it.
                Fate::Pending(task) if state.is_some_and(TaskState::is_unclear) && !desk.lanes.contains(id) => {
                    let pending = Pending::of(&task).known(&known);
                    desk.lanes.enter(&pending, &Subject::of(&task));
                    if state == Some(TaskState::Parked) { desk.lanes.park(pending) } else { desk.lanes.queue(pending) }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tasks that Iden could not show, and parked ones that a person has had taken up again.
    async fn take_up_again(&mut self) -> Result<(), RoundError> {
        self.desk.lanes.take_from_aside();
        let parked = self.desk.lanes.parked();
        if parked.is_empty() {
            return Ok(());
        }
        for known in self.engine.journal.tasks(parked).await? {
            if known.state != TaskState::Parked {
                tracing::info!(bridge.task_id = %known.seen.id, "the task is taken up again, as a person has asked");
                self.desk.lanes.release(known.seen.id, |pending| pending.known(&known));
            }
        }
        Ok(())
    }

    /// A handler that was cut off has ended: its task is settled by its kind, and may run again. If its shift was dropped,
    /// and the task is not listed any more, there is nothing to go on with.
    async fn go_home(&mut self, id: TaskId, pending: Option<Pending>) -> Result<(), RoundError> {
        tracing::info!(bridge.task_id = %id, "the blocking work that went on has ended");
        match pending {
            Some(pending) => self.desk.lanes.queue(pending),
            None => self.desk.lanes.remove(id),
        }
        Ok(())
    }

    /// The next task that may be given out.
    fn next(&mut self) -> Option<Pending> {
        if self.reporting.len() < REPORTS_AT_ONCE
            && let Some(report) = self.desk.lanes.next_report()
        {
            self.reporting.insert(report.id());
            return Some(report);
        }
        if self.desk.overtime.count() + self.desk.at_work.len() >= MOST_OVERTIME.max(self.engine.at_once) {
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
        self.reporting.remove(&turned.id());
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
            Turned::Unreported(pending) => lanes.hold_report(pending),
            Turned::Delayed(pending, until) => lanes.delay(pending, until),
            Turned::Parked(pending) => lanes.park(pending),
            Turned::Aside(pending) => lanes.set_aside(pending),
            Turned::Overtime(pending) => {
                let tracker = tracker.unwrap_or_default();
                self.desk.overtime.add(pending.id(), Some(pending), tracker);
                if self.desk.overtime.count() == MOST_OVERTIME {
                    tracing::error!(
                        handlers = MOST_OVERTIME,
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

    fn fail(&mut self, error: RoundError) {
        if self.failure.is_none() {
            self.failure = Some((error, self.engine.clock.now().saturating_add(PAUSE)));
        } else {
            tracing::warn!(error = %error, "more has failed");
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
