use super::*;

fn email(login: &str) -> [Option<LoginKey>; 2] {
    [LoginKey::of("employee", "email", login), None]
}

async fn known_logins(journal: &SqliteJournal, ids: [&str; 2]) -> [[Option<LoginKey>; 2]; 2] {
    journal.logins(ids.map(account).into()).await.unwrap().try_into().unwrap()
}

#[tokio::test]
async fn the_logins_of_an_account_are_those_that_were_pushed_last() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![Seen { logins: email("old"), ..employee("a") }]).await;
    assert_eq!(known_logins(&journal, ["b", "a"]).await, [[None; 2], email("old")]);
    let moved = Seen { logins: email("new"), fingerprint: 2, ..employee("a") };
    journal.begin_scan(ScanMode::Dry).await.unwrap();
    see_one(&journal, moved.clone()).await;
    assert_eq!(known_logins(&journal, ["a", "b"]).await[0], email("old"));
    completed(&journal, &[], vec![moved]).await;
    assert_eq!(known_logins(&journal, ["a", "b"]).await[0], email("new"));
}

#[tokio::test]
async fn an_account_of_an_older_version_gets_its_logins_with_the_next_sync_and_stays_unchanged() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a")]).await;
    let same = Seen { logins: email("ann"), ..employee("a") };
    for _ in 0..2 {
        journal.begin_scan(ScanMode::Push).await.unwrap();
        assert_eq!(see_one(&journal, same.clone()).await.change, Change::Same);
        journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
        assert_eq!(known_logins(&journal, ["a", "b"]).await[0], email("ann"));
    }
}

#[tokio::test]
async fn a_completed_task_gives_its_account_the_logins_that_it_asked_for() {
    let journal = SqliteJournal::in_task().unwrap();
    let made = TaskEffect { touched: Some(account("a")), logins: email("ann"), ..TaskEffect::default() };
    journal.end_task(&task(1, None), &done(), made, NOW).await.unwrap();
    let other = TaskEffect { touched: Some(account("a")), ..TaskEffect::default() };
    journal.end_task(&task(2, Some("a")), &done(), other, NOW).await.unwrap();
    assert_eq!(known_logins(&journal, ["a", "b"]).await[0], email("ann"));
}
