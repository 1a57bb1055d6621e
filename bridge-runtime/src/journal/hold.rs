//! Completions that wait for a person.

use std::fmt;

use bridge_core::wire::{AppId, text::printable};
use serde::{Deserialize, Serialize};

use super::LossKind;

/// A session that could have been completed and was not: somebody has to look first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Hold {
    /// Names the plan: exactly what would be lost.
    pub hash: String,
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
        /// The app. An approval is for this app only: what another one holds, the person has not seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        app: Option<AppId>,
        /// Active accounts by Iden's own count, where it could be had.
        counted: Option<u64>,
        /// Accounts that this run pushed, whatever their status.
        pushed: u64,
    },
    /// A type that had records has none any more.
    Emptied {
        /// The type.
        slug: String,
        /// How many it had.
        before: u64,
    },
    /// The connector does not read a type of the app, so completing would remove all of its records.
    Unread {
        /// The type.
        slug: String,
        /// How many of its records the journal knows; `None` if it may hold others as well, since someone else registered it.
        known: Option<u64>,
    },
    /// More records than may go unseen are missing.
    Removed(Excess),
    /// More active accounts than may go unseen become inactive or suspended.
    Deactivated(Excess),
    /// More memberships and assignments than may go unseen end.
    Edges(Excess),
    /// Each sync by itself stays within its limit, and those of the last 24 hours together do not.
    LastDay {
        /// What is lost.
        kind: LossKind,
        /// How much, the limit being twice that of one sync.
        #[serde(flatten)]
        excess: Excess,
    },
    /// More memberships or assignments than may go unseen end to the records of one group or license type.
    LinksTo {
        /// The group or license type.
        target: String,
        /// How many end, of the account type.
        #[serde(flatten)]
        excess: Excess,
    },
    /// The same for those of the last 24 hours together.
    LinksToLastDay {
        /// The group or license type.
        target: String,
        /// How many end, the limit being twice that of one sync.
        #[serde(flatten)]
        excess: Excess,
    },
    /// Groups or licenses are missing, and with them more memberships or assignments end than may go unseen.
    LinksVanish {
        /// The group or license type.
        target: String,
        /// How many end, of the account type.
        #[serde(flatten)]
        excess: Excess,
    },
    /// Single groups or licenses lose more of their members than may go unseen.
    LinksEach {
        /// The group or license type.
        slug: String,
        /// How many of them.
        count: u64,
        /// The first of them.
        examples: Vec<LinksOfOne>,
    },
    /// So much is removed and so much is new that the ids themselves seem to have changed.
    Churn {
        /// The type.
        slug: String,
        /// How many would be removed.
        removed: u64,
        /// How many are new.
        created: u64,
        /// How many there were.
        before: u64,
    },
    /// Records are missing, and came under another spelling of their id: of other case, with other blanks around it, or in
    /// another normal form. One record would be removed and another one created, and both may be the same person.
    Respelled {
        /// The type.
        slug: String,
        /// How many.
        count: u64,
        /// The first of them: the id that is missing, and the one that came.
        examples: Vec<(String, String)>,
    },
    /// Records that are never removed for being missing are missing.
    Protected {
        /// The type.
        slug: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Protected accounts become inactive or suspended.
    ProtectedDeactivated {
        /// The type.
        slug: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Protected groups or licenses lose all of their members.
    ProtectedEmptied {
        /// The type.
        slug: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// Records that Iden may hold cannot be read: who they stand for counts as present. Not to be approved; to be mended.
    Unreadable {
        /// The type.
        slug: String,
        /// How many.
        count: u64,
        /// The first of them.
        examples: Vec<String>,
    },
    /// Iden refuses records that it may hold. Not to be approved; to be mended.
    Rejected {
        /// The type.
        slug: String,
        /// How many.
        count: u64,
        /// The first of them.
        examples: Vec<String>,
    },
}

/// More of a type would be lost than may go unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Excess {
    /// The type.
    pub slug: String,
    /// How many would be lost.
    pub count: u64,
    /// How many may.
    pub allowed: u64,
    /// How many there were.
    pub before: u64,
}

/// One group or license that loses more of its members than may go unseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LinksOfOne {
    /// Its id.
    pub id: String,
    /// How many members leave it.
    pub count: u64,
    /// How many may.
    pub allowed: u64,
    /// How many it had, of those that stay.
    pub before: u64,
}

impl LinksOfOne {
    /// `count` of `before` would leave it where `allowed` may.
    pub fn new(id: impl Into<String>, count: u64, allowed: u64, before: u64) -> Self {
        LinksOfOne { id: id.into(), count, allowed, before }
    }
}

impl Excess {
    /// `count` of `before` would be lost where `allowed` may.
    pub fn new(slug: impl Into<String>, count: u64, allowed: u64, before: u64) -> Self {
        Excess { slug: slug.into(), count, allowed, before }
    }
}

