//! What a scan would take away, by name, and a person's word on it.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ApprovalError, Hold, HoldReason, JournalError};

/// How long an approval lasts.
const LASTS: SignedDuration = SignedDuration::from_hours(24);

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// A record is removed.
    Removed,
    /// An active account becomes inactive or suspended.
    Deactivated,
    /// A membership or assignment ends.
    Edge,
}

/// One loss of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct PlanItem {
    /// The type of the record.
    pub slug: String,
    /// What is lost.
    pub kind: LossKind,
    /// The record's id.
    pub id: String,
    /// For an edge, the record at its other end: slug and id, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<(String, String)>,
}

impl PlanItem {
    /// An item, for implementations of the journal.
    #[must_use]
    pub fn new(slug: String, kind: LossKind, id: String, target: Option<(String, String)>) -> Self {
        PlanItem { slug, kind, id, target }
    }
}

/// A person's word that one plan may pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Approval {
    /// What was approved.
    pub hash: String,
    /// Who: the name of the user who ran the command.
    pub who: String,
    /// Why, in the person's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// When nothing was left of it: every reduction of its plan had been pushed or completed. One for an inherited app is
    /// used up with the first completed session. `None` until then, also once it is too old.
    pub used_at: Option<Timestamp>,
}

impl Approval {
    /// An approval that was not used yet.
    #[must_use]
    pub fn new(hash: impl Into<String>, who: impl Into<String>, reason: impl Into<String>, at: Timestamp) -> Self {
        Approval { hash: hash.into(), who: who.into(), reason: reason.into(), at, used_at: None }
    }

    /// Whether it lets what is left of its plan through at this time: it is not used up, and not older than 24 hours.
    #[must_use]
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now.duration_since(self.at) < LASTS
    }
}

impl fmt::Display for Approval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` by {} at {:.0}: {}", self.hash, self.who, self.at, self.reason)
    }
}

/// Plans and approvals. The last plans are kept for a week.
#[async_trait]
pub trait PlanJournal: Send + Sync + 'static {
    /// Writes down what the scan would take away: those found absent, and reductions; what Iden itself ordered is not
    /// in it. `reasons` are the guard's, if it trips. Answers with the plan's hash, which names exactly this set. Where the
    /// app is inherited, the plan and its hash also name every record that the run pushes.
    async fn set_plan(&self, reasons: &[HoldReason], now: Timestamp) -> Result<String, JournalError>;

    /// What stands in a plan, in order, at most `limit`.
    async fn plan_items(&self, hash: &str, limit: usize) -> Result<Vec<PlanItem>, JournalError>;

    /// What is held now, if anything is.
    async fn held(&self) -> Result<Option<Hold>, JournalError>;

    /// Remembers what is held, or that nothing is.
    async fn set_held(&self, hold: Option<&Hold>) -> Result<(), JournalError>;

    /// Takes a person's approval, and answers with what it lets through: those losses or a part of them, each once, within 24
    /// hours, and for the reasons that the plan lists. It is kept with the reasons and losses of the plan as it is now. A later scan that would take away the same, and trips over something
    /// else besides, such as the sum of a day or ids that seem to have changed, is held again under another hash: the person
    /// has not judged that.
    ///
    /// # Errors
    /// There is no such plan, or it may not be approved.
    async fn approve(&self, approval: Approval) -> Result<Hold, ApprovalError>;

    /// The hash of an approval that covers this scan: it is not used up, not older than 24 hours, lists every reason
    /// given (its type and kind), and of each type and kind of loss that a reason names, the scan takes away nothing
    /// that is not left in the approved plan. Where the app is inherited, the scan also pushes every record that the
    /// approved plan pushed.
    async fn covering_approval(&self, reasons: &[HoldReason], now: Timestamp) -> Result<Option<String>, JournalError>;

    /// Every approval that is kept, the last one first.
    async fn approvals(&self) -> Result<Vec<Approval>, JournalError>;
}
