//! Systems that answer so slowly that look-ups and reads take longer than a look-up stays fresh, or than tasks may wait.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bridge_sandbox::{App, Assumptions, Sandbox};
use iden_bridge::{
    Target, Tasks,
    client::ApiKey,
    clock::{Clock, SystemClock},
    connector::Attached,
    prelude::*,
};
use serde_json::json;

use crate::{company::go_on, time::HasteClock};

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
        let back = std::mem::take(&mut *self.come_back.lock().unwrap());
        self.teams.lock().unwrap().extend(back.into_iter().map(|id| (id.clone(), team(&id))));
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Person>, SourceError> {
        self.found(&self.people, id)
    }
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
