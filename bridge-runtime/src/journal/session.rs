//! The session that is open on Iden's side.

use async_trait::async_trait;
use bridge_core::wire::SyncId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::JournalError;

/// How far a session has come. It is written down before the call that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionState {
    /// A session is being opened; its id is not known yet.
    Opening,
    /// Records are read and pushed, and those that are missing are looked up.
    Scanning,
    /// What would be lost is judged.
    Guarding,
    /// No task runs: accounts that tasks have touched are read again.
    Gated,
    /// `complete` may have been sent.
    Completing,
    /// `complete` was accepted; Iden cleans up.
    Settling,
    /// `abandon` may have been sent.
    Abandoning,
}

/// A session that was opened and whose end was not written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Its id; `None` while it is being opened.
    pub id: Option<SyncId>,
    /// How far it has come.
    pub state: SessionState,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// One session at a time.
#[async_trait]
pub trait SessionJournal: Send + Sync + 'static {
    /// The session that is open, if there is one.
    async fn session(&self) -> Result<Option<OpenSession>, JournalError>;

    /// Writes down how far the session is, or that none is open.
    async fn set_session(&self, session: Option<OpenSession>) -> Result<(), JournalError>;

    /// Writes down, in one entry, that `session` is about to be completed, and whom the open scan removes by it.
    async fn begin_completing(&self, session: OpenSession) -> Result<(), JournalError>;

    /// A session that was found in [`SessionState::Completing`] or [`SessionState::Settling`] after a restart is
    /// completed, as Iden says: whom it removed is known no more and struck off the approvals, and no session is open.
    async fn settle_completed(&self, at: Timestamp) -> Result<(), JournalError>;
}
