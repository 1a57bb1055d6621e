//! Where state lives.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::connector::ConnectorError;

/// The directory that was named, else systemd's, else the user's.
pub(super) fn find(named: Option<PathBuf>) -> Result<PathBuf, ConnectorError> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let directory = named
        .or_else(|| set("STATE_DIRECTORY"))
        .or_else(|| set("XDG_STATE_HOME").map(|home| home.join("bridge")))
        .or_else(|| set("HOME").map(|home| home.join(".local/state/bridge")));
    let directory = directory.ok_or_else(|| {
        ConnectorError::Configuration("there is no place for the state: set BRIDGE_STATE_DIR".to_owned())
    })?;
    std::path::absolute(Path::new(&directory))
        .map_err(|error| ConnectorError::Configuration(format!("the state directory {}: {error}", directory.display())))
}
