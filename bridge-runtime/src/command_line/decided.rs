//! What a configuration file decides, for the fuzz targets.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;

use super::{args::SettingArgs, settings::Settings, settings_file::SettingsFile};
use crate::{
    client::BaseUrl,
    connector::{ConnectorError, Schedule},
    sync::LimitsPatch,
};

/// What a configuration file decides, where no flag and no variable does.
#[derive(Debug)]
pub struct Decided {
    /// When to sync.
    pub schedule: Result<Schedule, ConnectorError>,
    /// Where Iden is.
    pub url: Result<BaseUrl, ConnectorError>,
    /// The connector's own settings.
    pub app: Result<Value, ConnectorError>,
    /// Whether its limits are of the types `employee` and `team`.
    pub types: Result<(), ConnectorError>,
    /// The limits, by slug.
    pub limits: BTreeMap<String, LimitsPatch>,
}

impl Decided {
    pub(crate) fn by_file(text: &str) -> Result<Self, ConnectorError> {
        let file = SettingsFile::parse(text, Path::new("bridge.toml"))?;
        let limits = file.types.clone();
        let settings = Settings::of(SettingArgs::default(), file);
        Ok(Decided {
            schedule: settings.schedule(),
            url: settings.url(),
            app: settings.app(),
            types: settings.check_types(&BTreeSet::from(["employee", "team"])),
            limits,
        })
    }
}
