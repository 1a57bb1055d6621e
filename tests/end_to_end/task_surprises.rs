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

/// The list shows these tasks in this form.
fn list(stage: &Stage, listed: &[Value]) {
    let page = json!({"count": listed.len(), "next": null, "previous": null, "results": listed});
    stage.sandbox.fault(answering(Fault::on("GET", "/tasks/?"), &page));
}

#[tokio::test]
async fn a_surprising_value_in_the_list_costs_no_task() {
    let stage = Stage::with(5).await;
    let connector = stage.attach_with(all()).await;
    let tasks: Vec<Uuid> = (1..=5).map(|number| stage.app().queue(about("suspend_account", number))).collect();
    let mut listed: Vec<Value> = tasks.iter().map(|task| shown(*task, "suspend_account", "pending")).collect();
    for (position, listed) in listed.iter_mut().enumerate() {
        listed["payload"]["account"]["id"] = json!((position + 1).to_string());
    }
    listed[0]["created_at"] = json!("2026-01-05T09:30:00");
    listed[1]["execute_after"] = json!(1_767_605_400);
    listed[2]["action"] = json!(7);
    listed[3]["payload"] = json!("see elsewhere");
    listed[4].as_object_mut().unwrap().remove("resource_type");
    list(&stage, &listed);

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.pending, round.completed()), (5, 5));
    tasks.into_iter().for_each(|task| stage.app().assert_task_completed(task));
}

#[tokio::test]
async fn one_task_that_cannot_be_read_at_all_is_refused_and_the_others_go_on() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let [odd, fine] = [1, 2].map(|number| stage.app().queue(about("suspend_account", number)));
    let mut shown = shown(odd, "suspend_account", "pending");
    shown["payload"] = json!("see elsewhere");
    let other = serde_json::to_value(stage.client().task(connector.app(), fine.into()).await.unwrap()).unwrap();
    list(&stage, &[shown.clone(), other]);
    stage.sandbox.fault(answering(detail_of(odd), &shown));

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(odd, "invalid_payload");
    stage.app().assert_task_completed(fine);
}

#[tokio::test]
async fn if_no_task_can_be_read_none_is_failed_and_the_round_says_so() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let tasks = [1, 2].map(|number| stage.app().queue(about("suspend_account", number)));
    let changed = tasks.map(|task| json!({"id": task, "kind": "suspend_account", "state": "pending"}));
    list(&stage, &changed);
    for (task, changed) in tasks.iter().zip(&changed) {
        stage.sandbox.fault(answering(detail_of(*task), changed));
    }

    let error = connector.tasks_once(&go_on()).await.unwrap_err();

    let said = "none of the 2 pending tasks can be read, so none is carried out or reported failed: `action` must be";
    assert!(error.to_string().contains(said), "{error}");
    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 0);
    stage.sandbox.clear_faults();
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().completed(), 2);
}

#[tokio::test]
async fn a_lone_task_that_cannot_be_read_waits_and_is_refused_once_another_one_can() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let odd = stage.app().queue(about("suspend_account", 1));
    let mut shown = shown(odd, "suspend_account", "pending");
    shown["payload"] = json!("see elsewhere");
    stage.sandbox.fault(answering(detail_of(odd), &shown));
    list(&stage, &[shown.clone()]);
    connector.tasks_once(&go_on()).await.unwrap_err();
    assert_eq!(calls(&stage, "PATCH", "/status/").len(), 0);

    let fine = stage.app().queue(about("suspend_account", 2));
    let other = serde_json::to_value(stage.client().task(connector.app(), fine.into()).await.unwrap()).unwrap();
    stage.sandbox.clear_faults();
    stage.sandbox.fault(answering(detail_of(odd), &shown));
    list(&stage, &[shown, other]);

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(odd, "invalid_payload");
    stage.app().assert_task_completed(fine);
}
