use super::*;
use crate::journal::Sum;

const TEAMS: [&str; 2] = ["1", "2"];

fn sum(removed: u64, deactivated: u64, edges: u64) -> Sum {
    Sum { removed, deactivated, edges }
}

#[tokio::test]
async fn an_active_account_that_ends_is_held_back_and_counted() {
    for before in [employee("a"), with_status(Status::Active, employee("a"))] {
        for now in [Status::Inactive, Status::Suspended] {
            let journal = next_scan(&[], vec![before.clone()], &[]).await;
            let judged = see_one(&journal, with_status(now, employee("a"))).await;
            assert_eq!((judged.change, judged.held_back.is_some()), (Change::Changed, true));
            assert_eq!(losses(&journal).await.lost, sum(0, 1, 0));
        }
    }
}

#[tokio::test]
async fn an_account_that_had_ended_already_is_not() {
    for before in [Status::Inactive, Status::Suspended] {
        for now in [Status::Inactive, Status::Suspended, Status::Active] {
            let journal = next_scan(&[], vec![with_status(before, employee("a"))], &[]).await;
            assert_eq!(see_one(&journal, with_status(now, employee("a"))).await.held_back, None);
            assert_eq!(losses(&journal).await.lost, sum(0, 0, 0));
        }
    }
}

#[tokio::test]
async fn a_new_account_that_is_inactive_is_not() {
    let journal = next_scan(&[], vec![], &[]).await;
    assert_eq!(see_one(&journal, with_status(Status::Inactive, employee("a"))).await.held_back, None);
}

#[tokio::test]
async fn an_edge_that_ends_between_two_that_stay_is_held_back_and_counted() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &TEAMS).await;
    assert!(see_one(&journal, member("a", &["2"])).await.held_back.is_some());
    assert_eq!(losses(&journal).await.lost, sum(0, 0, 1));
}

#[tokio::test]
async fn an_edge_that_goes_with_its_group_is_held_back_and_not_counted() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &["2"]).await;
    let judged = see_one(&journal, member("a", &["2"])).await;
    assert!(judged.held_back.is_some() && judged.dangling.is_empty());
    assert_eq!(losses(&journal).await.lost, sum(0, 0, 0));
}

#[tokio::test]
async fn an_edge_that_the_source_still_lists_counts_though_its_group_was_not_seen() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &["2"]).await;
    let judged = see_one(&journal, member("a", &TEAMS)).await;
    assert!(judged.held_back.is_some());
    assert_eq!(judged.dangling, [0]);
    assert_eq!(losses(&journal).await.lost, sum(0, 0, 1));
}

#[tokio::test]
async fn a_dangling_edge_that_was_never_held_is_no_loss() {
    let journal = next_scan(&["1"], vec![member("a", &["1"])], &["1"]).await;
    let judged = see_one(&journal, member("a", &["1", "7"])).await;
    assert_eq!((judged.dangling, judged.held_back), (vec![1], None));
    assert_eq!(losses(&journal).await.lost, sum(0, 0, 0));
}

#[tokio::test]
async fn one_record_can_lose_several_things() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &TEAMS).await;
    see_one(&journal, with_status(Status::Suspended, member("a", &[]))).await;
    assert_eq!(losses(&journal).await.lost, sum(0, 1, 2));
}

#[tokio::test]
async fn a_record_that_was_held_back_is_known_as_it_was() {
    // Dropped, failed and held scans: the reduction was not pushed, so it is one again.
    for end in [None, Some(ScanEnd::Failed), Some(ScanEnd::Kept)] {
        let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &TEAMS).await;
        see_one(&journal, member("a", &["2"])).await;
        if let Some(end) = end {
            journal.end_scan(end, NOW).await.unwrap();
        }
        assert_eq!(change_of(&journal, &TEAMS, member("a", &TEAMS)).await, Change::Same);
    }
}

#[tokio::test]
async fn a_reduction_that_was_pushed_is_known() {
    for end in [REDUCED, COMPLETED] {
        let journal = next_scan(&TEAMS, vec![member("a", &TEAMS)], &TEAMS).await;
        let now = with_status(Status::Suspended, member("a", &["2"]));
        see_one(&journal, now.clone()).await;
        losses(&journal).await;
        journal.end_scan(end, NOW).await.unwrap();
        assert_eq!(change_of(&journal, &TEAMS, now).await, Change::Same);
    }
}

#[tokio::test]
async fn numbers_of_records_that_are_held_back_differ() {
    let journal = next_scan(&TEAMS, vec![member("a", &TEAMS), member("b", &TEAMS)], &TEAMS).await;
    let judged = see(&journal, vec![member("a", &[]), member("b", &[])]).await;
    assert_ne!(judged[0].held_back, judged[1].held_back);
    let (a, b) = (judged[0].held_back.unwrap(), judged[1].held_back.unwrap());
    let held = vec![("b".to_owned(), b), ("a".to_owned(), b), ("a".to_owned(), a), ("c".to_owned(), a)];
    assert_eq!(journal.release("employee", held, NOW).await.unwrap(), [true, false, true, false]);
}

#[tokio::test]
async fn what_was_held_back_is_not_confirmed() {
    let journal = next_scan(&[], vec![employee("a")], &[]).await;
    let now = Seen { fingerprint: 2, ..employee("a") };
    assert!(see_one(&journal, with_status(Status::Suspended, now.clone())).await.held_back.is_some());
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    assert_eq!(change_of(&journal, &[], now).await, Change::Changed, "active again, and Iden never got the rest");
}

#[tokio::test]
async fn what_a_record_gains_as_it_loses_something_is_known_from_when_it_is_pushed() {
    let journal = next_scan(&TEAMS, vec![with_status(Status::Suspended, member("a", &["1"]))], &TEAMS).await;
    let number = see_one(&journal, with_status(Status::Active, member("a", &["2"]))).await.held_back.unwrap();
    assert_eq!(journal.release("employee", vec![("a".to_owned(), number)], NOW).await.unwrap(), [true]);
    // The answer is lost, or the session fails afterwards: Iden may hold either.
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();

    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &TEAMS).await;
    assert!(see_one(&journal, with_status(Status::Suspended, member("a", &[]))).await.held_back.is_some());
    assert_eq!(losses(&journal).await.lost, sum(0, 1, 2));
}
