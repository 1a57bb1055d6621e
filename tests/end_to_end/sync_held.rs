//! Completions that wait for a person.

use iden_bridge::{
    Exit,
    connector::{Attached, ConnectorError},
    journal::{Approval, Hold, HoldReason, OpenSession, PlanJournal, SessionJournal, SessionState, SqliteJournal},
    sync::SyncError,
};

use crate::company::{Hr, NAME, Stage, go_on};

#[track_caller]
pub fn hold(error: &ConnectorError) -> Hold {
    assert_eq!(Exit::of(error), Exit::Held);
    match error {
        ConnectorError::Sync(failure) => match &failure.error {
            SyncError::Held(hold) => hold.clone(),
            other => panic!("not held: {other}"),
        },
        other => panic!("not a sync failure: {other}"),
    }
}

/// As the command `approve` does, beside the engine.
pub async fn approve(connector: &Attached<Hr>, hold: &Hold) {
    let beside = SqliteJournal::beside(connector.state()).unwrap();
    let approval = Approval::new(&hold.hash, "ada", "they moved out", jiff::Timestamp::now());
    beside.approve(approval).await.unwrap();
}

#[tokio::test]
async fn a_type_that_is_suddenly_empty_is_held_until_a_person_approves() {
    let stage = Stage::with(5).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.people.lock().unwrap().clear();

    let error = connector.sync(&go_on()).await.unwrap_err();

    let held = hold(&error);
    assert_eq!(held.reasons, [HoldReason::Emptied { slug: "employee".into(), before: 5 }]);
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
    assert_eq!(stage.app().active("employee"), 5);

    approve(&connector, &held).await;
    connector.sync(&go_on()).await.unwrap();
    assert_eq!(stage.app().active("employee"), 0);
}

#[tokio::test]
async fn an_abandoned_session_counts_for_what_iden_holds() {
    let stage = Stage::with(5).await;
    let connector = stage.attach().await;
    // The first session pushes all five and is abandoned: what was pushed stays at Iden.
    stage.sandbox.fault(bridge_sandbox::Fault::ending("POST", "/complete/").answer(500, "no"));
    connector.sync(&go_on()).await.unwrap_err();
    stage.sandbox.clear_faults();
    stage.company.people.lock().unwrap().clear();

    hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!(stage.app().active("employee"), 5);
}

#[tokio::test]
async fn the_first_completion_of_an_adopted_app_waits_for_approval() {
    let stage = Stage::with(4).await;
    stage.attach().await.sync(&go_on()).await.unwrap();
    // The state is lost, and with it all knowledge of what Iden holds. One of the four is gone meanwhile.
    let fresh = tempfile::tempdir().unwrap();
    stage.company.people.lock().unwrap().remove(&4);
    let connector = stage.try_attach(stage.target_in(fresh.path())).await.unwrap();
    assert_eq!(connector.app().to_string(), stage.app().id().to_string(), "adopted by its name");

    let error = connector.sync(&go_on()).await.unwrap_err();

    let held = hold(&error);
    assert_eq!(held.reasons, [HoldReason::InheritedApp { app: Some(connector.app()), counted: Some(4), pushed: 3 }]);
    stage.app().assert_active("employee", "4");

    approve(&connector, &held).await;
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_removed("employee", "4");
    // From now on the journal knows.
    stage.company.people.lock().unwrap().remove(&3);
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_removed("employee", "3");
}

#[tokio::test]
async fn an_approval_is_good_for_what_was_shown_and_no_more() {
    let stage = Stage::with(3).await;
    stage.attach().await.sync(&go_on()).await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let connector = stage.try_attach(stage.target_in(fresh.path())).await.unwrap();
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    approve(&connector, &held).await;

    stage.company.people.lock().unwrap().remove(&1);
    let worse = hold(&connector.sync(&go_on()).await.unwrap_err());

    assert_eq!(worse.reasons, [HoldReason::InheritedApp { app: Some(connector.app()), counted: Some(3), pushed: 2 }]);
    assert_eq!(stage.app().active("employee"), 3);
}

#[tokio::test]
async fn who_cannot_be_read_counts_as_present() {
    let stage = Stage::with(5).await;
    let connector = stage.attach().await;
    stage.company.unreadable.lock().unwrap().push(2);
    // Nothing is at Iden yet, so nobody can be removed: the others are pushed, and the session is completed.
    let first = connector.sync(&go_on()).await.unwrap();
    assert_eq!(first.types.last().unwrap().examples, ["record `2`: its status is `gone?`"]);
    assert_eq!(stage.app().active("employee"), 4);

    *stage.company.unreadable.lock().unwrap() = vec![3];
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());

    assert!(!held.can_be_approved());
    stage.app().assert_active("employee", "3");
    stage.app().assert_active("employee", "2");
}

