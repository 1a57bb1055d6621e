//! Apps, clones, resource types.

use crate::common::{Client, acme, path, refused};
use bridge_sandbox::Sandbox;
use serde_json::json;

const APPS: &str = "/api/v1/bridge/apps/";
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn a_new_app_is_answered_with_all_its_fields() {
    let sandbox = Sandbox::start().await.unwrap();
    let (status, body) =
        Client::new(&sandbox).send("POST", APPS, &json!({"name": "Acme HR", "clone_from": null})).await;

    assert_eq!(status, 201);
    let app = sandbox.app_named("Acme HR").unwrap();
    assert_eq!(body["id"], app.id().to_string());
    assert_eq!(body["name"], "Acme HR");
    assert_eq!(body["configuration_status"], "NEW");
    assert!(body["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    assert_eq!(body["last_synced_at"], json!(null));
    assert_eq!(body.as_object().unwrap().len(), 5);
    assert_eq!(app.cloned_from(), None);
}

#[tokio::test]
async fn an_app_that_breaks_the_schema_is_answered_400() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::new(&sandbox);
    for (body, word) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"name": 7}), "name"),
        (json!({"name": "é".repeat(256)}), "255"),
        (json!({"name": "a", "clone_from": "x"}), "clone_from"),
        (json!({"name": "a", "clone_from": 7}), "clone_from"),
        (json!({"name": "a", "region": "eu"}), "region"),
    ] {
        refused(&client.send("POST", APPS, &body).await, 400, word);
    }
    assert!(sandbox.apps().is_empty());
    assert_eq!(client.send("POST", APPS, &json!({"name": "é".repeat(255)})).await.0, 201);
}

#[tokio::test]
async fn a_clone_of_no_app_is_answered_404() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = json!({"name": "Acme EU", "clone_from": NOBODY});
    refused(&Client::new(&sandbox).send("POST", APPS, &body).await, 404, "clone_from");
}

#[tokio::test]
async fn a_clone_shares_definitions_at_once_and_later_but_no_records() {
    let (sandbox, client, parent) = acme().await;
    client.sync(&parent, "employee", &["7"]).await;
    let (status, body) = client.send("POST", APPS, &json!({"name": "Acme EU", "clone_from": parent.id()})).await;
    assert_eq!(status, 201);
    let clone = sandbox.app(body["id"].as_str().unwrap().parse().unwrap()).unwrap();

    assert_eq!(clone.cloned_from(), Some(parent.id()));
    assert_eq!(clone.types(), parent.types());
    assert_eq!(clone.active("employee"), 0);

    assert_eq!(client.register(&parent, "contractor", "account").await.0, 201);
    assert_eq!(client.register(&clone, "region", "group").await.0, 201);
    refused(&client.register(&clone, "employee", "account").await, 409, "employee");
    assert_eq!(clone.types().len(), 5);
    assert_eq!(clone.types(), parent.types());

    client.sync(&clone, "employee", &["8"]).await;
    parent.assert_active("employee", "7");
    assert!(parent.record("employee", "8").is_none());
    clone.assert_active("employee", "8");
}

#[tokio::test]
async fn a_registered_type_is_answered_as_it_is() {
    let (_sandbox, client, app) = acme().await;
    let body = json!({"slug": "on-call_2", "name": "On call", "type": "group"});
    assert_eq!(client.send("POST", &format!("{}resource-types/", path(&app)), &body).await, (201, body));
    let last = app.types().pop().unwrap();
    assert_eq!((last.slug.as_str(), last.name.as_str(), last.kind.as_str()), ("on-call_2", "On call", "group"));
}

#[tokio::test]
async fn a_slug_that_is_taken_is_answered_409() {
    let (sandbox, client, app) = acme().await;
    refused(&client.register(&app, "employee", "account").await, 409, "employee");
    refused(&client.register(&app, "employee", "group").await, 409, "employee");
    assert_eq!(client.register(&sandbox.create_app("Other"), "employee", "account").await.0, 201);
}

