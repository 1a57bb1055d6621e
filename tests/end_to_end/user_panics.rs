//! User code that panics, wherever it is called: its app reports an error, and the other app of the fleet goes on.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bridge_sandbox::NewTask;
use iden_bridge::{
    Exit, Tasks,
    clock::{Clock, SystemClock},
    connector::{Attached, Connector, ConnectorError, Schedule},
    journal::{Activity, Command, ControlJournal, SqliteJournal},
    prelude::*,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    company::{HasteClock, Stage, go_on},
    running::while_running,
};

/// The one place that panics now, and only for number 13. `Display` and `FromStr` know no system, so it is global.
static PLACE: Mutex<&str> = Mutex::new("");
/// For the tests of this file, which share it.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

const UNLUCKY: u32 = 13;

fn at(place: &str, number: u32) {
    let is_here = *PLACE.lock().unwrap_or_else(std::sync::PoisonError::into_inner) == place;
    assert!(!(is_here && number == UNLUCKY), "{place} panics");
}

fn set(place: &'static str) {
    *PLACE.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = place;
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Number(u32);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        at("Display", self.0);
        self.0.fmt(f)
    }
}

impl FromStr for Number {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse()?;
        at("FromStr", number);
        Ok(Number(number))
    }
}

#[derive(BridgeResource, Clone, Debug)]
#[bridge(account)]
struct Guest {
    id: Number,
    #[bridge(email, with = address)]
    number: u32,
}

fn address(number: &u32) -> String {
    at("with", *number);
    format!("guest{number}@acme.example")
}

/// An error that panics when it is displayed.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("it cannot be displayed")
    }
}

impl std::error::Error for Unspeakable {}

impl BridgeError for Unspeakable {
    fn into_task_error(self) -> TaskError {
        TaskError::fail("unspeakable", self)
    }
}

/// A value of a session whose `Drop` panics.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        at("Drop", UNLUCKY);
    }
}

struct Hotel {
    guests: Arc<Mutex<Vec<u32>>>,
    /// Its unlucky guest is found one by one, whatever the list says.
    finds: bool,
}

impl Source<Guest> for Hotel {
    async fn read(&self, out: &Out<Guest>) -> Result<(), SourceError> {
        let guests = self.guests.lock().unwrap().clone();
        let _shared = out.shared(|| async { Ok(Fragile) }).await?;
        for number in guests {
            at("read", number);
            out.push(Guest { id: Number(number), number }).await;
        }
        Ok(())
    }

    async fn find(&self, id: &Number) -> Result<Option<Guest>, SourceError> {
        at("find", id.0);
        if *PLACE.lock().unwrap() == "error" {
            return Err(Unspeakable.into());
        }
        Ok(self.finds.then(|| Guest { id: id.clone(), number: id.0 }))
    }
}

#[bridge_task]
async fn suspend(_cx: TaskContext<Hotel>, task: SuspendAccount<Guest>) -> Result<(), Unspeakable> {
    at("handler", task.id().0);
    if *PLACE.lock().unwrap() == "task error" { Err(Unspeakable) } else { Ok(()) }
}

#[bridge_task(verify = is_back, retry = 1)]
async fn resume(_cx: TaskContext<Hotel>, task: UnsuspendAccount<Guest>) -> Result<(), TaskError> {
    at("verify", task.id().0);
    Ok(())
}

async fn is_back(_cx: &TaskContext<Hotel>, task: &UnsuspendAccount<Guest>) -> Result<Probe<()>, TaskError> {
    at("verify", task.id().0);
    Ok(Probe::Applied(()))
}

fn tasks() -> Tasks<Hotel> {
    tasks![suspend, resume]
}

struct Inn {
    connector: Attached<Hotel>,
    guests: Arc<Mutex<Vec<u32>>>,
}

impl Inn {
    async fn on(stage: &Stage, name: &str, guests: &[u32], clock: Arc<dyn Clock>) -> Self {
        let guests = Arc::new(Mutex::new(guests.to_vec()));
        let hotel = Hotel { guests: Arc::clone(&guests), finds: true };
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(hotel) };
        let connector = Connector::builder(name, open).resource::<Guest>().tasks(tasks()).build().unwrap();
        let connector = connector.attach(&stage.target().clock(clock), json!({})).await.unwrap();
        Inn { connector, guests }
    }
}

