//! What a test sees of the sandbox: plain values, copied when they are asked for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A resource type, or a companion type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeView {
    /// The slug, unique within the app.
    pub slug: String,
    /// The display name.
    pub name: String,
    /// `account`, `group` or `license`; of a companion `membership` or `assignment`.
    pub kind: String,
}

/// A record that the sandbox holds or has held.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordView {
    /// The identifier in the external system.
    pub id: String,
    /// The record as it was pushed last, with its `id`.
    pub fields: Value,
    /// A completed sync did not list it any more.
    pub removed: bool,
    /// Of an account `active`, `inactive` or `suspended`, and `inactive` once removed; else `active` or `removed`.
    pub status: String,
}

/// A sync session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionView {
    /// The `sync_id`.
    pub id: Uuid,
    /// `in_progress`, `completed` or `abandoned`.
    pub status: String,
    /// How many pages were accepted.
    pub pages: usize,
    /// Slug to number of different ids pushed. Slugs without a page are left out.
    pub pushed: BTreeMap<String, usize>,
    /// Slug and id of each record that completing the session removed.
    pub removed: Vec<(String, String)>,
}

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

/// A request that the sandbox received. The API key is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestView {
    /// When it arrived, by the sandbox's clock.
    pub at: Timestamp,
    /// For example `PUT`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status answered. `None` while the request is under way, and for good where a fault swallowed the answer.
    pub status: Option<u16>,
    /// The body as text, its first 256 KiB.
    pub body: String,
    /// The size of the whole body in bytes; 0 for a body over the limit, which is not kept.
    pub body_size: usize,
}
