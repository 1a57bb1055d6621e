//! Where the program is killed.

use crate::orders::{ACTIONS, HIRE, RESET, RUN_AGAIN};

/// A call that is held: before it has an effect, or after that with its answer on the way.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    pub method: &'static str,
    /// For GET a part of the path, else its end. `{task}` stands for a task that was queued for this.
    pub path: &'static str,
    /// So many like it pass before.
    pub after: usize,
    pub is_done: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum How {
    /// While it reads its configuration.
    Configuration,
    /// While it waits for the lock, before it makes anything of its own.
    Lock,
    /// When the journal's file is there and nothing stands in it.
    EmptyFile,
    /// A moment after the file is there.
    Tables,
    /// At a call, with the session in this state.
    Call(Call, Option<&'static str>),
    /// The same; the answer to another call is lost before it.
    Lost(Call, Call, Option<&'static str>),
    /// As long as people fill a page each hundred, this is the page after them: what takes something away.
    Reductions { is_done: bool },
    /// At a call for a task, which has come so far in the journal.
    Task(Call, u32),
    /// After a report whose answer was lost, when it asks what became of it.
    LostReport,
    /// In the handler of one of these, before the database has it.
    Handler(&'static [&'static str]),
    /// In the handler, when the database has it and the journal does not.
    Effect(&'static [&'static str]),
    /// While the session of an earlier kill is ended: at `abandon`, before it and after it.
    Recovery,
    /// While it asks what became of a session that an earlier kill was about to complete, or had completed; and in the next.
    RecoveryOfCompleting { is_done: bool },
    /// While it waits to write to its journal, or to read it for the first time.
    Open,
    /// While it waits to bring a journal of an earlier version to its own.
    OldJournal,
    /// While it does that.
    Migration,
    /// `status`, beside a running one.
    Status,
    /// The running one, beside `status`.
    BesideStatus,
    /// `approve`, before its approval is written; and the sync that uses the next one up.
    Approve,
    /// `plan`, somewhere.
    Plan,
    /// Any time is as likely.
    AnyTime,
    /// Near the start as likely as in all the rest.
    Soon,
    /// After any number of calls.
    AnyCall,
    /// Three in a row, each within its first 100 ms; before them one that leaves a session open.
    Burst,
}

#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub name: &'static str,
    pub how: How,
}

const fn held(method: &'static str, path: &'static str, after: usize) -> Call {
    Call { method, path, after, is_done: false }
}

const fn done(method: &'static str, path: &'static str, after: usize) -> Call {
    Call { method, path, after, is_done: true }
}

const fn place(name: &'static str, how: How) -> Place {
    Place { name, how }
}

const fn at(name: &'static str, call: Call, state: &'static str) -> Place {
    Place { name, how: How::Call(call, Some(state)) }
}

/// In the first life of all, and until Iden knows the app.
pub const FIRST: [Place; 12] = [
    place("first: before the journal", How::Configuration),
    place("first: the lock alone", How::Lock),
    place("first: a journal without tables", How::EmptyFile),
    place("first: tables being made", How::Tables),
    place("first: app not made yet", How::Call(held("POST", "/apps/", 0), None)),
    place("first: app made, not in the journal", How::Call(done("POST", "/apps/", 0), None)),
    place("first: no type registered", How::Call(held("POST", "/resource-types/", 0), None)),
    place("first: one type registered", How::Call(done("POST", "/resource-types/", 0), None)),
    place("first: two types registered", How::Call(held("POST", "/resource-types/", 2), None)),
    at("first: session opened", done("POST", "/sync/", 0), "opening"),
    at("first: a page", done("PUT", "/employee/", 1), "scanning"),
    at("first: completing", done("POST", "/complete/", 0), "completing"),
];

/// Afterwards, in any order.
pub const LATER: [Place; 36] = [
    at("opening, held", held("POST", "/sync/", 0), "opening"),
    at("opened, answer held", done("POST", "/sync/", 0), "opening"),
    at("before the first page", held("GET", "/sync/", 0), "scanning"),
    at("page 1, held", held("PUT", "/team/", 0), "scanning"),
    at("page 1, taken", done("PUT", "/team/", 0), "scanning"),
    at("page 2, held", held("PUT", "/seat/", 0), "scanning"),
    at("page 3, held", held("PUT", "/employee/", 0), "scanning"),
    at("page 4, taken", done("PUT", "/employee/", 1), "scanning"),
    at("page 5, held", held("PUT", "/employee/", 2), "scanning"),
    at("page 6, taken", done("PUT", "/employee/", 3), "scanning"),
    place("reductions, held", How::Reductions { is_done: false }),
    place("reductions, taken", How::Reductions { is_done: true }),
    at("behind the gate", held("GET", "/sync/", 1), "gated"),
    at("completing, held", held("POST", "/complete/", 0), "completing"),
    at("completing, done", done("POST", "/complete/", 0), "completing"),
    place(
        "completing, answer lost",
        How::Lost(done("POST", "/complete/", 0), held("GET", "/sync/", 2), Some("completing")),
    ),
    at("settling", held("GET", "/sync/", 2), "settling"),
    place("recovery: abandoning", How::Recovery),
    place("recovery: completing, held", How::RecoveryOfCompleting { is_done: false }),
    place("recovery: completing, done", How::RecoveryOfCompleting { is_done: true }),
    place("recovery: three starts in a row", How::Burst),
    place("tasks: listing", How::Call(held("GET", "/tasks/", 0), None)),
    place("task: before it is started", How::Task(held("GET", "/tasks/{task}/", 0), 0)),
    place("task: in the handler", How::Handler(&ACTIONS)),
    place("task that may run twice: done, not in the journal", How::Effect(&RUN_AGAIN)),
    place("task that is verified: done, not in the journal", How::Effect(&[HIRE])),
    place("task that runs at most once: done, not in the journal", How::Effect(&[RESET])),
    place("task: report held", How::Task(held("PATCH", "/tasks/{task}/status/", 0), 2)),
    place("task: reported, answer held", How::Task(done("PATCH", "/tasks/{task}/status/", 0), 2)),
    place("task: reported, answer lost", How::LostReport),
    place("journal: being opened", How::Open),
    place("journal: of an earlier version", How::OldJournal),
    place("journal: migration", How::Migration),
    place("beside: status killed", How::Status),
    place("beside: killed while status looks", How::BesideStatus),
    place("beside: approve killed", How::Approve),
];

/// By chance.
pub const RANDOM: [Place; 4] = [
    place("random: any time", How::AnyTime),
    place("random: soon", How::Soon),
    place("random: any call", How::AnyCall),
    place("random: plan", How::Plan),
];
