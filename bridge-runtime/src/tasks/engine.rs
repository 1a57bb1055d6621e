//! Rounds of tasks: read what is pending, route, run, report.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bridge_core::{
    PASSWORD, TaskError, TaskResult, Verdict,
    wire::{AppId, Task, TaskId, TaskReport, TaskStatus},
};
use tokio_util::sync::CancellationToken;

use super::{
    TaskInfo, Tasks,
    attempt::{Attempt, Attempting, log, unknown_outcome},
    effect::{account_of, effect},
    error::RoundError,
    queue::Queue,
    reporter::{self, Reported},
    round::RoundReport,
};
use crate::{
    client::{Client, ErrorKind},
    clock::Clock,
    gate::Gate,
    journal::{BegunTask, Journal, TaskEffect},
};

/// How long to wait before another attempt, where the handler does not say.
const PAUSE: Duration = Duration::from_secs(10);

/// Carries out the tasks of one app, one at a time.
pub(crate) struct TaskEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) tasks: Tasks<S>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) gate: Gate,
    pub(crate) progress: Mutex<HashMap<TaskId, Progress>>,
}

/// What this process knows of a task that is not settled yet.
#[derive(Clone, Debug)]
pub(crate) enum Progress {
    /// It was tried so often, and is not tried before this time.
    Tried { attempts: u32, not_before: Duration },
    /// It is over, and Iden has not confirmed that it knows. It never runs again.
    Over { report: TaskReport, action: String },
    /// A person has to look.
    Parked,
}

