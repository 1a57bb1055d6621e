//! Handlers that panic, hang, answer with garbage, or outlive the connector: each has its end, and its line in the log.

use std::time::Duration;

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{
    connector::{Attached, ConnectorError, Schedule},
    journal::{SqliteJournal, TaskJournal, TaskState},
    prelude::*,
};
use serde_json::json;

use crate::{
    company::{Employee, Hr, Stage, go_on, hang_on_a_thread},
    log::Log,
    tasks::about,
    time::HasteClock,
    trouble::known,
};

/// Does what is planned with number 1.
#[bridge_task(timeout = "2s", retry = 2)]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    let next = if *task.id() == 1 { cx.plan.lock().unwrap().first().copied().unwrap_or("done") } else { "done" };
    cx.effect();
    match next {
        "panic" => panic!("row 7 is odd"),
        "hang" => std::future::pending().await,
        "garbage" => Err(TaskError::fail("\n\0", "why\n".repeat(9_000))),
        _ => Ok(()),
    }
}

/// Takes no notice of anything, and has all the time in the world.
#[bridge_task(timeout = "60m")]
async fn dawdle(cx: TaskContext<Hr>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    let stop = cx.task_stop.lock().unwrap().take();
    let Some(stop) = stop else { return Ok(()) };
    cx.effect();
    stop.wait().await;
    Ok(())
}

#[bridge_task(timeout = "60m")]
async fn dawdle_on_a_thread(cx: TaskContext<Hr>, _task: DeleteAccount<Employee>) -> Result<(), TaskError> {
    hang_on_a_thread(&cx).await.map(drop)
}

/// Makes an account, and gives an id that is none.
#[bridge_task(on_interrupt = fail)]
async fn enlist(cx: TaskContext<Hr>, _task: CreateAccount<Robot>) -> Result<Created<Robot>, TaskError> {
    cx.effect();
    Ok(Created::new(" ".to_owned()))
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Robot {
    id: String,
    username: String,
}

impl Source<Robot> for Hr {
    async fn read(&self, out: &Out<Robot>) -> Result<(), SourceError> {
        out.push(Robot { id: "r1".into(), username: "r1".into() }).await;
        Ok(())
    }
}

async fn attach(stage: &Stage) -> Attached<Hr> {
    let builder = stage.builder().resource::<Robot>().tasks(tasks![suspend, dawdle, dawdle_on_a_thread, enlist]);
    builder.build().unwrap().attach(&stage.target(), json!({})).await.unwrap()
}

/// 10 s on the hasty clock: the wait before another attempt.
const PAUSE: Duration = Duration::from_millis(510);

#[tokio::test]
async fn handlers_that_panic_hang_or_talk_nonsense_are_reported_and_the_others_go_on() {
    for (plan, code, said) in [
        ("panic", "internal_error", ["the task was interrupted", "the handler panicked", "cause=\"row 7 is odd\""]),
        ("hang", "timeout", ["the task was interrupted", "the handler took more than 2s", "timeout"]),
        ("garbage", "internal_error", ["the task failed", "why\\nwhy", "code=\"\\n\\0\""]),
    ] {
        let (stage, log) = (Stage::with(2).await, Log::start());
        let connector = attach(&stage).await;
        let id = stage.app().queue(about("suspend_account", 1));
        stage.company.plan.lock().unwrap().push(plan);
        connector.tasks_once(&go_on()).await.unwrap();
        tokio::time::sleep(PAUSE).await;
        let other = stage.app().queue(about("suspend_account", 2));
        connector.tasks_once(&go_on()).await.unwrap();
        tokio::time::sleep(PAUSE).await;
        connector.tasks_once(&go_on()).await.unwrap();

        stage.app().assert_task_failed(id, code);
        stage.app().assert_task_completed(other);
        let line = log.line(&[&["WARN", "attempt=1", &format!("bridge.task_id=\"{id}\"")], &said[..]].concat());
        assert!(line.len() < 1_500, "{line}");
        let error = stage.app().task(id).unwrap().error.unwrap();
        assert!(error["message"].as_str().unwrap().chars().count() <= 500);
    }
}

#[tokio::test]
async fn an_account_with_an_id_that_is_none_is_no_success() {
    let (stage, log) = (Stage::with(1).await, Log::start());
    let connector = attach(&stage).await;
    let id = stage.app().queue(NewTask::new("create_account", "robot").account(json!({"username": "r2"})));

    connector.tasks_once(&go_on()).await.unwrap();

    stage.app().assert_task_failed(id, "internal_error");
    log.line(&["WARN", "the handler's answer makes no sense", "gave an empty id"]);
    assert_eq!(stage.company.effects(), 1);
}

fn tasks_only() -> Schedule {
    Schedule::default().without_syncs().poll_every(Duration::from_secs(1), Duration::from_secs(1))
}

/// Runs the connector until `there`, and then stops it. How it ended, and how long that took, in seconds of the hasty clock.
async fn stopped_when(connector: &Attached<Hr>, there: impl Future<Output = ()>) -> (Result<(), ConnectorError>, f64) {
    let (stop, schedule) = (go_on(), tasks_only());
    let mut running = Box::pin(connector.run(&schedule, &stop));
    tokio::select! {
        ended = &mut running => panic!("it ends by itself: {ended:?}"),
        () = there => {}
    }
    let start = std::time::Instant::now();
    stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(30), running).await.expect("it stops");
    (ended, start.elapsed().as_secs_f64() * f64::from(HasteClock::FACTOR))
}

