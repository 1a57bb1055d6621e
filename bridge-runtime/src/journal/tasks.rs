//! Tasks: how far each has come, how it ended, and what it has done to its account.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use async_trait::async_trait;
use bridge_core::wire::{TaskId, TaskReport};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JournalError, LossKind, first_eight};

/// How far a task has come.
///
/// ```text
/// Seen -> Started -> Executed -> Reported
///            |           `-----> Conflict, Gone
///            `-> Interrupted, Parked
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TaskState {
    /// Iden has listed it. Its handler was not called, or surely did nothing when it was.
    Seen,
    /// Its handler was called, and has not answered.
    Started,
    /// It is over, and Iden is still to be told.
    Executed,
    /// It is over, and Iden shows that it is.
    Reported,
    /// Its handler was cut off: by a crash, a panic, a time-out, an error that leaves open what happened. It is settled by
    /// the handler's kind.
    Interrupted,
    /// Nobody can tell what happened. A person has to look.
    Parked,
    /// It is over, and Iden shows another end than ours. It is left so.
    Conflict,
    /// It is over here, and Iden has it no more.
    Gone,
}

impl TaskState {
    /// Whether its effect may have happened without anybody knowing.
    #[must_use]
    pub fn is_unclear(self) -> bool {
        matches!(self, TaskState::Started | TaskState::Interrupted | TaskState::Parked)
    }

    /// Whether nothing is left to do about it. If Iden lists it again, it is reported again and never run; or, where nobody
    /// knows how it ended, it is settled by its handler's kind.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, TaskState::Reported | TaskState::Conflict | TaskState::Gone)
    }
}

impl std::fmt::Display for TaskState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            TaskState::Seen => "seen",
            TaskState::Started => "started",
            TaskState::Executed => "executed",
            TaskState::Reported => "reported",
            TaskState::Interrupted => "interrupted",
            TaskState::Parked => "parked",
            TaskState::Conflict => "conflict",
            TaskState::Gone => "gone",
        })
    }
}

/// What names a person beside the id: an e-mail address or a login name, as a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginKey(pub i64);

impl LoginKey {
    /// The key of a login, which stands in the field `field` of an account of the type `slug`: the same in whatever case it
    /// is written, and with or without blanks around it. `None` if nothing is left of it. The same in every version.
    #[must_use]
    pub fn of(slug: &str, field: &str, login: &str) -> Option<Self> {
        let login = login.trim().to_lowercase();
        // Neither a slug nor a field holds a line feed.
        (!login.is_empty()).then(|| LoginKey(first_eight(format!("{slug}\n{field}\n{login}").as_bytes())))
    }
}

/// What Iden says of a task, but for its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTask {
    /// Its id.
    pub id: TaskId,
    /// What is to be done.
    pub action: String,
    /// The slug of the account type.
    pub slug: String,
    /// The account, where it is there already.
    pub account: Option<String>,
    /// The account's e-mail address and its login name, where the task has them: a task that makes an account has no id of it.
    pub logins: [Option<LoginKey>; 2],
    /// The e-mail address and the login name that the account is to get, where the task changes them.
    pub changed: [Option<LoginKey>; 2],
    /// The later of its two times: its place in the order of its account's tasks (protocol.md section 6).
    pub due: Option<Timestamp>,
    /// When it was made.
    pub created: Option<Timestamp>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskEnd {
    /// What Iden is told; a password is never part of it.
    pub report: TaskReport,
    /// Whether there was a password, which only the process has that carried the task out.
    pub secret: bool,
}

/// A task in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownTask {
    /// What Iden said of it.
    pub seen: SeenTask,
    /// How far it has come.
    pub state: TaskState,
    /// How often its handler was called.
    pub attempts: u32,
    /// How it ended, once it has.
    pub end: Option<TaskEnd>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// When its handler was called for the first time.
    pub started: Option<Timestamp>,
}

/// One step of a task's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TaskStep {
    /// When.
    pub at: Timestamp,
    /// The state that it came to.
    pub state: TaskState,
    /// How often its handler had been called by then.
    pub attempts: u32,
    /// Why; empty where there is nothing to say.
    pub note: String,
}

impl TaskStep {
    /// A step.
    #[must_use]
    pub fn new(at: Timestamp, state: TaskState, attempts: u32, note: impl Into<String>) -> Self {
        TaskStep { at, state, attempts, note: note.into() }
    }
}

/// What a person has found out about a parked task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing: it is settled by its handler's kind once more.
    Settle,
    /// That it was not done: its handler is called.
    NotDone,
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
    /// For edges: what the account is to hold afterwards. `None`: none at all.
    pub holds: Option<Holdings>,
}

/// The groups and licenses that an account is to hold after a task: slug of the type -> ids. Of a type that is not in it
/// nothing was said, and the account keeps what it has.
pub type Holdings = BTreeMap<String, Vec<String>>;

/// What a task did to its account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskEffect {
    /// The account that it made or changed, if there is one: it is known, and touched again.
    pub touched: Option<Touched>,
    /// What Iden ordered to be lost by it.
    pub ordered: Vec<Ordered>,
    /// What it gave back to the account: earlier orders of that kind are void.
    pub withdrawn: Vec<LossKind>,
    /// The e-mail address and the login name that it gave to the account.
    pub logins: [Option<LoginKey>; 2],
}

