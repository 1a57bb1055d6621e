//! Rounds of tasks: read what is pending, route, run, report.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bridge_core::{
    TaskError, TaskResult, Verdict,
    wire::{AppId, Task, TaskId, TaskReport, TaskStatus},
};
use tokio_util::sync::CancellationToken;

use super::{
    TaskInfo, Tasks,
    attempt::{Attempt, Attempting, log},
    error::RoundError,
    queue::Queue,
    reporter::{self, Reported},
    round::RoundReport,
};
use crate::{client::Client, clock::Clock, journal::Journal};

/// How long to wait before another attempt, where the handler does not say.
const PAUSE: Duration = Duration::from_secs(10);

/// Carries out the tasks of one app, one at a time.
pub(crate) struct TaskEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) tasks: Tasks<S>,
    pub(crate) journal: Arc<Mutex<Journal>>,
    pub(crate) clock: Arc<dyn Clock>,
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
        let queue = Queue::read(&self.client, self.app).await?;
        // What Iden lists no more is settled, whoever did it.
        let listed = queue.ids();
        self.progress().retain(|id, _| listed.contains(id));
        self.journal().forget_tasks_but(&listed)?;
        round.pending = listed.len();

        for (id, why) in queue.unreadable {
            let error = TaskError::fail("invalid_payload", why);
            self.conclude(id, "", Err(error), &mut round).await?;
        }
        for pending in queue.tasks {
            if stop.is_cancelled() {
                return Err(RoundError::Interrupted);
            }
            self.take_up(pending.id, system, stop, &mut round).await?;
        }
        Ok(round)
    }

    async fn take_up(
        &self,
        id: TaskId,
        system: &Arc<S>,
        stop: &CancellationToken,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        let known = self.progress().get(&id).cloned();
        match known {
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
            return self.conclude(task.id, &task.action, Err(TaskError::fail("unsupported_action", what)), round).await;
        };
        if let Err(error) = (entry.check)(task.payload.clone()) {
            return self.conclude(task.id, &task.action, Err(super::entry::invalid(error)), round).await;
        }
        let begun_before = self.journal().was_begun(task.id);
        let attempt = self.attempts(task.id) + 1;
        let info = TaskInfo { id: task.id.to_string(), key: format!("{}:{}", self.app, task.id), attempt };
        // Before the effect: a process that dies in it must find out afterwards.
        self.journal().begin_task(task.id)?;
        tracing::info!(
            bridge.task_id = info.id,
            bridge.action = task.action,
            handler = entry.name,
            attempt,
            "carrying out"
        );
        // In this process a begun task was settled by the attempt that began it.
        let unsettled = begun_before && attempt == 1;
        let attempting = Attempting { entry, system, clock: &*self.clock, stop };
        match attempting.run(info.clone(), &task.payload, unsettled).await {
            Attempt::Done(result) => self.conclude(task.id, &task.action, Ok(result), round).await,
            Attempt::Failed(error) => {
                log(&info, &error, "the task failed");
                self.conclude(task.id, &task.action, Err(error), round).await
            }
            Attempt::Again { error, .. } if attempt >= entry.policy.attempts => {
                log(&info, &error, "the last attempt failed");
                self.conclude(task.id, &task.action, Err(error), round).await
            }
            Attempt::Again { after, error } => {
                log(&info, &error, "the task is tried again");
                let not_before = self.clock.now() + after.unwrap_or(PAUSE);
                self.progress().insert(task.id, Progress::Tried { attempts: attempt, not_before });
                round.waiting += 1;
                // Only where nothing happened: after an interruption the mark has to stay.
                if matches!(error.verdict(), Verdict::Retry(_)) {
                    self.journal().end_task(task.id)?;
                }
                Ok(())
            }
            Attempt::Parked(error) => {
                log(
                    &info,
                    &error,
                    "nobody can tell whether the task was done: look into the system, then mend it there or report the task by hand",
                );
                self.progress().insert(task.id, Progress::Parked);
                round.parked += 1;
                Ok(())
            }
        }
    }

    async fn conclude(
        &self,
        id: TaskId,
        action: &str,
        outcome: Result<TaskResult, TaskError>,
        round: &mut RoundReport,
    ) -> Result<(), RoundError> {
        let report = match outcome {
            Ok(result) => TaskReport::completed(result.to_wire()),
            Err(error) => TaskReport::failed(error.code(), reporter::capped(error.message())),
        };
        self.progress().insert(id, Progress::Over { report: report.clone(), action: action.to_owned() });
        self.send(id, action, report, round).await
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
            Reported::Gone => tracing::warn!(bridge.task_id = %id, "Iden has this task no more"),
            Reported::Later(error) => {
                tracing::warn!(bridge.task_id = %id, error = %error, "the report did not arrive; it is sent again");
                round.unreported += 1;
                return Ok(());
            }
        }
        self.progress().remove(&id);
        Ok(self.journal().end_task(id)?)
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

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
