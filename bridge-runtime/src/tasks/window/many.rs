//! More tasks than are held in memory, with an Iden that makes them up.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bridge_core::{
    Probe, TaskResult,
    policy::{OnInterrupt, Policy},
    wire::AppId,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    super::{
        Entry, Route, Tasks,
        engine::{Desk, TaskEngine},
    },
    WINDOW,
};
use crate::{
    client::{ApiKey, BaseUrl, Client, Method, Request, Response, Transport, TransportError},
    clock::{Clock, SystemClock},
    gate::Gate,
    journal::SqliteJournal,
    telemetry::Telemetry,
};

const TASKS: u32 = 150_000;
/// The last ones of the list suspend accounts. Each has an older task that is beyond the window as well.
const SUSPENSIONS: u32 = 10;
const ACCOUNTS: u32 = 50_000;

/// Lists all tasks, the newest first, until so many were reported.
struct Many {
    reported: Mutex<Vec<u32>>,
    most: usize,
    stop: CancellationToken,
}

fn id_of(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn is_suspension(number: u32) -> bool {
    number >= TASKS - SUSPENSIONS
}

/// As text: to build values for so many tasks would take longer than the rest.
fn shown(number: u32, status: &str) -> String {
    let action = if is_suspension(number) { "suspend_account" } else { "update_account" };
    let (minutes, seconds) = (number / 60, number % 60);
    let (days, hours, minutes) = (5 + minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let (id, account) = (id_of(number), number % ACCOUNTS);
    format!(
        r#"{{"id":"{id}","action":"{action}","resource_type":"employee","status":"{status}","execute_after":null,
        "created_at":"2026-01-{days:02}T{hours:02}:{minutes:02}:{seconds:02}Z","payload":{{"account":{{"id":"{account}"}}}}}}"#
    )
}

#[async_trait]
impl Transport for Many {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let (_, path) = request.url.path().split_once("/tasks/").unwrap();
        let answer = if path.is_empty() {
            let number = |name: &str| -> usize {
                request.url.query_pairs().find(|(key, _)| key == name).unwrap().1.parse().unwrap()
            };
            let page = (0..TASKS).rev().skip(number("offset")).take(number("limit"));
            let page: Vec<String> = page.map(|number| shown(number, "pending")).collect();
            format!(r#"{{"count":{TASKS},"next":null,"previous":null,"results":[{}]}}"#, page.join(","))
        } else {
            let number: u32 = path.split('/').next().unwrap()[24..].parse().unwrap();
            if request.method == Method::Patch {
                let mut reported = self.reported.lock().unwrap();
                reported.push(number);
                if reported.len() == self.most {
                    self.stop.cancel();
                }
                shown(number, "completed")
            } else {
                shown(number, "pending")
            }
        };
        Ok(Response::json(200, answer))
    }
}

fn handler(action: &'static str) -> Entry<()> {
    Entry {
        route: Route { action, slug: "employee" },
        resource: std::any::TypeId::of::<()>(),
        name: "do",
        policy: Policy::new(OnInterrupt::Rerun),
        any: true,
        check: |_| Ok(()),
        run: |_, _| Box::pin(async { Ok(TaskResult::default()) }),
        verify: |_, _| Box::pin(async { Ok(Probe::Unknown) }),
    }
}

#[tokio::test]
async fn of_150_000_tasks_a_part_is_in_memory_and_suspensions_are_done_first() {
    let stop = CancellationToken::new();
    let iden = Arc::new(Many { reported: Mutex::default(), most: 100, stop: stop.clone() });
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let client = Client::builder(BaseUrl::for_tenant("test").unwrap(), ApiKey::new("test").unwrap());
    let client = client.transport(iden.clone()).build().unwrap();
    let tasks = Tasks::of([handler("update_account"), handler("suspend_account")]);
    let engine = TaskEngine {
        gate: Gate::new(tasks.longest(), client.patience()),
        client,
        app: AppId::new(Uuid::from_u128(0xA)),
        tasks,
        journal: Arc::new(SqliteJournal::in_task().unwrap()),
        meter: Telemetry::default().meter("test", &[], Vec::new(), &clock),
        clock,
        at_once: 1,
        window: WINDOW,
        desk: tokio::sync::Mutex::new(Desk::default()),
    };

    engine.round(&Arc::new(()), &stop).await.unwrap_err();

    let reported = iden.reported.lock().unwrap().clone();
    // Each suspension with the two older tasks of its account, and nothing else before them.
    let first = &reported[..3 * SUSPENSIONS as usize];
    assert_eq!(first.iter().filter(|number| is_suspension(**number)).count(), SUSPENSIONS as usize, "{reported:?}");
    assert!(first.iter().all(|number| number % ACCOUNTS >= ACCOUNTS - SUSPENSIONS), "{reported:?}");
    let held = engine.desk.lock().await.lanes.ids().count();
    assert!((WINDOW - 100..=WINDOW + WINDOW / 4).contains(&held), "{held} are held");
}
