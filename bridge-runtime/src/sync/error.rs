//! What ends a sync without completing it.

use std::{fmt, time::Duration};

use bridge_core::{
    SourceError,
    wire::{Kind, SyncStatus, TaskId, text::printable},
};

use super::report::SyncReport;
use crate::{
    client::ClientError,
    journal::{Hold, JournalError},
};

/// How much is shown of a text that comes from the external system or from Iden: neither may forge a line of the log.
const MOST_SHOWN: usize = 200;
/// The same of what the external system says is wrong.
const MOST_SAID: usize = 1_000;

/// A sync that did not complete. What was pushed stays, and nobody was removed, unless the error is
/// [`SyncError::Unsettled`].
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct SyncFailure {
    /// Why.
    #[source]
    pub error: SyncError,
    /// How far it had come.
    pub report: SyncReport,
}

/// Why a sync did not complete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The source failed before its declared end.
    #[error("reading `{slug}` failed after {read} records: {}", said(.error))]
    Source {
        /// The type that was being read.
        slug: &'static str,
        /// How many records had come.
        read: u64,
        /// What the source said.
        error: SourceError,
    },
    /// The source panicked.
    #[error("reading `{slug}` panicked after {read} records; the message stands above")]
    SourcePanicked {
        /// The type that was being read.
        slug: &'static str,
        /// How many records had come.
        read: u64,
    },
    /// Somebody who is missing could not be looked up.
    #[error(
        "`{slug}` was read to its end without `{}`, and looking it up failed: {}",
        printable(.id, MOST_SHOWN), said(.error)
    )]
    LookUp {
        /// The type.
        slug: &'static str,
        /// The id.
        id: String,
        /// What the source said.
        error: SourceError,
    },
    /// The source gave one id twice within a page, or within a snapshot.
    #[error("the source gave two records of `{slug}` with the id `{}`: which of them counts?", printable(.id, MOST_SHOWN))]
    DuplicateId {
        /// The type.
        slug: &'static str,
        /// The id.
        id: String,
    },
    /// Two ids differ only by case, blanks or Unicode's normal form, and the source says that none do.
    #[error(
        "the source gave `{slug}` records with the ids `{id}` and `{twin}`, which differ only by case, blanks or normal form"
    )]
    TwinIds {
        /// The type.
        slug: &'static str,
        /// The one id.
        id: String,
        /// The other.
        twin: String,
    },
    /// A call to Iden failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Iden counted a page otherwise than we did.
    #[error("Iden took {total} records of a page of `{slug}` with {sent}")]
    Receipt {
        /// The type.
        slug: &'static str,
        /// How many the page had.
        sent: u64,
        /// How many the answer says.
        total: u64,
    },
    /// Iden's count of the session does not fit what was pushed.
    #[error("Iden counts {counted} records of `{slug}` in the session, {pushed} were pushed")]
    Count {
        /// The type.
        slug: String,
        /// Iden's count.
        counted: u64,
        /// Ours.
        pushed: u64,
    },
    /// The types on Iden's side are not those of this connector.
    #[error("{}", join(.0))]
    Types(Vec<TypeProblem>),
    /// Something that completing needs is missing.
    #[error("the session may not be completed: {}", .0.join("; "))]
    Incomplete(Vec<String>),
    /// Tasks that were under way did not end, so that completing could have undone them.
    #[error("the tasks under way did not end within {} s, so the session could not be completed", .waited.as_secs())]
    TasksUnderWay {
        /// How long they were waited for.
        waited: Duration,
    },
    /// A task has made an account that the source does not have yet.
    #[error(
        "a task has just made or changed `{}` of `{slug}`, and the source does not have it yet; the next sync looks again",
        printable(.id, MOST_SHOWN)
    )]
    NotThereYet {
        /// The type.
        slug: &'static str,
        /// The account.
        id: String,
    },
    /// A creation was cut off a short time ago, and whether it has made its account is not known: it may be one of those who
    /// are missing from the source.
    #[error(
        "the task {task}, which creates an account, was cut off, and nobody knows yet whether it has made one of those who are missing from the source: `run` or `tasks --once` finds out, or a person who looks (`tasks list`), and the next sync goes on; without that after 15 minutes"
    )]
    Unlooked {
        /// The task.
        task: TaskId,
    },
    /// What takes something away could not be kept until the guard had passed.
    #[error("a temporary file in the state directory could not be used: {0}")]
    HeldBack(#[source] std::io::Error),
    /// The session ended under our hands.
    #[error("the session is {status} on Iden's side, and not by this run: does another connector sync this app?")]
    Ended {
        /// What Iden says of it.
        status: SyncStatus,
    },
    /// `complete` was sent, and what became of it could not be found out: those whom the session did not hold may have been
    /// removed, as they should be.
    #[error(
        "the session was to be completed, and whether it was is not known: {why}. Nothing is wrong with that: the next sync makes sure"
    )]
    Unsettled {
        /// What was seen last.
        why: String,
    },
    /// Somebody has to look before this session may be completed.
    #[error("held: {0}; {remedy}", remedy = .0.remedy())]
    Held(Hold),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The connector was told to stop.
    #[error("interrupted")]
    Interrupted,
}

/// A type on Iden's side that does not fit the connector's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TypeProblem {
    /// It has another kind.
    Kind {
        /// The type's slug.
        slug: String,
        /// What the connector says.
        declared: Kind,
        /// What Iden says.
        there: String,
    },
}

impl fmt::Display for TypeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TypeProblem::Kind { slug, declared, there } => {
                let (slug, there) = (printable(slug, MOST_SHOWN), printable(there, MOST_SHOWN));
                write!(f, "`{slug}` is a {there} type on Iden's side and a {declared} type here: use another slug")
            }
        }
    }
}

fn said(error: &SourceError) -> String {
    printable(&error.to_string(), MOST_SAID)
}

fn join(problems: &[TypeProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
