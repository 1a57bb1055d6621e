use super::*;

#[tokio::test]
async fn a_record_is_created_changed_or_the_same() {
    let teams = ["1", "2"];
    let journal = next_scan(&teams, vec![member("a", &["1"])], &teams).await;
    assert_eq!(see_one(&journal, employee("new")).await.change, Change::Created);
    assert_eq!(see_one(&journal, member("a", &["1"])).await.change, Change::Same);

    let before = vec![member("a", &["1"]), member("b", &["1"]), member("c", &["1"])];
    let journal = next_scan(&teams, before, &teams).await;
    let judged = see(
        &journal,
        vec![
            Seen { fingerprint: 2, ..member("a", &["1"]) },
            with_status(Status::Active, member("b", &["1"])),
            member("c", &["2", "1"]),
        ],
    )
    .await;
    assert!(judged.iter().all(|one| one.change == Change::Changed && one.held_back.is_none()), "{judged:?}");
}

#[tokio::test]
async fn the_order_of_edges_and_an_edge_twice_are_no_change() {
    let teams = ["1", "2"];
    let journal = next_scan(&teams, vec![member("a", &["1", "2"])], &teams).await;
    assert_eq!(see_one(&journal, member("a", &["2", "1", "2"])).await.change, Change::Same);
}

#[tokio::test]
async fn what_was_never_confirmed_counts_as_changed() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("a")).await;
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert_eq!(change_of(&journal, &[], employee("a")).await, Change::Changed);
}

#[tokio::test]
async fn edges_to_what_was_not_seen_are_dangling_and_are_not_known() {
    let journal = next_scan(&["1"], vec![], &["1"]).await;
    let judged = see_one(&journal, member("a", &["7", "1", "8"])).await;
    assert_eq!((judged.dangling, judged.held_back), (vec![0, 2], None));
    assert_eq!(losses(&journal).await.dangling, 2);
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    assert_eq!(change_of(&journal, &["1"], member("a", &["1"])).await, Change::Same);
}

#[tokio::test]
async fn an_id_that_comes_again_is_said_to_and_the_last_record_is_the_one() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1", "2"])], &["1", "2"]).await;
    let first = see_one(&journal, member("a", &["1"])).await;
    assert!(!first.repeated);
    let number = first.held_back.unwrap();
    let still = |number| journal.release("employee", vec![("a".to_owned(), number)], NOW);
    assert_eq!(still(number).await.unwrap(), [true]);
    assert_eq!(losses(&journal).await.lost.edges, 1);

    let second = see_one(&journal, member("a", &[])).await;
    assert!(second.repeated);
    assert_ne!(second.held_back, Some(number));
    assert_eq!(still(number).await.unwrap(), [false], "the first one is void");
    assert_eq!(still(second.held_back.unwrap()).await.unwrap(), [true]);
    assert_eq!(losses(&journal).await.lost.edges, 2, "not three");

    let third = see_one(&journal, member("a", &["1", "2"])).await;
    assert_eq!((third.repeated, third.held_back), (true, None));
    assert_eq!(still(second.held_back.unwrap()).await.unwrap(), [false]);
    let losses = losses(&journal).await;
    assert_eq!((losses.present, losses.lost.edges), (1, 0));
}

#[tokio::test]
async fn a_repeated_record_is_compared_with_what_was_pushed_before_it() {
    let journal = next_scan(&["1", "2"], vec![member("a", &["1"])], &["1", "2"]).await;
    assert_eq!(see_one(&journal, member("a", &["1", "2"])).await.held_back, None);
    assert!(see_one(&journal, member("a", &["1"])).await.held_back.is_some(), "Iden may hold both by now");
    assert_eq!(losses(&journal).await.lost.edges, 1);
}

#[tokio::test]
async fn a_new_record_that_comes_twice_was_created_once() {
    let journal = next_scan(&[], vec![], &[]).await;
    see_one(&journal, employee("a")).await;
    assert_eq!(see_one(&journal, Seen { fingerprint: 2, ..employee("a") }).await.change, Change::Created);
    let losses = losses(&journal).await;
    assert_eq!((losses.present, losses.created, losses.changed), (1, 1, 0));
}