#[tokio::test]
async fn an_account_without_a_login_is_unreadable_and_the_rest_goes_on() {
    let stage = Stage::with(3).await;
    stage.company.people.lock().unwrap().get_mut(&2).unwrap().email = None;
    let report = stage.attach().await.sync(&go_on()).await.unwrap();
    let employees = report.types.last().unwrap();
    assert_eq!((employees.pushed, employees.unreadable), (2, 1));
    assert_eq!(employees.examples, ["record `2`: it has neither an e-mail nor a username"]);
}

#[tokio::test]
async fn a_type_of_someone_else_is_held_before_anything_is_pushed() {
    let stage = Stage::with(3).await;
    // Somebody registered a type that this connector does not read.
    let app = stage.sandbox.create_app(NAME);
    let connector = stage.attach().await;
    let crew = iden_bridge::wire::ResourceType::new("crew", "Crews", iden_bridge::wire::Kind::Group);
    stage.client().register_type(app.id().into(), &crew).await.unwrap();

    let error = connector.sync(&go_on()).await.unwrap_err();

    assert_eq!(Exit::of(&error), Exit::Held);
    assert!(error.to_string().contains("`crew`"), "{error}");
    let pushes = stage.sandbox.requests().into_iter().filter(|request| request.method == "PUT").count();
    assert_eq!(pushes, 0);
    assert_eq!(stage.app().sessions().last().unwrap().status, "abandoned");
}

#[tokio::test]
async fn who_never_could_be_read_does_not_hold_up_the_others() {
    let stage = Stage::with(5).await;
    let connector = stage.attach().await;
    stage.company.unreadable.lock().unwrap().push(2);
    connector.sync(&go_on()).await.unwrap();

    // Iden never had the second; a leaver is removed all the same.
    stage.company.people.lock().unwrap().remove(&5);
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_removed("employee", "5");

    // Once he was pushed, he counts as present.
    stage.company.unreadable.lock().unwrap().clear();
    connector.sync(&go_on()).await.unwrap();
    stage.company.unreadable.lock().unwrap().push(2);
    hold(&connector.sync(&go_on()).await.unwrap_err());
    stage.app().assert_active("employee", "2");
}

#[tokio::test]
async fn a_session_that_a_killed_process_left_open_is_abandoned() {
    let stage = Stage::with(2).await;
    let connector = stage.attach().await;
    let orphan = stage.client().start_sync(connector.app()).await.unwrap().sync_id;
    let state = connector.state().to_owned();
    drop(connector);
    let scanning = OpenSession { id: Some(orphan), state: SessionState::Scanning, since: jiff::Timestamp::now() };
    SqliteJournal::open(state).unwrap().set_session(Some(scanning)).await.unwrap();

    stage.attach().await.sync(&go_on()).await.unwrap();

    let statuses: Vec<String> = stage.app().sessions().into_iter().map(|session| session.status).collect();
    assert_eq!(statuses, ["abandoned", "completed"]);
}

#[tokio::test]
async fn an_approval_outlasts_a_hire() {
    let stage = Stage::with(3).await;
    stage.attach().await.sync(&go_on()).await.unwrap();
    let fresh = tempfile::tempdir().unwrap();
    let connector = stage.try_attach(stage.target_in(fresh.path())).await.unwrap();
    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    stage.company.people.lock().unwrap().insert(4, crate::company::employee(4));
    // A running connector is held again meanwhile, under another name: it pushes one more.
    assert_ne!(hold(&connector.sync(&go_on()).await.unwrap_err()).hash, held.hash);
    approve(&connector, &held).await;
    stage.company.people.lock().unwrap().insert(5, crate::company::employee(5));
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

#[tokio::test]
async fn who_was_pushed_counts_as_present_although_another_row_of_his_cannot_be_read() {
    let stage = Stage::with(5).await;
    let connector = stage.attach().await;
    stage.company.unreadable.lock().unwrap().push(2);
    stage.company.odd.lock().unwrap().push(crate::company::employee(2));
    connector.sync(&go_on()).await.unwrap();
    stage.app().assert_active("employee", "2");

    stage.company.odd.lock().unwrap().clear();
    hold(&connector.sync(&go_on()).await.unwrap_err());
    stage.app().assert_active("employee", "2");
}
