//! The gate: while a session is completed no task runs, and tasks that are under way are waited for.

use std::{sync::atomic::Ordering, time::Duration};

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::{
    connector::{Attached, Connector, ConnectorError},
    journal::{Activity, ControlJournal, OpenSession, SessionJournal, SessionState, SqliteJournal},
    prelude::*,
    sync::SyncError,
    tasks,
};
use serde_json::json;

use crate::{
    company::{Company, Employee, Employment, Hr, NAME, Seat, Stage, Team, go_on},
    tasks::{about, all},
};

/// Hires the person 21, after a stop.
#[bridge_task(on_interrupt = rerun, timeout = "60m")]
async fn hire_slowly(cx: TaskContext<Hr>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    let _ = task;
    let stop = cx.task_stop.lock().unwrap().take();
    if let Some(stop) = stop {
        stop.wait().await;
    }
    cx.gain([21]);
    cx.effect();
    Ok(Created::new(21))
}

fn create() -> NewTask {
    NewTask::new("create_account", "employee").account(json!({"email": "p21@acme.example"}))
}

/// Waits until the session of this connector is so far.
async fn in_state(connector: &Attached<Hr>, state: SessionState) {
    let beside = SqliteJournal::beside(connector.state()).unwrap();
    let so_far = async {
        while beside.session().await.unwrap().is_none_or(|session| session.state != state) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), so_far).await.expect("it comes that far");
}

async fn activity(connector: &Attached<Hr>) -> Activity {
    SqliteJournal::beside(connector.state()).unwrap().status().await.unwrap().unwrap().activity
}

/// Whether a request with this method and end of its path has come, and was answered.
fn requested(stage: &Stage, method: &str, end: &str) -> Option<bool> {
    let mut requests = stage.sandbox.requests().into_iter();
    requests.find(|one| one.method == method && one.path.ends_with(end)).map(|one| one.status.is_some())
}

#[tokio::test]
async fn while_a_session_is_completed_no_handler_starts_and_afterwards_it_goes_on() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    connector.sync(&go_on()).await.unwrap();
    let task = stage.app().queue(about("suspend_account", 7));
    stage.sandbox.clear_requests();
    stage.sandbox.fault(Fault::ending("POST", "/complete/").delay(Duration::from_millis(600)));

    let go = go_on();
    let beside = async {
        while requested(&stage, "POST", "/complete/").is_none() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(activity(&connector).await, Activity::Completing);
        connector.tasks_once(&go).await.unwrap()
    };
    let watching = async {
        let mut waited = false;
        loop {
            let effects = stage.company.effects();
            if requested(&stage, "POST", "/complete/") == Some(true) {
                break waited;
            }
            assert_eq!(effects, 0, "a handler ran while the session was completed");
            // The task was fetched, and nothing but the gate keeps it.
            waited |= requested(&stage, "GET", &format!("/tasks/{task}/")) == Some(true);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let (synced, round, waited) = tokio::join!(connector.sync(&go), beside, watching);

    assert!(synced.unwrap().completed);
    assert!(waited, "the task had come before the session was completed");
    assert_eq!((round.completed(), stage.company.effects()), (1, 1));
    stage.app().assert_task_completed(task);
    assert_eq!(stage.held(7)["status"], "active", "it was not in this session");
}

#[tokio::test]
async fn after_a_kill_tasks_wait_until_it_is_known_what_became_of_the_session() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    let session = stage.client().start_sync(connector.app()).await.unwrap().sync_id;
    let state = connector.state().to_owned();
    drop(connector);
    let completing = OpenSession { id: Some(session), state: SessionState::Completing, since: jiff::Timestamp::now() };
    SqliteJournal::open(state).unwrap().set_session(Some(completing)).await.unwrap();
    let connector = stage.attach_with(all()).await;
    stage.app().queue(about("suspend_account", 7));
    stage.sandbox.clear_requests();

    let go = go_on();
    let (round, synced) = tokio::join!(connector.tasks_once(&go), connector.sync(&go));

    assert!(synced.unwrap().completed);
    assert_eq!(round.unwrap().completed(), 1);
    let requests = stage.sandbox.requests();
    let first = |part: &str| requests.iter().position(|request| request.path.contains(part)).unwrap();
    assert!(first("/abandon/") < first("/tasks/"), "the list was read before the session had ended");
}

#[tokio::test]
async fn a_task_under_way_is_waited_for_and_what_it_did_is_in_the_session() {
    for can_find in [true, false] {
        let stage = Stage::with(20).await;
        stage.company.can_find.store(can_find, Ordering::SeqCst);
        let connector = stage.attach_with(tasks![hire_slowly]).await;
        connector.sync(&go_on()).await.unwrap();
        let task = stage.app().queue(create());
        let (stop, go) = (stage.company.stop_task(), go_on());
        stage.sandbox.clear_requests();
        let syncing = async {
            stop.reached().await;
            connector.sync(&go).await
        };
        let watching = async {
            in_state(&connector, SessionState::Gated).await;
            // Long enough for a session that does not wait.
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert_eq!(requested(&stage, "POST", "/complete/"), None);
            assert_eq!(activity(&connector).await, Activity::Completing);
            stop.go_on();
        };

        let (round, synced, ()) = tokio::join!(connector.tasks_once(&go), syncing, watching);

        assert_eq!(round.unwrap().completed(), 1);
        assert!(synced.unwrap().completed);
        stage.app().assert_task_completed(task);
        assert_eq!(stage.app().sessions().last().unwrap().pushed["employee"], 21, "find: {can_find}");
        stage.app().assert_active("employee", "21");
    }
}

