//! Handlers, threads and stops in sequences that once broke a promise. The comments say what went wrong then.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bridge_sandbox::NewTask;
use iden_bridge::{journal::TaskState, prelude::*, telemetry::Telemetry, wire::TaskReport};
use serde_json::json;

use crate::{
    company::{Employee, Hr, Stage, go_on, hang_on_a_thread},
    scrape::Figures,
    task_answers::begun,
    task_child,
    task_floor::{self, Floor},
    tasks::about,
    trouble::known,
};

/// 10 s on the hasty clock: the wait before another attempt.
const PAUSE: Duration = Duration::from_millis(510);

/// `tasks_once` is a future; whoever puts it into `select!` drops it. The tasks that ran then are `Running` on the desk for
/// ever: neither they nor anything else of their accounts has a turn again in this process.
#[tokio::test]
async fn a_round_that_is_dropped_loses_no_task() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let task = stage.app().queue(task_child::about("suspend_account", 1));
    floor.hold([task]);
    let stop = go_on();
    tokio::select! {
        biased;
        () = floor.comes_to_run(1, None) => {}
        round = connector.tasks_once(&stop) => panic!("{round:?}"),
    }
    floor.let_go(task);
    let later = stage.app().queue(task_child::about("unsuspend_account", 1));

    for _ in 0..3 {
        connector.tasks_once(&stop).await.unwrap();
    }

    stage.app().assert_task_completed(task);
    stage.app().assert_task_completed(later);
}

/// The blocking work of a round that was dropped goes on, and nobody knew of it any more: the task, merely queued again, would
/// run beside itself.
#[tokio::test]
async fn blocking_work_of_a_dropped_round_is_waited_for() {
    #[bridge_task]
    async fn slow(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        if !hang_on_a_thread(&cx).await? {
            cx.effect();
        }
        Ok(())
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![slow]).await;
    let task = stage.app().queue(about("update_account", 1));
    let (held, stop) = (stage.company.stop_task(), go_on());
    tokio::select! {
        biased;
        () = held.reached() => {}
        round = connector.tasks_once(&stop) => panic!("{round:?}"),
    }
    connector.tasks_once(&stop).await.unwrap();
    assert_eq!(stage.company.effects(), 0, "it ran beside its own blocking work");
    held.go_on();
    let over = async {
        while stage.app().task(task).unwrap().status == "pending" {
            connector.tasks_once(&stop).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), over).await.expect("it runs again when the work has ended");
}

/// An id that is read as people write such code: `acc-7`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct BadgeId(u32);

impl std::fmt::Display for BadgeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "acc-{}", self.0)
    }
}

impl std::str::FromStr for BadgeId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text[4..].parse().map(BadgeId)
    }
}

#[derive(BridgeResource)]
#[bridge(account)]
struct Badge {
    id: BadgeId,
    username: String,
}

impl Source<Badge> for Hr {
    async fn read(&self, out: &Out<Badge>) -> Result<(), SourceError> {
        out.push(Badge { id: BadgeId(1), username: "b1".into() }).await;
        Ok(())
    }
}

#[bridge_task]
async fn suspend_badge(_: TaskContext<Hr>, _task: SuspendAccount<Badge>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.effect();
    Ok(())
}

/// `entry.check` runs the user's `FromStr` and `Display` of ids in the engine itself, not in the handler's task. A panic
/// there is the engine's: the process ends, before the attempt was written down, and so at each start.
#[tokio::test]
async fn a_panic_in_the_users_id_type_is_that_tasks_own() {
    let stage = Stage::with(1).await;
    let builder = stage.builder().resource::<Badge>().tasks(tasks![suspend_badge, suspend]);
    let connector = builder.build().unwrap().attach(&stage.target(), json!({})).await.unwrap();
    let poison = stage.app().queue(NewTask::new("suspend_account", "badge").account(json!({"id": "7"})));
    let other = stage.app().queue(about("suspend_account", 1));

    let round = tokio::spawn(async move { connector.tasks_once(&go_on()).await.map(drop) }).await;

    assert!(round.is_ok(), "the engine itself has panicked");
    stage.app().assert_task_completed(other);
    assert_ne!(stage.app().task(poison).unwrap().status, "completed");
}

