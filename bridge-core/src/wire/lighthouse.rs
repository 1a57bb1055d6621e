//! Lighthouse: reading back what Iden holds (protocol.md section 8).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::app::or_default;

/// A page of a Lighthouse list (protocol.md section 8). Unlike a page of tasks it is read as a whole: a decision from
/// half a list, such as "exactly one app has this name", would be wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LighthousePage<T> {
    /// Entries in the whole list.
    pub count: u64,
    /// Iden's address of the next page: says that there is one, and is never called.
    #[serde(default)]
    pub next: Option<String>,
    /// Iden's address of the page before; never called either.
    #[serde(default, deserialize_with = "or_default")]
    pub previous: Option<String>,
    /// The entries of this page.
    pub results: Vec<T>,
}

/// An app as Lighthouse lists it (protocol.md section 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LighthouseApp {
    /// Equal to the app's id in Bridge: likely, but an assumption.
    pub external_uuid: Uuid,
    /// The display name.
    pub name: String,
}

/// An account as Lighthouse lists it; its id in the external system is not among the fields (protocol.md section 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LighthouseAccount {
    /// Iden's own id.
    pub external_uuid: Uuid,
    /// The address, where there is one.
    #[serde(default, deserialize_with = "or_default")]
    pub email: Option<String>,
    /// `NEW`, `INVITED`, `ACTIVE`, `SUSPENDED` or `INACTIVE`; read as an open set.
    pub status: String,
}
