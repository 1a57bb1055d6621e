//! The status of an account.

use std::fmt;

use crate::FieldError;

/// Whether an account may be used (protocol.md section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// In use. What Iden takes an account to be that says nothing.
    Active,
    /// Not in use: left, expired, disabled for good.
    Inactive,
    /// Kept from use for a time.
    Suspended,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Inactive => "inactive",
            Status::Suspended => "suspended",
        }
    }

    /// The status that is written as `word`, if there is one.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        [Status::Active, Status::Inactive, Status::Suspended].into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A type of the user's that says what an account's status is.
///
/// Derive it on an enum, with `#[bridge(active)]`, `#[bridge(inactive)]` or `#[bridge(suspended)]` on each variant.
/// `bool` has it as well: `true` is active, `false` inactive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what an account's status is",
    label = "not a status",
    note = "derive `BridgeStatus` on the enum, use `bool` (active or inactive), or map the field: `#[bridge(status, with = path)]`"
)]
pub trait BridgeStatus {
    /// The status on Iden's side.
    fn status(&self) -> Status;
}

impl BridgeStatus for Status {
    fn status(&self) -> Status {
        *self
    }
}

impl BridgeStatus for bool {
    fn status(&self) -> Status {
        if *self { Status::Active } else { Status::Inactive }
    }
}

impl<T: BridgeStatus + ?Sized> BridgeStatus for &T {
    fn status(&self) -> Status {
        T::status(self)
    }
}

/// What can stand in a `status` field: a [`BridgeStatus`], an `Option` of one, or the `Result` of mapping one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what an account's status is",
    label = "not a status",
    note = "derive `BridgeStatus` on the enum, use `bool` (active or inactive), or map the field: `#[bridge(status, with = path)]`"
)]
pub trait StatusField {
    /// The status, or `None` to leave the field out.
    ///
    /// # Errors
    /// The value is of no status.
    fn field(&self) -> Result<Option<Status>, FieldError>;
}

#[diagnostic::do_not_recommend]
impl<T: BridgeStatus> StatusField for T {
    fn field(&self) -> Result<Option<Status>, FieldError> {
        Ok(Some(self.status()))
    }
}

impl<T: BridgeStatus> StatusField for Option<T> {
    fn field(&self) -> Result<Option<Status>, FieldError> {
        Ok(self.as_ref().map(T::status))
    }
}

impl<T: StatusField, E: fmt::Display> StatusField for Result<T, E> {
    fn field(&self) -> Result<Option<Status>, FieldError> {
        self.as_ref().map_err(FieldError::new)?.field()
    }
}
