//! Ids that come in another spelling than they were pushed, where the system finds by an id without regard to case
//! (question P7).

use std::sync::{Arc, Mutex};

use bridge_sandbox::{NewTask, Sandbox};
use iden_bridge::{Target, client::ApiKey, connector::Attached, prelude::*, tasks};
use serde_json::json;

use crate::company::go_on;

#[derive(BridgeResource)]
#[bridge(account)]
struct Person {
    id: String,
    email: String,
}

/// A directory that does not tell ids apart by their case.
struct Directory {
    ids: Arc<Mutex<Vec<String>>>,
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), email: format!("{}@acme.example", id.to_lowercase()) }
}

impl Source<Person> for Directory {
    async fn read(&self, out: &Out<Person>) -> Result<(), SourceError> {
        let ids = self.ids.lock().unwrap().clone();
        for id in ids {
            out.push(person(&id)).await;
        }
        Ok(())
    }

    async fn find(&self, id: &String) -> Result<Option<Person>, SourceError> {
        let ids = self.ids.lock().unwrap();
        if id == "somebody" {
            return Ok(Some(person("somebody-else")));
        }
        Ok(ids.iter().find(|there| there.eq_ignore_ascii_case(id)).map(|id| person(id)))
    }
}

#[bridge_task]
async fn suspend(_cx: TaskContext<Directory>, _task: SuspendAccount<Person>) -> Result<(), TaskError> {
    Ok(())
}

const NAME: &str = "Directory";

struct Stage {
    sandbox: Sandbox,
    ids: Arc<Mutex<Vec<String>>>,
    connector: Attached<Directory>,
    _state: tempfile::TempDir,
}

impl Stage {
    async fn with(ids: &[&str]) -> Self {
        let (sandbox, state) = (Sandbox::start().await.unwrap(), tempfile::tempdir().unwrap());
        let ids = Arc::new(Mutex::new(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>()));
        let open = {
            let ids = Arc::clone(&ids);
            move |_: NoSettings| {
                let ids = Arc::clone(&ids);
                async move { Ok::<_, std::io::Error>(Directory { ids }) }
            }
        };
        let builder = Connector::builder(NAME, open).resource::<Person>().tasks(tasks![suspend]);
        let key = ApiKey::new(sandbox.api_key()).unwrap();
        let target = Target::new(sandbox.base_url().parse().unwrap(), key, state.path());
        let connector = builder.build().unwrap().attach(&target, json!({})).await.unwrap();
        Stage { sandbox, ids, connector, _state: state }
    }

    async fn completes(&self) -> u64 {
        let report = self.connector.sync(&go_on()).await.unwrap();
        assert!(report.completed);
        report.types[0].lost.removed
    }
}

#[tokio::test]
async fn a_source_that_writes_an_id_otherwise_lets_the_old_one_go_and_has_the_new_one() {
    let stage = Stage::with(&["A-1", "E-7"]).await;
    stage.completes().await;
    stage.ids.lock().unwrap()[1] = "e-7".to_owned();
    assert_eq!(stage.completes().await, 1, "the old id is a loss that the guard sees");
    let app = stage.sandbox.app_named(NAME).unwrap();
    app.assert_active("person", "e-7");
    app.assert_removed("person", "E-7");
    assert_eq!(stage.completes().await, 0);
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
