//! Which app is the connector's own, and what it has registered there.

use async_trait::async_trait;
use bridge_core::wire::AppId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::JournalError;

/// Where an app came from: it decides whether its first completion needs approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// This journal created it: it holds nothing that this connector did not push.
    Created,
    /// It was there before: adopted by name, named by its id, or the journal was lost. What it holds is not known.
    #[default]
    Inherited,
}

/// The app of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownApp {
    /// Its id.
    pub id: AppId,
    /// Where it came from.
    pub origin: Origin,
}

/// A resource type that the journal knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownType {
    /// Its slug.
    pub slug: String,
    /// The display name that was sent last; `None` where it was never registered (a clone registers nothing).
    pub name: Option<String>,
    /// How many records Iden may hold: the size of the known set.
    pub known: u64,
}

/// The app, its types, and when a session was completed last.
#[async_trait]
pub trait AppJournal: Send + Sync + 'static {
    /// The app, if it is known.
    async fn app(&self) -> Result<Option<KnownApp>, JournalError>;

    /// Remembers the app. Everything about another one is forgotten.
    async fn set_app(&self, app: KnownApp) -> Result<(), JournalError>;

    /// Every type that was registered or pushed to, by slug.
    async fn types(&self) -> Result<Vec<KnownType>, JournalError>;

    /// Remembers a registered type with its display name.
    async fn set_registered(&self, slug: &str, name: &str) -> Result<(), JournalError>;

    /// When a session was completed last.
    async fn completed_at(&self) -> Result<Option<Timestamp>, JournalError>;
}
