//! The six tasks about an account (protocol.md section 6).

use std::fmt;

use serde_json::{Map, Value};

use super::{PayloadError, TaskPayload, changes::AccountChange, draft::Draft};
use crate::{Account, AssignedTo, BridgeId, Created, MemberOf, NewPassword, Ref, Resource, Status, wire};

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident, $action:literal, $outcome:ty) => {
        $(#[$doc])*
        // No bound on the struct but what the id needs: with `R: Account` here, a wrong `R` is three errors, not one.
        pub struct $name<R: Resource>(Draft<R>);

        impl<R: Account> $name<R> {
            /// A payload for tests, from the JSON that Iden would send: `{"account": {…}, "memberships": {…},
            /// "changes": {…}}`.
            ///
            /// # Panics
            /// The JSON is no such payload.
            #[must_use]
            #[track_caller]
            pub fn test(payload: Value) -> Self {
                let payload = serde_json::from_value(payload).unwrap_or_else(|e| panic!("not a payload: {e}"));
                Self::decode(payload).unwrap_or_else(|e| panic!("not a `{}`: {e}", stringify!($name)))
            }

            /// The e-mail address that the task names.
            #[must_use]
            pub fn email(&self) -> Option<&str> {
                self.0.text("email")
            }

            /// The login name that the task names.
            #[must_use]
            pub fn username(&self) -> Option<&str> {
                self.0.text("username")
            }

            /// The first name that the task names.
            #[must_use]
            pub fn first_name(&self) -> Option<&str> {
                self.0.text("first_name")
            }

            /// The last name that the task names.
            #[must_use]
            pub fn last_name(&self) -> Option<&str> {
                self.0.text("last_name")
            }

            /// The display name that the task names.
            #[must_use]
            pub fn display_name(&self) -> Option<&str> {
                self.0.text("display_name")
            }

            /// The status that the task names.
            #[must_use]
            pub fn status(&self) -> Option<Status> {
                self.0.status()
            }

            /// The groups of type `G` that the task names. `None`: the task says nothing of them, leave them as they
            /// are. `Some(vec![])`: none.
            ///
            /// Taken as the whole set to hold afterwards, not as a change (an assumption: protocol.md section 6,
            /// question P18).
            #[must_use]
            pub fn memberships<G: Resource>(&self) -> Option<Vec<Ref<G>>>
            where
                R: MemberOf<G>,
            {
                self.0.refs()
            }

            /// The licenses of type `L` that the task names. `None`: the task says nothing of them. `Some(vec![])`:
            /// none.
            ///
            /// Iden may name them in `memberships`, `assignments`, `changes` or the account itself (an assumption:
            /// protocol.md section 10). A place beside the account wins over the account, which may show what it has now.
            /// Two places beside it that disagree are refused with `invalid_payload`.
            #[must_use]
            pub fn assignments<L: Resource>(&self) -> Option<Vec<Ref<L>>>
            where
                R: AssignedTo<L>,
            {
                self.0.refs()
            }

            /// The payload as it came.
            #[must_use]
            pub fn raw(&self) -> &Map<String, Value> {
                self.0.raw()
            }
        }

        impl<R: Account> TaskPayload for $name<R> {
            type Resource = R;
            type Outcome = $outcome;
            const ACTION: Option<&'static str> = Some($action);

            fn decode(payload: wire::Payload) -> Result<Self, PayloadError> {
                let draft = Draft::read(payload)?;
                if !matches!($action, "suspend_account" | "delete_account") {
                    draft.check_keys()?;
                }
                if !draft.has_account() {
                    return Err(PayloadError::new("`payload.account` is missing"));
                }
                if draft.id().is_none() && $action != "create_account" {
                    return Err(PayloadError::new("`payload.account.id` is missing"));
                }
                Ok($name(draft))
            }
        }

        impl<R: Resource> Clone for $name<R> {
            fn clone(&self) -> Self {
                $name(self.0.clone())
            }
        }

        // Payloads carry personal data: only the id is shown.
        impl<R: Resource> fmt::Debug for $name<R> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).field("id", &self.0.id().map(BridgeId::to_wire)).finish_non_exhaustive()
            }
        }
    };
}

payload!(
    /// Create an account. Answered with [`Created`].
    CreateAccount, "create_account", Created<R>
);
payload!(
    /// Change fields of an account, or what it belongs to.
    UpdateAccount, "update_account", ()
);
payload!(
    /// Delete an account. One that is already gone counts as deleted.
    DeleteAccount, "delete_account", ()
);
payload!(
    /// Keep an account from use.
    SuspendAccount, "suspend_account", ()
);
payload!(
    /// Give a suspended account back.
    UnsuspendAccount, "unsuspend_account", ()
);
payload!(
    /// Set a new password. Answered with [`NewPassword`].
    ResetPassword, "reset_password", NewPassword
);

macro_rules! existing {
    ($($name:ident)*) => { $(
        impl<R: Account> $name<R> {
            /// The id of the account that the task is about.
            #[must_use]
            pub fn id(&self) -> &R::Id {
                self.0.id().expect("checked when the payload was read")
            }
        }
    )* };
}

existing! { UpdateAccount DeleteAccount SuspendAccount UnsuspendAccount ResetPassword }

impl<R: Account> UpdateAccount<R> {
    /// What to change, field by field. Groups and licenses are in [`UpdateAccount::memberships`] and
    /// [`UpdateAccount::assignments`].
    #[must_use]
    pub fn changes(&self) -> Vec<AccountChange> {
        self.0.changes()
    }
}
