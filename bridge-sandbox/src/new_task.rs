use jiff::Timestamp;
use serde_json::{Value, json};

/// A task to be queued, as Iden would.
///
/// ```
/// use bridge_sandbox::NewTask;
/// use serde_json::json;
///
/// NewTask::new("update_account", "employee").account(json!({"id": "7"})).changes(json!({"last_name": "Byron"}));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a task is queued by `App::queue`"]
pub struct NewTask {
    pub(crate) action: String,
    pub(crate) resource_type: String,
    pub(crate) account: Value,
    pub(crate) memberships: Value,
    pub(crate) assignments: Value,
    pub(crate) changes: Value,
    pub(crate) execute_after: Option<Timestamp>,
    pub(crate) created_at: Option<Timestamp>,
}

impl NewTask {
    /// A task with an empty payload, to be executed now. Neither argument is checked, so that a connector's answer to a task
    /// it does not know can be tested.
    pub fn new(action: &str, resource_type: &str) -> Self {
        Self {
            action: action.to_owned(),
            resource_type: resource_type.to_owned(),
            account: Value::Null,
            memberships: Value::Null,
            assignments: Value::Null,
            changes: Value::Null,
            execute_after: None,
            created_at: None,
        }
    }

    /// `payload.account`: the account's fields, with `id` for one that exists.
    pub fn account(mut self, account: Value) -> Self {
        self.account = account;
        self
    }

    /// `payload.memberships`: group type slug to the ids to hold afterwards. Iden may name license types here as well.
    pub fn memberships(mut self, memberships: Value) -> Self {
        self.memberships = memberships;
        self
    }

    /// `payload.assignments`: license type slug to the ids to hold afterwards. Iden documents no such key; the task has it
    /// only if this is called.
    pub fn assignments(mut self, assignments: Value) -> Self {
        self.assignments = assignments;
        self
    }

    /// `payload.changes`: field to new value.
    pub fn changes(mut self, changes: Value) -> Self {
        self.changes = changes;
        self
    }

    /// The payload as the connector gets it.
    pub(crate) fn payload(&self) -> Value {
        let mut payload = json!({"account": self.account, "memberships": self.memberships, "changes": self.changes});
        if !self.assignments.is_null() {
            payload["assignments"] = self.assignments.clone();
        }
        payload
    }

    /// The task is `scheduled` until then.
    pub fn execute_after(mut self, due: Timestamp) -> Self {
        self.execute_after = Some(due);
        self
    }

    /// As if it had been made then, to the microsecond. Several tasks may say the same, as those do that Iden makes in one
    /// transaction. Default: when it is queued, and no two at the same instant.
    pub fn created_at(mut self, made: Timestamp) -> Self {
        self.created_at = Some(made);
        self
    }
}
