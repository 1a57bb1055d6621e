//! One full read of the source against the known set.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bridge_core::{Status, wire::Kind};
use icu_normalizer::ComposingNormalizerBorrowed;
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::{JournalError, LoginKey, PlanItem};

/// Whether a scan goes with a session or is a dry run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanMode {
    /// What is seen is about to be pushed: the known set grows by it first.
    Push,
    /// Nothing is pushed: the known set stays.
    Dry,
}

/// One end of a membership or assignment: a hash of the slug and the id of a group or license.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeKey(pub i64);

impl EdgeKey {
    /// The key of the record `id` of the type `slug`. The same in every version.
    #[must_use]
    pub fn of(slug: &str, id: &str) -> Self {
        // A slug holds no line feed.
        EdgeKey(first_eight(format!("{slug}\n{id}").as_bytes()))
    }
}

/// The first eight bytes of a SHA-256 digest.
pub(crate) fn first_eight(bytes: &[u8]) -> i64 {
    let digest = digest(&SHA256, bytes);
    i64::from_be_bytes(digest.as_ref()[..8].try_into().expect("a digest has 32 bytes"))
}

/// An id without case, blanks around it, and differences of Unicode's normal form.
pub(crate) fn folded(id: &str) -> String {
    let trimmed = id.trim();
    if trimmed.is_ascii() {
        return trimmed.to_ascii_lowercase();
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(&trimmed.to_lowercase()).into_owned()
}

/// A hash of that.
pub(crate) fn folded_key(id: &str) -> i64 {
    first_eight(folded(id).as_bytes())
}

/// What the journal is told of a record: no contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its id.
    pub id: String,
    /// Its status; `None` for a group or license, and for an account that says nothing, which Iden takes for active.
    pub status: Option<Status>,
    /// The groups and licenses that it points to.
    pub edges: Vec<EdgeKey>,
    /// A hash of its other fields.
    pub fingerprint: i64,
    /// The e-mail address and the login name of an account.
    pub logins: [Option<LoginKey>; 2],
    /// A hash of its id without case, blanks around it, and differences of normal form.
    pub folded: i64,
}

/// What a record is against the known set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Iden does not hold it.
    Created,
    /// Iden may hold it otherwise.
    Changed,
    /// Iden holds it so.
    Same,
}

/// The journal's word on one record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// What it is against the known set.
    pub change: Change,
    /// It was seen in this scan before: the source gave its id twice.
    pub repeated: bool,
    /// Positions in [`Seen::edges`] of those that point to nothing seen in this scan. They are not to be sent.
    pub dangling: Vec<usize>,
    /// It takes something away: an active account becomes inactive or suspended, or an edge is gone. It must be held back
    /// under this number until the guard has passed. `None`: push it now.
    pub held_back: Option<u64>,
    /// Another id that was seen in this scan and is equal but for case, blanks or normal form.
    pub twin: Option<String>,
}

impl Judgement {
    /// A judgement, for implementations of the journal.
    #[must_use]
    pub fn new(change: Change, repeated: bool, dangling: Vec<usize>, held_back: Option<u64>) -> Self {
        Judgement { change, repeated, dangling, held_back, twin: None }
    }

    /// The same with a twin.
    #[must_use]
    pub fn with_twin(mut self, twin: Option<String>) -> Self {
        self.twin = twin;
        self
    }
}

/// What a scan takes away from one type, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Records that are removed.
    pub removed: u64,
    /// Active accounts that become inactive or suspended.
    pub deactivated: u64,
    /// Memberships and assignments that end, where both sides stay.
    pub edges: u64,
}