#[tokio::test]
async fn a_handler_that_ends_when_it_is_told_is_reported_before_the_connector_ends() {
    let stage = Stage::with(1).await;
    let connector = attach(&stage).await;
    let id = stage.app().queue(about("unsuspend_account", 1));
    let stop = stage.company.stop_task();
    let there = async {
        stop.reached().await;
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            stop.go_on();
        });
    };

    let (ended, _) = stopped_when(&connector, there).await;

    ended.unwrap();
    stage.app().assert_task_completed(id);
    assert_eq!(known(&connector, id).await.state, TaskState::Reported);
}

#[tokio::test]
async fn a_handler_that_outlives_the_shutdown_is_cut_off_and_the_next_start_goes_on() {
    let (stage, log) = (Stage::with(1).await, Log::start());
    let connector = attach(&stage).await;
    let id = stage.app().queue(about("unsuspend_account", 1));
    let stop = stage.company.stop_task();

    let (ended, took) = stopped_when(&connector, stop.reached()).await;

    let Err(ConnectorError::Undrained { cut_off: 1, unreported: 0, in_time: true, .. }) = ended else {
        panic!("{ended:?}")
    };
    // Not by the second: the machine may stand still for one. That it was in time the connector says itself.
    assert!((20.0..50.0).contains(&took), "{took}");
    log.line(&[
        "WARN",
        "the task was cut off; the next start finds out what became of it",
        "the connector was stopped",
    ]);
    assert_eq!(known(&connector, id).await.state, TaskState::Interrupted);
    assert_eq!(stage.app().task(id).unwrap().status, "pending");
    drop(connector);

    let connector = attach(&stage).await;
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().completed(), 1);
    assert_eq!(known(&connector, id).await.attempts, 2);
}

#[tokio::test]
async fn blocking_work_that_outlives_the_shutdown_does_not_keep_the_connector() {
    let (stage, log) = (Stage::with(1).await, Log::start());
    let connector = attach(&stage).await;
    let id = stage.app().queue(about("delete_account", 1));
    let stop = stage.company.stop_task();

    let (ended, took) = stopped_when(&connector, stop.reached()).await;

    // Not by the second: the machine may stand still for one. That it was in time the connector says itself.
    assert!((20.0..50.0).contains(&took), "{took}");
    assert!(
        matches!(ended, Err(ConnectorError::Undrained { cut_off: 1, unreported: 0, in_time: true, .. })),
        "{ended:?}"
    );
    log.line(&["WARN", "the handler was cut off, and its blocking work goes on"]);
    assert_eq!(known(&connector, id).await.state, TaskState::Interrupted);
    stop.go_on();
}

#[tokio::test]
async fn blocking_work_that_goes_on_holds_its_account_until_it_has_ended() {
    #[bridge_task(timeout = "1s")]
    async fn slow(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        cx.effect();
        hang_on_a_thread(&cx).await.map(drop)
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![slow, suspend]).await;
    let id = stage.app().queue(about("update_account", 1));
    let stop = stage.company.stop_task();
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().waiting, 1);
    // A person who has it taken up again does not make it run beside itself.
    let journal = SqliteJournal::beside(connector.state()).unwrap();
    journal.retry_task(id.into(), iden_bridge::journal::Retry::NotDone, jiff::Timestamp::now()).await.unwrap();
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().waiting, 1);
    assert_eq!(stage.company.effects(), 1);

    stop.go_on();

    let ended = async {
        while stage.app().task(id).unwrap().status == "pending" {
            connector.tasks_once(&go_on()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.expect("it runs again");
    stage.app().assert_task_completed(id);
}

#[tokio::test]
async fn a_round_that_is_dropped_in_the_middle_loses_no_task_and_runs_none_beside_itself() {
    for action in ["unsuspend_account", "delete_account"] {
        let stage = Stage::with(1).await;
        let connector = attach(&stage).await;
        let id = stage.app().queue(about(action, 1));
        let stop = stage.company.stop_task();
        let go = go_on();
        tokio::select! {
            ended = connector.tasks_once(&go) => panic!("it ends: {ended:?}"),
            () = stop.reached() => {}
        }
        let on_a_thread = action == "delete_account";
        let round = connector.tasks_once(&go_on()).await.unwrap();
        assert_eq!((round.waiting == 1, round.completed() == 1), (on_a_thread, !on_a_thread), "{action}: {round:?}");
        stop.go_on();
        let ended = async {
            while stage.app().task(id).unwrap().status == "pending" {
                connector.tasks_once(&go_on()).await.unwrap();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), ended).await.expect("it runs again");
        stage.app().assert_task_completed(id);
        assert_eq!(known(&connector, id).await.attempts, 2);
    }
}

#[tokio::test]
async fn a_report_that_does_not_get_through_before_the_end_is_sent_by_the_next_start() {
    let stage = Stage::with(1).await;
    let connector = attach(&stage).await;
    let id = stage.app().queue(about("suspend_account", 1));
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").delay(Duration::from_secs(600)));
    let there = async {
        while !stage.sandbox.requests().iter().any(|request| request.method == "PATCH") {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };

    let (ended, took) = stopped_when(&connector, there).await;

    let Err(error @ ConnectorError::Undrained { cut_off: 0, unreported: 1, .. }) = ended else { panic!("{ended:?}") };
    assert!(error.to_string().contains("1 task(s) done and not reported"), "{error}");
    assert!(took < 10.0, "{took}");
    drop(connector);
    stage.sandbox.clear_faults();
    attach(&stage).await.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_completed(id);
    assert_eq!(stage.company.effects(), 1);
}
