use jiff::ToSpan;
use uuid::Uuid;

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
async fn an_inherited_app_passes_as_long_as_everybody_is_pushed_who_was_when_it_was_approved() {
    let journal = SqliteJournal::in_task().unwrap();
    pushes(&journal, &["a", "b"]).await;
    let hash = journal.set_plan(&inherited(), NOW).await.unwrap();
    approve(&journal, &hash).await;
    for (people, passes) in [(&["a", "b"][..], true), (&["c", "b", "a"], true), (&["a"], false), (&["a", "c"], false)] {
        pushes(&journal, people).await;
        // As an engine does: what it plans itself changes nothing of what was approved.
        journal.set_plan(&inherited(), NOW).await.unwrap();
        assert_eq!(covering(&journal, &inherited()).await, passes.then(|| hash.clone()), "{people:?}");
        journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    }
}

#[tokio::test]
async fn an_approval_of_an_inherited_app_is_for_that_app_only() {
    let journal = SqliteJournal::in_task().unwrap();
    pushes(&journal, &["a", "b"]).await;
    let hash = journal.set_plan(&inherited_app(1), NOW).await.unwrap();
    assert_ne!(journal.set_plan(&inherited_app(2), NOW).await.unwrap(), hash);
    approve(&journal, &hash).await;
    assert_eq!(covering(&journal, &inherited_app(2)).await, None);
    assert_eq!(covering(&journal, &inherited_app(1)).await, Some(hash));
}

#[tokio::test]
async fn the_approval_of_an_inherited_app_is_used_up_by_the_first_completed_session() {
    let journal = SqliteJournal::in_task().unwrap();
    pushes(&journal, &["a", "b"]).await;
    approve(&journal, &journal.set_plan(&inherited(), NOW).await.unwrap()).await;
    journal.end_scan(REDUCED, NOW).await.unwrap();
    assert_eq!(journal.approvals().await.unwrap()[0].used_at, None, "that session was not completed");
    pushes(&journal, &["a", "b"]).await;
    journal.end_scan(COMPLETED, NOW + 1.hour()).await.unwrap();
    assert_eq!(journal.approvals().await.unwrap()[0].used_at, Some(NOW + 1.hour()));
    pushes(&journal, &["a", "b"]).await;
    assert_eq!(covering(&journal, &inherited()).await, None);
}

fn inherited() -> Vec<HoldReason> {
    inherited_app(1)
}

fn inherited_app(number: u128) -> Vec<HoldReason> {
    vec![HoldReason::InheritedApp { app: Some(Uuid::from_u128(number).into()), counted: None, pushed: 2 }]
}

/// A scan that pushes these.
async fn pushes(journal: &SqliteJournal, people: &[&str]) {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see(journal, people.iter().map(|id| employee(id)).collect()).await;
}

async fn approve(journal: &SqliteJournal, hash: &str) {
    journal.approve(Approval::new(hash, "ada", "expected", NOW)).await.unwrap();
}

fn deactivated(count: u64) -> Vec<HoldReason> {
    vec![HoldReason::Deactivated(Excess::new("employee", count, 1, 5))]
}

/// A scan in which these are suspended and the others active. Answers with the numbers of those that are held back.
async fn suspended(journal: &SqliteJournal, those: &[&str]) -> Vec<(String, u64)> {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let of = |id: &str| if those.contains(&id) { with_status(Status::Suspended, employee(id)) } else { employee(id) };
    let seen = ["a", "b", "c", "d", "e"].map(of).to_vec();
    let ids: Vec<_> = seen.iter().map(|one| one.id.clone()).collect();
    let judged = see(journal, seen).await;
    ids.into_iter().zip(judged).filter_map(|(id, judged)| Some((id, judged.held_back?))).collect()
}

#[tokio::test]
async fn what_was_pushed_is_struck_off_although_the_session_fails_and_the_rest_stays_approved() {
    let journal = five().await;
    let held = suspended(&journal, &["a", "b", "c"]).await;
    let hash = journal.set_plan(&deactivated(3), NOW).await.unwrap();
    approve(&journal, &hash).await;
    journal.release("employee", held[..1].to_vec(), NOW).await.unwrap();
    assert_eq!(covering(&journal, &deactivated(3)).await, Some(hash.clone()), "this session has passed");
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();

    // It is not lost again by the next session, which takes the rest.
    suspended(&journal, &["a", "b", "c"]).await;
    assert_eq!(losses(&journal).await.lost.deactivated, 2);
    assert_eq!(covering(&journal, &deactivated(2)).await, Some(hash.clone()));
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();

    // Active again and then suspended once more, it is another loss.
    suspended(&journal, &[]).await;
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    suspended(&journal, &["a", "b"]).await;
    assert_eq!(losses(&journal).await.lost.deactivated, 2);
    assert_eq!(covering(&journal, &deactivated(2)).await, None);
    suspended(&journal, &["b", "c"]).await;
    assert_eq!(covering(&journal, &deactivated(2)).await, Some(hash));
}

