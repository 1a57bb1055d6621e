//! The journal's files and its lock.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

use super::JournalError;

const LOCK: &str = "engine.lock";

#[derive(Debug)]
pub(super) struct Folder {
    directory: PathBuf,
    // Held as long as the journal is open; the system lets go of it even when the process is killed.
    _lock: Option<File>,
}

impl Folder {
    pub(super) fn locked(directory: PathBuf) -> Result<Self, JournalError> {
        fs::create_dir_all(&directory).map_err(failed(&directory, "created"))?;
        let mut folder = Folder::unlocked(directory);
        let path = folder.directory.join(LOCK);
        let lock = private(OpenOptions::new().create(true).write(true).truncate(false)).open(&path);
        let lock = lock.map_err(failed(&path, "locked"))?;
        match lock.try_lock() {
            Ok(()) => folder._lock = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(failed(&path, "locked")(source)),
        }
        Ok(folder)
    }

    /// As it is, there or not.
    pub(super) fn unlocked(directory: PathBuf) -> Self {
        Folder { directory, _lock: None }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, JournalError> {
        let path = self.directory.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(&path, "read")(error)),
        };
        let content = serde_json::from_slice(&text);
        content.map(Some).map_err(|why| JournalError::Unreadable { path, why: why.to_string() })
    }

    /// Replaces a file as a whole: a crash leaves the old one or the new one, never half of one.
    pub(super) fn write(&self, name: &str, content: &impl Serialize) -> Result<(), JournalError> {
        let path = self.directory.join(name);
        let fresh = self.directory.join(format!("{name}.new"));
        let replace = || -> io::Result<()> {
            let mut file = private(OpenOptions::new().create(true).write(true).truncate(true)).open(&fresh)?;
            file.write_all(&serde_json::to_vec_pretty(content)?)?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            File::open(&self.directory)?.sync_all()
        };
        replace().map_err(failed(&path, "written"))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), JournalError> {
        let path = self.directory.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path, "removed")(error)),
            _ => Ok(()),
        }
    }
}

/// Readable by its owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, what, source }
}
