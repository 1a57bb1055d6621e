//! Ids that come in another spelling than they were pushed, where the system finds by an id without regard to case
//! (question P7).

use std::sync::{Arc, Mutex};

use bridge_sandbox::{NewTask, Sandbox};
use iden_bridge::{
    Target, Tasks,
    client::ApiKey,
    connector::{Attached, Builder},
    journal::{Approval, HoldReason, PlanJournal, SqliteJournal},
    prelude::*,
    tasks,
};
use serde_json::json;

use crate::{company::go_on, sync_held::hold};

#[derive(BridgeResource)]
#[bridge(account)]
struct Person {
    id: String,
    email: String,
    status: State,
}

#[derive(BridgeStatus)]
enum State {
    #[bridge(active)]
    In,
    #[bridge(suspended)]
    Suspended,
}

/// A directory that does not tell ids apart by their case.
struct Directory {
    ids: Arc<Mutex<Vec<String>>>,
    suspended: Mutex<Vec<String>>,
}

impl Directory {
    fn person(&self, id: &str) -> Person {
        let suspended = self.suspended.lock().unwrap().iter().any(|one| one.eq_ignore_ascii_case(id));
        let status = if suspended { State::Suspended } else { State::In };
        Person { id: id.to_owned(), email: format!("{}@acme.example", id.trim().to_lowercase()), status }
    }
}

impl Source<Person> for Directory {
    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let ids = self.ids.lock().unwrap().clone();
        for id in ids {
            out.push(self.person(&id)).await;
        }
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Person>, SourceError> {
        let ids = self.ids.lock().unwrap();
        if id == "somebody" {
            return Ok(Some(self.person("somebody-else")));
        }
        Ok(ids.iter().find(|there| there.eq_ignore_ascii_case(id)).map(|id| self.person(id)))
    }
}

#[bridge_task]
async fn suspend(cx: TaskContext<Directory>, task: SuspendAccount<Person>) -> Result<(), TaskError> {
    cx.suspended.lock().unwrap().push(task.id().clone());
    Ok(())
}

const NAME: &str = "Directory";

struct Stage {
    sandbox: Sandbox,
    ids: Arc<Mutex<Vec<String>>>,
    connector: Attached<Directory>,
    target: Target,
    _state: tempfile::TempDir,
}

fn builder(ids: &Arc<Mutex<Vec<String>>>) -> Builder<Directory> {
    let ids = Arc::clone(ids);
    let open = move |_: NoSettings| {
        let ids = Arc::clone(&ids);
        async move { Ok::<_, std::io::Error>(Directory { ids, suspended: Mutex::default() }) }
    };
    let tasks: Tasks<Directory> = tasks![suspend];
    Connector::builder(NAME, open).resource::<Person>().tasks(tasks)
}

impl Stage {
    async fn with(ids: &[&str]) -> Self {
        let (sandbox, state) = (Sandbox::start().await.unwrap(), tempfile::tempdir().unwrap());
        let ids = Arc::new(Mutex::new(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()));
        let key = ApiKey::new(sandbox.api_key()).unwrap();
        let target = Target::new(sandbox.base_url().parse().unwrap(), key, state.path());
        let connector = builder(&ids).build().unwrap().attach(&target, json!({})).await.unwrap();
        Stage { sandbox, ids, connector, target, _state: state }
    }

    async fn completes(&self) -> u64 {
        let report = self.connector.sync(&go_on()).await.unwrap();
        assert!(report.completed);
        report.types[0].lost.removed
    }

