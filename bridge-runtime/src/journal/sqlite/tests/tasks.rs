use jiff::ToSpan;

use super::*;

fn at(seconds: i64) -> Timestamp {
    NOW + seconds.seconds()
}

async fn open_ids(journal: &SqliteJournal) -> Vec<TaskId> {
    journal.open_tasks().await.unwrap().into_iter().map(|task| task.seen.id).collect()
}

#[tokio::test]
async fn what_iden_said_of_a_task_is_kept() {
    let journal = SqliteJournal::in_task().unwrap();
    let seen = SeenTask { due: Some(at(7)), created: Some(at(5)), ..task(1, Some("a")) };
    journal.see_tasks(vec![seen.clone(), task(2, None)], at(9)).await.unwrap();
    let known = journal.tasks(vec![task_id(1), task_id(2)]).await.unwrap();
    assert_eq!(known[0].seen, seen);
    assert_eq!((known[0].state, known[0].attempts, known[0].since), (TaskState::Seen, 0, at(9)));
    assert_eq!(known[0].end, None);
    assert_eq!(known[1].seen, task(2, None));
}

#[tokio::test]
async fn a_task_that_is_here_stays_as_it_is_when_it_is_listed_again() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, Some("a"))).await;
    let before = journal.tasks(vec![task_id(1)]).await.unwrap();
    let again = SeenTask { action: "delete_account".to_owned(), ..task(1, Some("b")) };
    journal.see_tasks(vec![again, task(2, None), task(2, None)], at(9)).await.unwrap();
    assert_eq!(journal.tasks(vec![task_id(1)]).await.unwrap(), before);
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap().len(), 1);
    assert_eq!(journal.task_steps(task_id(2)).await.unwrap().len(), 1, "listed twice");
}

#[tokio::test]
async fn tasks_are_told_in_the_order_asked_for_and_those_that_are_not_here_are_left_out() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.see_tasks(vec![task(1, None), task(2, None), task(3, None)], NOW).await.unwrap();
    let known = journal.tasks([3, 7, 1, 2].map(task_id).to_vec()).await.unwrap();
    let ids: Vec<_> = known.into_iter().map(|task| task.seen.id).collect();
    assert_eq!(ids, [3, 1, 2].map(task_id));
}

