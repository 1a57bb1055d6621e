//! Carrying a task out: its handler is called, and how that ended is written down.

use std::time::Duration;

use bridge_core::{
    TaskError, TaskResult, Verdict,
    policy::OnInterrupt,
    wire::{Task, TaskId},
};

use super::{
    Entry, TaskInfo,
    attempt::{Attempt, Attempting, Settled, log, unknown_outcome},
    conclusion::Conclusion,
    effect::effect,
    error::RoundError,
    pending::seen,
    turn::{Done, LONGEST_PAUSE, PAUSE, Step, Turn},
};
use crate::{
    gate::Passing,
    journal::{SeenTask, TaskEffect, TaskState},
    planted::Bug,
    telemetry::TASK_DURATION,
};

/// When a creation comes again that has to wait for a sync.
const CREATION_PAUSE: Duration = Duration::from_secs(5);

impl<S: Send + Sync + 'static> Turn<'_, S> {
    pub(super) async fn carry_out(&mut self, task: &Task) -> Result<Done, RoundError> {
        let (engine, seen) = (self.engine, seen(task));
        let entry = match engine.tasks.route(task) {
            Ok(entry) => entry,
            Err(error) => return self.refuse(&seen, error).await,
        };
        // Until what the handler did is written down: a session must not be completed in between.
        let passing = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(Done::Not(Step::Stopped)),
            passing = engine.gate.pass(task.action == "create_account") => passing,
        };
        // Its turn must not wait: the turns of other tasks may depend on it.
        let Some(passing) = passing else {
            tracing::debug!(bridge.task_id = %seen.id, "no account is created while its type is read again");
            return Ok(Done::Not(Step::Delayed(engine.clock.now() + CREATION_PAUSE)));
        };
        let _under_way = engine.meter.task();
        let (system, clock, stop) = (self.system, &*engine.clock, self.stop);
        let attempting = Attempting { entry, system, clock, stop, tracker: self.tracker.clone() };
        if self.pending.unclear
            && let Some(done) = self.settle(&attempting, task, &seen).await?
        {
            return Ok(done);
        }
        if let Some(by) = engine.journal.overtaken_by(&seen).await?
            && !Bug::OvertakenRuns.is_planted()
        {
            return self.refuse(&seen, superseded(by)).await;
        }
        self.call(&attempting, task, &seen, passing).await
    }

    /// Asks the handler's policy what an interruption of it means. If `verify` says that nothing was done, the journal says so
    /// before anything else happens: from then on the interrupted attempt has made nobody.
    async fn settle_attempt(
        &mut self,
        attempting: &Attempting<'_, S>,
        task: &Task,
        error: TaskError,
    ) -> Result<Settled, RoundError> {
        let info = self.info(task, self.pending.attempts.max(1));
        let settled = attempting.settle(&info, &task.payload, error).await;
        let verifies = attempting.entry.policy.on_interrupt == OnInterrupt::Verify;
        if matches!(settled, Settled::Again) && verifies && !Bug::NotAppliedIsForgotten.is_planted() {
            let note = "`verify` says that it was not done";
            self.engine.move_to(self.pending.id(), TaskState::Seen, note).await?;
            self.pending.unclear = false;
        }
        Ok(settled)
    }

    /// Finds out what became of a task that was begun, by a run that nobody saw the end of. `None`: it may run again.
    async fn settle(
        &mut self,
        attempting: &Attempting<'_, S>,
        task: &Task,
        seen: &SeenTask,
    ) -> Result<Option<Done>, RoundError> {
        let info = self.info(task, self.pending.attempts.max(1));
        let error = TaskError::unknown("its handler was cut off in an earlier run");
        let ended = match self.settle_attempt(attempting, task, error).await? {
            Settled::Done(result) => self.conclude(task, seen, Ok(result)).await?,
            Settled::Failed(error) => self.conclude(task, seen, Err(error)).await?,
            Settled::Unknown(error) => self.park(&info, &error).await?,
            Settled::Stopped => Done::Not(Step::Stopped),
            Settled::Again if self.stop.is_cancelled() => Done::Not(Step::Stopped),
            Settled::Again if self.pending.attempts < attempting.entry.policy.attempts => return Ok(None),
            // A handler that brings the connector down each time would do so for ever.
            Settled::Again => {
                let why = format!("its handler was cut off {} times", self.pending.attempts);
                let error = match attempting.entry.policy.on_interrupt {
                    OnInterrupt::Verify => {
                        TaskError::fail("internal_error", format_args!("{why}, and it was not done"))
                    }
                    _ => unknown_outcome(&TaskError::unknown(why)),
                };
                self.conclude(task, seen, Err(error)).await?
            }
        };
        Ok(Some(ended))
    }

    /// Calls the handler. Before that it is written down: a process that dies in it must find out afterwards.
    async fn call(
        &mut self,
        attempting: &Attempting<'_, S>,
        task: &Task,
        seen: &SeenTask,
        passing: Passing,
    ) -> Result<Done, RoundError> {
        let (engine, Entry { name, policy, .. }) = (self.engine, attempting.entry);
        let (late, began_at) = (Bug::StartIsWrittenAfterwards.is_planted(), engine.clock.wall());
        let attempt = if late { 1 } else { engine.journal.start_task(seen, began_at).await? };
        self.pending.started.get_or_insert(began_at);
        let unclear_before = std::mem::replace(&mut self.pending.unclear, true);
        self.pending.attempts = attempt;
        let info = self.info(task, attempt);
        tracing::info!(bridge.task_id = info.id, bridge.action = task.action, handler = name, attempt, "carrying out");
        let began = engine.clock.now();
        let ran = attempting.run(&info, &task.payload).await;
        let took = engine.clock.now().saturating_sub(began);
        engine.meter.observe(&TASK_DURATION, &[engine.meter.action(&task.action)], took);
        if late {
            engine.journal.start_task(seen, engine.clock.wall()).await?;
        }
        let done = match ran {
            Attempt::Done(result) => self.conclude(task, seen, checked(&info, result)).await?,
            Attempt::Failed(error) if unclear_before && is_gone(task, &error) => {
                log(&info, &error, "the account is gone: an attempt before this one has deleted it");
                self.conclude(task, seen, Ok(TaskResult::default())).await?
            }
            Attempt::Failed(error) => {
                log(&info, &error, "the task failed");
                self.conclude(task, seen, Err(error)).await?
            }
            Attempt::Again { error, .. } if attempt >= policy.attempts => {
                log(&info, &error, "the last attempt failed");
                self.conclude(task, seen, Err(error)).await?
            }
            Attempt::Again { after, error } => {
                log(&info, &error, "the task is tried again");
                // After an interruption the mark has to stay.
                let state = if unclear_before { TaskState::Interrupted } else { TaskState::Seen };
                self.pending.unclear = unclear_before;
                engine.move_to(self.pending.id(), state, error.message()).await?;
                Done::Not(Step::Delayed(engine.clock.now() + after.unwrap_or(PAUSE).min(LONGEST_PAUSE)))
            }
            // A restart ends it; so in the journal it is no other interruption.
            Attempt::Interrupted(error) if !self.tracker.is_empty() => {
                log(
                    &info,
                    &error,
                    "the handler was cut off, and its blocking work goes on; its account waits for the end of it",
                );
                let note = "it was cut off, and its blocking work went on";
                engine.move_to(self.pending.id(), TaskState::Interrupted, note).await?;
                Done::Not(Step::Overtime)
            }
            Attempt::Interrupted(error) => {
                engine.move_to(self.pending.id(), TaskState::Interrupted, error.message()).await?;
                self.settle_interrupted(attempting, task, seen, error).await?
            }
        };
        drop(passing);
        Ok(done)
    }

    async fn settle_interrupted(
        &mut self,
        attempting: &Attempting<'_, S>,
        task: &Task,
        seen: &SeenTask,
        error: TaskError,
    ) -> Result<Done, RoundError> {
        let info = self.info(task, self.pending.attempts);
        if self.stop.is_cancelled() {
            log(&info, &error, "the task was cut off; the next start finds out what became of it");
            return Ok(Done::Not(Step::Stopped));
        }
        let cause = TaskError::fail(error.code(), error.message());
        log(&info, &error, "the task was interrupted");
        match self.settle_attempt(attempting, task, error).await? {
            Settled::Done(result) => self.conclude(task, seen, Ok(result)).await,
            Settled::Failed(error) => {
                log(&info, &cause, "nobody knows whether the task was done, and it never runs again");
                self.conclude(task, seen, Err(error)).await
            }
            Settled::Unknown(error) => self.park(&info, &error).await,
            Settled::Stopped => Ok(Done::Not(Step::Stopped)),
            Settled::Again if info.attempt >= attempting.entry.policy.attempts => {
                log(&info, &cause, "the last attempt failed");
                self.conclude(task, seen, Err(cause)).await
            }
            Settled::Again => {
                log(&info, &cause, "the task is tried again");
                Ok(Done::Not(Step::Delayed(self.engine.clock.now() + PAUSE)))
            }
        }
    }

    /// Has a task wait for a person.
    async fn park(&self, info: &TaskInfo, error: &TaskError) -> Result<Done, RoundError> {
        log(
            info,
            error,
            "nobody can tell whether the task was done, so it waits for a person: look into the system, then `tasks retry`",
        );
        self.engine.move_to(self.pending.id(), TaskState::Parked, error.message()).await?;
        self.count("parked");
        Ok(Done::Not(Step::Parked))
    }

    /// Ends a task that no handler takes. One that was begun before, by a handler that is there no more or by a run that
    /// nobody saw the end of, may have had its effect.
    pub(super) async fn refuse(&mut self, seen: &SeenTask, error: TaskError) -> Result<Done, RoundError> {
        let error = if self.pending.unclear { unknown_outcome(&error) } else { error };
        tracing::warn!(bridge.task_id = %seen.id, code = error.code(), error = error.message(), "the task is not carried out");
        let is_done = Bug::UnsupportedIsCompleted.is_planted() && error.code() == "unsupported_action";
        let outcome = if is_done { Ok(TaskResult::default()) } else { Err(error) };
        self.end(seen, Conclusion::of(outcome), TaskEffect::default()).await
    }

    async fn conclude(
        &mut self,
        task: &Task,
        seen: &SeenTask,
        outcome: Result<TaskResult, TaskError>,
    ) -> Result<Done, RoundError> {
        let effect = effect(task, &outcome);
        self.end(seen, Conclusion::of(outcome), effect).await
    }

    /// Writes down how the task ended, before that is reported.
    async fn end(&mut self, seen: &SeenTask, conclusion: Conclusion, effect: TaskEffect) -> Result<Done, RoundError> {
        let engine = self.engine;
        if !Bug::EndIsNotWritten.is_planted() {
            engine.journal.end_task(seen, &conclusion.end, effect, engine.clock.wall()).await?;
        }
        self.pending.unclear = false;
        self.pending.conclusion = Some(Box::new(conclusion));
        Ok(Done::Ended)
    }
}

/// Whether a deletion finds nothing to delete. After an interruption that is what it wanted.
fn is_gone(task: &Task, error: &TaskError) -> bool {
    task.action == "delete_account" && error.code() == "account_not_found"
}

/// What Iden is told of a task that is not carried out because a later one is done already.
pub(super) fn superseded(by: TaskId) -> TaskError {
    let why =
        format_args!("task {by}, which came later and was carried out already, suspended or deleted this account");
    TaskError::fail("superseded", why)
}

/// A result that can be reported. An id that is none would be of no use to anybody.
fn checked(info: &TaskInfo, result: TaskResult) -> Result<TaskResult, TaskError> {
    let empty = result.fields.get("id").and_then(serde_json::Value::as_str).is_some_and(|id| id.trim().is_empty());
    if !empty {
        return Ok(result);
    }
    let error = TaskError::fail("internal_error", "the account was made, and the handler gave an empty id for it")
        .with_verdict(Verdict::Final);
    log(info, &error, "the handler's answer makes no sense");
    Err(error)
}
