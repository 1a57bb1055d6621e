//! What the tests of troubles ask afterwards.

use std::path::Path;

use bridge_sandbox::RequestView;
use iden_bridge::{
    Exit,
    connector::{Attached, ConnectorError},
    journal::{KnownTask, SeenTask, SqliteJournal, TaskJournal},
    sync::{SyncError, SyncFailure, SyncReport, TypeReport},
};

use crate::company::{Hr, Stage, employee, go_on};

pub fn failed(error: ConnectorError) -> SyncFailure {
    match error {
        ConnectorError::Sync(failure) => *failure,
        other => panic!("not a sync failure: {other}"),
    }
}

pub fn failure(error: ConnectorError) -> SyncError {
    failed(error).error
}

/// What a report says of the people.
pub fn people(report: &SyncReport) -> &TypeReport {
    report.types.iter().find(|one| one.slug == "employee").unwrap()
}

/// The state of each session, oldest first.
pub fn statuses(stage: &Stage) -> Vec<String> {
    stage.app().sessions().into_iter().map(|session| session.status).collect()
}

#[track_caller]
pub fn assert_last(stage: &Stage, status: &str) {
    assert_eq!(statuses(stage).last().map(String::as_str), Some(status));
}

/// Nobody who is in the source is removed, whatever else happened.
#[track_caller]
pub fn assert_nobody_present_is_removed(stage: &Stage) {
    let app = stage.app();
    let present: Vec<String> = stage.company.people.lock().unwrap().keys().map(ToString::to_string).collect();
    let removed: Vec<String> = app.removed("employee").into_iter().filter(|id| present.contains(id)).collect();
    assert_eq!(removed, [""; 0], "they are in the source");
    assert_eq!((app.removed("team"), app.removed("seat")), (vec![], vec![]));
}

/// Iden holds what the source holds, and nothing else is active.
#[track_caller]
pub fn assert_in_step(stage: &Stage) {
    assert_nobody_present_is_removed(stage);
    let app = stage.app();
    let present: Vec<u32> = stage.company.people.lock().unwrap().keys().copied().collect();
    present.iter().for_each(|number| app.assert_active("employee", &number.to_string()));
    assert_eq!(app.active("employee"), present.len());
    assert_eq!((app.active("team"), app.active("seat")), (2, 1));
    assert_last(stage, "completed");
}

/// The requests with this method whose path ends so, or, for GET, that look at a session.
pub fn calls(stage: &Stage, method: &str, end: &str) -> Vec<RequestView> {
    let fits = |request: &RequestView| {
        let path = if method == "GET" { request.path.contains(end) } else { request.path.ends_with(end) };
        request.method == method && path
    };
    stage.sandbox.requests().into_iter().filter(fits).collect()
}

/// A company of `count` that was synced, and whose number `count` has left since. It is `count - 1` people now.
pub async fn with_a_leaver(count: u32) -> (Stage, Attached<Hr>) {
    with_a_leaver_on(Stage::with(count).await, count).await
}

pub async fn with_a_leaver_on(stage: Stage, count: u32) -> (Stage, Attached<Hr>) {
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.people.lock().unwrap().remove(&count).unwrap();
    stage.sandbox.clear_requests();
    (stage, connector)
}

/// Nothing of what went wrong is left: the next sync goes through, and whoever left is removed now.
pub async fn assert_mended(stage: &Stage, connector: &Attached<Hr>) {
    stage.sandbox.clear_faults();
    let report = connector.sync(&go_on()).await.unwrap();
    assert!(report.completed);
    assert_in_step(stage);
}

/// The sync failed, its session was abandoned, and Iden holds all it held.
#[track_caller]
pub fn assert_abandoned(stage: &Stage, error: &ConnectorError, exit: Exit, active: usize) {
    assert_eq!(Exit::of(error), exit, "{error}");
    assert_last(stage, "abandoned");
    assert_eq!(stage.app().removed("employee"), [""; 0]);
    assert_eq!(stage.app().active("employee"), active);
    assert_nobody_present_is_removed(stage);
}

/// Somebody new, or the same with another name.
pub fn hire(stage: &Stage, number: u32, first_name: &str) {
    let mut person = employee(number);
    person.first_name = first_name.into();
    stage.company.people.lock().unwrap().insert(number, person);
}

/// What the journal knows of a task.
pub async fn known<S: Send + Sync + 'static>(connector: &Attached<S>, task: uuid::Uuid) -> KnownTask {
    let journal = SqliteJournal::beside(connector.state()).unwrap();
    journal.tasks(vec![task.into()]).await.unwrap().pop().expect("it is in the journal")
}

/// What a process leaves in its journal that was killed between beginning this task of an employee and reporting it.
pub async fn begin_and_be_killed(state: &Path, task: uuid::Uuid, action: &str, account: Option<&str>) {
    let (action, slug) = (action.to_owned(), "employee".to_owned());
    let account = account.map(str::to_owned);
    let begun = SeenTask {
        id: task.into(),
        action,
        slug,
        account,
        logins: [None; 2],
        changed: [None; 2],
        due: None,
        created: None,
    };
    SqliteJournal::open(state).unwrap().start_task(&begun, jiff::Timestamp::now()).await.unwrap();
}