#[tokio::test]
async fn seeing_tasks_that_are_all_here_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let listed = || (1..=9).map(|number| task(number, Some("a"))).collect::<Vec<_>>();
    let journal = open(&directory);
    journal.see_tasks(listed(), NOW).await.unwrap();
    drop(journal);
    let before = bytes_of(&directory.path().join("app"));
    let journal = open(&directory);
    // Nobody can write meanwhile.
    let other = rusqlite::Connection::open(directory.path().join("app/journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.see_tasks(listed(), at(9)).await.unwrap();
    journal.see_tasks(vec![], at(9)).await.unwrap();
    drop((other, journal));
    assert_eq!(bytes_of(&directory.path().join("app")), before);
}

/// Has the journal carry out this SQL, beside what it does by itself.
async fn have(journal: &SqliteJournal, sql: &'static str) {
    let have = move |store: &mut super::super::Store| Ok(store.connection.execute_batch(sql)?);
    journal.call("written", have).await.unwrap();
}

#[tokio::test]
async fn tasks_that_are_listed_are_written_together_or_not_at_all() {
    let journal = SqliteJournal::in_task().unwrap();
    have(
        &journal,
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.task WHEN new.account = 'b'
         BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .await;
    let listed = || ["a", "b"].map(Some).into_iter().zip(1..).map(|(account, number)| task(number, account)).collect();
    assert!(journal.see_tasks(listed(), NOW).await.is_err());
    assert_eq!(state(&journal, &task(1, None)).await, None);
    have(&journal, "DROP TRIGGER refuse").await;
    journal.see_tasks(listed(), NOW).await.unwrap();
    assert_eq!(journal.tasks(vec![task_id(1), task_id(2)]).await.unwrap().len(), 2);
}

#[tokio::test]
async fn every_move_waits_for_the_disk_but_the_one_to_reported() {
    let journal = SqliteJournal::in_task().unwrap();
    // 2 is `FULL`, 1 is `NORMAL`.
    have(
        &journal,
        "CREATE TEMP TABLE written (state INTEGER, synchronous INTEGER);
         CREATE TEMP TRIGGER look AFTER INSERT ON main.task_step
         BEGIN INSERT INTO written SELECT new.state, synchronous FROM pragma_synchronous('main'); END",
    )
    .await;
    let task = task(1, None);
    journal.see_tasks(vec![task.clone()], NOW).await.unwrap();
    start(&journal, &task).await;
    for to in [TaskState::Interrupted, TaskState::Parked, TaskState::Seen] {
        move_to(&journal, &task, to).await;
    }
    end(&journal, &task, TaskEffect::default()).await;
    for to in [TaskState::Reported, TaskState::Conflict, TaskState::Gone] {
        move_to(&journal, &task, to).await;
    }
    let look = |store: &mut super::super::Store| {
        let mut written = store.connection.prepare("SELECT state, synchronous FROM written")?;
        let written = written.query_map([], |row| Ok((row.get::<_, TaskState>(0)?, row.get::<_, i64>(1)?)))?;
        Ok(written.collect::<rusqlite::Result<Vec<_>>>()?)
    };
    let written = journal.call("read", look).await.unwrap();
    assert_eq!(written.len(), 9);
    for (state, synchronous) in written {
        assert_eq!(synchronous, if state == TaskState::Reported { 1 } else { 2 }, "{state}");
    }
}

#[tokio::test]
async fn a_command_without_a_journal_makes_none_by_looking_at_tasks() {
    let directory = tempfile::tempdir().unwrap();
    let beside = beside(&directory);
    beside.see_tasks(vec![], NOW).await.unwrap();
    beside.forget_tasks([].into(), NOW, 0).await.unwrap();
    assert_eq!(beside.open_tasks().await.unwrap(), []);
    assert_eq!(beside.tasks(vec![task_id(1)]).await.unwrap(), []);
    assert_eq!(beside.task_steps(task_id(1)).await.unwrap(), []);
    assert_eq!(beside.overtaken_by(&task(1, Some("a"))).await.unwrap(), None);
    assert!(!directory.path().join("app").exists());
}

#[tokio::test]
async fn a_task_that_was_started_is_remembered_with_its_attempts() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    assert_eq!(start(&journal, &task(2, None)).await, 1, "it need not have been seen");
    journal.see_tasks(vec![task(1, None)], NOW).await.unwrap();
    assert_eq!(start(&journal, &task(1, Some("a"))).await, 1);
    drop(journal);

    let journal = open(&directory);
    assert_eq!(open_ids(&journal).await, [1, 2].map(task_id));
    let again = SeenTask { due: Some(at(7)), created: Some(at(5)), ..task(1, Some("a")) };
    assert_eq!(journal.start_task(&again, at(9)).await.unwrap(), 2);
    let known = journal.tasks(vec![task_id(1)]).await.unwrap().remove(0);
    assert_eq!(known.seen, again, "as Iden says it now");
    assert_eq!((known.state, known.attempts, known.since), (TaskState::Started, 2, at(9)));
}

#[tokio::test]
async fn a_task_that_is_put_back_is_not_open_and_keeps_its_attempts() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, Some("a"))).await;
    move_to(&journal, &task(1, None), TaskState::Seen).await;
    assert_eq!(open_ids(&journal).await, []);
    assert_eq!(start(&journal, &task(1, Some("a"))).await, 2);
}

#[tokio::test]
async fn an_end_outlives_the_process_and_iden_being_told() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let end = TaskEnd { report: TaskReport::failed("account_not_found", "no employee a"), secret: true };
    start(&journal, &task(1, Some("a"))).await;
    journal.end_task(&task(1, Some("a")), &end, touching(Some(account("a"))), at(3)).await.unwrap();
    // No handler takes it, so it was not started.
    journal.end_task(&task(2, None), &end, touching(None), at(3)).await.unwrap();
    drop(journal);

    let journal = open(&directory);
    for (number, attempts) in [(1, 1), (2, 0)] {
        let known = journal.tasks(vec![task_id(number)]).await.unwrap().remove(0);
        assert_eq!((known.state, known.attempts, known.since), (TaskState::Executed, attempts, at(3)));
        assert_eq!(known.end, Some(end.clone()));
        move_to(&journal, &task(number, None), TaskState::Reported).await;
        let known = journal.tasks(vec![task_id(number)]).await.unwrap().remove(0);
        assert_eq!((known.state, known.end), (TaskState::Reported, Some(end.clone())));
    }
    assert_eq!(open_ids(&journal).await, []);
}

#[tokio::test]
async fn a_task_that_has_ended_is_not_started_again() {
    let journal = SqliteJournal::in_task().unwrap();
    end(&journal, &task(1, Some("a")), TaskEffect::default()).await;
    for to in [TaskState::Executed, TaskState::Reported, TaskState::Conflict, TaskState::Gone] {
        move_to(&journal, &task(1, None), to).await;
        let refused = journal.start_task(&task(1, Some("b")), NOW).await.unwrap_err();
        assert!(refused.to_string().contains("has ended"), "{refused}");
        assert_eq!(state(&journal, &task(1, None)).await, Some(to));
    }
    assert_eq!(known(&journal, "employee").await, ["a"], "nothing of the other account is written");
}

