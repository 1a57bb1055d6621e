//! The JSON that travels between a connector and Iden, as Rust types.
//!
//! These types have no behaviour: they are what `protocol.md` describes, and nothing else. They are *read leniently*: an
//! unknown field is skipped, an unknown status is kept as text, a field that nobody depends on may be missing. They are
//! *written strictly*: only documented fields, and an optional field without a value is left out.
//!
//! | types | protocol.md |
//! |---|---|
//! | [`AppId`], [`SyncId`], [`TaskId`] | the ids in every path |
//! | [`NewApp`], [`App`] | section 2, apps |
//! | [`ResourceType`], [`RegisteredType`], [`Kind`] | section 3, resource types |
//! | [`SyncSession`], [`PageReceipt`], [`SyncProgress`] | section 4, sync sessions |
//! | [`Task`], [`Payload`], [`TaskPage`], [`TaskEntry`], [`TaskReport`] | section 6, tasks |
//! | [`LighthouseApp`], [`LighthouseAccount`] | section 8, reading back |
//! | [`ErrorBody`], [`text`] | section 1, errors; and how untrusted text becomes printable |
//!
//! Payloads and results can hold passwords. Their `Debug` output therefore names the fields and never the values.

mod app;
mod depth;
mod error_body;
mod ids;
mod lighthouse;
mod report;
mod resource;
mod sync;
mod task;
mod task_page;
pub mod text;

pub use app::{App, NewApp};
pub use error_body::ErrorBody;
pub use ids::{AppId, IdError, SyncId, TaskId};
pub use lighthouse::{LighthouseAccount, LighthouseApp, LighthousePage};
pub use report::{ReportError, ReportStatus, TaskReport};
pub use resource::{Kind, RegisteredType, ResourceType};
pub use sync::{PageReceipt, SyncProgress, SyncSession, SyncStatus, TypeProgress};
pub use task::{NamedLinks, Payload, Task, TaskFault, TaskStatus};
pub use task_page::{TaskEntry, TaskPage};

/// A JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;
