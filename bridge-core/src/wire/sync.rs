//! Sync sessions: a full picture of the app, pushed page by page (protocol.md section 4).

use serde::{Deserialize, Deserializer, Serialize};

use super::SyncId;
use super::app::or_default;

/// A session that was just opened (protocol.md section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncSession {
    /// Names the session in every further call.
    pub sync_id: SyncId,
}

/// What Iden says about one accepted page (protocol.md section 4).
///
/// That the three numbers count the page, and not the session so far, is an assumption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PageReceipt {
    /// Records in the page.
    pub total: u64,
    /// Records that were new to Iden.
    pub created: u64,
    /// Records that Iden had already.
    pub updated: u64,
}

/// How far a session has come, as Iden sees it (protocol.md section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SyncProgress {
    /// The session.
    pub sync_id: SyncId,
    /// Whether it is still open.
    pub status: SyncStatus,
    /// One entry per resource type. Whether companion types are listed too is open (question P16).
    pub progress: Vec<TypeProgress>,
}

/// The part of a session that concerns one resource type (protocol.md section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TypeProgress {
    /// The slug of the type.
    pub slug: String,
    /// Its display name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// Its kind, as text. `type` on the wire.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
    /// Records that the session has pushed.
    pub synced_count: u64,
}

/// The state of a session. The three names are an assumption, and the set is open (protocol.md section 4).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SyncStatus {
    /// Pages can be pushed.
    InProgress,
    /// The clean-up was started; nothing can be pushed any more.
    Completed,
    /// Closed without a clean-up.
    Abandoned,
    /// A state that this version does not know. Not one of the others, so nothing may be concluded from it.
    Other(String),
}

impl SyncStatus {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
            Self::Other(name) => name,
        }
    }
}

impl std::fmt::Display for SyncStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::text::printable(self.as_str(), 64))
    }
}

impl Serialize for SyncStatus {
    fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SyncStatus {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let name = String::deserialize(input)?;
        Ok(match name.as_str() {
            "in_progress" => Self::InProgress,
            "completed" => Self::Completed,
            "abandoned" => Self::Abandoned,
            _ => Self::Other(name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_with_what_is_new_in_it() {
        let text = r#"{"sync_id":"0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11","status":"settling","eta":3,
                       "progress":[{"slug":"employee","name":"Employees","type":"account","synced_count":42}]}"#;
        let read: SyncProgress = serde_json::from_str(text).unwrap();
        assert_eq!(read.status, SyncStatus::Other("settling".into()));
        assert_eq!((read.progress[0].kind.as_str(), read.progress[0].synced_count), ("account", 42));
    }

    #[test]
    fn a_receipt_without_its_numbers_is_no_receipt() {
        assert!(serde_json::from_str::<PageReceipt>("{}").is_err());
    }
}
