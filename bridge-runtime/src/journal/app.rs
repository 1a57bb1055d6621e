//! Which app is the connector's own, and what it has registered there.

use async_trait::async_trait;
use bridge_core::wire::{AppId, Kind};
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
    /// Its kind, as Iden or the connector named it; `None` if only an older version has seen the type.
    pub kind: Option<String>,
    /// How many records Iden may hold: the size of the known set.
    pub known: u64,
}

/// A type that the journal knows and the connector does not read. Completing a session removes all of its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnreadType {
    /// Its slug.
    pub slug: String,
    /// How many of its known records completing would remove without an order from Iden or an earlier approval.
    pub at_stake: u64,
    /// Whether it may hold records that the journal does not know: someone else registered the type.
    pub foreign: bool,
}

impl UnreadType {
    /// A type, for implementations of the journal.
    #[must_use]
    pub fn new(slug: impl Into<String>, at_stake: u64, foreign: bool) -> Self {
        UnreadType { slug: slug.into(), at_stake, foreign }
    }

    /// Whether completing could remove a record, so that a person has to approve it.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.at_stake > 0 || self.foreign
    }
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

    /// Every known type whose slug is not among `read`, by slug.
    async fn unread_types(&self, read: &[&'static str]) -> Result<Vec<UnreadType>, JournalError>;

    /// Remembers a type before it is registered, or one that someone else has registered. `foreign`: it may hold records that
    /// the journal does not know. That ends with the next completed session, which removes them or leaves them alone for good.
    async fn note_type(&self, slug: &str, kind: &str, foreign: bool) -> Result<(), JournalError>;

    /// Remembers a registered type with its display name.
    async fn set_registered(&self, slug: &str, kind: Kind, name: &str) -> Result<(), JournalError>;

    /// Which of these ids no record of the type has, of those that Iden may hold. None of them while it may hold no record of
    /// the type: nobody can tell yet.
    async fn unknown(&self, slug: &str, ids: &[String]) -> Result<Vec<String>, JournalError>;

    /// When a session was completed last.
    async fn completed_at(&self) -> Result<Option<Timestamp>, JournalError>;
}
