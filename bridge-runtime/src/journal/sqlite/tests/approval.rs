use jiff::ToSpan;

use super::*;
use crate::journal::{
    Approval, ApprovalError, Excess, HoldReason, LossKind, OpenSession, PlanJournal, SessionJournal, SessionState,
};

fn removed(count: u64) -> HoldReason {
    HoldReason::Removed(Excess::new("employee", count, 1, 5))
}

async fn five() -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], ["a", "b", "c", "d", "e"].map(employee).to_vec()).await;
    journal
}

/// A scan in which these are gone.
async fn scan(journal: &SqliteJournal, absent: &[&str]) {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", absent.iter().map(|id| (*id).to_owned()).collect()).await.unwrap();
}

/// A person has approved that these are removed.
async fn approved(absent: &[&str]) -> (SqliteJournal, String) {
    let journal = five().await;
    scan(&journal, absent).await;
    let reason = removed(absent.len() as u64);
    let hash = journal.set_plan(std::slice::from_ref(&reason), NOW).await.unwrap();
    let hold = journal.approve(Approval::new(&hash, "ada", "they have left", NOW)).await.unwrap();
    assert_eq!((&hold.hash, hold.reasons), (&hash, vec![reason]));
    (journal, hash)
}

async fn covering(journal: &SqliteJournal, reasons: &[HoldReason]) -> Option<String> {
    journal.covering_approval(reasons, NOW + 1.hour()).await.unwrap()
}

#[tokio::test]
async fn that_set_and_any_part_of_it_pass_and_one_more_does_not() {
    let (journal, hash) = approved(&["a", "b", "c"]).await;
    for (absent, passes) in [
        (&["a", "b", "c"][..], true),
        (&["a", "c"], true),
        (&[], true),
        (&["a", "b", "c", "d"], false),
        (&["a", "d"], false),
    ] {
        scan(&journal, absent).await;
        let found = covering(&journal, &[removed(absent.len() as u64)]).await;
        assert_eq!(found, passes.then(|| hash.clone()), "{absent:?}");
    }
}

#[tokio::test]
async fn losses_that_no_reason_is_about_need_no_approval() {
    let (journal, hash) = approved(&["a", "b"]).await;
    scan(&journal, &["a", "b"]).await;
    see_one(&journal, with_status(Status::Inactive, employee("c"))).await;
    assert_eq!(covering(&journal, &[removed(2)]).await, Some(hash));
    let deactivated = HoldReason::Deactivated(Excess::new("employee", 1, 0, 5));
    assert_eq!(covering(&journal, &[removed(2), deactivated]).await, None, "that was not approved");
}

#[tokio::test]
async fn every_reason_has_to_be_approved() {
    let (journal, _) = approved(&["a", "b"]).await;
    let last_day = |kind| HoldReason::LastDay { kind, excess: Excess::new("employee", 2, 1, 5) };
    let churn = HoldReason::Churn { slug: "employee".to_owned(), removed: 2, created: 2, before: 5 };
    let of_teams = HoldReason::Removed(Excess::new("team", 2, 1, 5));
    for other in [last_day(LossKind::Removed), churn, of_teams] {
        assert_eq!(covering(&journal, &[removed(2), other]).await, None);
    }
}

#[tokio::test]
async fn an_inherited_app_passes_as_long_as_no_fewer_are_pushed() {
    let inherited = |pushed| HoldReason::InheritedApp { counted: None, pushed };
    let journal = five().await;
    scan(&journal, &[]).await;
    let hash = journal.set_plan(&[inherited(10)], NOW).await.unwrap();
    journal.approve(Approval::new(&hash, "ada", "adopted", NOW)).await.unwrap();
    for (pushed, passes) in [(11, true), (10, true), (9, false)] {
        // As an engine does, which makes the same plan once more.
        assert_eq!(journal.set_plan(&[inherited(pushed)], NOW).await.unwrap(), hash);
        assert_eq!(covering(&journal, &[inherited(pushed)]).await, passes.then(|| hash.clone()), "{pushed}");
    }
}

#[tokio::test]
async fn an_approval_is_good_for_a_day() {
    let (journal, hash) = approved(&["a", "b"]).await;
    let covering = async |hours: i64| journal.covering_approval(&[removed(2)], NOW + hours.hours()).await.unwrap();
    assert_eq!(covering(23).await, Some(hash));
    assert_eq!(covering(24).await, None);
}

#[tokio::test]
async fn an_approval_is_good_once() {
    let (journal, hash) = approved(&["a", "b"]).await;
    let session = OpenSession { id: None, state: SessionState::Completing, since: NOW + 1.hour() };
    journal.begin_completing(session.clone(), Some(&hash)).await.unwrap();
    assert_eq!(covering(&journal, &[removed(2)]).await, None);
    let kept = journal.approvals().await.unwrap();
    assert_eq!(kept[0].used_at, Some(NOW + 1.hour()));
    assert!(journal.begin_completing(session, Some(&hash)).await.is_err(), "it was used up in the meantime");
}

#[tokio::test]
async fn an_approval_that_was_given_twice_is_good_once() {
    let (journal, hash) = approved(&["a", "b"]).await;
    journal.approve(Approval::new(&hash, "ada", "again", NOW)).await.unwrap();
    let session = OpenSession { id: None, state: SessionState::Completing, since: NOW };
    journal.begin_completing(session, Some(&hash)).await.unwrap();
    assert_eq!(covering(&journal, &[removed(2)]).await, None);
}

#[tokio::test]
async fn a_plan_that_nobody_made_cannot_be_approved() {
    let journal = five().await;
    let error = journal.approve(Approval::new("000000000000", "ada", "typo", NOW)).await.unwrap_err();
    assert!(matches!(error, ApprovalError::Unknown { .. }), "{error}");
    assert!(journal.approvals().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_has_to_be_mended_cannot_be_approved() {
    let journal = five().await;
    scan(&journal, &["a", "b"]).await;
    let unreadable = HoldReason::Unreadable { slug: "employee".to_owned(), count: 1, examples: vec!["`7`".to_owned()] };
    let hash = journal.set_plan(&[removed(2), unreadable], NOW).await.unwrap();
    let error = journal.approve(Approval::new(&hash, "ada", "hurry", NOW)).await.unwrap_err();
    assert!(matches!(&error, ApprovalError::Refused { why, .. } if why.contains("unreadable")), "{error}");
    assert!(journal.approvals().await.unwrap().is_empty());
}

#[tokio::test]
async fn approvals_given_beside_the_engine_are_seen_and_kept_the_last_one_first() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    completed(&engine, &[], ["a", "b", "c"].map(employee).to_vec()).await;
    scan(&engine, &["a", "b"]).await;
    let hash = engine.set_plan(&[removed(2)], NOW).await.unwrap();
    let beside = beside(&directory);
    let (first, second) =
        (Approval::new(&hash, "ada", "they have left", NOW), Approval::new(&hash, "bob", "indeed", NOW + 1.hour()));
    for approval in [&first, &second] {
        beside.approve(approval.clone()).await.unwrap();
    }
    assert_eq!(covering(&engine, &[removed(2)]).await, Some(hash));
    drop((engine, beside));
    assert_eq!(open(&directory).approvals().await.unwrap(), [second, first]);
}
