//! A task that is not over, without its payload: that is fetched when its turn comes.

use std::hash::{DefaultHasher, Hash, Hasher};

use bridge_core::wire::{Task, TaskId, TaskStatus};
use jiff::Timestamp;

use super::{conclusion::Conclusion, effect::account_of, subject::logins};
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
/// stamp: many tasks are held at once.
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
    let slug = &task.resource_type;
    let changes = task.payload.changes.as_ref().filter(|_| !Bug::ChangedLoginIsIgnored.is_planted());
    SeenTask {
        id: task.id,
        action: task.action.clone(),
        slug: task.resource_type.clone(),
        account: account_of(&task.payload),
        logins: logins(slug, task.payload.account.as_ref()),
        changed: logins(slug, changes),
        due: due(task),
        created: task.created_at,
    }
}

fn told(seen: &SeenTask) -> u64 {
    let SeenTask { action, slug, account, logins, changed, due, created, .. } = seen;
    let mut hasher = DefaultHasher::new();
    (action, slug, account, logins, changed, due, created).hash(&mut hasher);
    hasher.finish()
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
    /// When its handler was called for the first time.
    pub(super) started: Option<Timestamp>,
    /// How often its report was sent in vain.
    pub(super) reports: u32,
    /// Whether its effect may have happened without anybody knowing.
    pub(super) unclear: bool,
    /// What its queue and its place were chosen by, as a hash.
    told: u64,
    /// How often Iden showed it differently afterwards.
    pub(super) moves: u32,
    /// Why it cannot be read.
    pub(super) unreadable: Option<String>,
    /// How it ended, once it has: it is only to be reported.
    pub(super) conclusion: Option<Box<Conclusion>>,
}

impl Pending {
    pub(super) fn of(seen: &SeenTask) -> Self {
        let (passes, told) = (ends_access(&seen.action), told(seen));
        Pending { passes, told, ..Pending::at(Place::new(seen.due, seen.created, seen.id)) }
    }

    /// Follows what Iden shows of the task now. Returns whether it belongs into another queue, or to another place in it.
    pub(super) fn follow(&mut self, task: &Task) -> bool {
        let Pending { place, passes, told, .. } = Pending::of(&seen(task));
        if self.told == told || Bug::MovedTaskRunsWhereItWas.is_planted() {
            return false;
        }
        (self.place, self.passes, self.told) = (place, passes, told);
        self.moves += 1;
        true
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
        let (attempts, reports, moves, told) = (0, 0, 0, 0);
        let (started, unreadable, conclusion) = (None, None, None);
        let (passes, unclear) = (false, false);
        Pending { place, passes, attempts, started, reports, unclear, told, moves, unreadable, conclusion }
    }

    /// With what the journal knows of it.
    pub(super) fn known(mut self, known: &KnownTask) -> Self {
        (self.attempts, self.started) = (known.attempts, known.started);
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
