//! Where the API key comes from. Never from a flag: other users of the machine could read it.

use std::{env, path::PathBuf};

use crate::{client::ApiKey, connector::ConnectorError};

/// The key from the one place that has it. Warns if other users can read it there.
pub(super) fn find(named_in_file: Option<PathBuf>) -> Result<ApiKey, ConnectorError> {
    let (key, file) = look_up(named_in_file)?;
    #[cfg(unix)]
    if let Some(file) = &file {
        warn_if_open(file);
    }
    Ok(key)
}

/// Whether there is a key.
pub(super) fn check(named_in_file: Option<PathBuf>) -> Result<(), ConnectorError> {
    look_up(named_in_file).map(drop)
}

/// The key, and the file that holds it.
fn look_up(named_in_file: Option<PathBuf>) -> Result<(ApiKey, Option<PathBuf>), ConnectorError> {
    // Empty counts as unset, as with every setting.
    let direct = env::var("BRIDGE_API_KEY").ok().filter(|key| !key.is_empty());
    let file = env::var_os("BRIDGE_API_KEY_FILE").filter(|file| !file.is_empty());
    let file = file.map(PathBuf::from).or(named_in_file);
    match (direct, file) {
        (Some(_), Some(_)) => Err(wrong("both BRIDGE_API_KEY and a key file are set: which of them counts? Unset one")),
        (Some(key), None) => {
            let key = ApiKey::new(key).map_err(|error| wrong(format!("BRIDGE_API_KEY: {error}")))?;
            Ok((key, None))
        }
        (None, Some(file)) => read(file),
        (None, None) => match credential() {
            Some(file) => read(file),
            None => Err(wrong("no API key: set BRIDGE_API_KEY, or BRIDGE_API_KEY_FILE to a file that holds it")),
        },
    }
}

/// systemd's `LoadCredential=api-key:…`.
fn credential() -> Option<PathBuf> {
    let file = PathBuf::from(env::var_os("CREDENTIALS_DIRECTORY")?).join("api-key");
    file.exists().then_some(file)
}

fn read(file: PathBuf) -> Result<(ApiKey, Option<PathBuf>), ConnectorError> {
    let key = ApiKey::from_file(&file).map_err(|error| wrong(error.to_string()))?;
    Ok((key, Some(file)))
}

#[cfg(unix)]
fn warn_if_open(file: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!("the key file {} can be read by others: chmod 600", file.display());
    }
}

fn wrong(why: impl Into<String>) -> ConnectorError {
    ConnectorError::Configuration(why.into())
}
