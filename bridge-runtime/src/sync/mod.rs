//! Telling Iden what the external system holds.
//!
//! A session is filled in two phases, groups and licenses before the accounts that refer to them, and then completed or
//! abandoned. `complete` marks everything that was not pushed as removed, so it takes a `Proof`, and
//! there is one way to get it: every type read to its declared end, every page accepted.

mod engine;
mod error;
mod guard;
mod page;
mod proof;
mod push;
mod report;
mod session;
mod types;

pub(crate) use engine::{SyncEngine, TypeReader};
pub use error::{SyncError, SyncFailure, TypeProblem};
pub use report::{SyncReport, TypeReport};
