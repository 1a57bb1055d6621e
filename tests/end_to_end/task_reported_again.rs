//! A task that is over is listed again, and so reported again.

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::journal::{AppJournal, SqliteJournal, TaskJournal, TaskState, Touched};
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Stage, go_on},
    sync_race::create,
    task_once::listing,
    tasks::{about, all},
    trouble::{calls, known},
};

/// Iden says nothing of use about this task.
fn keep_silent(stage: &Stage, task: Uuid) {
    stage.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "later"));
    stage.sandbox.fault(Fault::ending("GET", &format!("/tasks/{task}/")).answer(500, "later"));
}

/// Iden may take an account that we have created into its own records at the report (question P17). The report went out
/// again without a word in the journal, and Iden held somebody of whom nobody knew.
#[tokio::test]
async fn a_creation_is_known_and_touched_before_it_is_reported_again() {
    let stage = Stage::with(1).await;
    let connector = stage.attach_with(all()).await;
    let create = NewTask::new("create_account", "employee").account(json!({"email": "new@acme.example"}));
    let task = stage.app().queue(create);
    connector.tasks_once(&go_on()).await.unwrap();
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    stage.company.lose([2]);
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    let journal = SqliteJournal::beside(connector.state()).unwrap();
    let employees =
        async || journal.types().await.unwrap().into_iter().find(|one| one.slug == "employee").unwrap().known;
    assert_eq!(employees().await, 1, "the new one is gone, and Iden knows");

    stage.sandbox.fault(listing(&stage, task));
    keep_silent(&stage, task);
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().unreported, 1);
    assert_eq!(employees().await, 2);
    assert_eq!(known(&connector, task).await.state, TaskState::Executed, "it is not settled as long as nobody knows");
    assert_eq!(journal.touched().await.unwrap(), [Touched { slug: "employee".into(), id: "2".into() }]);

    stage.sandbox.clear_faults();
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(known(&connector, task).await.state, TaskState::Reported);
    assert_eq!(stage.company.effects(), 1, "it was reported again, and not carried out");
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    assert_eq!((employees().await, stage.app().active("employee")), (1, 1));
}

/// Found by the simulation: a task that was not over when the scan began excused its account, which another task made anew
/// meanwhile, from being waited for.
#[tokio::test]
async fn an_account_that_is_made_anew_while_an_older_creation_is_reported_again_is_waited_for() {
    let stage = Stage::with(20).await;
    let connector = stage.attach_with(all()).await;
    let older = stage.app().queue(create());
    connector.tasks_once(&go_on()).await.unwrap();
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    stage.company.lose([21]);
    assert!(connector.sync(&go_on()).await.unwrap().completed);
    stage.sandbox.fault(listing(&stage, older));
    keep_silent(&stage, older);
    assert_eq!(connector.tasks_once(&go_on()).await.unwrap().unreported, 1);

    stage.company.hidden.lock().unwrap().push(21);
    let (stop, go) = (stage.company.stop_read(), go_on());
    let beside = async {
        stop.reached().await;
        stage.sandbox.clear_faults();
        let newer = stage.app().queue(create());
        connector.tasks_once(&go).await.unwrap();
        stage.app().assert_task_completed(newer);
        assert_eq!(stage.app().task(newer).unwrap().result.unwrap()["id"], "21");
        stage.app().put_record("employee", &json!({"id": "21", "email": "new@acme.example"}));
        stop.go_on();
    };
    let (synced, ()) = tokio::join!(connector.sync(&go), beside);

    let error = synced.expect_err("the source does not show the new account yet");
    assert!(error.to_string().contains("does not have it yet"), "{error}");
    stage.app().assert_active("employee", "21");
}

/// The journal was told that a reported task is executed now, which it refuses: nothing else was done that round.
#[tokio::test]
async fn a_deletion_whose_second_report_does_not_arrive_stops_nothing() {
    let stage = Stage::with(2).await;
    let connector = stage.attach_with(all()).await;
    let delete = stage.app().queue(about("delete_account", 1));
    connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!(known(&connector, delete).await.state, TaskState::Reported);

    stage.sandbox.fault(listing(&stage, delete));
    keep_silent(&stage, delete);
    let round = connector.tasks_once(&go_on()).await.unwrap();
    assert_eq!((round.unreported, calls(&stage, "PATCH", "/status/").len() > 1), (1, true));
    assert_eq!(known(&connector, delete).await.state, TaskState::Reported);

    stage.sandbox.clear_faults();
    let suspend = stage.app().queue(about("suspend_account", 2));
    connector.tasks_once(&go_on()).await.unwrap();
    stage.app().assert_task_completed(suspend);
    stage.app().assert_task_completed(delete);
}
