use jiff::ToSpan;

use super::*;
use crate::journal::{Holdings, LossKind, Ordered, PlanJournal, Sum};

/// A task that was reported completed has ordered these losses of `a`.
async fn order(journal: &SqliteJournal, kinds: &[LossKind]) {
    let ordered = |kind: &LossKind| Ordered { slug: "employee".into(), id: "a".into(), kind: *kind, holds: None };
    ordered_by_a_task(journal, kinds.iter().map(ordered).collect()).await;
}

/// A task that was reported completed has named what `a` is to hold of one type.
async fn to_hold(journal: &SqliteJournal, slug: &str, ids: &[&str]) {
    let holds = Holdings::from([(slug.to_owned(), ids.iter().map(ToString::to_string).collect())]);
    let order = Ordered { slug: "employee".into(), id: "a".into(), kind: LossKind::Edge, holds: Some(holds) };
    ordered_by_a_task(journal, vec![order]).await;
}

/// `a` is a member of two teams, and these losses of it are ordered; a scan has begun.
async fn ordered(kinds: &[LossKind]) -> SqliteJournal {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"]), employee("b")], &["1", "2"]).await;
    order(&journal, kinds).await;
    journal
}

#[tokio::test]
async fn an_ordered_deactivation_is_pushed_at_once_and_not_counted() {
    let journal = ordered(&[LossKind::Deactivated]).await;
    let judged = see_one(&journal, with_status(Status::Suspended, member("a", &["1", "2"]))).await;
    assert_eq!((judged.change, judged.held_back), (Change::Changed, None));
    assert_eq!(losses(&journal).await.lost, Sum::default());
}

#[tokio::test]
async fn ordered_edges_are_pushed_at_once_and_not_counted() {
    let journal = ordered(&[LossKind::Edge]).await;
    assert_eq!(see_one(&journal, member("a", &[])).await.held_back, None);
    assert_eq!(losses(&journal).await.lost, Sum::default());
}

#[tokio::test]
async fn what_is_ordered_of_one_account_is_not_ordered_of_another() {
    let journal = ordered(&[LossKind::Deactivated]).await;
    assert!(see_one(&journal, with_status(Status::Inactive, employee("b"))).await.held_back.is_some());
    assert_eq!(losses(&journal).await.lost.deactivated, 1);
}

#[tokio::test]
async fn a_record_that_is_ordered_in_part_is_held_back_and_the_rest_counts() {
    let journal = ordered(&[LossKind::Deactivated]).await;
    let judged = see_one(&journal, with_status(Status::Suspended, member("a", &["1"]))).await;
    assert!(judged.held_back.is_some());
    assert_eq!(losses(&journal).await.lost, Sum { edges: 1, ..Sum::default() });
}

#[tokio::test]
async fn an_ordered_removal_is_not_counted_and_happens() {
    let journal = ordered(&[LossKind::Removed, LossKind::Deactivated, LossKind::Edge]).await;
    see_one(&journal, employee("b")).await;
    journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap();
    let protected = ["a".to_owned()];
    let losses = journal.losses("employee", &protected, NOW).await.unwrap();
    assert_eq!((losses.lost, losses.protected.len()), (Sum::default(), 0));
    let hash = journal.set_plan(&[], NOW).await.unwrap();
    assert!(journal.plan_items(&hash, 9).await.unwrap().is_empty());
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["b"]);
}

#[tokio::test]
async fn an_order_covers_one_loss() {
    // It was pushed as it came; held back with the rest, and pushed; removed.
    let suspended = with_status(Status::Suspended, member("a", &["1", "2"]));
    let in_part = with_status(Status::Suspended, member("a", &["1"]));
    for now in [Some(suspended), Some(in_part), None] {
        let journal = ordered(&[LossKind::Removed, LossKind::Deactivated]).await;
        match now {
            Some(now) => drop(see_one(&journal, now).await),
            None => journal.set_absent("employee", vec!["a".to_owned()]).await.unwrap(),
        }
        journal.end_scan(COMPLETED, NOW).await.unwrap();

        // It comes back, and is lost again.
        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_one(&journal, employee("a")).await;
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        journal.begin_scan(ScanMode::Push).await.unwrap();
        assert!(see_one(&journal, with_status(Status::Suspended, employee("a"))).await.held_back.is_some());
    }
}

