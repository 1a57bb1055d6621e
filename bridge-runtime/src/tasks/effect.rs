//! What a task did to the accounts of its type, as the journal wants to know it.

use bridge_core::{
    TaskError, TaskResult,
    wire::{Payload, Task},
};
use serde_json::Value;

use crate::journal::{LossKind, Ordered, Touched};

/// The account that a task changed, and what Iden ordered to be lost by it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Effect {
    pub(super) touched: Option<Touched>,
    pub(super) ordered: Vec<Ordered>,
}

impl Effect {
    /// A failed task may have changed its account, too; but what Iden ordered did not come of it.
    pub(super) fn of(task: &Task, outcome: &Result<TaskResult, TaskError>) -> Self {
        let created = || outcome.as_ref().ok()?.to_wire()?.get("id").and_then(text);
        let Some(id) = account_of(&task.payload).or_else(created) else { return Effect::default() };
        let kinds = if outcome.is_ok() { ordered(&task.action, &task.payload) } else { Vec::new() };
        let ordered = kinds.into_iter().map(|kind| Ordered { slug: task.resource_type.clone(), id: id.clone(), kind });
        let ordered = ordered.collect();
        Effect { touched: Some(Touched { slug: task.resource_type.clone(), id }), ordered }
    }
}

/// The account that a task is about, where it is there already.
pub(super) fn account_of(payload: &Payload) -> Option<String> {
    payload.account.as_ref()?.get("id").and_then(text)
}

/// An id as a record would send it: text, or a number that was sent as one.
fn text(id: &Value) -> Option<String> {
    match id {
        Value::String(text) => Some(text.clone()),
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
            let edges = payload.memberships.is_some()
                || changes("memberships").is_some()
                || changes("assignments").is_some()
                || payload.account.as_ref().is_some_and(|account| account.contains_key("assignments"));
            let status = changes("status").and_then(Value::as_str);
            let mut lost = Vec::new();
            if matches!(status, Some("inactive" | "suspended")) {
                lost.push(LossKind::Deactivated);
            }
            if edges {
                lost.push(LossKind::Edge);
            }
            lost
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[allow(clippy::needless_pass_by_value)] // so that the cases read well
    fn task(action: &str, payload: Value) -> Task {
        let id = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
        serde_json::from_value(json!({
            "id": id, "action": action, "resource_type": "employee", "status": "pending", "execute_after": null,
            "created_at": "2026-01-05T09:30:00Z", "payload": payload,
        }))
        .unwrap()
    }

    fn lost(action: &str, payload: Value) -> Vec<LossKind> {
        let effect = Effect::of(&task(action, payload), &Ok(TaskResult::default()));
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
        let effect = Effect::of(
            &task("delete_account", json!({"account": {"id": "7"}})),
            &Err(TaskError::fail("timeout", "slow")),
        );
        assert_eq!(effect.touched, Some(Touched { slug: "employee".into(), id: "7".into() }));
        assert_eq!(effect.ordered, []);
    }

    #[test]
    fn a_new_account_is_touched_under_the_id_that_it_got() {
        let create = task("create_account", json!({"account": {"email": "a@b.example"}}));
        assert_eq!(Effect::of(&create, &Err(TaskError::fail("x", "y"))), Effect::default());
    }
}
