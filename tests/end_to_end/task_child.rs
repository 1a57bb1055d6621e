//! A connector that carries out tasks in a process of its own, to be killed, and what is there after it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bridge_sandbox::{App, NewTask, RequestView, TaskView};
use iden_bridge::{
    client::ApiKey,
    clock::{Clock, SystemClock},
    connector::{Attached, Connector, Schedule, Target},
    journal::{SqliteJournal, TaskJournal},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    child_process::{self, Child, say},
    company::{HasteClock, NAME, Stage, go_on},
    task_world::{Effect, Halt, PASSWORD, Person, World, email, tasks},
};

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the child says when it begins to poll.
pub const AT_WORK: &str = "at work";

/// What the child is told.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Orders {
    pub halt: Option<Halt>,
    /// How long each half of a handler takes, in milliseconds.
    pub pace: u64,
    /// Time goes by twenty times as fast.
    pub hasty: bool,
}

async fn attach(world: World, target: Target) -> Attached<World> {
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(world) };
    let builder = Connector::builder(NAME, open).resource::<Person>().tasks(tasks());
    builder.build().unwrap().attach(&target, json!({})).await.unwrap()
}

/// Polls, and does nothing else.
fn polling() -> Schedule {
    Schedule::default().without_syncs().poll_every(Duration::from_millis(20), Duration::from_millis(20))
}

/// What the child does: tasks, until it is killed.
#[tokio::test]
#[ignore = "no test: the child of those in `task_killed`"]
async fn child() {
    let told = child_process::orders::<(Orders, String, String, PathBuf, PathBuf)>();
    let Some(((orders, url, key, state, world), go)) = told else { return };
    let world = World::open(&world).halting(orders.halt, go).at_pace(Duration::from_millis(orders.pace));
    let target = Target::new(url.parse().unwrap(), ApiKey::new(key).unwrap(), state);
    let clock = SystemClock::new();
    // By the world's clock, nothing is given up before the child is killed.
    let clock: Arc<dyn Clock> = if orders.hasty { Arc::new(HasteClock(clock)) } else { Arc::new(clock) };
    let connector = attach(world, target.clock(clock)).await;
    say(AT_WORK);
    let ended = connector.run(&polling(), &go_on()).await;
    panic!("it was to be killed before its end: {ended:?}");
}

/// A sandbox, and a system beside it.
pub struct Scene {
    pub stage: Stage,
    pub world: World,
}

impl Scene {
    /// With these people, and an app that the connector has made already.
    pub async fn of(people: impl IntoIterator<Item = u32>) -> Self {
        let stage = Stage::with(0).await;
        let world = World::open(&path_of(&stage));
        people.into_iter().for_each(|number| world.add(number));
        attach(World::open(&path_of(&stage)), stage.target()).await;
        Scene { stage, world }
    }

    pub fn app(&self) -> App {
        self.stage.app()
    }

    pub fn child(&self, orders: &Orders) -> Child {
        let sandbox = &self.stage.sandbox;
        let places = (self.stage.state.path(), path_of(&self.stage));
        Child::start("task_child::child", &(orders, sandbox.base_url(), sandbox.api_key(), places.0, places.1))
    }

    /// The calls about this task.
    pub fn calls(&self, task: uuid::Uuid) -> Vec<RequestView> {
        let id = task.to_string();
        self.stage.sandbox.requests().into_iter().filter(|request| request.path.contains(&id)).collect()
    }

    /// The next connector: it works until all tasks are over, and its journal says so, too.
    pub async fn next_connector_ends_it(&self) {
        let connector = attach(World::open(&path_of(&self.stage)), self.stage.target()).await;
        let (app, stop, schedule) = (self.app(), go_on(), polling());
        let all_over = async {
            for task in app.tasks() {
                app.wait_until_task_done(task.id, PATIENCE).await;
            }
            let journal = SqliteJournal::beside(connector.state()).unwrap();
            while !journal.open_tasks().await.unwrap().is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let mut running = Box::pin(connector.run(&schedule, &stop));
        tokio::select! {
            ended = &mut running => panic!("it ends by itself: {ended:?}"),
            () = all_over => stop.cancel(),
        }
        tokio::time::timeout(PATIENCE, running).await.expect("it stops").unwrap();
    }

    /// What was done for this task.
    pub fn effects(&self, task: uuid::Uuid) -> Vec<Effect> {
        let key = format!("{}:{task}", self.app().id());
        self.world.effects().into_iter().filter(|effect| effect.key == key).collect()
    }

    /// Once Iden has a report of a task, nobody tells it another one.
    #[track_caller]
    pub fn assert_nothing_is_contradicted(&self) {
        for task in self.app().tasks() {
            let calls = self.calls(task.id).into_iter().filter(|call| call.method == "PATCH");
            let reports = calls.map(|call| serde_json::from_str::<Value>(&call.body).unwrap());
            let said: Vec<String> = reports.map(|report| report["status"].as_str().unwrap().to_owned()).collect();
            // Those before the one that was taken never arrived.
            let since: Vec<&String> = said.iter().skip_while(|status| **status != task.status).collect();
            assert!(since.iter().all(|status| **status == task.status), "{task:?}: {said:?}");
        }
    }
}

fn path_of(stage: &Stage) -> PathBuf {
    Path::join(stage.state.path(), "world.sqlite")
}

/// A task about that person. `create_account` is for somebody who is not there yet.
pub fn about(action: &str, number: u32) -> NewTask {
    let account = match action {
        "create_account" => json!({"email": email(number)}),
        _ => json!({"id": number.to_string(), "email": email(number)}),
    };
    NewTask::new(action, "person").account(account)
}

/// `completed`, or the code of the failure.
pub fn end_of(task: &TaskView) -> String {
    match &task.error {
        Some(error) => error["code"].as_str().unwrap().to_owned(),
        None => task.status.clone(),
    }
}

/// Whether Iden has the temporary password.
pub fn told_password(task: &TaskView) -> bool {
    task.result.as_ref().is_some_and(|result| result["password"] == PASSWORD)
}

/// As the protocol orders the tasks of one account (protocol.md section 6).
pub fn in_server_order(mut tasks: Vec<TaskView>) -> Vec<TaskView> {
    tasks.sort_by_key(|task| {
        (task.execute_after.map_or(task.created_at, |due| due.max(task.created_at)), task.created_at, task.id)
    });
    tasks
}
