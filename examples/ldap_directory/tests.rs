//! The connector against a real OpenLDAP server, started by each test. Where slapd is not installed, they say so and skip.

use std::sync::Arc;

use iden_bridge::{
    prelude::*,
    testing::{self, TestTask},
};
use ldap3::LdapConnAsync;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    directory::Directory,
    error::DirectoryError,
    model::{Group, Person},
    tasks,
};

#[path = "../../tests/common/slapd.rs"]
mod slapd;
use slapd::{BASE, CONNECTOR, GROUPS, NARROW, PASSWORD, PEOPLE, Slapd};

async fn directory(slapd: &Slapd, bind_dn: &str) -> Arc<Directory> {
    Arc::new(Directory::at(&slapd.url(), BASE, bind_dn, Secret::new(PASSWORD)).unwrap())
}

async fn people(directory: &Directory) -> Vec<Value> {
    let read = testing::read::<Person>(directory).await;
    read.end.unwrap();
    assert!(read.unreadable.is_empty(), "{:?}", read.unreadable);
    read.records
}

async fn person(directory: &Directory, username: &str) -> Value {
    people(directory).await.into_iter().find(|person| person["username"] == username).unwrap()
}

async fn groups(directory: &Directory) -> Vec<Uuid> {
    let read = testing::read::<Group>(directory).await;
    read.end.unwrap();
    read.records.iter().map(|group| group["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn about(person: &Value) -> Value {
    json!({"account": {"id": person["id"]}})
}

/// Does the server let this person in?
async fn logs_in(slapd: &Slapd, username: &str, password: &str) -> bool {
    let (driver, mut ldap) = LdapConnAsync::new(&slapd.url()).await.unwrap();
    tokio::spawn(driver.drive());
    ldap.simple_bind(&format!("uid={username},ou=people,{BASE}"), password).await.unwrap().rc == 0
}

#[tokio::test]
async fn everybody_is_read_page_by_page_and_find_agrees() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let people = people(&directory).await;
    assert_eq!((people.len(), groups(&directory).await.len()), (PEOPLE, GROUPS));
    assert_eq!(people.iter().filter(|person| person["status"] == "suspended").count(), PEOPLE / 20);
    assert!(people.iter().all(|person| !person["memberships"]["group"].as_array().unwrap().is_empty()));
    for person in people.iter().step_by(29) {
        let id = person["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(testing::find::<Person>(&*directory, &id).await.unwrap().as_ref(), Some(person));
    }
    assert_eq!(testing::find::<Person>(&*directory, &Uuid::new_v4()).await.unwrap(), None);
}

/// Whoever is cut off would be removed.
#[tokio::test]
async fn a_server_that_gives_only_so_many_entries_is_not_a_small_directory() {
    let Some(slapd) = Slapd::start() else { return };
    let narrow = directory(&slapd, NARROW).await;
    let read = testing::read::<Person>(&*narrow).await;
    assert!(read.end.is_err(), "{} people were taken for all", read.records.len());
}

#[tokio::test]
async fn a_creation_that_runs_twice_makes_one_person() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let groups = groups(&directory).await;
    let creation = TestTask::of::<CreateAccount<Person>>(json!({
        "account": {"email": "Nadia@acme.example", "first_name": "Nadia", "last_name": "Okafor"},
        "memberships": {"group": &groups[..2]},
    }));
    let first = creation.run(&tasks::all(), directory.clone()).await;
    let again = creation.clone().interrupted().run(&tasks::all(), directory.clone()).await;
    assert_eq!(again.assert_completed().report(), first.assert_completed().report());
    assert_eq!(people(&directory).await.len(), PEOPLE + 1);
    let nadia = person(&directory, "nadia").await;
    assert_eq!(first.assert_completed().report().unwrap()["result"]["id"], nadia["id"]);
    assert_eq!(nadia["memberships"]["group"].as_array().unwrap().len(), 2);

    // Another task for the same name is another person.
    let mut other = TaskContext::test(directory);
    other.task.key = "another task".to_owned();
    let refused = tasks::create(other, CreateAccount::test(json!({"account": {"username": "nadia"}}))).await;
    assert!(matches!(refused, Err(DirectoryError::Exists)), "{refused:?}");
}

#[tokio::test]
async fn who_is_suspended_cannot_log_in_until_unsuspended() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let p0 = person(&directory, "p0").await;
    assert!(logs_in(&slapd, "p0", PASSWORD).await);
    for _ in 0..2 {
        let suspension = TestTask::of::<SuspendAccount<Person>>(about(&p0));
        suspension.run(&tasks::all(), directory.clone()).await.assert_completed();
    }
    assert_eq!(person(&directory, "p0").await["status"], "suspended");
    assert!(!logs_in(&slapd, "p0", PASSWORD).await);
    for _ in 0..2 {
        let back = TestTask::of::<UnsuspendAccount<Person>>(about(&p0));
        back.run(&tasks::all(), directory.clone()).await.assert_completed();
    }
    assert!(logs_in(&slapd, "p0", PASSWORD).await);
    assert_eq!(person(&directory, "p0").await, p0);
}

