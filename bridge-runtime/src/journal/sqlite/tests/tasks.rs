use std::collections::HashSet;

use bridge_core::wire::{TaskId, TaskReport};

use super::*;
use crate::journal::{BegunTask, TaskJournal, Touched};

fn id(number: u8) -> TaskId {
    format!("00000000-0000-4000-8000-0000000000{number:02}").parse().unwrap()
}

fn task(number: u8, account: Option<&str>) -> BegunTask {
    BegunTask { id: id(number), slug: "employee".to_owned(), account: account.map(str::to_owned) }
}

fn account(id: &str) -> Touched {
    Touched { slug: "employee".to_owned(), id: id.to_owned() }
}

#[tokio::test]
async fn a_task_that_was_begun_is_remembered_until_it_is_ended() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    assert!(!journal.was_begun(id(1)).await.unwrap());
    journal.begin_task(&task(2, None)).await.unwrap();
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    drop(journal);

    let journal = open(&directory);
    assert!(journal.was_begun(id(1)).await.unwrap());
    assert_eq!(journal.begun().await.unwrap(), [id(1), id(2)]);
    assert_eq!(journal.outcome(id(1)).await.unwrap(), None);
    journal.end_task(id(1)).await.unwrap();
    assert!(!journal.was_begun(id(1)).await.unwrap());
    assert_eq!(journal.begun().await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn an_outcome_outlives_the_process_until_it_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let report = TaskReport::failed("account_not_found", "no employee a");
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    journal.set_outcome(id(1), &report, touching(Some(account("a")))).await.unwrap();
    // No handler takes it, so it never began.
    journal.set_outcome(id(2), &report, touching(None)).await.unwrap();
    drop(journal);

    let journal = open(&directory);
    for task in [id(1), id(2)] {
        assert_eq!(journal.outcome(task).await.unwrap(), Some(report.clone()));
        journal.end_task(task).await.unwrap();
        assert_eq!(journal.outcome(task).await.unwrap(), None);
    }
}

#[tokio::test]
async fn settled_tasks_are_forgotten_and_the_others_are_not() {
    let journal = SqliteJournal::in_task().unwrap();
    for number in 1..=3 {
        journal.begin_task(&task(number, None)).await.unwrap();
    }
    journal.forget_tasks_but(&HashSet::from([id(2), id(7)])).await.unwrap();
    assert_eq!(journal.begun().await.unwrap(), [id(2)]);
}

#[tokio::test]
async fn an_account_is_known_before_the_task_that_may_make_it_and_stays_known() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    drop(journal);
    let journal = open(&directory);
    assert_eq!(known(&journal, "employee").await, ["a"]);

    let made = TaskReport::completed(None);
    journal.begin_task(&task(2, None)).await.unwrap();
    journal.set_outcome(id(2), &made, touching(Some(account("b")))).await.unwrap();
    journal.end_task(id(1)).await.unwrap();
    journal.end_task(id(2)).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b"]);
}

#[tokio::test]
async fn an_account_of_which_only_a_task_tells_has_no_status_to_lose() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let judged = see_one(&journal, with_status(Status::Inactive, employee("a"))).await;
    assert_eq!((judged.change, judged.held_back), (Change::Changed, None), "Iden may hold it");
    assert_eq!(losses(&journal).await.lost.deactivated, 0);
}

#[tokio::test]
async fn a_task_does_not_change_what_is_known_of_an_account() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["1"], vec![member("a", &["1"])]).await;
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;
    assert!(see_one(&journal, member("a", &[])).await.held_back.is_some());
}

#[tokio::test]
async fn accounts_touched_since_the_scan_began_are_told_and_those_of_open_tasks() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_task(&task(1, Some("before"))).await.unwrap();
    journal.end_task(id(1)).await.unwrap();
    journal.begin_task(&task(2, Some("open"))).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("open")]);

    journal.begin_task(&task(3, Some("since"))).await.unwrap();
    journal.end_task(id(3)).await.unwrap();
    journal.begin_task(&task(4, None)).await.unwrap();
    journal.set_outcome(id(4), &TaskReport::completed(None), touching(Some(account("made")))).await.unwrap();
    journal.end_task(id(4)).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), ["made", "open", "since"].map(account));

    // Touched once more by its outcome.
    journal.end_scan(COMPLETED).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_outcome(id(2), &TaskReport::completed(None), touching(Some(account("open")))).await.unwrap();
    journal.end_task(id(2)).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("open")]);
}

#[tokio::test]
async fn touches_that_are_forgotten_do_not_come_again_under_an_old_number() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_task(&task(1, Some("a"))).await.unwrap();
    journal.end_task(id(1)).await.unwrap();
    // Forgets the touch, and with it the last number.
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.end_scan(COMPLETED).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.begin_task(&task(2, Some("a"))).await.unwrap();
    journal.end_task(id(2)).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("a")]);
}
