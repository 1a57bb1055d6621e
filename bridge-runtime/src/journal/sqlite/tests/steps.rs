use jiff::ToSpan;

use super::*;
use crate::journal::TaskStep;

fn at(seconds: i64) -> Timestamp {
    NOW + seconds.seconds()
}

#[tokio::test]
async fn the_history_of_a_task_outlives_the_process_the_oldest_step_first() {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory);
    let task = task(1, Some("a"));
    journal.see_tasks(vec![task.clone()], at(1)).await.unwrap();
    journal.start_task(&task, at(2)).await.unwrap();
    journal.move_task(task.id, TaskState::Interrupted, "it timed out", at(3)).await.unwrap();
    journal.start_task(&task, at(4)).await.unwrap();
    let end = TaskEnd { report: TaskReport::failed("locked", "the account is locked"), secret: false };
    journal.end_task(&task, &end, TaskEffect::default(), at(5)).await.unwrap();
    journal.move_task(task.id, TaskState::Reported, "", at(6)).await.unwrap();
    drop(journal);

    let steps = open(&directory).task_steps(task.id).await.unwrap();
    assert_eq!(
        steps,
        [
            TaskStep::new(at(1), TaskState::Seen, 0, ""),
            TaskStep::new(at(2), TaskState::Started, 1, ""),
            TaskStep::new(at(3), TaskState::Interrupted, 1, "it timed out"),
            TaskStep::new(at(4), TaskState::Started, 2, ""),
            TaskStep::new(at(5), TaskState::Executed, 2, "failed: locked"),
            TaskStep::new(at(6), TaskState::Reported, 2, ""),
        ]
    );
}

#[tokio::test]
async fn the_same_step_again_only_has_a_later_time() {
    for to in [TaskState::Interrupted, TaskState::Parked, TaskState::Reported, TaskState::Conflict, TaskState::Gone] {
        let journal = SqliteJournal::in_task().unwrap();
        end(&journal, &task(1, None), TaskEffect::default()).await;
        for seconds in 1..=9 {
            journal.move_task(task_id(1), to, "as before", at(seconds)).await.unwrap();
        }
        let steps = journal.task_steps(task_id(1)).await.unwrap();
        assert_eq!(
            steps,
            [TaskStep::new(NOW, TaskState::Executed, 0, "completed"), TaskStep::new(at(9), to, 0, "as before")]
        );
        let since = if to.is_settled() { at(9) } else { at(1) };
        assert_eq!(journal.tasks(vec![task_id(1)]).await.unwrap()[0].since, since, "{to}");
    }
}

#[tokio::test]
async fn why_iden_is_still_to_be_told_can_be_noted() {
    let journal = SqliteJournal::in_task().unwrap();
    end(&journal, &task(1, None), TaskEffect::default()).await;
    for seconds in 1..=9 {
        journal.move_task(task_id(1), TaskState::Executed, "the report did not arrive", at(seconds)).await.unwrap();
    }
    let steps = journal.task_steps(task_id(1)).await.unwrap();
    let noted = TaskStep::new(at(9), TaskState::Executed, 0, "the report did not arrive");
    assert_eq!(steps, [TaskStep::new(NOW, TaskState::Executed, 0, "completed"), noted]);
}

#[tokio::test]
async fn the_last_sixty_four_steps_are_kept_of_each_task() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.see_tasks(vec![task(2, None)], NOW).await.unwrap();
    for attempt in 1..=100 {
        assert_eq!(start(&journal, &task(1, None)).await, attempt);
    }
    let steps = journal.task_steps(task_id(1)).await.unwrap();
    assert_eq!(steps.iter().map(|step| step.attempts).collect::<Vec<_>>(), (37..=100).collect::<Vec<_>>());
    assert_eq!(journal.task_steps(task_id(2)).await.unwrap().len(), 1, "another one loses nothing");
}

#[tokio::test]
async fn a_note_is_cut_off_and_cannot_forge_a_line() {
    let journal = SqliteJournal::in_task().unwrap();
    start(&journal, &task(1, None)).await;
    let page = "<p>an error\nof the system</p>".repeat(100);
    for _ in 0..2 {
        journal.move_task(task_id(1), TaskState::Parked, &page, NOW).await.unwrap();
    }
    let steps = journal.task_steps(task_id(1)).await.unwrap();
    assert_eq!(steps.len(), 2, "it is the same note the second time");
    assert!(steps[1].note.starts_with(r"<p>an error\nof the system</p>"));
    assert!(steps[1].note.ends_with('…') && steps[1].note.chars().count() < 550);
}
