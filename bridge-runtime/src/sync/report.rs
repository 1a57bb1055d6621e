//! What a sync did.

use std::collections::BTreeSet;

use bridge_core::wire::{Kind, SyncId};
use serde::Serialize;

/// What one sync did.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SyncReport {
    /// The session, once it was open.
    pub sync_id: Option<SyncId>,
    /// Type by type, in the order of reading.
    pub types: Vec<TypeReport>,
    /// Whether the session was completed.
    pub completed: bool,
}

/// What one sync did with one type.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TypeReport {
    /// The type's slug.
    pub slug: &'static str,
    /// Its display name.
    pub name: &'static str,
    /// Account, group or license.
    pub kind: Kind,
    /// Records that were pushed and accepted.
    pub pushed: u64,
    /// Those that were new to Iden.
    pub created: u64,
    /// Those that Iden had.
    pub updated: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// The first of them, with what is wrong.
    pub examples: Vec<String>,
    /// Their ids, as far as they have one and are not too many.
    #[serde(skip)]
    pub(crate) unreadable_ids: BTreeSet<String>,
    /// How many of them may stand for somebody whom Iden holds.
    #[serde(skip)]
    pub(crate) unreadable_known: u64,
}

impl SyncReport {
    pub(crate) fn pushed(&self, kind: Kind) -> u64 {
        self.types.iter().filter(|report| report.kind == kind).map(|report| report.pushed).sum()
    }
}
