//! What a running connector does now, and what it is asked to do.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::JournalError;

/// What a running connector is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// Sync now.
    Sync,
    /// Look for tasks now, and at those that a person has had taken up again.
    Tasks,
}

/// What the sync side is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "doing")]
#[non_exhaustive]
pub enum Activity {
    /// A session is being opened.
    Opening,
    /// A type is being read and pushed.
    Reading {
        /// Its slug.
        slug: String,
        /// Records so far.
        records: u64,
    },
    /// Those that are missing are looked up one by one.
    Verifying {
        /// The type.
        slug: String,
        /// How many were looked up so far.
        checked: u64,
    },
    /// Tasks wait while the session is completed.
    Completing,
    /// Iden cleans up.
    Settling,
    /// Nothing, until this time.
    Waiting {
        /// When the next sync begins.
        until: Timestamp,
    },
    /// The last sync was held; the next one begins at this time.
    Held {
        /// The plan's hash.
        hash: String,
        /// When the next sync begins.
        until: Timestamp,
    },
    /// The last sync failed; the next one begins at this time.
    Failed {
        /// Why.
        why: String,
        /// When the next sync begins.
        until: Timestamp,
    },
    /// It syncs never: only tasks are carried out.
    TasksOnly,
    /// It has ended.
    Stopped,
}

impl Activity {
    /// Whether both are the same step of the work, however far it has come.
    pub(crate) fn is_same_step(&self, other: &Self) -> bool {
        let slug = |activity: &Self| match activity {
            Activity::Reading { slug, .. } | Activity::Verifying { slug, .. } => Some(slug.clone()),
            _ => None,
        };
        std::mem::discriminant(self) == std::mem::discriminant(other) && slug(self) == slug(other)
    }
}

/// What a connector is doing, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// What the sync side does.
    pub activity: Activity,
    /// When it said so.
    pub at: Timestamp,
    /// The process.
    pub pid: u32,
    /// Since when the source has given nothing, once that is worth a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent_since: Option<Timestamp>,
    /// Why the last sync of a process that has ended failed; `None` if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Status {
    /// What this process is doing at this time.
    #[must_use]
    pub fn new(activity: Activity, at: Timestamp) -> Self {
        Status { activity, at, pid: std::process::id(), silent_since: None, failed: None }
    }

    /// The same after a sync that failed.
    #[must_use]
    pub fn failed(mut self, why: impl Into<String>) -> Self {
        self.failed = Some(why.into());
        self
    }
}

/// Why tasks are not found: every poll since some time has failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PollFailure {
    /// When the first poll failed after the last good one.
    pub since: Timestamp,
    /// When the last one failed.
    pub at: Timestamp,
    /// Why the last one failed.
    pub why: String,
}

/// The way between a running connector and the commands beside it.
#[async_trait]
pub trait ControlJournal: Send + Sync + 'static {
    /// Asks the running connector to do something.
    async fn ask(&self, command: Command, at: Timestamp) -> Result<(), JournalError>;

    /// What was asked and not taken yet, each once.
    async fn take_commands(&self) -> Result<Vec<Command>, JournalError>;

    /// Says what this connector is doing.
    async fn set_status(&self, status: &Status) -> Result<(), JournalError>;

    /// What the connector said last.
    async fn status(&self) -> Result<Option<Status>, JournalError>;

    /// A poll for tasks failed, for this reason, or went well.
    async fn polled(&self, failure: Option<String>, at: Timestamp) -> Result<(), JournalError>;

    /// Since when polls have failed. `None` after a good one.
    async fn poll_failure(&self) -> Result<Option<PollFailure>, JournalError>;
}
