use std::{io, path::Path};

use super::{
    super::disk::{DiskPolicy, FileSystem, FileSystemKind},
    *,
};
use crate::{
    connector::{ConnectorError, Exit},
    journal::JournalError,
};

const KIB: u64 = 1024;
const ROOMY: FileSystem =
    FileSystem { kind: FileSystemKind::Local, free: 100 << 20, block: 4 * KIB, free_files: Some(1_000) };

fn policy(look: fn(&Path) -> io::Result<FileSystem>) -> DiskPolicy {
    DiskPolicy { look, ..DiskPolicy::default() }
}

fn opened(directory: &tempfile::TempDir, disk: DiskPolicy) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open_on(directory.path().join("app"), disk)
}

fn beside(directory: &tempfile::TempDir, disk: DiskPolicy) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::beside_on(directory.path().join("app"), disk)
}

fn has_journal(directory: &tempfile::TempDir) -> bool {
    directory.path().join("app/journal.db").exists()
}

const NFS: fn(&Path) -> io::Result<FileSystem> = |_| Ok(FileSystem { kind: FileSystemKind::Network("NFS"), ..ROOMY });

#[tokio::test]
async fn a_new_state_on_a_network_file_system_is_refused_unless_it_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let error = opened(&directory, policy(NFS)).unwrap_err();
    assert!(matches!(error, JournalError::NetworkState { kind: "NFS", .. }), "{error}");
    assert!(error.to_string().contains("--allow-network-state"), "{error}");
    assert_eq!(Exit::of(&ConnectorError::Journal(error)), Exit::Configuration);
    let plan = beside(&directory, policy(NFS)).unwrap();
    assert!(plan.begin_scan(ScanMode::Dry).await.is_err(), "neither does a command make one");
    assert!(!has_journal(&directory));

    opened(&directory, DiskPolicy { allow_network: true, ..policy(NFS) }).unwrap();
    assert!(has_journal(&directory));
    // It is there now, and only warned of.
    opened(&directory, policy(NFS)).unwrap();
}

#[test]
fn a_state_on_a_fuse_file_system_is_only_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    opened(&directory, policy(|_| Ok(FileSystem { kind: FileSystemKind::Fuse, ..ROOMY }))).unwrap();
}

#[test]
fn a_disk_without_room_is_full_and_the_journal_is_not_blamed() {
    let full: [fn(&Path) -> io::Result<FileSystem>; 4] = [
        |_| Ok(FileSystem { free: 0, ..ROOMY }),
        |_| Ok(FileSystem { free: 48 * KIB, ..ROOMY }),
        // Enough, if the blocks were not as large as that.
        |_| Ok(FileSystem { free: 2 << 20, block: 1 << 20, ..ROOMY }),
        |_| Ok(FileSystem { free_files: Some(1), ..ROOMY }),
    ];
    for look in full {
        let (new, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(open(&old));
        for error in [
            opened(&new, policy(look)).unwrap_err(),
            opened(&old, policy(look)).unwrap_err(),
            beside(&old, policy(look)).unwrap_err(),
        ] {
            let said = error.to_string();
            assert!(matches!(error, JournalError::DiskFull { .. }), "{said}");
            assert!(said.starts_with("the disk is full: ") && !said.contains("move"), "{said}");
            assert_eq!(Exit::of(&ConnectorError::Journal(error)), Exit::Journal);
        }
        assert!(!has_journal(&new), "SQLite was not even started");
    }
}

#[tokio::test]
async fn a_command_beside_an_engine_works_on_a_full_disk() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    set_app(&engine).await;
    let beside = beside(&directory, policy(|_| Ok(FileSystem { free: 0, ..ROOMY }))).unwrap();
    assert_eq!(beside.app().await.unwrap(), Some(app()));
}

#[cfg(unix)]
#[test]
fn the_file_system_of_a_directory_is_looked_at() {
    let directory = tempfile::tempdir().unwrap();
    let found = FileSystem::of(directory.path()).unwrap();
    assert!(found.free > 0 && found.block >= 512, "{found:?}");
}

/// The directory for the child of the test below.
const DIRECTORY: &str = "BRIDGE_TEST_FULL_DISK";

/// Real file systems that are filled up, in a mount namespace of their own: tmpfs, and ext4 with blocks of 1 KiB, on which
/// SQLite's shared memory is not allocated as it thinks. Skipped where nothing can be mounted.
#[cfg(target_os = "linux")]
#[test]
fn no_journal_on_a_disk_that_is_nearly_full_is_damaged_or_ends_the_process() {
    const SCRIPT: &str = r#"
        set -e
        mkdir "$HERE/disk"
        case $KIND in
            tmpfs) mount -t tmpfs -o size=4m none "$HERE/disk" ;;
            ext4) dd if=/dev/zero of="$HERE/image" bs=1M count=8 status=none
                mke2fs -q -t ext4 -b 1024 -m 0 "$HERE/image" && mount -o loop "$HERE/image" "$HERE/disk" ;;
        esac || { echo NO-MOUNT; exit 0; }
        exec "$CHILD" --exact journal::sqlite::tests::disk::child --ignored --nocapture"#;
    for kind in ["tmpfs", "ext4"] {
        let here = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("unshare");
        child.args(["-m", "sh", "-c", SCRIPT]).env("HERE", here.path()).env("KIND", kind);
        child.env("CHILD", std::env::current_exe().unwrap()).env(DIRECTORY, here.path().join("disk"));
        let ended = child.output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        if said.contains("NO-MOUNT") || said.contains("unshare failed") {
            eprintln!("SKIPPED: {kind} cannot be mounted here: {said}");
            continue;
        }
        assert!(ended.status.success(), "{kind}: {}: {said}", ended.status);
        assert!(said.contains("TRIED 14"), "{kind}: {said}");
    }
}

#[test]
#[ignore = "a child of the test above"]
fn child() {
    let disk = std::path::PathBuf::from(std::env::var_os(DIRECTORY).unwrap());
    let state = disk.join("app");
    drop(SqliteJournal::open(&state).unwrap());
    let mut tried = 0;
    for new in [false, true] {
        for left in [0, 8, 24, 48, 64, 130, 200] {
            let state = if new { disk.join(format!("new-{left}")) } else { state.clone() };
            fill(&disk, left * KIB);
            let error = SqliteJournal::open(&state).unwrap_err();
            assert!(matches!(error, JournalError::DiskFull { .. }), "{left} KiB left: {error}");
            std::fs::remove_file(disk.join("fill")).unwrap();
            SqliteJournal::open(&state).unwrap();
            tried += 1;
        }
    }
    println!("TRIED {tried}");
}

/// Writes a file until only so many bytes are left, in steps that get smaller: a file system counts late.
fn fill(disk: &Path, left: u64) {
    use std::io::Write as _;
    let mut fill = std::fs::File::create(disk.join("fill")).unwrap();
    loop {
        let more = FileSystem::of(disk).unwrap().free.saturating_sub(left);
        let step = vec![1; usize::try_from((more / 2).max(KIB)).unwrap()];
        if more == 0 || fill.write_all(&step).and_then(|()| fill.sync_data()).is_err() {
            break;
        }
    }
}
