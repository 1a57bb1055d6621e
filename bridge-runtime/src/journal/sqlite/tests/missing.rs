use std::time::Duration;

use super::*;

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

async fn missing(journal: &SqliteJournal) -> Vec<String> {
    journal.missing("employee", None, 9).await.unwrap()
}

/// Five employees are known, and none is seen yet.
async fn five() -> SqliteJournal {
    next_scan(&[], ["a", "b", "c", "d", "e"].map(employee).to_vec(), &[]).await
}

#[tokio::test]
async fn whoever_is_known_and_neither_seen_nor_explained_is_missing() {
    let journal = five().await;
    see_one(&journal, employee("a")).await;
    journal.set_unreadable("employee", ids(&["b"])).await.unwrap();
    see_one(&journal, employee("c")).await;
    journal.reject("employee", "c", false).await.unwrap();
    journal.set_absent("employee", ids(&["d"])).await.unwrap();
    assert_eq!(missing(&journal).await, ["e"]);
}

#[tokio::test]
async fn missing_ids_come_page_by_page() {
    let journal = five().await;
    assert_eq!(journal.missing("employee", None, 2).await.unwrap(), ["a", "b"]);
    assert_eq!(journal.missing("employee", Some("b".to_owned()), 2).await.unwrap(), ["c", "d"]);
    assert_eq!(journal.missing("employee", Some("d".to_owned()), 2).await.unwrap(), ["e"]);
    assert!(journal.missing("employee", Some("e".to_owned()), 2).await.unwrap().is_empty());
    assert!(journal.missing("nothing", None, 2).await.unwrap().is_empty());
}

#[tokio::test]
async fn absent_ids_are_removed_and_can_be_looked_up_anew() {
    let journal = five().await;
    journal.set_absent("employee", ids(&["a", "b"])).await.unwrap();
    assert_eq!(losses(&journal).await.lost.removed, 2);
    journal.forget_absent("employee").await.unwrap();
    assert_eq!(losses(&journal).await.lost.removed, 0);
    assert_eq!(missing(&journal).await.len(), 5);
}

#[tokio::test]
async fn each_absent_id_carries_the_time_of_its_own_look_up() {
    const SECOND: Duration = Duration::from_secs(1);
    let journal = five().await;
    let stale = async |before, after: Option<&str>, limit| {
        journal.stale("employee", before, after.map(str::to_owned), limit).await.unwrap()
    };
    journal.set_absent_at("employee", ids(&["a", "c"]), SECOND).await.unwrap();
    journal.set_absent_at("employee", ids(&["b"]), 2 * SECOND).await.unwrap();
    // Two reads agree on it: that does not get old.
    journal.set_absent("employee", ids(&["d"])).await.unwrap();
    assert_eq!(stale(SECOND, None, 9).await, [""; 0]);
    assert_eq!(stale(2 * SECOND, None, 9).await, ["a", "c"]);
    assert_eq!(stale(9 * SECOND, None, 2).await, ["a", "b"]);
    assert_eq!(stale(9 * SECOND, Some("b"), 2).await, ["c"]);

    journal.set_absent_at("employee", ids(&["a"]), 3 * SECOND).await.unwrap();
    see_one(&journal, employee("c")).await;
    assert_eq!(stale(3 * SECOND, None, 9).await, ["b"], "`a` was looked up again, and `c` is there");
    assert_eq!(losses(&journal).await.lost.removed, 3);
}

#[tokio::test]
async fn an_absent_id_that_is_seen_after_all_stays() {
    let journal = five().await;
    journal.set_absent("employee", ids(&["a", "b"])).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.set_unreadable("employee", ids(&["b"])).await.unwrap();
    assert_eq!(losses(&journal).await.lost.removed, 0);
    // Whatever else is known of an id keeps it.
    journal.set_absent("employee", ids(&["a", "b"])).await.unwrap();
    assert_eq!(losses(&journal).await.lost.removed, 0);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    let known = known(&journal, "employee").await;
    assert!(known.contains(&"a".to_owned()) && known.contains(&"b".to_owned()), "{known:?}");
}

#[tokio::test]
async fn protected_ids_are_named_if_they_would_be_removed() {
    let journal = five().await;
    journal.set_absent("employee", ids(&["a", "b"])).await.unwrap();
    let losses = journal.losses("employee", &ids(&["e", "b", "zz"]), NOW).await.unwrap();
    assert_eq!(losses.protected, ["b"]);
}

#[tokio::test]
async fn unreadable_records_count_where_iden_may_hold_them_and_they_were_not_seen_otherwise() {
    let journal = five().await;
    journal.set_unreadable("employee", ids(&["a", "b", "stranger"])).await.unwrap();
    assert_eq!(losses(&journal).await.unreadable, 2);
    see_one(&journal, employee("a")).await;
    assert_eq!(losses(&journal).await.unreadable, 1);
    see_one(&journal, employee("c")).await;
    journal.set_unreadable("employee", ids(&["c"])).await.unwrap();
    assert_eq!(losses(&journal).await.unreadable, 1, "`c` was read before");
}

#[tokio::test]
async fn refused_records_count_where_iden_may_hold_them() {
    let journal = five().await;
    see(&journal, vec![employee("a"), employee("new")]).await;
    journal.reject("employee", "a", true).await.unwrap();
    journal.reject("employee", "new", false).await.unwrap();
    let losses = losses(&journal).await;
    assert_eq!((losses.rejected, losses.present, losses.created), (1, 0, 0), "neither was taken");
    assert_eq!(journal.unseen("employee", ids(&["a"])).await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_new_record_that_was_surely_refused_is_not_known() {
    let journal = five().await;
    see(&journal, vec![employee("a"), employee("new"), employee("perhaps")]).await;
    for id in ["a", "new"] {
        journal.reject("employee", id, true).await.unwrap();
    }
    journal.reject("employee", "perhaps", false).await.unwrap();
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c", "d", "e", "perhaps"]);
}

#[tokio::test]
async fn a_refused_record_takes_nothing_away() {
    let journal = next_scan(&["1"], vec![member("a", &["1"])], &["1"]).await;
    let held = see_one(&journal, member("a", &[])).await.held_back.unwrap();
    journal.reject("employee", "a", true).await.unwrap();
    assert_eq!(losses(&journal).await.lost.edges, 0);
    assert_eq!(journal.release("employee", vec![("a".to_owned(), held)], NOW).await.unwrap(), [false]);
}

#[tokio::test]
async fn edges_to_a_group_that_was_refused_are_dangling() {
    let journal = next_scan(&[], vec![], &["1"]).await;
    journal.reject("team", "1", true).await.unwrap();
    assert_eq!(see_one(&journal, member("a", &["1"])).await.dangling, [0]);
}

#[tokio::test]
async fn a_record_that_came_twice_stays_known_when_it_is_refused_once() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    for _ in 0..2 {
        journal.see("employee", Kind::Account, vec![employee("a")]).await.unwrap();
    }
    // Perhaps the first one was accepted and stays at Iden.
    journal.reject("employee", "a", true).await.unwrap();
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert_eq!(journal.types().await.unwrap()[0].known, 1);
}

#[tokio::test]
async fn a_record_that_was_refused_stays_refused_though_it_is_unreadable_later() {
    let journal = five().await;
    see_one(&journal, employee("a")).await;
    journal.reject("employee", "a", false).await.unwrap();
    journal.set_unreadable("employee", ids(&["a"])).await.unwrap();
    let losses = losses(&journal).await;
    assert_eq!((losses.rejected, losses.unreadable), (1, 0));
}
