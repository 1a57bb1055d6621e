//! What can go wrong with a call.

use std::time::Duration;

use bridge_core::wire::ErrorBody;

use super::{TransportError, TransportErrorKind};

/// What went wrong with a call, in the order of how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request could not be built, so nothing was sent: a slug that would change the path.
    Invalid {
        /// What is wrong with it.
        why: String,
    },
    /// Nothing was sent: the server has asked for a pause that is longer than a call may take.
    Paused {
        /// How much of the pause is left.
        wait: Duration,
    },
    /// The request surely never left.
    Unreachable {
        /// What stood in the way.
        why: String,
    },
    /// No complete answer in time; the outcome is unknown.
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The connection broke; the outcome is unknown.
    Lost {
        /// What happened.
        why: String,
    },
    /// The server answered with an error status.
    Refused {
        /// 400 to 599.
        status: u16,
        /// What the server says.
        body: ErrorBody,
        /// For how long the server asks to wait.
        retry_after: Option<Duration>,
    },
    /// The answer has a success status and is not what the protocol says; the outcome is unknown.
    Unreadable {
        /// The status.
        status: u16,
        /// What came: the content type, and the beginning of what is not JSON. Values of JSON are not repeated.
        came: String,
    },
    /// The answer is a redirect, which is never followed; the outcome is unknown.
    Redirected {
        /// The status.
        status: u16,
        /// Where to, escaped and shortened.
        location: Option<String>,
    },
    /// The answer is longer than [`ANSWER_LIMIT`](super::ANSWER_LIMIT); the outcome is unknown.
    TooLarge,
}

impl ErrorKind {
    /// A missing answer, as seen by the client.
    pub(super) fn of_transport(fault: TransportError, timeout: Duration) -> Self {
        match fault.kind {
            TransportErrorKind::NotSent => Self::Unreachable { why: fault.message },
            TransportErrorKind::TimedOut => Self::TimedOut { after: timeout },
            TransportErrorKind::Lost => Self::Lost { why: fault.message },
            TransportErrorKind::TooLarge => Self::TooLarge,
        }
    }

    /// Whether the request may have had its effect. A refusal below 500 says that it had none.
    pub(super) fn outcome_unknown(&self) -> bool {
        match self {
            Self::Invalid { .. } | Self::Paused { .. } | Self::Unreachable { .. } => false,
            Self::Refused { status, .. } => *status >= 500,
            Self::TimedOut { .. }
            | Self::Lost { .. }
            | Self::Unreadable { .. }
            | Self::Redirected { .. }
            | Self::TooLarge => true,
        }
    }

    /// A few words for the log, without anything that the server wrote.
    pub(super) fn summary(&self) -> String {
        match self {
            Self::Invalid { .. } => "the request is invalid".to_owned(),
            Self::Paused { .. } => "the server asked for a pause".to_owned(),
            Self::Unreachable { why } | Self::Lost { why } => why.clone(),
            Self::TimedOut { after } => format!("no answer within {after:?}"),
            Self::Refused { status, .. } => format!("the server answered {status}"),
            Self::Unreadable { status, .. } => format!("the server answered {status} and something unreadable"),
            Self::Redirected { status, .. } => format!("the server answered {status}, a redirect"),
            Self::TooLarge => "the answer is too large".to_owned(),
        }
    }
}
