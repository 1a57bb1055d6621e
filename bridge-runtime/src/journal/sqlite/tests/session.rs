use bridge_core::wire::SyncId;
use jiff::ToSpan;

use super::*;
use crate::journal::{
    Approval, Excess, Hold, HoldReason, LossKind, OpenSession, Ordered, PlanJournal, SessionJournal, SessionState, Sum,
};

fn session(state: SessionState) -> OpenSession {
    let id: SyncId = APP.parse().unwrap();
    OpenSession { id: Some(id), state, since: NOW }
}

#[tokio::test]
async fn how_far_a_session_is_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    assert_eq!(journal.session().await.unwrap(), None);
    let opening = OpenSession { id: None, ..session(SessionState::Opening) };
    for state in [opening, session(SessionState::Scanning), session(SessionState::Abandoning)] {
        journal.set_session(Some(state.clone())).await.unwrap();
        assert_eq!(journal.session().await.unwrap(), Some(state));
    }
    drop(journal);
    let journal = open(&directory);
    assert_eq!(journal.session().await.unwrap(), Some(session(SessionState::Abandoning)));
    journal.set_session(None).await.unwrap();
    assert_eq!(journal.session().await.unwrap(), None);
}

/// Of three employees `b` and `c` are gone; the session is about to be completed, and the process ends.
async fn killed(directory: &tempfile::TempDir, approve: bool) -> SqliteJournal {
    completed(&open(directory), &[], ["a", "b", "c"].map(employee).to_vec()).await;
    killed_after(directory, approve).await
}

async fn killed_after(directory: &tempfile::TempDir, approve: bool) -> SqliteJournal {
    let journal = open(directory);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_session(Some(session(SessionState::Scanning))).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.set_absent("employee", vec!["b".to_owned(), "c".to_owned()]).await.unwrap();
    let reasons = [HoldReason::Removed(Excess::new("employee", 2, 1, 3))];
    let hash = journal.set_plan(&reasons, NOW).await.unwrap();
    journal.set_held(Some(&Hold::new(&hash, vec![]))).await.unwrap();
    if approve {
        journal.approve(Approval::new(&hash, "ada", "they have left", NOW)).await.unwrap();
    }
    journal.begin_completing(session(SessionState::Completing)).await.unwrap();
    drop(journal);
    open(directory)
}

#[tokio::test]
async fn a_session_that_was_completed_after_all_removes_whom_it_did_not_hold() {
    let directory = tempfile::tempdir().unwrap();
    let journal = killed(&directory, false).await;
    assert_eq!(journal.session().await.unwrap(), Some(session(SessionState::Completing)));
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c"]);
    // What was prepared stays with its session.
    journal.set_session(Some(session(SessionState::Settling))).await.unwrap();

    let at = NOW + 1.hour();
    journal.settle_completed(at).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"]);
    assert_eq!(journal.session().await.unwrap(), None);
    assert_eq!(journal.completed_at().await.unwrap(), Some(at));
    assert_eq!(journal.held().await.unwrap(), None);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let losses = journal.losses("employee", &[], at).await.unwrap();
    assert_eq!(losses.baseline, 1);
    assert_eq!(losses.last_day, Sum { removed: 2, ..Sum::default() });
}

#[tokio::test]
async fn what_was_approved_does_not_count_after_a_restart_either() {
    let directory = tempfile::tempdir().unwrap();
    let journal = killed(&directory, true).await;
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"]);
    assert!(journal.approvals().await.unwrap()[0].used_at.is_some());
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(losses(&journal).await.last_day, Sum::default());
}

#[tokio::test]
async fn whom_iden_ordered_away_goes_with_the_session_and_does_not_count() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    completed(&journal, &[], ["a", "b", "c"].map(employee).to_vec()).await;
    let removal = Ordered { slug: "employee".into(), id: "b".into(), kind: LossKind::Removed, holds: None };
    ordered_by_a_task(&journal, vec![removal.clone()]).await;
    drop(journal);
    let journal = killed_after(&directory, false).await;
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"]);
    assert!(!journal.is_ordered(&removal).await.unwrap(), "it has been fulfilled");
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let losses = losses(&journal).await;
    assert_eq!((losses.baseline, losses.last_day.removed), (1, 1));
}

#[tokio::test]
async fn the_baseline_is_what_the_session_held_whatever_tasks_have_made_since() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("b")]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.set_absent("employee", vec!["b".to_owned()]).await.unwrap();
    journal.begin_completing(session(SessionState::Completing)).await.unwrap();
    journal.end_scan(ScanEnd::Completed { settled: false }, NOW).await.unwrap();
    start(&journal, &task(1, Some("c"))).await;
    settle(&journal, &task(1, Some("c")), TaskEffect::default()).await;
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "c"]);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(losses(&journal).await.baseline, 1);
}

#[tokio::test]
async fn an_account_that_a_task_touched_since_is_not_settled_away() {
    let directory = tempfile::tempdir().unwrap();
    let journal = killed(&directory, false).await;
    start(&journal, &task(1, Some("b"))).await;
    settle(&journal, &task(1, Some("b")), TaskEffect::default()).await;
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b"]);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(losses(&journal).await.last_day.removed, 1, "nor is it counted");
}

#[tokio::test]
async fn a_session_that_was_not_completed_removes_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let journal = killed(&directory, false).await;
    journal.set_session(Some(session(SessionState::Abandoning))).await.unwrap();
    journal.set_session(None).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c"]);
    assert_eq!(journal.held().await.unwrap().map(|hold| hold.reasons), Some(vec![]), "it is held still");
}

#[tokio::test]
async fn another_session_does_not_inherit_what_was_prepared() {
    let directory = tempfile::tempdir().unwrap();
    let journal = killed(&directory, false).await;
    let other = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11".parse().unwrap();
    journal.set_session(Some(OpenSession { id: Some(other), ..session(SessionState::Completing) })).await.unwrap();
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_completed_scan_closes_the_session() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.begin_completing(session(SessionState::Completing)).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(journal.session().await.unwrap(), None);
}