#[tokio::test]
async fn a_task_that_is_not_here_is_not_moved() {
    let journal = SqliteJournal::in_task().unwrap();
    for to in [TaskState::Parked, TaskState::Reported] {
        let refused = journal.move_task(task_id(1), to, "", NOW).await.unwrap_err();
        assert!(refused.to_string().contains("is not in the journal"), "{refused}");
    }
    assert_eq!(state(&journal, &task(1, None)).await, None);
}

#[tokio::test]
async fn a_task_is_not_moved_to_states_that_have_a_method_of_their_own() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.see_tasks(vec![task(1, None)], NOW).await.unwrap();
    for to in [TaskState::Started, TaskState::Executed] {
        assert!(journal.move_task(task_id(1), to, "", NOW).await.is_err());
    }
    assert_eq!(state(&journal, &task(1, None)).await, Some(TaskState::Seen));
}

#[tokio::test]
async fn a_state_is_as_old_as_the_move_to_it() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, None)).await;
    journal.move_task(task_id(1), TaskState::Parked, "it timed out", at(5)).await.unwrap();
    journal.move_task(task_id(1), TaskState::Parked, "still", at(7)).await.unwrap();
    assert_eq!(journal.open_tasks().await.unwrap()[0].since, at(5));
}

#[tokio::test]
async fn open_tasks_come_in_the_order_of_their_times() {
    let journal = SqliteJournal::in_task().unwrap();
    let timed = |number, due: Option<i64>, created: Option<i64>| SeenTask {
        due: due.map(at),
        created: created.map(at),
        ..task(number, None)
    };
    for task in [
        timed(1, Some(9), Some(1)),
        timed(2, Some(4), Some(3)),
        timed(3, Some(4), Some(2)),
        timed(4, Some(4), None),
        timed(6, None, Some(8)),
        timed(5, None, Some(8)),
    ] {
        start(&journal, &task).await;
    }
    assert_eq!(open_ids(&journal).await, [5, 6, 4, 3, 2, 1].map(task_id));
}

#[tokio::test]
async fn a_task_is_open_and_settled_by_its_state_alone() {
    use TaskState::{Conflict, Executed, Gone, Interrupted, Parked, Reported, Seen, Started};
    let journal = SqliteJournal::in_task().unwrap();
    for (number, to) in (1..).zip([Seen, Started, Executed, Reported, Interrupted, Parked, Conflict, Gone]) {
        let task = task(number, None);
        start(&journal, &task).await;
        match to {
            Started => {}
            Executed => end(&journal, &task, TaskEffect::default()).await,
            to => move_to(&journal, &task, to).await,
        }
    }
    let open = journal.open_tasks().await.unwrap();
    assert_eq!(open.iter().map(|task| task.state).collect::<Vec<_>>(), [Started, Executed, Interrupted, Parked]);
    assert!(open.iter().all(|task| !task.state.is_settled()));
    journal.forget_tasks((1..=8).map(task_id).collect(), at(1), 0).await.unwrap();
    journal.forget_tasks([task_id(1)].into(), at(1), 0).await.unwrap();
    let left = journal.tasks((1..=8).map(task_id).collect()).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|task| task.state).collect();
    assert_eq!(left, [Seen, Started, Executed, Interrupted, Parked], "what is settled is forgotten");
}

#[tokio::test]
async fn another_app_knows_nothing_of_the_tasks_of_the_first() {
    let journal = SqliteJournal::in_task().unwrap();
    set_app(&journal).await;
    start(&journal, &task(1, Some("a"))).await;
    let other = KnownApp { id: "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11".parse().unwrap(), ..app() };
    journal.set_app(other).await.unwrap();
    assert_eq!(open_ids(&journal).await, []);
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap(), []);
}

#[tokio::test]
async fn tasks_that_were_merely_listed_come_in_their_order_page_by_page() {
    let journal = SqliteJournal::in_task().unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    let timed = |number, due: Option<i64>, created: Option<i64>| SeenTask {
        due: due.map(at),
        created: created.map(at),
        ..task(number, Some("a"))
    };
    let tasks = [
        timed(1, Some(5), Some(3)),
        timed(2, Some(5), Some(2)),
        timed(3, None, None),
        timed(4, Some(4), None),
        timed(5, Some(5), Some(2)),
        timed(6, Some(1), Some(1)),
    ];
    journal.see_tasks(tasks.to_vec(), NOW).await.unwrap();
    start(&journal, &tasks[5]).await;
    let (mut order, mut after) = (Vec::new(), None);
    loop {
        let page = journal.listed_tasks(after.take(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.seen.clone());
        order.extend(page.into_iter().map(|task| task.seen.id));
    }
    assert_eq!(order, [3, 4, 2, 5, 1].map(task_id));
}
