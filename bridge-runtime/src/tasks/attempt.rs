//! One run of one handler.

use std::{any::Any, sync::Arc, time::Duration};

use bridge_core::{Probe, TaskError, TaskResult, Verdict, policy::OnInterrupt, wire};
use tokio::task::JoinError;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::Instrument as _;

use super::{Entry, TaskContext, TaskInfo, conclusion::capped};
use crate::{clock::Clock, planted::Bug};

/// How long a running handler may go on when the connector is told to stop.
pub(crate) const GRACE: Duration = Duration::from_secs(20);
/// How long to wait for a handler that was cut off. It ends at its next await; its blocking work at its own time.
pub(crate) const CUT_OFF: Duration = Duration::from_secs(2);

/// What one run came to.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Done: report it completed.
    Done(TaskResult),
    /// It cannot be done: report it failed.
    Failed(TaskError),
    /// Surely nothing happened: run it again, not before the given time has passed.
    Again { after: Option<Duration>, error: TaskError },
    /// It was cut off. It is settled by the handler's kind.
    Interrupted(TaskError),
}

/// What an interruption comes to, by the handler's kind.
#[derive(Debug)]
pub(crate) enum Settled {
    /// Its effect is there: report it completed.
    Done(TaskResult),
    /// It must not run again: report it failed.
    Failed(TaskError),
    /// It may run again.
    Again,
    /// Nobody can tell, for this reason.
    Unknown(TaskError),
    /// The connector was told to stop before that was clear.
    Stopped,
}

/// What a run needs.
pub(crate) struct Attempting<'a, S> {
    pub(crate) entry: &'a Entry<S>,
    pub(crate) system: &'a Arc<S>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) stop: &'a CancellationToken,
    /// Tells afterwards whether the handler still works: it, or what it runs on a thread.
    pub(crate) tracker: TaskTracker,
}

impl<S: Send + Sync + 'static> Attempting<'_, S> {
    /// Calls the handler.
    pub(crate) async fn run(&self, info: &TaskInfo, payload: &wire::Payload) -> Attempt {
        let (cx, cancel) = self.context(info, self.tracker.clone());
        let _cancel_at_the_end = cancel.clone().drop_guard();
        let run = self.tracker.track_future((self.entry.run)(cx, payload.clone()));
        // Dropped with this future, the handler must not go on unseen.
        let mut run = AbortOnDropHandle::new(tokio::spawn(run.in_current_span()));
        let timeout = self.entry.policy.timeout;
        let cut_off = tokio::select! {
            biased;
            ended = &mut run => return self.answered(ending(ended)).await,
            () = self.clock.sleep(timeout) => {
                TaskError::fail("timeout", format_args!("the handler took more than {timeout:?}"))
            }
            () = self.stop.cancelled() => {
                cancel.cancel();
                tokio::select! {
                    biased;
                    ended = &mut run => return self.answered(ending(ended)).await,
                    () = self.clock.sleep(GRACE) => TaskError::unknown("the connector was stopped"),
                }
            }
        };
        cancel.cancel();
        run.abort();
        self.tracker.close();
        let interrupted = Attempt::Interrupted(cut_off.with_verdict(Verdict::Unknown));
        // An abort takes effect at the handler's next await, and never on a thread. Until both have ended it may still have
        // its effect, or even be done.
        let ended = async {
            let ended = run.await;
            self.tracker.wait().await;
            ended
        };
        tokio::select! {
            biased;
            ended = ended => match ended {
                Ok(answer) => answered(answer),
                Err(_) => interrupted,
            },
            () = self.clock.sleep(CUT_OFF) => interrupted,
        }
    }

    /// A handler can answer while work that it has begun on a thread goes on. That is waited for; and unless the task is
    /// over, the handler must not be called again beside it.
    async fn answered(&self, answer: Attempt) -> Attempt {
        self.tracker.close();
        tokio::select! {
            biased;
            () = self.tracker.wait() => answer,
            () = self.clock.sleep(CUT_OFF) => match answer {
                Attempt::Again { error, .. } => Attempt::Interrupted(error),
                answer => answer,
            },
        }
    }

