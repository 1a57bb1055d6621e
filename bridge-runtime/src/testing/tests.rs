//! The helpers, with a handler that is put together by hand: the macros are not here.

use std::{
    panic::catch_unwind,
    sync::{Arc, Mutex},
    time::Duration,
};

use bridge_core::{
    Account, BridgeResource, Created, EdgeSchema, FieldError, Outcome, Probe, RecordWriter, Secret, TaskError,
    TaskResult,
    payload::{CreateAccount, TaskPayload},
    policy::{OnInterrupt, Policy},
    wire::Kind,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    journal::TaskState,
    tasks::{Entry, Route, TaskContext, Tasks},
};

struct Employee;

impl BridgeResource for Employee {
    type Static = Employee;
    type Id = u32;
    const SLUG: &'static str = "employee";
    const NAME: &'static str = "Employees";
    const KIND: Kind = Kind::Account;
    const EDGES: &'static [EdgeSchema] = &[];

    fn id(&self) -> u32 {
        7
    }

    fn write(&self, record: &mut RecordWriter) -> Result<(), FieldError> {
        record.text("email", "ann@acme.example")
    }
}

impl Account for Employee {}

/// A system that does what the test says, and counts.
#[derive(Debug)]
struct System {
    act: &'static str,
    found: &'static str,
    keys: Mutex<Vec<String>>,
}

impl System {
    fn that(act: &'static str, found: &'static str) -> Arc<Self> {
        Arc::new(System { act, found, keys: Mutex::default() })
    }

    fn calls(&self) -> usize {
        self.keys.lock().unwrap().len()
    }
}

async fn act(cx: TaskContext<System>) -> Result<TaskResult, TaskError> {
    cx.keys.lock().unwrap().push(cx.task.key.clone());
    let made = Created::<Employee>::new(7);
    match cx.act {
        "make" => Ok(made.into_result()),
        "password" => Ok(made.with_password(Secret::new("correct horse")).into_result()),
        "refuse" => Err(TaskError::fail("account_already_exists", "somebody has it")),
        "busy" => Err(TaskError::retry("the system is busy")),
        "busy for long" => Err(TaskError::retry_after(Duration::from_secs(90), "the system is busy")),
        "panic" => panic!("the handler's own fault"),
        _ => std::future::pending().await,
    }
}

fn hire(on_interrupt: OnInterrupt) -> Tasks<System> {
    Tasks::of([Entry {
        route: Route { action: "create_account", slug: "employee" },
        resource: std::any::TypeId::of::<Employee>(),
        name: "hire",
        policy: Policy::new(on_interrupt),
        any: false,
        check: |payload| CreateAccount::<Employee>::decode(payload).map(drop),
        run: |cx, _| Box::pin(act(cx)),
        verify: |cx, _| {
            Box::pin(async move {
                Ok(match cx.found {
                    "it" => Probe::Applied(TaskResult::default()),
                    "nothing" => Probe::NotApplied,
                    _ => Probe::Unknown,
                })
            })
        },
    }])
}

fn create() -> TestTask {
    TestTask::of::<CreateAccount<Employee>>(json!({"account": {"email": "ann@acme.example"}}))
}

#[tokio::test]
async fn a_run_shows_what_iden_was_told() {
    let system = System::that("make", "");
    let run = create().run(&hire(OnInterrupt::Verify), system.clone()).await;
    run.assert_completed();
    assert_eq!(run.outcome(), &TaskOutcome::Completed(Some(json!({"id": "7"}))));
    assert_eq!(run.report(), Some(&json!({"status": "completed", "result": {"id": "7"}})));
    assert_eq!((run.handler(), run.attempt(), run.state()), (Some("hire"), 1, TaskState::Reported));
    assert_eq!(*system.keys.lock().unwrap(), [create().key()]);

    let run = create().run(&hire(OnInterrupt::Verify), System::that("refuse", "")).await;
    run.assert_failed("account_already_exists");
    let error = json!({"code": "account_already_exists", "message": "somebody has it"});
    assert_eq!(run.report(), Some(&json!({"status": "failed", "error": error})));
}

#[tokio::test]
async fn a_password_stands_in_the_report_and_in_no_message() {
    let run = create().run(&hire(OnInterrupt::Fail), System::that("password", "")).await;
    assert_eq!(run.report().unwrap()["result"]["password"], "correct horse");
    assert!(!run.to_string().contains("horse"));
}

