//! What a round of tasks did.

use bridge_core::wire::{ReportStatus, TaskId, TaskReport};
use serde::Serialize;

use super::lanes::Standing;

/// What one round did with the tasks that were pending.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RoundReport {
    /// How many were pending when the round began.
    pub pending: usize,
    /// Those that are over and reported, in order.
    pub reported: Vec<ReportedTask>,
    /// Those that are tried again later.
    pub waiting: usize,
    /// Those that wait behind another one of their account, which is not over.
    pub blocked: usize,
    /// Those that a person has to look into.
    pub parked: usize,
    /// Those that are over, with a report that did not arrive yet.
    pub unreported: usize,
    /// Those for which Iden shows another outcome.
    pub conflicts: usize,
    /// How many were not known before.
    #[serde(skip)]
    pub(super) came: usize,
}

/// One task that is over.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ReportedTask {
    /// The task's id.
    pub id: TaskId,
    /// Its action.
    pub action: String,
    /// How it was reported.
    pub status: ReportStatus,
    /// The error code, if it failed.
    pub code: Option<String>,
}

impl RoundReport {
    /// How many were reported completed.
    #[must_use]
    pub fn completed(&self) -> usize {
        self.with(ReportStatus::Completed)
    }

    /// How many were reported failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.with(ReportStatus::Failed)
    }

    fn with(&self, status: ReportStatus) -> usize {
        self.reported.iter().filter(|task| task.status == status).count()
    }

    pub(super) fn count(&mut self, task: ReportedTask, list: bool) {
        let ReportedTask { id, action, status, code } = &task;
        tracing::info!(bridge.task_id = %id, bridge.action = action, %status, code, "reported");
        if list {
            self.reported.push(task);
        }
    }

    /// With what is left.
    pub(super) fn standing(mut self, standing: Standing) -> Self {
        let Standing { waiting, blocked, parked, unreported } = standing;
        (self.waiting, self.blocked, self.parked, self.unreported) = (waiting, blocked, parked, unreported);
        self
    }
}

impl ReportedTask {
    pub(super) fn new(id: TaskId, action: String, report: &TaskReport) -> Self {
        let code = report.error.as_ref().map(|error| error.code.clone());
        ReportedTask { id, action, status: report.status, code }
    }
}
