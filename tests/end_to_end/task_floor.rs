//! A system whose handlers wait until the test lets them go on, and which knows which of them run.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use iden_bridge::{
    Tasks,
    clock::SystemClock,
    connector::{Attached, Builder, Connector},
    prelude::*,
};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    company::{NAME, Stage},
    task_world::Person,
};

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a handler did, and when it was, in the order of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    Began(Uuid),
    Ended(Uuid),
}

/// Who is to wait.
#[derive(Debug, Default)]
enum Held {
    #[default]
    Nobody,
    Everybody,
    These(HashSet<Uuid>),
}

#[derive(Debug, Default)]
struct State {
    held: Held,
    let_go: HashSet<Uuid>,
    running: BTreeMap<Uuid, u32>,
    events: Vec<Event>,
}

impl State {
    fn waits(&self, task: Uuid) -> bool {
        let held = match &self.held {
            Held::Nobody => false,
            Held::Everybody => true,
            Held::These(tasks) => tasks.contains(&task),
        };
        held && !self.let_go.contains(&task)
    }
}

/// The system; the test keeps it, too.
#[derive(Clone, Debug, Default)]
pub struct Floor(Arc<(Mutex<State>, Notify)>);

impl Floor {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.0.1.notify_waiters();
    }

    /// Waits until the state is so.
    async fn until(&self, is_so: impl Fn(&State) -> bool) {
        loop {
            // Before the look: a change in between is not missed.
            let changed = self.0.1.notified();
            if is_so(&self.state()) {
                return;
            }
            changed.await;
        }
    }

    pub fn hold_everybody(&self) {
        self.change(|state| state.held = Held::Everybody);
    }

    pub fn hold(&self, tasks: impl IntoIterator<Item = Uuid>) {
        self.change(|state| state.held = Held::These(tasks.into_iter().collect()));
    }

    pub fn let_go(&self, task: Uuid) {
        self.change(|state| {
            state.let_go.insert(task);
        });
    }

    /// The tasks whose handlers run, with their accounts.
    pub fn running(&self) -> BTreeMap<Uuid, u32> {
        self.state().running.clone()
    }

    /// Waits until so many run, without this one.
    pub async fn comes_to_run(&self, count: usize, without: Option<Uuid>) {
        let is_so = |state: &State| {
            state.running.len() == count && without.is_none_or(|task| !state.running.contains_key(&task))
        };
        let so = tokio::time::timeout(PATIENCE, self.until(is_so)).await;
        so.unwrap_or_else(|_| panic!("{count} were to run at once, and there are {:?}", self.running()));
    }

    pub fn events(&self) -> Vec<Event> {
        self.state().events.clone()
    }

    /// The tasks that have begun, in order.
    pub fn begun(&self) -> Vec<Uuid> {
        let began = |event| if let Event::Began(task) = event { Some(task) } else { None };
        self.events().into_iter().filter_map(began).collect()
    }

    /// What every handler does.
    async fn work(&self, task: &str, number: u32) {
        let task: Uuid = task.parse().unwrap();
        self.change(|state| {
            state.events.push(Event::Began(task));
            state.running.insert(task, number);
        });
        self.until(|state| !state.waits(task)).await;
        self.change(|state| {
            state.events.push(Event::Ended(task));
            state.running.remove(&task);
        });
    }

    /// A connector for it. By the world's clock: a handler may wait as long as the test wants.
    pub async fn attach(&self, stage: &Stage, tasks: Tasks<Floor>) -> Attached<Floor> {
        self.attach_as(stage, |builder| builder.tasks(tasks)).await
    }

    pub async fn attach_as(
        &self,
        stage: &Stage,
        build: impl FnOnce(Builder<Floor>) -> Builder<Floor>,
    ) -> Attached<Floor> {
        let floor = self.clone();
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(floor) };
        let connector = build(Connector::builder(NAME, open).resource::<Person>()).build().unwrap();
        let target = stage.target().clock(Arc::new(SystemClock::new()));
        connector.attach(&target, json!({})).await.unwrap()
    }
}

impl Source<Person> for Floor {
    async fn read(&self, _: &Out<Person>) -> Result<(), SourceError> {
        Err(SourceError::new("these tests sync nothing"))
    }
}

#[bridge_task(timeout = "60m")]
async fn suspend(cx: TaskContext<Floor>, task: SuspendAccount<Person>) -> Result<(), TaskError> {
    cx.work(&cx.task.id, *task.id()).await;
    Ok(())
}

#[bridge_task(timeout = "60m")]
async fn resume(cx: TaskContext<Floor>, task: UnsuspendAccount<Person>) -> Result<(), TaskError> {
    cx.work(&cx.task.id, *task.id()).await;
    Ok(())
}

#[bridge_task(timeout = "60m")]
async fn leave(cx: TaskContext<Floor>, task: DeleteAccount<Person>) -> Result<(), TaskError> {
    cx.work(&cx.task.id, *task.id()).await;
    Ok(())
}

/// With a new first name `busy`, the system is too busy for it, every time.
#[bridge_task(timeout = "60m", retry = 100)]
async fn rename(cx: TaskContext<Floor>, task: UpdateAccount<Person>) -> Result<(), TaskError> {
    cx.work(&cx.task.id, *task.id()).await;
    match &task.changes()[..] {
        [AccountChange::FirstName(Some(name))] if name == "busy" => Err(TaskError::retry("the system is busy")),
        _ => Ok(()),
    }
}

/// Without a first name, nobody can tell what became of it.
#[bridge_task(timeout = "60m", verify = hired)]
async fn hire(cx: TaskContext<Floor>, task: CreateAccount<Person>) -> Result<Created<Person>, TaskError> {
    cx.work(&cx.task.id, 0).await;
    task.first_name().ok_or_else(|| TaskError::unknown("the line is dead"))?;
    Ok(Created::new(9))
}

async fn hired(_: &TaskContext<Floor>, _: &CreateAccount<Person>) -> Result<Probe<Created<Person>>, TaskError> {
    Ok(Probe::Unknown)
}

pub fn tasks() -> Tasks<Floor> {
    tasks![suspend, resume, leave, rename, hire]
}
