//! The dry run: what it lists, and that it leaves nothing behind.

use bridge_sandbox::Fault;
use iden_bridge::{
    connector::Attached,
    journal::{HoldReason, LossKind, PlanItem},
    sync::{Plan, PlannedType},
};
use serde_json::json;

use crate::{
    company::{Employment, Hr, Stage, go_on},
    sync_held::hold,
};

async fn plan(stage: &Stage) -> Plan {
    stage.connector().plan(&stage.target(), json!({}), &go_on()).await.unwrap()
}

fn of<'a>(plan: &'a Plan, slug: &str) -> &'a PlannedType {
    plan.types.iter().find(|one| one.slug == slug).unwrap()
}

async fn completes(connector: &Attached<Hr>) {
    assert!(connector.sync(&go_on()).await.unwrap().completed);
}

/// The requests that change something.
fn writes(stage: &Stage) -> Vec<String> {
    let requests = stage.sandbox.requests().into_iter().filter(|request| request.method != "GET");
    requests.map(|request| format!("{} {}", request.method, request.path)).collect()
}

/// Something of everything: 4 leave, 1 comes, 1 has another name, 3 are suspended, and 5 lose a membership.
fn turn_upside_down(stage: &Stage) {
    let company = &stage.company;
    company.lose([2, 3, 4, 10]);
    company.gain([21]);
    company.change([5], |person| person.first_name = "Ada".into());
    company.change(6..=8, |person| person.status = Employment::OnLeave);
    company.change(11..=15, |person| person.teams.clear());
}

#[tokio::test]
async fn a_plan_lists_what_a_sync_would_do_and_pushes_nothing() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    turn_upside_down(&stage);
    stage.sandbox.clear_requests();

    // The connector is at work on the same state.
    let planned = plan(&stage).await;

    assert_eq!(writes(&stage), [""; 0]);
    assert_eq!(stage.app().sessions().len(), 1);
    let employees = of(&planned, "employee");
    assert_eq!((employees.present, employees.unreadable), (17, 0));
    assert_eq!((employees.created, employees.created_ids.as_slice()), (1, ["21".to_owned()].as_slice()));
    let changed = ["11", "12", "13", "14", "15", "5", "6", "7", "8"];
    assert_eq!((employees.changed, employees.changed_ids.clone()), (9, changed.map(str::to_owned).to_vec()));
    assert_eq!((employees.lost.removed, employees.lost.deactivated, employees.lost.edges), (4, 3, 5));
    assert_eq!((of(&planned, "team").present, of(&planned, "team").changed, of(&planned, "seat").created), (2, 0, 0));

    let item = |kind, id: &str| PlanItem::new("employee".into(), kind, id.into(), None);
    let red = Some(("team".to_owned(), "red".to_owned()));
    let edge = |id: &str| PlanItem::new("employee".into(), LossKind::Edge, id.into(), red.clone());
    let removed = ["10", "2", "3", "4"].map(|id| item(LossKind::Removed, id));
    let deactivated = ["6", "7", "8"].map(|id| item(LossKind::Deactivated, id));
    let edges = ["11", "12", "13", "14", "15"].map(edge);
    let expected: Vec<PlanItem> = removed.into_iter().chain(deactivated).chain(edges).collect();
    assert_eq!(planned.losses, expected);

    // 2 of 20 people may go, 2 be suspended, and 4 of 40 edges end.
    let kinds: Vec<_> = planned.held.iter().map(HoldReason::lost).collect();
    assert_eq!(kinds, [Some(LossKind::Removed), Some(LossKind::Deactivated), Some(LossKind::Edge)]);
    assert!(planned.can_be_approved());
}

