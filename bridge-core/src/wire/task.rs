//! Tasks: something that Iden wants done in the application (protocol.md section 6).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, value::RawValue};

use super::depth::{DEEPEST, is_deeper_than};
use super::text::printable;
use super::{Object, TaskId};

/// One provisioning task (protocol.md section 6).
///
/// Reading is strict for what a task cannot be carried out without: its id, action, type, status and payload. A time only
/// decides the order within an account, so an odd one is an [`oddity`](Self::oddity): without an offset it is read as UTC,
/// and anything else as no time, which comes first. Neither errors nor oddities repeat a value, because a payload can hold a
/// password.
///
/// ```
/// use bridge_core::wire::{Task, TaskStatus};
///
/// let task: Task = serde_json::from_str(
///     r#"{"id": "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11", "action": "suspend_account", "resource_type": "employee",
///         "status": "pending", "execute_after": null, "created_at": "2026-01-05T09:30:00Z",
///         "payload": {"account": {"id": "e-1"}}}"#,
/// )?;
/// assert_eq!(task.status, TaskStatus::Pending);
/// assert_eq!(task.payload.account.as_ref().and_then(|account| account["id"].as_str()), Some("e-1"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Task {
    /// Names the task.
    pub id: TaskId,
    /// `create_account`, `update_account`, `delete_account`, `suspend_account`, `unsuspend_account`, `reset_password`;
    /// an open set.
    pub action: String,
    /// The slug of the resource type that the task is about.
    pub resource_type: String,
    /// Whether it may be executed.
    pub status: TaskStatus,
    /// Not to be executed before this time.
    pub execute_after: Option<Timestamp>,
    /// When Iden made the task.
    pub created_at: Option<Timestamp>,
    /// What to do it with.
    pub payload: Payload,
    /// What was reported after success, where Iden sends it back. Not documented as part of a task; an assumption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
    /// What was reported after failure, where Iden sends it back. Not documented as part of a task; an assumption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    #[serde(skip)]
    oddity: Option<TaskFault>,
}

impl std::fmt::Debug for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task")
            .field("id", &self.id)
            .field("action", &self.action)
            .field("resource_type", &self.resource_type)
            .field("status", &self.status)
            .field("execute_after", &self.execute_after)
            .field("created_at", &self.created_at)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}

/// Whether a task may be executed. The four names are documented; the set is read as open (protocol.md section 6).
///
/// Only `pending` and `scheduled` tasks wait for a connector. A status that this version does not know, such as
/// `cancelled`, therefore counts as terminal: the task is settled outside the connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// May be executed now.
    Pending,
    /// Becomes pending by itself later; never to be picked up.
    Scheduled,
    /// Terminal.
    Completed,
    /// Terminal.
    Failed,
    /// A status that this version does not know, such as `cancelled`; never to be picked up. Counts as terminal.
    Other(String),
}

impl TaskStatus {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Scheduled => "scheduled",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Other(name) => name,
        }
    }

    /// Whether the task is over, so that a report cannot change it: every status but `pending` and `scheduled`.
    pub fn is_terminal(&self) -> bool {
        !matches!(self, Self::Pending | Self::Scheduled)
    }
}

impl From<String> for TaskStatus {
    fn from(name: String) -> Self {
        match name.as_str() {
            "pending" => Self::Pending,
            "scheduled" => Self::Scheduled,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            _ => Self::Other(name),
        }
    }
}

impl std::fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&printable(self.as_str(), 64))
    }
}

impl Serialize for TaskStatus {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input).map(Self::from)
    }
}

/// What a task is to be done with (protocol.md section 6).
///
/// `account`, `memberships` and `changes` are documented; what stands inside them is an assumption, and so is
/// `assignments`. [`Payload::raw`] has everything that was sent, also what this version does not know.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Object", into = "Object")]
#[non_exhaustive]
pub struct Payload {
    /// Fields of the account; with `id` for an account that exists.
    pub account: Option<Object>,
    /// Group type slug to group record ids: the memberships to hold afterwards. May name license types as well.
    pub memberships: Option<Object>,
    /// The same for license types.
    pub assignments: Option<Object>,
    /// Field to new value, for `update_account`.
    pub changes: Option<Object>,
    raw: Object,
}