    /// What an interruption means, by what the handler declared.
    pub(crate) async fn settle(&self, info: &TaskInfo, payload: &wire::Payload, error: TaskError) -> Settled {
        match self.entry.policy.on_interrupt {
            OnInterrupt::Fail if Bug::AtMostOnceRunsAgain.is_planted() => Settled::Again,
            OnInterrupt::Rerun => Settled::Again,
            OnInterrupt::Fail => Settled::Failed(unknown_outcome(&error)),
            OnInterrupt::Verify => match self.verify(info, payload).await {
                Ok(Probe::Applied(result)) => Settled::Done(result),
                Ok(Probe::NotApplied) => Settled::Again,
                Ok(Probe::Unknown) => Settled::Unknown(error),
                Err(_) if self.stop.is_cancelled() => Settled::Stopped,
                Err(failed) => {
                    log(info, &failed, "the `verify` function failed");
                    Settled::Unknown(error)
                }
            },
        }
    }

    async fn verify(&self, info: &TaskInfo, payload: &wire::Payload) -> Result<Probe<TaskResult>, TaskError> {
        let (cx, cancel) = self.context(info, TaskTracker::new());
        let _cancel_at_the_end = cancel.drop_guard();
        let mut probe =
            AbortOnDropHandle::new(tokio::spawn((self.entry.verify)(cx, payload.clone()).in_current_span()));
        tokio::select! {
            biased;
            ended = &mut probe => ended.unwrap_or_else(|_| Err(TaskError::unknown("it panicked"))),
            () = self.clock.sleep(self.entry.policy.timeout) => {
                probe.abort();
                Err(TaskError::unknown("it took too long"))
            }
            () = self.stop.cancelled() => {
                probe.abort();
                Err(TaskError::unknown("the connector was stopped"))
            }
        }
    }

    fn context(&self, info: &TaskInfo, tracker: TaskTracker) -> (TaskContext<S>, CancellationToken) {
        let cancel = CancellationToken::new();
        (TaskContext::new(Arc::clone(self.system), info.clone(), cancel.clone(), tracker), cancel)
    }
}

fn ending(ended: Result<Result<TaskResult, TaskError>, JoinError>) -> Attempt {
    let error = match ended {
        Ok(answer) => return answered(answer),
        Err(error) => error,
    };
    let panicked = TaskError::fail("internal_error", "the handler panicked").with_verdict(Verdict::Unknown);
    Attempt::Interrupted(match error.try_into_panic() {
        Ok(panic) => panicked.with_cause(message_of(&*panic)),
        Err(_) => panicked,
    })
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("its message is no text").to_owned()
}

fn answered(answer: Result<TaskResult, TaskError>) -> Attempt {
    match answer {
        Ok(result) => Attempt::Done(result),
        Err(error) => match error.verdict() {
            Verdict::Final => Attempt::Failed(error),
            Verdict::Retry(after) => Attempt::Again { after, error },
            Verdict::Unknown => Attempt::Interrupted(error),
        },
    }
}

/// What Iden is told where nobody knows whether the effect happened.
pub(crate) fn unknown_outcome(error: &TaskError) -> TaskError {
    TaskError::fail("outcome_unknown", format_args!("nobody knows whether it was done: {}", error.message()))
}

/// Logs what went wrong, with the foreign error that Iden is not told of.
pub(crate) fn log(info: &TaskInfo, error: &TaskError, what: &str) {
    // What a handler says may be of any length.
    let cause = error.cause().map(|cause| capped(&cause));
    tracing::warn!(
        bridge.task_id = info.id,
        attempt = info.attempt,
        code = capped(error.code()),
        error = capped(error.message()),
        cause,
        "{what}"
    );
}