/// Syncs the inn, which has lost sight of its unlucky guest, or still lists it.
async fn fails(inn: &Inn, place: &'static str, listed: bool, named: &str) {
    let usual: Vec<u32> = vec![1, 2, 3];
    *inn.guests.lock().unwrap() = usual.into_iter().chain(listed.then_some(UNLUCKY)).collect();
    set(place);
    let error = inn.connector.sync(&go_on()).await.expect_err(place);
    set("");
    assert_eq!(Exit::of(&error), Exit::Unavailable, "{place}: {error}");
    let said = error.to_string();
    assert!(said.contains("`guest`") && said.contains(named) && said.contains("panicked"), "{place}: {said}");
}

#[tokio::test]
async fn a_panic_in_any_function_of_a_source_fails_one_sync_of_one_app() {
    let _turn = TURN.lock().await;
    set("");
    let stage = Stage::with(0).await;
    let unlucky = Inn::on(&stage, "Unlucky", &[1, 2, 3, UNLUCKY], stage.clock()).await;
    let lucky = Inn::on(&stage, "Lucky", &[1, 2], stage.clock()).await;
    unlucky.connector.sync(&go_on()).await.unwrap();

    // In the same task as the other app: a panic that got out would end it.
    let hourly = Schedule::default().sync_every(Duration::from_secs(3600));
    while_running(&lucky.connector, &hourly, async {
        fails(&unlucky, "read", true, "reading").await;
        fails(&unlucky, "with", true, "reading").await;
        fails(&unlucky, "FromStr", false, "`FromStr` of the id").await;
        fails(&unlucky, "Display", false, "`FromStr` of the id").await;
        fails(&unlucky, "find", false, "`find` panicked").await;
        fails(&unlucky, "error", false, "`find` panicked").await;
        fails(&unlucky, "with", false, "the mapping of the record that `find` returned").await;
        set("Drop");
        *unlucky.guests.lock().unwrap() = vec![1, 2, 3, UNLUCKY];
        unlucky.connector.sync(&go_on()).await.expect("a value that was dropped has done its work");
        set("");
        unlucky.connector.sync(&go_on()).await.unwrap();
    })
    .await;
    let app = |name| stage.sandbox.app_named(name).unwrap();
    assert_eq!(app("Unlucky").active("guest"), 4);
    assert_eq!(app("Unlucky").removed("guest"), [""; 0]);
    assert_eq!(app("Lucky").active("guest"), 2);
}

