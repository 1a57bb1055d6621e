//! What a task asks for: the second argument of a handler, and its route.

mod account;
mod any;
mod changes;
mod draft;

use std::fmt;

pub use account::{CreateAccount, DeleteAccount, ResetPassword, SuspendAccount, UnsuspendAccount, UpdateAccount};
pub use any::AnyTask;
pub use changes::AccountChange;

use crate::{Outcome, Resource, wire, wire::text::printable};

/// The most that is said of a payload, in characters: what is wrong with it is repeated, and may be long.
const LONGEST: usize = 500;

/// The payload of a task: it decides which tasks a handler gets, and what the handler answers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the payload of a task",
    label = "not a payload",
    note = "the second argument of a handler is `CreateAccount<R>`, `UpdateAccount<R>`, `DeleteAccount<R>`, `SuspendAccount<R>`, `UnsuspendAccount<R>`, `ResetPassword<R>` or `AnyTask<R>`, where `R` is an account type"
)]
pub trait TaskPayload: Sized + Send + Sync + 'static {
    /// The account type that the task is about.
    type Resource: Resource;
    /// What the handler answers.
    type Outcome: Outcome;
    /// The action on the wire; `None` where the handler names it.
    const ACTION: Option<&'static str>;

    /// Reads a payload.
    ///
    /// # Errors
    /// What is wrong with it. The task is then reported failed with `invalid_payload`.
    fn decode(payload: wire::Payload) -> Result<Self, PayloadError>;
}

/// What is wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadError(String);

impl PayloadError {
    pub(crate) fn new(why: impl fmt::Display) -> Self {
        PayloadError(printable(&why.to_string(), LONGEST))
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PayloadError {}