impl Payload {
    /// Reads a payload. Fails where one of the four parts is there and is neither an object nor null.
    pub fn from_raw(raw: Object) -> Result<Self, TaskFault> {
        let part = |name: &str| match raw.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields.clone())),
            Some(other) => Err(TaskFault::wrong(&format!("payload.{name}"), "an object or null", other)),
        };
        let (account, memberships) = (part("account")?, part("memberships")?);
        let (assignments, changes) = (part("assignments")?, part("changes")?);
        Ok(Self { account, memberships, assignments, changes, raw })
    }

    /// The JSON object as it was received.
    pub fn raw(&self) -> &Object {
        &self.raw
    }

    /// Every group or license type that the task names, with the ids that it gives: first those beside the account, then
    /// those within it. In which of these places Iden puts them is an assumption (protocol.md section 10). `null` says
    /// nothing, so it is left out.
    pub fn links(&self) -> impl Iterator<Item = NamedLinks<'_>> {
        let maps = [
            ("payload.memberships", self.memberships.as_ref()),
            ("payload.assignments", self.assignments.as_ref()),
            ("payload.changes.memberships", map_in(self.changes.as_ref(), "memberships")),
            ("payload.changes.assignments", map_in(self.changes.as_ref(), "assignments")),
        ];
        let within = [
            (NamedLinks::IN_ACCOUNT[0], map_in(self.account.as_ref(), "memberships")),
            (NamedLinks::IN_ACCOUNT[1], map_in(self.account.as_ref(), "assignments")),
        ];
        // A list in `changes` may also be the new value of a field: only the account's type tells.
        let lists = self.changes.iter().flatten().filter(|(_, ids)| ids.is_array());
        let lists = lists.map(|(slug, ids)| NamedLinks { place: "payload.changes", slug, ids });
        let beside = maps.into_iter().flat_map(named).chain(lists);
        beside.chain(within.into_iter().flat_map(named)).filter(|links| !links.ids.is_null())
    }
}

fn map_in<'a>(fields: Option<&'a Object>, field: &str) -> Option<&'a Object> {
    fields?.get(field)?.as_object()
}

fn named<'a>((place, map): (&'static str, Option<&'a Object>)) -> impl Iterator<Item = NamedLinks<'a>> {
    map.into_iter().flatten().map(move |(slug, ids)| NamedLinks { place, slug, ids })
}

/// A group or license type that a task names.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct NamedLinks<'a> {
    /// Where it is named, such as `payload.memberships`.
    pub place: &'static str,
    /// The slug of the group or license type.
    pub slug: &'a str,
    /// What should be a list of record ids.
    pub ids: &'a Value,
}

impl NamedLinks<'_> {
    const IN_ACCOUNT: [&'static str; 2] = ["payload.account.memberships", "payload.account.assignments"];

    /// Whether it is named within the account, which may show what the account has now.
    pub fn is_within_account(&self) -> bool {
        Self::IN_ACCOUNT.contains(&self.place)
    }
}

impl TryFrom<Object> for Payload {
    type Error = TaskFault;

    fn try_from(raw: Object) -> Result<Self, TaskFault> {
        Self::from_raw(raw)
    }
}

impl From<Payload> for Object {
    fn from(payload: Payload) -> Self {
        payload.raw
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = |part: &Option<Object>| part.as_ref().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
        f.debug_struct("Payload")
            .field("account", &names(&self.account))
            .field("memberships", &names(&self.memberships))
            .field("assignments", &names(&self.assignments))
            .field("changes", &names(&self.changes))
            .finish_non_exhaustive()
    }
}

/// Why a task cannot be read. Names the field and what was expected, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TaskFault(String);

impl TaskFault {
    fn wrong(field: &str, expected: &str, came: &Value) -> Self {
        let came = match came {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "another string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self(format!("`{field}` must be {expected}, but {came} came"))
    }
}

/// The fields of a task as they came: one that nobody depends on, and that is no value, must not lose the others.
pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        Self::of(Fields::deserialize(input)?).map_err(D::Error::custom)
    }
}

impl Task {
    pub(super) fn of(mut task: Fields) -> Result<Self, TaskFault> {
        // Not documented as part of a task.
        let [result, error] = ["result", "error"].map(|name| {
            let value = task.remove(name).and_then(|raw| value(name, &raw).ok());
            value.filter(|value| !value.is_null())
        });
        let mut field = |name: &str| task.remove(name).map_or(Ok(Value::Null), |raw| value(name, &raw));
        let id = field("id")?;
        let id = id.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| TaskFault::wrong("id", "a UUID", &id))?;
        let payload = match field("payload")? {
            Value::Null => Payload::default(),
            Value::Object(raw) => Payload::from_raw(raw)?,
            other => return Err(TaskFault::wrong("payload", "an object", &other)),
        };
        let (execute_after, odd) = time("execute_after", &field("execute_after")?);
        let (created_at, also_odd) = time("created_at", &field("created_at")?);
        Ok(Self {
            id,
            action: text("action", field("action")?)?,
            resource_type: text("resource_type", field("resource_type")?)?,
            status: text("status", field("status")?)?.into(),
            execute_after,
            created_at,
            payload,
            result,
            error,
            oddity: odd.or(also_odd),
        })
    }

    /// A time that is not as documented, and was read all the same.
    pub fn oddity(&self) -> Option<&TaskFault> {
        self.oddity.as_ref()
    }
}

