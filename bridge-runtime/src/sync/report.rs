//! What a sync did.

use std::collections::HashSet;

use bridge_core::{
    TypeSchema,
    wire::{Kind, SyncId},
};
use serde::Serialize;

use crate::journal::{Hold, PlanItem, Sum};

/// What one sync did.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SyncReport {
    /// The session, once it was open.
    pub sync_id: Option<SyncId>,
    /// Type by type, in the order of reading.
    pub types: Vec<TypeReport>,
    /// The hash of what would be, or was, taken away; once that was known.
    pub plan: Option<String>,
    /// Why the session was held, if it was.
    pub held: Option<Hold>,
    /// Of a session that was held: what it would have taken away, that Iden did not order itself. The first 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<PlanItem>,
    /// Of a completed session: what it removed, deactivated, and which memberships and assignments it ended, also what Iden
    /// itself ordered. The first 1,000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<PlanItem>,
    /// Whether the session was completed.
    pub completed: bool,
    /// Whether Iden says that its clean-up is done. It goes on in the background otherwise.
    pub settled: bool,
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
    /// Records that were read, of which some may be read twice.
    pub read: u64,
    /// Records that were pushed and accepted.
    pub pushed: u64,
    /// Those that were new to Iden, by its own word.
    pub created: u64,
    /// Those that Iden had, by its own word.
    pub updated: u64,
    /// Those that take something away and were pushed after the guard had passed.
    pub reduced: u64,
    /// Those that take something away and wait for the guard, or were dropped by it.
    pub held_back: u64,
    /// Records that came again with the same id. The last one counts.
    pub repeated: u64,
    /// Records whose id differs from another one's only by case, blanks or normal form.
    pub twins: u64,
    /// Records that could not be read.
    pub unreadable: u64,
    /// The first of them, with what is wrong.
    pub examples: Vec<String>,
    /// Records that Iden refuses.
    pub rejected: u64,
    /// The first of them, with what Iden says.
    pub rejected_examples: Vec<String>,
    /// All of them. Each has cost a request of its own, so there are not many.
    #[serde(skip)]
    pub(crate) rejected_ids: HashSet<String>,
    /// Memberships and assignments that point to nothing that was read. They were left out.
    pub dangling: u64,
    /// The first of them.
    pub dangling_examples: Vec<String>,
    /// What is taken away: removed by completing, or pushed as reductions. What Iden itself ordered is not in it.
    pub lost: Sum,
    /// Of a completed session: what it ended, also what Iden itself ordered.
    pub ended: Sum,
    /// How many were new, against what Iden may hold by the journal.
    pub fresh: u64,
    /// The first of them, of a completed session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fresh_ids: Vec<String>,
    /// How many differ from what Iden may hold by the journal.
    pub changed: u64,
    /// The first of them, of a completed session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed_ids: Vec<String>,
    /// How many the source listed in no read, and gave when they were looked up: its list is incomplete.
    pub found_by_find: u64,
    /// Records in pages that were sent, whatever became of them.
    #[serde(skip)]
    pub(crate) sent: u64,
    /// Unreadable records without an id.
    #[serde(skip)]
    pub(crate) unreadable_nameless: u64,
    /// Whether Iden answers pages with totals of the session.
    #[serde(skip)]
    pub(crate) cumulative_totals: bool,
}

impl TypeReport {
    pub(super) fn new(schema: &TypeSchema) -> Self {
        TypeReport {
            slug: schema.slug,
            name: schema.name,
            kind: schema.kind,
            read: 0,
            pushed: 0,
            created: 0,
            updated: 0,
            reduced: 0,
            held_back: 0,
            repeated: 0,
            twins: 0,
            unreadable: 0,
            examples: Vec::new(),
            rejected: 0,
            rejected_examples: Vec::new(),
            rejected_ids: HashSet::new(),
            dangling: 0,
            dangling_examples: Vec::new(),
            lost: Sum::default(),
            ended: Sum::default(),
            fresh: 0,
            fresh_ids: Vec::new(),
            changed: 0,
            changed_ids: Vec::new(),
            found_by_find: 0,
            sent: 0,
            unreadable_nameless: 0,
            cumulative_totals: false,
        }
    }
}
