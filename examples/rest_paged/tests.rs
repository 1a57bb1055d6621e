//! The connector against the example's own directory, over HTTP, and against directories that misbehave.

use std::{collections::HashMap, sync::Arc, time::Duration};

use axum::{Json, Router, extract::Query, http::StatusCode, routing::get};
use iden_bridge::{
    prelude::*,
    testing::{self, TestTask},
};
use serde_json::{Value, json};

use crate::{
    api::Api,
    directory::Directory,
    error::ApiError,
    model::{Group, User},
    service, tasks,
};

fn at(url: &str, token: &str) -> Arc<Directory> {
    Arc::new(Directory { api: Api::new(url, Secret::new(token)).unwrap() })
}

async fn directory() -> Arc<Directory> {
    at(&service::start("secret").await.unwrap(), "secret")
}

/// A directory that answers every call like this.
async fn answering(status: StatusCode, body: Value) -> Arc<Directory> {
    let answer = move || async move { (status, [("retry-after", "7")], Json(body)) };
    serving(Router::new().fallback(answer)).await
}

/// A directory of these users.
async fn listing(users: Vec<Value>) -> Arc<Directory> {
    let list = move |Query(asked): Query<HashMap<String, String>>| async move {
        let page = users.into_iter().skip(asked["offset"].parse().unwrap()).collect::<Vec<_>>();
        Json(json!({"users": page}))
    };
    serving(Router::new().route("/users", get(list))).await
}

async fn serving(router: Router) -> Arc<Directory> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    at(&url, "secret")
}

fn about(id: u32) -> Value {
    json!({"account": {"id": id.to_string()}})
}

fn nadia() -> Value {
    json!({"account": {"email": "nadia@acme.example", "first_name": "Nadia"}, "memberships": {"group": ["wiki"]}})
}

async fn find(directory: &Directory, id: u32) -> Option<Value> {
    testing::find::<User>(directory, &id).await.unwrap()
}

#[tokio::test]
async fn every_page_is_read_whatever_its_length_and_find_agrees() {
    let directory = directory().await;
    let read = testing::read::<User>(&*directory).await;
    assert!(read.end.is_ok() && read.unreadable.is_empty());
    assert_eq!(read.records.len(), 250);
    assert_eq!(find(&directory, 1).await.as_ref(), Some(&read.records[0]));
    assert_eq!(find(&directory, 251).await, None);
    let groups = testing::read::<Group>(&*directory).await;
    assert!(groups.end.is_ok());
    let ids: Vec<_> = groups.records.iter().map(|group| &group["id"]).collect();
    assert_eq!(ids, ["admins", "board", "build", "staff", "wiki"]);
}

#[tokio::test]
async fn a_creation_that_runs_twice_makes_one_user() {
    let directory = directory().await;
    let creation = TestTask::of::<CreateAccount<User>>(nadia());
    let first = creation.run(&tasks::all(), directory.clone()).await;
    assert_eq!(first.assert_completed().report().unwrap()["result"], json!({"id": "251"}));
    let again = creation.interrupted().run(&tasks::all(), directory.clone()).await;
    assert_eq!(again.assert_completed().report(), first.assert_completed().report());
    assert_eq!(testing::read::<User>(&*directory).await.records.len(), 251);
    assert_eq!(find(&directory, 251).await.unwrap()["memberships"], json!({"group": ["wiki"]}));
}

#[tokio::test]
async fn each_task_does_what_it_says() {
    let directory = directory().await;
    let run = async |task: TestTask| {
        task.run(&tasks::all(), directory.clone()).await.assert_completed();
    };
    run(TestTask::of::<SuspendAccount<User>>(about(1))).await;
    assert_eq!(find(&directory, 1).await.unwrap()["status"], "suspended");
    run(TestTask::of::<UnsuspendAccount<User>>(about(1))).await;
    assert_eq!(find(&directory, 1).await.unwrap()["status"], "active");
    let marriage = json!({"account": {"id": "1"}, "changes": {"last_name": null}, "memberships": {"group": []}});
    run(TestTask::of::<UpdateAccount<User>>(marriage)).await;
    let changed = find(&directory, 1).await.unwrap();
    assert_eq!((changed.get("last_name"), &changed["memberships"]), (None, &json!({"group": []})));
    run(TestTask::of::<ResetPassword<User>>(about(1))).await;
    for _ in 0..2 {
        run(TestTask::of::<DeleteAccount<User>>(about(1))).await;
    }
    assert_eq!(find(&directory, 1).await, None);
}