/// The value of a field. Not all well-formed JSON has one.
fn value(name: &str, raw: &RawValue) -> Result<Value, TaskFault> {
    // The task itself is the first level.
    if is_deeper_than(DEEPEST - 1, raw.get().as_bytes()) {
        return Err(TaskFault(format!("`{name}` makes the task nested deeper than {DEEPEST} levels")));
    }
    let no_value = || format!("`{name}` cannot be read: a number in it is out of range, or a text is not Unicode");
    serde_json::from_str(raw.get()).map_err(|_| TaskFault(no_value()))
}

fn text(name: &str, value: Value) -> Result<String, TaskFault> {
    match value {
        Value::String(text) => Ok(text),
        other => Err(TaskFault::wrong(name, "a string", &other)),
    }
}

/// A time, and what is odd about it.
fn time(name: &str, value: &Value) -> (Option<Timestamp>, Option<TaskFault>) {
    let expected = "an RFC 3339 time with its offset";
    let text = match value {
        Value::Null => return (None, None),
        Value::String(text) => text,
        other => return (None, Some(TaskFault::wrong(name, expected, other))),
    };
    if let Ok(time) = text.parse() {
        return (Some(time), None);
    }
    (format!("{text}Z").parse().ok(), Some(TaskFault::wrong(name, expected, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn task(change: impl FnOnce(&mut Value)) -> Result<Task, serde_json::Error> {
        let mut value = json!({
            "id": "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11", "action": "reset_password", "resource_type": "employee",
            "status": "pending", "execute_after": null, "created_at": "2026-01-05T09:30:00Z",
            "payload": {"account": {"id": "e-1", "password": "hunter2"}, "memberships": null, "extra": [1]},
        });
        change(&mut value);
        serde_json::from_value(value)
    }

    #[test]
    fn everything_sent_can_be_reached_and_written_again() {
        let read = task(|_| {}).unwrap();
        assert_eq!(read.payload.raw()["extra"], json!([1]));
        assert_eq!(read.payload.memberships, None);
        let again: Task = serde_json::from_value(serde_json::to_value(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }

    #[test]
    fn an_unknown_status_is_kept_and_counts_as_terminal() {
        let read = task(|task| task["status"] = json!("cancelled")).unwrap();
        assert_eq!(read.status, TaskStatus::Other("cancelled".into()));
        assert!(read.status.is_terminal());
    }

    #[test]
    fn faults_name_the_field_and_never_the_value() {
        for (field, value, said) in [
            ("action", json!(7), "`action` must be a string, but a number came"),
            ("payload", json!({"account": "hunter2"}), "`payload.account` must be an object or null"),
            ("id", json!(null), "`id` must be a UUID, but null came"),
        ] {
            let fault = task(|task| task[field] = value).unwrap_err().to_string();
            assert!(fault.contains(said) && !fault.contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn an_odd_time_costs_the_order_and_not_the_task() {
        let read = |time: Value| task(|task| task["created_at"] = time).unwrap();
        assert_eq!(read(json!(null)).oddity(), None);
        for (odd, created_at) in [
            (json!("2026-01-05T09:30:00"), Some("2026-01-05T09:30:00Z".parse().unwrap())),
            (json!("2026-01-05 09:30:00.25"), Some("2026-01-05T09:30:00.25Z".parse().unwrap())),
            (json!("hunter2"), None),
            (json!(1_767_605_400), None),
        ] {
            let read = read(odd.clone());
            assert_eq!(read.created_at, created_at, "{odd}");
            let why = read.oddity().expect("it is odd").to_string();
            assert!(why.starts_with("`created_at` must be an RFC 3339 time") && !why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn debug_output_has_no_values_of_the_payload() {
        let shown = format!("{:?}", task(|_| {}).unwrap());
        assert!(shown.contains("password") && !shown.contains("hunter2"), "{shown}");
    }
}
