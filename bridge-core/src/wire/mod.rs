//! The JSON that travels between a connector and Iden, as Rust types.
//!
//! These types have no behaviour: they are what `protocol.md` describes, and nothing else. They are *read leniently*: an
//! unknown field is skipped, an unknown status is kept as text, a field that nobody depends on may be missing. They are
//! *written strictly*: only documented fields, and an optional field without a value is left out.
//!
//! | module | protocol.md |
//! |---|---|
//! | [`ids`] | the ids in every path |
//! | [`app`] | section 2, apps |
//! | [`resource`] | section 3, resource types |
//! | [`sync`] | section 4, sync sessions |
//! | [`task`], [`task_page`], [`report`] | section 6, tasks |
//! | [`lighthouse`] | section 8, reading back |
//! | [`error_body`], [`text`] | section 1, errors; and how untrusted text becomes printable |
//!
//! Payloads and results can hold passwords. Their `Debug` output therefore names the fields and never the values.

pub mod app;
pub mod error_body;
pub mod ids;
pub mod lighthouse;
pub mod report;
pub mod resource;
pub mod sync;
pub mod task;
pub mod task_page;
pub mod text;

pub use app::{App, NewApp};
pub use error_body::ErrorBody;
pub use ids::{AppId, IdError, SyncId, TaskId};
pub use lighthouse::{LighthouseAccount, LighthouseApp, LighthousePage};
pub use report::{ReportError, ReportStatus, TaskReport};
pub use resource::{Kind, RegisteredType, ResourceType};
pub use sync::{PageReceipt, SyncProgress, SyncSession, SyncStatus, TypeProgress};
pub use task::{Payload, Task, TaskFault, TaskStatus};
pub use task_page::{TaskEntry, TaskPage};

/// A JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;
