//! What happened to a task, read from the journal.

use std::fmt;

use bridge_core::wire::{TaskId, TaskReport, text::printable};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    journal::{KnownTask, TaskState, TaskStep},
    tasks::{HandlerInfo, HandlerKind},
};

/// What `tasks show` prints.
#[derive(Debug, Serialize)]
pub(super) struct TaskHistory {
    app: String,
    id: TaskId,
    action: String,
    resource_type: String,
    /// The account, where it is there already.
    account: Option<String>,
    due: Option<Timestamp>,
    created: Option<Timestamp>,
    state: TaskState,
    since: Timestamp,
    attempts: u32,
    handler: Option<HandlerInfo>,
    /// How it ended: what Iden is told, but for a password.
    end: Option<TaskReport>,
    /// Whether there was a password.
    secret: bool,
    steps: Vec<TaskStep>,
    /// What comes next.
    next: String,
    /// What a person can do.
    remedies: Vec<Remedy>,
}

/// A command, and what it does.
#[derive(Debug, Serialize)]
struct Remedy {
    command: String,
    does: &'static str,
}

impl TaskHistory {
    /// `running`: whether a connector is at work on this journal.
    pub(super) fn new(
        app: &str,
        task: KnownTask,
        steps: Vec<TaskStep>,
        handler: Option<HandlerInfo>,
        running: bool,
    ) -> Self {
        let secret = task.end.as_ref().is_some_and(|end| end.secret);
        TaskHistory {
            app: app.to_owned(),
            next: next(&task, secret, running),
            remedies: if task.state == TaskState::Parked { remedies(task.seen.id, handler) } else { Vec::new() },
            id: task.seen.id,
            action: task.seen.action,
            resource_type: task.seen.slug,
            account: task.seen.account,
            due: task.seen.due,
            created: task.seen.created,
            state: task.state,
            since: task.since,
            attempts: task.attempts,
            handler,
            end: task.end.map(|end| end.report),
            secret,
            steps,
        }
    }

    fn ended(&self) -> String {
        match &self.end {
            None => "not yet".to_owned(),
            Some(TaskReport { error: Some(error), .. }) => {
                format!("failed with `{}`: {}", printable(&error.code, 64), printable(&error.message, 500))
            }
            Some(report) => {
                let id = report.result.as_ref().and_then(|result| result.get("id")?.as_str());
                let id = id.map(|id| format!(", id {}", printable(id, 80))).unwrap_or_default();
                let password = if self.secret { ", with a password, which is not written down" } else { "" };
                format!("{}{id}{password}", report.status)
            }
        }
    }
}

/// What comes next.
fn next(task: &KnownTask, secret: bool, running: bool) -> String {
    let next = match task.state {
        TaskState::Seen if task.attempts > 0 => "another attempt follows by itself",
        TaskState::Seen => "it has not been begun; `tasks list` shows when its turn comes",
        TaskState::Started if running => "it is being carried out",
        TaskState::Started | TaskState::Interrupted if running => "the next round finds out what became of it",
        TaskState::Started | TaskState::Interrupted => "the next start finds out what became of it",
        TaskState::Executed if secret => {
            "the report is sent at every round until Iden takes it; the password is known to the process alone that carried it out, and after a restart Iden is told `result_lost`"
        }
        TaskState::Executed => "the report is sent at every round until Iden takes it; nothing is carried out again",
        TaskState::Parked => "nothing by itself: nobody can tell whether it was done. Look into the system, then",
        TaskState::Reported => "nothing: it is over, and Iden knows",
        TaskState::Conflict => {
            "nothing: Iden shows another end than this one. Compare the two, and mend by hand what differs"
        }
        TaskState::Gone => "nothing: Iden has it no more",
    };
    next.to_owned()
}

/// What a person can do about a parked task.
fn remedies(id: TaskId, handler: Option<HandlerInfo>) -> Vec<Remedy> {
    let does = match handler.map(|handler| handler.kind) {
        Some(HandlerKind::Verified) => "asks `verify` once more",
        Some(HandlerKind::Idempotent) => "carries it out again, which does no harm",
        Some(HandlerKind::AtMostOnce) => "reports it failed with `outcome_unknown`",
        None => "reports it failed, since no handler takes it",
    };
    let retry = Remedy { command: format!("tasks retry {id}"), does };
    let not_done =
        Remedy { command: format!("tasks retry {id} --not-done"), does: "if it was surely not done: carries it out" };
    if handler.is_none() { vec![retry] } else { vec![retry, not_done] }
}

impl fmt::Display for TaskHistory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = if self.action.is_empty() { "unreadable".to_owned() } else { printable(&self.action, 64) };
        let slug = printable(&self.resource_type, 64);
        let whom = match &self.account {
            Some(id) => format!("{slug} {}", printable(id, 80)),
            None if self.action == "create_account" => format!("a new {slug}"),
            None => slug,
        };
        let time = |time: Option<Timestamp>| time.map_or_else(|| "–".to_owned(), |time| format!("{time:.0}"));
        writeln!(f, "{}: task {}", self.app, self.id)?;
        writeln!(f, "  action   {action}, {whom}")?;
        writeln!(f, "  due      {}, made {}", time(self.due), time(self.created))?;
        writeln!(f, "  state    {} since {:.0}", self.state, self.since)?;
        match &self.handler {
            Some(handler) => writeln!(f, "  handler  {handler}")?,
            None => writeln!(f, "  handler  none for this action on this type")?,
        }
        writeln!(f, "  ended    {}", self.ended())?;
        writeln!(f, "  next     {}", self.next)?;
        let width = self.remedies.iter().map(|remedy| remedy.command.len()).max().unwrap_or(0);
        for Remedy { command, does } in &self.remedies {
            writeln!(f, "           {command:width$}  {does}")?;
        }
        writeln!(f, "  history")?;
        self.steps.iter().try_for_each(|step| {
            let attempt = if step.attempts > 0 { format!("attempt {}", step.attempts) } else { String::new() };
            let line = format!("    {:.0}  {:<11}  {attempt:<10}  {}", step.at, step.state.to_string(), step.note);
            writeln!(f, "{}", line.trim_end())
        })
    }
}
