//! More tasks than are held in memory.

use std::{collections::BTreeMap, time::Duration};

use iden_bridge::prelude::*;
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Employee, Hr, Stage, go_on},
    tasks::about,
};

#[bridge_task]
async fn change(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    note(&cx)
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    note(&cx)
}

fn note(cx: &TaskContext<Hr>) -> Result<(), TaskError> {
    cx.carried_out.lock().unwrap().push(cx.task.id.parse()?);
    Ok(())
}

#[tokio::test]
async fn tasks_beyond_the_window_are_done_once_and_in_order_with_suspensions_first() {
    let stage = Stage::with(1).await;
    let builder = stage.builder().tasks(tasks![change, suspend]).tasks_in_memory(8);
    let connector = builder.build().unwrap().attach(&stage.target(), json!({})).await.unwrap();
    // 60 updates of 20 accounts; one account has 40 more, all of them before the others.
    let mut tasks: BTreeMap<u32, Vec<Uuid>> = BTreeMap::new();
    let mut queue = |number: u32, action: &str| {
        let task = stage.app().queue(about(action, number));
        tasks.entry(number).or_default().push(task);
        task
    };
    for _ in 0..40 {
        queue(1, "update_account");
    }
    for at in 0..60 {
        queue(2 + at % 20, "update_account");
    }
    let suspension = queue(15, "suspend_account");

    let round = connector.tasks_once(&go_on()).await.unwrap();

    let done = stage.company.carried_out.lock().unwrap().clone();
    assert_eq!((done.len(), round.completed()), (101, 101));
    for (account, tasks) in tasks {
        let in_order: Vec<Uuid> = done.iter().filter(|task| tasks.contains(task)).copied().collect();
        assert_eq!(in_order, tasks, "account {account}");
    }
    let at = done.iter().position(|task| *task == suspension).unwrap();
    assert!(at < 40, "{at} tasks ran before the suspension");
}

#[tokio::test]
async fn an_account_with_more_tasks_than_the_window_does_not_keep_the_others_waiting() {
    #[bridge_task(timeout = "60m")]
    async fn change(cx: TaskContext<Hr>, task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        let stop = cx.task_stop.lock().unwrap().clone().filter(|_| *task.id() == 1);
        if let Some(stop) = stop {
            stop.wait().await;
        }
        note(&cx)
    }
    let stage = Stage::with(1).await;
    let builder = stage.builder().tasks(tasks![change]).tasks_in_memory(8);
    let connector = builder.build().unwrap().attach(&stage.target(), json!({})).await.unwrap();
    let held = stage.company.stop_task();
    for _ in 0..40 {
        stage.app().queue(about("update_account", 1));
    }
    let others: Vec<Uuid> = (2..12).map(|number| stage.app().queue(about("update_account", number))).collect();
    let (stop, app) = (go_on(), stage.app());
    let others_are_done = async {
        for task in others {
            app.wait_until_task_done(task, Duration::from_secs(60)).await;
        }
        stage.company.task_stop.lock().unwrap().take();
        held.go_on();
    };
    let (round, ()) = tokio::join!(connector.tasks_once(&stop), others_are_done);
    assert_eq!(round.unwrap().completed(), 50);
}
