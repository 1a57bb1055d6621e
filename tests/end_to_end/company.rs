//! A company whose records live in memory and whose source can be told to fail, and the ways to put it on a sandbox.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use bridge_sandbox::{App, Sandbox, SandboxBuilder};
use iden_bridge::{
    Tasks,
    client::{ApiKey, Client},
    clock::{Clock, SystemClock},
    connector::{Attached, Builder, Connector, ConnectorError, Target},
    prelude::*,
    sync::Limits,
    wire::AppId,
};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use crate::time::{HasteClock, Stop};

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

impl Mood {
    /// What it does to a source that has yielded so many.
    async fn show(self, position: usize, hanging: &Notify) -> Result<(), SourceError> {
        match self {
            Mood::FailsAfter(count) if count == position => Err(SourceError::new("the database went away")),
            Mood::PanicsAfter(count) if count == position => panic!("row {position} is odd"),
            Mood::HangsAfter(count) if count == position => {
                hanging.notify_one();
                std::future::pending().await
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Default)]
pub struct Company {
    pub teams: Mutex<Vec<Team>>,
    pub people: Mutex<BTreeMap<u32, Employee>>,
    pub mood: Mutex<Mood>,
    /// The same for its teams.
    pub team_mood: Mutex<Mood>,
    /// Told when a source begins to hang.
    pub hanging: Notify,
    /// Yielded after the others, as they are.
    pub odd: Mutex<Vec<Employee>>,
    pub unreadable: Mutex<Vec<u32>>,
    /// Whether a single person can be looked up.
    pub can_find: AtomicBool,
    /// Who is there, and shown by no read and no look-up yet.
    pub hidden: Mutex<Vec<u32>>,
    /// The next read of the people waits here behind its last row.
    pub read_stop: Mutex<Option<Stop>>,
    /// The next handler that knows of it waits here.
    pub task_stop: Mutex<Option<Stop>>,
    pub effects: AtomicUsize,
    /// The tasks that the handlers of `task_pages` were called for.
    pub carried_out: Mutex<Vec<uuid::Uuid>>,
    /// What the handlers of `tasks_interrupted` do, one after the other.
    pub plan: Mutex<Vec<&'static str>>,
    /// Whether their `verify` sees nothing.
    pub blind: Mutex<bool>,
    /// The times that the handlers of `tasks` were told.
    pub times: Mutex<Vec<jiff::Timestamp>>,
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

    /// Those with these numbers leave.
    pub fn lose(&self, numbers: impl IntoIterator<Item = u32>) {
        let mut people = self.people.lock().unwrap();
        for number in numbers {
            people.remove(&number).expect("only who is there can leave");
        }
    }

    /// Those with these numbers come, or come back.
    pub fn gain(&self, numbers: impl IntoIterator<Item = u32>) {
        self.people.lock().unwrap().extend(numbers.into_iter().map(|number| (number, employee(number))));
    }

    /// Changes those with these numbers.
    pub fn change(&self, numbers: impl IntoIterator<Item = u32>, change: impl Fn(&mut Employee)) {
        let mut people = self.people.lock().unwrap();
        numbers.into_iter().for_each(|number| change(people.get_mut(&number).unwrap()));
    }

    /// Where the next read of the people waits behind its last row.
    pub fn stop_read(&self) -> Stop {
        self.read_stop.lock().unwrap().insert(Stop::default()).clone()
    }

    /// Where the next handler waits that knows of it.
    pub fn stop_task(&self) -> Stop {
        self.task_stop.lock().unwrap().insert(Stop::default()).clone()
    }
}

/// What a handler does that hangs on a thread until the test lets it go on. Only the first one does; whether it did.
#[allow(dead_code)] // not every target that has this company has such handlers
pub async fn hang_on_a_thread(cx: &TaskContext<Hr>) -> Result<bool, TaskError> {
    let Some(stop) = cx.task_stop.lock().unwrap().take() else { return Ok(false) };
    let runtime = tokio::runtime::Handle::current();
    cx.blocking(move |_| {
        // Not for ever: the runtime of a test that has failed waits for this thread.
        drop(runtime.block_on(tokio::time::timeout(std::time::Duration::from_secs(60), stop.wait())));
        Ok::<_, TaskError>(true)
    })
    .await
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
        let (teams, mood) = (self.teams.lock().unwrap().clone(), *self.team_mood.lock().unwrap());
        let count = teams.len();
        for (position, team) in teams.into_iter().enumerate() {
            mood.show(position, &self.hanging).await?;
            out.push(team).await;
        }
        mood.show(count, &self.hanging).await
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
        let hidden = self.hidden.lock().unwrap().clone();
        let people = self.people.lock().unwrap().clone();
        let people: Vec<Employee> = people.into_values().filter(|one| !hidden.contains(&one.number)).collect();
        let (odd, unreadable) = (self.odd.lock().unwrap().clone(), self.unreadable.lock().unwrap().clone());
        let (mood, count) = (*self.mood.lock().unwrap(), people.len());
        for (position, person) in people.into_iter().enumerate() {
            mood.show(position, &self.hanging).await?;
            if unreadable.contains(&person.number) {
                out.unreadable(person.number, "its status is `gone?`").await;
            } else {
                out.push(&person).await;
            }
        }
        mood.show(count, &self.hanging).await?;
        for person in odd {
            out.push(person).await;
        }
        let stop = self.read_stop.lock().unwrap().take();
        if let Some(stop) = stop {
            stop.wait().await;
        }
        Ok(())
    }

    async fn find(&self, number: &u32) -> Result<Option<Employee>, SourceError> {
        if !self.can_find.load(Ordering::SeqCst) {
            // As the default does.
            return Err(SourceError::no_find());
        }
        let hidden = self.hidden.lock().unwrap().contains(number);
        Ok(self.people.lock().unwrap().get(number).filter(|_| !hidden).cloned())
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
        Stage::on(Sandbox::builder(), people).await
    }

    pub async fn on(sandbox: SandboxBuilder, people: u32) -> Self {
        let (sandbox, state) = (sandbox.start().await.unwrap(), tempfile::tempdir().unwrap());
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
        self.builder().tasks(tasks).build().unwrap()
    }

    pub fn builder(&self) -> Builder<Hr> {
        let company = self.company.clone();
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Hr(company)) };
        Connector::builder(NAME, open).resource::<Employee>().resource::<Team>().resource::<Seat>()
    }

    pub async fn attach(&self) -> Attached<Hr> {
        self.try_attach(self.target()).await.unwrap()
    }

    pub async fn attach_with(&self, tasks: Tasks<Hr>) -> Attached<Hr> {
        self.connector_with(tasks).attach(&self.target(), json!({})).await.unwrap()
    }

    /// Attached with limits of its own.
    pub async fn attach_limited<R: iden_bridge::Resource>(&self, set: impl FnOnce(Limits) -> Limits) -> Attached<Hr>
    where
        Hr: Source<R>,
    {
        self.builder().limits::<R>(set).build().unwrap().attach(&self.target(), json!({})).await.unwrap()
    }

    pub async fn try_attach(&self, target: Target) -> Result<Attached<Hr>, ConnectorError> {
        self.connector().attach(&target, json!({})).await
    }

    /// How Iden holds this person.
    pub fn held(&self, number: u32) -> serde_json::Value {
        self.app().record("employee", &number.to_string()).unwrap_or_else(|| panic!("{number} was never pushed")).fields
    }

    /// How the last session ended.
    pub fn last_session(&self) -> String {
        self.app().sessions().last().unwrap().status.clone()
    }

    pub fn app(&self) -> App {
        self.sandbox.app_named(NAME).expect("the connector has made its app")
    }
}

pub fn go_on() -> CancellationToken {
    CancellationToken::new()
}
