//! How a running connector looks for tasks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{
    clock::{Clock, SystemClock},
    connector::{Attached, Schedule},
    journal::{Command, ControlJournal, Retry, SqliteJournal, TaskJournal, TaskState},
    prelude::*,
};
use serde_json::json;

use crate::{
    company::{Employee, HasteClock, Hr, Stage},
    running::while_running,
    task_child,
    task_floor::{self, Floor},
    tasks::{about, all},
    trouble::calls,
};

const PATIENCE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Tasks only; whoever waits for a poll waits for long.
fn rarely() -> Schedule {
    Schedule::default().without_syncs().poll_every(HOUR, HOUR)
}

/// Tasks only, and one poll after the other.
fn often() -> Schedule {
    Schedule::default().without_syncs().poll_every(Duration::from_millis(20), Duration::from_millis(20))
}

/// How often the list was read.
fn polls(stage: &Stage) -> usize {
    calls(stage, "GET", "/tasks/?").len()
}

async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn beside<S: Send + Sync + 'static>(connector: &Attached<S>) -> SqliteJournal {
    SqliteJournal::beside(connector.state()).unwrap()
}

async fn look_now<S: Send + Sync + 'static>(connector: &Attached<S>) {
    beside(connector).ask(Command::Tasks, jiff::Timestamp::now()).await.unwrap();
}

/// The hasty clock, which remembers the waits between polls.
struct Watch {
    clock: HasteClock,
    waits: Mutex<Vec<u128>>,
}

/// From one poll to the next in this test, in milliseconds: as no other wait is.
const BUSY: u64 = 700;
const IDLE: u64 = 4_000;

#[async_trait::async_trait]
impl Clock for Watch {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        if [BUSY, 2 * BUSY, 4 * BUSY, IDLE].map(u128::from).contains(&duration.as_millis()) {
            self.waits.lock().unwrap().push(duration.as_millis());
        }
        self.clock.sleep(duration).await;
    }
}

#[tokio::test]
async fn it_polls_less_and_less_often_until_a_task_comes() {
    let stage = Stage::with(1).await;
    let watch = Arc::new(Watch { clock: HasteClock(SystemClock::new()), waits: Mutex::default() });
    let target = stage.target().clock(watch.clone());
    let connector = stage.connector_with(all()).attach(&target, json!({})).await.unwrap();
    let schedule = Schedule::default().without_syncs();
    let schedule = schedule.poll_every(Duration::from_millis(BUSY), Duration::from_millis(IDLE));
    let so_far = || watch.waits.lock().unwrap().clone();
    let quiet = async {
        until(|| so_far().len() >= 5).await;
        assert_eq!(so_far()[..5], [2 * BUSY, 4 * BUSY, IDLE, IDLE, IDLE].map(u128::from));
        watch.waits.lock().unwrap().clear();
        let task = stage.app().queue(about("suspend_account", 1));
        stage.app().wait_until_task_done(task, PATIENCE).await;
        until(|| so_far().contains(&u128::from(2 * BUSY))).await;
        let waits = so_far();
        let since = waits.iter().position(|wait| *wait == u128::from(BUSY)).expect("soon again, after a task");
        assert_eq!(waits.last(), Some(&u128::from(2 * BUSY)), "{:?}", &waits[since..]);
    };
    while_running(&connector, &schedule, quiet).await;
}

#[tokio::test]
async fn whoever_asks_has_it_look_for_tasks_at_once() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let asking = async {
        until(|| polls(&stage) > 0).await;
        for number in [1, 2] {
            let task = stage.app().queue(about("suspend_account", number));
            look_now(&connector).await;
            stage.app().wait_until_task_done(task, PATIENCE).await;
        }
    };
    while_running(&connector, &rarely(), asking).await;
}

#[tokio::test]
async fn a_task_that_is_to_be_tried_again_later_does_not_wait_for_the_next_poll() {
    #[bridge_task]
    async fn later(cx: TaskContext<Hr>, _task: SuspendAccount<Employee>) -> Result<(), TaskError> {
        cx.effect();
        match cx.task.attempt {
            1 => Err(TaskError::retry_after(Duration::from_secs(3), "come back in three seconds")),
            _ => Ok(()),
        }
    }
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(tasks![later]).await;
    let task = stage.app().queue(about("suspend_account", 1));
    while_running(&connector, &rarely(), stage.app().wait_until_task_done(task, PATIENCE)).await;
    stage.app().assert_task_completed(task);
    assert_eq!(stage.company.effects(), 2);
}

