//! The list, with a server that only shows tasks.

use std::sync::{Arc, Mutex};

use bridge_core::{
    Probe, TaskResult,
    payload::PayloadError,
    policy::{OnInterrupt, Policy},
    wire::{Task, TaskReport},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{super::testing::task, *};
use crate::{
    client::{ApiKey, BaseUrl, Method, Request, Response, Transport, TransportError},
    clock::SystemClock,
    journal::{SqliteJournal, TaskEffect, TaskEnd, TaskJournal},
    tasks::{Entry, HandlerKind, Route},
};

/// Shows these tasks, and wants nothing.
struct Show(Mutex<Vec<Value>>);

#[async_trait]
impl Transport for Show {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        assert_eq!(request.method, Method::Get, "{request:?}");
        let tasks = self.0.lock().unwrap().clone();
        let page = json!({"count": tasks.len(), "next": null, "previous": null, "results": tasks});
        Ok(Response::json(200, page.to_string()))
    }
}

fn handler(action: &'static str, name: &'static str, on_interrupt: OnInterrupt) -> Entry<()> {
    Entry {
        route: Route { action, slug: "employee" },
        resource: std::any::TypeId::of::<()>(),
        name,
        policy: Policy::new(on_interrupt),
        any: false,
        check: |_| Ok::<(), PayloadError>(()),
        run: |_, _| Box::pin(async { Ok(TaskResult::default()) }),
        verify: |_, _| Box::pin(async { Ok(Probe::Unknown) }),
    }
}

fn handlers() -> Tasks<()> {
    Tasks::of([
        handler("create_account", "hire", OnInterrupt::Verify),
        handler("update_account", "change", OnInterrupt::Rerun),
        handler("suspend_account", "suspend", OnInterrupt::Rerun),
        handler("reset_password", "reset", OnInterrupt::Fail),
    ])
}

fn about(number: u32, action: &str, account: &str) -> Task {
    task(number, action, json!({"account": {"id": account}}))
}

fn id(number: u32) -> TaskId {
    about(number, "", "").id
}

fn seen_of(task: &Task) -> SeenTask {
    seen(&TaskEntry::Readable(task.clone())).unwrap()
}

async fn list(tasks: &Tasks<()>, journal: &SqliteJournal, shown: Vec<Value>) -> Vec<ListedTask> {
    let clock = SystemClock::new();
    let client = Client::builder(BaseUrl::for_tenant("acme").unwrap(), ApiKey::new("k").unwrap())
        .transport(Arc::new(Show(Mutex::new(shown))))
        .build()
        .unwrap();
    Outlook { client: &client, app: Uuid::nil().into(), journal, clock: &clock, tasks }.read().await.unwrap()
}

fn json(task: Task) -> Value {
    serde_json::to_value(task).unwrap()
}

fn numbers(listed: &[ListedTask]) -> Vec<u32> {
    listed.iter().map(|one| u32::try_from(one.id.as_uuid().as_u128() & 0xFFFF).unwrap()).collect()
}

fn code(listed: &ListedTask) -> Option<&str> {
    Some(listed.report.as_ref()?.error.as_ref()?.code.as_str())
}

#[tokio::test]
async fn the_list_is_in_the_order_of_execution_and_nothing_is_written_down() {
    let journal = SqliteJournal::in_task().unwrap();
    let create = task(5, "create_account", json!({"account": {"email": "ann@acme.example"}}));
    let shown = [
        create,
        about(3, "update_account", "a"),
        about(1, "update_account", "a"),
        about(2, "reset_password", "b"),
        about(4, "promote_account", "c"),
    ];
    let listed = list(&handlers(), &journal, shown.map(json).to_vec()).await;

    // As if each was over at once.
    assert_eq!(numbers(&listed), [1, 2, 3, 4, 5]);
    assert_eq!(listed.iter().map(|one| one.behind).collect::<Vec<_>>(), [None, None, Some(id(1)), None, None]);
    let handlers: Vec<_> = listed.iter().map(|one| one.handler.map(|it| (it.name, it.kind))).collect();
    let (change, reset) = (("change", HandlerKind::Idempotent), ("reset", HandlerKind::AtMostOnce));
    assert_eq!(handlers, [Some(change), Some(reset), Some(change), None, Some(("hire", HandlerKind::Verified))]);
    assert_eq!(code(&listed[3]), Some("unsupported_action"));
    assert_eq!((listed[0].account.as_deref(), listed[4].account.as_deref()), (Some("a"), None));
    assert!(listed.iter().all(|one| one.listed && one.state == TaskState::Seen && one.attempts == 0));

    let ids = listed.iter().map(|one| one.id).collect();
    assert_eq!(journal.tasks(ids).await.unwrap(), []);
}