    /// Twenty people, `E-1` to `E-20`, who are there since a completed sync.
    async fn with_twenty() -> Self {
        let ids: Vec<String> = (1..=20).map(|number| format!("E-{number}")).collect();
        let stage = Stage::with(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        stage.completes().await;
        stage
    }

    fn respell(&self, from: &str, to: &str) {
        let mut ids = self.ids.lock().unwrap();
        *ids.iter_mut().find(|id| *id == from).unwrap() = to.to_owned();
    }
}

fn respelled(old: &str, new: &str) -> HoldReason {
    HoldReason::Respelled { slug: "person".into(), count: 1, examples: vec![(old.to_owned(), new.to_owned())] }
}

#[tokio::test]
async fn an_id_that_comes_in_another_spelling_is_held_in_every_sync_until_a_person_approves() {
    for new in ["e-7", "E-7 ", " e-7"] {
        let stage = Stage::with_twenty().await;
        stage.respell("E-7", new);

        let plan = builder(&stage.ids).build().unwrap().plan(&stage.target, json!({}), &go_on()).await.unwrap();
        assert_eq!(plan.held, [respelled("E-7", new)]);
        let first = hold(&stage.connector.sync(&go_on()).await.unwrap_err());
        let again = hold(&stage.connector.sync(&go_on()).await.unwrap_err());
        for hold in [&first, &again] {
            assert_eq!(hold.reasons, [respelled("E-7", new)]);
            assert!(hold.to_string().contains(&format!("`E-7` is now `{new}`")), "{hold}");
        }
        let app = stage.sandbox.app_named(NAME).unwrap();
        app.assert_active("person", "E-7");

        let beside = SqliteJournal::beside(stage.connector.state()).unwrap();
        let approval = Approval::new(&again.hash, "ann", "the ids are normalised", jiff::Timestamp::now());
        beside.approve(approval).await.unwrap();
        assert_eq!(stage.completes().await, 1);
        app.assert_active("person", new);
        app.assert_removed("person", "E-7");
        assert_eq!(stage.completes().await, 0);
    }
}

#[tokio::test]
async fn a_source_that_goes_back_to_the_old_spelling_needs_no_approval() {
    let stage = Stage::with_twenty().await;
    stage.respell("E-7", "e-7");
    hold(&stage.connector.sync(&go_on()).await.unwrap_err());
    stage.respell("e-7", "E-7");
    stage.completes().await;
    let app = stage.sandbox.app_named(NAME).unwrap();
    app.assert_active("person", "E-7");
    app.assert_removed("person", "e-7");
}

#[tokio::test]
async fn what_iden_orders_for_an_id_in_another_spelling_is_not_held() {
    let stage = Stage::with_twenty().await;
    let app = stage.sandbox.app_named(NAME).unwrap();
    for number in 1..=10 {
        let account = json!({"id": format!("e-{number}"), "email": format!("e-{number}@acme.example")});
        app.queue(NewTask::new("suspend_account", "person").account(account));
    }
    assert_eq!(stage.connector.tasks_once(&go_on()).await.unwrap().completed(), 10);
    assert_eq!(stage.completes().await, 0, "half of them are suspended, and nobody has to approve it");
    assert_eq!(app.active("person"), 20);
}

#[tokio::test]
async fn a_task_with_the_id_otherwise_does_not_keep_syncs_from_completing() {
    let stage = Stage::with(&["A-1", "E-7"]).await;
    stage.completes().await;
    let app = stage.sandbox.app_named(NAME).unwrap();
    let task =
        app.queue(NewTask::new("suspend_account", "person").account(json!({"id": "e-7", "email": "e-7@acme.example"})));
    stage.connector.tasks_once(&go_on()).await.unwrap();
    app.assert_task_completed(task);
    for _ in 0..2 {
        stage.completes().await;
        app.assert_active("person", "E-7");
    }
}

#[tokio::test]
async fn another_record_than_the_one_that_was_asked_for_ends_the_sync() {
    let stage = Stage::with(&["A-1", "somebody"]).await;
    stage.completes().await;
    stage.ids.lock().unwrap().pop();
    let error = stage.connector.sync(&go_on()).await.unwrap_err().to_string();
    assert!(error.contains("was asked for `somebody` and answered with the record `somebody-else`"), "{error}");
    stage.sandbox.app_named(NAME).unwrap().assert_active("person", "somebody");
}