/// Tasks by id.
///
/// A task is kept until it is settled, and a good while longer: whatever Iden lists then, it is not carried out again.
#[async_trait]
pub trait TaskJournal: Send + Sync + 'static {
    /// Writes down tasks that Iden lists. One that is here already stays as it is.
    async fn see_tasks(&self, tasks: Vec<SeenTask>, at: Timestamp) -> Result<(), JournalError>;

    /// Those of these that are here.
    async fn tasks(&self, ids: Vec<TaskId>) -> Result<Vec<KnownTask>, JournalError>;

    /// Tasks that were merely listed, in the order in which they are due: those after this one, at most so many.
    async fn listed_tasks(&self, after: Option<SeenTask>, limit: usize) -> Result<Vec<KnownTask>, JournalError>;

    /// The e-mail address and the login name of each of these accounts, in the order given: as they were pushed last, or as a
    /// task has left them.
    async fn logins(&self, accounts: Vec<Touched>) -> Result<Vec<[Option<LoginKey>; 2]>, JournalError>;

    /// Those that were begun and are not settled: started, interrupted, parked or executed. The oldest first.
    async fn open_tasks(&self) -> Result<Vec<KnownTask>, JournalError>;

    /// A creation that came to its state within this time, of which nobody knows what it made, of a type that the open scan
    /// finds somebody absent from. It may be cut off, settled by somebody else, or have failed after it was cut
    /// off.
    async fn unclear_creation(&self, within: Range<Timestamp>) -> Result<Option<TaskId>, JournalError>;

    /// Writes down that a task's handler is about to be called, and that it may change its account: that is known to Iden,
    /// and touched, from now on. Call it before the effect. Answers with the number of the attempt; the first one is 1.
    async fn start_task(&self, task: &SeenTask, at: Timestamp) -> Result<u32, JournalError>;

    /// Writes down how a task ended, before that is reported: from now on it is only reported. A task that no handler
    /// takes ends without having been started.
    async fn end_task(
        &self,
        task: &SeenTask,
        end: &TaskEnd,
        effect: TaskEffect,
        at: Timestamp,
    ) -> Result<(), JournalError>;

    /// Writes down that a task has come to this state, and why. It must be here. `Started` and `Executed` have methods of
    /// their own; here they only note something more about a task that is in that state, such as why its report did not
    /// arrive. An executed task that is moved to `Reported`, and has not taken access away, has touched its account again:
    /// the report may have.
    async fn move_task(&self, id: TaskId, to: TaskState, note: &str, at: Timestamp) -> Result<(), JournalError>;

    /// What happened to a task, the oldest step first; the last 64 of them.
    async fn task_steps(&self, id: TaskId) -> Result<Vec<TaskStep>, JournalError>;

    /// Has a parked task taken up again, with all its attempts before it. Answers with the state that the task was in:
    /// unless that is `Parked`, nothing was changed; `None` if it is not here.
    async fn retry_task(&self, id: TaskId, retry: Retry, at: Timestamp) -> Result<Option<TaskState>, JournalError>;

    /// Forgets the tasks that are of no use any more, but for these: those that were merely seen, and those that have been
    /// settled since before `before`. Of the settled ones the last `at_least` are kept, whatever the clock says.
    async fn forget_tasks(&self, but: HashSet<TaskId>, before: Timestamp, at_least: u32) -> Result<(), JournalError>;

    /// The suspension or deletion of the same account that came later than this task, and was carried out with success
    /// already. By the two times alone: where they are equal, nothing came later. A deletion is overtaken by a deletion only:
    /// after a suspension it still ends in what its own turn would have ended in.
    ///
    /// The account is the one with the same id. Where one of the two tasks has no id, as one that is to make the account, it
    /// is the one with the same e-mail address or login name: else a person who was deleted would be made anew by what came
    /// before. An address can be given to somebody else after a deletion, so a task that does not say when it was made is
    /// not told by it.
    async fn overtaken_by(&self, task: &SeenTask) -> Result<Option<TaskId>, JournalError>;

    /// Whether Iden ordered this loss, and no session has shown it yet.
    async fn is_ordered(&self, loss: &Ordered) -> Result<bool, JournalError>;

    /// Whether a task has made this account, and the source may merely not show it yet.
    async fn is_awaited(&self, account: &Touched) -> Result<bool, JournalError>;

    /// Accounts of tasks that are begun and not settled, but for those that are waited for.
    async fn at_work(&self) -> Result<Vec<Touched>, JournalError>;

    /// Accounts that tasks may have changed since the scan began, those of tasks that are begun and not settled, and those
    /// that are waited for: a task has made them, and no scan has seen them since. After three scans that looked for one in
    /// vain, or once Iden has ordered it away, it is waited for no more.
    async fn touched(&self) -> Result<Vec<Touched>, JournalError>;

    /// The number of the last touch of an account; 0 before the first one.
    async fn last_touch(&self) -> Result<i64, JournalError>;
}
