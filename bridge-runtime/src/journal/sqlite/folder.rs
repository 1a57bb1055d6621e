//! The directory of a journal: its files, their modes, and the lock.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempPath;

use super::{
    disk::DiskPolicy,
    ownership::{Visitor, claim},
};
use crate::journal::JournalError;

const LOCK: &str = "engine.lock";
const JOURNAL: &str = "journal.db";
const SCRATCH: &str = "scratch-";
/// Every file that stays in the directory.
const FILES: [&str; 4] = [LOCK, JOURNAL, "journal.db-wal", "journal.db-shm"];
/// The journal of versions before SQLite.
const OLD: &str = "state.json";

#[derive(Debug)]
pub(super) struct Folder {
    directory: PathBuf,
    disk: DiskPolicy,
    // Held as long as the journal is open; the system lets go of it even when the process is killed.
    lock: Option<File>,
}

impl Folder {
    /// For the one engine of this directory, which is made if it is not there.
    pub(super) fn locked(directory: PathBuf, disk: DiskPolicy) -> Result<Self, JournalError> {
        create(&directory).map_err(failed(&directory, "created"))?;
        claim(&directory, &FILES, Visitor::Engine)?;
        let mut folder = Folder { directory, disk, lock: None };
        disk.check(&folder.directory, !folder.has_journal()?)?;
        let path = folder.directory.join(LOCK);
        let lock = private(OpenOptions::new().create(true).write(true).truncate(false)).open(&path);
        let lock = lock.map_err(failed(&path, "locked"))?;
        match try_lock(&lock) {
            Ok(()) => folder.lock = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => return Err(failed(&path, "locked")(source)),
        }
        folder.check_lock()?;
        folder.remove_scratch();
        folder.warn_of_old();
        Ok(folder)
    }

    /// For a command, whether an engine works on it or not. Nothing is made.
    pub(super) fn unlocked(directory: PathBuf, disk: DiskPolicy) -> Result<Self, JournalError> {
        let folder = Folder { directory, disk, lock: None };
        if folder.exists()? {
            claim(&folder.directory, &FILES, Visitor::Command)?;
        }
        Ok(folder)
    }

    /// Whether an engine works on this directory now.
    pub(super) fn is_locked(directory: &Path) -> Result<bool, JournalError> {
        let path = directory.join(LOCK);
        let lock = match no_links(OpenOptions::new().read(true)).open(&path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(failed(&path, "opened")(error)),
        };
        // Shared, so that two who look do not see each other.
        Ok(matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Whether an engine works on it now.
    pub(super) fn is_in_use(&self) -> Result<bool, JournalError> {
        Folder::is_locked(&self.directory)
    }

    /// Whether the lock that this engine took is still the one that others find. Cheap enough for each entry.
    pub(super) fn check_lock(&self) -> Result<(), JournalError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        let path = self.directory.join(LOCK);
        match is_same(lock, &path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(JournalError::LockLost { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(JournalError::LockLost { path }),
            Err(error) => Err(failed(&path, "opened")(error)),
        }
    }

    /// Whether an engine of another process works on it.
    pub(super) fn has_other_engine(&self) -> Result<bool, JournalError> {
        Ok(self.lock.is_none() && self.is_in_use()?)
    }

    /// Whether the disk has room for the files that opening a journal makes. Beside an engine they are there.
    pub(super) fn check_room(&self) -> Result<(), JournalError> {
        if self.lock.is_none() && !self.has_other_engine()? {
            self.disk.check(&self.directory, false)?;
        }
        Ok(())
    }

    fn exists(&self) -> Result<bool, JournalError> {
        exists(&self.directory)
    }

    pub(super) fn journal(&self) -> PathBuf {
        self.directory.join(JOURNAL)
    }

    /// The same for SQLite, which refuses every link in it.
    pub(super) fn real_journal(&self) -> Result<PathBuf, JournalError> {
        Ok(self.real()?.join(JOURNAL))
    }

    /// The directory, without a link on the way to it. A state directory may be one: systemd makes it so.
    fn real(&self) -> Result<PathBuf, JournalError> {
        if cfg!(unix) {
            self.directory.canonicalize().map_err(failed(&self.directory, "opened"))
        } else {
            Ok(self.directory.clone())
        }
    }

    /// Whether there is a journal. A directory that this user may not look into is an error: that is not the same as none.
    pub(super) fn has_journal(&self) -> Result<bool, JournalError> {
        exists(&self.journal())
    }

    /// Makes the journal's file, empty, unless it is there. SQLite gives its other files the same mode.
    pub(super) fn create_journal(&self) -> Result<(), JournalError> {
        create(&self.directory).map_err(failed(&self.directory, "created"))?;
        let path = self.journal();
        if self.has_journal()? {
            return Ok(());
        }
        if self.lock.is_none() {
            claim(&self.directory, &FILES, Visitor::Command)?;
            self.disk.check(&self.directory, true)?;
        }
        match private(OpenOptions::new().create_new(true).write(true)).open(&path) {
            Ok(_) => Ok(()),
            // Never to be opened but by SQLite: closing it would let go of the locks that this process has on it.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(&path, "created")(error)),
        }
    }

    /// A file of its own for one scan, under a name that nobody can foresee. It is removed with the value; one that stays is
    /// removed when the next engine opens the journal.
    pub(super) fn create_scratch(&self) -> Result<TempPath, JournalError> {
        let made = tempfile::Builder::new().prefix(SCRATCH).suffix(".db").tempfile_in(self.real()?);
        made.map(tempfile::NamedTempFile::into_temp_path).map_err(failed(&self.directory, "given a temporary file"))
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
        if old.exists() && self.has_journal().is_ok_and(|has_journal| !has_journal) {
            tracing::warn!(
                "{} was written by an earlier version and is not used: the app is found by its name, and its first completion needs approval",
                old.display()
            );
        }
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

/// Readable by its owner alone, and not through a link.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    no_links(options)
}

/// The flag for [`OpenOptions`].
#[cfg(unix)]
pub(super) const NO_LINKS: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

fn no_links(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, NO_LINKS);
    options
}

fn exists(path: &Path) -> Result<bool, JournalError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed(path, "opened")(error)),
    }
}

/// Whether the path leads to the open file.
#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let (open, found) = (file.metadata()?, fs::symlink_metadata(path)?);
    Ok((open.dev(), open.ino()) == (found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn is_same(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

pub(super) fn failed(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::StorageFull => JournalError::DiskFull { path, why: source.to_string() },
        _ => JournalError::Io { path, what, source },
    }
}
