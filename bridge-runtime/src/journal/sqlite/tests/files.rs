use std::{fs, path::PathBuf, time::Duration};

use rusqlite::Connection;

use super::*;
use crate::journal::{ControlJournal, JournalError, sqlite::schema::VERSION};

fn file(directory: &tempfile::TempDir) -> PathBuf {
    directory.path().join("app/journal.db")
}

fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let entries = fs::read_dir(directory.path().join("app")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn refusal(directory: &tempfile::TempDir) -> JournalError {
    SqliteJournal::open(directory.path().join("app")).unwrap_err()
}

#[tokio::test]
async fn a_second_engine_is_refused_until_the_first_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(&directory);
    assert!(matches!(refusal(&directory), JournalError::Locked { .. }));
    drop(first);
    open(&directory);
}

#[tokio::test]
async fn a_command_beside_the_engine_sees_what_the_engine_wrote_and_the_other_way_round() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    set_app(&engine).await;
    let beside = beside(&directory);
    assert_eq!(beside.app().await.unwrap(), Some(app()));
    beside.set_registered("team", Kind::Group, "Teams").await.unwrap();
    assert_eq!(engine.types().await.unwrap().len(), 1);
    engine.set_registered("employee", Kind::Account, "Employees").await.unwrap();
    assert_eq!(beside.types().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_command_without_a_journal_sees_an_empty_one_and_makes_it_when_it_writes() {
    let directory = tempfile::tempdir().unwrap();
    let beside = beside(&directory);
    assert_eq!(beside.app().await.unwrap(), None);
    assert_eq!(beside.types().await.unwrap(), []);
    assert!(!directory.path().join("app").exists(), "looking leaves no trace");

    beside.set_registered("team", Kind::Group, "Teams").await.unwrap();
    drop(beside);
    assert_eq!(open(&directory).types().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_that_was_there_first_sees_a_journal_that_comes() {
    let directory = tempfile::tempdir().unwrap();
    let beside = beside(&directory);
    assert_eq!(beside.app().await.unwrap(), None);
    let engine = open(&directory);
    set_app(&engine).await;
    assert_eq!(beside.app().await.unwrap(), Some(app()));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_any_of_its_files() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;

    let folder = directory.path().join("app");
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let files = names(&directory);
    assert!(files.iter().any(|name| name == "journal.db-wal"), "{files:?}");
    assert!(files.iter().any(|name| name.starts_with("scratch-")), "{files:?}");
    for name in files {
        let mode = fs::metadata(folder.join(&name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_could_read_is_closed_to_them() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    fs::set_permissions(file(&directory), fs::Permissions::from_mode(0o644)).unwrap();
    drop(open(&directory));
    assert_eq!(fs::metadata(file(&directory)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_scan_leaves_no_file_behind() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let scratch = || names(&directory).iter().any(|name| name.starts_with("scratch-"));
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert!(scratch());
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert!(!scratch(), "after its end");

    journal.begin_scan(ScanMode::Push).await.unwrap();
    drop(journal);
    assert!(!scratch(), "after the journal's end");

    fs::write(directory.path().join("app/scratch-1-0.db"), "left by a killed process").unwrap();
    drop(open(&directory));
    assert!(!scratch(), "after a kill");
}

const NEWER: i64 = VERSION + 1;

#[tokio::test]
async fn a_journal_of_a_newer_version_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    Connection::open(file(&directory)).unwrap().pragma_update(None, "user_version", NEWER).unwrap();
    let before = fs::read(file(&directory)).unwrap();

    let error = refusal(&directory);
    assert!(matches!(error, JournalError::Newer { found: NEWER, known: VERSION, .. }), "{error}");
    assert!(SqliteJournal::beside(directory.path().join("app")).is_err());
    assert_eq!(fs::read(file(&directory)).unwrap(), before);
}

#[tokio::test]
async fn a_file_that_is_no_journal_is_kept_and_named() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    fs::write(file(&directory), "a shopping list, and long enough to be read as the head of a database".repeat(9))
        .unwrap();
    let before = fs::read(file(&directory)).unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("journal.db") && error.to_string().contains("move it away"), "{error}");
    assert_eq!(fs::read(file(&directory)).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_something_else_is_kept_and_named() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    fs::remove_file(file(&directory)).unwrap();
    Connection::open(file(&directory)).unwrap().execute_batch("CREATE TABLE person (name TEXT)").unwrap();
    let before = fs::read(file(&directory)).unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
    assert_eq!(fs::read(file(&directory)).unwrap(), before);
}

/// A journal with some thousand records, closed.
async fn filled(directory: &tempfile::TempDir) {
    let journal = open(directory);
    let employees = (0..5000).map(|id| member(&format!("{id:05}"), &["1", "2"])).collect();
    completed(&journal, &["1", "2"], employees).await;
}

#[tokio::test]
async fn a_damaged_page_is_found_when_it_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    filled(&directory).await;
    let mut bytes = fs::read(file(&directory)).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xA5);
    fs::write(file(&directory), bytes).unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn a_journal_that_was_cut_short_is_found_when_it_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    filled(&directory).await;
    let length = fs::metadata(file(&directory)).unwrap().len();
    fs::OpenOptions::new().write(true).open(file(&directory)).unwrap().set_len(length / 2).unwrap();
    let error = refusal(&directory);
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn a_journal_that_was_dropped_is_one_file() {
    let directory = tempfile::tempdir().unwrap();
    filled(&directory).await;
    assert_eq!(names(&directory), ["engine.lock", "journal.db"], "the log is in it");
}

#[tokio::test]
async fn the_journal_of_an_earlier_version_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("app")).unwrap();
    let old = directory.path().join("app/state.json");
    fs::write(&old, r#"{"app": "6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99"}"#).unwrap();
    assert_eq!(open(&directory).app().await.unwrap(), None);
    assert!(old.exists());
}

#[tokio::test]
async fn a_call_that_panics_is_an_error_for_those_that_follow() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let panicked = journal.call::<()>("read", |_| panic!("a defect")).await.unwrap_err();
    assert!(matches!(panicked, JournalError::Entry { .. }), "{panicked}");
    let later = tokio::time::timeout(Duration::from_secs(5), journal.app()).await.unwrap();
    assert!(matches!(later, Err(JournalError::Entry { .. })), "{later:?}");
}

#[tokio::test]
async fn a_call_is_done_even_if_nobody_waits_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    {
        let mut written = Box::pin(journal.set_registered("team", Kind::Group, "Teams"));
        // Sends it, and does not wait for the answer.
        assert!(futures_util::poll!(&mut written).is_pending());
    }
    assert_eq!(journal.types().await.unwrap().len(), 1);
}

#[test]
fn several_can_make_the_journal_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let start = std::sync::Barrier::new(8);
    let make = |number: usize| {
        start.wait();
        let journal = if number == 0 { open(&directory) } else { beside(&directory) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(journal.set_registered(&format!("type{number}"), Kind::Group, "Type")).unwrap();
    };
    std::thread::scope(|scope| {
        for number in 0..8 {
            let make = &make;
            scope.spawn(move || make(number));
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(open(&directory).types()).unwrap().len(), 8);
}

#[tokio::test]
async fn a_command_beside_an_engine_that_writes_does_not_wait_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let _engine = open(&directory);
    let writer = Connection::open(file(&directory)).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = std::time::Instant::now();
    let beside = beside(&directory);
    assert_eq!((beside.status().await.unwrap(), beside.app().await.unwrap()), (None, None));
    drop(beside);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    writer.execute_batch("ROLLBACK").unwrap();
}
