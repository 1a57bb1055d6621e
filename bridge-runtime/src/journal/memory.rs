//! What stands in the journal. No record contents and no secrets.

use std::collections::{BTreeMap, BTreeSet};

use bridge_core::wire::{AppId, SyncId, TaskId, TaskReport};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Hold;

/// Where an app came from: it decides whether its first completion needs approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This journal created it: it holds nothing that this connector did not push.
    Created,
    /// It was there before: adopted by name, named by its id, or the journal was lost. What it holds is not known.
    #[default]
    Inherited,
}

/// The file's contents.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Memory {
    pub(super) app: Option<AppId>,
    pub(super) origin: Origin,
    pub(super) registered: BTreeMap<String, String>,
    pub(super) baseline: BTreeMap<String, u64>,
    pub(super) completed_at: Option<Timestamp>,
    pub(super) held: Option<Hold>,
    /// Tasks that were begun; with the report, once they are over.
    pub(super) begun: BTreeMap<TaskId, Option<TaskReport>>,
    /// A session that was opened and not ended by us.
    pub(super) open_session: Option<SyncId>,
    /// By slug, the ids of records that the last completed session could not read: Iden does not hold them.
    pub(super) strangers: BTreeMap<String, BTreeSet<String>>,
}