/// A wait that a handler passes on from a header overflows the clock: the engine panics.
#[tokio::test]
async fn an_absurd_wait_is_not_the_end_of_the_engine() {
    #[bridge_task]
    async fn busy(_: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        match *task.id() {
            // `Retry-After: 18446744073709551615`.
            1 => Err(TaskError::retry_after(Duration::from_secs(u64::MAX), "come back some day")),
            _ => Ok(()),
        }
    }
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(tasks![busy]).await;
    stage.app().queue(about("suspend_account", 1));
    let other = stage.app().queue(about("suspend_account", 2));

    let round = tokio::spawn(async move { connector.tasks_once(&go_on()).await.map(drop) }).await;

    assert!(round.is_ok(), "the engine itself has panicked");
    stage.app().assert_task_completed(other);
}

/// A handler with a limit of its own around `cx.blocking` answers while its thread still works. `cx.blocking` promises that
/// the engine waits for the thread "before it decides what became of the task, and never runs the handler again beside it".
#[tokio::test]
async fn an_answer_does_not_make_blocking_work_forgotten() {
    static AT_WORK: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    #[bridge_task]
    async fn limited(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        let work = cx.blocking(|_| {
            MOST.fetch_max(AT_WORK.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(3));
            AT_WORK.fetch_sub(1, Ordering::SeqCst);
            Ok::<_, TaskError>(())
        });
        let limit = Duration::from_millis(100);
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(TaskError::retry("it takes too long")))
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![limited, suspend]).await;
    stage.app().queue(about("update_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    tokio::time::sleep(PAUSE).await;
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(MOST.load(Ordering::SeqCst), 1, "the handler ran beside its own blocking work");
}

/// A handler was cut off, and its thread goes on. An admin settles the task in Iden, and orders something else for the same
/// account: that runs beside the thread, and the journal's `Conflict` becomes `Interrupted` again when the thread ends.
#[tokio::test]
async fn blocking_work_holds_its_account_even_if_the_task_is_settled_elsewhere() {
    #[bridge_task(timeout = "1s")]
    async fn slow(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        if !hang_on_a_thread(&cx).await? {
            cx.effect();
        }
        Ok(())
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![slow]).await;
    let hung = stage.app().queue(about("update_account", 1));
    let held = stage.company.stop_task();
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().waiting, 1);
    let report = TaskReport::failed("by_hand", "it hangs");
    stage.client().report_task(connector.app(), hung.into(), &report).await.unwrap();
    stage.app().queue(about("update_account", 1));
    for _ in 0..2 {
        connector.tasks_once(&go_on()).await.unwrap();
    }
    let beside = stage.company.effects();
    held.go_on();
    tokio::time::sleep(Duration::from_millis(300)).await;
    connector.tasks_once(&go_on()).await.unwrap();
    let state = known(&connector, hung).await.state;
    assert_eq!((beside, state), (0, TaskState::Conflict), "(handlers beside the thread, state of the settled task)");
}

/// `verify` takes no notice of a stop, and after it the handler is called: work that begins after SIGTERM, and is cut off
/// at 28 s, in its middle.
#[tokio::test]
async fn no_handler_is_called_after_the_stop() {
    #[bridge_task(verify = look)]
    async fn hire(cx: TaskContext<Hr>, _task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
        cx.effect();
        Ok(Created::new(7))
    }
    async fn look(
        cx: &TaskContext<Hr>,
        _task: &CreateAccount<Employee>,
    ) -> Result<Probe<Created<Employee>>, TaskError> {
        let stop = cx.task_stop.lock().unwrap().take();
        if let Some(stop) = stop {
            stop.wait().await;
        }
        Ok(Probe::NotApplied)
    }
    let stage = Stage::with(1).await;
    begun(&stage, tasks![hire], "create_account", json!({"email": "new@acme.example"})).await;
    let connector = stage.attach_with(tasks![hire]).await;
    let (held, stop) = (stage.company.stop_task(), go_on());
    let signal = async {
        held.reached().await;
        stop.cancel();
        held.go_on();
    };
    let (_, ()) = tokio::join!(connector.tasks_once(&stop), signal);
    assert_eq!(stage.company.effects(), 0, "its handler was called after the stop");
}

