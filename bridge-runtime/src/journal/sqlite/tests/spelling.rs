//! Ids in another spelling than they were pushed in.

use super::*;

/// A journal where these are known, and a scan has begun that has seen `now`; whoever is missing is absent.
async fn scanned(before: &[&str], now: &[&str]) -> SqliteJournal {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], before.iter().map(|id| employee(id)).collect()).await;
    scan(&journal, ScanMode::Push, now).await;
    journal
}

async fn scan(journal: &SqliteJournal, mode: ScanMode, now: &[&str]) {
    journal.begin_scan(mode).await.unwrap();
    see(journal, now.iter().map(|id| employee(id)).collect()).await;
    let missing = journal.missing("employee", None, 99).await.unwrap();
    journal.set_absent("employee", missing).await.unwrap();
}

async fn respelled(journal: &SqliteJournal) -> Vec<(String, String)> {
    let losses = losses(journal).await;
    assert_eq!(losses.respelled, losses.respellings.len() as u64);
    losses.respellings
}

fn pair(old: &str, new: &str) -> (String, String) {
    (old.to_owned(), new.to_owned())
}

#[tokio::test]
async fn a_missing_id_that_came_in_another_spelling_is_recognised() {
    for (old, new) in [("E-7", "e-7"), ("E-7", "E-7 "), ("J\u{f6}rg", "Jo\u{308}rg")] {
        let journal = scanned(&["a", old], &["a", new]).await;
        assert_eq!(respelled(&journal).await, [pair(old, new)]);
        assert_eq!(losses(&journal).await.lost.removed, 1, "it counts as a removal as well");
    }
    let journal = scanned(&["a", "E-7"], &["a", "e-8"]).await;
    assert_eq!(respelled(&journal).await, []);
}

#[tokio::test]
async fn it_is_recognised_in_every_scan_until_one_is_completed() {
    for end in [ScanEnd::Failed, ScanEnd::Kept, ScanEnd::Kept] {
        let journal = scanned(&["a", "E-7"], &["a", "e-7"]).await;
        journal.end_scan(end, NOW).await.unwrap();
        for mode in [ScanMode::Dry, ScanMode::Push] {
            scan(&journal, mode, &["a", "e-7"]).await;
            assert_eq!(respelled(&journal).await, [pair("E-7", "e-7")], "{mode:?}");
            journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
        }
        scan(&journal, ScanMode::Push, &["a", "e-7"]).await;
        journal.end_scan(COMPLETED, NOW).await.unwrap();
        scan(&journal, ScanMode::Push, &["a", "e-7"]).await;
        assert_eq!(losses(&journal).await.lost.removed, 0);
    }
}

#[tokio::test]
async fn a_source_that_goes_back_to_the_old_spelling_needs_nobody() {
    let journal = scanned(&["a", "E-7"], &["a", "e-7"]).await;
    journal.end_scan(ScanEnd::Kept, NOW).await.unwrap();
    scan(&journal, ScanMode::Push, &["a", "E-7"]).await;
    assert_eq!((respelled(&journal).await, losses(&journal).await.lost.removed), (vec![], 1));
}

#[tokio::test]
async fn one_of_two_who_were_there_side_by_side_can_leave() {
    let journal = scanned(&["bob", "Bob"], &["bob"]).await;
    assert_eq!((respelled(&journal).await, losses(&journal).await.lost.removed), (vec![], 1));
}

#[tokio::test]
async fn who_was_ordered_away_is_not_called_respelled() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("E-7")]).await;
    let removal = Ordered { slug: "employee".into(), id: "E-7".into(), kind: LossKind::Removed, holds: None };
    let effect = TaskEffect { ordered: vec![removal], ..touching(Some(account("E-7"))) };
    start(&journal, &task(1, Some("E-7"))).await;
    end(&journal, &task(1, Some("E-7")), effect).await;
    scan(&journal, ScanMode::Push, &["a", "e-7"]).await;
    assert_eq!(respelled(&journal).await, []);
}

#[tokio::test]
async fn a_task_that_spells_an_account_in_another_way_touches_the_known_one() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("E-7")]).await;
    start(&journal, &task(1, Some(" e-7"))).await;
    assert_eq!(journal.at_work().await.unwrap(), [account("E-7")]);
    end(&journal, &task(1, Some(" e-7")), touching(Some(account(" e-7")))).await;
    assert_eq!(journal.touched().await.unwrap(), [account("E-7")]);
    assert_eq!(known(&journal, "employee").await, ["E-7", "a"], "no second one");
}

#[tokio::test]
async fn what_iden_ordered_in_another_spelling_does_not_count() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("E-7"), employee("E-8")]).await;
    for (number, id, kind) in [(1, "e-7", LossKind::Deactivated), (2, "e-8", LossKind::Removed)] {
        let order = Ordered { slug: "employee".into(), id: id.into(), kind, holds: None };
        start(&journal, &task(number, Some(id))).await;
        let effect = TaskEffect { ordered: vec![order], ..touching(Some(account(id))) };
        end(&journal, &task(number, Some(id)), effect).await;
    }
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let judged = see_one(&journal, with_status(Status::Suspended, employee("E-7"))).await;
    assert_eq!(judged.held_back, None);
    journal.set_absent("employee", vec!["E-8".to_owned()]).await.unwrap();
    assert_eq!(losses(&journal).await.lost, Default::default());
}

#[tokio::test]
async fn the_exact_spelling_goes_before_any_other() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("BOB"), employee("bob")]).await;
    start(&journal, &task(1, Some("bob"))).await;
    assert_eq!(journal.at_work().await.unwrap(), [account("bob")]);
}

#[tokio::test]
async fn a_new_account_that_the_source_spells_in_another_way_is_not_waited_for() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a")]).await;
    start(&journal, &task(1, None)).await;
    settle(&journal, &task(1, None), touching(Some(account("Ann")))).await;
    scan(&journal, ScanMode::Push, &["a", "ann"]).await;
    assert_eq!(journal.touched().await.unwrap(), [], "`ann` is there");
    assert_eq!(respelled(&journal).await, [pair("Ann", "ann")], "and a person hears of it");
}
