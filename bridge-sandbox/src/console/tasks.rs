//! The tasks of an app, and one of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Answer, Problem, page};
use super::fields::Fields;
use super::frame::{Frame, Tab};
use super::pager::Pager;
use super::{Console, links};
use crate::view::{RecordView, TaskView};

const ON_A_PAGE: usize = 50;
/// What one can filter by.
const STATUSES: [&str; 4] = ["pending", "scheduled", "completed", "failed"];

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    status: String,
    tasks: Vec<TaskView>,
    pager: Pager,
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    task: TaskView,
    /// The account that it is about, as Iden holds it now.
    record: Option<RecordView>,
}

pub(super) async fn list(State(console): State<Arc<Console>>, Path(id): Path<String>, fields: Fields) -> Answer {
    let app = console.app(&id)?;
    let pager = Pager::read(links::tasks(app.id()), &fields, &["status"], ON_A_PAGE);
    let status = fields.get("status").to_owned();
    let found = app.recent_tasks(&status, pager.offset, pager.limit);
    page(&TasksPage {
        frame: Frame::of_app("Tasks", &app, Tab::Tasks),
        now: console.now(),
        id: app.id(),
        status,
        tasks: found.items,
        pager: pager.of(found.total),
    })
}

pub(super) async fn show(State(console): State<Arc<Console>>, Path((id, task)): Path<(String, String)>) -> Answer {
    let app = console.app(&id)?;
    let Some(task) = task.parse().ok().and_then(|task| app.task(task)) else {
        return Err(Problem::not_found(
            "There is no such task",
            format!("App `{}` has no task {task}. The tasks stand at {}.", app.name(), links::tasks(app.id())),
        ));
    };
    page(&TaskPage {
        frame: Frame::of_app("Task", &app, Tab::Tasks).below(),
        now: console.now(),
        id: app.id(),
        record: account(&task).and_then(|account| app.record(&task.resource_type, account)),
        task,
    })
}

/// The id of the account: of the payload, or of the result once it is made.
fn account(task: &TaskView) -> Option<&str> {
    let made = || task.result.as_ref()?.get("id")?.as_str();
    task.payload["account"]["id"].as_str().or_else(made)
}

/// Whom a task is about, as a person would say it.
pub(crate) fn subject(task: &TaskView) -> String {
    let account = &task.payload["account"];
    let text = |field: &str| account[field].as_str().filter(|text| !text.trim().is_empty());
    let name = match (text("first_name"), text("last_name")) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (one, other) => one.or(other).map(str::to_owned),
    };
    let known = text("display_name").map(str::to_owned).or(name);
    known
        .or_else(|| ["email", "username", "id"].into_iter().find_map(text).map(str::to_owned))
        .unwrap_or_else(|| "?".to_owned())
}

/// The code of a failure.
pub(crate) fn code(task: &TaskView) -> Option<&str> {
    task.error.as_ref()?.get("code")?.as_str()
}
