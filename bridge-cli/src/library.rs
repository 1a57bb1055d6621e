//! Where a new connector finds `iden-bridge`.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The crates that a connector depends on.
#[derive(Debug)]
pub enum Library {
    /// In a copy of the repository.
    Folder(PathBuf),
    /// In the registry, at the version of this program.
    Registry,
}

impl Library {
    /// The folder that was asked for, else the one that this program was built from, else the registry.
    ///
    /// # Errors
    /// The folder that was asked for is no copy of the repository.
    pub fn find(asked: Option<PathBuf>) -> Result<Self, String> {
        if let Some(folder) = asked {
            let whole = env::current_dir().map_err(|error| error.to_string())?.join(&folder);
            return match is_repository(&whole) {
                true => Ok(Library::Folder(whole)),
                false => Err(format!("--library: {} is no copy of the repository of iden-bridge", folder.display())),
            };
        }
        let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned);
        Ok(built_from.filter(|folder| is_repository(folder)).map_or(Library::Registry, Library::Folder))
    }

    /// The line of a `Cargo.toml` that says where a crate is; `place` is its folder in the repository.
    pub fn dependency(&self, place: &str) -> String {
        match self {
            // A literal string: a path on Windows is full of backslashes.
            Library::Folder(folder) => format!("path = '{}'", folder.join(place).display()),
            Library::Registry => format!("version = \"{}\"", env!("CARGO_PKG_VERSION")),
        }
    }
}

fn is_repository(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file() && folder.join("bridge-sandbox/Cargo.toml").is_file()
}
