//! A task's turn: it is carried out, and reported.

use std::{sync::Arc, time::Duration};

use bridge_core::{
    TaskError,
    wire::{ReportStatus, Task, TaskId, TaskStatus, text::printable},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    TaskInfo,
    conclusion::Conclusion,
    engine::TaskEngine,
    error::RoundError,
    pending::{Pending, ends_access, is_over, seen},
    reporter::{self, Reported},
    round::ReportedTask,
    subject::Subject,
};
use crate::{
    client::{ClientError, ErrorKind},
    journal::{SeenTask, TaskEffect, TaskEnd, TaskState, Touched},
    planted::Bug,
    telemetry::TASKS,
};

/// How long to wait before another attempt, where the handler does not say.
pub(super) const PAUSE: Duration = Duration::from_secs(10);
/// And at most, where it does: the other tasks of the account wait behind it.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// How long a report may take when the connector is told to stop.
const FLUSH: Duration = Duration::from_secs(5);

/// A task that has its turn.
pub(super) struct Turn<'a, S> {
    pub(super) engine: &'a TaskEngine<S>,
    pub(super) system: &'a Arc<S>,
    pub(super) stop: &'a CancellationToken,
    /// Tells whether the handler works.
    pub(super) tracker: TaskTracker,
    pub(super) pending: Pending,
    /// As a label of figures.
    action: &'static str,
}

/// What a turn came to.
pub(super) enum Turned {
    /// It is over, and Iden knows.
    Reported(ReportedTask),
    /// It is over, and Iden shows another end.
    Conflict(TaskId),
    /// It is not to be carried out any more: somebody else has settled it, or has put it off.
    Dropped(TaskId),
    /// Iden shows it differently than in the list: it belongs to this account.
    Moved(Pending, Subject),
    /// It is over, and the report did not arrive.
    Unreported(Pending),
    /// Again, but not before this time.
    Delayed(Pending, Duration),
    /// A person has to look.
    Parked(Pending),
    /// Iden does not show it at present.
    Aside(Pending),
    /// Its handler was cut off, and still works.
    Overtime(Pending),
    /// It did not come to anything: the connector is told to stop, or something failed.
    PutBack(Pending, Option<RoundError>),
}

impl Turned {
    pub(super) fn id(&self) -> TaskId {
        match self {
            Turned::Reported(task) => task.id,
            Turned::Conflict(id) | Turned::Dropped(id) => *id,
            Turned::Unreported(pending)
            | Turned::Moved(pending, _)
            | Turned::Delayed(pending, _)
            | Turned::Parked(pending)
            | Turned::Aside(pending)
            | Turned::Overtime(pending)
            | Turned::PutBack(pending, _) => pending.id(),
        }
    }
}

/// The same without the task.
pub(super) enum Step {
    Reported(ReportedTask),
    Conflict,
    Dropped,
    Moved(Subject),
    Unreported,
    Delayed(Duration),
    Parked,
    Aside,
    Overtime,
    Stopped,
}

/// What came of carrying a task out.
pub(super) enum Done {
    /// It ended, and that is in the journal: it is to be reported.
    Ended,
    Not(Step),
}

