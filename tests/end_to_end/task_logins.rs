//! E-mail addresses and user names that move from one account to another.

use bridge_sandbox::NewTask;
use iden_bridge::{Tasks, prelude::*};
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Employee, Hr, Stage, go_on},
    tasks::about,
};

/// Notes the task, after a while in which another task could begin.
async fn note(cx: &TaskContext<Hr>) -> Result<(), TaskError> {
    let number: uuid::Uuid = cx.task.id.parse()?;
    assert!(cx.carried_out.try_lock().is_ok());
    let at_work = cx.effects.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    cx.effects.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
    cx.carried_out.lock().unwrap().push(number);
    if at_work == 0 { Ok(()) } else { Err(TaskError::fail("not_alone", "another task ran at the same time")) }
}

#[bridge_task]
async fn change(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
    note(&cx).await
}

#[bridge_task]
async fn delete(cx: TaskContext<Hr>, _task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    note(&cx).await
}

#[bridge_task(on_interrupt = fail)]
async fn hire(cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    note(&cx).await.map(|()| Created::new(99))
}

/// Handlers that note their task, and fail if another one runs at the same time.
pub fn noting() -> Tasks<Hr> {
    tasks![change, delete, hire]
}

fn email(number: u32) -> String {
    format!("p{number}@acme.example")
}

/// Runs the tasks, and checks that each has run alone and in this order.
pub async fn assert_runs_in_order(stage: &Stage, tasks: &[Uuid]) {
    stage.attach_with(noting()).await.tasks_once(&go_on()).await.unwrap();
    assert_eq!(*stage.company.carried_out.lock().unwrap(), tasks);
    tasks.iter().for_each(|task| stage.app().assert_task_completed(*task));
}

#[tokio::test]
async fn an_address_is_given_on_only_after_its_account_is_deleted() {
    let stage = Stage::with(2).await;
    stage.attach_with(noting()).await;
    let account = json!({"id": "1", "email": email(1)});
    let delete = stage.app().queue(NewTask::new("delete_account", "employee").account(account));
    let takes = stage.app().queue(about("update_account", 2).changes(json!({"email": email(1)})));
    assert_runs_in_order(&stage, &[delete, takes]).await;
}

#[tokio::test]
async fn an_account_is_created_with_an_address_only_after_another_account_got_it() {
    let stage = Stage::with(2).await;
    stage.attach_with(noting()).await;
    let moves = stage.app().queue(about("update_account", 2).changes(json!({"email": "new@acme.example"})));
    let new = NewTask::new("create_account", "employee").account(json!({"email": " New@acme.example"}));
    let hire = stage.app().queue(new);
    assert_runs_in_order(&stage, &[moves, hire]).await;
}

/// Iden may name an existing account by its id only. Its logins are those that the last sync has pushed.
#[tokio::test]
async fn an_account_that_is_named_by_its_id_shares_the_queue_of_its_logins() {
    let stage = Stage::with(2).await;
    stage.attach_with(noting()).await.sync(&go_on()).await.unwrap();
    let delete = stage.app().queue(about("delete_account", 1));
    let hire = stage.app().queue(NewTask::new("create_account", "employee").account(json!({"email": email(1)})));
    assert_runs_in_order(&stage, &[delete, hire]).await;
}

#[tokio::test]
async fn the_address_of_an_account_that_a_task_has_created_is_known_before_the_next_sync() {
    let stage = Stage::with(2).await;
    stage.attach_with(noting()).await;
    let new = || NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}));
    let hire = stage.app().queue(new());
    assert_runs_in_order(&stage, &[hire]).await;
    let delete = stage.app().queue(about("delete_account", 99));
    let again = stage.app().queue(new());
    assert_runs_in_order(&stage, &[hire, delete, again]).await;
}