#[tokio::test]
async fn the_sync_that_is_held_has_the_hash_of_the_plan_and_the_plan_can_be_approved() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    turn_upside_down(&stage);
    let planned = plan(&stage).await;
    assert_eq!(plan(&stage).await.hash, planned.hash, "the same set has the same name");

    let held = hold(&connector.sync(&go_on()).await.unwrap_err());
    assert_eq!((held.hash.as_str(), &held.reasons), (planned.hash.as_str(), &planned.held));
    // Another set has another name.
    stage.company.lose([20]);
    let more = plan(&stage).await;
    assert_ne!(more.hash, planned.hash);
    assert_eq!(of(&more, "employee").created, 0, "the held sync has pushed who is new");

    crate::sync_held::approve(&connector, &iden_bridge::journal::Hold::new(more.hash, more.held)).await;
    completes(&connector).await;
    assert_eq!(stage.app().removed("employee"), ["10", "2", "20", "3", "4"]);
    assert_eq!([6, 7, 8].map(|number| stage.held(number)["status"].clone()), ["suspended", "suspended", "suspended"]);
    assert_eq!(stage.held(15)["memberships"], json!({"team": []}));
}

#[tokio::test]
async fn a_plan_of_nothing_says_so_and_leaves_the_state_as_it_was() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    let planned = plan(&stage).await;
    assert_eq!((planned.held.as_slice(), planned.losses.as_slice()), ([].as_slice(), [].as_slice()));
    assert!(planned.types.iter().all(|one| (one.created, one.changed) == (0, 0)), "{:?}", planned.types);

    // What a plan reads is not taken for pushed: a removal is judged against what Iden holds.
    stage.company.gain(21..=25);
    assert_eq!(of(&plan(&stage).await, "employee").created, 5);
    assert_eq!(of(&plan(&stage).await, "employee").created, 5);
    stage.company.lose(21..=25);
    assert_eq!(plan(&stage).await.losses, []);
    completes(&connector).await;
}

#[tokio::test]
async fn a_plan_beside_a_sync_that_is_under_way_disturbs_nothing() {
    let stage = Stage::with(250).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose(1..=5);
    let stop = stage.company.stop_read();
    let (go, beside) = (go_on(), async {
        stop.reached().await;
        let planned = plan(&stage).await;
        stop.go_on();
        planned
    });

    let (synced, planned) = tokio::join!(connector.sync(&go), beside);

    assert!(synced.unwrap().completed);
    assert_eq!((of(&planned, "employee").lost.removed, planned.held.as_slice()), (5, [].as_slice()));
    assert_eq!(stage.app().removed("employee"), ["1", "2", "3", "4", "5"]);
    assert_eq!(stage.app().sessions().len(), 2);
}

#[tokio::test]
async fn a_plan_on_a_fresh_state_makes_no_app() {
    let stage = Stage::with(7).await;
    let planned = plan(&stage).await;
    assert_eq!(
        (of(&planned, "employee").created, of(&planned, "team").created, of(&planned, "seat").created),
        (7, 2, 1)
    );
    assert_eq!(planned.held, []);
    assert!(stage.sandbox.apps().is_empty());
    assert_eq!(writes(&stage), [""; 0]);

    // Nothing of it stays: the first sync is one of an app of its own, which needs no approval.
    completes(&stage.attach().await).await;
    assert_eq!(stage.app().active("employee"), 7);
}

#[tokio::test]
async fn a_plan_needs_iden_for_nothing() {
    let stage = Stage::with(8).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.lose([1, 2]);
    stage.sandbox.fault(Fault::on("*", "/").drop_connection());
    let planned = plan(&stage).await;
    assert_eq!((of(&planned, "employee").lost.removed, planned.held.len()), (2, 1));
}

#[tokio::test]
async fn a_plan_of_a_source_that_fails_is_an_error_and_no_plan() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    *stage.company.mood.lock().unwrap() = crate::company::Mood::FailsAfter(5);
    let failed = stage.connector().plan(&stage.target(), json!({}), &go_on()).await.unwrap_err();
    assert_eq!(iden_bridge::Exit::of(&failed), iden_bridge::Exit::Unavailable);
    assert!(failed.to_string().contains("the database went away"), "{failed}");
}

#[tokio::test]
async fn who_cannot_be_read_is_in_the_plan_and_keeps_it_from_being_approved() {
    let stage = Stage::with(20).await;
    let connector = stage.attach().await;
    completes(&connector).await;
    stage.company.unreadable.lock().unwrap().push(3);
    let planned = plan(&stage).await;
    let employees = of(&planned, "employee");
    assert_eq!((employees.unreadable, employees.lost.removed), (1, 0));
    assert_eq!(employees.examples, ["record `3`: its status is `gone?`"]);
    assert!(!planned.can_be_approved());
}