/// A handler that was cut off here is reported with "the connector stopped while the task was carried out": it did not.
#[tokio::test]
async fn what_iden_is_told_of_a_handler_that_was_cut_off_is_true() {
    #[bridge_task(timeout = "1s", on_interrupt = fail)]
    async fn slow(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        cx.blocking(|_| {
            std::thread::sleep(Duration::from_secs(1));
            Ok(())
        })
        .await
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![slow]).await;
    let task = stage.app().queue(about("update_account", 1));
    for _ in 0..30 {
        connector.tasks_once(&go_on()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let message = stage.app().task(task).unwrap().error.unwrap()["message"].as_str().unwrap().to_owned();
    assert!(!message.contains("the connector stopped"), "{message}");
}

/// A suspension passes a task whose thread still works, and is reported completed. What the thread does after that
/// stays: the person is active again, and Iden believes otherwise.
#[tokio::test]
async fn a_suspension_is_not_undone_by_a_thread_that_it_has_passed() {
    #[bridge_task(timeout = "1s")]
    async fn resume(cx: TaskContext<Hr>, _task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
        let Some(stop) = cx.task_stop.lock().unwrap().take() else { return Ok(()) };
        let runtime = tokio::runtime::Handle::current();
        cx.blocking(move |hr| {
            runtime.block_on(stop.wait());
            hr.plan.lock().unwrap().push("active");
            Ok(())
        })
        .await
    }
    #[bridge_task]
    async fn suspend(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        cx.plan.lock().unwrap().push("suspended");
        Ok(())
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![resume, suspend]).await;
    stage.app().queue(about("unsuspend_account", 1));
    let held = stage.company.stop_task();
    connector.tasks_once(&go_on()).await.unwrap();
    stage.sandbox.advance(Duration::from_secs(1));
    let suspension = stage.app().queue(about("suspend_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    held.go_on();
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        connector.tasks_once(&go_on()).await.unwrap();
    }
    stage.app().assert_task_completed(suspension);
    assert_eq!(stage.company.plan.lock().unwrap().last(), Some(&"suspended"), "what holds in the system at the end");
}

/// Handlers whose threads go on are not counted: a system that hangs gets eight more calls every time-out, until the 512
/// threads of tokio's blocking pool are used up. DNS look-ups and every other `spawn_blocking` of the process wait then.
#[tokio::test]
async fn threads_that_go_on_are_bounded() {
    static AT_WORK: AtomicUsize = AtomicUsize::new(0);
    #[bridge_task(timeout = "1s")]
    async fn hang(cx: TaskContext<Hr>, _task: UpdateAccount<Employee>) -> Result<(), TaskError> {
        cx.blocking(|_| {
            AT_WORK.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_secs(6));
            Ok(())
        })
        .await
    }
    let stage = Stage::with(1).await;
    let telemetry = Telemetry::default();
    let target = stage.target().telemetry(telemetry.clone());
    let connector = stage.connector_with(tasks![hang]).attach(&target, json!({})).await.unwrap();
    for number in 1..=40 {
        stage.app().queue(about("update_account", number));
    }
    connector.tasks_once(&go_on()).await.unwrap();
    let at_work = AT_WORK.load(Ordering::SeqCst);
    assert!(at_work <= 16, "{at_work} calls hang in the system at once");
    let figures = Figures::of(&telemetry.prometheus());
    assert_eq!(figures.value("bridge_handlers_overdue", &[]), 16.0, "the metric shows what blocks the others");
}
