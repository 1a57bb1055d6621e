//! Completions that wait for a person.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::JournalError;

/// How long an approval lasts.
const APPROVAL_LASTS: Duration = Duration::from_secs(24 * 60 * 60);

/// A session that could have been completed and was not: somebody has to look first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hold {
    /// Why, one by one.
    pub reasons: Vec<HoldReason>,
}

/// One reason not to complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum HoldReason {
    /// The app was not created by this journal, and this would be its first completion.
    InheritedApp {
        /// Active accounts by Iden's own count, where it could be had.
        counted: Option<u64>,
        /// Accounts that this run pushed.
        pushed: u64,
    },
    /// A type that had records has none any more.
    Emptied {
        /// The type.
        slug: String,
        /// How many Iden may hold: those of the last completion, or of a larger session that was abandoned since.
        before: u64,
    },
    /// Records that cannot be read: who they stand for counts as present. Not to be approved; to be mended.
    Unreadable {
        /// The type.
        slug: String,
        /// How many.
        count: u64,
        /// The first of them.
        examples: Vec<String>,
    },
}

impl HoldReason {
    fn can_be_approved(&self) -> bool {
        !matches!(self, HoldReason::Unreadable { .. })
    }

    fn name(&self) -> String {
        match self {
            HoldReason::InheritedApp { .. } => "inherited\n".to_owned(),
            HoldReason::Emptied { slug, before } => format!("emptied {slug} {before}\n"),
            HoldReason::Unreadable { slug, .. } => format!("unreadable {slug}\n"),
        }
    }

    /// Whether this is no worse than what was approved: nobody more may go.
    fn is_within(&self, approved: &Self) -> bool {
        match (self, approved) {
            (HoldReason::InheritedApp { pushed, .. }, HoldReason::InheritedApp { pushed: then, .. }) => pushed >= then,
            (HoldReason::Emptied { slug, before }, HoldReason::Emptied { slug: same, before: then }) => {
                slug == same && before <= then
            }
            _ => false,
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HoldReason::InheritedApp { counted: Some(counted), pushed } => write!(
                f,
                "the app was there before this connector: Iden counts {counted} active accounts, this run pushed {pushed}"
            ),
            HoldReason::InheritedApp { counted: None, pushed } => write!(
                f,
                "the app was there before this connector: what it holds is unknown, this run pushed {pushed} accounts"
            ),
            HoldReason::Emptied { slug, before } => {
                write!(f, "`{slug}` had {before} records and has none now")
            }
            HoldReason::Unreadable { slug, count, examples } => {
                write!(f, "{count} unreadable in `{slug}`: {}", examples.join("; "))?;
                if *count > examples.len() as u64 {
                    f.write_str("; …")?;
                }
                Ok(())
            }
        }
    }
}

impl Hold {
    /// Names this hold. The figures that move with every run are left out, so that a running connector, which holds the
    /// same again and again, does not make a new name each time; what was approved is compared by its figures.
    #[must_use]
    pub fn hash(&self) -> String {
        let text: String = self.reasons.iter().map(HoldReason::name).collect();
        digest(&SHA256, text.as_bytes()).as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        if self.can_be_approved() {
            format!("to let it through at the next sync: approve {} --reason \"…\"", self.hash())
        } else {
            "unreadable records cannot be approved: mend them in the source".to_owned()
        }
    }

    /// Whether a person's approval lets it through.
    #[must_use]
    pub fn can_be_approved(&self) -> bool {
        self.reasons.iter().all(HoldReason::can_be_approved)
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{reason}", if position > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

/// A person's word that one hold may pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// What was approved.
    pub hold: Hold,
    /// Why, in the person's words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

impl Approval {
    pub(super) fn new(hold: &Hold, reason: &str, now: Timestamp) -> Self {
        Approval { hold: hold.clone(), reason: reason.to_owned(), at: now }
    }

    pub(super) fn covers(&self, hold: &Hold, now: Timestamp) -> bool {
        let age = now.duration_since(self.at).unsigned_abs();
        let within = |reason: &HoldReason| self.hold.reasons.iter().any(|approved| reason.is_within(approved));
        hold.reasons.iter().all(within) && age <= APPROVAL_LASTS
    }
}

/// Why an approval was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// Nothing with this hash is held.
    #[error("nothing with the hash `{hash}` is held: the last sync that was held prints the hash")]
    Unknown {
        /// The hash that was given.
        hash: String,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
