//! A source that hangs: nothing fails, and nothing comes. The log, a metric and the status say so.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    time::Duration,
};

use iden_bridge::{
    connector::{Attached, Connector, Schedule},
    journal::{Activity, ControlJournal, SqliteJournal, Status},
    prelude::*,
    telemetry::Telemetry,
};
use serde_json::json;

use crate::{
    company::{Stage, go_on},
    log::Log,
    running::while_running,
    scrape::Figures,
};

const SILENT: &str = "bridge_source_silent_since_timestamp_seconds";

#[derive(BridgeResource)]
#[bridge(account)]
struct Guest {
    id: u32,
    email: String,
}

impl Guest {
    fn new(id: u32) -> Self {
        Guest { id, email: format!("g{id}@acme.example") }
    }
}

/// Where a source hangs until it is told to go on.
#[derive(Clone, Copy, PartialEq)]
enum Hangs {
    InRead,
    InFind,
}

struct Hotel {
    hangs: Hangs,
    reads: AtomicU32,
    go_on: AtomicBool,
}

impl Hotel {
    async fn hang(&self) {
        while !self.go_on.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

struct Shared(std::sync::Arc<Hotel>);

impl Source<Guest> for Shared {
    async fn read(&self, out: &Out<Guest>) -> Result<(), SourceError> {
        let is_first = self.0.reads.fetch_add(1, Ordering::SeqCst) == 0;
        out.push(Guest::new(1)).await;
        if self.0.hangs == Hangs::InRead {
            self.0.hang().await;
        }
        if is_first || self.0.hangs == Hangs::InRead {
            out.push(Guest::new(2)).await;
        }
        Ok(())
    }

    async fn find(&self, id: &u32) -> Result<Option<Guest>, SourceError> {
        self.0.hang().await;
        Ok(Some(Guest::new(*id)))
    }
}

async fn open(stage: &Stage, telemetry: &Telemetry, hangs: Hangs) -> (Attached<Shared>, std::sync::Arc<Hotel>) {
    let hotel = std::sync::Arc::new(Hotel { hangs, reads: AtomicU32::new(0), go_on: AtomicBool::new(false) });
    let shared = Shared(hotel.clone());
    let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(shared) };
    let connector = Connector::builder("Hotel", open).resource::<Guest>().build().unwrap();
    (connector.attach(&stage.target().telemetry(telemetry.clone()), json!({})).await.unwrap(), hotel)
}

/// What the connector says once it says something like that.
async fn says(connector: &Attached<Shared>, like: impl Fn(&Status) -> bool) -> Status {
    let beside = SqliteJournal::beside(connector.state()).unwrap();
    loop {
        if let Some(said) = beside.status().await.unwrap().filter(&like) {
            return said;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_read_that_gives_nothing_is_reported_until_it_goes_on() {
    let (log, stage, telemetry) = (Log::start(), Stage::with(0).await, Telemetry::default());
    let (connector, hotel) = open(&stage, &telemetry, Hangs::InRead).await;
    let hourly = Schedule::default().sync_every(Duration::from_secs(3600));
    while_running(&connector, &hourly, async {
        let said = says(&connector, |said| said.silent_since.is_some()).await;
        assert!(matches!(&said.activity, Activity::Reading { slug, .. } if slug == "guest"), "{said:?}");
        assert!(said.silent_since.unwrap() <= said.at);
        log.line(&["WARN", "`read` of the source has given nothing for 3", "guest"]);
        let figures = Figures::of(&telemetry.prometheus());
        let since = figures.value(SILENT, &[("resource_type", "guest")]);
        assert!((since - said.silent_since.unwrap().as_second() as f64).abs() < 60.0, "{since}");

        hotel.go_on.store(true, Ordering::SeqCst);
        says(&connector, |said| matches!(said.activity, Activity::Waiting { .. })).await;
        assert!(!Figures::of(&telemetry.prometheus()).has(SILENT), "it answers again");
    })
    .await;
    assert_eq!(stage.sandbox.app_named("Hotel").unwrap().active("guest"), 2);
}

#[tokio::test]
async fn a_look_up_that_does_not_return_is_reported_as_well() {
    let (log, stage, telemetry) = (Log::start(), Stage::with(0).await, Telemetry::default());
    let (connector, hotel) = open(&stage, &telemetry, Hangs::InFind).await;
    connector.sync(&go_on()).await.unwrap();
    // The second read does not list guest 2.
    let stop = go_on();
    let (synced, ()) = tokio::join!(connector.sync(&stop), async {
        let said = says(&connector, |said| said.silent_since.is_some()).await;
        assert!(matches!(&said.activity, Activity::Verifying { slug, .. } if slug == "guest"), "{said:?}");
        log.line(&["WARN", "`find` of the source has given nothing for 3", "guest"]);
        assert!(Figures::of(&telemetry.prometheus()).has(SILENT));
        hotel.go_on.store(true, Ordering::SeqCst);
    });
    synced.unwrap();
    assert!(!Figures::of(&telemetry.prometheus()).has(SILENT));
}

/// A list behind an API that asks for a pause of a minute.
struct Throttled(AtomicU32);

impl Source<Guest> for Throttled {
    async fn read(&self, out: &Out<Guest>) -> Result<(), SourceError> {
        out.pages(0, |_: u32| async {
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Err(SourceError::busy(Some(Duration::from_secs(60)), "slow down")),
                _ => Ok(Page::new([Guest::new(1)], None)),
            }
        })
        .await
    }
}

#[tokio::test]
async fn a_pause_that_the_system_asked_for_is_no_silence() {
    let (log, stage) = (Log::start(), Stage::with(0).await);
    let open = |_: NoSettings| async { Ok::<_, std::io::Error>(Throttled(AtomicU32::new(0))) };
    let connector = Connector::builder("Throttled", open).resource::<Guest>().build().unwrap();
    connector.attach(&stage.target(), json!({})).await.unwrap().sync(&go_on()).await.unwrap();
    assert!(!log.text().contains("has given nothing"), "{}", log.text());
}
