//! A state directory that goes with the command.

use std::{fs, io, path::PathBuf};

use uuid::Uuid;

/// A directory of its own below the system's place for temporary files, removed when dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("bridge-dev-{}", Uuid::new_v4().simple()));
        fs::create_dir(&path)?;
        Ok(Scratch(path))
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.clone()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(error = %error, "{} could not be removed", self.0.display());
        }
    }
}
