//! The configuration file.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use bridge_core::wire::AppId;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    connector::{ConnectorError, Cron},
    sync::LimitsPatch,
};

/// The file that is read where none is named.
const DEFAULT: &str = "bridge.toml";

/// `bridge.toml`. The keys are the flags with `_`; `[app]` is the connector's own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SettingsFile {
    pub(super) tenant: Option<String>,
    pub(super) url: Option<String>,
    pub(super) app_id: Option<AppId>,
    pub(super) create_app: bool,
    pub(super) clone_from: Option<AppId>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) sync_every: Option<SignedDuration>,
    pub(super) sync_cron: Option<Cron>,
    pub(super) allow_http: bool,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) api_key_file: Option<PathBuf>,
    /// Limits of the guard, by slug.
    pub(super) types: BTreeMap<String, LimitsPatch>,
    pub(super) app: Option<toml::Table>,
}

impl SettingsFile {
    /// Reads the named file, or the default one if it is there.
    pub(super) fn read(named: Option<&Path>) -> Result<Self, ConnectorError> {
        let path = named.unwrap_or(Path::new(DEFAULT));
        let wrong = |why: &dyn std::fmt::Display| {
            ConnectorError::Configuration(format!("the configuration file {}: {why}", path.display()))
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(wrong(&error)),
        };
        // Not the error as it is: it quotes the line, which can hold a password of `[app]`.
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let before = &text.as_bytes()[..error.span().map_or(0, |span| span.start.min(text.len()))];
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            wrong(&format_args!("line {line}: {}", error.message()))
        })
    }

    /// The `[app]` table, as an object.
    pub(super) fn app(&self) -> Result<Value, ConnectorError> {
        let table = self.app.clone().unwrap_or_default();
        serde_json::to_value(table).map_err(|error| ConnectorError::Settings(error.to_string()))
    }
}
