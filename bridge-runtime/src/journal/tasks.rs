//! Tasks that were begun, and what they have done.

use std::collections::HashSet;

use async_trait::async_trait;
use bridge_core::wire::{TaskId, TaskReport};

use super::{EdgeKey, JournalError, LossKind};

/// A task that is about to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BegunTask {
    /// Its id.
    pub id: TaskId,
    /// The slug of the account type.
    pub slug: String,
    /// The account, where it is there already.
    pub account: Option<String>,
}

/// An account that a task may have changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Touched {
    /// The slug of the account type.
    pub slug: String,
    /// The account's id.
    pub id: String,
}

/// A loss that Iden itself ordered, by a task that is completed. The guard does not count it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The slug of the account type.
    pub slug: String,
    /// The account's id.
    pub id: String,
    /// What is lost.
    pub kind: LossKind,
    /// For edges: those that the account is to keep. That it loses one of them was not ordered.
    pub keep: Vec<EdgeKey>,
}

/// What a task did to its account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskEffect {
    /// The account that it made or changed, if there is one: it is known, and touched again.
    pub touched: Option<Touched>,
    /// What Iden ordered to be lost by it.
    pub ordered: Vec<Ordered>,
    /// What it gave back to the account: earlier orders of that kind are void.
    pub withdrawn: Vec<LossKind>,
}

/// Tasks by id.
#[async_trait]
pub trait TaskJournal: Send + Sync + 'static {
    /// Writes down that a task is about to be carried out, and that its account may be changed by it: it is known to
    /// Iden, and touched, from now on. Call it before the effect.
    async fn begin_task(&self, task: &BegunTask) -> Result<(), JournalError>;

    /// Whether the task was begun and is not ended: nobody knows whether its effect happened, unless there is an outcome.
    async fn was_begun(&self, task: TaskId) -> Result<bool, JournalError>;

    /// Every task that was begun and is not ended.
    async fn begun(&self) -> Result<Vec<TaskId>, JournalError>;

    /// Writes down how a task ended, before that is reported: after a restart it is reported and not run again.
    async fn set_outcome(&self, task: TaskId, report: &TaskReport, effect: TaskEffect) -> Result<(), JournalError>;

    /// How a task ended that is not reported yet.
    async fn outcome(&self, task: TaskId) -> Result<Option<TaskReport>, JournalError>;

    /// Writes down that a task is reported, or surely did nothing.
    async fn end_task(&self, task: TaskId) -> Result<(), JournalError>;

    /// Forgets every task but these: the others are settled on Iden's side.
    async fn forget_tasks_but(&self, listed: &HashSet<TaskId>) -> Result<(), JournalError>;

    /// Whether Iden ordered this loss, and no session has shown it yet.
    async fn is_ordered(&self, loss: &Ordered) -> Result<bool, JournalError>;

    /// Accounts that tasks may have changed since the scan began, and those of tasks that are begun and not ended.
    async fn touched(&self) -> Result<Vec<Touched>, JournalError>;
}
