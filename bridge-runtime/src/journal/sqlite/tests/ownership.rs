use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown, symlink},
    path::Path,
};

use super::*;
use crate::{
    connector::{ConnectorError, Exit},
    journal::{ControlJournal, JournalError},
};

/// Nobody's, on most systems.
const OTHER: u32 = 65534;
const FILES: [&str; 2] = ["engine.lock", "journal.db"];

fn at(directory: &tempfile::TempDir, name: &str) -> std::path::PathBuf {
    directory.path().join("app").join(name)
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// What an engine and a command say to it.
#[track_caller]
fn assert_refused(directory: &tempfile::TempDir, why: &str) {
    let state = directory.path().join("app");
    for error in [SqliteJournal::open(&state).unwrap_err(), SqliteJournal::beside(&state).unwrap_err()] {
        assert!(matches!(error, JournalError::NotOurs { .. }), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(Exit::of(&ConnectorError::Journal(error)), Exit::Journal);
    }
}

#[test]
fn a_state_that_other_users_can_write_to_is_refused() {
    for name in ["", "engine.lock", "journal.db"] {
        let directory = tempfile::tempdir().unwrap();
        drop(open(&directory));
        set_mode(&at(&directory, name), 0o777);
        assert_refused(&directory, "other users can write to it (mode 0777)");
        assert_eq!(mode(&at(&directory, name)), 0o777, "a person has to look at it first");
    }
}

#[tokio::test]
async fn the_folder_and_all_its_files_are_closed_to_the_group_and_to_other_users() {
    let directory = tempfile::tempdir().unwrap();
    // As a volume of Kubernetes with `fsGroup`, and as a backup that was put back.
    for (folder, file) in [(0o2770, 0o660), (0o755, 0o644)] {
        let engine = open(&directory);
        set_app(&engine).await;
        let files = ["engine.lock", "journal.db", "journal.db-wal", "journal.db-shm"];
        set_mode(&at(&directory, ""), folder);
        for name in files {
            set_mode(&at(&directory, name), file);
        }
        // A command beside it closes them as well.
        drop(beside(&directory));
        assert_eq!(mode(&at(&directory, "")), 0o700);
        for name in files {
            assert_eq!(mode(&at(&directory, name)), 0o600, "{name}");
        }
    }
}

#[test]
fn no_link_in_the_state_is_followed() {
    for name in ["engine.lock", "journal.db", "journal.db-wal", "journal.db-shm"] {
        let (directory, victim) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        fs::write(victim.path(), "precious").unwrap();
        drop(open(&directory));
        let _ = fs::remove_file(at(&directory, name));
        symlink(victim.path(), at(&directory, name)).unwrap();
        assert_refused(&directory, "it is a symbolic link");
        assert_eq!(fs::read(victim.path()).unwrap(), b"precious", "{name}");
    }
    let (directory, victim) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(victim.path(), directory.path().join("app")).unwrap();
    assert_refused(&directory, "it is a symbolic link");
    assert_eq!(fs::read_dir(victim.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_state_directory_may_be_a_link_as_systemd_makes_it() {
    let (directory, link) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = link.path().join("state");
    symlink(directory.path(), &link).unwrap();
    let journal = SqliteJournal::open(link.join("app")).unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    set_app(&journal).await;
    drop(journal);
    assert_eq!(open(&directory).app().await.unwrap(), Some(app()));
}

/// Only root can give files away.
fn is_root(directory: &tempfile::TempDir) -> bool {
    let is_root = chown(directory.path(), None, None).is_ok() && rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("SKIPPED: it takes root to give a file to another user");
    }
    is_root
}

#[test]
fn a_file_of_another_user_is_refused() {
    for name in FILES {
        let directory = tempfile::tempdir().unwrap();
        if !is_root(&directory) {
            return;
        }
        drop(open(&directory));
        chown(at(&directory, name), Some(OTHER), None).unwrap();
        assert_refused(&directory, "it belongs to user 65534, not to user 0");
    }
}

#[tokio::test]
async fn a_state_of_another_user_is_for_root_to_look_at_and_not_to_run_on() {
    let directory = tempfile::tempdir().unwrap();
    if !is_root(&directory) {
        return;
    }
    let engine = open(&directory);
    set_app(&engine).await;
    drop(engine);
    for name in ["", "engine.lock", "journal.db"] {
        chown(at(&directory, name), Some(OTHER), None).unwrap();
    }
    let error = SqliteJournal::open(directory.path().join("app")).unwrap_err();
    assert!(matches!(error, JournalError::NotOurs { .. }), "{error}");
    assert_eq!(beside(&directory).app().await.unwrap(), Some(app()));
}

#[tokio::test]
async fn an_engine_whose_lock_was_removed_or_replaced_does_not_go_on() {
    for replaced in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let first = open(&directory);
        set_app(&first).await;
        fs::remove_file(at(&directory, "engine.lock")).unwrap();
        let second = replaced.then(|| open(&directory));
        let heard = first.take_commands().await.unwrap_err();
        assert!(matches!(heard, JournalError::LockLost { .. }), "{heard}");
        let written = first.set_registered("team", Kind::Group, "Teams").await.unwrap_err();
        assert!(matches!(written, JournalError::LockLost { .. }), "{written}");
        if let Some(second) = second {
            second.set_registered("team", Kind::Group, "Teams").await.unwrap();
            second.take_commands().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_scratch_file_has_a_name_that_nobody_can_foresee() {
    let scratch = async |directory: &tempfile::TempDir| {
        let journal = open(directory);
        journal.begin_scan(ScanMode::Push).await.unwrap();
        let entries = fs::read_dir(at(directory, "")).unwrap().map(|entry| entry.unwrap().file_name());
        let name = entries.map(|name| name.into_string().unwrap()).find(|name| name.starts_with("scratch-")).unwrap();
        assert_eq!(mode(&at(directory, &name)), 0o600);
        name
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_ne!(scratch(&one).await, scratch(&two).await);
}