#[tokio::test]
async fn a_handler_that_does_not_end_within_five_minutes_ends_the_session_and_not_the_tasks() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(tasks![hire_slowly, suspend]).await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.lose([1]);
    let hanging = stage.app().queue(create());
    let (stop, go) = (stage.company.stop_task(), go_on());
    let syncing = async {
        stop.reached().await;
        let start = std::time::Instant::now();
        let ended = connector.sync(&go).await;
        let (statuses, later) = (stage.last_session(), stage.app().queue(about("suspend_account", 7)));
        stop.go_on();
        (ended, start.elapsed(), statuses, later)
    };

    let (round, (ended, waited, session, later)) = tokio::join!(connector.tasks_once(&go), syncing);

    let Err(ConnectorError::Sync(failure)) = ended else { panic!("it is not completed: {ended:?}") };
    assert!(matches!(failure.error, SyncError::TasksUnderWay { .. }), "{}", failure.error);
    assert_eq!(session, "abandoned");
    // Five minutes, on a clock that is twenty times as fast.
    assert!((Duration::from_secs(15)..Duration::from_secs(25)).contains(&waited), "{waited:?}");
    stage.app().assert_active("employee", "1");
    assert_eq!(round.unwrap().completed(), 1, "the one that was waited for goes on");
    stage.app().assert_task_completed(hanging);
    assert_eq!(connector.tasks_once(&go).await.unwrap().completed(), 1);
    stage.app().assert_task_completed(later);

    assert!(connector.sync(&go).await.unwrap().completed);
    stage.app().assert_removed("employee", "1");
    stage.app().assert_active("employee", "21");
    assert_eq!(stage.held(7)["status"], "suspended");
}

/// Suspends at once.
#[bridge_task]
async fn suspend(cx: TaskContext<Hr>, task: SuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.change([*task.id()], |person| person.status = Employment::OnLeave);
    Ok(())
}

/// The same company, read in one transaction.
struct Archive(std::sync::Arc<Company>);

impl Source<Team> for Archive {
    async fn read(&self, out: &Out<Team>) -> Result<(), SourceError> {
        Source::<Team>::read(&Hr(self.0.clone()), out).await
    }
}

impl Source<Seat> for Archive {
    async fn read(&self, out: &Out<Seat>) -> Result<(), SourceError> {
        Source::<Seat>::read(&Hr(self.0.clone()), out).await
    }
}

impl Source<Employee> for Archive {
    const SNAPSHOT: bool = true;

    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        Source::<Employee>::read(&Hr(self.0.clone()), out).await
    }

    async fn find(&self, number: &u32) -> Result<Option<Employee>, SourceError> {
        Source::<Employee>::find(&Hr(self.0.clone()), number).await
    }
}

#[bridge_task(on_interrupt = rerun)]
async fn enrol(cx: TaskContext<Archive>, task: CreateAccount<Employee>) -> Result<Created<Employee>, TaskError> {
    let _ = task;
    cx.0.gain([21]);
    Ok(Created::new(21))
}

#[bridge_task]
async fn resume(cx: TaskContext<Archive>, task: UnsuspendAccount<Employee>) -> Result<(), TaskError> {
    cx.0.change([*task.id()], |person| person.status = Employment::Employed);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_is_no_longer_the_whole_truth_once_a_task_has_touched_it() {
    for can_find in [true, false] {
        let stage = Stage::with(20).await;
        stage.company.can_find.store(can_find, Ordering::SeqCst);
        let company = stage.company.clone();
        let open = move |_: NoSettings| async move { Ok::<_, std::io::Error>(Archive(company)) };
        let builder = Connector::builder(NAME, open).resource::<Team>().resource::<Seat>().resource::<Employee>();
        let connector = builder.tasks(tasks![enrol, resume]).build().unwrap();
        let connector = connector.attach(&stage.target(), json!({})).await.unwrap();
        stage.company.change([5], |person| person.status = Employment::OnLeave);
        connector.sync(&go_on()).await.unwrap();
        stage.company.lose([20]);

        let (stop, go) = (stage.company.stop_read(), go_on());
        let beside = async {
            stop.reached().await;
            stage.app().queue(create());
            stage.app().queue(about("unsuspend_account", 5));
            assert_eq!(connector.tasks_once(&go).await.unwrap().completed(), 2);
            stop.go_on();
        };
        let (synced, ()) = tokio::join!(connector.sync(&go), beside);

        assert!(synced.unwrap().completed, "find: {can_find}");
        stage.app().assert_active("employee", "21");
        assert_eq!(stage.held(5)["status"], "active", "find: {can_find}");
        assert_eq!(stage.app().removed("employee"), ["20"], "find: {can_find}");
    }
}
