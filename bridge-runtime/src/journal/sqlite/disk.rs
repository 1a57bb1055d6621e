//! The file system under the journal: SQLite needs a local one, with some room.

use std::{io, path::Path};

use crate::journal::JournalError;

/// How much room opening a journal takes at most: the log and its index, which is mapped into memory. If the disk fills up
/// under a mapped file, the system ends the process (SIGBUS), so this is asked before.
const NEEDED: u64 = 1 << 20;
/// As many blocks more, for file systems with large ones.
const NEEDED_BLOCKS: u64 = 16;
/// The lock, the journal and its two companions.
const NEEDED_FILES: u64 = 4;

/// What is known about a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileSystem {
    pub(crate) kind: FileSystemKind,
    /// Free bytes for this user.
    pub(crate) free: u64,
    /// The size of a block, in bytes.
    pub(crate) block: u64,
    /// How many more files it can hold, where it has a limit.
    pub(crate) free_files: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileSystemKind {
    Local,
    /// Locks and shared memory do not work across machines: two engines could work on one journal.
    Network(&'static str),
    /// A program's own. Some of them are on a network.
    Fuse,
}

/// Which file systems may hold a journal. The look at them is a seam.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiskPolicy {
    pub(crate) allow_network: bool,
    pub(crate) look: fn(&Path) -> io::Result<FileSystem>,
}

impl Default for DiskPolicy {
    fn default() -> Self {
        DiskPolicy { allow_network: false, look: FileSystem::of }
    }
}

impl DiskPolicy {
    /// Refuses a disk without room, and a network file system for a new journal. A file system that cannot be looked at
    /// passes: opening the journal says what is wrong.
    pub(super) fn check(self, directory: &Path, is_new: bool) -> Result<(), JournalError> {
        let Ok(found) = (self.look)(directory) else { return Ok(()) };
        found.check_room(directory)?;
        match found.kind {
            FileSystemKind::Local => {}
            FileSystemKind::Network(kind) if is_new && !self.allow_network => {
                return Err(JournalError::NetworkState { path: directory.to_owned(), kind });
            }
            FileSystemKind::Network(kind) => tracing::warn!(
                "the state directory {} is on a network file system ({kind}), where a second connector on another machine \
                 is not noticed: move it to a local disk",
                directory.display()
            ),
            FileSystemKind::Fuse => tracing::warn!(
                "the state directory {} is on a FUSE file system: it must be local, and have shared memory and locks",
                directory.display()
            ),
        }
        Ok(())
    }
}

impl FileSystem {
    /// That of an existing directory.
    #[cfg(unix)]
    pub(crate) fn of(directory: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(directory)?;
        Ok(FileSystem {
            kind: kind(directory)?,
            free: found.f_bavail.saturating_mul(found.f_frsize),
            block: found.f_frsize,
            free_files: (found.f_files > 0).then_some(found.f_favail),
        })
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Path) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn needed(self) -> u64 {
        NEEDED.saturating_add(self.block.saturating_mul(NEEDED_BLOCKS))
    }

    fn check_room(self, path: &Path) -> Result<(), JournalError> {
        if self.free < self.needed() {
            let why = format!("{} KiB are free, and opening it takes {} KiB", self.free >> 10, self.needed() >> 10);
            return Err(JournalError::DiskFull { path: path.to_owned(), why });
        }
        match self.free_files {
            Some(left) if left < NEEDED_FILES => {
                let why = "it can hold no more files (no inodes are left)".to_owned();
                Err(JournalError::DiskFull { path: path.to_owned(), why })
            }
            _ => Ok(()),
        }
    }
}

/// Whether the disk that holds this file is full, which explains any fault of SQLite.
pub(super) fn is_full(file: &Path) -> bool {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.is_some_and(|directory| FileSystem::of(directory).is_ok_and(|found| found.check_room(file).is_err()))
}

/// By the number that Linux has for its type; `man 2 statfs` lists them.
#[cfg(target_os = "linux")]
fn kind(directory: &Path) -> io::Result<FileSystemKind> {
    // Its width and sign differ between processors.
    #[allow(clippy::unnecessary_cast)]
    let number = rustix::fs::statfs(directory)?.f_type as u64 & 0xFFFF_FFFF;
    Ok(match number {
        0x6969 => FileSystemKind::Network("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => FileSystemKind::Network("SMB"),
        0x0102_1997 => FileSystemKind::Network("9P"),
        0x00C3_6400 => FileSystemKind::Network("CephFS"),
        0x6573_5546 => FileSystemKind::Fuse,
        _ => FileSystemKind::Local,
    })
}

#[cfg(all(unix, not(target_os = "linux")))]
fn kind(_: &Path) -> io::Result<FileSystemKind> {
    Ok(FileSystemKind::Local)
}
