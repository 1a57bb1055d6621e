//! Accounts that tasks have made and that the source may merely not show yet.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use jiff::ToSpan;

use super::*;
use crate::journal::LossKind;

/// A task has made this account, and Iden knows.
async fn make(journal: &SqliteJournal, number: u8, id: &str) {
    start(journal, &task(number, None)).await;
    settle(journal, &task(number, None), touching(Some(account(id)))).await;
}

/// A journal where a task has made `made`.
async fn made() -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    make(&journal, 1, "made").await;
    journal
}

/// A task about `made` has come to its end, with this effect besides the touch.
async fn change(journal: &SqliteJournal, number: u8, effect: TaskEffect) {
    start(journal, &task(number, Some("made"))).await;
    settle(journal, &task(number, Some("made")), TaskEffect { touched: Some(account("made")), ..effect }).await;
}

/// Iden has ordered `made` away.
fn deletion() -> TaskEffect {
    let removed = Ordered { slug: "employee".into(), id: "made".into(), kind: LossKind::Removed, holds: None };
    TaskEffect { ordered: vec![removed], ..TaskEffect::default() }
}

/// A scan looks for `made` in vain, five minutes after the last one that did.
async fn miss(journal: &SqliteJournal, mode: ScanMode) {
    static MINUTES: AtomicI64 = AtomicI64::new(0);
    miss_at(journal, mode, NOW + MINUTES.fetch_add(5, Relaxed).minutes()).await;
}

async fn miss_at(journal: &SqliteJournal, mode: ScanMode, at: Timestamp) {
    journal.begin_scan(mode).await.unwrap();
    journal.set_absent("employee", vec!["made".to_owned()]).await.unwrap();
    journal.end_scan(ScanEnd::Failed, at).await.unwrap();
}

/// Whom a scan that begins now waits for.
async fn awaited(journal: &SqliteJournal) -> Vec<Touched> {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let awaited = journal.touched().await.unwrap();
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    awaited
}

#[tokio::test]
async fn an_account_that_a_task_made_is_waited_for_three_scans_long() {
    let journal = made().await;
    for _ in 0..3 {
        assert_eq!(awaited(&journal).await, [account("made")]);
        miss(&journal, ScanMode::Push).await;
    }
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn scans_that_follow_one_another_soon_count_as_one() {
    let journal = made().await;
    let at = async |minutes: i64| miss_at(&journal, ScanMode::Push, NOW + minutes.minutes()).await;
    for minutes in [0, 1, 2, 4, 5, 6, 8, 9] {
        at(minutes).await;
        assert_eq!(awaited(&journal).await, [account("made")], "after {minutes} minutes");
    }
    at(10).await;
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn a_scan_that_does_not_come_to_look_does_not_count() {
    let journal = made().await;
    for _ in 0..9 {
        assert_eq!(awaited(&journal).await, [account("made")]);
    }
}

#[tokio::test]
async fn dry_scans_wait_and_do_not_count() {
    let journal = made().await;
    for _ in 0..9 {
        miss(&journal, ScanMode::Dry).await;
    }
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("made")]);
    see_one(&journal, employee("made")).await;
    assert_eq!(journal.touched().await.unwrap(), []);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(awaited(&journal).await, [account("made")]);
}

#[tokio::test]
async fn an_account_that_a_scan_has_seen_is_waited_for_no_more() {
    let journal = made().await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("made")).await;
    assert_eq!(journal.touched().await.unwrap(), [], "nor is it looked up again by this scan");
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn an_account_that_was_made_while_a_scan_was_open_is_waited_for_by_the_next_whatever_that_one_has_seen() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("made")]).await;
    for (first, end) in [(1, ScanEnd::Failed), (3, COMPLETED)] {
        journal.begin_scan(ScanMode::Push).await.unwrap();
        // The one of before, whom Iden then has deleted and made anew.
        see_one(&journal, employee("made")).await;
        change(&journal, first, deletion()).await;
        make(&journal, first + 1, "made").await;
        assert_eq!(journal.touched().await.unwrap(), [account("made")], "it is touched since the scan began");
        journal.end_scan(end, NOW).await.unwrap();
        assert_eq!(awaited(&journal).await, [account("made")]);
        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_one(&journal, employee("made")).await;
        journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
        assert_eq!(awaited(&journal).await, []);
    }
}

#[tokio::test]
async fn a_scan_that_looked_before_the_account_was_made_has_not_missed_it() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("made")]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", vec!["made".to_owned()]).await.unwrap();
    make(&journal, 1, "made").await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    for _ in 0..3 {
        assert_eq!(awaited(&journal).await, [account("made")]);
        miss(&journal, ScanMode::Push).await;
    }
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn an_account_that_a_task_merely_changed_is_not_waited_for() {
    let journal = SqliteJournal::in_task().unwrap();
    change(&journal, 1, TaskEffect::default()).await;
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn another_task_about_it_makes_the_wait_neither_shorter_nor_longer() {
    let journal = made().await;
    for number in 2..=4 {
        change(&journal, number, TaskEffect::default()).await;
        assert_eq!(awaited(&journal).await, [account("made")]);
        miss(&journal, ScanMode::Push).await;
    }
    change(&journal, 5, TaskEffect::default()).await;
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn an_account_that_a_task_made_and_a_later_one_deleted_is_not_waited_for() {
    let journal = made().await;
    change(&journal, 2, deletion()).await;
    assert_eq!(awaited(&journal).await, []);
}

#[tokio::test]
async fn an_account_that_is_known_and_was_made_again_is_waited_for_from_the_beginning() {
    let journal = made().await;
    completed(&journal, &[], vec![employee("made")]).await;
    change(&journal, 2, deletion()).await;
    make(&journal, 3, "made").await;
    for number in 4..=5 {
        miss(&journal, ScanMode::Push).await;
        miss(&journal, ScanMode::Push).await;
        assert_eq!(awaited(&journal).await, [account("made")]);
        make(&journal, number, "made").await;
    }
}

#[tokio::test]
async fn an_account_is_waited_for_whether_or_not_its_task_is_reported_and_is_at_work_only_then() {
    let journal = SqliteJournal::in_task().unwrap();
    assert_eq!(journal.at_work().await.unwrap(), []);
    start(&journal, &task(1, Some("open"))).await;
    start(&journal, &task(2, None)).await;
    end(&journal, &task(2, None), touching(Some(account("made")))).await;
    for _ in 0..3 {
        assert_eq!(journal.at_work().await.unwrap(), [account("open")], "the other one is waited for");
        assert_eq!(awaited(&journal).await, ["made", "open"].map(account));
        miss(&journal, ScanMode::Push).await;
    }
    assert_eq!(journal.at_work().await.unwrap(), ["made", "open"].map(account));
    move_to(&journal, &task(2, None), TaskState::Reported).await;
    settle(&journal, &task(1, Some("open")), TaskEffect::default()).await;
    assert_eq!(journal.at_work().await.unwrap(), []);
}

#[tokio::test]
async fn who_is_waited_for_and_how_long_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    make(&open(&directory), 1, "made").await;
    for _ in 0..3 {
        let journal = open(&directory);
        assert_eq!(awaited(&journal).await, [account("made")]);
        miss(&journal, ScanMode::Push).await;
    }
    assert_eq!(awaited(&open(&directory)).await, []);
}
