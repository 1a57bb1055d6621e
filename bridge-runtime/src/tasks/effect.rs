//! What a task did to the accounts of its type, as the journal wants to know it.

use bridge_core::{
    TaskError, TaskResult,
    wire::{NamedLinks, Payload, Task},
};
use serde_json::Value;

use super::subject::logins;
use crate::journal::{Holdings, LossKind, Ordered, TaskEffect, Touched};

/// What a task did. A failed one may have changed its account, too; but what Iden ordered did not come of it.
pub(super) fn effect(task: &Task, outcome: &Result<TaskResult, TaskError>) -> TaskEffect {
    let created = || outcome.as_ref().ok()?.to_wire()?.get("id").and_then(text);
    let Some(id) = account_of(&task.payload).or_else(created) else { return TaskEffect::default() };
    let slug = &task.resource_type;
    let mut effect = TaskEffect { touched: Some(Touched { slug: slug.clone(), id: id.clone() }), ..Default::default() };
    if outcome.is_ok() {
        let kinds = ordered(&task.action, &task.payload);
        let holds = |kind| (kind == LossKind::Edge).then(|| holdings(&task.action, &task.payload)).flatten();
        let order = |kind| Ordered { slug: slug.clone(), id: id.clone(), kind, holds: holds(kind) };
        effect.ordered = kinds.into_iter().map(order).collect();
        effect.withdrawn = withdrawn(&task.action, &task.payload);
        let given = match task.action.as_str() {
            "create_account" => task.payload.account.as_ref(),
            "update_account" => task.payload.changes.as_ref(),
            _ => None,
        };
        effect.logins = logins(slug, given);
    }
    effect
}

/// The account that a task is about, where it is there already.
pub(super) fn account_of(payload: &Payload) -> Option<String> {
    payload.account.as_ref()?.get("id").and_then(text)
}

/// An id as a record would send it: text, or a number that was sent as one. An empty text is no id.
fn text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()).filter(|id| !id.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What Iden wants to be lost by an action (protocol.md section 6).
fn ordered(action: &str, payload: &Payload) -> Vec<LossKind> {
    let changes = |field: &str| payload.changes.as_ref().and_then(|changes| changes.get(field));
    match action {
        // Many systems keep a deleted account as an inactive one.
        "delete_account" => vec![LossKind::Removed, LossKind::Deactivated, LossKind::Edge],
        "suspend_account" => vec![LossKind::Deactivated],
        "update_account" => {
            let status = changes("status").and_then(Value::as_str);
            let mut lost = Vec::new();
            if matches!(status, Some("inactive" | "suspended")) {
                lost.push(LossKind::Deactivated);
            }
            if payload.links().next().is_some() {
                lost.push(LossKind::Edge);
            }
            lost
        }
        _ => Vec::new(),
    }
}

/// The memberships and assignments that an account is to hold afterwards (protocol.md section 6); `None` for one that goes.
fn holdings(action: &str, payload: &Payload) -> Option<Holdings> {
    if action == "delete_account" {
        return None;
    }
    let mut holdings = Holdings::new();
    for NamedLinks { slug, ids, .. } in payload.links() {
        let ids = || ids.as_array().into_iter().flatten().filter_map(text).collect();
        // The place that the handler reads.
        holdings.entry(slug.to_owned()).or_insert_with(ids);
    }
    Some(holdings)
}

/// What an action gives back to its account: what was ordered before is void.
fn withdrawn(action: &str, payload: &Payload) -> Vec<LossKind> {
    let status = payload.changes.as_ref().and_then(|changes| changes.get("status")).and_then(Value::as_str);
    match action {
        "create_account" => vec![LossKind::Removed, LossKind::Deactivated, LossKind::Edge],
        "unsuspend_account" => vec![LossKind::Deactivated],
        "update_account" if status == Some("active") => vec![LossKind::Deactivated],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::testing::task, *};

    fn lost(action: &str, payload: Value) -> Vec<LossKind> {
        let effect = effect(&task(1, action, payload), &Ok(TaskResult::default()));
        effect.ordered.into_iter().map(|ordered| ordered.kind).collect()
    }

    #[test]
    fn what_iden_ordered_is_what_its_task_says() {
        use LossKind::{Deactivated, Edge, Removed};
        let account = json!({"id": "7"});
        assert_eq!(lost("delete_account", json!({"account": account})), [Removed, Deactivated, Edge]);
        assert_eq!(lost("suspend_account", json!({"account": account})), [Deactivated]);
        for harmless in ["unsuspend_account", "reset_password", "rotate_keys"] {
            assert_eq!(lost(harmless, json!({"account": account})), []);
        }
        let update = |changes: Value| lost("update_account", json!({"account": account, "changes": changes}));
        assert_eq!(update(json!({"email": "a@b.example"})), []);
        assert_eq!(update(json!({"status": "active"})), []);
        assert_eq!(update(json!({"status": "suspended"})), [Deactivated]);
        assert_eq!(update(json!({"assignments": {"seat": []}})), [Edge]);
        assert_eq!(lost("update_account", json!({"account": account, "memberships": {"team": []}})), [Edge]);
    }

    #[test]
    fn a_failed_task_touched_its_account_and_ordered_nothing() {
        let effect = effect(
            &task(1, "delete_account", json!({"account": {"id": "7"}})),
            &Err(TaskError::fail("timeout", "slow")),
        );
        assert_eq!(effect.touched, Some(Touched { slug: "employee".into(), id: "7".into() }));
        assert_eq!(effect.ordered, []);
    }

    #[test]
    fn a_new_account_is_touched_under_the_id_that_it_got() {
        let create = task(1, "create_account", json!({"account": {"email": "a@b.example"}}));
        assert_eq!(effect(&create, &Err(TaskError::fail("x", "y"))), TaskEffect::default());
    }

    #[test]
    fn an_account_is_to_hold_what_the_task_names_and_who_is_deleted_nothing() {
        let payload = json!({"account": {"id": "7"}, "memberships": {"team": ["red", 8], "guild": []}});
        let ordered = |action| effect(&task(1, action, payload.clone()), &Ok(TaskResult::default())).ordered;
        let update = ordered("update_account").pop().unwrap();
        let of = |slug: &str, ids: &[&str]| (slug.to_owned(), ids.iter().map(ToString::to_string).collect());
        let named = Holdings::from([of("team", &["red", "8"]), of("guild", &[])]);
        assert_eq!((update.kind, update.holds), (LossKind::Edge, Some(named)));
        assert!(ordered("delete_account").iter().all(|order| order.holds.is_none()));
    }

    #[test]
    fn who_is_unsuspended_is_not_to_be_suspended_any_more() {
        let payload = || json!({"account": {"id": "7"}});
        let unsuspended = effect(&task(1, "unsuspend_account", payload()), &Ok(TaskResult::default()));
        assert_eq!(unsuspended.withdrawn, [LossKind::Deactivated]);
        let failed = effect(&task(1, "unsuspend_account", payload()), &Err(TaskError::fail("timeout", "slow")));
        assert_eq!(failed.withdrawn, []);
    }
}
