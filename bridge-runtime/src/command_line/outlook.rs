//! The list of tasks, for people.

use std::fmt::Write as _;

use bridge_core::wire::{TaskReport, text::printable};
use jiff::Timestamp;

use crate::{journal::TaskState, tasks::ListedTask};

// What can be long comes last.
const HEAD: [&str; 7] = ["task", "action", "type", "account", "due", "state", "handler"];

/// `handlers`: how many the connector has. `running`: whether one is at work on its journal.
pub(super) fn table(app: &str, tasks: &[ListedTask], handlers: usize, running: bool) -> String {
    let pending = tasks.iter().filter(|task| task.listed).count();
    let mut text = match (tasks.len(), handlers) {
        (0, _) => return format!("{app}: no task is pending\n"),
        (_, 0) => format!("{app}: {pending} pending; it has no handlers, so they stay so\n"),
        _ => format!("{app}: {pending} pending, in the order in which they would be carried out\n"),
    };
    let rows = tasks.iter().map(|task| {
        [
            task.id.to_string(),
            cell(&task.action),
            cell(&task.resource_type),
            account(task),
            task.due.map_or_else(String::new, |due: Timestamp| format!("{due:.0}")),
            state(task, running),
            handler(task, handlers),
        ]
    });
    let rows: Vec<_> = [HEAD.map(str::to_owned)].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
    if tasks.iter().any(|task| task.state == TaskState::Parked) {
        text.push_str("a parked task waits for a person: `tasks show ID` tells what happened and what to do\n");
    }
    text
}

fn cell(text: &str) -> String {
    if text.is_empty() { "?".to_owned() } else { printable(text, 40) }
}

fn account(task: &ListedTask) -> String {
    match &task.account {
        Some(id) => printable(id, 40),
        None if task.action == "create_account" => "new".to_owned(),
        None => "–".to_owned(),
    }
}

/// The handler, or what becomes of the task without one.
fn handler(task: &ListedTask, handlers: usize) -> String {
    let over = task.state == TaskState::Executed || task.state.is_settled();
    match (&task.report, &task.handler) {
        (Some(TaskReport { status, error: None, .. }), _) => status.to_string(),
        (Some(TaskReport { status, error: Some(error), .. }), _) if over => {
            format!("{status}: {}", printable(&error.code, 64))
        }
        (Some(TaskReport { error: Some(error), .. }), handler) => {
            let who = if handler.is_none() { "no handler: " } else { "" };
            let message = if error.code == "unsupported_action" { "" } else { &error.message };
            let message = if message.is_empty() { String::new() } else { format!(": {}", printable(message, 120)) };
            format!("{who}{}{message}", error.code)
        }
        (None, Some(handler)) => handler.to_string(),
        (None, None) => if handlers == 0 { "none" } else { "no handler" }.to_owned(),
    }
}

fn state(task: &ListedTask, running: bool) -> String {
    let mut state = match task.state {
        TaskState::Seen if task.attempts > 0 => format!("pending, {} attempts made", task.attempts),
        TaskState::Seen => "pending".to_owned(),
        TaskState::Started if running => "being carried out".to_owned(),
        TaskState::Started | TaskState::Interrupted => "cut off".to_owned(),
        TaskState::Executed => "not reported yet".to_owned(),
        over => over.to_string(),
    };
    if let Some(behind) = task.behind {
        // As much of it as tells it apart in this list.
        let _ = write!(state, ", behind {:.8}", behind.to_string());
    }
    if !task.listed {
        state.push_str(", not listed by Iden");
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        journal::SeenTask,
        tasks::{HandlerInfo, HandlerKind},
    };

    fn task(number: u32, change: impl FnOnce(&mut ListedTask)) -> ListedTask {
        let id = format!("{number:08x}-0000-4000-8000-000000000000").parse().unwrap();
        let seen = SeenTask {
            id,
            action: "suspend_account".to_owned(),
            slug: "employee".to_owned(),
            account: Some("7".to_owned()),
            logins: [None; 2],
            changed: [None; 2],
            due: Some(Timestamp::UNIX_EPOCH),
            created: None,
        };
        let mut task = ListedTask::new(seen, TaskState::Seen, 0, true);
        task.handler = Some(HandlerInfo { name: "suspend", kind: HandlerKind::Idempotent });
        change(&mut task);
        task
    }

    /// The state and the handler of a task, as they are shown.
    fn shown(running: bool, change: impl FnOnce(&mut ListedTask)) -> String {
        let text = table("Acme HR", &[task(1, change)], 1, running);
        let line = text.lines().nth(2).unwrap();
        line.split("00:00:00Z").nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_state_is_told_in_words() {
        assert_eq!(shown(true, |_| {}), "pending suspend (idempotent)");
        assert_eq!(shown(true, |task| task.attempts = 2), "pending, 2 attempts made suspend (idempotent)");
        let behind =
            |task: &mut ListedTask| task.behind = Some("abcdef12-0000-4000-8000-000000000000".parse().unwrap());
        assert_eq!(shown(true, behind), "pending, behind abcdef12 suspend (idempotent)");
        let begun = |task: &mut ListedTask| task.state = TaskState::Started;
        assert_eq!(shown(true, begun), "being carried out suspend (idempotent)");
        assert_eq!(shown(false, begun), "cut off suspend (idempotent)");
        let parked = |task: &mut ListedTask| (task.state, task.listed) = (TaskState::Parked, false);
        assert_eq!(shown(false, parked), "parked, not listed by Iden suspend (idempotent)");
    }

    #[test]
    fn a_task_without_a_handler_shows_what_it_is_reported_as() {
        let refused = |code: &'static str, handled: bool| {
            move |task: &mut ListedTask| {
                task.report = Some(TaskReport::failed(code, "why\n"));
                task.handler = task.handler.filter(|_| handled);
            }
        };
        assert_eq!(shown(true, refused("unsupported_action", false)), "pending no handler: unsupported_action");
        assert_eq!(shown(true, refused("invalid_payload", true)), r"pending invalid_payload: why\n");
        let over = |task: &mut ListedTask| {
            (task.state, task.report) = (TaskState::Executed, Some(TaskReport::completed(None)));
        };
        assert_eq!(shown(true, over), "not reported yet completed");
    }

    #[test]
    fn a_connector_without_handlers_says_that_they_stay() {
        let text = table("Acme HR", &[task(1, |task| task.handler = None)], 0, false);
        assert!(text.starts_with("Acme HR: 1 pending; it has no handlers, so they stay so\n"), "{text}");
        assert!(text.lines().nth(2).unwrap().ends_with("pending  none"), "{text}");
        assert_eq!(table("Acme HR", &[], 0, false), "Acme HR: no task is pending\n");
    }
}
