//! The three ids that stand in Bridge's paths, as types that cannot be mixed up.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: expected a UUID, like 0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11")]
pub struct IdError {
    what: &'static str,
    text: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID.
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let id = Uuid::parse_str(text.trim());
                id.map(Self).map_err(|_| IdError { what: $what, text: super::text::printable(text, 80) })
            }
        }
    };
}

id! {
    /// Names an app: one application in one tenant. Every Bridge path below `/apps/` needs it, and Bridge has no call
    /// that lists apps, so a connector must remember it (protocol.md section 2).
    ///
    /// ```
    /// use bridge_core::wire::AppId;
    ///
    /// let id: AppId = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11".parse()?;
    /// assert_eq!(id.to_string(), "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11");
    /// assert!("acme".parse::<AppId>().is_err());
    /// # Ok::<(), bridge_core::wire::IdError>(())
    /// ```
    AppId, "an app id"
}
id! {
    /// Names one sync session of an app (protocol.md section 4).
    SyncId, "a sync id"
}
id! {
    /// Names one provisioning task (protocol.md section 6).
    TaskId, "a task id"
}
