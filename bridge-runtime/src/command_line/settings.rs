//! Flag over environment over file over default.

use std::{ffi::OsString, fmt::Display, path::PathBuf, str::FromStr, time::Duration};

use jiff::SignedDuration;
use serde_json::Value;

use super::{args::SettingArgs, key, settings_file::SettingsFile, state_directory};
use crate::{
    client::BaseUrl,
    connector::{AppChoice, ConnectorError, Schedule, Target, state_folder},
};

/// The shortest interval between syncs: below it, sessions would follow each other without a pause.
const SHORTEST_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// Everything that a command needs to know.
pub(super) struct Settings {
    args: SettingArgs,
    file: SettingsFile,
}

impl Settings {
    pub(super) fn read(args: SettingArgs) -> Result<Self, ConnectorError> {
        let file = SettingsFile::read(path(args.config.as_ref()).as_deref())?;
        Ok(Settings { args, file })
    }

    /// The user's own settings.
    pub(super) fn app(&self) -> Result<Value, ConnectorError> {
        self.file.app()
    }

    /// Which app of a fleet, if one is named.
    pub(super) fn one_app(&self) -> Option<&str> {
        set(self.args.app.as_ref()).map(String::as_str)
    }

    pub(super) fn schedule(&self) -> Result<Schedule, ConnectorError> {
        let Some(every) = parsed("sync_every", self.args.sync_every.as_ref())?.or(self.file.sync_every) else {
            return Ok(Schedule::default());
        };
        let every = Duration::try_from(every.max(SHORTEST_INTERVAL))
            .map_err(|error| ConnectorError::Configuration(format!("sync_every: {error}")))?;
        Ok(Schedule::default().sync_every(every))
    }

    pub(super) fn target(&self) -> Result<Target, ConnectorError> {
        let key = key::find(self.file.api_key_file.clone())?;
        let mut target = Target::new(self.url()?, key, self.state()?)
            .app(self.app_choice()?)
            .allow_http(self.args.allow_http || self.file.allow_http);
        if let Some(file) = path(self.args.ca_file.as_ref()).or_else(|| self.file.ca_file.clone()) {
            target = target.ca_file(file);
        }
        if let Some(parent) = parsed("clone_from", self.args.clone_from.as_ref())?.or(self.file.clone_from) {
            target = target.clone_from(parent);
        }
        Ok(target)
    }

    /// Where an app keeps its state. Needs no key.
    pub(super) fn folder(&self, app: &str) -> Result<PathBuf, ConnectorError> {
        Ok(state_folder(&self.state()?, &self.url()?, app))
    }

    fn state(&self) -> Result<PathBuf, ConnectorError> {
        state_directory::find(path(self.args.state_dir.as_ref()).or_else(|| self.file.state_dir.clone()))
    }

    fn url(&self) -> Result<BaseUrl, ConnectorError> {
        let tenant = set(self.args.tenant.as_ref()).or(self.file.tenant.as_ref());
        let url = set(self.args.url.as_ref()).or(self.file.url.as_ref());
        match (tenant, url) {
            (Some(_), Some(_)) => Err(wrong("both a tenant and a URL are set: which of them counts? Unset one")),
            (Some(tenant), None) => BaseUrl::for_tenant(tenant).map_err(|error| wrong(error.to_string())),
            (None, Some(url)) => url.parse().map_err(|error: crate::client::BaseUrlError| wrong(error.to_string())),
            (None, None) => Err(wrong(
                "where is Iden? Set BRIDGE_TENANT to your tenant, or BRIDGE_URL to the whole base URL with /org/{tenant}",
            )),
        }
    }

    fn app_choice(&self) -> Result<AppChoice, ConnectorError> {
        let id = parsed("app_id", self.args.app_id.as_ref())?.or(self.file.app_id);
        match (id, self.args.create_app || self.file.create_app) {
            (Some(_), true) => Err(wrong("both an app id and --create-app are set: which of them counts?")),
            (Some(id), false) => Ok(AppChoice::Id(id)),
            (None, true) => Ok(AppChoice::Create),
            (None, false) => Ok(AppChoice::ByName),
        }
    }
}

/// A variable that is empty counts as unset: compose files and unit files pass on what they do not have so.
fn set(value: Option<&String>) -> Option<&String> {
    value.filter(|value| !value.is_empty())
}

fn path(value: Option<&OsString>) -> Option<PathBuf> {
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn parsed<T: FromStr<Err: Display>>(setting: &str, value: Option<&String>) -> Result<Option<T>, ConnectorError> {
    let parse = |text: &String| text.parse().map_err(|error| wrong(format!("{setting}: {error}")));
    set(value).map(parse).transpose()
}

fn wrong(why: impl Into<String>) -> ConnectorError {
    ConnectorError::Configuration(why.into())
}