#[tokio::test]
async fn what_the_journal_knows_is_told_and_what_iden_does_not_list_comes_last() {
    let (journal, at) = (SqliteJournal::in_task().unwrap(), jiff::Timestamp::UNIX_EPOCH);
    let tasks = [
        about(1, "update_account", "a"),
        about(2, "update_account", "a"),
        about(3, "suspend_account", "a"),
        about(4, "reset_password", "b"),
        about(5, "reset_password", "c"),
    ];
    for begun in [&tasks[0], &tasks[3], &tasks[4]] {
        journal.start_task(&seen_of(begun), at).await.unwrap();
    }
    journal.move_task(id(1), TaskState::Parked, "the system did not answer", at).await.unwrap();
    let end = TaskEnd { report: TaskReport::failed("account_not_found", "no b"), secret: false };
    journal.end_task(&seen_of(&tasks[3]), &end, TaskEffect::default(), at).await.unwrap();
    journal.move_task(id(5), TaskState::Parked, "", at).await.unwrap();

    // The last one is not listed.
    let listed = list(&handlers(), &journal, tasks[..4].iter().cloned().map(json).collect()).await;

    // What is over is reported first; a suspension passes what is parked; the parked one and the one behind it stay.
    assert_eq!(numbers(&listed), [4, 3, 1, 2, 5]);
    let states: Vec<_> = listed.iter().map(|one| one.state).collect();
    use TaskState::{Executed, Parked, Seen};
    assert_eq!(states, [Executed, Seen, Parked, Seen, Parked]);
    assert_eq!(listed.iter().map(|one| one.behind).collect::<Vec<_>>(), [None, None, None, Some(id(1)), None]);
    assert_eq!(code(&listed[0]), Some("account_not_found"));
    assert_eq!(listed.iter().map(|one| one.listed).collect::<Vec<_>>(), [true, true, true, true, false]);
    assert_eq!(listed[4].handler.map(|handler| handler.name), Some("reset"));
}

#[tokio::test]
async fn one_that_cannot_be_read_or_was_begun_by_a_handler_that_is_gone_is_refused() {
    let (journal, at) = (SqliteJournal::in_task().unwrap(), jiff::Timestamp::UNIX_EPOCH);
    let gone = about(2, "promote_account", "a");
    journal.start_task(&seen_of(&gone), at).await.unwrap();
    let broken = json!({"id": id(1), "action": 7});
    let listed = list(&handlers(), &journal, vec![broken, json(gone)]).await;
    assert_eq!(listed.iter().map(code).collect::<Vec<_>>(), [Some("invalid_payload"), Some("outcome_unknown")]);
    assert_eq!(listed[0].action, "");
}

#[tokio::test]
async fn one_that_came_too_late_is_superseded() {
    let (journal, at) = (SqliteJournal::in_task().unwrap(), jiff::Timestamp::UNIX_EPOCH);
    let suspended = seen_of(&about(2, "suspend_account", "a"));
    journal.start_task(&suspended, at).await.unwrap();
    let end = TaskEnd { report: TaskReport::completed(None), secret: false };
    journal.end_task(&suspended, &end, TaskEffect::default(), at).await.unwrap();
    journal.move_task(id(2), TaskState::Reported, "", at).await.unwrap();
    let listed = list(&handlers(), &journal, vec![json(about(1, "update_account", "a"))]).await;
    assert_eq!(code(&listed[0]), Some("superseded"));
}

#[tokio::test]
async fn a_connector_without_handlers_refuses_nothing() {
    let journal = SqliteJournal::in_task().unwrap();
    let mut over = about(2, "update_account", "a");
    over.status = "completed".to_owned().into();
    let listed = list(&Tasks::default(), &journal, vec![json(about(1, "update_account", "a")), json(over)]).await;
    assert_eq!(numbers(&listed), [1], "a task that is not pending is none, whatever list it stands in");
    assert_eq!((listed[0].handler, &listed[0].report), (None, &None));
}
