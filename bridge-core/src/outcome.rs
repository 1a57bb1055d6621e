//! What a handler answers when a task is done.

use std::fmt;

use serde_json::{Map, Value};

use crate::{Account, BridgeId, Secret};

/// The field of a result that carries a new password. The name is an assumption: protocol.md section 6 gives none.
pub const PASSWORD: &str = "password";

/// The result of a completed task, as it is reported (protocol.md section 6).
///
/// A password stands apart from the rest: it is held in memory only, and added when the report is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskResult {
    /// What may be written down.
    pub fields: Map<String, Value>,
    /// What may not.
    pub password: Option<Secret>,
}

impl TaskResult {
    /// The `result` object of the report, or `None` where there is nothing to say.
    #[must_use]
    pub fn to_wire(&self) -> Option<Map<String, Value>> {
        let mut wire = self.fields.clone();
        if let Some(password) = &self.password {
            wire.insert(PASSWORD.to_owned(), password.expose().into());
        }
        (!wire.is_empty()).then_some(wire)
    }
}

/// What the handler of a payload answers: `()`, [`Created`] or [`NewPassword`].
pub trait Outcome: Send + 'static {
    /// The result to report.
    fn into_result(self) -> TaskResult;
}

impl Outcome for () {
    fn into_result(self) -> TaskResult {
        TaskResult::default()
    }
}

/// The account that a `CreateAccount` handler made.
pub struct Created<R: Account> {
    id: R::Id,
    password: Option<Secret>,
}

impl<R: Account> Created<R> {
    /// The new account has this id in the external system.
    pub fn new(id: R::Id) -> Self {
        Created { id, password: None }
    }

    /// The new account has this first password.
    #[must_use]
    pub fn with_password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// The id of the new account.
    pub fn id(&self) -> &R::Id {
        &self.id
    }

    /// The first password, if the handler gave one.
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }
}

impl<R: Account> fmt::Debug for Created<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Created");
        debug.field("id", &self.id.to_wire());
        if let Some(password) = &self.password {
            debug.field("password", password);
        }
        debug.finish()
    }
}

impl<R: Account> PartialEq for Created<R> {
    fn eq(&self, other: &Self) -> bool {
        self.id.to_wire() == other.id.to_wire() && self.password == other.password
    }
}

impl<R: Account> Outcome for Created<R> {
    fn into_result(self) -> TaskResult {
        let fields = Map::from_iter([("id".to_owned(), Value::String(self.id.to_wire()))]);
        TaskResult { fields, password: self.password }
    }
}

/// What a `ResetPassword` handler did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPassword(Option<Secret>);

impl NewPassword {
    /// A temporary password was set; Iden passes it on.
    #[must_use]
    pub fn temporary(password: Secret) -> Self {
        NewPassword(Some(password))
    }

    /// The external system tells the person by itself.
    #[must_use]
    pub fn sent_by_the_system() -> Self {
        NewPassword(None)
    }

    /// The temporary password, if there is one.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.0.as_ref()
    }
}

impl Outcome for NewPassword {
    fn into_result(self) -> TaskResult {
        TaskResult { fields: Map::new(), password: self.0 }
    }
}

/// What a `verify` function found: is the effect of an interrupted task there?
///
/// An account that is found is not yet a task that is done: compare what the task asks for, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe<T> {
    /// The effect is there; this is the outcome to report.
    Applied(T),
    /// The effect is surely not there: the handler may run.
    NotApplied,
    /// It cannot be told. The task waits for a person.
    Unknown,
}
