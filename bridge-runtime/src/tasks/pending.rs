//! A task that is not over, without its payload: that is fetched when its turn comes.

use bridge_core::wire::{Task, TaskId};
use jiff::Timestamp;

use super::{conclusion::Conclusion, subject::Subject};
use crate::journal::{KnownTask, SeenTask, TaskState};

/// Where a task stands in the order of its account's tasks: `max(created_at, execute_after)`, then `created_at`, then `id`
/// (protocol.md section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) due: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    pub(super) id: TaskId,
}

/// A task that is not over.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) place: Place,
    pub(super) subject: Subject,
    /// A suspension or a deletion: a parked task before it does not keep it waiting.
    pub(super) passes: bool,
    /// How often its handler was called.
    pub(super) attempts: u32,
    /// Whether its effect may have happened without anybody knowing.
    pub(super) unclear: bool,
    /// Why it cannot be read.
    pub(super) unreadable: Option<String>,
    /// How it ended, once it has: it is only to be reported.
    pub(super) conclusion: Option<Box<Conclusion>>,
}

impl Pending {
    pub(super) fn of(task: &Task) -> Self {
        Pending {
            subject: Subject::of(task),
            passes: matches!(task.action.as_str(), "suspend_account" | "delete_account"),
            ..Pending::at(Place { due: task.created_at.max(task.execute_after), created: task.created_at, id: task.id })
        }
    }

    /// One that cannot be read, but has an id to report on.
    pub(super) fn unreadable(id: TaskId, why: String) -> Self {
        Pending { unreadable: Some(why), ..Pending::at(Place { due: None, created: None, id }) }
    }

    /// One that Iden does not list, to be reported.
    pub(super) fn unlisted(known: &KnownTask) -> Self {
        let SeenTask { due, created, id, .. } = known.seen;
        Pending::at(Place { due, created, id }).known(known)
    }

    /// One of which no more is known than its place.
    pub(super) fn at(place: Place) -> Self {
        let (subject, passes, conclusion) = Default::default();
        Pending { place, subject, passes, attempts: 0, unclear: false, unreadable: None, conclusion }
    }

    /// With what the journal knows of it.
    pub(super) fn known(mut self, known: &KnownTask) -> Self {
        self.attempts = known.attempts;
        self.unclear = known.state.is_unclear();
        let over = known.state.is_settled() || known.state == TaskState::Executed;
        self.conclusion = known.end.as_ref().filter(|_| over).map(|end| Box::new(Conclusion::found(end, known.state)));
        self
    }

    pub(super) fn id(&self) -> TaskId {
        self.place.id
    }
}
