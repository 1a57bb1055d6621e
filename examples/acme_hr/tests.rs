//! How a connector is tested without Iden: the mapping, the sources, the handlers.

use std::sync::Arc;

use iden_bridge::{
    prelude::*,
    testing::{self, TestTask},
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::{
    database::{Hr, lock},
    error::HrError,
    model::{Employee, Employment, Seat, Team},
    seed,
    tasks::{self, change, hire, hired, leave, reset_password, unsuspend},
};

/// A seeded HR system in memory.
fn hr() -> Arc<Hr> {
    Arc::new(Hr::with(Connection::open_in_memory().unwrap()).unwrap())
}

fn count(hr: &Hr, sql: &str) -> u32 {
    lock(&hr.handle()).query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn find(hr: &Hr, number: u32) -> Employee {
    Source::<Employee>::find(hr, &number).await.unwrap().unwrap()
}

fn nadia() -> Value {
    json!({
        "account": {"email": "nadia@acme.example", "first_name": "Nadia", "assignments": {"seat": ["ide"]}},
        "memberships": {"team": ["platform"]},
    })
}

#[test]
fn an_employee_leaves_as_mapped_and_the_salary_stays() {
    let employee = Employee {
        number: 7,
        email: "ann@acme.example".to_owned(),
        first_name: "Ann".to_owned(),
        surname: None,
        status: Employment::OnLeave,
        teams: vec![Ref::new("data")],
        seats: vec![],
        salary: 5_000_000,
    };
    let expected = json!({
        "id": "7", "email": "ann@acme.example", "first_name": "Ann", "status": "suspended",
        "memberships": {"team": ["data"]}, "assignments": {"seat": []},
    });
    assert_eq!(testing::record(&employee), expected);
}

#[tokio::test]
async fn a_new_database_is_full_of_people_and_find_agrees_with_read() {
    let hr = hr();
    let read = testing::read::<Employee>(&*hr).await;
    assert!(read.end.is_ok() && read.unreadable.is_empty());
    assert_eq!(read.records.len(), seed::PEOPLE as usize);
    for record in &read.records {
        let number = record["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(testing::record(&find(&hr, number).await), *record);
    }
    assert!(Source::<Employee>::find(&*hr, &1).await.unwrap().is_none());
    assert_eq!(testing::read::<Team>(&*hr).await.records.len(), 12);
    assert_eq!(testing::read::<Seat>(&*hr).await.records.len(), 6);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_nobody_else() {
    let hr = hr();
    lock(&hr.handle())
        .execute_batch("pragma ignore_check_constraints = on; update person set status = 'gone?' where number = 1003")
        .unwrap();
    let read = testing::read::<Employee>(&*hr).await;
    assert!(read.end.is_ok());
    assert_eq!(read.records.len(), seed::PEOPLE as usize - 1);
    let [(Some(id), why)] = &read.unreadable[..] else { panic!("{:?}", read.unreadable) };
    assert!(id == "1003" && why.contains("`gone?` is no employment"), "{why}");
}

#[tokio::test]
async fn the_same_task_hires_once_and_another_is_told_that_the_address_is_taken() {
    let hr = hr();
    let (cx, nadia) = (TaskContext::test(hr.clone()), CreateAccount::test(nadia()));
    assert_eq!(hired(&cx, &nadia).await.unwrap(), Probe::NotApplied);
    let created = hire(cx.clone(), nadia.clone()).await.unwrap();
    assert_eq!(hired(&cx, &nadia).await.unwrap(), Probe::Applied(Created::new(*created.id())));
    assert_eq!(hire(cx.clone(), nadia.clone()).await.unwrap(), created);

    let mut other = cx;
    other.task.key = "another task".to_owned();
    assert!(matches!(hire(other, nadia).await, Err(HrError::EmailTaken(_))));
    let employee = find(&hr, *created.id()).await;
    assert_eq!((employee.teams, employee.seats), (vec![Ref::new("platform")], vec![Ref::new("ide")]));
}

#[tokio::test]
async fn a_hiring_that_fails_at_the_last_step_leaves_nothing_behind() {
    let hr = hr();
    let task = CreateAccount::test(json!({
        "account": {"email": "nadia@acme.example", "first_name": "Nadia"},
        "memberships": {"team": ["platform", "no-such-team"]},
    }));
    assert!(matches!(hire(TaskContext::test(hr.clone()), task).await, Err(HrError::NoSuchTeam(_))));
    assert_eq!(count(&hr, "select count(*) from person"), seed::PEOPLE);
}

#[tokio::test]
async fn silence_about_teams_changes_no_team_and_an_empty_list_ends_them() {
    let hr = hr();
    let before = find(&hr, 1001).await.teams;
    let update = |payload: Value| change(TaskContext::test(hr.clone()), UpdateAccount::test(payload));

    update(json!({"account": {"id": "1001"}, "changes": {"last_name": null}})).await.unwrap();
    let silent = find(&hr, 1001).await;
    assert!(silent.surname.is_none() && silent.teams == before && !before.is_empty());

    update(json!({"account": {"id": "1001"}, "memberships": {"team": []}})).await.unwrap();
    assert!(find(&hr, 1001).await.teams.is_empty());

    let taken = update(json!({"account": {"id": "1001"}, "changes": {"email": "BJORN.FISCHER@acme.example"}})).await;
    assert!(matches!(taken, Err(HrError::EmailTaken(_))));
}

#[tokio::test]
async fn a_leaver_gives_everything_back_and_does_not_return() {
    let hr = hr();
    let cx = TaskContext::<Hr>::test(hr.clone());
    let about = || json!({"account": {"id": "1001"}});
    reset_password(cx.clone(), ResetPassword::test(about())).await.unwrap();
    for _ in 0..2 {
        leave(cx.clone(), DeleteAccount::test(about())).await.unwrap();
    }
    let leaver = find(&hr, 1001).await;
    assert!(leaver.status == Employment::Left && leaver.teams.is_empty() && leaver.seats.is_empty());
    assert_eq!(count(&hr, "select count(*) from password_reset"), 0);
    assert!(matches!(unsuspend(cx, UnsuspendAccount::test(about())).await, Err(HrError::HasLeft(1001))));
}

#[tokio::test]
async fn a_temporary_password_is_the_one_that_the_portal_waits_for() {
    let hr = hr();
    let reset = ResetPassword::test(json!({"account": {"id": "1001"}}));
    let new = reset_password(TaskContext::test(hr.clone()), reset).await.unwrap();
    let stored: String =
        lock(&hr.handle()).query_row("select password from password_reset", [], |row| row.get(0)).unwrap();
    assert_eq!(new, NewPassword::temporary(Secret::new(stored)));
}

/// Through the engine, from here on: a task as Iden sends it, and what Iden is told.
#[tokio::test]
async fn iden_is_told_codes_that_say_what_is_wrong() {
    let hr = hr();
    for (action, id, expected) in [
        ("suspend_account", "9999", "account_not_found"),
        ("delete_account", "9999", "account_not_found"),
        ("reset_password", "9999", "account_not_found"),
        ("suspend_account", "ann@acme.example", "invalid_payload"),
        ("promote_account", "1001", "unsupported_action"),
    ] {
        let task = testing::task(action, "employee", json!({"account": {"id": id}}));
        task.run(&tasks::all(), hr.clone()).await.assert_failed(expected);
    }
}

#[tokio::test]
async fn a_hiring_that_was_interrupted_is_looked_up_and_nobody_is_hired_twice() {
    let hr = hr();
    let hiring = TestTask::of::<CreateAccount<Employee>>(nadia());
    let first = hiring.run(&tasks::all(), hr.clone()).await;
    let again = hiring.clone().interrupted().run(&tasks::all(), hr.clone()).await;
    assert_eq!(again.assert_completed().report(), first.assert_completed().report());
    assert_eq!((first.attempt(), again.attempt()), (1, 0), "`hired` has found her, so `hire` is not called");
    assert_eq!(count(&hr, "select count(*) from person"), seed::PEOPLE + 1);

    // Interrupted before the database had her: she is hired now.
    let fresh = self::hr();
    assert_eq!(hiring.interrupted().run(&tasks::all(), fresh).await.assert_completed().attempt(), 2);
}

/// Nobody knows how far a database came that fails. What may run twice, runs again; what may not, never does.
#[tokio::test]
async fn a_database_that_fails_makes_nothing_happen_twice() {
    let hr = hr();
    lock(&hr.handle()).execute_batch("alter table person rename to elsewhere").unwrap();
    let about = || json!({"account": {"id": "1001"}});
    let suspension = TestTask::of::<SuspendAccount<Employee>>(about());
    suspension.run(&tasks::all(), hr.clone()).await.assert_retried();
    suspension.after_attempts(4).run(&tasks::all(), hr.clone()).await.assert_failed("external_system_error");
    let reset = TestTask::of::<ResetPassword<Employee>>(about());
    reset.run(&tasks::all(), hr.clone()).await.assert_failed("outcome_unknown");
    // `hired` cannot look either: a person has to.
    TestTask::of::<CreateAccount<Employee>>(nadia()).run(&tasks::all(), hr).await.assert_parked();
}

#[tokio::test]
async fn iden_is_told_the_new_password() {
    let hr = hr();
    let reset = TestTask::of::<ResetPassword<Employee>>(json!({"account": {"id": "1001"}}));
    let told = reset.run(&tasks::all(), hr.clone()).await.assert_completed().report().unwrap()["result"].clone();
    let stored: String =
        lock(&hr.handle()).query_row("select password from password_reset", [], |row| row.get(0)).unwrap();
    assert_eq!(told, json!({"password": stored}));
}
