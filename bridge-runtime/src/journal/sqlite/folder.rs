//! The directory of a journal: its files, their modes, and the lock.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::journal::JournalError;

const LOCK: &str = "engine.lock";
const JOURNAL: &str = "journal.db";
const SCRATCH: &str = "scratch-";
/// The journal of versions before SQLite.
const OLD: &str = "state.json";

#[derive(Debug)]
pub(super) struct Folder {
    directory: PathBuf,
    // Held as long as the journal is open; the system lets go of it even when the process is killed.
    _lock: Option<File>,
}

impl Folder {
    /// For the one engine of this directory, which is made if it is not there.
    pub(super) fn locked(directory: PathBuf) -> Result<Self, JournalError> {
        create(&directory).map_err(failed(&directory, "created"))?;
        let mut folder = Folder::unlocked(directory);
        let path = folder.directory.join(LOCK);
        let lock = private(OpenOptions::new().create(true).write(true).truncate(false)).open(&path);
        let lock = lock.map_err(failed(&path, "locked"))?;
        match try_lock(&lock) {
            Ok(()) => folder._lock = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(failed(&path, "locked")(source)),
        }
        folder.remove_scratch();
        folder.warn_of_old();
        Ok(folder)
    }

    /// Whether an engine works on this directory now.
    pub(super) fn is_locked(directory: &Path) -> bool {
        let Ok(lock) = File::open(directory.join(LOCK)) else { return false };
        // Shared, so that two who look do not see each other.
        matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// Whether an engine works on it now.
    pub(super) fn is_in_use(&self) -> bool {
        Folder::is_locked(&self.directory)
    }

    /// As it is, there or not.
    pub(super) fn unlocked(directory: PathBuf) -> Self {
        Folder { directory, _lock: None }
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.directory.join(JOURNAL)
    }

    pub(super) fn has_journal(&self) -> bool {
        self.journal().exists()
    }

    /// Makes the journal's file, empty, unless it is there. SQLite gives its other files the same mode.
    pub(super) fn create_journal(&self) -> Result<(), JournalError> {
        create(&self.directory).map_err(failed(&self.directory, "created"))?;
        let path = self.journal();
        match private(OpenOptions::new().create_new(true).write(true)).open(&path) {
            Ok(_) => Ok(()),
            // Never to be opened but by SQLite: closing it would let go of the locks that this process has on it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                keep_private(&path).map_err(failed(&path, "kept from other users"))
            }
            Err(error) => Err(failed(&path, "created")(error)),
        }
    }

    /// A file of its own for one scan.
    pub(super) fn create_scratch(&self) -> Result<Scratch, JournalError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(format!("{SCRATCH}{}-{number}.db", std::process::id()));
        // A killed process may have had the same id.
        let created = private(OpenOptions::new().create(true).write(true).truncate(true)).open(&path);
        created.map_err(failed(&path, "created"))?;
        Ok(Scratch { path })
    }

    /// Removes what killed processes have left. One that still runs, a `plan` beside, keeps its open file even so: no
    /// path leads to it any more. Where the system refuses that, the file is in use.
    fn remove_scratch(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(SCRATCH)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn warn_of_old(&self) {
        let old = self.directory.join(OLD);
        if !self.has_journal() && old.exists() {
            tracing::warn!(
                "{} was written by an earlier version and is not used: the app is found by its name, and its first completion needs approval",
                old.display()
            );
        }
    }
}

/// The file of one scan, removed with it.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that stays is removed when the next engine opens the journal.
        let _ = fs::remove_file(&self.path);
    }
}

fn create(directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)?;
    // SQLite makes the entries of the directory durable, and this one is not its own.
    #[cfg(unix)]
    if let Some(parent) = directory.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Takes the lock. Whoever merely looks holds it for a moment, longer on a busy machine, so it is tried for a second.
fn try_lock(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..50 {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            locked => return locked,
        }
    }
    lock.try_lock()
}

/// Readable by its owner alone.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// The same for a file that was there: a backup that was put back, for instance.
#[cfg(unix)]
fn keep_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut permissions = fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_private(_: &Path) -> io::Result<()> {
    Ok(())
}

fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { path, what, source }
}
