//! Odd answers about tasks, and answers that come at an odd time. The comments say what went wrong once.

use std::time::Duration;

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{Tasks, connector::Schedule, journal::TaskState};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    company::{Hr, Stage, go_on},
    log::Log,
    running::while_running,
    task_child,
    task_floor::{self, Floor},
    tasks::{about, all},
    trouble::{begin_and_be_killed, calls, known},
};

const PATIENCE: Duration = Duration::from_secs(20);
/// 10 s on the hasty clock: the wait before another attempt.
const PAUSE: Duration = Duration::from_millis(510);

/// A task as a process leaves it that was killed in its handler.
pub async fn begun(stage: &Stage, tasks: Tasks<Hr>, action: &str, account: Value) -> Uuid {
    let state = stage.attach_with(tasks).await.state().to_owned();
    let task = stage.app().queue(NewTask::new(action, "employee").account(account.clone()));
    begin_and_be_killed(&state, task, action, account["id"].as_str()).await;
    task
}

/// An AtMostOnce task was begun by a process that died. Iden says once "404, no such task" (a replica that lags, an app
/// that was unpublished for a moment): `Gone`, without an end. Then Iden lists it again. It must never run again.
#[tokio::test]
async fn a_begun_task_that_was_gone_for_a_moment_never_runs_again() {
    let stage = Stage::with(1).await;
    let task = begun(&stage, all(), "reset_password", json!({"id": "1"})).await;
    let connector = stage.attach_with(all()).await;
    stage.sandbox.fault(Fault::ending("GET", &format!("/tasks/{task}/")).times(1).answer(404, "no such task"));
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(known(&connector, task).await.state, TaskState::Gone);

    connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!(stage.company.effects(), 0, "it may have had its effect before; now it has had it twice");
    stage.app().assert_task_failed(task, "outcome_unknown");
}

/// One task that Iden cannot show ends the round for everybody, unless the status is 404 or 500: nothing new is begun, and
/// the loop waits 30 s (5 min after a 403) before the next seven tasks have a chance.
#[tokio::test]
async fn a_task_that_cannot_be_shown_delays_nobody_else() {
    let mut delayed = Vec::new();
    for (what, status, body) in [
        ("400", 400, "{}".to_owned()),
        ("403", 403, r#"{"detail": "not this one"}"#.to_owned()),
        ("410", 410, "{}".to_owned()),
        ("502", 502, "a gateway gave up on this one".to_owned()),
        ("too large", 200, " ".repeat(9 << 20)),
    ] {
        let stage = Stage::with(1).await;
        let connector = stage.attach_with(all()).await;
        let poison = stage.app().queue(about("suspend_account", 1));
        let others: Vec<Uuid> = (0..30).map(|_| stage.app().queue(NewTask::new("rotate", "employee"))).collect();
        let fault = Fault::ending("GET", &format!("/tasks/{poison}/"));
        stage.sandbox.fault(fault.answer_raw(status, "application/json", &body));

        let _ = connector.tasks_once(&go_on()).await;

        let left = others.iter().filter(|task| !stage.app().task(**task).unwrap().is_done()).count();
        if left > 0 {
            delayed.push(format!("{what}: {left} of 30 others not done"));
        }
    }
    assert!(delayed.is_empty(), "{delayed:?}");
}

/// The list is read by pages of 100 tasks with their payloads, and an answer may have 8 MiB. A page of large payloads ends
/// every poll: nothing is ever carried out again.
#[tokio::test]
async fn a_page_that_is_too_large_is_read_in_smaller_ones() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let photo = "x".repeat(100 << 10);
    let account = json!({"id": "1", "photo": photo});
    for _ in 0..100 {
        stage.app().queue(NewTask::new("rotate", "employee").account(account.clone()));
    }
    let other = stage.app().queue(about("suspend_account", 1));
    let round = connector.tasks_once(&go_on()).await;
    assert!(round.is_ok(), "{round:?}");
    stage.app().assert_task_completed(other);
}

/// The report with a password gets one 404 in JSON: `Gone`, and the password is dropped with it. When Iden lists the task
/// again, it is told "completed", without a password: nobody has it, and nobody says so.
#[tokio::test]
async fn a_password_that_nobody_was_told_is_lost_and_not_left_out() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let task = stage.app().queue(about("reset_password", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).answer(404, "no such task"));
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(known(&connector, task).await.state, TaskState::Gone);

    connector.tasks_once(&go_on()).await.unwrap();

    let view = stage.app().task(task).unwrap();
    let told = view.result.as_ref().is_some_and(|result| result["password"] == "correct horse");
    let said = view.error.as_ref().is_some_and(|error| error["code"] == "result_lost");
    assert!(told || said, "{} with {:?}", view.status, view.result);
}

