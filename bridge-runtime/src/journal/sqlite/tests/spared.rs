//! A type of which a completed session pushed nothing: Iden may have left it alone (question P12).

use super::*;
use crate::journal::{OpenSession, PlanJournal, SessionJournal, SessionState};

/// How many records of a type Iden may hold.
async fn count(journal: &SqliteJournal, slug: &str) -> u64 {
    journal.types().await.unwrap().into_iter().find(|one| one.slug == slug).unwrap().known
}

async fn missing_teams(journal: &SqliteJournal) -> Vec<String> {
    journal.missing("team", None, 9).await.unwrap()
}

async fn team_losses(journal: &SqliteJournal) -> Losses {
    journal.losses("team", &["red".to_owned()], NOW).await.unwrap()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A scan that has seen the employee `a` and these teams.
async fn scan(journal: &SqliteJournal, teams: &[&str]) {
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(journal, teams).await;
    see_one(journal, employee("a")).await;
}

/// Of the teams `red` and `blue` none was left, and that session was completed.
async fn emptied() -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["red", "blue"], vec![employee("a")]).await;
    scan(&journal, &[]).await;
    journal.set_absent("team", ids(&["red", "blue"])).await.unwrap();
    assert_eq!(team_losses(&journal).await.lost.removed, 2);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal
}

#[tokio::test]
async fn whoever_iden_may_have_left_alone_stays_known() {
    assert_eq!(count(&emptied().await, "team").await, 2);
}

#[tokio::test]
async fn as_long_as_the_type_stays_empty_nobody_is_asked_about_them_again() {
    let journal = emptied().await;
    for _ in 0..3 {
        scan(&journal, &[]).await;
        assert_eq!(missing_teams(&journal).await, ids(&[]));
        let losses = team_losses(&journal).await;
        assert_eq!((losses.baseline, losses.lost.removed, losses.protected), (0, 0, vec![]));
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        assert_eq!(count(&journal, "team").await, 2, "Iden may have left them alone again");
    }
}

#[tokio::test]
async fn they_go_without_another_leave_once_the_type_has_records_again() {
    let journal = emptied().await;
    scan(&journal, &["green"]).await;
    assert_eq!(missing_teams(&journal).await, ["blue", "red"], "now completing removes them for certain");
    journal.set_absent("team", ids(&["red", "blue"])).await.unwrap();
    let losses = team_losses(&journal).await;
    assert_eq!((losses.lost.removed, losses.protected), (0, vec![]));
    let plan = journal.set_plan(&[], NOW).await.unwrap();
    assert_eq!(journal.plan_items(&plan, 9).await.unwrap(), []);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(count(&journal, "team").await, 1);
    assert_eq!(known(&journal, "team").await, ["green"]);
}

#[tokio::test]
async fn whoever_comes_back_counts_again_when_it_is_lost_even_if_that_session_failed() {
    for end in [COMPLETED, ScanEnd::Failed] {
        let journal = emptied().await;
        scan(&journal, &["red"]).await;
        journal.end_scan(end, NOW).await.unwrap();
        scan(&journal, &["green"]).await;
        journal.set_absent("team", missing_teams(&journal).await).await.unwrap();
        let losses = team_losses(&journal).await;
        assert_eq!((losses.lost.removed, losses.protected), (1, ids(&["red"])), "{end:?}");
    }
}

#[tokio::test]
async fn one_that_comes_back_may_be_held_otherwise_by_iden() {
    let journal = emptied().await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let judged = see_teams(&journal, &["red", "green"]).await;
    assert_eq!(judged.iter().map(|one| one.change).collect::<Vec<_>>(), [Change::Changed, Change::Created]);
}

#[tokio::test]
async fn an_account_that_a_task_touches_counts_again() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a")]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", ids(&["a"])).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ids(&[]), "it was spared");

    start(&journal, &task(1, Some("a"))).await;
    settle(&journal, &task(1, Some("a")), TaskEffect::default()).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(journal.missing("employee", None, 9).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn the_last_one_whom_iden_ordered_away_is_spared_and_the_order_is_used_up() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a")]).await;
    let removal = Ordered { slug: "employee".into(), id: "a".into(), kind: LossKind::Removed, holds: None };
    ordered_by_a_task(&journal, vec![removal.clone()]).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.set_absent("employee", ids(&["a"])).await.unwrap();
    assert_eq!(losses(&journal).await.lost.removed, 0);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(count(&journal, "employee").await, 1);
    assert!(!journal.is_ordered(&removal).await.unwrap());
}

#[tokio::test]
async fn a_new_record_that_iden_refuses_is_not_known_whatever_was_spared() {
    let journal = emptied().await;
    scan(&journal, &["green"]).await;
    journal.reject("team", "green", true).await.unwrap();
    assert_eq!(count(&journal, "team").await, 2);
    assert_eq!(missing_teams(&journal).await, ids(&[]), "nothing of the type was taken");
}

#[tokio::test]
async fn whoever_was_spared_is_so_after_a_kill_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    completed(&journal, &["red", "blue"], vec![employee("a"), employee("b")]).await;
    scan(&journal, &[]).await;
    journal.set_absent("team", ids(&["red", "blue"])).await.unwrap();
    journal.set_absent("employee", ids(&["b"])).await.unwrap();
    let session = OpenSession { id: Some(APP.parse().unwrap()), state: SessionState::Completing, since: NOW };
    journal.set_session(Some(session.clone())).await.unwrap();
    journal.begin_completing(session).await.unwrap();
    drop(journal);

    let journal = open(&directory);
    journal.settle_completed(NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"], "something of that type was pushed");
    assert_eq!(count(&journal, "team").await, 2);
    scan(&journal, &[]).await;
    let losses = team_losses(&journal).await;
    assert_eq!((losses.baseline, losses.lost.removed), (0, 0));
    assert_eq!(missing_teams(&journal).await, ids(&[]));
}
