//! Where the files are.

use std::{env, io, path::PathBuf};

use serde::Deserialize;

/// `[app]` in `bridge.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    folder: Option<PathBuf>,
}

/// The external system: a folder.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub async fn open(settings: Settings) -> io::Result<Folder> {
        let from_environment = env::var_os("CSV_FOLDER").filter(|name| !name.is_empty()).map(PathBuf::from);
        let path = from_environment.or(settings.folder).ok_or_else(|| {
            let why = "which folder? Set CSV_FOLDER, or `folder` under `[app]` in bridge.toml";
            io::Error::new(io::ErrorKind::InvalidInput, why)
        })?;
        if !path.is_dir() {
            let why = format!("{} is no folder: is the share mounted?", path.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, why));
        }
        Ok(Folder { path })
    }
}