/// Iden refuses the report with the password (400), takes the short one ("failed, result_lost"), and that answer is lost.
/// Next the engine says "completed" again: it contradicts itself. With a server that takes a second report (P10) the task
/// flips; with one that does not, our own report is called a conflict.
#[tokio::test]
async fn a_short_report_is_not_contradicted_by_the_full_one() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let task = stage.app().queue(about("reset_password", 1));
    stage
        .sandbox
        .fault(Fault::ending("PATCH", "/status/").holding("correct horse").times(1).answer(400, "no passwords"));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).lose_answer());
    for _ in 0..2 {
        connector.tasks_once(&go_on()).await.unwrap();
    }
    let said: Vec<Value> =
        calls(&stage, "PATCH", "/status/").iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect();
    let said: Vec<&str> = said.iter().map(|report| report["status"].as_str().unwrap()).collect();
    let after = said.iter().skip_while(|status| **status != "failed");
    assert!(after.clone().all(|status| *status == "failed"), "{said:?}");
    assert_eq!(known(&connector, task).await.state, TaskState::Reported);
}

/// Iden cannot show one task (500). It is put off by 10 s for ever, and is not parked: the suspension of the same account
/// never has its turn.
#[tokio::test]
async fn a_suspension_passes_a_task_that_cannot_be_read() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let poison = stage.app().queue(about("update_account", 1).changes(json!({"first_name": "Ada"})));
    let suspend = stage.app().queue(about("suspend_account", 1));
    stage.sandbox.fault(Fault::ending("GET", &format!("/tasks/{poison}/")).answer(500, "cannot show it"));
    for _ in 0..5 {
        connector.tasks_once(&go_on()).await.unwrap();
        tokio::time::sleep(PAUSE).await;
    }
    stage.app().assert_task_completed(suspend);
}

/// One list that misses a task (a list can lag) has it thrown off the desk while another task of its account runs; the
/// later task of that account then overtakes it.
#[tokio::test]
async fn a_list_that_misses_a_task_does_not_change_the_order() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let queue = |action: &str| {
        stage.sandbox.advance(Duration::from_secs(1));
        stage.app().queue(task_child::about(action, 1))
    };
    let (first, second, third) = (queue("unsuspend_account"), queue("suspend_account"), queue("unsuspend_account"));
    floor.hold([first]);
    let often = Schedule::default().without_syncs().poll_every(Duration::from_millis(20), Duration::from_millis(20));
    let entry = |task: Uuid| {
        let view = stage.app().task(task).unwrap();
        json!({"id": task, "action": view.action, "resource_type": view.resource_type, "status": "pending",
            "execute_after": null, "created_at": view.created_at, "payload": view.payload})
    };
    let (a, c) = (entry(first), entry(third));
    let page = json!({"count": 2, "next": null, "previous": null, "results": [a, c]}).to_string();
    let meanwhile = async {
        floor.comes_to_run(1, None).await;
        let before = calls(&stage, "GET", "/tasks/?").len();
        stage.sandbox.fault(Fault::on("GET", "/tasks/?").answer_raw(200, "application/json", &page));
        while calls(&stage, "GET", "/tasks/?").len() < before + 5 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        floor.let_go(first);
        stage.app().wait_until_task_done(third, PATIENCE).await;
        stage.sandbox.clear_faults();
        stage.app().wait_until_task_done(second, PATIENCE).await;
    };
    while_running(&connector, &often, meanwhile).await;
    assert_eq!(floor.begun(), [first, second, third]);
}

/// A poll decides by what the journal said when it was read. A task that was `Started` then, and has been carried out and
/// reported by us before the poll's answer is taken in, is called a conflict: "nobody knows what became of it".
#[tokio::test]
async fn a_poll_does_not_judge_by_an_older_journal() {
    let (stage, floor, log) = (Stage::with(0).await, Floor::default(), Log::start());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let task = stage.app().queue(task_child::about("suspend_account", 1));
    // Keeps the shift at work.
    let other = stage.app().queue(task_child::about("suspend_account", 2));
    floor.hold([task, other]);
    let path = format!("/tasks/{task}/");
    let often = Schedule::default().without_syncs().poll_every(Duration::from_millis(300), Duration::from_millis(300));
    // The turn's look passes; the poll's takes its time; the one after the report that was lost fails.
    stage.sandbox.fault(Fault::ending("GET", &path).after(1).times(1).delay(Duration::from_secs(2)));
    stage.sandbox.fault(Fault::ending("GET", &path).after(1).times(3).answer(500, "later"));
    let empty = json!({"count": 0, "next": null, "previous": null, "results": []}).to_string();
    stage.sandbox.fault(Fault::on("GET", "/tasks/?").after(1).answer_raw(200, "application/json", &empty));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(1).lose_answer());
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").times(3).answer(500, "later"));
    let meanwhile = async {
        floor.comes_to_run(2, None).await;
        // The poll has read the list and the journal, and asks for the task.
        while calls(&stage, "GET", "/tasks/?").len() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        floor.let_go(task);
        stage.app().wait_until_task_done(task, PATIENCE).await;
        tokio::time::sleep(Duration::from_secs(4)).await;
        floor.let_go(other);
        stage.app().wait_until_task_done(other, PATIENCE).await;
    };
    while_running(&connector, &often, meanwhile).await;
    stage.app().assert_task_completed(task);
    assert_eq!(known(&connector, task).await.state, TaskState::Reported, "{}", log.text());
}