/// What a scan means for one type, as the guard judges it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// How many records the last completed session held; before the first one, how many Iden may hold.
    pub baseline: u64,
    /// The same for edges.
    pub baseline_edges: u64,
    /// How many distinct records were seen.
    pub present: u64,
    /// How many of them Iden does not hold.
    pub created: u64,
    /// How many of them Iden may hold otherwise.
    pub changed: u64,
    /// What would be lost. What Iden itself ordered is not in it.
    pub lost: Sum,
    /// What completed sessions of the last 24 hours took away. What was ordered or approved is not in it.
    pub last_day: Sum,
    /// Protected ids among those that would be removed.
    pub protected: Vec<String>,
    /// Protected ids among the active accounts that would become inactive or suspended.
    pub protected_deactivated: Vec<String>,
    /// How many of those that would be removed came back under another spelling of their id: of other case, with other
    /// blanks around it, or in another normal form.
    pub respelled: u64,
    /// The first of them, and the spelling that came.
    pub respellings: Vec<(String, String)>,
    /// How many records that Iden may hold could not be read, and were not seen otherwise.
    pub unreadable: u64,
    /// How many records that Iden may hold it has refused.
    pub rejected: u64,
    /// How many edges of the source point to nothing that was seen.
    pub dangling: u64,
}

/// What completing the open session ends: also what Iden itself ordered and what a person approved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// By slug; only types that lose something.
    pub sums: BTreeMap<String, Sum>,
    /// What each is, in order, as far as the limit reaches.
    pub items: Vec<PlanItem>,
}

impl Ended {
    /// What a session ends, for implementations of the journal.
    #[must_use]
    pub fn new(sums: BTreeMap<String, Sum>, items: Vec<PlanItem>) -> Self {
        Ended { sums, items }
    }
}

/// So many links may end without being looked at apart, target by target: the total is judged in any case.
pub(crate) const FEW_LINKS: u64 = 9;

/// What accounts of one type would lose of their links to one group or license type: memberships or assignments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinksLost {
    /// The slug of the group or license type.
    pub target: String,
    /// How many there were, of accounts that stay. Counted only where enough of them end to be judged.
    pub before: u64,
    /// How many would end while both sides stay. What Iden itself ordered is not in it.
    pub lost: u64,
    /// How many completed sessions of the last 24 hours have ended. What was ordered or approved is not in it.
    pub last_day: u64,
    /// How many would end since their group or license is missing.
    pub vanished: u64,
}

/// What one group or license would lose: its members, or those to whom it is assigned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MembersLost {
    /// The id of the group or license.
    pub id: String,
    /// How many members it had that stay.
    pub before: u64,
    /// How many of these would leave it. What Iden itself ordered is not in it.
    pub lost: u64,
    /// How many members it would have, new ones included.
    pub left: u64,
    /// It is protected, and some of its members leave it or are removed.
    pub protected: bool,
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanEnd {
    /// Not every page was accepted, or not everything was read.
    Failed,
    /// Every page was accepted. Reductions were not pushed.
    Kept,
    /// Every page was accepted, reductions too. The session was not completed.
    Reduced,
    /// The session was completed.
    Completed {
        /// Whether Iden says that its clean-up is done. Until then those that were removed stay known.
        settled: bool,
    },
}

