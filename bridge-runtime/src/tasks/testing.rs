//! Tasks for the unit tests of this module.

use bridge_core::wire::Task;
use serde_json::{Value, json};

/// A pending task about an employee. The older the smaller its number.
#[allow(clippy::needless_pass_by_value)] // so that the cases read well
pub(super) fn task(number: u32, action: &str, payload: Value) -> Task {
    serde_json::from_value(json!({
        "id": format!("00000000-0000-4000-8000-{number:012}"),
        "action": action,
        "resource_type": "employee",
        "status": "pending",
        "execute_after": null,
        "created_at": format!("2026-01-05T09:{:02}:{:02}Z", number / 60, number % 60),
        "payload": payload,
    }))
    .expect("it is a task")
}
