use super::*;

#[tokio::test]
async fn an_account_is_known_before_the_task_that_may_make_it_and_stays_known() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    start(&journal, &task(1, Some("a"))).await;
    drop(journal);
    let journal = open(&directory);
    assert_eq!(known(&journal, "employee").await, ["a"]);

    start(&journal, &task(2, None)).await;
    settle(&journal, &task(1, Some("a")), TaskEffect::default()).await;
    settle(&journal, &task(2, None), touching(Some(account("b")))).await;
    assert_eq!(known(&journal, "employee").await, ["a", "b"]);
}

#[tokio::test]
async fn an_account_of_which_only_a_task_tells_has_no_status_to_lose() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, Some("a"))).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    let judged = see_one(&journal, with_status(Status::Inactive, employee("a"))).await;
    assert_eq!((judged.change, judged.held_back), (Change::Changed, None), "Iden may hold it");
    assert_eq!(losses(&journal).await.lost.deactivated, 0);
}

#[tokio::test]
async fn a_task_does_not_change_what_is_known_of_an_account() {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &["1"], vec![member("a", &["1"])]).await;
    start(&journal, &task(1, Some("a"))).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_teams(&journal, &["1"]).await;
    assert!(see_one(&journal, member("a", &[])).await.held_back.is_some());
}

#[tokio::test]
async fn a_task_that_was_merely_seen_touches_nothing() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.see_tasks(vec![task(1, Some("a"))], NOW).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), []);
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert!(known(&journal, "employee").await.is_empty());
}

#[tokio::test]
async fn an_account_that_was_read_again_is_touched_only_by_the_next_task() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    for (number, id) in [(1, "a"), (2, "b")] {
        settle(&journal, &task(number, Some(id)), touching(Some(account(id)))).await;
    }
    let last_touch = journal.last_touch().await.unwrap();
    settle(&journal, &task(3, Some("b")), touching(Some(account("b")))).await;
    // The look-ups began before the second task of `b`.
    journal.set_read_again("employee", vec!["a".to_owned(), "b".to_owned()], last_touch).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("b")]);
    settle(&journal, &task(4, Some("a")), touching(Some(account("a")))).await;
    assert_eq!(journal.touched().await.unwrap(), [account("a"), account("b")]);
}

#[tokio::test]
async fn accounts_touched_since_the_scan_began_are_told_and_those_of_open_tasks() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, Some("before"))).await;
    settle(&journal, &task(1, Some("before")), touching(None)).await;
    start(&journal, &task(2, Some("open"))).await;
    journal.begin_scan(ScanMode::Push).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("open")]);

    start(&journal, &task(3, Some("since"))).await;
    settle(&journal, &task(3, Some("since")), touching(None)).await;
    start(&journal, &task(4, None)).await;
    settle(&journal, &task(4, None), touching(Some(account("made")))).await;
    assert_eq!(journal.touched().await.unwrap(), ["made", "open", "since"].map(account));

    // Touched once more by its end.
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    settle(&journal, &task(2, Some("open")), touching(Some(account("open")))).await;
    assert_eq!(journal.touched().await.unwrap(), ["made", "open"].map(account), "no scan has seen the first");
}

#[tokio::test]
async fn the_account_of_a_task_counts_as_touched_while_the_task_is_open_and_no_longer() {
    use TaskState::{Conflict, Gone, Interrupted, Parked, Reported, Seen};
    let journal = SqliteJournal::in_task().unwrap();
    let task = task(1, Some("a"));
    start(&journal, &task).await;
    for to in [Interrupted, Parked, Seen] {
        move_to(&journal, &task, to).await;
        let expected = if to == Seen { vec![] } else { vec![account("a")] };
        assert_eq!(journal.touched().await.unwrap(), expected, "{to}");
    }
    end(&journal, &task, TaskEffect::default()).await;
    assert_eq!(journal.touched().await.unwrap(), [account("a")], "Iden is still to be told");
    for to in [Reported, Conflict, Gone] {
        move_to(&journal, &task, to).await;
        assert_eq!(journal.touched().await.unwrap(), [], "{to}");
    }
}

