//! A company whose records live in memory and whose source can be told to fail, and the ways to put it on a sandbox.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bridge_sandbox::{App, Sandbox};
use iden_bridge::{
    Tasks,
    client::{ApiKey, Client},
    clock::{Clock, SystemClock},
    connector::{Attached, Connector, ConnectorError, Target},
    prelude::*,
    wire::AppId,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

#[derive(BridgeResource, Clone, Debug)]
#[bridge(group)]
pub struct Team {
    pub id: String,
    pub name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(license, name = "Seats")]
pub struct Seat {
    #[bridge(id)]
    pub sku: String,
    pub name: String,
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(account, name = "Employees")]
pub struct Employee {
    #[bridge(id)]
    pub number: u32,
    pub email: Option<String>,
    pub first_name: String,
    pub status: Employment,
    #[bridge(memberships)]
    pub teams: Vec<Ref<Team>>,
    #[bridge(assignments)]
    pub seats: Vec<Ref<Seat>>,
    #[bridge(skip)]
    #[allow(dead_code)] // what must not leave
    pub salary: u64,
}

#[derive(BridgeStatus, Clone, Copy, Debug, PartialEq)]
pub enum Employment {
    #[bridge(active)]
    Employed,
    #[bridge(suspended)]
    OnLeave,
    #[bridge(inactive)]
    Left,
}

pub fn employee(number: u32) -> Employee {
    Employee {
        number,
        email: Some(format!("p{number}@acme.example")),
        first_name: format!("P{number}"),
        status: Employment::Employed,
        teams: vec![Ref::new("red")],
        seats: vec![Ref::new("mail")],
        salary: 987_654_321,
    }
}

/// What the source does beside yielding its people.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mood {
    #[default]
    Well,
    FailsAfter(usize),
    PanicsAfter(usize),
    HangsAfter(usize),
}

#[derive(Debug, Default)]
pub struct Company {
    pub teams: Mutex<Vec<Team>>,
    pub people: Mutex<BTreeMap<u32, Employee>>,
    pub mood: Mutex<Mood>,
    /// Yielded after the others, as they are.
    pub odd: Mutex<Vec<Employee>>,
    pub unreadable: Mutex<Vec<u32>>,
    pub effects: AtomicUsize,
    /// What the handlers of `tasks_interrupted` do, one after the other.
    pub plan: Mutex<Vec<&'static str>>,
    /// Whether their `verify` sees nothing.
    pub blind: Mutex<bool>,
    /// Somebody else with a key.
    pub admin: Mutex<Option<(Client, AppId)>>,
}

impl Company {
    pub fn of(people: u32) -> Arc<Self> {
        let company = Company::default();
        *company.teams.lock().unwrap() = ["red", "blue"].map(|id| Team { id: id.into(), name: id.into() }).into();
        *company.people.lock().unwrap() = (1..=people).map(|number| (number, employee(number))).collect();
        Arc::new(company)
    }

    pub fn effects(&self) -> usize {
        self.effects.load(Ordering::SeqCst)
    }

    pub fn effect(&self) {
        self.effects.fetch_add(1, Ordering::SeqCst);
    }
}

/// The system of the connector: the test keeps the company, too.
pub struct Hr(pub Arc<Company>);

impl std::ops::Deref for Hr {
    type Target = Company;

    fn deref(&self) -> &Company {
        &self.0
    }
}

impl Source<Team> for Hr {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        let teams = self.teams.lock().unwrap().clone();
        for team in teams {
            out.push(team).await;
        }
        Ok(())
    }
}

impl Source<Seat> for Hr {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        out.push(Seat { sku: "mail".into(), name: "Mail".into() }).await;
        Ok(())
    }
}

impl Source<Employee> for Hr {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let people: Vec<Employee> = self.people.lock().unwrap().values().cloned().collect();
        let (odd, unreadable) = (self.odd.lock().unwrap().clone(), self.unreadable.lock().unwrap().clone());
        let mood = *self.mood.lock().unwrap();
        for (position, person) in people.into_iter().enumerate() {
            match mood {
                Mood::FailsAfter(count) if count == position => return Err(SourceError::new("the database went away")),
                Mood::PanicsAfter(count) if count == position => panic!("row {position} is odd"),
                Mood::HangsAfter(count) if count == position => std::future::pending().await,
                _ => {}
            }
            if unreadable.contains(&person.number) {
                out.unreadable(person.number, "its status is `gone?`").await;
            } else {
                out.push(&person).await;
            }
        }
        for person in odd {
            out.push(person).await;
        }
        Ok(())
    }
}

/// Twenty times as fast as the world: waits pass, and handlers still have time to run.
pub struct HasteClock(SystemClock);

impl HasteClock {
    const FACTOR: u32 = 20;
}

#[async_trait::async_trait]
impl Clock for HasteClock {
    fn now(&self) -> Duration {
        self.0.now() * Self::FACTOR
    }

    async fn sleep(&self, duration: Duration) {
        // Rounded up, so that `now` has grown by `duration` afterwards.
        self.0.sleep(duration / Self::FACTOR + Duration::from_micros(100)).await;
    }
}

/// A sandbox, a state directory and a company.
pub struct Stage {
    pub sandbox: Sandbox,
    pub state: tempfile::TempDir,
    pub company: Arc<Company>,
}

pub const NAME: &str = "Acme HR";

impl Stage {
    pub async fn with(people: u32) -> Self {
        let (sandbox, state) = (Sandbox::start().await.unwrap(), tempfile::tempdir().unwrap());
        Stage { sandbox, state, company: Company::of(people) }
    }

    pub fn target(&self) -> Target {
        self.target_in(self.state.path())
    }

    pub fn target_in(&self, state: &Path) -> Target {
        let key = ApiKey::new(self.sandbox.api_key()).unwrap();
        Target::new(self.sandbox.base_url().parse().unwrap(), key, state).clock(self.clock())
    }

    pub fn client(&self) -> Client {
        let key = ApiKey::new(self.sandbox.api_key()).unwrap();
        Client::builder(self.sandbox.base_url().parse().unwrap(), key).build().unwrap()
    }

    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(HasteClock(SystemClock::new()))
    }

    pub fn connector(&self) -> Connector<Hr> {
        self.connector_with(Tasks::of([]))
    }

    pub fn connector_with(&self, tasks: Tasks<Hr>) -> Connector<Hr> {
        let company = self.company.clone();
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Hr(company)) };
        let builder = Connector::builder(NAME, open).resource::<Employee>().resource::<Team>().resource::<Seat>();
        builder.tasks(tasks).build().unwrap()
    }

    pub async fn attach(&self) -> Attached<Hr> {
        self.try_attach(self.target()).await.unwrap()
    }

    pub async fn attach_with(&self, tasks: Tasks<Hr>) -> Attached<Hr> {
        self.connector_with(tasks).attach(&self.target(), json!({})).await.unwrap()
    }

    pub async fn try_attach(&self, target: Target) -> Result<Attached<Hr>, ConnectorError> {
        self.connector().attach(&target, json!({})).await
    }

    pub fn app(&self) -> App {
        self.sandbox.app_named(NAME).expect("the connector has made its app")
    }
}

pub fn go_on() -> CancellationToken {
    CancellationToken::new()
}
