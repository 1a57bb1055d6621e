//! Handlers that panic, hang, or leave open whether they had their effect.

use std::time::Duration;

use bridge_sandbox::NewTask;
use iden_bridge::{Tasks, prelude::*, sync::SyncError};
use serde_json::json;

use crate::{
    company::{Employee, Hr, Stage, employee, go_on},
    trouble::{begin_and_be_killed, failure},
};

/// What the next handlers do; the last one stays.
async fn act(cx: &TaskContext<Hr>) -> Result<(), TaskError> {
    cx.effect();
    let next = {
        let mut plan = cx.plan.lock().unwrap();
        if plan.len() > 1 { plan.remove(0) } else { plan.first().copied().unwrap_or("done") }
    };
    match next {
        "panic" => panic!("the handler's own fault"),
        "hang" => std::future::pending().await,
        "retry" => Err(TaskError::retry("the system is busy")),
        "unknown" => Err(std::io::Error::other("reset at token=s3cret").into()),
        _ => Ok(()),
    }
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    act(&cx).await
}

#[bridge_task(retry = 2)]
async fn resume(cx: TaskContext<Hr>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    act(&cx).await
}

#[bridge_task]
async fn reset(cx: TaskContext<Hr>, _task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    act(&cx).await.map(|()| NewPassword::sent_by_the_system())
}

/// Hires in two steps; what comes between them is up to the plan.
#[bridge_task(verify = hired)]
async fn hire(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    let email = task.email().map(str::to_owned);
    cx.people.lock().unwrap().insert(7, Employee { email, ..employee(7) });
    act(&cx).await.map(|()| Created::new(7))
}

