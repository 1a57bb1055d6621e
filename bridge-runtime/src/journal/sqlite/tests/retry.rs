use jiff::ToSpan;

use super::*;
use crate::journal::Retry;

async fn parked(journal: &SqliteJournal) -> SeenTask {
    let task = task(1, Some("a"));
    start(journal, &task).await;
    start(journal, &task).await;
    move_to(journal, &task, TaskState::Parked).await;
    task
}

#[tokio::test]
async fn a_parked_task_is_taken_up_again_with_all_its_attempts_before_it() {
    for (retry, to) in [(Retry::Settle, TaskState::Interrupted), (Retry::NotDone, TaskState::Seen)] {
        let journal = SqliteJournal::in_task().unwrap();
        let task = parked(&journal).await;
        let at = NOW + 5.seconds();
        assert_eq!(journal.retry_task(task.id, retry, at).await.unwrap(), Some(TaskState::Parked));
        let known = journal.tasks(vec![task.id]).await.unwrap().remove(0);
        assert_eq!((known.state, known.attempts, known.since), (to, 0, at));
        let last = journal.task_steps(task.id).await.unwrap().pop().unwrap();
        assert_eq!((last.state, last.at), (to, at));
        assert!(last.note.contains("by hand"), "{}", last.note);
        assert_eq!(start(&journal, &task).await, 1);
    }
}

#[tokio::test]
async fn a_task_that_is_not_parked_stays_as_it_is_and_its_state_is_told() {
    use TaskState::{Conflict, Executed, Gone, Interrupted, Reported, Seen, Started};
    for to in [Seen, Started, Executed, Reported, Interrupted, Conflict, Gone] {
        let journal = SqliteJournal::in_task().unwrap();
        let task = parked(&journal).await;
        match to {
            Started => drop(start(&journal, &task).await),
            Executed => end(&journal, &task, TaskEffect::default()).await,
            to => move_to(&journal, &task, to).await,
        }
        let before = (journal.tasks(vec![task.id]).await.unwrap(), journal.task_steps(task.id).await.unwrap());
        for retry in [Retry::Settle, Retry::NotDone] {
            assert_eq!(journal.retry_task(task.id, retry, NOW + 5.seconds()).await.unwrap(), Some(to));
        }
        let after = (journal.tasks(vec![task.id]).await.unwrap(), journal.task_steps(task.id).await.unwrap());
        assert_eq!(after, before);
    }
}

#[tokio::test]
async fn a_task_that_nobody_knows_is_not_taken_up_and_makes_no_journal() {
    let directory = tempfile::tempdir().unwrap();
    let beside = beside(&directory);
    assert_eq!(beside.retry_task(task_id(1), Retry::Settle, NOW).await.unwrap(), None);
    assert!(!directory.path().join("app").exists());
}

#[tokio::test]
async fn a_command_beside_the_engine_has_a_task_taken_up_again_and_the_engine_sees_it() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    let task = parked(&engine).await;
    let beside = beside(&directory);
    assert_eq!(beside.open_tasks().await.unwrap()[0].state, TaskState::Parked);
    assert_eq!(beside.retry_task(task.id, Retry::Settle, NOW).await.unwrap(), Some(TaskState::Parked));
    assert_eq!(state(&engine, &task).await, Some(TaskState::Interrupted));
    assert_eq!(start(&engine, &task).await, 1);
    // The engine was quicker.
    assert_eq!(beside.retry_task(task.id, Retry::NotDone, NOW).await.unwrap(), Some(TaskState::Started));
    assert_eq!(state(&engine, &task).await, Some(TaskState::Started));
}
