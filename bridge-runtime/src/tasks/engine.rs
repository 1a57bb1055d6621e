//! The engine: what is pending is carried out, many accounts at once, and each task once.

use std::{collections::HashMap, sync::Arc, time::Duration};

use bridge_core::wire::{AppId, TaskId, TaskStatus};
use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use tokio::sync::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Tasks,
    error::RoundError,
    lanes::Lanes,
    pending::Pending,
    round::RoundReport,
    shift::{Polling, Shift},
    subject::Subject,
};
use crate::{
    client::Client,
    clock::Clock,
    gate::Gate,
    journal::{Journal, SeenTask, TaskState, Touched},
    telemetry::Meter,
};

/// How many handlers run at once, where the connector does not say.
pub(crate) const AT_ONCE: usize = 8;

/// Carries out the tasks of one app.
pub(crate) struct TaskEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) tasks: Tasks<S>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) meter: Arc<Meter>,
    /// How many handlers run at once.
    pub(crate) at_once: usize,
    /// How many tasks are held in memory.
    pub(crate) window: usize,
    /// One shift at a time: two would carry out one task twice.
    pub(crate) desk: Mutex<Desk>,
}

/// What is to be done, from one shift to the next.
#[derive(Default)]
pub(crate) struct Desk {
    pub(super) lanes: Lanes,
    /// How many tasks the last poll could not read.
    pub(super) unreadable: usize,
    /// When a task was settled, of those that Iden may still list.
    pub(super) settled: HashMap<TaskId, Duration>,
    /// What tells whether a handler that was given a task still works, it or its blocking work.
    pub(super) at_work: HashMap<TaskId, TaskTracker>,
    pub(super) overtime: Overtime,
}

/// Handlers that were cut off, and that still work. Their accounts wait for the end of it.
#[derive(Default)]
pub(super) struct Overtime {
    ends: FuturesUnordered<BoxFuture<'static, TaskId>>,
    /// The tasks; `None` where it was lost with a shift that was dropped.
    tasks: HashMap<TaskId, Option<Pending>>,
}

impl Desk {
    /// Puts the desk in order after a shift that was dropped in the middle: its handlers were cut off, as by a crash. What
    /// they were given is found again in the list and in the journal.
    pub(super) fn tidy(&mut self) {
        for (id, tracker) in self.at_work.drain() {
            self.lanes.remove(id);
            if !tracker.is_empty() {
                self.overtime.add(id, None, tracker);
            }
        }
    }
}

impl Overtime {
    pub(super) fn add(&mut self, id: TaskId, pending: Option<Pending>, tracker: TaskTracker) {
        tracker.close();
        self.tasks.insert(id, pending);
        let end = async move {
            tracker.wait().await;
            id
        };
        self.ends.push(end.boxed());
    }

    /// The next one that has ended, with its task.
    pub(super) async fn next(&mut self) -> Option<(TaskId, Option<Pending>)> {
        let id = self.ends.next().await?;
        Some((id, self.tasks.remove(&id).flatten()))
    }

    /// Takes in the task of a handler that is still at work, where it was lost.
    pub(super) fn keep(&mut self, pending: Pending) {
        self.tasks.insert(pending.id(), Some(pending));
    }

    pub(super) fn contains(&self, id: TaskId) -> bool {
        self.tasks.contains_key(&id)
    }

    pub(super) fn count(&self) -> usize {
        self.tasks.len()
    }
}

impl<S: Send + Sync + 'static> TaskEngine<S> {
    /// One round: every task that is pending now.
    pub(crate) async fn round(&self, system: &Arc<S>, stop: &CancellationToken) -> Result<RoundReport, RoundError> {
        self.shift(system, stop, None).await.map(|(report, _)| report)
    }

    /// A round that polls again while it is at work, and ends when nothing is left to do now. Whether a task came, and
    /// when the next one that waits is due.
    pub(crate) async fn work(
        &self,
        system: &Arc<S>,
        stop: &CancellationToken,
        polling: Polling<'_>,
    ) -> Result<(bool, Option<Duration>), RoundError> {
        let (report, due) = self.shift(system, stop, Some(polling)).await?;
        Ok((report.came > 0, due))
    }

    /// When the next task that waits for its time may run.
    #[cfg(feature = "journal-sqlite")]
    pub(crate) async fn next_due(&self) -> Option<Duration> {
        self.desk.lock().await.lanes.next_due()
    }

    async fn shift(
        &self,
        system: &Arc<S>,
        stop: &CancellationToken,
        polling: Option<Polling<'_>>,
    ) -> Result<(RoundReport, Option<Duration>), RoundError> {
        let mut desk = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RoundError::Interrupted),
            desk = self.desk.lock() => desk,
        };
        // Of its own: a journal that fails ends this shift, and the connector only then.
        let stop = stop.child_token();
        let report = Box::pin(Shift::new(self, system, &stop, polling, &mut desk).work()).await?;
        Ok((report, desk.lanes.next_due()))
    }

    /// Shows how a poll ended: a connector that finds no tasks must not look like one that has none.
    pub(super) async fn polled<T>(&self, ended: &Result<T, RoundError>) -> Result<(), RoundError> {
        let failure = match ended {
            Ok(_) => None,
            // They say so themselves, and end the round.
            Err(RoundError::Journal(_) | RoundError::Interrupted) => return Ok(()),
            Err(error) => Some(error.to_string()),
        };
        self.meter.polled(failure.as_deref());
        Ok(self.journal.polled(failure, self.clock.wall()).await?)
    }

    /// Whose accounts these tasks are about, with the logins that the journal knows of them.
    pub(super) async fn subjects(&self, tasks: &[&SeenTask]) -> Result<Vec<Subject>, RoundError> {
        subjects(&*self.journal, tasks).await
    }

    pub(super) async fn move_to(&self, id: TaskId, to: TaskState, note: &str) -> Result<(), RoundError> {
        Ok(self.journal.move_task(id, to, note, self.clock.wall()).await?)
    }

    /// Somebody else has reported a task that was begun here, and whose end nobody knows.
    pub(super) async fn settled_elsewhere(&self, id: TaskId, status: &TaskStatus) -> Result<(), RoundError> {
        tracing::error!(bridge.task_id = %id, %status, "Iden shows this task as over; it was begun here, and nobody knows what became of it");
        let note = format!("Iden shows it as {status}, and nobody knows what became of it here");
        self.move_to(id, TaskState::Conflict, &note).await
    }
}

/// Whose accounts these tasks are about. A task may give no more than an id: the journal knows the logins.
pub(super) async fn subjects(journal: &dyn Journal, tasks: &[&SeenTask]) -> Result<Vec<Subject>, RoundError> {
    let account = |task: &&SeenTask| Some(Touched { slug: task.slug.clone(), id: task.account.clone()? });
    let mut known = journal.logins(tasks.iter().filter_map(account).collect()).await?.into_iter();
    let subject = |task: &&SeenTask| {
        let known = task.account.as_ref().and_then(|_| known.next());
        Subject::of(task).knowing(known.unwrap_or_default())
    };
    Ok(tasks.iter().map(subject).collect())
}