#[tokio::test]
async fn an_account_that_a_task_has_made_belongs_to_it_until_iden_is_told() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, None)).await;
    assert_eq!(journal.touched().await.unwrap(), []);
    end(&journal, &task(1, None), touching(Some(account("made")))).await;
    let known = journal.tasks(vec![task_id(1)]).await.unwrap().remove(0);
    assert_eq!(known.seen.account.as_deref(), Some("made"));
    // A scan has seen it, so it is not waited for.
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("made")).await;
    journal.end_scan(ScanEnd::Failed, NOW).await.unwrap();
    assert_eq!(journal.touched().await.unwrap(), [account("made")]);
    move_to(&journal, &task(1, None), TaskState::Reported).await;
    assert_eq!(journal.touched().await.unwrap(), []);
}

#[tokio::test]
async fn touches_that_are_forgotten_do_not_come_again_under_an_old_number() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, Some("a"))).await;
    settle(&journal, &task(1, Some("a")), TaskEffect::default()).await;
    // Forgets the touch, and with it the last number.
    journal.begin_scan(ScanMode::Push).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    start(&journal, &task(2, Some("a"))).await;
    settle(&journal, &task(2, Some("a")), TaskEffect::default()).await;
    assert_eq!(journal.touched().await.unwrap(), [account("a")]);
}

/// Has every touch fail from now on.
async fn refuse_touches(journal: &SqliteJournal) {
    let refuse = |store: &mut super::super::Store| {
        let trigger = "CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.touched BEGIN SELECT RAISE(ABORT, 'no'); END";
        Ok(store.connection.execute_batch(trigger)?)
    };
    journal.call("written", refuse).await.unwrap();
}

#[tokio::test]
async fn a_start_and_its_touch_are_written_together_or_not_at_all() {
    let journal = SqliteJournal::in_task().unwrap();
    refuse_touches(&journal).await;
    assert!(journal.start_task(&task(1, Some("a")), NOW).await.is_err());
    assert_eq!(state(&journal, &task(1, None)).await, None);
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap(), []);
    assert!(known(&journal, "employee").await.is_empty());
}

#[tokio::test]
async fn an_end_and_its_effect_are_written_together_or_not_at_all() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, None)).await;
    refuse_touches(&journal).await;
    let effect = touching(Some(account("made")));
    assert!(journal.end_task(&task(1, None), &done(), effect, NOW).await.is_err());
    let known = journal.tasks(vec![task_id(1)]).await.unwrap().remove(0);
    assert_eq!((known.state, known.end), (TaskState::Started, None));
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap().len(), 1);
}

/// Whether the account of this task stays known, where a session that began before its report was confirmed finds it absent.
async fn outlives_a_session_that_began_before_its_report(action: &str, end: TaskEnd) -> bool {
    let journal = SqliteJournal::in_task().unwrap();
    completed(&journal, &[], vec![employee("a"), employee("b")]).await;
    let task = SeenTask { action: action.to_owned(), ..task(1, Some("b")) };
    start(&journal, &task).await;
    journal.end_task(&task, &end, touching(Some(account("b"))), NOW).await.unwrap();
    journal.begin_scan(ScanMode::Push).await.unwrap();
    see_one(&journal, employee("a")).await;
    move_to(&journal, &task, TaskState::Reported).await;
    journal.set_absent("employee", vec!["b".to_owned()]).await.unwrap();
    journal.end_scan(COMPLETED, NOW).await.unwrap();
    known(&journal, "employee").await.contains(&"b".to_owned())
}

/// Iden may take the account into its records by the report (question P17), and that after the session's snapshot.
#[tokio::test]
async fn a_report_that_is_confirmed_touches_the_account_that_it_gives_access() {
    for action in ["create_account", "update_account", "unsuspend_account", "reset_password"] {
        assert!(outlives_a_session_that_began_before_its_report(action, done()).await, "{action}");
    }
    for action in ["suspend_account", "delete_account"] {
        assert!(!outlives_a_session_that_began_before_its_report(action, done()).await, "{action}");
    }
    let failed = TaskEnd { report: TaskReport::failed("locked", "it is locked"), secret: false };
    assert!(!outlives_a_session_that_began_before_its_report("create_account", failed).await);
}