async fn hired(cx: &TaskContext<Hr>, _task: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, TaskError> {
    let blind = *cx.blind.lock().unwrap();
    Ok(match cx.people.lock().unwrap().get(&7) {
        _ if blind => Probe::Unknown,
        Some(_) => Probe::Applied(Created::new(7)),
        None => Probe::NotApplied,
    })
}

fn all() -> Tasks<Hr> {
    tasks![suspend, resume, reset, hire]
}

struct Scene {
    stage: Stage,
    connector: iden_bridge::connector::Attached<Hr>,
    id: uuid::Uuid,
}

impl Scene {
    async fn of(action: &str, plan: &[&'static str]) -> Self {
        let stage = Stage::with(1).await;
        *stage.company.plan.lock().unwrap() = plan.to_vec();
        let connector = stage.attach_with(all()).await;
        let account =
            if action == "create_account" { json!({"email": "new@acme.example"}) } else { json!({"id": "1"}) };
        let id = stage.app().queue(NewTask::new(action, "employee").account(account));
        Scene { stage, connector, id }
    }

    async fn round(&self) -> iden_bridge::tasks::RoundReport {
        self.connector.tasks_once(&go_on()).await.unwrap()
    }

    /// Rounds until the task is over, as a running connector would make them.
    async fn to_its_end(&self) -> String {
        for _ in 0..20 {
            self.round().await;
            let task = self.stage.app().task(self.id).unwrap();
            if task.is_done() {
                return task.error.map_or("completed".into(), |error| error["code"].as_str().unwrap().to_owned());
            }
            // 10 s on the hasty clock: the wait before another attempt.
            tokio::time::sleep(Duration::from_millis(510)).await;
        }
        panic!("the task is not over after 20 rounds");
    }

    fn effects(&self) -> usize {
        self.stage.company.effects()
    }
}

#[tokio::test]
async fn an_idempotent_handler_runs_again_after_a_panic() {
    let scene = Scene::of("suspend_account", &["panic", "done"]).await;
    assert_eq!(scene.to_its_end().await, "completed");
    assert_eq!(scene.effects(), 2);
}

#[tokio::test]
async fn a_handler_that_hangs_is_cut_off_and_runs_again() {
    let scene = Scene::of("suspend_account", &["hang", "done"]).await;
    assert_eq!(scene.to_its_end().await, "completed");
    assert_eq!(scene.effects(), 2);
}

#[tokio::test]
async fn attempts_are_counted_and_end() {
    let scene = Scene::of("suspend_account", &["retry"]).await;
    assert_eq!(scene.to_its_end().await, "external_system_error");
    assert_eq!(scene.effects(), 5);
    let scene = Scene::of("unsuspend_account", &["retry"]).await;
    scene.to_its_end().await;
    assert_eq!(scene.effects(), 2, "`retry = 2` says so");
}

#[tokio::test]
async fn an_effect_that_may_have_happened_is_not_risked_twice() {
    for plan in ["panic", "hang", "unknown"] {
        let scene = Scene::of("reset_password", &[plan]).await;
        assert_eq!(scene.to_its_end().await, "outcome_unknown", "{plan}");
        assert_eq!(scene.effects(), 1, "{plan}");
    }
}

#[tokio::test]
async fn where_surely_nothing_happened_even_such_a_handler_runs_again() {
    let scene = Scene::of("reset_password", &["retry", "done"]).await;
    assert_eq!(scene.to_its_end().await, "completed");
    assert_eq!(scene.effects(), 2);
}

#[tokio::test]
async fn a_create_that_was_interrupted_is_looked_for_before_it_is_made_again() {
    for plan in ["panic", "hang", "unknown"] {
        let scene = Scene::of("create_account", &[plan]).await;
        assert_eq!(scene.to_its_end().await, "completed", "{plan}");
        assert_eq!(scene.effects(), 1, "{plan}");
        assert_eq!(scene.stage.app().task(scene.id).unwrap().result, Some(json!({"id": "7"})));
    }
}

#[tokio::test]
async fn what_cannot_be_verified_waits_for_a_person() {
    let scene = Scene::of("create_account", &["unknown"]).await;
    *scene.stage.company.blind.lock().unwrap() = true;
    assert_eq!(scene.round().await.parked, 1);
    assert_eq!(scene.round().await.parked, 1);
    assert_eq!(scene.effects(), 1);
    assert_eq!(scene.stage.app().task(scene.id).unwrap().status, "pending");
}

#[tokio::test]
async fn a_task_that_a_killed_process_began_is_settled_before_it_runs() {
    for (action, ends, effects) in [
        ("suspend_account", "completed", 1),
        ("reset_password", "outcome_unknown", 0),
        ("create_account", "completed", 1),
    ] {
        let stage = Stage::with(1).await;
        let state = stage.attach_with(all()).await.state().to_owned();
        let account =
            if action == "create_account" { json!({"email": "new@acme.example"}) } else { json!({"id": "1"}) };
        let id = stage.app().queue(NewTask::new(action, "employee").account(account));
        begin_and_be_killed(&state, id, action, None).await;

        let scene = Scene { connector: stage.attach_with(all()).await, stage, id };

        assert_eq!(scene.to_its_end().await, ends, "{action}");
        assert_eq!(scene.effects(), effects, "{action}");
    }
}

/// Seeds 66924 and 156135 of the simulation: 7 has left, a task has made them anew, and the system does not show them yet.
#[tokio::test]
async fn no_session_is_completed_before_a_creation_that_was_cut_off_is_looked_into() {
    for can_tell in [true, false] {
        let stage = Stage::with(7).await;
        let connector = stage.attach_with(all()).await;
        connector.sync(&go_on()).await.unwrap();
        let state = connector.state().to_owned();
        drop(connector);
        stage.company.hidden.lock().unwrap().push(7);
        *stage.company.blind.lock().unwrap() = !can_tell;
        let new = NewTask::new("create_account", "employee").account(json!({"email": "p7@acme.example"}));
        let id = stage.app().queue(new);
        begin_and_be_killed(&state, id, "create_account", None).await;

        let connector = stage.attach_with(all()).await;
        let unlooked = |error| matches!(failure(error), SyncError::Unlooked { task } if task == id.into());
        assert!(unlooked(connector.sync(&go_on()).await.unwrap_err()), "nobody has looked into it");
        let round = connector.tasks_once(&go_on()).await.unwrap();
        assert_eq!(round.parked, usize::from(!can_tell));
        if can_tell {
            stage.app().assert_task_completed(id);
        } else {
            assert!(unlooked(connector.sync(&go_on()).await.unwrap_err()), "a person has to");
        }

        stage.company.hidden.lock().unwrap().clear();
        let synced = connector.sync(&go_on()).await;
        assert!(synced.is_ok_and(|report| report.completed), "7 is there: nobody can be mistaken for a leaver");
        stage.app().assert_active("employee", "7");
        assert_eq!(stage.app().removed("employee"), [""; 0]);
    }
}

/// Panics before it has done anything, and is refused the next time.
#[bridge_task(verify = nobody)]
async fn refuse(cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    cx.effect();
    assert!(cx.effects() > 1, "before it has done anything");
    Err(TaskError::fail("permission_denied", "no more seats"))
}

async fn nobody(_cx: &TaskContext<Hr>, _task: &CreateAccount<Employee>) -> Result<Probe<Created<Employee>>, TaskError> {
    Ok(Probe::NotApplied)
}

#[tokio::test]
async fn a_create_that_surely_made_nobody_does_not_block_completions() {
    let stage = Stage::with(7).await;
    let connector = stage.attach_with(tasks![refuse]).await;
    connector.sync(&go_on()).await.unwrap();
    let new = NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}));
    let scene = Scene { id: stage.app().queue(new), stage, connector };
    assert_eq!(scene.to_its_end().await, "permission_denied");
    assert_eq!(scene.effects(), 2);

    scene.stage.company.lose([7]);
    assert!(
        scene.connector.sync(&go_on()).await.unwrap().completed,
        "`verify` said that the first attempt did nothing"
    );
    scene.stage.app().assert_removed("employee", "7");
}

