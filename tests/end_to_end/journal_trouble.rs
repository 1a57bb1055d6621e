//! A journal that fails while tasks are at work. Without it nothing is safe, so the connector ends, and what was done is settled
//! when it comes again.

use std::time::Duration;

use bridge_sandbox::Fault;
use iden_bridge::{
    Exit,
    connector::{Attached, ConnectorError, Schedule},
    prelude::*,
};

use crate::{
    company::{Employee, Hr, Stage, go_on},
    tasks::about,
    trouble::calls,
};

/// Waits, the first time that it is called, until the test lets it go on.
#[bridge_task(timeout = "60m")]
async fn dawdle(cx: TaskContext<Hr>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.effect();
    let stop = cx.task_stop.lock().unwrap().take();
    if let Some(stop) = stop {
        stop.wait().await;
    }
    Ok(())
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.effect();
    Ok(())
}

async fn attach(stage: &Stage) -> Attached<Hr> {
    stage.attach_with(tasks![dawdle, suspend]).await
}

/// From now on the journal takes in nothing about tasks, until `mend`.
fn break_journal(connector: &Attached<Hr>) {
    let on = |table: &str, what: &str| {
        format!(
            "CREATE TRIGGER broken_{what}_{table} BEFORE {what} ON {table}
             BEGIN SELECT RAISE(ABORT, 'no more of this'); END;"
        )
    };
    let all = ["task", "task_step"].map(|table| ["INSERT", "UPDATE"].map(|what| on(table, what)).concat());
    beside(connector).execute_batch(&all.concat()).unwrap();
}

fn mend(connector: &Attached<Hr>) {
    let all = ["task", "task_step"]
        .map(|table| ["INSERT", "UPDATE"].map(|what| format!("DROP TRIGGER broken_{what}_{table};")).concat());
    beside(connector).execute_batch(&all.concat()).unwrap();
}

fn beside(connector: &Attached<Hr>) -> rusqlite::Connection {
    rusqlite::Connection::open(connector.state().join("journal.db")).unwrap()
}

#[track_caller]
fn assert_of_the_journal(ended: Result<(), ConnectorError>) {
    let error = ended.expect_err("nothing can go on");
    assert_eq!(Exit::of(&error), Exit::Journal, "{error}");
    assert!(error.to_string().contains("no more of this"), "{error}");
}

/// The next connector finds the journal as it was, and does what is left.
async fn assert_settled_afterwards(stage: &Stage, connector: Attached<Hr>, tasks: [uuid::Uuid; 2]) {
    mend(&connector);
    stage.sandbox.clear_faults();
    drop(connector);
    attach(stage).await.tasks_once(&go_on()).await.unwrap();
    tasks.into_iter().for_each(|task| stage.app().assert_task_completed(task));
}

/// Seed 24956 of the simulation.
#[tokio::test]
async fn a_journal_that_fails_ends_the_connector_at_once_however_long_a_handler_takes() {
    let stage = Stage::with(2).await;
    let connector = attach(&stage).await;
    let stop = stage.company.stop_task();
    let first = stage.app().queue(about("unsuspend_account", 1));
    let schedule = Schedule::default().without_syncs().poll_every(Duration::from_secs(1), Duration::from_secs(1));
    let go = go_on();
    let breaks = async {
        stop.reached().await;
        break_journal(&connector);
        stage.app().queue(about("suspend_account", 2))
    };

    let running = tokio::time::timeout(Duration::from_secs(60), connector.run(&schedule, &go));
    let (ended, second) = tokio::join!(running, breaks);

    assert_of_the_journal(ended.expect("it does not wait for the handler, which would never end"));
    assert_settled_afterwards(&stage, connector, [first, second]).await;
}

/// Seed 53825 of the simulation.
#[tokio::test]
async fn a_journal_that_fails_ends_the_connector_whatever_failed_before() {
    let stage = Stage::with(2).await;
    let connector = attach(&stage).await;
    let stop = stage.company.stop_task();
    let first = stage.app().queue(about("unsuspend_account", 1));
    let second = stage.app().queue(about("suspend_account", 2));
    let look = format!("/tasks/{second}/");
    stage.sandbox.fault(Fault::ending("GET", &look).answer(401, "not with this key"));
    let go = go_on();
    let breaks = async {
        stop.reached().await;
        while calls(&stage, "GET", &look).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        break_journal(&connector);
        stop.go_on();
    };

    let (ended, ()) = tokio::join!(connector.tasks_once(&go), breaks);

    assert_of_the_journal(ended.map(drop));
    assert_settled_afterwards(&stage, connector, [first, second]).await;
    assert_eq!(stage.company.effects(), 3, "what was done and could not be written down is done again: it may be");
}