#[tokio::test]
async fn a_panic_in_any_function_of_a_task_is_reported_and_the_round_goes_on() {
    let _turn = TURN.lock().await;
    let stage = Stage::with(0).await;
    let inn = Inn::on(&stage, "Unlucky", &[1, UNLUCKY], stage.clock()).await;
    inn.connector.sync(&go_on()).await.unwrap();
    let app = stage.sandbox.app_named("Unlucky").unwrap();
    let about = |action: &str, number: u32| NewTask::new(action, "guest").account(json!({"id": number.to_string()}));
    for (place, action, code) in [
        ("handler", "suspend_account", "internal_error"),
        ("task error", "suspend_account", "internal_error"),
        ("FromStr", "suspend_account", "internal_error"),
        ("Display", "suspend_account", "internal_error"),
    ] {
        set(place);
        let bad = app.queue(about(action, UNLUCKY));
        let good = app.queue(about("unsuspend_account", 1));
        // A handler that panics is called again, later.
        while [bad, good].iter().any(|id| app.task(*id).unwrap().status == "pending") {
            inn.connector.tasks_once(&go_on()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        set("");
        let failed = app.task(bad).unwrap();
        assert_eq!(failed.status, "failed", "{place}");
        assert_eq!(failed.error.unwrap()["code"], code, "{place}");
        assert_eq!(app.task(good).unwrap().status, "completed", "{place}");
    }
    // Nobody knows what an attempt did whose `verify` panics as well: it waits for a person.
    set("verify");
    let unknown = app.queue(about("unsuspend_account", UNLUCKY));
    let round = inn.connector.tasks_once(&go_on()).await.unwrap();
    set("");
    assert_eq!((app.task(unknown).unwrap().status.as_str(), round.parked), ("pending", 1));
}

#[derive(Deserialize)]
struct Settings {
    #[serde(deserialize_with = "picky")]
    _name: String,
}

fn picky<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    assert_ne!(name, "odd", "picky panics");
    Ok(name)
}

#[tokio::test]
async fn a_panic_in_open_or_in_reading_the_settings_is_an_error_of_that_app() {
    let stage = Stage::with(0).await;
    let open = |_: Settings| async {
        assert!(stage_is_ready(), "open panics");
        Ok::<_, std::io::Error>(Hotel { guests: Arc::default(), finds: false })
    };
    for (name, said) in [("fine", "`open` panicked"), ("odd", "reading the settings panicked")] {
        let connector = Connector::builder("Unlucky", open).resource::<Guest>().build().unwrap();
        let error = connector.attach(&stage.target(), json!({"_name": name})).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Open(_)) && error.to_string().contains(said), "{error}");
        assert_eq!(Exit::of(&error), Exit::Unavailable);
    }
    let refused = |_: NoSettings| async { Err::<Hotel, _>(Unspeakable) };
    let connector = Connector::builder("Unlucky", refused).resource::<Guest>().build().unwrap();
    let error = connector.attach(&stage.target(), json!({})).await.unwrap_err();
    assert!(error.to_string().contains("`open` panicked"), "{error}");
    assert!(stage.sandbox.app_named("Unlucky").is_none(), "a system that cannot be opened leaves no app behind");
}

fn stage_is_ready() -> bool {
    false
}

/// The hasty clock, whose next reading of the wall clock panics if it is told to: a defect of the engine.
struct FaultyClock {
    haste: HasteClock,
    is_faulty: AtomicBool,
}

#[async_trait::async_trait]
impl Clock for FaultyClock {
    fn now(&self) -> Duration {
        self.haste.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.haste.sleep(duration).await;
    }

    fn wall(&self) -> jiff::Timestamp {
        assert!(!self.is_faulty.swap(false, Ordering::SeqCst), "the clock is faulty");
        self.haste.wall()
    }
}

#[tokio::test]
async fn a_panic_of_an_engine_ends_neither_its_app_nor_the_other() {
    let _turn = TURN.lock().await;
    set("");
    let stage = Stage::with(0).await;
    let faulty = Arc::new(FaultyClock { haste: HasteClock(SystemClock::new()), is_faulty: AtomicBool::new(false) });
    let unlucky = Inn::on(&stage, "Unlucky", &[1], Arc::clone(&faulty) as Arc<dyn Clock>).await;
    let lucky = Inn::on(&stage, "Lucky", &[1, 2], stage.clock()).await;
    let hourly = Schedule::default().sync_every(Duration::from_secs(3600));
    let (one, other) = (&unlucky.connector, &lucky.connector);
    let beside = SqliteJournal::beside(one.state()).unwrap();
    let says = async |what: fn(&Activity) -> bool| loop {
        let said = beside.status().await.unwrap();
        if said.is_some_and(|said| what(&said.activity)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    while_running(other, &hourly, async {
        while_running(one, &hourly, async {
            says(|activity| matches!(activity, Activity::Waiting { .. })).await;
            for _ in 0..2 {
                faulty.is_faulty.store(true, Ordering::SeqCst);
                beside.ask(Command::Sync, jiff::Timestamp::now()).await.unwrap();
                while faulty.is_faulty.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            beside.ask(Command::Sync, jiff::Timestamp::now()).await.unwrap();
            says(|activity| matches!(activity, Activity::Waiting { .. })).await;
            other.sync(&go_on()).await.unwrap();
        })
        .await;
    })
    .await;
    assert_eq!(stage.sandbox.app_named("Lucky").unwrap().active("guest"), 2);
}
