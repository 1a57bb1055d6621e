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
    #[error("another connector is running on this state: {path} is locked; stop it first")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Somebody removed or replaced the lock file while the engine had it. A second engine may have taken the new one.
    #[error(
        "the lock {path} was removed or replaced while this connector was running, so another one may be using the state: it stops"
    )]
    LockLost {
        /// The lock file.
        path: PathBuf,
    },
    /// The state, or a file of it, is open to other users.
    #[error("the state {path} is refused: {why}")]
    NotOurs {
        /// The file or directory.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A new state would be on a network file system.
    #[error(
        "the state directory {path} is on a network file system ({kind}), where the locks of the journal do not keep a second connector out: use a local disk, or --allow-network-state if nothing else ever uses this directory"
    )]
    NetworkState {
        /// The directory.
        path: PathBuf,
        /// The type of the file system.
        kind: &'static str,
    },
    /// There is no room on the disk.
    #[error("the disk is full: {why} ({path}). The journal is not damaged: make room, and start again")]
    DiskFull {
        /// The file or directory.
        path: PathBuf,
        /// How much is missing, or what the system said.
        why: String,
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

impl JournalError {
    /// What a person can do about it, where the message does not say so already.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            JournalError::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("run the command as the user that the connector runs as: only that user can read its state")
            }
            JournalError::NotOurs { .. } => Some(
                "check who put it there; then give the directory of this app to the user that the connector runs as (`chown -R`), for that user alone (`chmod -R go-rwx`)",
            ),
            JournalError::Locked { .. } => Some("`status`, `sync --now`, `plan` and `tasks list` work beside it"),
            _ => None,
        }
    }
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