#[tokio::test]
async fn a_foreign_errors_own_words_stay_at_home() {
    let scene = Scene::of("reset_password", &["unknown"]).await;
    scene.to_its_end().await;
    let leaked = scene.stage.sandbox.requests().iter().any(|request| request.body.contains("s3cret"));
    assert!(!leaked);
}

#[tokio::test]
async fn a_task_that_is_done_is_not_done_again_after_a_restart() {
    for (action, reported) in [("suspend_account", "completed"), ("unsuspend_account", "completed")] {
        let scene = Scene::of(action, &["done"]).await;
        scene.stage.sandbox.fault(bridge_sandbox::Fault::ending("PATCH", "/status/").answer(500, "no"));
        assert_eq!(scene.round().await.unreported, 1);
        let Scene { stage, connector, id } = scene;
        drop(connector);
        stage.sandbox.clear_faults();

        let scene = Scene { connector: stage.attach_with(all()).await, stage, id };

        assert_eq!(scene.to_its_end().await, reported, "{action}");
        assert_eq!(scene.effects(), 1, "{action}");
    }
}

#[tokio::test]
async fn a_password_that_is_lost_in_a_restart_is_said_to_be_lost() {
    #[bridge_task]
    async fn renew(cx: TaskContext<Hr>, _task: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
        cx.effect();
        Ok(NewPassword::temporary(Secret::new("correct horse")))
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![renew]).await;
    let id = stage.app().queue(NewTask::new("reset_password", "employee").account(json!({"id": "1"})));
    stage.sandbox.fault(bridge_sandbox::Fault::ending("PATCH", "/status/").answer(500, "no"));
    connector.tasks_once(&go_on()).await.unwrap();
    for file in std::fs::read_dir(connector.state()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|bytes| bytes == b"correct horse"), "a password is never written down");
    }
    drop(connector);
    stage.sandbox.clear_faults();

    stage.attach_with(tasks![renew]).await.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(id, "result_lost");
    assert_eq!(stage.company.effects(), 1);
}

#[tokio::test]
async fn a_handler_never_runs_beside_its_own_blocking_work() {
    #[bridge_task(timeout = "1s")]
    async fn slow(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        cx.blocking(|hr| {
            hr.effect();
            // Longer than the time-out and its grace, which are 1.05 s on the hasty clock.
            std::thread::sleep(Duration::from_secs(3));
            Ok(())
        })
        .await
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![slow]).await;
    let id = stage.app().queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1"})));

    let round = connector.tasks_once(&go_on()).await.unwrap();

    assert_eq!((round.waiting, stage.company.effects()), (1, 1));
    assert_eq!(stage.app().task(id).unwrap().status, "pending");
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().waiting, 1);
    assert_eq!(stage.company.effects(), 1);
}
