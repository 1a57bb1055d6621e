use bridge_core::wire::{AppId, TaskId};
use jiff::{Timestamp, ToSpan};

use super::*;

const APP: &str = "6f4b0d4e-4b3f-4b6e-9a57-1d3f2c1b0a99";

fn app() -> AppId {
    APP.parse().unwrap()
}

fn open(directory: &tempfile::TempDir) -> Journal {
    Journal::open(directory.path().join("app")).unwrap()
}

#[test]
fn what_is_written_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let task: TaskId = APP.parse().unwrap();
    let mut journal = open(&directory);
    journal.set_app(app(), Origin::Created).unwrap();
    journal.set_registered("team", "Teams").unwrap();
    journal.begin_task(task).unwrap();
    drop(journal);

    let journal = open(&directory);
    assert_eq!((journal.app(), journal.origin()), (Some(app()), Origin::Created));
    assert_eq!(journal.registered()["team"], "Teams");
    assert!(journal.was_begun(task));
}

#[test]
fn a_second_engine_is_refused_and_a_look_beside_it_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(&directory);
    assert!(matches!(Journal::open(directory.path().join("app")), Err(JournalError::Locked { .. })));
    Journal::beside(directory.path().join("app")).unwrap();
    drop(first);
    open(&directory);
}

#[test]
fn an_approval_lets_that_hold_through_for_a_day_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let mut journal = open(&directory);
    let hold = Hold { reasons: vec![HoldReason::Emptied { slug: "team".into(), before: 7 }] };
    let worse = Hold { reasons: vec![HoldReason::Emptied { slug: "team".into(), before: 8 }] };
    let now = Timestamp::UNIX_EPOCH;
    journal.set_held(hold.clone()).unwrap();
    assert!(!journal.is_approved(&hold, now).unwrap());
    assert!(matches!(journal.approve("000000000000", "typo", now), Err(ApprovalError::Unknown { .. })));

    Journal::beside(directory.path().join("app")).unwrap().approve(&hold.hash(), "teams were dissolved", now).unwrap();
    assert!(journal.is_approved(&hold, now).unwrap());
    assert!(!journal.is_approved(&worse, now).unwrap());
    assert!(!journal.is_approved(&hold, now + 25.hours()).unwrap());

    journal.set_completed(now, Completed::default()).unwrap();
    assert!(!journal.is_approved(&hold, now).unwrap(), "an approval is used up");
}

#[test]
fn unreadable_records_are_mended_not_approved() {
    let reasons = vec![HoldReason::Unreadable { slug: "team".into(), count: 1, examples: vec!["`7`".into()] }];
    assert!(!Hold { reasons }.can_be_approved());
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    open(&directory).set_app(app(), Origin::Created).unwrap();
    let mode = std::fs::metadata(directory.path().join("app/state.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_file_that_is_no_journal_is_kept_and_named() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(&directory));
    let path = directory.path().join("app/state.json");
    std::fs::write(&path, "{\"app\": 7}").unwrap();
    let error = Journal::open(directory.path().join("app")).unwrap_err().to_string();
    assert!(error.contains("state.json") && error.contains("move it away"), "{error}");
    assert!(path.exists());
}