#[tokio::test]
async fn an_order_that_was_pushed_is_used_up_though_the_scan_failed() {
    let journal = ordered(&[LossKind::Edge]).await;
    see_one(&journal, member("a", &["1"])).await;
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    assert!(see_one(&journal, member("a", &[])).await.held_back.is_some());
}

#[tokio::test]
async fn an_order_waits_for_its_loss() {
    let journal = ordered(&[LossKind::Deactivated]).await;
    see(&journal, vec![member("a", &["1", "2"]), employee("b")]).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let late = with_status(Status::Inactive, employee("a"));
    see_one(&journal, late).await;
    assert_eq!(losses(&journal).await.lost.deactivated, 0);
}

#[tokio::test]
async fn an_order_that_no_session_shows_ends_after_a_day() {
    for (hours, held_back) in [(23, false), (25, true)] {
        let journal = ordered(&[LossKind::Deactivated]).await;
        see_one(&journal, member("a", &["1", "2"])).await;
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        let at = NOW + hours.hours();
        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_teams(&journal, &["1", "2"]).await;
        see_one(&journal, member("a", &["1", "2"])).await;
        journal.end_scan(COMPLETED, at).await.unwrap();

        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_teams(&journal, &["1", "2"]).await;
        let judged = see_one(&journal, with_status(Status::Suspended, member("a", &["1", "2"]))).await;
        assert_eq!(judged.held_back.is_some(), held_back, "after {hours} hours");
    }
}

#[tokio::test]
async fn a_dry_scan_uses_no_order_up() {
    let journal = ordered(&[LossKind::Edge]).await;
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    assert_eq!(see_one(&journal, member("a", &[])).await.held_back, None);
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    assert_eq!(see_one(&journal, member("a", &[])).await.held_back, None);
}

#[tokio::test]
async fn an_edge_that_the_account_is_to_keep_is_not_ordered_away() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"]), employee("b")], &["1", "2"]).await;
    to_hold(&journal, "team", &["1"]).await;

    let judged = see_one(&journal, member("a", &[])).await;

    assert!(judged.held_back.is_some(), "it loses one that it was to keep");
    assert_eq!(losses(&journal).await.lost.edges, 1, "the other one was ordered");
}

#[tokio::test]
async fn a_team_that_iden_writes_otherwise_is_kept_all_the_same() {
    let journal =
        next_scan(&["Red", "blue"], vec![member("a", &["Red", "blue"]), employee("b")], &["Red", "blue"]).await;
    to_hold(&journal, "team", &["red"]).await;

    see_one(&journal, member("a", &[])).await;

    assert_eq!(losses(&journal).await.lost.edges, 1, "`Red` was to stay, `blue` was ordered away");
}

#[tokio::test]
async fn what_an_account_gets_after_the_task_is_not_ordered_away() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1"]), employee("b")], &["1", "2"]).await;
    to_hold(&journal, "team", &["1"]).await;
    see_one(&journal, member("a", &["1", "2"])).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;

    let judged = see_one(&journal, member("a", &["1"])).await;

    assert!(judged.held_back.is_some(), "it was not in team 2 when the task came");
}

#[tokio::test]
async fn a_second_task_about_another_type_takes_nothing_back() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"]), employee("b")], &["1", "2"]).await;
    to_hold(&journal, "team", &["1"]).await;
    to_hold(&journal, "guild", &[]).await;

    assert_eq!(see_one(&journal, member("a", &["1"])).await.held_back, None);
}

#[tokio::test]
async fn what_a_task_does_not_speak_of_is_not_ordered_away() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"]), employee("b")], &["1", "2"]).await;
    to_hold(&journal, "guild", &[]).await;

    let judged = see_one(&journal, member("a", &[])).await;

    assert!(judged.held_back.is_some(), "the task was about guilds");
    assert_eq!(losses(&journal).await.lost.edges, 2);
}

#[tokio::test]
async fn an_order_that_was_withdrawn_covers_nothing() {
    let journal = ordered(&[LossKind::Deactivated]).await;
    let withdrawn = vec![LossKind::Deactivated];
    end(&journal, &task(1, Some("a")), TaskEffect { withdrawn, ..touching(Some(account("a"))) }).await;

    let judged = see_one(&journal, with_status(Status::Suspended, member("a", &["1", "2"]))).await;

    assert!(judged.held_back.is_some());
}
