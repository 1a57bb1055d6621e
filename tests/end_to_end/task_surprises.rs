//! Tasks that Iden shows in a form that nobody has documented.

use bridge_sandbox::Fault;
use iden_bridge::journal::TaskState;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    company::{Stage, go_on},
    task_answers::begun,
    task_logins::{assert_runs_in_order, noting},
    tasks::{about, all},
    trouble::{calls, known},
};

/// A task as Iden shows it, about the employee 1.
fn shown(task: Uuid, action: &str, status: &str) -> Value {
    json!({
        "id": task, "action": action, "resource_type": "employee", "status": status,
        "execute_after": null, "created_at": "2026-01-05T09:30:00Z", "payload": {"account": {"id": "1"}},
    })
}

fn detail_of(task: Uuid) -> Fault {
    Fault::ending("GET", &format!("/tasks/{task}/"))
}

fn answering(fault: Fault, body: &Value) -> Fault {
    fault.answer_raw(200, "application/json", &body.to_string())
}

#[tokio::test]
async fn a_task_that_was_cancelled_while_it_ran_is_reported_once_and_blocks_nobody() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let cancelled = stage.app().queue(about("suspend_account", 1));
    let next = stage.app().queue(about("unsuspend_account", 1));
    // It is shown as pending when its turn comes, and as cancelled after the handler.
    stage.sandbox.fault(answering(detail_of(cancelled).after(1), &shown(cancelled, "suspend_account", "cancelled")));
    let report = format!("/tasks/{cancelled}/status/");
    stage.sandbox.fault(Fault::ending("PATCH", &report).answer(409, "this task is over"));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.conflicts, round.unreported), (1, 0));
    assert_eq!(known(&connector, cancelled).await.state, TaskState::Conflict);
    assert_eq!(calls(&stage, "PATCH", &report).len(), 1);
    stage.app().assert_task_completed(next);
}

#[tokio::test]
async fn an_interrupted_task_that_has_expired_is_settled_and_never_runs_again() {
    let stage = Stage::with(1).await;
    let task = begun(&stage, all(), "suspend_account", json!({"id": "1"})).await;
    let connector = stage.attach_with(all()).await;
    stage.sandbox.fault(answering(detail_of(task), &shown(task, "suspend_account", "expired")));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.conflicts, stage.company.effects()), (1, 0));
    assert_eq!(known(&connector, task).await.state, TaskState::Conflict);
    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 0);
}

#[tokio::test]
async fn an_action_without_a_handler_is_refused_with_the_handlers_that_exist() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(crate::tasks::leavers()).await;
    let suspension = stage.app().queue(about("suspend_account", 1));

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(suspension, "unsupported_action");
    let message = stage.app().task(suspension).unwrap().error.unwrap()["message"].clone();
    let expected = "this connector has no handler for `suspend_account` on `employee`; its handlers: \
                    `delete_account`, `update_account`";
    assert_eq!(message, expected);
}

#[tokio::test]
async fn a_task_whose_account_differs_from_the_list_waits_for_the_tasks_of_its_own_account() {
    let stage = Stage::with(2).await;
    stage.attach_with(noting()).await;
    let first = stage.app().queue(about("update_account", 1));
    let second = stage.app().queue(about("update_account", 1));
    let mut listed = [first, second].map(|task| shown(task, "update_account", "pending"));
    for (task, listed) in [first, second].into_iter().zip(&mut listed) {
        listed["created_at"] = stage.app().task(task).unwrap().created_at.to_string().into();
    }
    listed[1]["payload"]["account"]["id"] = json!("2");
    let page = json!({"count": 2, "next": null, "previous": null, "results": listed});
    stage.sandbox.fault(answering(Fault::on("GET", "/tasks/?"), &page));
    assert_runs_in_order(&stage, &[first, second]).await;
}
