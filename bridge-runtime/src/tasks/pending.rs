//! A task that is not over, without its payload: that is fetched when its turn comes.

use bridge_core::wire::{Task, TaskId, TaskStatus};
use jiff::Timestamp;

use super::{conclusion::Conclusion, effect::account_of, subject::Subject};
use crate::{
    journal::{KnownTask, SeenTask, TaskState},
    planted::Bug,
};

/// Where a task stands in the order of its account's tasks: `max(created_at, execute_after)`, then `created_at`, then `id`
/// (protocol.md section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    due: Moment,
    created: Moment,
    id: TaskId,
}

/// A time in nanoseconds since 1970, or the nearest that there is; a missing one comes before all others. Half the size of a
/// stamp: 100,000 tasks are held at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Moment(i64);

impl From<Option<Timestamp>> for Moment {
    fn from(time: Option<Timestamp>) -> Self {
        let nanoseconds = time.map_or(i128::MIN, Timestamp::as_nanosecond);
        Moment(nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl Place {
    pub(super) fn new(due: Option<Timestamp>, created: Option<Timestamp>, id: TaskId) -> Self {
        if Bug::OrderIsIgnored.is_planted() {
            return Place { due: None.into(), created: None.into(), id };
        }
        Place { due: due.into(), created: created.into(), id }
    }

    pub(super) fn id(&self) -> TaskId {
        self.id
    }

    /// When the task was due; `None` where Iden does not say.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let known = Some(self.due.0).filter(|nanoseconds| *nanoseconds != i64::MIN);
        known.and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds.into()).ok())
    }
}

/// What the journal is to know of a task.
pub(super) fn seen(task: &Task) -> SeenTask {
    SeenTask {
        id: task.id,
        action: task.action.clone(),
        slug: task.resource_type.clone(),
        account: account_of(&task.payload),
        logins: Subject::of(task).by_login,
        due: due(task),
        created: task.created_at,
    }
}

/// Whether an action takes an account's access away.
pub(super) fn ends_access(action: &str) -> bool {
    matches!(action, "suspend_account" | "delete_account")
}

/// Whether a task is over at Iden. An unknown status counts: reporting against it would block the account forever.
pub(super) fn is_over(status: &TaskStatus) -> bool {
    let unknown = matches!(status, TaskStatus::Other(_));
    status.is_terminal() && !(unknown && Bug::UnknownStatusIsOpen.is_planted())
}

/// When a task is to be carried out: the later of its two times.
fn due(task: &Task) -> Option<Timestamp> {
    task.created_at.max(task.execute_after)
}

/// A task that is not over.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) place: Place,
    /// A suspension or a deletion: a parked task before it does not keep it waiting.
    pub(super) passes: bool,
    /// How often its handler was called.
    pub(super) attempts: u32,
    /// How often its report was sent in vain.
    pub(super) reports: u32,
    /// Whether its effect may have happened without anybody knowing.
    pub(super) unclear: bool,
    /// Why it cannot be read.
    pub(super) unreadable: Option<String>,
    /// How it ended, once it has: it is only to be reported.
    pub(super) conclusion: Option<Box<Conclusion>>,
}

impl Pending {
    pub(super) fn of(task: &Task) -> Self {
        Pending { passes: ends_access(&task.action), ..Pending::at(Place::new(due(task), task.created_at, task.id)) }
    }

    /// One that cannot be read, but has an id to report on.
    pub(super) fn unreadable(id: TaskId, why: String) -> Self {
        Pending { unreadable: Some(why), ..Pending::at(Place::new(None, None, id)) }
    }

    /// One that Iden does not list, to be reported.
    pub(super) fn unlisted(known: &KnownTask) -> Self {
        Pending::at(Place::new(known.seen.due, known.seen.created, known.seen.id)).known(known)
    }

    /// One of which no more is known than its place.
    pub(super) fn at(place: Place) -> Self {
        Pending { place, passes: false, attempts: 0, reports: 0, unclear: false, unreadable: None, conclusion: None }
    }

    /// With what the journal knows of it.
    pub(super) fn known(mut self, known: &KnownTask) -> Self {
        self.attempts = known.attempts;
        let over = known.state.is_settled() || known.state == TaskState::Executed;
        // One that Iden settled, or had no more, before anybody knew how it had ended.
        self.unclear = known.state.is_unclear() || (over && known.end.is_none());
        if Bug::SettledRunsAgain.is_planted() && known.state == TaskState::Reported {
            return self;
        }
        if Bug::InterruptionIsForgotten.is_planted() {
            self.unclear = false;
        }
        self.conclusion = known.end.as_ref().filter(|_| over).map(|end| Box::new(Conclusion::found(end, known.state)));
        self
    }

    pub(super) fn id(&self) -> TaskId {
        self.place.id()
    }
}