#[tokio::test]
async fn a_parked_task_goes_on_when_a_person_says_so() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let task =
        stage.app().queue(NewTask::new("create_account", "person").account(json!({"email": "new@acme.example"})));
    let journal = beside(&connector);
    let state = async || journal.tasks(vec![task.into()]).await.unwrap().pop().map(|known| known.state);
    let parked = async |times: usize| {
        while floor.begun().len() < times || state().await != Some(TaskState::Parked) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let person = async {
        parked(1).await;
        // Its `verify` can tell no more than before.
        assert_eq!(journal.retry_task(task.into(), Retry::Settle, now()).await.unwrap(), Some(TaskState::Parked));
        look_now(&connector).await;
        until_moved(&journal, task, 5).await;
        parked(1).await;
        // Who knows that it was not done has the handler called.
        journal.retry_task(task.into(), Retry::NotDone, now()).await.unwrap();
        look_now(&connector).await;
        parked(2).await;
    };
    while_running(&connector, &rarely(), person).await;
    assert_eq!(stage.app().task(task).unwrap().status, "pending");
}

fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Waits until the history of a task has so many steps.
async fn until_moved(journal: &SqliteJournal, task: uuid::Uuid, steps: usize) {
    while journal.task_steps(task.into()).await.unwrap().len() < steps {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn while_there_is_enough_to_do_it_does_not_poll() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    // Each of its own account.
    for number in 0..1_020 {
        stage.app().queue(task_child::about("suspend_account", number));
    }
    floor.hold_everybody();
    let busy = async {
        floor.comes_to_run(8, None).await;
        let (before, start) = (polls(&stage), std::time::Instant::now());
        // In the time of fifty polls.
        while start.elapsed() < Duration::from_secs(1) {
            assert_eq!(polls(&stage), before);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        floor.hold([]);
        until(|| floor.begun().len() == 1_020).await;
        let before = polls(&stage);
        until(|| polls(&stage) > before).await;
    };
    while_running(&connector, &often(), busy).await;
    assert!(stage.app().tasks().iter().all(|task| task.status == "completed"));
}

#[tokio::test]
async fn new_tasks_are_found_while_a_handler_takes_its_time() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let slow = stage.app().queue(task_child::about("suspend_account", 1));
    floor.hold([slow]);
    let meanwhile = async {
        floor.comes_to_run(1, None).await;
        let other = stage.app().queue(task_child::about("suspend_account", 2));
        stage.app().wait_until_task_done(other, PATIENCE).await;
        floor.let_go(slow);
        stage.app().wait_until_task_done(slow, PATIENCE).await;
    };
    while_running(&connector, &often(), meanwhile).await;
}

#[tokio::test]
async fn a_poll_that_fails_keeps_no_handler_from_its_end() {
    let (stage, floor) = (Stage::with(0).await, Floor::default());
    let connector = floor.attach(&stage, task_floor::tasks()).await;
    let slow = stage.app().queue(task_child::about("suspend_account", 1));
    floor.hold([slow]);
    let meanwhile = async {
        floor.comes_to_run(1, None).await;
        stage.sandbox.fault(Fault::ending("GET", "/tasks/").answer(500, "no"));
        let before = polls(&stage);
        until(|| polls(&stage) > before + 2).await;
        floor.let_go(slow);
        stage.app().wait_until_task_done(slow, PATIENCE).await;
    };
    while_running(&connector, &often(), meanwhile).await;
    stage.app().assert_task_completed(slow);
}

#[tokio::test]
async fn without_handlers_it_does_not_poll() {
    let stage = Stage::with(3).await;
    let connector = stage.attach().await;
    let once = async { until(|| stage.app().sessions().iter().any(|session| session.status == "completed")).await };
    while_running(&connector, &Schedule::default(), once).await;
    assert_eq!(polls(&stage), 0);
}