/// One scan at a time. What it has seen lives as long as the process; only the known set outlives it.
#[async_trait]
pub trait ScanJournal: Send + Sync + 'static {
    /// Begins a scan, before its session is opened. One that was left open is dropped.
    async fn begin_scan(&self, mode: ScanMode) -> Result<(), JournalError>;

    /// Takes a page of records, none of them twice, and judges each. In [`ScanMode::Push`] the known set holds them
    /// when this returns: call it before they are pushed. A reduction is known as it was.
    async fn see(&self, slug: &str, kind: Kind, records: Vec<Seen>) -> Result<Vec<Judgement>, JournalError>;

    /// Which of these ids were not seen in this scan, in the order given.
    async fn unseen(&self, slug: &str, ids: Vec<String>) -> Result<Vec<String>, JournalError>;

    /// Records with these ids are there and cannot be read: they count as present.
    async fn set_unreadable(&self, slug: &str, ids: Vec<String>) -> Result<(), JournalError>;

    /// Iden refuses this record. `surely_not_applied`: it says so, and a record that was new is not known then.
    async fn reject(&self, slug: &str, id: &str, surely_not_applied: bool) -> Result<(), JournalError>;

    /// Ids that are known and that this scan has neither seen nor found unreadable, absent or refused; after `after`, in
    /// order of id, at most `limit`. Whoever was spared is missing only once anybody of the type was seen.
    ///
    /// *Spared* is who was removed by a completed session that pushed nothing of the type: Iden may leave such a type alone
    /// (question P12), so the id stays known. It was ordered or let through then, and never counts as lost again: not as
    /// long as the type stays empty, when completing does no more than it did before; and not when the type has records
    /// again, when it is looked up once more and goes with that session.
    async fn missing(&self, slug: &str, after: Option<String>, limit: usize) -> Result<Vec<String>, JournalError>;

    /// These ids are surely absent from the source: completing removes them.
    async fn set_absent(&self, slug: &str, ids: Vec<String>) -> Result<(), JournalError>;

    /// The same for ids that a look-up found absent at this time of the engine's clock.
    async fn set_absent_at(&self, slug: &str, ids: Vec<String>, at: Duration) -> Result<(), JournalError>;

    /// Ids that a look-up found absent before this time of the engine's clock; after `after`, in order of id, at most
    /// `limit`.
    async fn stale(
        &self,
        slug: &str,
        before: Duration,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, JournalError>;

    /// Every id that was found absent is missing again, to be looked up anew.
    async fn forget_absent(&self, slug: &str) -> Result<(), JournalError>;

    /// Writes down that these accounts were read again after this touch ([`TaskJournal::last_touch`](super::TaskJournal::last_touch)):
    /// they are not among those that tasks have touched, until a task touches them once more.
    async fn set_read_again(&self, slug: &str, ids: Vec<String>, last_touch: i64) -> Result<(), JournalError>;

    /// Whether each record that was held back under this number still is: one that came again is not. Those that are will be
    /// pushed next: from now on they are known to be either, what they were or what they become. Reductions that a usable
    /// approval lists are struck off it, and count as made: they are known as what they become.
    async fn release(&self, slug: &str, held: Vec<(String, u64)>, now: Timestamp) -> Result<Vec<bool>, JournalError>;

    /// What the scan means for one type.
    async fn losses(&self, slug: &str, protected: &[String], now: Timestamp) -> Result<Losses, JournalError>;

    /// The wall clock was set by `step` while the process lived, and shows `now`: what the last day has taken is as old as it
    /// was. Nothing stays in the future, where a clock that was ahead has put it.
    async fn follow_clock(&self, step: SignedDuration, now: Timestamp) -> Result<(), JournalError>;

    /// What accounts of this type would lose of their links, by the type at the other end. Only where enough end to be judged
    /// apart from the total, and where a group or license that is missing takes some with it.
    async fn links_lost(&self, slug: &str, now: Timestamp) -> Result<Vec<LinksLost>, JournalError>;

    /// Groups or licenses of this type that would lose enough members to be looked at one by one, and protected ones that
    /// would lose any.
    async fn members_lost(&self, slug: &str, protected: &[String]) -> Result<Vec<MembersLost>, JournalError>;

    /// Ids of this scan with this change, in order, at most `limit`.
    async fn changes(&self, slug: &str, change: Change, limit: usize) -> Result<Vec<String>, JournalError>;

    /// What completing ends, with at most `limit` items. Asked before the scan ends.
    async fn ended(&self, limit: usize) -> Result<Ended, JournalError>;

    /// Ends the scan, and brings the known set to what Iden holds now. What was pushed and, with a completed session, who
    /// was removed, is struck off every usable approval that lists it; what none lists counts for the sum of a day.
    async fn end_scan(&self, end: ScanEnd, at: Timestamp) -> Result<(), JournalError>;
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn ids_are_folded_by_case_blanks_and_normal_form() {
        assert_eq!(folded(" Ada\n"), folded("ada"));
        assert_eq!(folded("J\u{f6}rg"), folded("JO\u{308}RG"), "composed and decomposed");
        assert_ne!(folded("jorg"), folded("j\u{f6}rg"));
        assert_ne!(folded("a b"), folded("ab"));
    }
}
