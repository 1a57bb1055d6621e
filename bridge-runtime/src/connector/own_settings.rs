//! The settings of the user's own struct, `[app]`.

use bridge_core::wire::text::printable;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ConnectorError;

/// How much is said of what does not fit, in characters.
const LONGEST: usize = 400;

/// Reads them. What does not fit is said with its place; of its value nothing is: it may be a password.
pub(super) fn read<C: DeserializeOwned>(settings: Value) -> Result<C, ConnectorError> {
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let (mut place, said) = (error.path().to_string(), error.inner().to_string());
        if said.starts_with("unknown field") {
            // It names the field itself.
            place.truncate(place.rfind('.').unwrap_or(0));
        }
        let place = if matches!(&*place, "" | ".") { String::new() } else { format!("`{place}`: ") };
        ConnectorError::Settings(printable(&format!("{place}{}", without_value(&said)), LONGEST))
    })
}

/// What serde says names keys, and quotes values. Keys are no secrets.
fn without_value(said: &str) -> String {
    if said.starts_with("unknown field") || said.starts_with("missing field") {
        return said.to_owned();
    }
    let quotes_a_value = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    // The value stands before the last one of these.
    match said.rsplit_once(", expected ").filter(|_| quotes_a_value.iter().any(|start| said.starts_with(start))) {
        Some((_, expected)) => format!("a value that does not fit, expected {expected}"),
        None => "a value that does not fit".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it is only read into")]
    struct Own {
        database: String,
        pool: Option<Pool>,
        address: Option<std::net::IpAddr>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code, reason = "it is only read into")]
    enum Pool {
        Small,
        Of { size: u32 },
    }

    fn fault(settings: Value) -> String {
        let error = read::<Own>(settings).unwrap_err().to_string();
        error
            .strip_prefix("the settings of the connector, `[app]` in the configuration file, do not fit: ")
            .unwrap()
            .into()
    }

    #[test]
    fn a_mistake_in_the_settings_names_its_key_and_never_a_value() {
        assert_eq!(
            fault(json!({"databse": "hunter2"})),
            "unknown field `databse`, expected one of `database`, `pool`, `address`"
        );
        assert_eq!(fault(json!({})), "missing field `database`");
        assert_eq!(fault(json!({"database": 7})), "`database`: a value that does not fit, expected a string");
        assert_eq!(
            fault(json!({"database": "x", "pool": {"of": {"size": "hunter2, expected none"}}})),
            "`pool.of.size`: a value that does not fit, expected u32"
        );
        let variant = fault(json!({"database": "x", "pool": "hunter2"}));
        assert_eq!(variant, "`pool`: a value that does not fit, expected `small` or `of`");
        assert_eq!(fault(json!({"database": "x", "address": "hunter2"})), "`address`: a value that does not fit");
    }
}
