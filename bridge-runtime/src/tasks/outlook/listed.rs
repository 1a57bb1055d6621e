//! A task in a list.

use bridge_core::wire::{TaskId, TaskReport};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    journal::{SeenTask, TaskState},
    tasks::HandlerInfo,
};

/// A task that is not over, and what the next round would make of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ListedTask {
    /// The task's id.
    pub id: TaskId,
    /// Its action; empty if it cannot be read.
    pub action: String,
    /// The slug of the account type; empty if it cannot be read.
    pub resource_type: String,
    /// The account, where it is there already.
    pub account: Option<String>,
    /// The later of its two times: its place in the order of its account's tasks.
    pub due: Option<Timestamp>,
    /// When Iden made it.
    pub created: Option<Timestamp>,
    /// The handler that is there for such tasks.
    pub handler: Option<HandlerInfo>,
    /// What Iden is told without the handler being called: because it cannot be, or because the task is over already. Never
    /// with a password.
    pub report: Option<TaskReport>,
    /// How far it has come.
    pub state: TaskState,
    /// How often its handler was called.
    pub attempts: u32,
    /// The task of the same account that goes first.
    pub behind: Option<TaskId>,
    /// Whether Iden lists it as pending.
    pub listed: bool,
}

impl ListedTask {
    pub(crate) fn new(seen: SeenTask, state: TaskState, attempts: u32, listed: bool) -> Self {
        let SeenTask { id, action, slug: resource_type, account, due, created, .. } = seen;
        let (handler, report, behind) = (None, None, None);
        ListedTask {
            id,
            action,
            resource_type,
            account,
            due,
            created,
            handler,
            report,
            state,
            attempts,
            behind,
            listed,
        }
    }
}
