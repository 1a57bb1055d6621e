//! Whose account a task is about.

use std::hash::{DefaultHasher, Hash, Hasher};

use bridge_core::wire::{Object, Task};
use serde_json::Value;

use super::effect::account_of;
use crate::journal::LoginKey;

/// The id of an account, as a hash: 100,000 tasks are held at once. Two that meet by chance share a lane, and no more.
pub(super) type IdKey = u64;

/// The names of the account that a task is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// By its id, where it is there already.
    pub(super) id: Option<IdKey>,
    /// By what is to be unique about a person: the e-mail address and the login name.
    pub(super) by_login: [Option<LoginKey>; 2],
}

impl Subject {
    pub(super) fn of(task: &Task) -> Self {
        let slug = &task.resource_type;
        let id = account_of(&task.payload).map(|id| key(slug, &id));
        let account = task.payload.account.as_ref();
        let by_login = ["email", "username"].map(|field| {
            let login = account.and_then(|account: &Object| account.get(field)).and_then(Value::as_str)?;
            LoginKey::of(slug, field, login)
        });
        Subject { id, by_login }
    }

    pub(super) fn logins(&self) -> impl Iterator<Item = LoginKey> {
        self.by_login.into_iter().flatten()
    }

    /// Whether the account is not there yet, as far as the task knows.
    pub(super) fn is_to_be_made(&self) -> bool {
        self.id.is_none()
    }
}

fn key(slug: &str, id: &str) -> IdKey {
    let mut hasher = DefaultHasher::new();
    (slug, id).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::task, *};

    #[allow(clippy::needless_pass_by_value)] // so that the cases read well
    fn subject(account: Value) -> Subject {
        Subject::of(&task(1, "update_account", json!({ "account": account })))
    }

    #[test]
    fn a_person_is_the_same_in_whatever_case_the_address_is_written() {
        let ann = subject(json!({"email": "ann@acme.example"}));
        assert_eq!(subject(json!({"email": " Ann@ACME.example"})), ann);
        assert_ne!(subject(json!({"username": "ann@acme.example"})), ann);
        assert_eq!(ann.id, None);
    }

    #[test]
    fn ids_are_told_apart_to_the_letter() {
        assert_ne!(subject(json!({"id": "a"})), subject(json!({"id": "A"})));
        assert_eq!(subject(json!({"id": 7})), subject(json!({"id": "7"})));
    }

    #[test]
    fn what_has_no_name_has_no_subject() {
        assert_eq!(subject(json!({"email": "", "username": null})), Subject::default());
        assert_eq!(Subject::of(&task(1, "rotate_keys", json!({}))), Subject::default());
    }
}
