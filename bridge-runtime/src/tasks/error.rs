//! What ends a round of tasks before its end.

use crate::{client::ClientError, journal::JournalError};

/// Why a round of tasks ended early. Tasks that were not reached stay pending and come again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RoundError {
    /// A call to Iden failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The journal failed: without it no handler may run.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// More tasks are pending than one connector can take on.
    #[error("more than {most} tasks are pending; something queues them without end")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// None of the pending tasks can be read. None is reported failed: Iden has probably changed how it shows tasks.
    #[error("none of the {tasks} pending tasks can be read, so none is carried out or reported failed: {why}")]
    Unreadable {
        /// How many there are.
        tasks: usize,
        /// What is wrong with one of them.
        why: String,
    },
    /// The connector was told to stop.
    #[error("interrupted")]
    Interrupted,
}
