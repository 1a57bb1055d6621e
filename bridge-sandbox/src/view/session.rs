use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A sync session with all that a test may ask of it. For lists see [`SessionSummary`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionView {
    /// The `sync_id`.
    pub id: Uuid,
    /// `in_progress`, `completed` or `abandoned`.
    pub status: String,
    /// How many pages were accepted.
    pub pages: usize,
    /// Slug to number of different ids pushed. Slugs without a page are left out.
    pub pushed: BTreeMap<String, usize>,
    /// Slug and id of each record that completing the session removed.
    pub removed: Vec<(String, String)>,
}

/// A sync session in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSummary {
    /// The `sync_id`.
    pub id: Uuid,
    /// `in_progress`, `completed` or `abandoned`.
    pub status: String,
    /// When it was opened.
    pub started_at: Timestamp,
    /// When it was completed or abandoned.
    pub ended_at: Option<Timestamp>,
    /// How many pages were accepted, over all types.
    pub pages: usize,
    /// What was pushed of each type of the app, in the order of registration.
    pub types: Vec<TypeProgress>,
    /// How many records completing it removed. See [`App::removals`](crate::App::removals).
    pub removed: usize,
}

/// What a session pushed of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeProgress {
    /// The slug.
    pub slug: String,
    /// The display name.
    pub name: String,
    /// `account`, `group` or `license`.
    pub kind: String,
    /// Pages accepted.
    pub pages: usize,
    /// Records in these pages.
    pub records: usize,
    /// Different ids among them.
    pub ids: usize,
    /// Records that were new, or came back after they had been removed.
    pub created: usize,
    /// Records that were held already.
    pub updated: usize,
    /// Records that completing the session removed.
    pub removed: usize,
}

/// A record that completing a session removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Removal {
    /// The slug of its type.
    pub slug: String,
    /// Its id.
    pub id: String,
    /// What a person called it when it was removed.
    pub label: String,
}
