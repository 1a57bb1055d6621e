//! A task that is over is listed again, and so reported again.

use bridge_sandbox::{Fault, NewTask};
use iden_bridge::journal::{AppJournal, SqliteJournal, TaskJournal, TaskState, Touched};
use serde_json::json;
use uuid::Uuid;

use crate::{
    company::{Stage, go_on},
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