#[tokio::test]
async fn a_new_password_is_the_one_that_iden_is_told() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let reset = TestTask::of::<ResetPassword<Person>>(about(&person(&directory, "p0").await));
    let run = reset.run(&tasks::all(), directory).await;
    let told = run.assert_completed().report().unwrap()["result"]["password"].as_str().unwrap().to_owned();
    assert!(!logs_in(&slapd, "p0", PASSWORD).await);
    assert!(logs_in(&slapd, "p0", &told).await);
}

#[tokio::test]
async fn changes_and_groups_are_set_and_silence_leaves_them() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let (before, groups) = (person(&directory, "p0").await, groups(&directory).await);
    let update = async |payload: Value| {
        TestTask::of::<UpdateAccount<Person>>(payload).run(&tasks::all(), directory.clone()).await
    };
    let account = json!({"id": before["id"]});
    let changes = json!({"last_name": "Li (née Lee)", "email": null, "display_name": "Ann Li"});
    update(json!({"account": account, "changes": changes})).await.assert_completed();
    let silent = person(&directory, "p0").await;
    assert_eq!((&silent["last_name"], silent.get("email")), (&json!("Li (née Lee)"), None));
    assert_eq!((&silent["display_name"], &silent["memberships"]), (&json!("Ann Li"), &before["memberships"]));

    update(json!({"account": account, "memberships": {"group": [groups[11]]}})).await.assert_completed();
    assert_eq!(person(&directory, "p0").await["memberships"]["group"], json!([groups[11]]));
    update(json!({"account": account, "memberships": {"group": []}})).await.assert_completed();
    assert_eq!(person(&directory, "p0").await["memberships"]["group"], json!([]));

    let nowhere = json!({"account": account, "memberships": {"group": [Uuid::nil()]}});
    update(nowhere).await.assert_failed("unknown_group");
    update(json!({"account": account, "changes": {"last_name": null}})).await.assert_failed("invalid_payload");
    update(json!({"account": account, "changes": {"username": "x"}})).await.assert_failed("unsupported_change");
    update(json!({"account": {"id": Uuid::nil()}, "changes": {}})).await.assert_failed("account_not_found");
}

#[tokio::test]
async fn a_deletion_leaves_no_member_behind_and_can_be_done_twice() {
    let Some(slapd) = Slapd::start() else { return };
    let directory = directory(&slapd, CONNECTOR).await;
    let p0 = person(&directory, "p0").await;
    for _ in 0..2 {
        let deletion = TestTask::of::<DeleteAccount<Person>>(about(&p0));
        deletion.run(&tasks::all(), directory.clone()).await.assert_completed();
    }
    assert_eq!(people(&directory).await.len(), PEOPLE - 1);
    let mut connection = directory.connect().await.unwrap();
    let dn = format!("uid=p0,ou=people,{BASE}");
    assert_eq!(connection.all_with(Directory::GROUPS, "member", &dn, &["cn"]).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_connector_that_may_only_read_says_so() {
    let Some(slapd) = Slapd::start() else { return };
    let writer = directory(&slapd, CONNECTOR).await;
    let suspension = TestTask::of::<SuspendAccount<Person>>(about(&person(&writer, "p0").await));
    let reader = directory(&slapd, NARROW).await;
    suspension.run(&tasks::all(), reader).await.assert_failed("permission_denied");
}

#[tokio::test]
async fn a_directory_that_is_not_there_makes_nothing_happen_and_is_tried_again() {
    let nowhere = Directory::at("ldapi://%2Fno%2Fsuch%2Fsocket", BASE, CONNECTOR, Secret::new(PASSWORD)).unwrap();
    let suspension = TestTask::of::<SuspendAccount<Person>>(json!({"account": {"id": Uuid::nil()}}));
    suspension.run(&tasks::all(), Arc::new(nowhere)).await.assert_retried();
}
