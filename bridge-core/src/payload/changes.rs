//! What an update asks for.

use std::fmt;

use serde_json::Value;

use super::draft::is_blank;
use crate::{Status, wire::text::printable};

/// One change of an `UpdateAccount` task. `None` in a text field: clear it. An empty text is no value, so it is `None` too.
///
/// A `match` needs a last arm; answer it with `TaskError::unsupported(&change)`, so that no change is dropped in
/// silence.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum AccountChange {
    /// The e-mail address.
    Email(Option<String>),
    /// The login name.
    Username(Option<String>),
    /// The first name.
    FirstName(Option<String>),
    /// The last name.
    LastName(Option<String>),
    /// The display name.
    DisplayName(Option<String>),
    /// The status.
    Status(Status),
    /// Any other field, or a value of a form that the protocol does not name.
    Other {
        /// The field's name on the wire.
        field: String,
        /// The new value.
        value: Value,
    },
}

// A change carries personal data, or a password: only the field is shown.
impl fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountChange").field("field", &printable(self.field(), 64)).finish_non_exhaustive()
    }
}

impl AccountChange {
    pub(crate) fn read(field: &str, value: &Value) -> Self {
        let other = || AccountChange::Other { field: field.to_owned(), value: value.clone() };
        let text = match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()).filter(|text| !is_blank(text)),
            _ => return other(),
        };
        match field {
            "email" => AccountChange::Email(text),
            "username" => AccountChange::Username(text),
            "first_name" => AccountChange::FirstName(text),
            "last_name" => AccountChange::LastName(text),
            "display_name" => AccountChange::DisplayName(text),
            "status" => text.as_deref().and_then(Status::from_wire).map_or_else(other, AccountChange::Status),
            _ => other(),
        }
    }

    /// The field's name on the wire.
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            AccountChange::Email(_) => "email",
            AccountChange::Username(_) => "username",
            AccountChange::FirstName(_) => "first_name",
            AccountChange::LastName(_) => "last_name",
            AccountChange::DisplayName(_) => "display_name",
            AccountChange::Status(_) => "status",
            AccountChange::Other { field, .. } => field,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_text_is_no_value() {
        for empty in [json!(null), json!(""), json!(" ")] {
            assert_eq!(AccountChange::read("email", &empty), AccountChange::Email(None), "{empty}");
            assert_eq!(AccountChange::read("last_name", &empty), AccountChange::LastName(None), "{empty}");
        }
        assert_eq!(
            AccountChange::read("email", &json!("a@b.example")),
            AccountChange::Email(Some("a@b.example".into()))
        );
        // What an own field means is for the handler to say.
        let other = AccountChange::Other { field: "cost_center".into(), value: json!("") };
        assert_eq!(AccountChange::read("cost_center", &json!("")), other);
    }
}
