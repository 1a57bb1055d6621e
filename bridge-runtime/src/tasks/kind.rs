//! The kinds of handlers: what an interruption of one means.

use std::fmt;

use bridge_core::policy::OnInterrupt;
use serde::Serialize;

/// What becomes of a task whose handler was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum HandlerKind {
    /// It is carried out again: twice is the same as once.
    Idempotent,
    /// The `verify` function tells whether its effect is there.
    Verified,
    /// It is never carried out again.
    AtMostOnce,
}

impl From<OnInterrupt> for HandlerKind {
    fn from(on_interrupt: OnInterrupt) -> Self {
        match on_interrupt {
            OnInterrupt::Rerun => HandlerKind::Idempotent,
            OnInterrupt::Verify => HandlerKind::Verified,
            OnInterrupt::Fail => HandlerKind::AtMostOnce,
        }
    }
}

impl fmt::Display for HandlerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HandlerKind::Idempotent => "idempotent",
            HandlerKind::Verified => "verified",
            HandlerKind::AtMostOnce => "at most once",
        })
    }
}

/// The handler that takes a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HandlerInfo {
    /// The function's name.
    pub name: &'static str,
    /// What an interruption of it means.
    pub kind: HandlerKind,
}

/// A handler with the tasks that it takes, and its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct HandlerSchema {
    /// The action.
    pub action: &'static str,
    /// The slug of the account type.
    pub resource_type: &'static str,
    /// The function's name.
    pub handler: &'static str,
    /// What an interruption of it means.
    pub kind: HandlerKind,
    /// How long one run may take, in milliseconds.
    pub timeout_ms: u64,
    /// How often a task is tried before it is reported failed.
    pub max_attempts: u32,
}

/// With its kind in brackets.
impl fmt::Display for HandlerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.kind)
    }
}
