use super::*;

#[tokio::test]
async fn a_dry_scan_judges_as_the_other_does_and_changes_nothing_that_is_known() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["1"], vec![member("a", &["1"]), employee("b")]).await;
    let now = || vec![member("a", &[]), Seen { fingerprint: 2, ..employee("b") }, employee("new")];
    let mut judged = Vec::new();
    for mode in [ScanMode::Dry, ScanMode::Push] {
        journal.begin_scan(mode).await.unwrap();
        see_teams(&journal, &["1"]).await;
        judged.push((see(&journal, now()).await, losses(&journal).await));
        journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
        if mode == ScanMode::Dry {
            assert_eq!(known(&journal, "employee").await, ["a", "b"]);
            assert_eq!(change_of(&journal, &["1"], employee("b")).await, Change::Same);
        }
    }
    assert_eq!(judged[0], judged[1]);
}

#[tokio::test]
async fn a_dry_scan_is_dry_whatever_it_is_told_at_its_end() {
    for end in [ScanEnd::Kept, REDUCED, COMPLETED] {
        let journal = SqliteJournal::in_task().unwrap();
        journal.begin_scan(ScanMode::Dry).await.unwrap();
        see_one(&journal, employee("a")).await;
        journal.end_scan(end, NOW).await.unwrap();
        assert!(known(&journal, "employee").await.is_empty());
        assert_eq!(journal.completed_at().await.unwrap(), None);
    }
}

#[tokio::test]
async fn types_that_the_journal_does_not_know_are_kept_apart() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    see_teams(&journal, &["1", "2"]).await;
    see_one(&journal, member("1", &["2"])).await;
    assert_eq!(journal.changes("team", Change::Created, 9).await.unwrap(), ["1", "2"]);
    assert_eq!(journal.changes("employee", Change::Created, 9).await.unwrap(), ["1"]);
    assert_eq!(losses(&journal).await.present, 1);
    assert_eq!(journal.types().await.unwrap(), []);
}

#[tokio::test]
async fn a_dry_scan_works_beside_an_engine_that_scans() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    completed(&engine, &["1"], vec![member("a", &["1"])]).await;
    let beside = beside(&directory);
    engine.begin_scan(ScanMode::Push).await.unwrap();
    beside.begin_scan(ScanMode::Dry).await.unwrap();
    see_teams(&engine, &["1"]).await;
    see_teams(&beside, &["1"]).await;
    assert!(see_one(&engine, member("a", &[])).await.held_back.is_some());
    assert!(see_one(&beside, member("a", &[])).await.held_back.is_some());
    see_one(&engine, employee("new")).await;
    assert_eq!((losses(&engine).await.present, losses(&beside).await.present), (2, 1));
    beside.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    engine.end_scan(COMPLETED, NOW).await.unwrap();
}

#[tokio::test]
async fn a_dry_scan_goes_on_when_an_engine_starts_beside_it() {
    let directory = tempfile::tempdir().unwrap();
    let beside = beside(&directory);
    beside.begin_scan(ScanMode::Dry).await.unwrap();
    see_one(&beside, employee("a")).await;
    let engine = open(&directory);
    completed(&engine, &[], vec![employee("a")]).await;
    see_one(&beside, employee("b")).await;
    assert_eq!(losses(&beside).await.present, 2);
    beside.end_scan(ScanEnd::Failed, NOW).await.unwrap();
}
