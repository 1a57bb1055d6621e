//! Paths, keys, bodies: what holds for every call.

use crate::common::{Client, acme, path, refused, send};
use bridge_sandbox::Sandbox;
use serde_json::{Value, json};

const APPS: &str = "/api/v1/bridge/apps/";

#[tokio::test]
async fn without_a_key_or_with_a_wrong_one_the_answer_is_401() {
    let sandbox = Sandbox::start().await.unwrap();
    let url = format!("{}{APPS}", sandbox.base_url());
    let new = json!({"name": "Acme HR"});

    refused(&send(crate::common::http().post(&url).json(&new)).await, 401, "Authorization");
    let bearer = crate::common::http().post(&url).json(&new).bearer_auth(sandbox.api_key());
    refused(&send(bearer).await, 401, "Api-Key");
    refused(&Client::with_key(&sandbox, "wrong").send("POST", APPS, &new).await, 401, "invalid");
    assert!(sandbox.apps().is_empty());
}

#[tokio::test]
async fn a_revoked_key_is_answered_403_and_another_key_still_works() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_key("k2");
    sandbox.revoke_key();

    refused(&Client::new(&sandbox).get("/api/apps/").await, 403, "revoked");
    assert_eq!(Client::with_key(&sandbox, "k2").get("/api/apps/").await.0, 200);
    sandbox.add_key(sandbox.api_key());
    assert_eq!(Client::new(&sandbox).get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn a_key_of_certain_apps_is_answered_403_for_the_others() {
    let (sandbox, _, app) = acme().await;
    let other = sandbox.create_app("Other");
    sandbox.add_key_for("narrow", &[other.id()]);
    let narrow = Client::with_key(&sandbox, "narrow");

    refused(&narrow.get(&format!("{}tasks/", path(&app))).await, 403, "access");
    assert_eq!(narrow.get(&format!("{}tasks/", path(&other))).await.0, 200);
    refused(&narrow.send("POST", APPS, &json!({"name": "New"})).await, 403, "create");
    let (_, apps) = narrow.get("/api/apps/").await;
    assert_eq!(apps["count"], 1);
    assert_eq!(apps["results"][0]["name"], "Other");
}

#[tokio::test]
async fn an_unknown_tenant_is_answered_404() {
    let sandbox = Sandbox::builder().tenant("umbrella").start().await.unwrap();
    let client = Client::new(&sandbox);
    assert!(sandbox.base_url().ends_with("/org/umbrella"));

    assert_eq!(client.get("/api/apps/").await.0, 200);
    let host = sandbox.address();
    for tenant in ["acme", "umbrella2"] {
        refused(&client.get(&format!("http://{host}/org/{tenant}/api/apps/")).await, 404, "/org/umbrella/");
    }
}

#[tokio::test]
async fn an_unknown_path_and_one_without_its_last_slash_are_answered_404() {
    let (_sandbox, client, app) = acme().await;

    refused(&client.get("/api/v2/bridge/").await, 404, "no such path");
    refused(&client.get(&format!("{}tasks", path(&app))).await, 404, "end in `/`");
    refused(&client.get("/api/apps").await, 404, "end in `/`");
    refused(&client.get("/api/v1/bridge/apps/not-a-uuid/tasks/").await, 404, "app not found");
    refused(&client.get("/api/v1/bridge/apps/%ff/tasks/").await, 404, "");
}

#[tokio::test]
async fn a_wrong_method_is_answered_405_with_the_methods_that_are_allowed() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;

    refused(&client.get(APPS).await, 405, "GET");
    refused(&client.send("PUT", &format!("{session}complete/"), &json!({"records": []})).await, 405, "PUT");
    let response = client.request("DELETE", APPS).send().await.unwrap();
    assert_eq!(response.headers()["allow"], "POST");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_answered_400() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::new(&sandbox);
    let deep = "[".repeat(200) + &"]".repeat(200);

    for body in ["", "{", "{\"name\": \"a\"} x", "{\"name\": \"\\ud800\"}", deep.as_str()] {
        let request = client.request("POST", APPS).header("Content-Type", "application/json").body(body.to_owned());
        refused(&send(request).await, 400, "JSON");
    }
    refused(&client.send("POST", APPS, &json!(["Acme HR"])).await, 400, "object");
    assert!(sandbox.apps().is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_say_that_it_is_json_is_answered_415() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::new(&sandbox);
    let body = json!({"name": "Acme HR"}).to_string();

    refused(&send(client.request("POST", APPS).body(body.clone())).await, 415, "application/json");
    let text = client.request("POST", APPS).header("Content-Type", "text/plain").body(body.clone());
    refused(&send(text).await, 415, "text/plain");
    let charset = client.request("POST", APPS).header("Content-Type", "application/json; charset=utf-8").body(body);
    assert_eq!(send(charset).await.0, 201);
}

#[tokio::test]
async fn a_body_over_ten_megabytes_is_answered_413() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::new(&sandbox);

    refused(&client.send("POST", APPS, &json!({"name": "a".repeat(11 * 1024 * 1024)})).await, 413, "bytes");
    assert_eq!(client.get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn calls_without_a_body_refuse_one() {
    let (_sandbox, client, app) = acme().await;
    let start = format!("{}sync/", path(&app));

    refused(&client.send("POST", &start, &json!({"full": true})).await, 400, "no body");
    assert_eq!(client.send("POST", &start, &json!({})).await.0, 201);
    assert_eq!(client.post(&start).await.0, 201);
}

#[tokio::test]
async fn every_request_is_logged_and_the_key_is_not() {
    let (sandbox, client, app) = acme().await;
    sandbox.clear_requests();

    client.get(&format!("{}tasks/?status=pending&limit=5", path(&app))).await;
    client.send("POST", APPS, &json!({"name": ""})).await;
    client.get("/nowhere").await;

    let requests = sandbox.requests();
    let seen: Vec<_> = requests.iter().map(|request| (request.method.as_str(), request.status)).collect();
    assert_eq!(seen, [("GET", Some(200)), ("POST", Some(400)), ("GET", Some(404))]);
    assert_eq!(requests[0].path, format!("/org/acme{}tasks/?status=pending&limit=5", path(&app)));
    assert_eq!(serde_json::from_str::<Value>(&requests[1].body).unwrap(), json!({"name": ""}));
    assert!(!format!("{requests:?}").contains(sandbox.api_key()));
    assert!(!format!("{sandbox:?}").contains(sandbox.api_key()));

    sandbox.clear_requests();
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn the_log_keeps_the_beginning_of_a_large_body() {
    let (sandbox, client, _) = acme().await;
    let name = "é".repeat(200 * 1024);
    client.send("POST", APPS, &json!({ "name": name })).await;

    let last = sandbox.requests().pop().unwrap();
    assert!(last.body.starts_with("{\"name\":\"éé"));
    assert!(last.body.len() <= 256 * 1024 + 3, "{}", last.body.len());
    assert_eq!(last.body_size, name.len() + 11);
}

#[tokio::test]
async fn sandboxes_do_not_know_each_other() {
    let (one, client, app) = acme().await;
    let two = Sandbox::builder().api_key(one.api_key()).start().await.unwrap();

    assert_ne!(one.address(), two.address());
    client.sync(&app, "employee", &["7"]).await;
    refused(&Client::new(&two).get(&format!("{}tasks/", path(&app))).await, 404, "app not found");
    assert!(two.app(app.id()).is_none());
    assert_eq!(one.app_named("Acme HR").unwrap().active("employee"), 1);
}

#[tokio::test]
async fn a_sandbox_stops_by_shutdown_and_by_drop() {
    let one = Sandbox::start().await.unwrap();
    let client = Client::new(&one);
    assert_eq!(client.get("/api/apps/").await.0, 200);
    // An idle connection stays in the client's pool; it must not keep the server up.
    tokio::time::timeout(std::time::Duration::from_secs(2), one.shutdown()).await.unwrap();
    assert!(client.request("GET", "/api/apps/").send().await.is_err());

    let two = Sandbox::start().await.unwrap();
    let address = two.address();
    drop(two);
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(address).await.is_err() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{address} still listens");
}

#[tokio::test]
async fn a_taken_port_and_an_unusable_tenant_or_key_are_errors() {
    let one = Sandbox::start().await.unwrap();
    let taken = Sandbox::builder().listen(one.address()).start().await.unwrap_err();
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    assert!(taken.to_string().contains(&one.address().to_string()));

    assert!(Sandbox::builder().tenant("a/b").start().await.is_err());
    assert!(Sandbox::builder().api_key("two words").start().await.is_err());
}
