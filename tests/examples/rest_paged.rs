//! The connector for a paged API: a rehearsal on a directory of its own, and a directory that outlives the program.

use std::collections::BTreeMap;

use bridge_sandbox::{NewTask, Sandbox};
use serde_json::json;

use crate::{
    program::Program,
    summary::{pushed, task},
};

#[path = "../../examples/rest_paged/service.rs"]
mod service;

#[tokio::test]
async fn rest_paged_rehearses_one_task_of_each_kind() {
    let summary = Program::new("rest_paged").run(&["dev", "--once", "--json"]).await.json();
    let app = &summary["apps"][0];
    assert_eq!(pushed(&app["first"]), BTreeMap::from([("group", 5), ("user", 250)]));
    assert_eq!(pushed(&app["second"]), BTreeMap::from([("group", 5), ("user", 250)]), "one more, and one less");
    for task in app["tasks"].as_array().unwrap() {
        assert_eq!(task["status"], "completed", "{task:#}");
    }
    assert_eq!(app["tasks"].as_array().unwrap().len(), 6);
    let create = task(app, "create_account");
    assert_eq!(create["after"]["memberships"]["group"], json!(["staff", "wiki"]));
    assert_eq!(task(app, "suspend_account")["after"]["status"], "suspended");
    assert_eq!(task(app, "update_account")["after"]["last_name"], "Nakamura-Lindqvist");
}

#[tokio::test]
async fn what_iden_orders_is_in_the_directory_and_comes_back_with_the_next_sync() {
    let url = service::start("for the test").await.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("rest_paged").facing(&sandbox).set("REST_PAGED_URL", &url);
    let missing = program.run(&["sync"]).await;
    assert_ne!(missing.code, Some(0));
    assert!(missing.stderr.contains("set REST_PAGED_TOKEN"), "{}", missing.stderr);

    let program = program.set("REST_PAGED_TOKEN", "for the test");
    program.run(&["sync"]).await.ok();
    let app = sandbox.app_named("REST directory").unwrap();
    let nadia = json!({"email": "nadia@acme.example", "first_name": "Nadia"});
    let create = app.queue(NewTask::new("create_account", "user").account(nadia));
    let delete = app.queue(NewTask::new("delete_account", "user").account(json!({"id": "3"})));
    program.run(&["tasks", "--once"]).await.ok();
    app.assert_task_completed(create);
    app.assert_task_completed(delete);
    program.run(&["sync"]).await.ok();
    assert_eq!(app.record("user", "251").unwrap().fields["email"], "nadia@acme.example");
    assert!(app.record("user", "3").unwrap().removed);
    assert!(!sandbox.requests().iter().any(|request| request.body.contains("for the test")));
}