impl HoldReason {
    /// Whether a person may let it pass.
    #[must_use]
    pub fn can_be_approved(&self) -> bool {
        !matches!(self, HoldReason::Unreadable { .. } | HoldReason::Rejected { .. })
    }

    /// The type that it is about; `None` if it is about all.
    #[must_use]
    pub fn slug(&self) -> Option<&str> {
        match self {
            HoldReason::InheritedApp { .. } => None,
            HoldReason::Removed(excess)
            | HoldReason::Deactivated(excess)
            | HoldReason::Edges(excess)
            | HoldReason::LastDay { excess, .. }
            | HoldReason::LinksTo { excess, .. }
            | HoldReason::LinksToLastDay { excess, .. }
            | HoldReason::LinksVanish { excess, .. } => Some(&excess.slug),
            HoldReason::Emptied { slug, .. }
            | HoldReason::Unread { slug, .. }
            | HoldReason::Churn { slug, .. }
            | HoldReason::LinksEach { slug, .. }
            | HoldReason::Respelled { slug, .. }
            | HoldReason::Protected { slug, .. }
            | HoldReason::ProtectedDeactivated { slug, .. }
            | HoldReason::ProtectedEmptied { slug, .. }
            | HoldReason::Unreadable { slug, .. }
            | HoldReason::Rejected { slug, .. } => Some(slug),
        }
    }

    /// What is lost by it: an approval must name every single one. `None` if it names none.
    #[must_use]
    pub fn lost(&self) -> Option<LossKind> {
        match self {
            HoldReason::Emptied { .. }
            | HoldReason::Unread { .. }
            | HoldReason::Removed(_)
            | HoldReason::Churn { .. }
            | HoldReason::LinksVanish { .. }
            | HoldReason::Respelled { .. }
            | HoldReason::Protected { .. } => Some(LossKind::Removed),
            HoldReason::Deactivated(_) | HoldReason::ProtectedDeactivated { .. } => Some(LossKind::Deactivated),
            HoldReason::Edges(_)
            | HoldReason::LinksTo { .. }
            | HoldReason::LinksToLastDay { .. }
            | HoldReason::LinksEach { .. }
            | HoldReason::ProtectedEmptied { .. } => Some(LossKind::Edge),
            HoldReason::LastDay { kind, .. } => Some(*kind),
            HoldReason::InheritedApp { .. } | HoldReason::Unreadable { .. } | HoldReason::Rejected { .. } => None,
        }
    }

    /// The reductions that it is about: a type, or all of them, and a kind. An approval must list every single one.
    #[cfg(feature = "journal-sqlite")]
    pub(crate) fn reductions(&self) -> Vec<(Option<&str>, LossKind)> {
        match self {
            // The links go with their groups and licenses.
            HoldReason::LinksVanish { target, .. } => vec![(Some(target), LossKind::Removed)],
            // Accounts of every type can be members.
            HoldReason::LinksEach { .. } => vec![(None, LossKind::Edge)],
            HoldReason::ProtectedEmptied { .. } => vec![(None, LossKind::Edge), (None, LossKind::Removed)],
            _ => self.lost().map(|kind| (self.slug(), kind)).into_iter().collect(),
        }
    }

