//! Quotes that became a part of a variable.

use std::{
    env,
    ffi::{OsStr, OsString},
};

use clap::{Args as _, Command};

use super::args::SettingArgs;
use crate::connector::ConnectorError;

/// They have no flag.
const KEYS: [&str; 2] = ["BRIDGE_API_KEY", "BRIDGE_API_KEY_FILE"];

/// Refuses a variable whose whole value is in quotes. A shell removes them; Docker's `--env-file`, for one, does not, and the
/// state would go into a relative folder whose name begins with `"`.
pub(super) fn check() -> Result<(), ConnectorError> {
    check_with(|name| env::var_os(name))
}

fn check_with(variable: impl Fn(&str) -> Option<OsString>) -> Result<(), ConnectorError> {
    let settings = SettingArgs::augment_args(Command::new(""));
    let names = settings.get_arguments().filter_map(|argument| argument.get_env()?.to_str());
    match names.chain(KEYS).find(|name| variable(name).is_some_and(|value| is_quoted(&value))) {
        // Without the value: it can be the key.
        Some(name) => Err(ConnectorError::Configuration(format!(
            "{name}: its value is in quotes, which are a part of it; remove them. A file for `docker --env-file` has values \
             without quotes"
        ))),
        None => Ok(()),
    }
}

/// Whether the same quote begins and ends it.
fn is_quoted(value: &OsStr) -> bool {
    let value = value.as_encoded_bytes();
    let inside = |quote: &[u8]| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside(b"\"").or_else(|| inside(b"'")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Exit;

    fn checked(variable: &str, value: &str) -> Result<(), ConnectorError> {
        check_with(|name| (name == variable).then(|| value.into()))
    }

    #[test]
    fn a_variable_in_quotes_is_refused_by_name_and_not_repeated() {
        for variable in ["BRIDGE_STATE_DIR", "BRIDGE_URL", "BRIDGE_SYNC_EVERY", "BRIDGE_API_KEY", "BRIDGE_API_KEY_FILE"]
        {
            for value in [r#""hunter2""#, "'hunter2'", r#""""#] {
                let error = checked(variable, value).unwrap_err();
                let said = error.to_string();
                assert!(said.starts_with(&format!("{variable}: its value is in quotes")), "{said}");
                assert!(!said.contains("hunter2"), "{said}");
                assert_eq!(Exit::of(&error), Exit::Configuration);
            }
        }
    }

    #[test]
    fn a_quote_inside_a_value_is_nothing_special() {
        for value in ["Ann's app", "\"", "the \"HR\"", "O'Neil 'HR", ""] {
            checked("BRIDGE_APP", value).unwrap();
        }
    }
}
