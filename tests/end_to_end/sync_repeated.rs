//! One id that a source gives more than once: on a later page the last one counts, within a page nobody knows.

use std::time::Duration;

use bridge_sandbox::Fault;
use iden_bridge::{Exit, prelude::*};
use serde_json::{Value, json};

use crate::{
    company::{Employee, Employment, Stage, employee, go_on},
    trouble::{assert_abandoned, assert_in_step, people},
};

/// 150 people, of whom one comes again on the second page.
fn again(stage: &Stage, number: u32, change: impl FnOnce(&mut Employee)) {
    let mut again = employee(number);
    change(&mut again);
    *stage.company.odd.lock().unwrap() = vec![again];
}

fn held(stage: &Stage, number: u32) -> Value {
    stage.app().record("employee", &number.to_string()).unwrap().fields
}

#[tokio::test]
async fn the_last_of_two_records_with_one_id_counts() {
    let stage = Stage::with(150).await;
    again(&stage, 3, |person| person.first_name = "Ada".into());
    // The first page arrives long after the second would.
    stage.sandbox.fault(Fault::ending("PUT", "/employee/").times(1).delay(Duration::from_millis(200)));

    let report = stage.attach().await.sync(&go_on()).await.unwrap();

    let people = people(&report);
    assert_eq!((people.read, people.repeated, people.pushed), (151, 1, 151));
    assert_eq!(held(&stage, 3)["first_name"], "Ada");
    assert_in_step(&stage);
}

#[tokio::test]
async fn a_known_one_that_comes_twice_is_neither_missing_nor_lost() {
    let stage = Stage::with(150).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    again(&stage, 100, |person| person.first_name = "Ada".into());
    stage.company.people.lock().unwrap().remove(&150);
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!((people(&report).repeated, people(&report).lost.removed), (1, 1));
    assert_eq!(held(&stage, 100)["first_name"], "Ada");
    assert_in_step(&stage);
}

#[tokio::test]
async fn who_is_active_first_and_then_inactive_is_inactive_once_the_guard_has_passed() {
    let stage = Stage::with(150).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    again(&stage, 3, |person| person.status = Employment::Left);
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!((people(&report).repeated, people(&report).reduced, people(&report).lost.deactivated), (1, 1, 1));
    assert_eq!(held(&stage, 3)["status"], "inactive");
    assert_in_step(&stage);
}

#[tokio::test]
async fn who_is_inactive_first_and_then_active_stays_active_throughout() {
    let stage = Stage::with(150).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    stage.sandbox.clear_requests();
    let first = |person: &mut Employee| {
        person.status = Employment::Left;
        person.teams.clear();
    };
    first(stage.company.people.lock().unwrap().get_mut(&3).unwrap());
    again(&stage, 3, |_| {});
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!((people(&report).repeated, people(&report).reduced), (1, 0));
    assert_eq!((people(&report).lost.deactivated, people(&report).lost.edges), (0, 0));
    assert_eq!(held(&stage, 3)["status"], "active");
    assert_eq!(held(&stage, 3)["memberships"], json!({"team": ["red"]}));
    let told = stage.sandbox.requests().iter().any(|request| request.body.contains("inactive"));
    assert!(!told, "Iden never heard of it");
}

#[tokio::test]
async fn edges_of_the_last_one_count() {
    let stage = Stage::with(150).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    again(&stage, 3, |person| person.teams = vec![Ref::new("blue")]);
    let report = connector.sync(&go_on()).await.unwrap();
    assert_eq!(people(&report).lost.edges, 1, "red");
    assert_eq!(held(&stage, 3)["memberships"], json!({"team": ["blue"]}));
    assert_in_step(&stage);
}

#[tokio::test]
async fn one_id_twice_within_a_page_removes_nobody_and_is_named() {
    let stage = Stage::with(151).await;
    let connector = stage.attach().await;
    connector.sync(&go_on()).await.unwrap();
    stage.company.people.lock().unwrap().remove(&151);
    // 101 to 150 and then this one are the second page.
    for number in [101, 150] {
        again(&stage, number, |_| {});
        let error = connector.sync(&go_on()).await.unwrap_err();
        assert_abandoned(&stage, &error, Exit::Data, 151);
        assert!(error.to_string().contains(&format!("`{number}`")), "{error}");
    }
    stage.company.odd.lock().unwrap().clear();
    connector.sync(&go_on()).await.unwrap();
    assert_in_step(&stage);
}
