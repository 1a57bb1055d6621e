//! One run of one handler.

use std::{sync::Arc, time::Duration};

use bridge_core::{Probe, TaskError, TaskResult, Verdict, policy::OnInterrupt, wire};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{Entry, TaskContext, TaskInfo};
use crate::clock::Clock;

/// How long a running handler may go on when the connector is told to stop.
const GRACE: Duration = Duration::from_secs(20);

/// What one run came to.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Done: report it completed.
    Done(TaskResult),
    /// It cannot be done: report it failed.
    Failed(TaskError),
    /// Surely nothing happened: run it again, not before the given time has passed.
    Again { after: Option<Duration>, error: TaskError },
    /// Nobody can tell what happened, and the handler must not run again before a person has looked.
    Parked(TaskError),
}

/// How a run ended, before the handler's policy is asked.
enum Ending {
    Answered(Result<TaskResult, TaskError>),
    Interrupted(TaskError),
    /// It was cut off, and a thread of it still works.
    GoesOn(TaskError),
}

/// What a run needs.
pub(crate) struct Attempting<'a, S> {
    pub(crate) entry: &'a Entry<S>,
    pub(crate) system: &'a Arc<S>,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) stop: &'a CancellationToken,
}

impl<S: Send + Sync + 'static> Attempting<'_, S> {
    /// Runs the handler. A task that was begun before, by a run that nobody saw the end of, is first settled by the
    /// handler's policy.
    pub(crate) async fn run(&self, info: TaskInfo, payload: &wire::Payload, begun_before: bool) -> Attempt {
        if begun_before {
            let error = TaskError::unknown("the connector stopped while the task was carried out");
            match self.settle(&info, payload, error).await {
                Attempt::Again { .. } => {}
                settled => return settled,
            }
        }
        match self.call(&info, payload).await {
            Ending::Answered(Ok(result)) => Attempt::Done(result),
            Ending::Answered(Err(error)) => match error.verdict() {
                Verdict::Final => Attempt::Failed(error),
                Verdict::Retry(after) => Attempt::Again { after, error },
                Verdict::Unknown => self.settle(&info, payload, error).await,
            },
            Ending::Interrupted(error) => self.settle(&info, payload, error).await,
            Ending::GoesOn(error) => Attempt::Parked(error),
        }
    }

    /// What an interruption means, by what the handler declared.
    async fn settle(&self, info: &TaskInfo, payload: &wire::Payload, error: TaskError) -> Attempt {
        match self.entry.policy.on_interrupt {
            OnInterrupt::Rerun => Attempt::Again { after: None, error },
            OnInterrupt::Fail => Attempt::Failed(unknown_outcome(&error)),
            OnInterrupt::Verify => match self.verify(info, payload).await {
                Ok(Probe::Applied(result)) => Attempt::Done(result),
                Ok(Probe::NotApplied) => Attempt::Again { after: None, error },
                Ok(Probe::Unknown) => Attempt::Parked(error),
                Err(failed) => {
                    log(info, &failed, "the `verify` function failed");
                    Attempt::Parked(error)
                }
            },
        }
    }

    async fn call(&self, info: &TaskInfo, payload: &wire::Payload) -> Ending {
        let (cx, cancel) = self.context(info);
        let _cancel_at_the_end = cancel.clone().drop_guard();
        let blocking = cx.tracker();
        // Dropped with this future, the handler must not go on unseen.
        let mut run = AbortOnDropHandle::new(tokio::spawn((self.entry.run)(cx, payload.clone())));
        let timeout = self.entry.policy.timeout;
        let interrupted = tokio::select! {
            biased;
            ended = &mut run => return ending(ended),
            () = self.clock.sleep(timeout) => {
                TaskError::fail("timeout", format_args!("the handler took more than {timeout:?}"))
            }
            () = self.stop.cancelled() => {
                cancel.cancel();
                tokio::select! {
                    biased;
                    ended = &mut run => return ending(ended),
                    () = self.clock.sleep(GRACE) => TaskError::unknown("the connector was stopped"),
                }
            }
        };
        run.abort();
        blocking.close();
        let interrupted = interrupted.with_verdict(Verdict::Unknown);
        // An abort takes effect at the handler's next await, and never on a thread. Until both have ended it may still have
        // its effect, or even be done.
        let ended = async {
            let ended = (&mut run).await;
            blocking.wait().await;
            ended
        };
        tokio::select! {
            biased;
            ended = ended => match ended {
                Ok(answer) => Ending::Answered(answer),
                Err(_) => Ending::Interrupted(interrupted),
            },
            () = self.clock.sleep(GRACE) => Ending::GoesOn(interrupted),
        }
    }

    async fn verify(&self, info: &TaskInfo, payload: &wire::Payload) -> Result<Probe<TaskResult>, TaskError> {
        let (cx, cancel) = self.context(info);
        let _cancel_at_the_end = cancel.drop_guard();
        let mut probe = AbortOnDropHandle::new(tokio::spawn((self.entry.verify)(cx, payload.clone())));
        tokio::select! {
            biased;
            ended = &mut probe => ended.unwrap_or_else(|_| Err(TaskError::unknown("it panicked"))),
            () = self.clock.sleep(self.entry.policy.timeout) => {
                probe.abort();
                Err(TaskError::unknown("it took too long"))
            }
        }
    }

    fn context(&self, info: &TaskInfo) -> (TaskContext<S>, CancellationToken) {
        let cancel = CancellationToken::new();
        (TaskContext::new(Arc::clone(self.system), info.clone(), cancel.clone()), cancel)
    }
}

fn ending(ended: Result<Result<TaskResult, TaskError>, tokio::task::JoinError>) -> Ending {
    match ended {
        Ok(answer) => Ending::Answered(answer),
        Err(_) => Ending::Interrupted(
            TaskError::fail("internal_error", "the handler panicked").with_verdict(Verdict::Unknown),
        ),
    }
}

/// What Iden is told where nobody knows whether the effect happened.
pub(crate) fn unknown_outcome(error: &TaskError) -> TaskError {
    TaskError::fail("outcome_unknown", format_args!("nobody knows whether it was done: {}", error.message()))
}

/// Logs what went wrong, with the foreign error that Iden is not told of.
pub(crate) fn log(info: &TaskInfo, error: &TaskError, what: &str) {
    let cause = error.cause();
    tracing::warn!(
        bridge.task_id = info.id,
        attempt = info.attempt,
        code = error.code(),
        error = error.message(),
        cause,
        "{what}"
    );
}
