//! What a sync leaves at Iden.

use bridge_sandbox::Fault;
use iden_bridge::{Exit, connector::ConnectorError, prelude::*, sync::SyncError};
use serde_json::json;

use crate::company::{Employment, Mood, Stage, employee, go_on};

fn failure(error: ConnectorError) -> SyncError {
    match error {
        ConnectorError::Sync(failure) => failure.error,
        other => panic!("not a sync failure: {other}"),
    }
}

#[tokio::test]
async fn records_arrive_as_they_are_mapped() {
    let stage = Stage::with(3).await;
    stage.company.people.lock().unwrap().get_mut(&2).unwrap().status = Employment::OnLeave;
    stage.company.people.lock().unwrap().get_mut(&3).unwrap().teams.clear();

    let report = stage.attach().await.sync(&go_on()).await.unwrap();

    assert!(report.completed);
    let held = |id: &str| stage.app().record("employee", id).unwrap().fields;
    let expected = json!({"id": "1", "email": "p1@acme.example", "first_name": "P1", "status": "active",
        "memberships": {"team": ["red"]}, "assignments": {"seat": ["mail"]}});
    assert_eq!(held("1"), expected);
    assert_eq!(held("2")["status"], "suspended");
    assert_eq!(held("3")["memberships"], json!({"team": []}), "a declared membership always sends its slug");
    assert_eq!(stage.app().record("team", "red").unwrap().fields, json!({"id": "red", "name": "red"}));
    assert_eq!(stage.sandbox.warnings(), Vec::<String>::new());
    let left = stage.sandbox.requests().iter().any(|request| request.body.contains("987654321"));
    assert!(!left, "a skipped field must not leave");
}

#[tokio::test]
async fn groups_and_licenses_go_before_accounts_in_pages_of_a_hundred() {
    let stage = Stage::with(250).await;
    stage.attach().await.sync(&go_on()).await.unwrap();

    let session = stage.app().sessions().pop().unwrap();
    assert_eq!(session.status, "completed");
    assert_eq!((session.pages, session.pushed["employee"]), (5, 250));
    let slug = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
    let pages = stage.sandbox.requests().into_iter().filter(|request| request.method == "PUT");
    let order: Vec<String> = pages.map(|request| slug(&request.path)).collect();
    assert_eq!(order, ["team", "seat", "employee", "employee", "employee"]);
}

#[tokio::test]
async fn who_left_the_source_is_removed_and_who_comes_back_is_active_again() {
    let stage = Stage::with(10).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();

    let left = stage.company.people.lock().unwrap().remove(&7).unwrap();
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_removed("employee", "7");
    assert_eq!(stage.app().active("employee"), 9);

    stage.company.people.lock().unwrap().insert(7, left);
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_active("employee", "7");
}

#[tokio::test]
async fn a_source_that_fails_in_the_middle_removes_nobody() {
    let stage = Stage::with(600).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    *stage.company.mood.lock().unwrap() = Mood::FailsAfter(250);

    let error = connector.sync(&go_on()).await.unwrap_err();

    assert_eq!(Exit::of(&error), Exit::Unavailable);
    let message = error.to_string();
    assert_eq!(message, "reading `employee` failed after 250 records: the database went away");
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
    assert_eq!(stage.app().active("employee"), 600);
}

#[tokio::test]
async fn a_source_that_panics_removes_nobody() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    *stage.company.mood.lock().unwrap() = Mood::PanicsAfter(5);

    let error = failure(connector.sync(&go_on()).await.unwrap_err());

    assert!(matches!(error, SyncError::SourcePanicked { slug: "employee", .. }), "{error}");
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn a_push_that_is_refused_for_ever_removes_nobody() {
    let stage = Stage::with(600).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").after(2).answer(500, "integrity"));

    let error = connector.sync(&go_on()).await.unwrap_err();

    assert_eq!(Exit::of(&error), Exit::Unavailable);
    assert!(error.to_string().contains("could not push a page") && error.to_string().contains("500"), "{error}");
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
    assert_eq!(stage.app().active("employee"), 600);
}

#[tokio::test]
async fn a_sync_that_is_told_to_stop_abandons() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    *stage.company.mood.lock().unwrap() = Mood::HangsAfter(5);

    let stop = go_on();
    let (ended, ()) = tokio::join!(connector.sync(&stop), async {
        // The third session request of the second sync is its read of the progress: it is under way then.
        while stage.app().sessions().len() < 2 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    });

    let error = ended.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Interrupted);
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
    assert_eq!(stage.app().active("employee"), 20);
}

#[tokio::test]
async fn passing_troubles_do_not_end_a_sync() {
    let stage = Stage::with(150).await;
    stage.sandbox.fault(Fault::on("POST", "/sync/").times(1).drop_connection());
    stage.sandbox.fault(Fault::ending("PUT", "/team/").times(1).answer(503, "busy").header("Retry-After", "2"));
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").times(2).lose_answer());
    stage.sandbox.fault(Fault::ending("POST", "/complete/").times(1).lose_answer());

    let report = stage.attach().await.sync(&go_on()).await.unwrap();

    assert!(report.completed);
    assert_eq!(stage.app().active("employee"), 150);
    assert_eq!(stage.app().sessions().last().unwrap().status, "completed");
}

#[tokio::test]
async fn a_complete_without_effect_is_sent_again() {
    let stage = Stage::with(5).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").times(2).answer(502, "gateway"));
    assert!(stage.attach().await.sync(&go_on()).await.unwrap().completed);
    assert_eq!(stage.app().sessions().last().unwrap().status, "completed");
}

#[tokio::test]
async fn a_complete_that_is_refused_for_ever_is_abandoned() {
    let stage = Stage::with(5).await;
    stage.sandbox.fault(Fault::ending("POST", "/complete/").answer(500, "no"));
    let error = stage.attach().await.sync(&go_on()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Unavailable);
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
}

#[tokio::test]
async fn one_id_twice_in_a_page_is_an_error_that_names_it() {
    let stage = Stage::with(5).await;
    stage.company.odd.lock().unwrap().push(employee(3));
    let error = stage.attach().await.sync(&go_on()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Data);
    assert!(error.to_string().contains("`3`"), "{error}");
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
}

#[tokio::test]
async fn ten_thousand_accounts_are_one_run() {
    let stage = Stage::with(10_000).await;
    let report = stage.attach().await.sync(&go_on()).await.unwrap();
    assert!(report.completed);
    assert_eq!(stage.app().active("employee"), 10_000);
}

#[tokio::test]
async fn a_refused_record_is_bad_source_data() {
    let stage = Stage::with(1).await;
    let mut lost = employee(2);
    lost.teams = vec![Ref::new("red")];
    stage.company.odd.lock().unwrap().push(lost);
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").answer(422, "unknown membership slug"));
    let error = stage.attach().await.sync(&go_on()).await.unwrap_err();
    assert_eq!(Exit::of(&error), Exit::Data);
    assert!(error.to_string().contains("unknown membership slug"), "{error}");
}
