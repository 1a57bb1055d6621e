use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A provisioning task.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaskView {
    /// The task's id.
    pub id: Uuid,
    /// For example `suspend_account`.
    pub action: String,
    /// The slug of the account type it is about.
    pub resource_type: String,
    /// `pending`, `scheduled`, `completed` or `failed`.
    pub status: String,
    /// Before this moment the task is `scheduled`.
    pub execute_after: Option<Timestamp>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was reported as completed or failed.
    pub reported_at: Option<Timestamp>,
    /// `{"account", "memberships", "changes"}`.
    pub payload: Value,
    /// What a report said about the work done.
    pub result: Option<Value>,
    /// What a report said about the failure: `{"code", "message"}`.
    pub error: Option<Value>,
}

impl TaskView {
    /// Reported as completed or failed.
    pub fn is_done(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed")
    }
}