#[tokio::test]
async fn iden_is_told_what_the_directory_says_is_wrong() {
    let directory = directory().await;
    let taken = json!({"account": {"email": "bo.khan1@acme.example", "first_name": "Bo"}});
    let nowhere = json!({"account": {"id": "1"}, "memberships": {"group": ["moon"]}});
    for (task, code) in [
        (TestTask::of::<CreateAccount<User>>(taken), "account_already_exists"),
        (TestTask::of::<CreateAccount<User>>(json!({"account": {"email": "x@acme.example"}})), "invalid_payload"),
        (TestTask::of::<UpdateAccount<User>>(nowhere), "invalid_payload"),
        (TestTask::of::<SuspendAccount<User>>(about(9999)), "account_not_found"),
        (TestTask::of::<ResetPassword<User>>(about(9999)), "account_not_found"),
    ] {
        task.run(&tasks::all(), directory.clone()).await.assert_failed(code);
    }
}

#[tokio::test]
async fn a_row_that_is_not_understood_stops_nobody_else() {
    let user = json!({"id": 7, "email": "ann@acme.example", "firstName": "Ann", "status": "enabled", "groups": []});
    let odd = json!({"id": 8, "email": "bo@acme.example", "firstName": "Bo", "status": "asleep", "groups": []});
    let directory = listing(vec![user, odd]).await;
    let read = testing::read::<User>(&*directory).await;
    assert!(read.end.is_ok());
    assert_eq!(read.records.len(), 1);
    let [(Some(id), why)] = &read.unreadable[..] else { panic!("{:?}", read.unreadable) };
    assert!(id == "8" && why.contains("asleep"), "{why}");
}

#[tokio::test]
async fn a_busy_directory_is_asked_again_when_it_says_and_a_token_is_not_tried_twice() {
    let busy = answering(StatusCode::TOO_MANY_REQUESTS, json!({})).await;
    let error = busy.api.users(0, 100).await.unwrap_err().reading();
    assert_eq!((error.is_busy(), error.retry_after()), (true, Some(Duration::from_secs(7))));
    let suspension = || TestTask::of::<SuspendAccount<User>>(about(1));
    suspension().run(&tasks::all(), busy).await.assert_retried();

    let wrong = at(&service::start("secret").await.unwrap(), "guess");
    assert!(matches!(wrong.api.user(1).await, Err(ApiError::Token)));
    suspension().run(&tasks::all(), wrong).await.assert_failed("permission_denied");
}

/// A directory that breaks may have done what it was asked.
#[tokio::test]
async fn after_a_broken_answer_only_that_runs_again_which_may() {
    let broken = answering(StatusCode::INTERNAL_SERVER_ERROR, json!({})).await;
    TestTask::of::<CreateAccount<User>>(nadia()).run(&tasks::all(), broken.clone()).await.assert_retried();
    TestTask::of::<ResetPassword<User>>(about(1)).run(&tasks::all(), broken).await.assert_failed("outcome_unknown");

    // Nobody listens: what never left may be tried again, a password too.
    let nobody = at("http://127.0.0.1:9", "secret");
    TestTask::of::<ResetPassword<User>>(about(1)).run(&tasks::all(), nobody).await.assert_retried();
}

#[tokio::test]
async fn an_answer_of_another_form_is_an_error_and_no_empty_directory() {
    for body in [json!({}), json!([]), json!({"users": null})] {
        let odd = answering(StatusCode::OK, body).await;
        assert!(matches!(odd.api.users(0, 100).await, Err(ApiError::Lost(_))));
    }
}
