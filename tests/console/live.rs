//! Pages that are open while things happen.

use std::time::{Duration, Instant};

use bridge_sandbox::{App, NewTask, Sandbox};
use serde_json::{Value, json};

use crate::browser::Browser;

/// A sandbox with an app and the base of its pages.
async fn sandbox() -> (Sandbox, App, String) {
    let sandbox = Sandbox::start().await.unwrap();
    let app = sandbox.create_app("Acme HR");
    let pages = format!("http://{}/console/apps/{}/", sandbox.address(), app.id());
    register(&sandbox, &app, "employee", "account").await;
    (sandbox, app, pages)
}

async fn register(sandbox: &Sandbox, app: &App, slug: &str, kind: &str) {
    let types = format!("apps/{}/resource-types/", app.id());
    send(sandbox, "POST", &types, &json!({"slug": slug, "name": slug, "type": kind})).await;
}

async fn send(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Value {
    let method = method.parse::<reqwest::Method>().unwrap();
    let request = crate::browser::client().request(method, format!("{}/api/v1/bridge/{path}", sandbox.base_url()));
    let answer =
        request.header("Authorization", format!("Api-Key {}", sandbox.api_key())).json(body).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
}

fn person(id: &str, name: &str) -> Value {
    json!({"id": id, "email": format!("{id}@acme.test"), "display_name": name})
}

#[tokio::test]
async fn what_is_being_typed_and_where_one_is_stay_when_a_page_is_brought_up_to_date() {
    let Some(browser) = Browser::open().await else { return };
    let (sandbox, app, pages) = sandbox().await;
    let tab = browser.tab();
    tab.go(&sandbox.console_url()).await;
    app.put_record("employee", &person("m", "Mia"));

    tab.go(&format!("{pages}records/")).await;
    tab.until_says("#live", "Live").await;
    tab.ask("document.querySelector('#records tbody a').focus()").await;
    app.put_record("employee", &person("a", "Ann"));
    tab.until_says("#records", "1–2 of 2").await;
    assert_eq!(tab.ask("document.activeElement.innerText").await, json!("Mia"), "Ann came before her");

    tab.type_into("#q", "zoe").await;
    tab.until_says("#records", "No record fits").await;
    app.put_record("employee", &person("z", "Zoe"));
    tab.until_says("#records", "Zoe").await;
    assert_eq!(tab.ask("[document.activeElement.id, document.activeElement.value]").await, json!(["q", "zoe"]));
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_session_is_watched_to_its_end_and_says_whom_it_removed() {
    let Some(browser) = Browser::open().await else { return };
    let (sandbox, app, pages) = sandbox().await;
    let tab = browser.tab();
    tab.go(&sandbox.console_url()).await;
    for (id, name) in [("a", "Ann"), ("b", "Bob"), ("c", "Cyd")] {
        app.put_record("employee", &person(id, name));
    }
    let started = send(&sandbox, "POST", &format!("apps/{}/sync/", app.id()), &json!({})).await;
    let session = format!("apps/{}/sync/{}/", app.id(), started["sync_id"].as_str().unwrap());

    tab.go(&format!("{pages}sessions/")).await;
    tab.click("#sessions tbody a").await;
    tab.until_says("#session", "in progress").await;
    send(&sandbox, "PUT", &format!("{session}employee/"), &json!({"records": [person("b", "Bob")]})).await;
    tab.until("document.querySelector('#type-employee progress').value === 1").await;
    send(&sandbox, "POST", &format!("{session}complete/"), &json!({})).await;
    tab.until_says("#session", "Complete removed 2 records").await;
    tab.until_says("#session", "Ann").await;
    tab.until_says("#session", "Cyd").await;
    sandbox.shutdown().await;
}

#[tokio::test]
async fn a_scheduled_task_becomes_pending_before_ones_eyes_when_the_clock_is_moved() {
    let Some(browser) = Browser::open().await else { return };
    let (sandbox, app, pages) = sandbox().await;
    let tab = browser.tab();
    tab.go(&sandbox.console_url()).await;
    app.put_record("employee", &person("a", "Ann"));

    tab.go(&format!("{pages}tasks/new/?action=delete_account&type=employee&account=a")).await;
    tab.click("input[name=when][value=later]").await;
    tab.click("form button.main").await;
    tab.until_says("#task-status", "scheduled").await;
    sandbox.advance(Duration::from_secs(601));
    tab.until_says("#task-status", "pending").await;
    let id = app.tasks()[0].id;
    assert_eq!(app.task(id).unwrap().payload["account"]["id"], "a");
    sandbox.shutdown().await;
}

#[tokio::test]
async fn an_open_page_does_not_keep_the_sandbox_from_ending_and_finds_back_to_it() {
    let Some(browser) = Browser::open().await else { return };
    let (sandbox, app, pages) = sandbox().await;
    let tab = browser.tab();
    tab.go(&sandbox.console_url()).await;
    app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "a"})));
    tab.go(&format!("{pages}tasks/")).await;
    tab.until_says("#live", "Live").await;

    let start = Instant::now();
    sandbox.shutdown().await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    tab.until_says("#live", "Not connected").await;
    assert_eq!(tab.ask("document.querySelectorAll('#tasks tbody tr').length").await, json!(1), "what was seen stays");
}
