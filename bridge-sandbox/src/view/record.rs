use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A record that the sandbox holds or has held.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecordView {
    /// The slug of its type.
    pub slug: String,
    /// The identifier in the external system.
    pub id: String,
    /// What a person would call it: its display name, else its first and last name, its name, email, username or id.
    pub label: String,
    /// The record as it was pushed last, with its `id`.
    pub fields: Value,
    /// A completed sync did not list it any more.
    pub removed: bool,
    /// Of an account `active`, `inactive` or `suspended`, and `inactive` once removed; else `active` or `removed`.
    pub status: String,
}

/// Which records are looked for, and which page of them. See [`App::find_records`](crate::App::find_records).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordQuery {
    /// Only this type's. Empty: every type's, in the order of registration.
    pub slug: String,
    /// Only records whose id, email, username or one of whose names contains this, whatever the case. Empty: all.
    pub text: String,
    /// Only `active`, `inactive`, `suspended` or `removed` ones. Empty: all. A removed record is `removed` and nothing else.
    pub status: String,
    /// How many to leave out before the page.
    pub offset: usize,
    /// How many the page may hold. The default is 0: only the total is wanted.
    pub limit: usize,
}

/// What happened to a record, oldest first. A page that changed nothing is no history.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistoryView {
    /// How many older entries are forgotten: the last 32 are kept.
    pub forgotten: usize,
    /// What is kept.
    pub entries: Vec<HistoryEntry>,
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When, by the sandbox's clock.
    pub at: Timestamp,
    /// What made the change.
    pub cause: Cause,
    /// What kind of change it was.
    pub change: RecordChange,
    /// Which fields changed. Empty for a record that was created or removed.
    pub fields: Vec<FieldChange>,
}

/// What made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Cause {
    /// A page of a session.
    Page {
        /// The `sync_id`.
        session: Uuid,
        /// Which page of the session, counted from 1 over all types.
        page: usize,
    },
    /// The completion of a session, whose pages did not hold the record.
    Completion {
        /// The `sync_id`.
        session: Uuid,
    },
    /// The report that a task is completed.
    Report {
        /// The task's id.
        task: Uuid,
    },
    /// [`App::put_record`](crate::App::put_record), or a seed file.
    Hand,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RecordChange {
    /// It was not held before.
    Created,
    /// Fields have other values now.
    Changed,
    /// It is marked as removed.
    Removed,
    /// It was removed, and is active again.
    CameBack,
}

/// A field that has another value now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FieldChange {
    /// The field's name.
    pub field: String,
    /// The value before. `None`: it was left out. A long value is cut and ends in `…`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub from: Option<Value>,
    /// The value now. `None`: it is left out. A long value is cut and ends in `…`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "there")]
    pub to: Option<Value>,
}

/// A null that is there is a value, too.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
