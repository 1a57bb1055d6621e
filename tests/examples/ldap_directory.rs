//! The LDAP connector against a real OpenLDAP server: all six tasks, and what Iden has afterwards.

use std::collections::BTreeMap;

use bridge_sandbox::{NewTask, Sandbox};
use serde_json::json;

use crate::{
    program::Program,
    slapd::{BASE, CONNECTOR, GROUPS, NARROW, PASSWORD, PEOPLE, Slapd},
    summary::{pushed, task},
};

fn program(slapd: &Slapd, bind_dn: &str) -> Program {
    Program::new("ldap_directory")
        .set("LDAP_URL", slapd.url())
        .set("LDAP_BASE", BASE)
        .set("LDAP_BIND_DN", bind_dn)
        .set("LDAP_PASSWORD", PASSWORD)
}

#[tokio::test]
async fn ldap_directory_rehearses_one_task_of_each_kind() {
    let Some(slapd) = Slapd::start() else { return };
    let ended = program(&slapd, CONNECTOR).run(&["dev", "--once", "--json"]).await.ok();
    assert!(!ended.stdout.contains(PASSWORD) && !ended.stderr.contains(PASSWORD));
    let summary = ended.json();
    let app = &summary["apps"][0];
    let everything = BTreeMap::from([("group", GROUPS as u64), ("person", PEOPLE as u64)]);
    assert_eq!(pushed(&app["first"]), everything);
    assert_eq!(pushed(&app["second"]), everything, "one more, and one less");
    let tasks = app["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 6);
    for task in tasks {
        assert_eq!(task["status"], "completed", "{task:#}");
    }
    assert_eq!(task(app, "create_account")["after"]["memberships"]["group"].as_array().unwrap().len(), 2);
    assert_eq!(task(app, "update_account")["after"]["last_name"], "Nakamura-Lindqvist");
    assert_eq!(task(app, "suspend_account")["after"]["status"], "suspended");
    assert_eq!(task(app, "unsuspend_account")["after"]["status"], "active");
}

#[tokio::test]
async fn what_iden_orders_is_in_the_directory_and_comes_back_with_the_next_sync() {
    let Some(slapd) = Slapd::start() else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let program = program(&slapd, CONNECTOR).facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let app = sandbox.app_named("LDAP directory").unwrap();
    assert_eq!((app.active("group"), app.records("person").len()), (GROUPS, PEOPLE));
    let id = |name: &str| {
        let records = app.records("person").into_iter();
        records.filter(|person| person.fields["username"] == name).map(|person| person.id).next().unwrap()
    };
    let nadia = json!({"username": "nadia", "email": "nadia@acme.example", "last_name": "Okafor"});
    let gone = id("p1");
    let tasks = [
        NewTask::new("create_account", "person").account(nadia),
        NewTask::new("delete_account", "person").account(json!({"id": gone})),
        NewTask::new("suspend_account", "person").account(json!({"id": id("p2")})),
    ]
    .map(|task| app.queue(task));
    program.run(&["tasks", "--once"]).await.ok();
    for task in tasks {
        app.assert_task_completed(task);
    }
    program.run(&["sync"]).await.ok();
    assert!(app.record("person", &gone).unwrap().removed);
    assert_eq!(app.record("person", &id("p2")).unwrap().fields["status"], "suspended");
    assert_eq!(app.task(tasks[0]).unwrap().result, Some(json!({"id": id("nadia")})));
    assert_eq!(sandbox.warnings(), Vec::<String>::new());
}

/// The directory gives this reader 100 of 300 people, and says so only at the very end.
#[tokio::test]
async fn a_directory_that_is_cut_short_removes_nobody() {
    let Some(slapd) = Slapd::start() else { return };
    let sandbox = Sandbox::start().await.unwrap();
    let program = program(&slapd, CONNECTOR).facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let ended = program.set("LDAP_BIND_DN", NARROW).run(&["sync"]).await;
    assert_eq!(ended.code, Some(69), "{}", ended.stderr);
    let app = sandbox.app_named("LDAP directory").unwrap();
    assert_eq!(
        app.sessions().iter().map(|session| session.status.as_str()).collect::<Vec<_>>(),
        ["completed", "abandoned"]
    );
    assert!(app.records("person").iter().all(|person| !person.removed));
}

#[tokio::test]
async fn a_setting_that_is_missing_and_a_wrong_password_are_named() {
    let sandbox = Sandbox::start().await.unwrap();
    let unset = Program::new("ldap_directory").facing(&sandbox).run(&["sync"]).await;
    assert!(unset.stderr.contains("LDAP_URL is not set"), "{}", unset.stderr);
    let Some(slapd) = Slapd::start() else { return };
    let wrong = program(&slapd, CONNECTOR).facing(&sandbox).set("LDAP_PASSWORD", "guess").run(&["sync"]).await;
    assert_ne!(wrong.code, Some(0));
    assert!(wrong.stderr.contains("does not let this connector"), "{}", wrong.stderr);
    assert!(!wrong.stderr.contains("guess"));
}
