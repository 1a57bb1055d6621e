//! Several tenants in one sandbox.

use crate::common::{Client, refused, send};
use bridge_sandbox::Sandbox;
use serde_json::json;

const APPS: &str = "/api/v1/bridge/apps/";

#[tokio::test]
async fn each_tenant_has_its_own_apps_and_its_own_keys() {
    let sandbox = Sandbox::builder().api_key("key-a").also_tenant("umbrella", "key-b").start().await.unwrap();
    let umbrella = sandbox.tenant("umbrella").unwrap();
    assert_eq!(umbrella.base_url(), sandbox.base_url().replace("/org/acme", "/org/umbrella"));
    assert_eq!((sandbox.api_key(), umbrella.api_key()), ("key-a", "key-b"));

    let acme_app = sandbox.create_app("Acme HR");
    let umbrella_app = umbrella.create_app("Umbrella HR");
    assert!(sandbox.app(umbrella_app.id()).is_none());
    assert_eq!(umbrella.app_named("Umbrella HR").unwrap().id(), umbrella_app.id());

    let ask =
        |url: String, key: &str| send(crate::common::http().get(url).header("Authorization", format!("Api-Key {key}")));
    let (_, apps) = ask(format!("{}/api/apps/", umbrella.base_url()), "key-b").await;
    assert_eq!((&apps["count"], &apps["results"][0]["name"]), (&json!(1), &json!("Umbrella HR")));
    refused(&ask(format!("{}/api/apps/", umbrella.base_url()), "key-a").await, 401, "invalid");
    refused(&ask(format!("{}/api/apps/", sandbox.base_url()), "key-b").await, 401, "invalid");
    let elsewhere = format!("{}{APPS}{}/tasks/", sandbox.base_url(), umbrella_app.id());
    refused(&ask(elsewhere, "key-a").await, 404, "app not found");
    let clone = json!({"name": "Clone", "clone_from": umbrella_app.id()});
    refused(&Client::new(&sandbox).send("POST", APPS, &clone).await, 404, "clone_from");
    assert_eq!(sandbox.apps().iter().map(bridge_sandbox::App::id).collect::<Vec<_>>(), [acme_app.id()]);

    umbrella.revoke_key();
    refused(&ask(format!("{}/api/apps/", umbrella.base_url()), "key-b").await, 403, "revoked");
    assert_eq!(ask(format!("{}/api/apps/", sandbox.base_url()), "key-a").await.0, 200);
    assert!(!format!("{sandbox:?} {umbrella:?}").contains("key-"));
}

#[tokio::test]
async fn a_tenant_that_is_named_twice_or_cannot_stand_in_a_path_is_an_error() {
    for (slug, key, word) in [("acme", "k", "named twice"), ("a/b", "k", "a/b"), ("b", "two words", "API key")] {
        let error = Sandbox::builder().also_tenant(slug, key).start().await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}