impl<'a, S: Send + Sync + 'static> Turn<'a, S> {
    pub(super) fn new(
        engine: &'a TaskEngine<S>,
        system: &'a Arc<S>,
        stop: &'a CancellationToken,
        tracker: TaskTracker,
        pending: Pending,
    ) -> Self {
        Turn { engine, system, stop, tracker, pending, action: engine.meter.action("") }
    }

    pub(super) async fn take(mut self) -> Turned {
        let (step, pending) = (self.step().await, self.pending);
        match step {
            Ok(Step::Reported(task)) => Turned::Reported(task),
            Ok(Step::Conflict) => Turned::Conflict(pending.id()),
            Ok(Step::Dropped) => Turned::Dropped(pending.id()),
            Ok(Step::Moved(subject)) => Turned::Moved(pending, subject),
            Ok(Step::Unreported) => Turned::Unreported(pending),
            Ok(Step::Delayed(until)) => Turned::Delayed(pending, until),
            Ok(Step::Parked) => Turned::Parked(pending),
            Ok(Step::Aside) => Turned::Aside(pending),
            Ok(Step::Overtime) => Turned::Overtime(pending),
            Ok(Step::Stopped) => Turned::PutBack(pending, None),
            Err(error) => Turned::PutBack(pending, Some(error)),
        }
    }

    async fn step(&mut self) -> Result<Step, RoundError> {
        if self.pending.conclusion.is_some() {
            self.reopen().await?;
            return self.report().await;
        }
        let done = match self.pending.unreadable.clone() {
            Some(why) => self.refuse(&self.unreadable(), TaskError::fail("invalid_payload", why)).await?,
            None => match self.fetch().await? {
                Ok(task) => {
                    self.note(&task.action, &task.resource_type);
                    self.carry_out(&task).await?
                }
                Err(step) => return Ok(step),
            },
        };
        match done {
            Done::Ended => self.report().await,
            Done::Not(step) => Ok(step),
        }
    }

    /// What the task turns out to be, for figures and the span.
    fn note(&mut self, action: &str, slug: &str) {
        self.action = self.engine.meter.action(action);
        let span = tracing::Span::current();
        span.record("bridge.action", printable(action, 64)).record("bridge.resource_type", printable(slug, 64));
    }

    pub(super) fn count(&self, outcome: &'static str) {
        self.engine.meter.add(&TASKS, &[self.action, outcome], 1);
    }

    /// The task with its payload, if it is still to be carried out.
    async fn fetch(&mut self) -> Result<Result<Task, Step>, RoundError> {
        let (id, engine) = (self.pending.id(), self.engine);
        let answer = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(Err(Step::Stopped)),
            answer = engine.client.task(engine.app, id) => answer,
        };
        Ok(match answer {
            // Before any handler runs: the queue keeps the order of the account that the list named.
            Ok(task) if task.status == TaskStatus::Pending && self.pending.follow(&task) => {
                let account = &task.resource_type;
                tracing::warn!(bridge.task_id = %id, bridge.resource_type = printable(account, 64), "the task differs from the list; queueing it again");
                Err(Step::Moved(engine.subjects(&[&seen(&task)]).await?.remove(0)))
            }
            Ok(task) if task.status == TaskStatus::Pending => Ok(task),
            Ok(task) if task.status == TaskStatus::Scheduled && Bug::ScheduledIsPickedUp.is_planted() => Ok(task),
            Ok(task) if self.pending.unclear && is_over(&task.status) => {
                engine.settled_elsewhere(id, &task.status).await?;
                Err(Step::Conflict)
            }
            // Cancelled, rescheduled or reported by somebody since the list was read.
            Ok(_) => Err(Step::Dropped),
            Err(error) if error.says_absent() => {
                if self.pending.unclear {
                    engine.move_to(id, TaskState::Gone, "Iden has it no more").await?;
                }
                Err(Step::Dropped)
            }
            Err(error) if is_everybodys(&error) => return Err(error.into()),
            // One task that Iden cannot show must not keep the others waiting, nor what is to end its account's access.
            Err(error) => {
                tracing::error!(bridge.task_id = %id, error = %error, "the task cannot be read; the others go on");
                Err(Step::Aside)
            }
        })
    }

    /// Before a task that was settled is reported again. By that Iden may take its account into its own records once more,
    /// even if a sync has removed it since (question P17). So the account is known and touched, and the task not settled
    /// until the report is confirmed, as it was at the first one.
    async fn reopen(&self) -> Result<(), RoundError> {
        let (journal, id) = (&self.engine.journal, self.pending.id());
        let (known, conclusion) = (journal.tasks(vec![id]).await?.pop(), self.pending.conclusion.as_deref());
        let (Some(known), Some(Conclusion { end, .. })) = (known, conclusion) else { return Ok(()) };
        let SeenTask { action, slug, account, .. } = &known.seen;
        let gives = end.report.status == ReportStatus::Completed && !ends_access(action);
        if let Some(id) = account.clone().filter(|_| gives && known.state.is_settled()) {
            let touched = Some(Touched { slug: slug.clone(), id });
            let effect = TaskEffect { touched, ..TaskEffect::default() };
            journal.end_task(&known.seen, end, effect, self.engine.clock.wall()).await?;
        }
        Ok(())
    }

    async fn report(&mut self) -> Result<Step, RoundError> {
        let (engine, id) = (self.engine, self.pending.id());
        let Some(conclusion) = &self.pending.conclusion else { return Ok(Step::Dropped) };
        let late = async {
            self.stop.cancelled().await;
            engine.clock.sleep(FLUSH).await;
        };
        let reported = tokio::select! {
            biased;
            reported = reporter::report(&engine.client, engine.app, id, conclusion) => reported,
            () = late => Reported::Later("the connector was stopped before it arrived".to_owned()),
        };
        match reported {
            Reported::Confirmed(report) => {
                let known = engine.journal.tasks(vec![id]).await?.pop();
                let action = known.as_ref().map_or("", |known| known.seen.action.as_str()).to_owned();
                self.action = engine.meter.action(&action);
                self.count(report.status.as_str());
                // Iden knows another end than the journal: the one without the password. If it asks again, it hears the same.
                if let Some(known) = known.filter(|_| report.status != conclusion.end.report.status) {
                    let end = TaskEnd { report: report.clone(), secret: false };
                    engine.journal.end_task(&known.seen, &end, TaskEffect::default(), engine.clock.wall()).await?;
                }
                engine.move_to(id, TaskState::Reported, "").await?;
                Ok(Step::Reported(ReportedTask::new(id, action, &report)))
            }
            Reported::Conflict => {
                let ours = conclusion.end.report.status;
                tracing::error!(bridge.task_id = %id, %ours, "Iden shows another outcome for this task; it is left as it is");
                engine.move_to(id, TaskState::Conflict, "Iden shows another end, which is left as it is").await?;
                self.count("conflict");
                Ok(Step::Conflict)
            }
            Reported::Gone => {
                tracing::warn!(bridge.task_id = %id, "Iden says that it has no such task; if it is listed again, it is reported and not run again");
                engine.move_to(id, TaskState::Gone, "Iden has it no more").await?;
                Ok(Step::Dropped)
            }
            Reported::PasswordRefused => {
                let known = engine.journal.tasks(vec![id]).await?.pop();
                let (Some(known), Some(without)) = (known, conclusion.without_password()) else {
                    return Ok(Step::Unreported);
                };
                // Before it is told: what Iden hears from now on is never taken back.
                let at = engine.clock.wall();
                engine.journal.end_task(&known.seen, &without.end, TaskEffect::default(), at).await?;
                self.pending.conclusion = Some(Box::new(without));
                Box::pin(self.report()).await
            }
            Reported::Later(why) => {
                tracing::warn!(bridge.task_id = %id, why, "the report did not arrive; it is sent again");
                // One that was settled before, and takes access away, is so still.
                let known = engine.journal.tasks(vec![id]).await?.pop();
                let state = known.map_or(TaskState::Executed, |known| known.state);
                engine.move_to(id, state, &format!("its report did not arrive: {why}")).await?;
                self.pending.reports += 1;
                Ok(Step::Unreported)
            }
        }
    }

    pub(super) fn info(&self, task: &Task, attempt: u32) -> TaskInfo {
        let (id, started_at) = (self.pending.id(), self.pending.started);
        let (created_at, execute_after, key) =
            (task.created_at, task.execute_after, format!("{}:{id}", self.engine.app));
        TaskInfo { id: id.to_string(), key, attempt, created_at, execute_after, started_at }
    }

    fn unreadable(&self) -> SeenTask {
        let (action, slug) = Default::default();
        SeenTask {
            id: self.pending.id(),
            action,
            slug,
            account: None,
            logins: [None; 2],
            changed: [None; 2],
            due: None,
            created: None,
        }
    }
}

/// Whether an error says something of the connection or the key, and not of one task.
pub(super) fn is_everybodys(error: &ClientError) -> bool {
    let kind = error.kind();
    error.is_rate_limited()
        || matches!(
            kind,
            ErrorKind::Paused { .. } | ErrorKind::Unreachable { .. } | ErrorKind::Refused { status: 401, .. }
        )
}
