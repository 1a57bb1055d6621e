//! The configuration file.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use bridge_core::wire::{AppId, text::printable};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    connector::{ConnectorError, Cron},
    sync::LimitsPatch,
};

/// The file that is read where none is named.
const DEFAULT: &str = "bridge.toml";
/// How much is said of what is wrong with it, in characters. A key or a value is repeated there, however long it is.
const LONGEST_WHY: usize = 600;

/// `bridge.toml`. The keys are the flags with `_`; `[app]` is the connector's own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SettingsFile {
    pub(super) tenant: Option<String>,
    pub(super) url: Option<String>,
    pub(super) app_id: Option<AppId>,
    pub(super) create_app: Option<bool>,
    pub(super) clone_from: Option<AppId>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) sync_every: Option<SignedDuration>,
    pub(super) sync_cron: Option<Cron>,
    pub(super) allow_http: Option<bool>,
    pub(super) allow_network_state: Option<bool>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) api_key_file: Option<PathBuf>,
    pub(super) listen: Option<SocketAddr>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<String>,
    /// Limits of the guard, by slug.
    pub(super) types: BTreeMap<String, LimitsPatch>,
    pub(super) app: Option<toml::Table>,
}

impl SettingsFile {
    /// Reads the named file, or the default one. `None`: there is no default one.
    pub(super) fn read(named: Option<&Path>) -> Result<Option<Self>, ConnectorError> {
        let path = named.unwrap_or(Path::new(DEFAULT));
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, path).map(Some),
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(wrong(path, &error)),
        }
    }

    /// The file that is read where none is named, as a whole path.
    pub(super) fn default_path() -> PathBuf {
        std::path::absolute(DEFAULT).unwrap_or_else(|_| PathBuf::from(DEFAULT))
    }

    /// Reads the text of the file at `path`.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, ConnectorError> {
        // Not the error as it is: it quotes the line, which can hold a password of `[app]`.
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let before = &text.as_bytes()[..error.span().map_or(0, |span| span.start.min(text.len()))];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            wrong(path, &format_args!("line {line}: {}", error.message()))
        })
    }

    /// The `[app]` table, as an object.
    pub(super) fn app(&self) -> Result<Value, ConnectorError> {
        let table = self.app.clone().unwrap_or_default();
        serde_json::to_value(table).map_err(|error| ConnectorError::Settings(error.to_string()))
    }
}

fn wrong(path: &Path, why: &dyn std::fmt::Display) -> ConnectorError {
    ConnectorError::Configuration(format!(
        "the configuration file {}: {}",
        path.display(),
        printable(&why.to_string(), LONGEST_WHY)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for text in ["create_app = \"yes\\u001b[2J\"", "\"a\\nb\" = 1", &format!("{} = 1", "x".repeat(9_000))] {
            let message = SettingsFile::parse(text, Path::new("bridge.toml")).unwrap_err().to_string();
            assert!(!message.contains(char::is_control) && message.len() < 1_000, "{message}");
        }
    }
}
