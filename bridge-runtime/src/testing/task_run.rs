//! What the engine did with a task.

use std::{fmt, time::Duration};

use serde_json::Value;

use crate::journal::TaskState;

/// What the engine does with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskOutcome {
    /// It is reported completed, with this result.
    Completed(Option<Value>),
    /// It is reported failed.
    Failed {
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// It is tried again.
    Retried {
        /// Not before this time: what the handler asked for, else what is usual.
        after: Duration,
    },
    /// It waits for a person, since nobody can tell what happened; or for the end of blocking work that a time-out could not
    /// stop.
    Parked,
}

impl TaskOutcome {
    /// What Iden was told.
    pub(super) fn reported(report: &Value) -> Self {
        if report["status"] == "completed" {
            return TaskOutcome::Completed(report.get("result").filter(|result| !result.is_null()).cloned());
        }
        let text = |field: &str| report["error"][field].as_str().unwrap_or_default().to_owned();
        TaskOutcome::Failed { code: text("code"), message: text("message") }
    }
}

/// What the engine did with a task of a test, and what Iden got of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskRun {
    pub(super) outcome: TaskOutcome,
    pub(super) handler: Option<&'static str>,
    pub(super) attempt: u32,
    pub(super) report: Option<Value>,
    pub(super) state: TaskState,
}

impl TaskRun {
    /// What became of the task.
    #[must_use]
    pub fn outcome(&self) -> &TaskOutcome {
        &self.outcome
    }

    /// The handler that takes such a task, called or not.
    #[must_use]
    pub fn handler(&self) -> Option<&'static str> {
        self.handler
    }

    /// Which attempt this was; the first one is 1. 0: the handler was not called.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The JSON that Iden was told, with the password if there is one. `None`: it was told nothing.
    #[must_use]
    pub fn report(&self) -> Option<&Value> {
        self.report.as_ref()
    }

    /// How far the task has come, by the journal.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// It is reported completed.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn assert_completed(&self) -> &Self {
        self.assert(matches!(self.outcome, TaskOutcome::Completed(_)), "reported completed")
    }

    /// It is reported failed, with this code.
    ///
    /// # Panics
    /// It is not, or with another code.
    #[track_caller]
    pub fn assert_failed(&self, code: &str) -> &Self {
        let failed = matches!(&self.outcome, TaskOutcome::Failed { code: found, .. } if found == code);
        self.assert(failed, &format!("reported failed with `{code}`"))
    }

    /// It is tried again later.
    ///
    /// # Panics
    /// It is not.
    #[track_caller]
    pub fn assert_retried(&self) -> &Self {
        self.assert(matches!(self.outcome, TaskOutcome::Retried { .. }), "tried again later")
    }

    /// It waits for a person.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn assert_parked(&self) -> &Self {
        self.assert(matches!(self.outcome, TaskOutcome::Parked), "parked")
    }

    #[track_caller]
    fn assert(&self, holds: bool, what: &str) -> &Self {
        assert!(holds, "the task should be {what}, but {self}");
        self
    }
}

/// As a part of a sentence. Without the result, which may hold a password.
impl fmt::Display for TaskRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            TaskOutcome::Completed(_) => write!(f, "it is reported completed")?,
            TaskOutcome::Failed { code, message } => write!(f, "it is reported failed with `{code}`: {message}")?,
            TaskOutcome::Retried { after } => write!(f, "it is tried again after {after:?}")?,
            TaskOutcome::Parked => write!(f, "it is parked")?,
        }
        match (self.handler, self.attempt) {
            (None, _) => write!(f, " (no handler takes it)"),
            (Some(handler), 0) => write!(f, " (`{handler}` was not called)"),
            (Some(handler), attempt) => write!(f, " (by `{handler}`, attempt {attempt})"),
        }
    }
}