    /// The type at the other end of the links that it is about.
    pub(crate) fn target(&self) -> Option<&str> {
        match self {
            HoldReason::LinksTo { target, .. }
            | HoldReason::LinksToLastDay { target, .. }
            | HoldReason::LinksVanish { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The same without examples, which can hold contents of records: these do not go into the journal.
    #[must_use]
    pub fn without_examples(mut self) -> Self {
        if let HoldReason::Unreadable { examples, .. } | HoldReason::Rejected { examples, .. } = &mut self {
            examples.clear();
        }
        self
    }

    /// Whether a person who approved `other` has approved this kind of reason as well. Which records it is about is
    /// compared apart from it.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (HoldReason::LastDay { kind, .. }, HoldReason::LastDay { kind: then, .. }) if kind != then => false,
            (HoldReason::InheritedApp { app, .. }, HoldReason::InheritedApp { app: then, .. }) => app == then,
            // Of a type that may hold unknown records, more would be removed than the person saw.
            (HoldReason::Unread { known: None, .. }, HoldReason::Unread { known: Some(_), .. }) => false,
            // A part of an emptied type.
            (HoldReason::Removed(_), HoldReason::Emptied { .. }) => self.slug() == other.slug(),
            _ => {
                std::mem::discriminant(self) == std::mem::discriminant(other)
                    && self.slug() == other.slug()
                    && self.target() == other.target()
                    && self.can_be_approved()
            }
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HoldReason::InheritedApp { counted: Some(counted), pushed, .. } => write!(
                f,
                "the app was there before this connector: Iden counts {counted} active accounts, this run pushed {pushed} of every status"
            ),
            HoldReason::InheritedApp { counted: None, pushed, .. } => write!(
                f,
                "the app was there before this connector: what it holds is unknown, this run pushed {pushed} accounts"
            ),
            HoldReason::Emptied { slug, before } => write!(f, "`{slug}` had {before} records and has none now"),
            HoldReason::Unread { slug, known: Some(known) } => {
                write!(f, "this connector no longer reads `{slug}`: its {known} records would be removed")
            }
            // The server named it: it must not forge a line of the log.
            HoldReason::Unread { slug, known: None } => write!(
                f,
                "the app has a type `{}` that this connector does not read: all of its records would be removed, and how many there are is unknown",
                printable(slug, 64)
            ),
            HoldReason::Removed(excess) => excess.write(f, "would be removed"),
            HoldReason::Deactivated(excess) => excess.write(f, "would become inactive or suspended"),
            HoldReason::Edges(excess) => excess.write(f, "memberships and assignments would end"),
            HoldReason::LastDay { kind, excess } => excess.write(f, kind.within_a_day()),
            HoldReason::LinksTo { target, excess } => {
                excess.write(f, &format!("memberships or assignments to `{target}` would end"))
            }
            HoldReason::LinksToLastDay { target, excess } => {
                excess.write(f, &format!("memberships or assignments to `{target}` would end within 24 hours"))
            }
            HoldReason::LinksVanish { target, excess } => {
                excess.write(f, &format!("memberships or assignments would end because their `{target}` is missing"))
            }
            HoldReason::LinksEach { slug, count, examples } => {
                write!(f, "{count} of `{slug}` would lose too many members")?;
                let examples: Vec<_> = examples.iter().map(ToString::to_string).collect();
                list(f, *count, &examples)
            }
            HoldReason::Churn { slug, removed, created, before } => write!(
                f,
                "of {before} `{slug}` records {removed} would be removed while {created} are new: have their ids changed?"
            ),
            HoldReason::Respelled { slug, count, examples } => {
                let ids = if *count == 1 { "id" } else { "ids" };
                write!(f, "`{slug}`: the spelling of {count} {ids} changed, and the old records would be removed")?;
                let show = |id: &String| printable(id, 200);
                let changed = |(old, new): &(String, String)| format!("`{}` is now `{}`", show(old), show(new));
                list(f, *count, &examples.iter().map(changed).collect::<Vec<_>>())
            }
            HoldReason::Protected { slug, ids } => {
                write!(f, "protected `{slug}` records are missing: {}", ids.join(", "))
            }
            HoldReason::ProtectedDeactivated { slug, ids } => {
                write!(f, "protected `{slug}` records would become inactive or suspended: {}", ids.join(", "))
            }
            HoldReason::ProtectedEmptied { slug, ids } => {
                write!(f, "protected `{slug}` records would have no members left: {}", ids.join(", "))
            }
            HoldReason::Unreadable { slug, count, examples } => {
                write!(f, "{count} unreadable in `{slug}`")?;
                list(f, *count, examples)
            }
            HoldReason::Rejected { slug, count, examples } => {
                write!(f, "{count} refused by Iden in `{slug}`")?;
                list(f, *count, examples)
            }
        }
    }
}

impl fmt::Display for LinksOfOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LinksOfOne { id, count, allowed, before } = self;
        write!(f, "`{id}` {count} of {before}, {allowed} may without asking")
    }
}

impl Excess {
    fn write(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let Excess { slug, count, allowed, before } = self;
        write!(f, "`{slug}`: {count} of {before} {what}, {allowed} may without asking")
    }
}

impl LossKind {
    fn within_a_day(self) -> &'static str {
        match self {
            LossKind::Removed => "would be removed within 24 hours",
            LossKind::Deactivated => "would become inactive or suspended within 24 hours",
            LossKind::Edge => "memberships and assignments would end within 24 hours",
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, count: u64, examples: &[String]) -> fmt::Result {
    if examples.is_empty() {
        return Ok(());
    }
    write!(f, ": {}", examples.join("; "))?;
    if count > examples.len() as u64 { f.write_str("; …") } else { Ok(()) }
}

impl Hold {
    /// What is held, by the hash of its plan.
    #[must_use]
    pub fn new(hash: impl Into<String>, reasons: Vec<HoldReason>) -> Self {
        Hold { hash: hash.into(), reasons }
    }

    /// The same without examples, which can hold contents of records.
    #[must_use]
    pub fn without_examples(self) -> Self {
        Hold { hash: self.hash, reasons: self.reasons.into_iter().map(HoldReason::without_examples).collect() }
    }

    /// What a person can do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        if self.can_be_approved() {
            let approve = format!("to let it through at the next sync: approve {} --reason \"…\"", self.hash);
            let renames = self.reasons.iter().any(|reason| matches!(reason, HoldReason::Unread { .. }));
            if renames { format!("if a slug was renamed by mistake, restore it; {approve}") } else { approve }
        } else {
            "this cannot be approved: mend the records that cannot be read or are refused".to_owned()
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
