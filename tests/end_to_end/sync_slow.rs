//! Systems that answer so slowly that look-ups and reads take longer than a look-up stays fresh, or than tasks may wait.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bridge_sandbox::{App, Assumptions, NewTask, Sandbox};
use iden_bridge::{
    Target, Tasks,
    client::ApiKey,
    clock::{Clock, SystemClock},
    connector::Attached,
    prelude::*,
};
use serde_json::json;

use crate::{
    company::go_on,
    time::{HasteClock, Stop},
};

/// A clock that the external system sets forward by the time that its answers take.
pub struct SlowClock {
    haste: HasteClock,
    slower_by: AtomicU64,
}

impl SlowClock {
    fn new() -> Arc<Self> {
        Arc::new(SlowClock { haste: HasteClock(SystemClock::new()), slower_by: AtomicU64::new(0) })
    }

    fn pass(&self, time: Duration) {
        self.slower_by.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

#[async_trait::async_trait]
impl Clock for SlowClock {
    fn now(&self) -> Duration {
        self.haste.now() + Duration::from_millis(self.slower_by.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.now() + duration;
        while self.now() < end {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[derive(BridgeResource, Clone)]
#[bridge(group)]
pub struct Team {
    id: String,
    name: String,
}

#[derive(BridgeResource, Clone)]
#[bridge(account)]
pub struct Person {
    id: String,
    email: String,
    first_name: String,
}

fn team(id: &str) -> Team {
    Team { id: id.to_owned(), name: id.to_owned() }
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), email: format!("{id}@acme.example"), first_name: "Ann".to_owned() }
}

/// A slow directory.
pub struct Directory {
    clock: Arc<SlowClock>,
    teams: Mutex<BTreeMap<String, Team>>,
    people: Mutex<BTreeMap<String, Person>>,
    can_find: AtomicBool,
    finds: AtomicUsize,
    reads: AtomicUsize,
    /// How much time one look-up adds. Eight are in flight, so this is an eighth of what it takes.
    find_adds: Mutex<Duration>,
    /// How long reading the people takes.
    read_takes: Mutex<Duration>,
    /// The next read of the people waits here behind its last row.
    read_stop: Mutex<Option<Stop>>,
    /// Teams that somebody creates again while the people are read.
    come_back: Mutex<Vec<String>>,
}

#[derive(Clone)]
pub struct System(Arc<Directory>);

impl std::ops::Deref for System {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        &self.0
    }
}

impl Directory {
    fn found<R: Clone>(&self, all: &Mutex<BTreeMap<String, R>>, id: &str) -> Result<Option<R>, SourceError> {
        if !self.can_find.load(Ordering::SeqCst) {
            return Err(SourceError::no_find());
        }
        self.finds.fetch_add(1, Ordering::SeqCst);
        self.clock.pass(*self.find_adds.lock().unwrap());
        Ok(all.lock().unwrap().get(id).cloned())
    }
}

impl Source<Team> for System {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        let teams: Vec<Team> = self.teams.lock().unwrap().values().cloned().collect();
        for team in teams {
            out.push(team).await;
        }
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Team>, SourceError> {
        self.found(&self.teams, id)
    }
}

impl Source<Person> for System {
    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let people: Vec<Person> = self.people.lock().unwrap().values().cloned().collect();
        let takes = *self.read_takes.lock().unwrap();
        for person in people {
            out.push(person).await;
        }
        self.clock.pass(takes);
        if !takes.is_zero() {
            // Tasks have the time to run beside it.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let stop = self.read_stop.lock().unwrap().take();
        if let Some(stop) = stop {
            stop.wait().await;
        }
        let back = std::mem::take(&mut *self.come_back.lock().unwrap());
        self.teams.lock().unwrap().extend(back.into_iter().map(|id| (id.clone(), team(&id))));
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Person>, SourceError> {
        self.found(&self.people, id)
    }
}

#[bridge_task(on_interrupt = rerun)]
async fn hire(cx: TaskContext<System>, task: CreateAccount<Person>) -> Result<Created<Person>, TaskError> {
    let id = task.email().unwrap().split('@').next().unwrap().to_owned();
    cx.people.lock().unwrap().insert(id.clone(), person(&id));
    Ok(Created::new(id))
}

#[bridge_task]
async fn rename(cx: TaskContext<System>, task: UpdateAccount<Person>) -> Result<(), TaskError> {
    cx.people.lock().unwrap().get_mut(task.id()).unwrap().first_name = "Ada".to_owned();
    Ok(())
}

fn new_account(id: &str) -> NewTask {
    NewTask::new("create_account", "person").account(json!({"email": format!("{id}@acme.example")}))
}

fn new_name(id: &str) -> NewTask {
    let account = json!({"id": id, "email": format!("{id}@acme.example")});
    NewTask::new("update_account", "person").account(account).changes(json!({"first_name": "Ada"}))
}

const NAME: &str = "Slow directory";

struct Stage {
    sandbox: Sandbox,
    system: System,
    connector: Attached<System>,
    _state: tempfile::TempDir,
}

impl Stage {
    async fn with(people: usize, teams: &[&str], tasks: Tasks<System>) -> Self {
        // The worse answer to question P4.
        let mut assumptions = Assumptions::default();
        assumptions.newer_records_are_removed = true;
        let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
        let (state, clock) = (tempfile::tempdir().unwrap(), SlowClock::new());
        let system = System(Arc::new(Directory {
            clock: Arc::clone(&clock),
            teams: Mutex::new(teams.iter().map(|id| ((*id).to_owned(), team(id))).collect()),
            people: Mutex::new((0..people).map(|id| (format!("p{id}"), person(&format!("p{id}")))).collect()),
            can_find: AtomicBool::new(true),
            finds: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
            find_adds: Mutex::default(),
            read_takes: Mutex::default(),
            read_stop: Mutex::default(),
            come_back: Mutex::default(),
        }));
        let open = {
            let system = system.clone();
            move |_: NoSettings| async move { Ok::<_, std::io::Error>(system) }
        };
        let builder = Connector::builder(NAME, open).resource::<Team>().resource::<Person>().tasks(tasks);
        let builder = builder
            .limits::<Team>(|limits| limits.max_removed_percent(99))
            .limits::<Person>(|limits| limits.max_removed_percent(99).max_removed(10_000));
        let key = ApiKey::new(sandbox.api_key()).unwrap();
        let target = Target::new(sandbox.base_url().parse().unwrap(), key, state.path()).clock(clock);
        let connector = builder.build().unwrap().attach(&target, json!({})).await.unwrap();
        assert!(connector.sync(&go_on()).await.unwrap().completed);
        Stage { sandbox, system, connector, _state: state }
    }

    fn app(&self) -> App {
        self.sandbox.app_named(NAME).unwrap()
    }
}

#[tokio::test]
async fn a_removal_whose_look_ups_take_longer_than_a_look_up_stays_fresh_completes() {
    let stage = Stage::with(400, &[], tasks![]).await;
    stage.system.people.lock().unwrap().retain(|id, _| id.starts_with("p1"));
    let left = stage.system.people.lock().unwrap().len();
    // 289 look-ups of 20 s, eight in flight: twelve minutes.
    *stage.system.find_adds.lock().unwrap() = Duration::from_millis(2_500);

    assert!(stage.connector.sync(&go_on()).await.unwrap().completed);

    assert_eq!(stage.app().active("person"), left);
    assert_eq!(stage.system.finds.load(Ordering::SeqCst), 400 - left, "a second pass would find nothing fresher");
}

#[tokio::test]
async fn a_group_that_comes_back_long_after_it_was_looked_up_is_not_removed() {
    let stage = Stage::with(3, &["red", "blue", "green"], tasks![]).await;
    stage.system.teams.lock().unwrap().retain(|id, _| id == "red");
    // Both are looked up and absent before the people are read, and one of them exists again at the end of that.
    *stage.system.read_takes.lock().unwrap() = Duration::from_secs(400);
    *stage.system.come_back.lock().unwrap() = vec!["blue".to_owned()];

    assert!(stage.connector.sync(&go_on()).await.unwrap().completed);

    stage.app().assert_active("team", "blue");
    stage.app().assert_removed("team", "green");
}

#[tokio::test]
async fn without_find_a_sync_that_reads_slowly_completes_while_tasks_arrive_all_the_time() {
    // So many that the guard does not take those who are created meanwhile for changed ids.
    let stage = Stage::with(200, &[], tasks![hire, rename]).await;
    stage.system.can_find.store(false, Ordering::SeqCst);
    // Twice as long as tasks may wait.
    *stage.system.read_takes.lock().unwrap() = Duration::from_secs(120);
    let (app, go) = (stage.app(), go_on());
    let tasks = async {
        for number in 0.. {
            app.queue(new_name(&format!("p{}", number % 200)));
            let new = app.queue(new_account(&format!("new{number}")));
            stage.connector.tasks_once(&go).await.unwrap();
            // Iden may take the word of the report for it (question P17).
            if let Some(result) = app.task(new).unwrap().result {
                app.put_record("person", &json!({"id": result["id"], "email": "new@acme.example"}));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };

    let synced = tokio::select! {
        synced = stage.connector.sync(&go) => synced,
        () = tasks => unreachable!("there is no end of them"),
    };

    assert!(synced.unwrap().completed);
    assert_eq!(app.removed("person"), [""; 0], "no account that a task created is removed");
    assert!(stage.system.people.lock().unwrap().len() > 202, "tasks created accounts beside the sync");
    // The first sync, then the scan, those who are missing from it, and once more for what tasks did meanwhile.
    assert!(stage.system.reads.load(Ordering::SeqCst) <= 4, "one more read is enough");
    // What had to wait comes now.
    tokio::time::sleep(Duration::from_millis(300)).await;
    stage.connector.tasks_once(&go).await.unwrap();
    assert!(stage.connector.sync(&go).await.unwrap().completed);
    assert_eq!(app.removed("person"), [""; 0]);
}

#[tokio::test]
async fn many_accounts_that_tasks_touched_are_looked_up_before_tasks_have_to_wait() {
    let stage = Stage::with(200, &[], tasks![hire, rename]).await;
    let (app, go, stop) = (stage.app(), go_on(), Stop::default());
    *stage.system.read_stop.lock().unwrap() = Some(stop.clone());
    // 200 look-ups of 8 s, eight in flight: several minutes.
    *stage.system.find_adds.lock().unwrap() = Duration::from_secs(1);
    let beside = async {
        stop.reached().await;
        for number in 0..200 {
            app.queue(new_name(&format!("p{number}")));
        }
        assert_eq!(stage.connector.tasks_once(&go).await.unwrap().completed(), 200);
        stop.go_on();
    };

    let (synced, ()) = tokio::join!(stage.connector.sync(&go), beside);

    assert!(synced.unwrap().completed);
    assert!(app.records("person").iter().all(|person| person.fields["first_name"] == "Ada"), "all in this session");
}
