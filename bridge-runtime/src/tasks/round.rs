//! What a round of tasks did.

use bridge_core::wire::{ReportStatus, TaskId, TaskReport};
use serde::Serialize;

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
    /// Those that a person has to look into.
    pub parked: usize,
    /// Those that are over, with a report that did not arrive yet.
    pub unreported: usize,
    /// Those for which Iden shows another outcome.
    pub conflicts: usize,
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

    pub(super) fn count(&mut self, id: TaskId, action: &str, report: &TaskReport) {
        let code = report.error.as_ref().map(|error| error.code.clone());
        tracing::info!(bridge.task_id = %id, bridge.action = action, status = %report.status, code, "reported");
        self.reported.push(ReportedTask { id, action: action.to_owned(), status: report.status, code });
    }
}
