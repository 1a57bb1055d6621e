use jiff::ToSpan;

use super::*;

#[tokio::test]
async fn tasks_that_were_merely_seen_are_forgotten_once_they_are_not_listed() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.see_tasks((1..=3).map(|number| task(number, None)).collect(), NOW).await.unwrap();
    journal.forget_tasks([task_id(2), task_id(7)].into(), NOW, 0).await.unwrap();
    let states = [state(&journal, &task(1, None)).await, state(&journal, &task(3, None)).await];
    assert_eq!(states, [None, None]);
    assert_eq!(state(&journal, &task(2, None)).await, Some(TaskState::Seen));
    assert_eq!(journal.task_steps(task_id(1)).await.unwrap(), [], "with its history");
    assert_eq!(journal.task_steps(task_id(2)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn tasks_that_are_begun_and_not_settled_are_never_forgotten() {
    let journal = SqliteJournal::in_task().unwrap();
    for number in 1..=4 {
        start(&journal, &task(number, None)).await;
    }
    move_to(&journal, &task(2, None), TaskState::Interrupted).await;
    move_to(&journal, &task(3, None), TaskState::Parked).await;
    end(&journal, &task(4, None), TaskEffect::default()).await;
    journal.forget_tasks([].into(), NOW + 100_000.hours(), 0).await.unwrap();
    assert_eq!(journal.open_tasks().await.unwrap().len(), 4);
}

#[tokio::test]
async fn settled_tasks_are_forgotten_when_they_have_been_so_for_long_and_are_not_listed() {
    for to in [TaskState::Reported, TaskState::Conflict, TaskState::Gone] {
        let journal = SqliteJournal::in_task().unwrap();
        end(&journal, &task(1, None), TaskEffect::default()).await;
        let settled = NOW + 5.seconds();
        journal.move_task(task_id(1), to, "", settled).await.unwrap();
        journal.forget_tasks([].into(), settled, 0).await.unwrap();
        assert_eq!(state(&journal, &task(1, None)).await, Some(to), "not before that time");
        journal.forget_tasks([task_id(1)].into(), settled + 1.nanosecond(), 0).await.unwrap();
        assert_eq!(state(&journal, &task(1, None)).await, Some(to), "it is listed");
        journal.forget_tasks([].into(), settled + 1.nanosecond(), 0).await.unwrap();
        assert_eq!(state(&journal, &task(1, None)).await, None, "{to}");
    }
}

#[tokio::test]
async fn where_nothing_is_to_be_forgotten_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    journal.see_tasks(vec![task(1, None)], NOW).await.unwrap();
    settle(&journal, &task(2, None), TaskEffect::default()).await;
    // Nobody can write meanwhile.
    let other = rusqlite::Connection::open(directory.path().join("app/journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    journal.forget_tasks([task_id(1)].into(), NOW, 0).await.unwrap();
    drop(other);
    assert_eq!(state(&journal, &task(2, None)).await, Some(TaskState::Reported));
}

#[tokio::test]
async fn a_clock_that_is_wrong_does_not_make_it_forget_what_was_done_of_late() {
    let journal = SqliteJournal::in_task().unwrap();
    for number in 1..=5 {
        settle(&journal, &task(number, None), TaskEffect::default()).await;
        journal.move_task(task_id(number), TaskState::Reported, "", NOW + i64::from(number).seconds()).await.unwrap();
    }
    journal.forget_tasks([].into(), NOW + 4.seconds(), 3).await.unwrap();
    let mut left = Vec::new();
    for number in 1..=5 {
        left.push(state(&journal, &task(number, None)).await.is_some());
    }
    assert_eq!(left, [false, false, true, true, true], "two are young enough, and one more is kept");
    journal.forget_tasks([].into(), NOW + 100_000.hours(), 3).await.unwrap();
    assert_eq!(journal.tasks((1..=5).map(task_id).collect()).await.unwrap().len(), 3);
}