#[tokio::test]
async fn a_wait_is_the_one_that_the_handler_asked_for() {
    for (act, after) in [("busy", 10), ("busy for long", 90)] {
        let run = create().run(&hire(OnInterrupt::Fail), System::that(act, "")).await;
        run.assert_retried();
        assert_eq!(run.outcome(), &TaskOutcome::Retried { after: Duration::from_secs(after) });
        assert_eq!((run.report(), run.attempt(), run.state()), (None, 1, TaskState::Seen));
    }
}

#[tokio::test]
async fn attempts_before_count() {
    let run = create().after_attempts(3).run(&hire(OnInterrupt::Fail), System::that("busy", "")).await;
    assert_eq!(run.assert_retried().attempt(), 4);
    let run = create().after_attempts(4).run(&hire(OnInterrupt::Fail), System::that("busy", "")).await;
    assert_eq!(run.assert_failed("external_system_error").attempt(), 5);
}

#[tokio::test]
async fn an_interrupted_task_is_settled_by_its_handlers_kind() {
    for (kind, found, calls) in [
        (OnInterrupt::Verify, "it", 0),
        (OnInterrupt::Verify, "nothing", 1),
        (OnInterrupt::Verify, "", 0),
        (OnInterrupt::Fail, "", 0),
        (OnInterrupt::Rerun, "", 1),
    ] {
        let system = System::that("make", found);
        let run = create().interrupted().run(&hire(kind), system.clone()).await;
        match (kind, found) {
            (OnInterrupt::Fail, _) => run.assert_failed("outcome_unknown"),
            (OnInterrupt::Verify, "") => run.assert_parked(),
            _ => run.assert_completed(),
        };
        assert_eq!((run.attempt(), system.calls()), (if calls > 0 { 2 } else { 0 }, calls), "{kind:?} {found}");
    }
    let run = create().after_attempts(3).interrupted().run(&hire(OnInterrupt::Rerun), System::that("make", "")).await;
    assert_eq!(run.assert_completed().attempt(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_time_out_are_what_the_engine_makes_of_them() {
    for act in ["panic", "hang"] {
        let run = create().run(&hire(OnInterrupt::Rerun), System::that(act, "")).await;
        assert_eq!(run.outcome(), &TaskOutcome::Retried { after: Duration::from_secs(10) }, "{act}");
        assert_eq!((run.attempt(), run.state()), (1, TaskState::Interrupted), "{act}");
        let run = create().run(&hire(OnInterrupt::Verify), System::that(act, "it")).await;
        assert_eq!(run.assert_completed().attempt(), 1, "{act}");
        create().run(&hire(OnInterrupt::Fail), System::that(act, "")).await.assert_failed("outcome_unknown");
    }
}

#[tokio::test]
async fn a_task_that_no_handler_takes_is_refused() {
    let tasks = || hire(OnInterrupt::Fail);
    let unknown = task("rotate_keys", "employee", json!({})).run(&tasks(), System::that("make", "")).await;
    assert_eq!(unknown.assert_failed("unsupported_action").handler(), None);
    let system = System::that("make", "");
    for payload in [json!({}), json!({"account": {}, "roles": ["admin"]})] {
        let run = task("create_account", "employee", payload).run(&tasks(), system.clone()).await;
        assert_eq!(run.assert_failed("invalid_payload").attempt(), 0);
    }
    assert_eq!(system.calls(), 0);
}

#[tokio::test]
async fn an_assertion_that_fails_says_what_came_instead() {
    let run = create().run(&hire(OnInterrupt::Fail), System::that("refuse", "")).await;
    let said = |assertion: &dyn Fn(&TaskRun)| {
        let panic = catch_unwind(std::panic::AssertUnwindSafe(|| assertion(&run))).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    let came = "but it is reported failed with `account_already_exists`: somebody has it (by `hire`, attempt 1)";
    let other = said(&|run| _ = run.assert_failed("timeout"));
    assert_eq!(other, format!("the task should be reported failed with `timeout`, {came}"));
    let completed = said(&|run| _ = run.assert_completed());
    assert_eq!(completed, format!("the task should be reported completed, {came}"));
    assert!(said(&|run| _ = run.assert_parked()).starts_with("the task should be parked, but"));
    assert!(said(&|run| _ = run.assert_retried()).starts_with("the task should be tried again later, but"));
}

#[tokio::test]
async fn the_short_form_gives_the_outcome() {
    let payload: Value = json!({"account": {}});
    let outcome = run(&hire(OnInterrupt::Fail), System::that("make", ""), "create_account", "employee", payload).await;
    assert_eq!(outcome, TaskOutcome::Completed(Some(json!({"id": "7"}))));
}
