//! Apps: one application that Iden governs through a connector (protocol.md section 2).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::AppId;

/// Asks Iden for a new app (protocol.md section 2).
///
/// ```
/// use bridge_core::wire::NewApp;
///
/// let app = NewApp::new("Payroll");
/// assert_eq!(serde_json::to_string(&app)?, r#"{"name":"Payroll"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewApp {
    /// The display name, 1 to 255 characters.
    pub name: String,
    /// The app whose resource type definitions the new one shares. Records are not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clone_from: Option<AppId>,
}

impl NewApp {
    /// An app of its own.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), clone_from: None }
    }

    /// Shares the resource type definitions of `parent`; nothing is registered again.
    #[must_use]
    pub fn clone_from(mut self, parent: AppId) -> Self {
        self.clone_from = Some(parent);
        self
    }
}

/// An app as Iden describes it (protocol.md section 2).
///
/// Only `id` has to be readable. An app whose answer could not be read would be an app that nobody can find again, so
/// any other field that is missing or odd is read as empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct App {
    /// The id that every later path needs.
    pub id: AppId,
    /// The display name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// `NEW`, `CHECKING_CONFIGURATION` and others: an open set, for people to read.
    #[serde(default, deserialize_with = "or_default")]
    pub configuration_status: String,
    /// When the app was made.
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: Option<Timestamp>,
    /// When a sync was last completed; `None` before the first.
    #[serde(default, deserialize_with = "or_default")]
    pub last_synced_at: Option<Timestamp>,
}

/// Reads a field that nobody depends on: what does not fit becomes the default. Taken as raw text first, since some JSON is
/// well-formed and no value all the same: `1e999`, or half of a surrogate pair.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(input: D) -> Result<T, D::Error> {
    let raw = Box::<RawValue>::deserialize(input)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";

    #[test]
    fn a_new_app_is_written_with_documented_fields_only() {
        let app = NewApp::new("Payroll").clone_from(ID.parse().unwrap());
        assert_eq!(serde_json::to_string(&app).unwrap(), format!(r#"{{"name":"Payroll","clone_from":"{ID}"}}"#));
    }

    #[test]
    fn only_the_id_of_an_app_is_required() {
        let odd = format!(r#"{{"id":"{ID}","name":7,"created_at":"yesterday","last_synced_at":null,"more":[1]}}"#);
        let app: App = serde_json::from_str(&odd).unwrap();
        assert_eq!((app.id.to_string().as_str(), app.name.as_str(), app.created_at), (ID, "", None));
        assert!(serde_json::from_str::<App>(r#"{"name":"Payroll"}"#).is_err());
    }

    #[test]
    fn no_surprise_in_another_field_loses_the_id() {
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        for odd in
            ["1e999", "-1e999", r#""\ud800""#, r#"{"a":[1e999]}"#, "[]", "true", "null", "18446744073709551616", &deep]
        {
            for field in ["name", "configuration_status", "created_at", "last_synced_at", "another"] {
                let text = format!(r#"{{"{field}":{odd},"id":"{ID}"}}"#);
                let app: App = serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{text:.60}: {fault}"));
                assert_eq!((app.id.to_string().as_str(), app.name.as_str(), app.created_at), (ID, "", None));
            }
        }
    }
}
