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

#[tokio::test]
async fn polls_that_fail_are_shown_since_the_first_of_them_until_one_goes_well() {
    let directory = tempfile::tempdir().unwrap();
    let (engine, at) = (open(&directory), |seconds: i64| NOW + jiff::SignedDuration::from_secs(seconds));
    let beside = beside(&directory);
    engine.polled(None, at(1)).await.unwrap();
    assert_eq!(beside.poll_failure().await.unwrap(), None);
    for (seconds, why) in [(2, "403"), (3, "500")] {
        engine.polled(Some(why.to_owned()), at(seconds)).await.unwrap();
        let shown = beside.poll_failure().await.unwrap().unwrap();
        assert_eq!((shown.since, shown.at, &*shown.why), (at(2), at(seconds), why));
    }
    drop(engine);
    let engine = open(&directory);
    assert!(beside.poll_failure().await.unwrap().is_some(), "across a restart");
    engine.polled(None, at(4)).await.unwrap();
    assert_eq!(beside.poll_failure().await.unwrap(), None);
}
