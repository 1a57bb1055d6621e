//! Creations of which nobody knows what they made, while somebody is missing from the source.

use std::ops::Range;

use jiff::ToSpan;

use super::*;
use crate::journal::Retry;

fn creation() -> SeenTask {
    SeenTask { action: "create_account".to_owned(), ..task(1, None) }
}

/// The quarter of an hour before this many minutes.
fn before(minutes: i64) -> Range<Timestamp> {
    NOW + (minutes - 15).minutes()..NOW + minutes.minutes()
}

/// A journal where a creation was begun, and a scan that finds `gone` absent.
async fn begun(gone: &[&str]) -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("b")]).await;
    start(&journal, &creation()).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", gone.iter().map(|id| (*id).to_owned()).collect()).await.unwrap();
    journal
}

async fn unclear(journal: &SqliteJournal) -> Option<TaskId> {
    journal.unclear_creation(before(1)).await.unwrap()
}

#[tokio::test]
async fn a_creation_that_was_begun_is_unclear_until_it_has_an_end() {
    let journal = begun(&["a"]).await;
    assert_eq!(unclear(&journal).await, Some(task_id(1)));
    for to in [TaskState::Interrupted, TaskState::Parked] {
        move_to(&journal, &creation(), to).await;
        assert_eq!(unclear(&journal).await, Some(task_id(1)), "{to}");
    }
    end(&journal, &creation(), touching(Some(account("c")))).await;
    assert_eq!(unclear(&journal).await, None);
}

#[tokio::test]
async fn it_matters_only_where_somebody_of_its_type_is_missing() {
    assert_eq!(unclear(&begun(&[]).await).await, None);
}

#[tokio::test]
async fn it_matters_only_for_a_while() {
    let journal = begun(&["a"]).await;
    for (minutes, is_recent) in [(0, true), (15, true), (16, false), (-1, false)] {
        let unclear = journal.unclear_creation(before(minutes)).await.unwrap();
        assert_eq!(unclear.is_some(), is_recent, "{minutes}");
    }
}

#[tokio::test]
async fn one_that_somebody_else_has_settled_is_as_unclear_as_it_was() {
    for to in [TaskState::Conflict, TaskState::Gone] {
        let journal = begun(&["a"]).await;
        move_to(&journal, &creation(), TaskState::Parked).await;
        // That resets the number of its attempts.
        journal.retry_task(task_id(1), Retry::Settle, NOW).await.unwrap();
        move_to(&journal, &creation(), to).await;
        assert_eq!(unclear(&journal).await, Some(task_id(1)), "{to}");
    }
}

#[tokio::test]
async fn one_that_was_never_begun_has_made_nobody() {
    let journal = begun(&["a"]).await;
    end(&journal, &creation(), TaskEffect::default()).await;
    let other = SeenTask { id: task_id(2), ..creation() };
    journal.see_tasks(vec![other.clone()], NOW).await.unwrap();
    move_to(&journal, &other, TaskState::Conflict).await;
    assert_eq!(unclear(&journal).await, None);
}

#[tokio::test]
async fn an_end_that_says_that_nobody_knows_is_unclear() {
    for (code, is_unclear) in [("outcome_unknown", true), ("account_already_exists", false)] {
        let journal = begun(&["a"]).await;
        let failed = TaskEnd { report: TaskReport::failed(code, "so it is"), secret: false };
        journal.end_task(&creation(), &failed, TaskEffect::default(), NOW).await.unwrap();
        assert_eq!(unclear(&journal).await.is_some(), is_unclear, "{code}");
    }
}

#[tokio::test]
async fn one_that_failed_after_an_attempt_was_cut_off_is_unclear() {
    let journal = begun(&["a"]).await;
    move_to(&journal, &creation(), TaskState::Interrupted).await;
    start(&journal, &creation()).await;
    let failed = TaskEnd { report: TaskReport::failed("account_already_exists", "so it is"), secret: false };
    journal.end_task(&creation(), &failed, TaskEffect::default(), NOW).await.unwrap();
    assert_eq!(unclear(&journal).await, Some(task_id(1)));
}

#[tokio::test]
async fn a_creation_that_failed_after_verify_denied_the_interrupted_attempt_has_made_nobody() {
    let failed = TaskEnd { report: TaskReport::failed("permission_denied", "no"), secret: false };
    for (cut_off_again, is_unclear) in [(false, false), (true, true)] {
        let journal = begun(&["a"]).await;
        move_to(&journal, &creation(), TaskState::Interrupted).await;
        // What the engine writes if `verify` says that nothing was done.
        move_to(&journal, &creation(), TaskState::Seen).await;
        start(&journal, &creation()).await;
        if cut_off_again {
            move_to(&journal, &creation(), TaskState::Interrupted).await;
            start(&journal, &creation()).await;
        }
        journal.end_task(&creation(), &failed, TaskEffect::default(), NOW).await.unwrap();
        assert_eq!(unclear(&journal).await.is_some(), is_unclear, "cut off again: {cut_off_again}");
    }
}

#[tokio::test]
async fn other_tasks_make_nobody() {
    let journal = begun(&["a"]).await;
    end(&journal, &creation(), TaskEffect::default()).await;
    start(&journal, &task(2, Some("b"))).await;
    assert_eq!(unclear(&journal).await, None);
}