#[tokio::test]
async fn a_type_that_breaks_the_schema_is_answered_400() {
    let (_sandbox, client, app) = acme().await;
    let url = format!("{}resource-types/", path(&app));
    let long = "a".repeat(64);
    for slug in ["", "A", "-a", "_a", "a.b", "a b", "é", long.as_str(), "a\n", "complete", "abandon"] {
        refused(&client.send("POST", &url, &json!({"slug": slug, "name": "N", "type": "account"})).await, 400, "slug");
    }
    for (body, word) in [
        (json!({"slug": "a", "name": "N"}), "type"),
        (json!({"slug": "a", "name": "N", "type": "user"}), "type"),
        (json!({"slug": "a", "type": "account"}), "name"),
        (json!({"slug": "a", "name": "", "type": "account"}), "name"),
        (json!({"name": "N", "type": "account"}), "slug"),
        (json!({"slug": "a", "name": "N", "type": "account", "fields": []}), "fields"),
    ] {
        refused(&client.send("POST", &url, &body).await, 400, word);
    }
    assert_eq!(app.types().len(), 3);
    assert_eq!(client.register(&app, &"a".repeat(63), "account").await.0, 201);
    assert_eq!(client.register(&app, "7", "account").await.0, 201);
    assert_eq!(client.register(&app, "completed", "account").await.0, 201);
}

#[tokio::test]
async fn a_type_can_be_renamed_and_nothing_else_of_it_changed() {
    let (_sandbox, client, app) = acme().await;
    let url = format!("{}resource-types/employee/", path(&app));

    let answer = client.send("PATCH", &url, &json!({"name": "People"})).await;
    assert_eq!(answer, (200, json!({"slug": "employee", "name": "People", "type": "account"})));
    assert_eq!(app.types()[0].name, "People");
    refused(&client.send("PATCH", &url, &json!({"name": "P", "type": "group"})).await, 400, "type");
    refused(&client.send("PATCH", &url, &json!({"name": ""})).await, 400, "name");
    refused(&client.send("PATCH", &url, &json!({})).await, 400, "name");
    let nowhere = format!("{}resource-types/robot/", path(&app));
    refused(&client.send("PATCH", &nowhere, &json!({"name": "P"})).await, 404, "robot");
}

#[tokio::test]
async fn group_and_license_types_bring_a_companion_that_cannot_be_pushed_to() {
    let (_sandbox, client, app) = acme().await;
    let companions = app.companions();
    assert_eq!(companions.iter().map(|known| known.kind.as_str()).collect::<Vec<_>>(), ["membership", "assignment"]);

    let session = client.start(&app).await;
    for companion in companions {
        let answer = client.push(&session, &companion.slug, json!([{"id": "1", "name": "N"}])).await;
        refused(&answer, 400, "companion");
        refused(&client.register(&app, &companion.slug, "account").await, 409, "companion");
    }
}

#[tokio::test]
async fn every_call_on_an_unknown_app_is_answered_404() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::new(&sandbox);
    let app = format!("/api/v1/bridge/apps/{NOBODY}/");
    let new_type = json!({"slug": "a", "name": "N", "type": "account"});
    for (method, path, body) in [
        ("POST", "resource-types/".to_owned(), new_type),
        ("PATCH", "resource-types/a/".to_owned(), json!({"name": "N"})),
        ("POST", "sync/".to_owned(), json!({})),
        ("PUT", format!("sync/{NOBODY}/a/"), json!({"records": [{"id": "1", "email": "a"}]})),
        ("GET", format!("sync/{NOBODY}/"), json!({})),
        ("POST", format!("sync/{NOBODY}/complete/"), json!({})),
        ("POST", format!("sync/{NOBODY}/abandon/"), json!({})),
        ("GET", "tasks/".to_owned(), json!({})),
        ("GET", format!("tasks/{NOBODY}/"), json!({})),
        ("PATCH", format!("tasks/{NOBODY}/status/"), json!({"status": "completed"})),
    ] {
        refused(&client.send(method, &format!("{app}{path}"), &body).await, 404, "app not found");
    }
}
