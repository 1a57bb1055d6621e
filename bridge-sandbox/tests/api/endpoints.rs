//! Every endpoint of `openapi.yaml` with every error that it documents for who asks and what the path names. The errors of a
//! body stand in the tests of each subject.

use crate::common::{Client, acme, path, refused, send};
use bridge_sandbox::{NewTask, Sandbox};
use jiff::Timestamp;
use serde_json::{Value, json};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// A call that succeeds once: method, path, body, and the status of its success.
struct Call {
    method: &'static str,
    path: String,
    body: Option<Value>,
    success: u16,
}

impl Call {
    fn of(method: &'static str, path: String, body: Option<Value>, success: u16) -> Self {
        Self { method, path, body, success }
    }

    async fn make(&self, client: &Client) -> crate::common::Answer {
        let request = client.request(self.method, &self.path);
        send(match &self.body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }
}

/// The calls of an app, in an order in which all of them succeed. The ids of the session and task are put in.
fn calls_of(app: &str, sync: &str, other_sync: &str, task: &str) -> Vec<Call> {
    let page = json!({"records": [{"id": "7", "email": "ada@acme.test"}]});
    let new_type = json!({"slug": "guild", "name": "Guilds", "type": "group"});
    vec![
        Call::of("POST", format!("{app}resource-types/"), Some(new_type), 201),
        Call::of("PATCH", format!("{app}resource-types/team/"), Some(json!({"name": "Crews"})), 200),
        Call::of("POST", format!("{app}sync/"), None, 201),
        Call::of("GET", format!("{app}sync/{sync}/"), None, 200),
        Call::of("PUT", format!("{app}sync/{sync}/employee/"), Some(page), 200),
        Call::of("POST", format!("{app}sync/{sync}/complete/"), None, 202),
        Call::of("POST", format!("{app}sync/{other_sync}/abandon/"), None, 204),
        Call::of("GET", format!("{app}tasks/"), None, 200),
        Call::of("GET", format!("{app}tasks/{task}/"), None, 200),
        Call::of("PATCH", format!("{app}tasks/{task}/status/"), Some(json!({"status": "completed"})), 200),
    ]
}

/// The calls that name no app.
fn calls_without_app() -> Vec<Call> {
    vec![
        Call::of("POST", "/api/v1/bridge/apps/".to_owned(), Some(json!({"name": "New"})), 201),
        Call::of("GET", "/api/apps/".to_owned(), None, 200),
        Call::of("GET", "/api/accounts/".to_owned(), None, 200),
    ]
}

struct Scene {
    sandbox: Sandbox,
    client: Client,
    app: String,
    calls: Vec<Call>,
}

async fn scene() -> Scene {
    let (sandbox, client, app) = acme().await;
    let (one, other) = (client.start(&app).await, client.start(&app).await);
    let id = |session: &str| session.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    let task = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "7"})));
    let calls = calls_of(&path(&app), &id(&one), &id(&other), &task.to_string());
    Scene { sandbox, client, app: path(&app), calls }
}

#[tokio::test]
async fn every_endpoint_succeeds_with_its_documented_status() {
    let scene = scene().await;
    for call in scene.calls.iter().chain(&calls_without_app()) {
        let (status, body) = call.make(&scene.client).await;
        assert_eq!(status, call.success, "{} {}: {body}", call.method, call.path);
    }
}

#[tokio::test]
async fn every_endpoint_answers_401_without_a_valid_key_and_does_nothing() {
    let scene = scene().await;
    scene.sandbox.add_key_until("stale", Timestamp::UNIX_EPOCH);
    let before = (scene.sandbox.apps()[0].sessions(), scene.sandbox.apps()[0].tasks(), scene.sandbox.apps()[0].types());
    for call in scene.calls.iter().chain(&calls_without_app()) {
        for (key, word) in [("wrong", "invalid"), ("stale", "expired")] {
            refused(&call.make(&Client::with_key(&scene.sandbox, key)).await, 401, word);
        }
        let url = format!("{}{}", scene.sandbox.base_url(), call.path);
        let request = crate::common::http().request(call.method.parse().unwrap(), &url);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Api-Key", "{url}");
        assert_eq!(response.status(), 401, "{url}");
    }
    let app = scene.sandbox.apps().remove(0);
    assert_eq!((app.sessions(), app.tasks(), app.types()), before);
}

#[tokio::test]
async fn every_endpoint_answers_403_to_a_key_that_was_revoked_or_has_no_access() {
    let scene = scene().await;
    let other = scene.sandbox.create_app("Other");
    scene.sandbox.add_key_for("narrow", &[other.id()]);
    let narrow = Client::with_key(&scene.sandbox, "narrow");
    for call in &scene.calls {
        refused(&call.make(&narrow).await, 403, "no access to app");
    }
    refused(&calls_without_app()[0].make(&narrow).await, 403, "cannot create");
    scene.sandbox.add_key("spare");
    scene.sandbox.revoke_key();
    for call in scene.calls.iter().chain(&calls_without_app()) {
        refused(&call.make(&scene.client).await, 403, "revoked");
    }
    assert_eq!(scene.calls[3].make(&Client::with_key(&scene.sandbox, "spare")).await.0, 200);
}

#[tokio::test]
async fn every_endpoint_answers_404_where_the_path_names_nothing() {
    let scene = scene().await;
    let nowhere = format!("/api/v1/bridge/apps/{NOBODY}/");
    for call in &scene.calls {
        for app in [&nowhere, "/api/v1/bridge/apps/7/", "/api/v1/bridge/apps/%00/"] {
            let call = Call { path: call.path.replace(&scene.app, app), body: call.body.clone(), ..*call };
            refused(&call.make(&scene.client).await, 404, "app not found");
        }
    }
    for call in calls_of(&scene.app, NOBODY, NOBODY, NOBODY).iter().filter(|call| call.path.contains(NOBODY)) {
        refused(&call.make(&scene.client).await, 404, " not found");
    }
    let clone = json!({"name": "Clone", "clone_from": NOBODY});
    refused(&scene.client.send("POST", "/api/v1/bridge/apps/", &clone).await, 404, "clone_from");
    let rename =
        scene.client.send("PATCH", &format!("{}resource-types/nothing/", scene.app), &json!({"name": "N"})).await;
    refused(&rename, 404, "resource type not found");
}

#[tokio::test]
async fn an_undocumented_status_of_a_gateway_comes_from_a_fault() {
    let scene = scene().await;
    for status in [429, 500, 502, 503, 504] {
        scene.sandbox.clear_faults();
        scene.sandbox.fault(bridge_sandbox::Fault::on("*", "/").answer(status, "trouble"));
        for call in &scene.calls {
            refused(&call.make(&scene.client).await, status, "trouble");
        }
    }
}
