use super::*;
use crate::journal::{Hold, PlanJournal};

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// `a` and `b` are known; `b` is absent now.
async fn one_absent() -> SqliteJournal {
    let journal = next_scan(&[], vec![employee("a"), employee("b")], &[]).await;
    see_one(&journal, employee("a")).await;
    journal.set_absent("employee", ids(&["b"])).await.unwrap();
    journal
}

#[tokio::test]
async fn whoever_was_absent_is_known_no_more() {
    let journal = one_absent().await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"]);
}

#[tokio::test]
async fn nobody_leaves_the_known_set_without_a_completion() {
    for end in [ScanEnd::Failed, ScanEnd::Kept, REDUCED] {
        let journal = one_absent().await;
        losses(&journal).await;
        journal.end_scan(end, NOW).await.unwrap();
        assert_eq!(known(&journal, "employee").await, ["a", "b"], "{end:?}");
    }
}

#[tokio::test]
async fn until_iden_has_cleaned_up_the_removed_stay_known() {
    let journal = one_absent().await;
    journal.end_scan(ScanEnd::Completed { settled: false }, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b"]);
    assert_eq!(journal.completed_at().await.unwrap(), Some(NOW));
}

#[tokio::test]
async fn an_account_that_a_task_has_touched_since_the_scan_began_stays_known() {
    let journal = one_absent().await;
    start(&journal, &task(1, Some("b"))).await;
    settle(&journal, &task(1, Some("b")), TaskEffect::default()).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b"]);
}

#[tokio::test]
async fn an_account_of_a_task_that_is_begun_and_not_settled_stays_known() {
    use TaskState::{Conflict, Executed, Gone, Interrupted, Parked, Reported, Seen, Started};
    for (to, stays) in [
        (Seen, false),
        (Started, true),
        (Executed, true),
        (Interrupted, true),
        (Parked, true),
        (Reported, false),
        (Conflict, false),
        (Gone, false),
    ] {
        let journal = SqliteJournal::in_task().unwrap();
        completed(&journal, &[], vec![employee("a"), employee("b")]).await;
        let task = task(1, Some("b"));
        start(&journal, &task).await;
        match to {
            Started => {}
            Executed => end(&journal, &task, touching(Some(account("b")))).await,
            to => move_to(&journal, &task, to).await,
        }
        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_one(&journal, employee("a")).await;
        journal.set_absent("employee", ids(&["b"])).await.unwrap();
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        let expected = if stays { ids(&["a", "b"]) } else { ids(&["a"]) };
        assert_eq!(known(&journal, "employee").await, expected, "{to}");
    }
}

#[tokio::test]
async fn an_account_that_was_touched_before_the_scan_is_removed_like_any_other() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("b")]).await;
    start(&journal, &task(1, Some("b"))).await;
    settle(&journal, &task(1, Some("b")), TaskEffect::default()).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.set_absent("employee", ids(&["b"])).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a"]);
}

#[tokio::test]
async fn what_was_pushed_is_confirmed_by_every_end_but_a_failure() {
    for (end, then) in [
        (ScanEnd::Failed, Change::Changed),
        (ScanEnd::Kept, Change::Same),
        (REDUCED, Change::Same),
        (COMPLETED, Change::Same),
    ] {
        let journal = next_scan(&[], vec![], &[]).await;
        see_one(&journal, employee("a")).await;
        losses(&journal).await;
        journal.end_scan(end, NOW).await.unwrap();
        assert_eq!(change_of(&journal, &[], employee("a")).await, then, "{end:?}");
    }
}

#[tokio::test]
async fn the_baseline_is_the_last_completed_session() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"]), member("b", &["1"])], &["1"]).await;
    see(&journal, vec![member("a", &["1"]), member("b", &["1"]), member("c", &["1"])]).await;
    let of = |losses: Losses| (losses.baseline, losses.baseline_edges);
    assert_eq!(of(losses(&journal).await), (2, 3), "whatever was pushed since");
    assert_eq!(of(journal.losses("team", &[], NOW).await.unwrap()), (2, 0));
    journal.end_scan(REDUCED, NOW).await.unwrap();

    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(of(losses(&journal).await), (2, 3), "that one was not completed");
    see_teams(&journal, &["1"]).await;
    see(&journal, vec![member("a", &["1", "7"])]).await;
    journal.end_scan(COMPLETED, NOW).await.unwrap();

    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(of(losses(&journal).await), (1, 1), "as sent: without the edge that dangles");
}

#[tokio::test]
async fn before_the_first_completion_the_baseline_is_what_was_known_when_the_scan_began() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;
    see(&journal, vec![member("a", &["1"]), member("b", &["1"])]).await;
    assert_eq!(losses(&journal).await.baseline, 0);
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();

    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("c")).await;
    let losses = losses(&journal).await;
    assert_eq!((losses.baseline, losses.baseline_edges), (2, 2));
}

#[tokio::test]
async fn a_type_that_was_emptied_has_an_empty_baseline() {
    let journal = one_absent().await;
    journal.set_absent("employee", ids(&["a"])).await.unwrap();
    journal.reject("employee", "a", false).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(losses(&journal).await.baseline, 0);
}

#[tokio::test]
async fn a_completion_settles_what_was_held() {
    let journal = one_absent().await;
    journal.set_held(Some(&Hold::new("0123456789ab", vec![]))).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(journal.held().await.unwrap(), None);
}
