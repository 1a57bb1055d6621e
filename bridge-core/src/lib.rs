//! The vocabulary of Iden's Bridge API, without IO: wire types, the traits that the macros implement, task payloads
//! and errors.
//!
//! Users import the facade, `iden_bridge`; everything here is re-exported there.

#[doc(hidden)]
pub mod const_text;
mod edge;
mod error;
mod field;
mod id;
mod outcome;
pub mod payload;
pub mod policy;
mod record;
mod reference;
mod resource;
mod schema;
mod secret;
mod status;
pub mod wire;

pub use edge::EdgeField;
pub use error::{BoxError, BridgeError, IntoOutcome, SourceError, TaskError, Verdict};
pub use field::{CustomField, FieldError, TextField};
pub use id::BridgeId;
pub use outcome::{Created, NewPassword, Outcome, PASSWORD, Probe, TaskResult};
pub use record::{Edges, MAX_RECORD_BYTES, Record, RecordWriter, Unreadable};
pub use reference::{IntoId, Ref};
pub use resource::{Account, AssignedTo, BridgeResource, Group, License, MemberOf, RecordOf, Resource};
#[doc(hidden)]
pub use resource::{ThreadSafe, assert_thread_safe};
#[doc(hidden)]
pub use schema::assert_distinct_targets;
pub use schema::{EdgeKind, EdgeSchema, TypeSchema};
pub use secret::Secret;
pub use status::{BridgeStatus, Status, StatusField};