#[tokio::test]
async fn losses_count_what_was_seen() {
    let journal = next_scan(&[], vec![employee("same"), employee("changed")], &[]).await;
    see(&journal, vec![employee("same"), Seen { fingerprint: 2, ..employee("changed") }, employee("new")]).await;
    let losses = losses(&journal).await;
    assert_eq!((losses.present, losses.created, losses.changed), (3, 1, 1));
}

#[tokio::test]
async fn changes_are_listed_in_order_of_id() {
    let journal = next_scan(&[], vec![employee("m")], &[]).await;
    see(&journal, vec![employee("z"), employee("m"), employee("b")]).await;
    assert_eq!(journal.changes("employee", Change::Created, 9).await.unwrap(), ["b", "z"]);
    assert_eq!(journal.changes("employee", Change::Created, 1).await.unwrap(), ["b"]);
    assert_eq!(journal.changes("employee", Change::Same, 9).await.unwrap(), ["m"]);
    assert!(journal.changes("nothing", Change::Same, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn unseen_ids_are_told_in_the_order_given() {
    let journal = next_scan(&[], vec![], &[]).await;
    see(&journal, vec![employee("b")]).await;
    let ids = ["c", "b", "a"].map(str::to_owned).to_vec();
    assert_eq!(journal.unseen("employee", ids).await.unwrap(), ["c", "a"]);
}

#[tokio::test]
async fn a_scan_that_is_not_open_is_an_error_and_not_an_empty_one() {
    let journal = SqliteJournal::in_task().unwrap();
    assert!(journal.see("employee", Kind::Account, vec![employee("a")]).await.is_err());
    assert!(journal.missing("employee", None, 9).await.is_err());
    assert!(journal.end_scan(COMPLETED, NOW).await.is_err());
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
}

/// However the process ends: the known set holds a record before it is pushed.
#[tokio::test]
async fn what_was_seen_is_known_whatever_becomes_of_the_scan() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;
    see_one(&journal, member("a", &["1"])).await;
    drop(journal);

    for (end, id) in [(ScanEnd::Failed, "b"), (ScanEnd::Kept, "c"), (REDUCED, "d"), (COMPLETED, "e")] {
        let journal = open(&directory);
        journal.begin_scan(ScanMode::Push).await.unwrap();
        see_one(&journal, employee(id)).await;
        journal.end_scan(end, NOW).await.unwrap();
    }
    // A second scan drops the first.
    let journal = open(&directory);
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("f")).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    drop(journal);

    let journal = open(&directory);
    assert_eq!(known(&journal, "employee").await, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(known(&journal, "team").await, ["1"]);
}

#[tokio::test]
async fn a_page_with_nothing_new_waits_for_no_disk() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let employees = || (0..100).map(|id| member(&id.to_string(), &["1"])).collect::<Vec<_>>();
    completed(&journal, &["1"], employees()).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let log = || std::fs::read(directory.path().join("app/journal.db-wal")).unwrap();
    let before = log();
    see_teams(&journal, &["1"]).await;
    assert!(see(&journal, employees()).await.iter().all(|one| one.change == Change::Same));
    assert!(log() == before, "the log has not changed");
    see_one(&journal, employee("new")).await;
    assert!(log() != before, "this one is known before it is pushed");
}

#[tokio::test]
async fn an_id_that_looks_like_another_one_names_it() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let ada = |id: &str| Seen { folded: 7, ..employee(id) };
    assert_eq!(journal.see("employee", Kind::Account, vec![ada("ada")]).await.unwrap()[0].twin, None);
    let later = journal.see("employee", Kind::Account, vec![ada("Ada"), employee("bob"), ada("ada")]).await.unwrap();
    let twins: Vec<_> = later.iter().map(|judgement| judgement.twin.as_deref()).collect();
    assert_eq!(twins, [Some("ada"), None, None]);
}
