//! Who owns the state. Another user who can write to it could make the connector forget its app, approve a removal, or make it
//! overwrite the file behind a link.

use std::path::Path;

use crate::journal::JournalError;

/// Who is about to use the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    /// The one engine.
    Engine,
    /// A command beside it.
    Command,
}

/// Refuses a directory, or one of these files in it, that belongs to another user, that other users can write to, or that is
/// a link. Closes all of them to the group and to other users. Files that do not exist are fine.
#[cfg(unix)]
pub(super) fn claim(directory: &Path, files: &[&str], visitor: Visitor) -> Result<(), JournalError> {
    use std::{
        fs::{self, OpenOptions, Permissions},
        os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    };

    use rustix::{
        fs::{AtFlags, FileType, Mode, OFlags, chmodat, statat},
        io::Errno,
        process::geteuid,
    };

    use super::folder::{NO_LINKS, failed};

    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    if is_link(directory) {
        return Err(refused(directory, "it is a symbolic link"));
    }
    let flags = NO_LINKS | OFlags::DIRECTORY.bits().cast_signed();
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(directory);
    let opened = opened.map_err(failed(directory, "opened"))?;
    let found = opened.metadata().map_err(failed(directory, "opened"))?;
    let user = geteuid().as_raw();
    // `status` of a service is often asked by root. Everything has to belong to the same user even so.
    let owner = if visitor == Visitor::Command && user == 0 { found.uid() } else { user };
    let judge = |path: &Path, uid: u32, mode: u32| {
        if uid != owner {
            let why = format!("it belongs to user {uid}, not to user {owner}");
            return Err(refused(path, why));
        }
        if mode & 0o002 != 0 {
            let why = format!("other users can write to it (mode {:04o})", mode & 0o7777);
            return Err(refused(path, why));
        }
        Ok(())
    };
    judge(directory, found.uid(), found.mode())?;
    if found.mode() & 0o077 != 0 {
        opened.set_permissions(Permissions::from_mode(0o700)).map_err(failed(directory, "closed to other users"))?;
    }
    // Below the open directory: nobody can exchange it meanwhile. The files themselves are never opened here, since closing one
    // would release the locks that SQLite has on it in this process.
    for name in files {
        let path = directory.join(name);
        let found = match statat(&opened, *name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::NOENT) => continue,
            Err(error) => return Err(failed(&path, "opened")(error.into())),
        };
        #[allow(clippy::useless_conversion)] // 16 bits wide on some systems
        let mode = u32::from(found.st_mode);
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => judge(&path, found.st_uid, mode)?,
            FileType::Symlink => return Err(refused(&path, "it is a symbolic link")),
            _ => return Err(refused(&path, "it is not a regular file")),
        }
        if mode & 0o077 != 0 {
            let closed = chmodat(&opened, *name, Mode::RUSR | Mode::WUSR, AtFlags::empty());
            closed.map_err(|error| failed(&path, "closed to other users")(error.into()))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn claim(_: &Path, _: &[&str], _: Visitor) -> Result<(), JournalError> {
    Ok(())
}

#[cfg(unix)]
fn refused(path: &Path, why: impl Into<String>) -> JournalError {
    JournalError::NotOurs { path: path.to_owned(), why: why.into() }
}
