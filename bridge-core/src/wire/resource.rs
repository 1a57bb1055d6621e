//! Resource types: what an app consists of (protocol.md section 3).

use serde::{Deserialize, Serialize};

use super::app::or_default;

/// What the records of a resource type are (protocol.md section 3). Closed on our side: each kind has a record shape of
/// its own, so a fourth one would need new code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Someone or something that signs in.
    Account,
    /// Something that accounts are members of. Iden makes a companion type for the memberships.
    Group,
    /// Something that is assigned to accounts. Iden makes a companion type for the assignments.
    License,
}

impl Kind {
    /// The name on the wire.
    ///
    /// ```
    /// assert_eq!(bridge_core::wire::Kind::License.as_str(), "license");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Group => "group",
            Self::License => "license",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A resource type as a connector registers it (protocol.md section 3).
///
/// ```
/// use bridge_core::wire::{Kind, ResourceType};
///
/// let employee = ResourceType::new("employee", "Employees", Kind::Account);
/// assert_eq!(serde_json::to_string(&employee)?, r#"{"slug":"employee","name":"Employees","type":"account"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct ResourceType {
    /// Unique within the app. The pattern `^[a-z0-9][a-z0-9_-]{0,62}$`, without `complete` and `abandon`, is an
    /// assumption; it is not checked here.
    pub slug: String,
    /// The display name. The limit of 1 to 255 characters is an assumption.
    pub name: String,
    /// The kind of its records; `type` on the wire.
    #[serde(rename = "type")]
    pub kind: Kind,
}

impl ResourceType {
    /// Puts the three parts together.
    pub fn new(slug: impl Into<String>, name: impl Into<String>, kind: Kind) -> Self {
        Self { slug: slug.into(), name: name.into(), kind }
    }
}

/// A resource type as Iden describes it; Iden may send more fields (protocol.md section 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegisteredType {
    /// The slug. The only field that has to be there.
    pub slug: String,
    /// The display name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The kind, as text: Iden also has types that connectors never push to. `type` on the wire.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub kind: String,
}
