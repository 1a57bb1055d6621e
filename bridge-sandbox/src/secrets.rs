//! What no page shows: a new password, and whatever else a connector returns as a secret. Iden gets it; a person who looks over
//! somebody's shoulder does not.

use serde_json::Value;

/// Stands in the place of a secret.
const HIDDEN: &str = "•••••• (hidden)";

/// Parts of names whose values are secrets, in lower case and without `_`, `-` and blanks.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "credential",
    "recoverycode",
];

/// A copy in which each value with the name of a secret is hidden.
pub(crate) fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let hide = |name: &str, value: &Value| match value {
                Value::Null | Value::Bool(_) => value.clone(),
                _ if is_secret(name) => HIDDEN.into(),
                value => hidden(value),
            };
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), hide(name, value))).collect())
        }
        Value::Array(items) => items.iter().map(hidden).collect(),
        value => value.clone(),
    }
}

/// Whether a text that is not JSON may hold a secret.
pub(crate) fn may_be_in(text: &str) -> bool {
    is_secret(text)
}

fn is_secret(name: &str) -> bool {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    NAMES.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_with_the_name_of_a_secret_are_hidden_at_any_depth() {
        let result = json!({
            "id": "7", "password": "hunter2", "Temp-Password": 1234, "must_change_password": true,
            "vpn": [{"API key": "k", "recovery_codes": ["a", "b"], "host": "vpn.acme.test"}],
        });
        let expected = json!({
            "id": "7", "password": HIDDEN, "Temp-Password": HIDDEN, "must_change_password": true,
            "vpn": [{"API key": HIDDEN, "recovery_codes": HIDDEN, "host": "vpn.acme.test"}],
        });
        assert_eq!(hidden(&result), expected);
    }

    #[test]
    fn half_of_a_report_with_a_password_may_hold_it() {
        assert!(may_be_in(r#"{"result": {"pass_word": "hunter2", "x": "#));
        assert!(!may_be_in(r#"{"records": [{"id": "7""#));
    }
}
