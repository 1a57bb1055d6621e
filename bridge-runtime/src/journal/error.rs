//! What keeps the journal from being used.

use std::{io, path::PathBuf};

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file system says no.
    #[error("the journal {path} could not be {what}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// Another engine works on this app.
    #[error(
        "another connector is running on this state: {path} is locked; stop it first, or give this one its own --state-dir"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The file is there and is no journal of ours, or it is damaged.
    #[error(
        "the journal {path} cannot be read: {why}; keep the file and look into it, or move it away to start anew (the app is then found by its name, and its first completion needs approval)"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A newer version of this library wrote the journal.
    #[error(
        "the journal {path} was written by a newer version: it has format {found}, this version knows up to {known}; run the newer version, or move the journal away to start anew (the first completion then needs approval)"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format that this version reads.
        known: i64,
    },
    /// A connector of an older version works on the journal. To carry it over would take it away from that one.
    #[error(
        "the journal {path} has format {found}, of an older version that is running on it now: restart that connector with this version first"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// An entry could not be read or written.
    #[error("the journal {path} could not be {what}: {why}")]
    Entry {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the database said.
        why: String,
    },
}

/// Why an approval was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// There is no plan with this hash.
    #[error("there is no plan with the hash `{hash}`: `plan`, and a sync that is held, print theirs")]
    Unknown {
        /// The hash that was given.
        hash: String,
    },
    /// What stands in the plan is not a person's to approve.
    #[error("the plan `{hash}` holds what cannot be approved: {why}. Mend these records: `plan` names them")]
    Refused {
        /// The hash.
        hash: String,
        /// What it is.
        why: String,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
