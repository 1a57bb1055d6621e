use jiff::ToSpan;

use super::*;
use crate::journal::{Activity, Command, ControlJournal, Status};

#[tokio::test]
async fn what_was_asked_is_taken_once() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    assert_eq!(engine.take_commands().await.unwrap(), []);
    let beside = beside(&directory);
    beside.ask(Command::Sync, NOW).await.unwrap();
    beside.ask(Command::Sync, NOW + 1.second()).await.unwrap();
    assert_eq!(engine.take_commands().await.unwrap(), [Command::Sync]);
    assert_eq!(engine.take_commands().await.unwrap(), []);
}

#[tokio::test]
async fn a_command_of_a_later_version_is_passed_over() {
    let journal = SqliteJournal::in_task().unwrap();
    journal.ask(Command::Sync, NOW).await.unwrap();
    let later = |store: &mut super::super::Store| {
        store.write(|tx| Ok(tx.execute("INSERT INTO command (name, at) VALUES ('dance', 0)", [])?))
    };
    journal.call("written", later).await.unwrap();
    assert_eq!(journal.take_commands().await.unwrap(), [Command::Sync]);
    assert_eq!(journal.take_commands().await.unwrap(), []);
}

#[tokio::test]
async fn the_last_status_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    assert_eq!(engine.status().await.unwrap(), None);
    let reading = Status::new(Activity::Reading { slug: "team".to_owned(), records: 7 }, NOW);
    let waiting = Status::new(Activity::Waiting { until: NOW + 1.hour() }, NOW + 1.second());
    for status in [reading, waiting] {
        engine.set_status(&status).await.unwrap();
        assert_eq!(beside(&directory).status().await.unwrap(), Some(status));
    }
}

#[tokio::test]
async fn entries_after_a_status_wait_for_the_disk_again() {
    let directory = tempfile::tempdir().unwrap();
    let engine = open(&directory);
    engine.set_status(&Status::new(Activity::Settling, NOW)).await.unwrap();
    let level = |store: &mut super::super::Store| {
        Ok(store.reading()?.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(engine.call("read", level).await.unwrap(), 2, "FULL");
}