#[tokio::test]
async fn an_approval_of_which_everything_was_pushed_is_used_up_and_covers_its_own_session_to_the_end() {
    let journal = five().await;
    let held = suspended(&journal, &["a", "b"]).await;
    let hash = journal.set_plan(&deactivated(2), NOW).await.unwrap();
    approve(&journal, &hash).await;
    journal.release("employee", held, NOW + 1.hour()).await.unwrap();
    assert_eq!(journal.approvals().await.unwrap()[0].used_at, Some(NOW + 1.hour()));
    assert_eq!(journal.set_plan(&deactivated(2), NOW).await.unwrap(), hash, "judged once more before it is completed");
    assert_eq!(covering(&journal, &deactivated(2)).await, Some(hash));
    journal.end_scan(COMPLETED, NOW + 1.hour()).await.unwrap();
    suspended(&journal, &["a", "b"]).await;
    let day = losses(&journal).await;
    assert_eq!((day.lost.deactivated, day.last_day.deactivated), (0, 0), "it was approved");
}

#[tokio::test]
async fn an_edge_that_was_approved_and_pushed_does_not_end_again_although_nobody_knows_whether_it_arrived() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"])], &["1", "2"]).await;
    let number = see_one(&journal, member("a", &["2"])).await.held_back.unwrap();
    approve(&journal, &journal.set_plan(&[], NOW).await.unwrap()).await;
    journal.release("employee", vec![("a".to_owned(), number)], NOW).await.unwrap();
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    let again = see_one(&journal, member("a", &["2"])).await;
    assert_eq!((again.held_back, again.change), (None, Change::Changed), "it is pushed once more");
    assert_eq!(losses(&journal).await.lost.edges, 0);
    assert_eq!(see_one(&journal, member("a", &[])).await.held_back.map(drop), Some(()), "and another one is a loss");
}

#[tokio::test]
async fn who_was_removed_without_needing_it_is_struck_off_as_well() {
    let (journal, hash) = approved(&["a", "b", "c"]).await;
    scan(&journal, &["a"]).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    scan(&journal, &["b", "c"]).await;
    assert_eq!(losses(&journal).await.last_day.removed, 0, "a person has approved that one");
    assert_eq!(covering(&journal, &[removed(2)]).await, Some(hash));
    // `a` comes back, and goes again.
    pushes(&journal, &["a"]).await;
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    scan(&journal, &["a", "b"]).await;
    assert_eq!(covering(&journal, &[removed(2)]).await, None);
}

#[tokio::test]
async fn an_approval_needs_its_plan_no_longer() {
    let (journal, hash) = approved(&["a", "b"]).await;
    for absent in [&["c"][..], &["d"], &["e"]] {
        scan(&journal, absent).await;
        journal.set_plan(&[], NOW + (8 * 24).hours()).await.unwrap();
    }
    assert!(journal.plan_items(&hash, 9).await.unwrap().is_empty());
    let (journal, hash) = approved(&["a", "b"]).await;
    for absent in [&["c"][..], &["d"], &["e"]].iter().cycle().take(60).enumerate() {
        scan(&journal, absent.1).await;
        let other = HoldReason::Removed(Excess::new(format!("type-{}", absent.0), 1, 0, 5));
        journal.set_plan(&[other], NOW + 1.minute()).await.unwrap();
    }
    assert!(journal.plan_items(&hash, 9).await.unwrap().is_empty());
    scan(&journal, &["a", "b"]).await;
    assert_eq!(covering(&journal, &[removed(2)]).await, Some(hash));
}

/// The clock of whoever approved was wrong, or it was set back since.
#[tokio::test]
async fn an_approval_from_the_future_is_usable_and_ends_a_day_after_the_next_sync() {
    let journal = five().await;
    scan(&journal, &["a", "b"]).await;
    let hash = journal.set_plan(&[removed(2)], NOW).await.unwrap();
    journal.approve(Approval::new(&hash, "ada", "they have left", NOW + (24 * 365).hours())).await.unwrap();
    assert!(journal.approvals().await.unwrap()[0].is_good_at(NOW), "`status` shows it");
    assert_eq!(covering(&journal, &[removed(2)]).await, Some(hash.clone()));
    journal.set_plan(&[removed(2)], NOW + 1.hour()).await.unwrap();
    assert_eq!(journal.approvals().await.unwrap()[0].at, NOW + 1.hour());
    let covering = async |hours: i64| journal.covering_approval(&[removed(2)], NOW + hours.hours()).await.unwrap();
    assert_eq!((covering(24).await, covering(25).await), (Some(hash), None));
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
    let session = OpenSession { id: None, state: SessionState::Completing, since: NOW };
    journal.begin_completing(session).await.unwrap();
    assert_eq!(covering(&journal, &[removed(2)]).await, Some(hash), "nothing is completed yet");
    journal.end_scan(COMPLETED, NOW + 1.hour()).await.unwrap();
    assert_eq!(journal.approvals().await.unwrap()[0].used_at, Some(NOW + 1.hour()));
    pushes(&journal, &["a", "b"]).await;
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    scan(&journal, &["a", "b"]).await;
    assert_eq!(covering(&journal, &[removed(2)]).await, None);
}

#[tokio::test]
async fn an_approval_that_was_given_twice_is_good_once() {
    let (journal, hash) = approved(&["a", "b"]).await;
    journal.approve(Approval::new(&hash, "ada", "again", NOW)).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    scan(&journal, &["a", "b"]).await;
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
