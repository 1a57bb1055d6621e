//! What a connector remembers between runs: which app is its own, whom Iden may hold, what was held back, and which tasks
//! it has begun.
//!
//! [`Journal`] is a seam. `SqliteJournal` is the one that is used, behind the default feature `journal-sqlite`. It holds
//! ids, statuses and hashes; no record contents, and no secrets.
//!
//! The heart is the *known set*: every id that Iden could hold as active. It grows before the call that makes it so, and
//! shrinks only after a session that is completed. What is known and not seen in a full read is what completing would remove.

mod app;
mod control;
mod error;
mod hold;
mod plan;
mod scan;
mod session;
#[cfg(feature = "journal-sqlite")]
mod sqlite;
mod tasks;

pub use app::{AppJournal, KnownApp, KnownType, Origin, UnreadType};
pub use control::{Activity, Command, ControlJournal, PollFailure, Status};
pub use error::{ApprovalError, JournalError};
pub use hold::{Excess, Hold, HoldReason, LinksOfOne};
pub use plan::{Approval, LossKind, PlanItem, PlanJournal};
pub use scan::{
    Change, EdgeKey, Ended, Judgement, LinksLost, Losses, MembersLost, ScanEnd, ScanJournal, ScanMode, Seen, Sum,
};
pub(crate) use scan::{FEW_LINKS, first_eight, folded, folded_key};
pub use session::{OpenSession, SessionJournal, SessionState};
#[cfg(feature = "journal-sqlite")]
pub(crate) use sqlite::DiskPolicy;
#[cfg(feature = "journal-sqlite")]
pub use sqlite::SqliteJournal;
pub use tasks::{
    Holdings, KnownTask, LoginKey, Ordered, Retry, SeenTask, TaskEffect, TaskEnd, TaskJournal, TaskState, TaskStep,
    Touched,
};

/// Everything that a connector remembers. Each entry is on disk when its method returns.
///
/// The methods stand in one trait for each part, and this one joins them.
pub trait Journal:
    AppJournal + SessionJournal + ScanJournal + PlanJournal + TaskJournal + ControlJournal + std::fmt::Debug
{
}
