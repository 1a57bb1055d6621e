use jiff::ToSpan;

use super::*;
use crate::journal::{Approval, LossKind, Ordered, PlanJournal, Sum};

/// `a` is gone, `b` is suspended and leaves a team; that scan has not ended yet.
async fn three_losses() -> SqliteJournal {
    let before = vec![employee("a"), member("b", &["1"]), employee("c")];
    let journal = next_scan(&["1"], before, &["1"]).await;
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    see(&journal, vec![with_status(Status::Suspended, member("b", &[])), employee("c")]).await;
    journal.losses("employee", &[], NOW).await.unwrap();
    journal
}

async fn last_day(journal: &SqliteJournal, hours: i64) -> Sum {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.losses("employee", &[], NOW + hours.hours()).await.unwrap().last_day
}

fn end(settled: bool) -> ScanEnd {
    ScanEnd::Completed { settled }
}

async fn approve(journal: &SqliteJournal, hash: &str) {
    journal.approve(Approval::new(hash, "ada", "they have left", NOW)).await.unwrap();
}

#[tokio::test]
async fn a_completed_session_counts_for_a_day() {
    let journal = three_losses().await;
    journal.end_scan(end(true), NOW).await.unwrap();
    let all = Sum { removed: 1, deactivated: 1, edges: 1 };
    assert_eq!(last_day(&journal, 0).await, all);
    assert_eq!(last_day(&journal, 23).await, all);
    assert_eq!(last_day(&journal, 25).await, Sum::default());
}

#[tokio::test]
async fn sessions_of_a_day_are_summed() {
    let journal = three_losses().await;
    journal.end_scan(end(true), NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", vec!["b".to_owned(), "c".to_owned()]).await.unwrap();
    let at = NOW + 10.hours();
    journal.end_scan(COMPLETED, at).await.unwrap();
    assert_eq!(last_day(&journal, 20).await.removed, 3);
    assert_eq!(last_day(&journal, 30).await.removed, 2, "the first lies a day back");
}

#[tokio::test]
async fn the_day_follows_a_wall_clock_that_is_set() {
    for set in [100.hours(), -100.hours()] {
        let journal = three_losses().await;
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        let then = NOW + 20.hours() + set;
        journal.follow_clock(then - (NOW + 20.hours()), then).await.unwrap();
        journal.begin_scan(ScanMode::Push).await.unwrap();
        let removed = async |at| journal.losses("employee", &[], at).await.unwrap().last_day.removed;
        assert_eq!((removed(then).await, removed(then + 3.hours()).await, removed(then + 5.hours()).await), (1, 1, 0));
    }
}

/// The process that wrote it down had a clock that was ahead, and this one has begun since it was set right.
#[tokio::test]
async fn what_lies_in_the_future_counts_for_a_day_from_now_on() {
    let journal = three_losses().await;
    journal.end_scan(COMPLETED, NOW + (24 * 365).hours()).await.unwrap();
    journal.follow_clock(jiff::SignedDuration::ZERO, NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await.removed, 1);
    assert_eq!(last_day(&journal, 25).await.removed, 0);
}

#[tokio::test]
async fn what_a_person_approved_does_not_count() {
    let journal = three_losses().await;
    let all = journal.set_plan(&[], NOW).await.unwrap();
    approve(&journal, &all).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await, Sum::default());
}

#[tokio::test]
async fn what_goes_beside_what_a_person_approved_counts() {
    let before = vec![employee("a"), member("b", &["1"]), employee("c"), employee("d")];
    let journal = next_scan(&["1"], before, &["1"]).await;
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    let one = journal.set_plan(&[], NOW).await.unwrap();
    journal.set_absent("employee", vec!["d".to_owned()]).await.unwrap();
    see(&journal, vec![with_status(Status::Suspended, member("b", &[])), employee("c")]).await;
    approve(&journal, &one).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await, Sum { removed: 1, deactivated: 1, edges: 1 }, "all but `a`");
}

#[tokio::test]
async fn what_iden_ordered_does_not_count() {
    let journal = three_losses().await;
    let ordered = Ordered { slug: "employee".into(), id: "a".into(), kind: LossKind::Removed, holds: None };
    ordered_by_a_task(&journal, vec![ordered]).await;
    journal.end_scan(end(true), NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await.removed, 0);
}

#[tokio::test]
async fn a_session_that_only_reduced_counts_its_reductions() {
    let journal = three_losses().await;
    journal.end_scan(REDUCED, NOW).await.unwrap();
    assert_eq!(last_day(&journal, 1).await, Sum { removed: 0, deactivated: 1, edges: 1 });
}

#[tokio::test]
async fn a_session_that_took_nothing_away_does_not_count() {
    for end in [ScanEnd::Failed, ScanEnd::Kept] {
        let journal = three_losses().await;
        journal.end_scan(end, NOW).await.unwrap();
        assert_eq!(last_day(&journal, 0).await, Sum::default());
    }
}

#[tokio::test]
async fn one_who_stays_known_because_of_a_task_does_not_count_at_each_session() {
    let journal = three_losses().await;
    start(&journal, &task(1, Some("a"))).await;
    move_to(&journal, &task(1, Some("a")), TaskState::Parked).await;
    journal.end_scan(end(true), NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c"]);
    assert_eq!(last_day(&journal, 0).await.removed, 0);
}

#[tokio::test]
async fn a_removal_that_iden_has_not_carried_out_counts_once_it_has() {
    let journal = three_losses().await;
    journal.end_scan(end(false), NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await, Sum { removed: 0, deactivated: 1, edges: 1 });
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    journal.end_scan(end(true), NOW).await.unwrap();
    assert_eq!(last_day(&journal, 0).await.removed, 1, "once");
}
