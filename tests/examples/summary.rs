//! What `sync` and `dev` print as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

/// Slug to number of records that a sync pushed.
pub fn pushed(sync: &Value) -> BTreeMap<&str, u64> {
    assert_eq!(sync["completed"], true, "{sync:#}");
    let types = sync["types"].as_array().unwrap();
    types.iter().map(|one| (one["slug"].as_str().unwrap(), one["pushed"].as_u64().unwrap())).collect()
}

/// The task of this action in the summary of `dev`.
#[track_caller]
pub fn task<'a>(app: &'a Value, action: &str) -> &'a Value {
    let mut tasks = app["tasks"].as_array().unwrap().iter();
    tasks.find(|task| task["action"] == action).unwrap_or_else(|| panic!("no {action} in {app:#}"))
}
