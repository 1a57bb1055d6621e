//! What goes wrong inside, before it is known which file and which entry it is about.

use std::path::Path;

use bridge_core::wire::text::printable;
use rusqlite::ErrorCode;

use super::disk;
use crate::journal::JournalError;

pub(super) type Result<T, E = Fault> = std::result::Result<T, E>;

/// A failure of the database, or of what was found in it.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    /// It names its file already.
    Named(JournalError),
    Other(String),
}

impl Fault {
    pub(super) fn other(why: impl Into<String>) -> Self {
        Fault::Other(why.into())
    }

    /// Whether another process has it at this moment.
    pub(super) fn is_busy(&self) -> bool {
        let busy = [ErrorCode::DatabaseBusy, ErrorCode::DatabaseLocked];
        matches!(self, Fault::Sqlite(error) if error.sqlite_error_code().is_some_and(|code| busy.contains(&code)))
    }

    /// The error as users see it.
    pub(super) fn into_error(self, path: &Path, what: &'static str) -> JournalError {
        let path = path.to_owned();
        match self {
            Fault::Named(error) => error,
            Fault::Sqlite(error) if is_full(&error, &path) => JournalError::DiskFull { path, why: shown(&error) },
            Fault::Sqlite(error) if is_damage(&error) => JournalError::Unreadable { path, why: shown(&error) },
            Fault::Sqlite(error) => JournalError::Entry { path, what, why: shown(&error) },
            Fault::Other(why) => JournalError::Entry { path, what, why: shown(&why) },
        }
    }
}

/// A journal in which something does not fit together. On a full disk SQLite says so of a sound one, too.
pub(super) fn damaged(path: &Path, why: &str) -> JournalError {
    let (path, why) = (path.to_owned(), shown(&why));
    if disk::is_full(&path) { JournalError::DiskFull { path, why } } else { JournalError::Unreadable { path, why } }
}

fn is_full(error: &rusqlite::Error, path: &Path) -> bool {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => true,
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => disk::is_full(path),
        _ => is_damage(error) && disk::is_full(path),
    }
}

/// In one line and not too long: it can repeat what stands in a damaged row.
pub(super) fn shown(why: &impl ToString) -> String {
    printable(&why.to_string(), 500)
}

/// Whether the file itself is to blame.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Fault::Named(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Fault::other(error.to_string())
    }
}
