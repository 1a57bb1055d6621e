//! The first argument of a handler.

use std::{fmt, ops::Deref, sync::Arc};

use bridge_core::{Resource, SourceError};
use jiff::Timestamp;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::source::Source;

/// The external system, and which task is being carried out.
///
/// It derefs to the system, so `cx.db` is the connector's own field. It is cheap to clone.
pub struct TaskContext<S> {
    system: Arc<S>,
    /// Which task this is.
    pub task: TaskInfo,
    cancelled: CancellationToken,
    blocking: TaskTracker,
}

/// Facts about the task, under one name so that they do not hide the system's own methods.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskInfo {
    /// The task's id on Iden's side.
    pub id: String,
    /// The idempotency key: the same for every attempt at this task. Give it to systems that take one.
    pub key: String,
    /// The first attempt is 1.
    pub attempt: u32,
    /// When Iden created the task, if it says so.
    pub created_at: Option<Timestamp>,
    /// The time before which the task was not to run, if there is one.
    pub execute_after: Option<Timestamp>,
    /// When the handler was called for this task for the first time, by this machine's clock. A `verify` function can look
    /// for effects since then. `None` if a version that did not record it has begun the task.
    pub started_at: Option<Timestamp>,
}

impl<S: Send + Sync + 'static> TaskContext<S> {
    /// `blocking` tells whether blocking work of the task still goes on.
    pub(crate) fn new(system: Arc<S>, task: TaskInfo, cancelled: CancellationToken, blocking: TaskTracker) -> Self {
        TaskContext { system, task, cancelled, blocking }
    }

    /// A context for a unit test of a handler.
    pub fn test(system: impl Into<Arc<S>>) -> Self {
        let (created_at, execute_after, started_at) = (None, None, None);
        let (id, key) = ("test".to_owned(), "test:test".to_owned());
        let task = TaskInfo { id, key, attempt: 1, created_at, execute_after, started_at };
        TaskContext::new(system.into(), task, CancellationToken::new(), TaskTracker::new())
    }

    /// The same at a later attempt, for a unit test.
    #[must_use]
    pub fn at_attempt(mut self, attempt: u32) -> Self {
        self.task.attempt = attempt;
        self
    }

    /// The same for a task with another idempotency key, for a unit test.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<String>) -> Self {
        self.task.key = key.into();
        self
    }

    /// The system, to keep.
    #[must_use]
    pub fn system(&self) -> Arc<S> {
        Arc::clone(&self.system)
    }

    /// Whether the connector is told to stop, or the task's time is up: for work on a thread, which nothing can cut off.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Resolves when the connector is told to stop, or the task's time is up. A handler that waits for long may look. When
    /// its time is up, it is cut off at its next await.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// The record as it is now, by the system's own `Source::find`.
    ///
    /// # Errors
    /// Those of `find`; a source without one says so.
    pub async fn find<R: Resource>(&self, id: &R::Id) -> Result<Option<R>, SourceError>
    where
        S: Source<R>,
    {
        self.system.find(id).await
    }

    /// Runs blocking work on a thread of its own. A panic there is a panic of the handler.
    ///
    /// A time-out does not stop the thread: what it does, it does. The engine waits for its end before it decides what
    /// became of the task, and never runs the handler again beside it.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn blocking<T, E>(&self, work: impl FnOnce(&S) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
    {
        let system = self.system();
        match self.blocking.spawn_blocking(move || work(&system)).await {
            Ok(result) => result,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Blocking work is cancelled only when the runtime goes down, and this future with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl<S> Clone for TaskContext<S> {
    fn clone(&self) -> Self {
        TaskContext {
            system: Arc::clone(&self.system),
            task: self.task.clone(),
            cancelled: self.cancelled.clone(),
            blocking: self.blocking.clone(),
        }
    }
}

impl<S> Deref for TaskContext<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.system
    }
}

impl<S> fmt::Debug for TaskContext<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext").field("task", &self.task).finish_non_exhaustive()
    }
}
