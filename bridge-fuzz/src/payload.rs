//! From a task's payload to what a handler gets.

use bridge_core::{
    BridgeId, Status,
    payload::{
        AnyTask, CreateAccount, DeleteAccount, PayloadError, ResetPassword, SuspendAccount, TaskPayload,
        UnsuspendAccount, UpdateAccount,
    },
    wire::{Object, Payload},
};
use serde_json::{Value, json};

use crate::{
    promise::{CANARY, LONGEST, assert_shown, assert_silent},
    resources::{Person, Seat, Team},
};

/// A payload is refused, or the handler is told all of it: no id, no membership and no text is dropped in silence. A
/// refusal is one short line without a password, and what is shown of a payload is its id.
pub fn task_payload(data: &[u8]) {
    let Ok(mut raw) = serde_json::from_slice::<Object>(data) else { return };
    if let Some(account) = raw.get_mut("account").and_then(Value::as_object_mut) {
        account.insert("password".to_owned(), CANARY.into());
    }
    let payload = match Payload::from_raw(raw.clone()) {
        Ok(payload) => payload,
        Err(fault) => {
            assert_silent(&fault.to_string(), data);
            return assert_shown(&fault.to_string(), 200);
        }
    };
    assert_eq!((payload.raw(), Object::from(payload.clone())), (&raw, raw.clone()));
    assert_silent(&format!("{payload:?}"), data);

    macro_rules! typed {
        ($($payload:ident)*) => { $(
            if let Some(task) = read::<$payload<Person>>(&payload, data) {
                let shown = format!("{task:?}");
                assert_silent(&shown, data);
                assert_eq!(task.raw(), &raw);
                let account = payload.account.as_ref().expect("checked when it was read");
                let texts = [
                    ("email", task.email()), ("username", task.username()), ("first_name", task.first_name()),
                    ("last_name", task.last_name()), ("display_name", task.display_name()),
                    ("status", task.status().map(Status::as_str)),
                ];
                for (field, read) in texts {
                    let given = account.get(field).filter(|given| !says_nothing(given));
                    assert_eq!(given, read.map(Value::from).as_ref(), "`{field}`");
                }
                let teams = task.memberships::<Team>().map(|all| all.iter().map(|one| one.id().clone()).collect());
                assert_eq!(teams, links(&raw, "team"));
                let seats = task.assignments::<Seat>().map(|all| all.iter().map(|one| one.id().to_wire()).collect());
                assert_eq!(seats, links(&raw, "seat"));
                assert_eq!(task.clone().raw(), task.raw());
            }
        )* };
    }
    typed!(CreateAccount UpdateAccount DeleteAccount SuspendAccount UnsuspendAccount ResetPassword);

    if let Some(task) = read::<UpdateAccount<Person>>(&payload, data) {
        let changes = task.changes();
        let fields: Vec<&str> = changes.iter().map(bridge_core::payload::AccountChange::field).collect();
        let given = payload.changes.iter().flatten().filter(|(field, value)| !is_link(field, value));
        let given: Vec<&String> = given.map(|(field, _)| field).collect();
        assert_eq!(fields, given);
        assert_eq!(Some(&json!(task.id())), payload.account.as_ref().unwrap().get("id"));
    }
    if let Some(task) = read::<AnyTask<Person>>(&payload, data) {
        let given = payload.account.as_ref().and_then(|account| account.get("id")).filter(|id| !says_nothing(id));
        assert_eq!(task.id().map(|id| json!(id)).as_ref(), given);
    }
}

fn read<T: TaskPayload>(payload: &Payload, data: &[u8]) -> Option<T> {
    let check = |error: PayloadError| {
        assert_silent(&error.to_string(), data);
        assert_shown(&error.to_string(), LONGEST);
    };
    T::decode(payload.clone()).map_err(check).ok()
}

/// Whether a value is none: null, or a text without a visible character.
fn says_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Whether a change names groups or licenses of `Person`.
fn is_link(field: &str, value: &Value) -> bool {
    (matches!(field, "team" | "seat") && value.is_array())
        || (matches!(field, "memberships" | "assignments") && value.is_object())
}

/// The ids that a payload names of one type, wherever it does (protocol.md section 10): a place beside the account before one
/// within it, and null says nothing.
fn links(raw: &Object, slug: &str) -> Option<Vec<String>> {
    let raw = Value::from(raw.clone());
    let at = |place: &str| raw.pointer(&format!("{place}/{slug}")).filter(|ids| !ids.is_null()).cloned();
    let beside = ["/memberships", "/assignments", "/changes/memberships", "/changes/assignments"];
    let change = at("/changes").filter(Value::is_array);
    let within = ["/account/memberships", "/account/assignments"];
    let ids = beside.into_iter().find_map(at).or(change).or_else(|| within.into_iter().find_map(at))?;
    let id = |id: &Value| id.as_str().expect("checked when it was read").to_owned();
    Some(ids.as_array().expect("checked when it was read").iter().map(id).collect())
}