impl<S: Send + Sync + 'static> TaskEngine<S> {
    /// One round: every task that is pending now.
    pub(crate) async fn round(&self, system: &Arc<S>, stop: &CancellationToken) -> Result<RoundReport, RoundError> {
        let mut round = RoundReport::default();
        let queue = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(RoundError::Interrupted),
            queue = Queue::read(&self.client, self.app) => queue?,
        };
        let listed = queue.ids();
        self.forget_settled(&listed).await?;
        round.pending = listed.len();

        for (id, why) in queue.unreadable {
            self.refuse(id, "", TaskError::fail("invalid_payload", why), &mut round).await?;
        }
        for pending in queue.tasks {
            if stop.is_cancelled() {
                return Err(RoundError::Interrupted);
            }
            self.take_up(pending.id, system, stop, &mut round).await?;
        }
        Ok(round)
    }

    /// Forgets the tasks that are settled, whoever did it. One that was begun and is merely not listed is not settled: a
    /// list can lag, and a task can be put off. It would run a second time if it were forgotten, so it is asked for.
    async fn forget_settled(&self, listed: &HashSet<TaskId>) -> Result<(), RoundError> {
        let mut open = listed.clone();
        for id in self.journal.begun().await?.into_iter().filter(|id| !listed.contains(id)) {
            let settled = match self.client.task(self.app, id).await {
                Ok(task) => task.status.is_terminal(),
                // Bridge says so in JSON; a page of something in between says nothing about the task.
                Err(error) => error.is_not_found() && !error.detail().is_empty(),
            };
            if !settled {
                open.insert(id);
            }
        }
        self.progress().retain(|id, _| open.contains(id));
        Ok(self.journal.forget_tasks_but(&open).await?)
    }

    /// Reports a task failed that no handler can take. One that was begun before, by a handler that is there no more or by
    /// a run that nobody saw the end of, may have had its effect.
    async fn refuse(
        &self,
        id: TaskId,
        action: &str,
        error: TaskError,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        if let Some(Progress::Over { report, action }) = self.known(id).await? {
            return self.send(id, &action, report, round).await;
        }
        let error = if self.journal.was_begun(id).await? { unknown_outcome(&error) } else { error };
        let report = self.conclude(id, action, Err(error), TaskEffect::default()).await?;
        self.send(id, action, report, round).await
    }

    async fn take_up(
        &self,
        id: TaskId,
        system: &Arc<S>,
        stop: &CancellationToken,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        match self.known(id).await? {
            Some(Progress::Over { report, action }) => return self.send(id, &action, report, round).await,
            Some(Progress::Parked) => {
                round.parked += 1;
                return Ok(());
            }
            Some(Progress::Tried { not_before, .. }) if self.clock.now() < not_before => {
                round.waiting += 1;
                return Ok(());
            }
            _ => {}
        }
        let task = match self.client.task(self.app, id).await {
            Ok(task) => task,
            Err(error) if error.status() == Some(404) => return Ok(()),
            // One task that Iden cannot show must not keep the others waiting.
            Err(error)
                if matches!(error.kind(), ErrorKind::Unreadable { .. } | ErrorKind::Refused { status: 500, .. }) =>
            {
                tracing::error!(bridge.task_id = %id, error = %error, "the task cannot be read; the others go on");
                round.waiting += 1;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        // Cancelled, rescheduled or reported by somebody since the list was read.
        if task.status != TaskStatus::Pending {
            return Ok(());
        }
        self.carry_out(&task, system, stop, round).await
    }

    async fn carry_out(
        &self,
        task: &Task,
        system: &Arc<S>,
        stop: &CancellationToken,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        let Some(entry) = self.tasks.find(&task.action, &task.resource_type) else {
            let what = format!("this connector has no handler for `{}` on `{}`", task.action, task.resource_type);
            return self.refuse(task.id, &task.action, TaskError::fail("unsupported_action", what), round).await;
        };
        if let Err(error) = (entry.check)(task.payload.clone()) {
            return self.refuse(task.id, &task.action, super::entry::invalid(error), round).await;
        }
        let begun_before = self.journal.was_begun(task.id).await?;
        let attempt = self.attempts(task.id) + 1;
        let info = TaskInfo { id: task.id.to_string(), key: format!("{}:{}", self.app, task.id), attempt };
        // Until what the handler did is written down: a session must not be completed in between.
        let passing = self.gate.pass().await;
        // Before the effect: a process that dies in it must find out afterwards.
        let begun = BegunTask { id: task.id, slug: task.resource_type.clone(), account: account_of(&task.payload) };
        self.journal.begin_task(&begun).await?;
        tracing::info!(
            bridge.task_id = info.id,
            bridge.action = task.action,
            handler = entry.name,
            attempt,
            "carrying out"
        );
        let attempting = Attempting { entry, system, clock: &*self.clock, stop };
        // Settled again before a further attempt, too: what an interrupted handler had sent can arrive in between.
        let outcome = match attempting.run(info.clone(), &task.payload, begun_before).await {
            Attempt::Done(result) => Ok(result),
            Attempt::Failed(error) => {
                log(&info, &error, "the task failed");
                Err(error)
            }
            Attempt::Again { error, .. } if attempt >= entry.policy.attempts => {
                log(&info, &error, "the last attempt failed");
                Err(error)
            }
            Attempt::Again { after, error } => {
                log(&info, &error, "the task is tried again");
                let not_before = self.clock.now() + after.unwrap_or(PAUSE);
                self.progress().insert(task.id, Progress::Tried { attempts: attempt, not_before });
                round.waiting += 1;
                // Only where nothing happened, at this attempt and before: after an interruption the mark has to stay.
                if matches!(error.verdict(), Verdict::Retry(_)) && !begun_before {
                    self.journal.end_task(task.id).await?;
                }
                return Ok(());
            }
            Attempt::Parked(error) => {
                log(
                    &info,
                    &error,
                    "nobody can tell whether the task was done: look into the system, then mend it there or report the task by hand",
                );
                self.progress().insert(task.id, Progress::Parked);
                round.parked += 1;
                return Ok(());
            }
        };
        let effect = effect(task, &outcome);
        let report = self.conclude(task.id, &task.action, outcome, effect).await?;
        drop(passing);
        self.send(task.id, &task.action, report, round).await
    }

    /// Writes the outcome down, before it is reported.
    async fn conclude(
        &self,
        id: TaskId,
        action: &str,
        outcome: Result<TaskResult, TaskError>,
        effect: TaskEffect,
    ) -> Result<TaskReport, RoundError> {
        let report = match outcome {
            Ok(result) => TaskReport::completed(result.to_wire()),
            Err(error) => TaskReport::failed(error.code(), reporter::capped(error.message())),
        };
        self.journal.set_outcome(id, &on_disk(&report), effect).await?;
        self.progress().insert(id, Progress::Over { report: report.clone(), action: action.to_owned() });
        Ok(report)
    }

    async fn send(
        &self,
        id: TaskId,
        action: &str,
        report: TaskReport,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        match reporter::report(&self.client, self.app, id, &report).await {
            Reported::Confirmed => round.count(id, action, &report),
            Reported::Conflict => {
                tracing::error!(bridge.task_id = %id, ours = %report.status, "Iden shows another outcome for this task; it is left as it is");
                round.conflicts += 1;
            }
            Reported::Gone => {
                tracing::warn!(bridge.task_id = %id, "Iden says that it has no such task; if it is listed again, it is reported and not run again");
                round.unreported += 1;
                return Ok(());
            }
            Reported::Later(why) => {
                tracing::warn!(bridge.task_id = %id, why, "the report did not arrive; it is sent again");
                round.unreported += 1;
                return Ok(());
            }
        }
        // `progress` keeps it until Iden lists it no more: a list that lags must not make it run again.
        Ok(self.journal.end_task(id).await?)
    }

    /// What this process knows of a task, else what one before it wrote down.
    async fn known(&self, id: TaskId) -> Result<Option<Progress>, RoundError> {
        let here = self.progress().get(&id).cloned();
        if here.is_some() {
            return Ok(here);
        }
        let before = self.journal.outcome(id).await?;
        Ok(before.map(|report| Progress::Over { report, action: String::new() }))
    }

    fn attempts(&self, id: TaskId) -> u32 {
        match self.progress().get(&id) {
            Some(Progress::Tried { attempts, .. }) => *attempts,
            _ => 0,
        }
    }

    fn progress(&self) -> MutexGuard<'_, HashMap<TaskId, Progress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of a report may be written down. A password never is: if it is lost with this process, that is what Iden is told.
fn on_disk(report: &TaskReport) -> TaskReport {
    match &report.result {
        Some(result) if result.contains_key(PASSWORD) => {
            TaskReport::failed("result_lost", "it was done, and the password was lost in a restart of the connector")
        }
        _ => report.clone(),
    }
}
