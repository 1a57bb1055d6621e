use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Scope;
use super::agenda::Event;
use crate::clock::whole_micros;
use crate::error::Refusal;
use crate::new_task::NewTask;
use crate::validate::Report;
use crate::view::TaskView;

/// The statuses that a task can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TaskStatus {
    Pending,
    Scheduled,
    Completed,
    Failed,
}

impl TaskStatus {
    pub(crate) const NAMES: &str = "pending, scheduled, completed, failed";

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Scheduled, Self::Completed, Self::Failed].into_iter().find(|status| status.name() == text)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A provisioning task.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) id: Uuid,
    action: String,
    resource_type: String,
    pub(crate) execute_after: Option<Timestamp>,
    created_at: Timestamp,
    payload: Value,
    report: Option<Report>,
    reported_at: Option<Timestamp>,
}

impl Task {
    pub(crate) fn new(new: NewTask, created_at: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4(),
            payload: new.payload(),
            action: new.action,
            resource_type: new.resource_type,
            execute_after: new.execute_after,
            created_at,
            report: None,
            reported_at: None,
        }
    }

    /// Derived from the time, so that a scheduled task becomes pending by itself.
    pub(crate) fn status(&self, now: Timestamp) -> TaskStatus {
        match &self.report {
            Some(report) => report.status,
            None if self.execute_after.is_some_and(|due| due > now) => TaskStatus::Scheduled,
            None => TaskStatus::Pending,
        }
    }

    pub(crate) fn json(&self, now: Timestamp) -> Value {
        let mut task = json!({
            "id": self.id,
            "action": self.action,
            "resource_type": self.resource_type,
            "status": self.status(now).name(),
            "execute_after": self.execute_after,
            "created_at": self.created_at,
            "payload": self.payload,
        });
        if let Some(report) = &self.report {
            task["result"] = report.result.clone().into();
            task["error"] = report.error.clone().into();
        }
        task
    }

    pub(crate) fn view(&self, now: Timestamp) -> TaskView {
        TaskView {
            id: self.id,
            action: self.action.clone(),
            resource_type: self.resource_type.clone(),
            status: self.status(now).name().to_owned(),
            execute_after: self.execute_after,
            created_at: self.created_at,
            reported_at: self.reported_at,
            payload: self.payload.clone(),
            result: self.report.as_ref().and_then(|report| report.result.clone()),
            error: self.report.as_ref().and_then(|report| report.error.clone()),
        }
    }
}

/// The tasks of an app. None is ever deleted.
#[derive(Default)]
pub(crate) struct TaskList {
    /// In the order in which they were queued, which is that of `created_at` unless a test says otherwise.
    tasks: Vec<Task>,
    /// Where each one stands.
    places: HashMap<Uuid, usize>,
}

impl TaskList {
    pub(crate) fn push(&mut self, task: Task) -> Uuid {
        let id = task.id;
        self.places.insert(id, self.tasks.len());
        self.tasks.push(task);
        id
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Task> {
        self.tasks.iter()
    }

    pub(crate) fn get(&self, id: Uuid) -> Result<&Task, Refusal> {
        self.places.get(&id).map(|place| &self.tasks[*place]).ok_or_else(|| not_found(id))
    }

    fn get_mut(&mut self, id: Uuid) -> Result<&mut Task, Refusal> {
        self.places.get(&id).map(|place| &mut self.tasks[*place]).ok_or_else(|| not_found(id))
    }
}

fn not_found(id: Uuid) -> Refusal {
    Refusal::not_found(format!("task not found: {id}"))
}

impl Scope<'_> {
    pub(crate) fn queue(&mut self, new: NewTask) -> Uuid {
        let created_at = new.created_at.map_or_else(|| self.clock.stamp(), whole_micros);
        if let Some(due) = new.execute_after {
            self.remind(due, Event::TaskIsPending);
        }
        let id = self.app.tasks.push(Task::new(new, created_at));
        self.touched.task(self.app.id, id);
        id
    }

    /// A task that was not dropped.
    pub(crate) fn task(&self, id: Uuid) -> Result<&Task, Refusal> {
        let task = self.app.tasks.get(id)?;
        if self.is_dropped(task) { Err(not_found(id)) } else { Ok(task) }
    }

    /// Those that were not dropped, in the order in which they were queued.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.app.tasks.iter().filter(|task| !self.is_dropped(task))
    }

    /// Question P8: reported long ago.
    fn is_dropped(&self, task: &Task) -> bool {
        let kept = task.reported_at.zip(self.assumptions.done_tasks_are_dropped_after);
        kept.is_some_and(|(at, time)| at.checked_add(time).is_ok_and(|end| end <= self.clock.now()))
    }

    /// Takes the report on a task. 409 where there is one already, whatever it says (but for question P10).
    pub(crate) fn report(&mut self, id: Uuid, report: Report) -> Result<&Task, Refusal> {
        let now = self.clock.now();
        let task = self.task(id)?;
        let early = match task.status(now) {
            TaskStatus::Pending => false,
            TaskStatus::Scheduled => true,
            done if self.assumptions.repeated_report_succeeds && done == report.status => return self.task(id),
            done => return Err(Refusal::conflict(format!("task {id} is {} already", done.name()))),
        };
        for trouble in oddities(&task.action, &report, early) {
            self.warn(format!("task {id} {trouble}"));
        }
        self.touched.task(self.app.id, id);
        if report.status == TaskStatus::Completed && self.assumptions.completed_tasks_change_records {
            let task = self.app.tasks.get(id)?;
            let (action, slug, payload) = (task.action.clone(), task.resource_type.clone(), task.payload.clone());
            self.carry_out(id, &action, &slug, &payload, report.result.as_ref());
        }
        let task = self.app.tasks.get_mut(id)?;
        task.report = Some(report);
        task.reported_at = Some(now);
        Ok(task)
    }
}

/// What a report should not look like.
fn oddities(action: &str, report: &Report, early: bool) -> impl Iterator<Item = &'static str> + use<> {
    let completed = report.status == TaskStatus::Completed;
    let new_id = report.result.as_ref().and_then(|result| result["id"].as_str());
    [
        (early, "was reported before it was due"),
        (!completed && report.error.is_none(), "was reported as failed without an error"),
        (completed && report.error.is_some(), "was reported as completed with an error"),
        (
            completed && action == "create_account" && new_id.is_none(),
            "made an account, but its `result` does not hold the new `id`",
        ),
    ]
    .into_iter()
    .filter_map(|(is_so, trouble)| is_so.then_some(trouble))
}
