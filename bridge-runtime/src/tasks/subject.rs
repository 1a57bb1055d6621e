//! Whose account a task is about.

use std::hash::{DefaultHasher, Hash, Hasher};

use bridge_core::wire::Object;
use serde_json::Value;

use crate::journal::{LoginKey, SeenTask, folded};

/// The id of an account, as a hash: many tasks are held at once. Two that meet by chance share a lane, and no more.
pub(super) type IdKey = u64;

/// The names of the account that a task is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// By its id, where it is there already.
    pub(super) id: Option<IdKey>,
    /// By what is to be unique about a person: the e-mail address and the login name.
    pub(super) by_login: [Option<LoginKey>; 2],
    /// By the logins that the account has as far as the journal knows: the task may name its id only.
    pub(super) known: [Option<LoginKey>; 2],
    /// The e-mail address and the login name that the account is to get.
    pub(super) changed: [Option<LoginKey>; 2],
}

impl Subject {
    pub(super) fn of(task: &SeenTask) -> Self {
        let SeenTask { slug, account, logins, changed, .. } = task;
        let id = account.as_ref().map(|id| key(slug, id));
        Subject { id, by_login: *logins, known: [None; 2], changed: *changed }
    }

    /// The same with what the journal knows of the account.
    pub(super) fn knowing(self, known: [Option<LoginKey>; 2]) -> Self {
        Subject { known, ..self }
    }

    /// Everything that can tie it to the tasks of another subject.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        let logins = self.by_login.into_iter().chain(self.known).chain(self.changed).flatten();
        self.id.into_iter().chain(logins.map(|LoginKey(key)| key.cast_unsigned()))
    }

    /// The logins that the account has.
    pub(super) fn owned(&self) -> impl Iterator<Item = LoginKey> {
        self.by_login.into_iter().chain(self.known).flatten().filter(|_| self.id.is_some())
    }

    /// The logins that the account gets: all those of a new account, and the changed ones of an existing account.
    pub(super) fn claimed(&self) -> impl Iterator<Item = LoginKey> {
        let new = self.by_login.into_iter().flatten().filter(|_| self.id.is_none());
        new.chain(self.changed.into_iter().flatten())
    }
}

/// The e-mail address and the login name among these fields.
pub(super) fn logins(slug: &str, fields: Option<&Object>) -> [Option<LoginKey>; 2] {
    ["email", "username"].map(|field| LoginKey::of(slug, field, fields?.get(field).and_then(Value::as_str)?))
}

fn key(slug: &str, id: &str) -> IdKey {
    let mut hasher = DefaultHasher::new();
    // An account can appear under several spellings of its id. Two accounts that differ in nothing else share a lane.
    (slug, folded(id)).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{pending::seen, testing::task},
        *,
    };

    #[allow(clippy::needless_pass_by_value)] // so that the cases read well
    fn subject(account: Value) -> Subject {
        Subject::of(&seen(&task(1, "update_account", json!({ "account": account }))))
    }

    #[test]
    fn a_person_is_the_same_in_whatever_case_the_address_is_written() {
        let ann = subject(json!({"email": "ann@acme.example"}));
        assert_eq!(subject(json!({"email": " Ann@ACME.example"})), ann);
        assert_ne!(subject(json!({"username": "ann@acme.example"})), ann);
        assert_eq!(ann.id, None);
    }

    #[test]
    fn tasks_that_spell_one_id_differently_share_a_lane() {
        for other in ["ZO\u{c9}-7", "Zo\u{e9}-7 ", "Zoe\u{301}-7"] {
            assert_eq!(subject(json!({"id": other})), subject(json!({"id": "Zo\u{e9}-7"})), "{other}");
        }
        assert_ne!(subject(json!({"id": "a"})), subject(json!({"id": "b"})));
        assert_eq!(subject(json!({"id": 7})), subject(json!({"id": "7"})));
    }

    #[test]
    fn an_account_claims_the_logins_that_it_gets() {
        let payload =
            json!({"account": {"id": "7", "email": "old@acme.example"}, "changes": {"email": "new@acme.example"}});
        let moves = Subject::of(&seen(&task(1, "update_account", payload)));
        let [old, new] = ["old@acme.example", "new@acme.example"].map(|login| LoginKey::of("employee", "email", login));
        assert_eq!(moves.owned().collect::<Vec<_>>(), old.into_iter().collect::<Vec<_>>());
        assert_eq!(moves.claimed().collect::<Vec<_>>(), new.into_iter().collect::<Vec<_>>());
        let hire = subject(json!({"email": "new@acme.example"}));
        assert_eq!((hire.owned().count(), hire.claimed().collect::<Vec<_>>()), (0, moves.claimed().collect()));
    }

    #[test]
    fn what_has_no_name_has_no_subject() {
        assert_eq!(subject(json!({"email": "", "username": null})), Subject::default());
        assert_eq!(Subject::of(&seen(&task(1, "rotate_keys", json!({})))), Subject::default());
    }
}
