//! Reading back by the Lighthouse API.

use crate::common::{Client, acme, refused};
use serde_json::{Value, json};

/// Seven is active, eight suspended, nine inactive, and ten was removed. The second app has one account.
async fn filled() -> (bridge_sandbox::Sandbox, Client, bridge_sandbox::App) {
    let (sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["10"]).await;
    let session = client.start(&app).await;
    let page = json!([
        {"id": "7", "email": "seven@acme.test"},
        {"id": "8", "email": "eight@acme.test", "status": "suspended"},
        {"id": "9", "username": "nine", "status": "inactive"},
    ]);
    client.push(&session, "employee", page).await;
    client.push(&session, "team", json!([{"id": "t1", "name": "Core"}])).await;
    client.complete(&session).await;
    let other = sandbox.create_app("Other");
    client.register(&other, "user", "account").await;
    client.sync(&other, "user", &["7"]).await;
    (sandbox, client, app)
}

fn emails(list: &Value) -> Vec<Value> {
    list["results"].as_array().unwrap().iter().map(|account| account["email"].clone()).collect()
}

#[tokio::test]
async fn apps_are_listed_with_their_bridge_id() {
    let (_sandbox, client, app) = filled().await;
    let (status, list) = client.get("/api/apps/").await;
    assert_eq!(
        (status, &list["count"], &list["next"], &list["previous"]),
        (200, &json!(2), &json!(null), &json!(null))
    );
    let first = &list["results"][0];
    assert_eq!((&first["external_uuid"], &first["name"]), (&json!(app.id()), &json!("Acme HR")));
    let connection = first["connection"].as_object().unwrap();
    assert_eq!(connection.keys().collect::<Vec<_>>(), ["display_name", "external_uuid", "unique_identifier"]);

    let (_, page) = client.get("/api/apps/?limit=1").await;
    let (_, next) = client.get(page["next"].as_str().unwrap()).await;
    assert_eq!(next["results"][0]["name"], "Other");
}

#[tokio::test]
async fn accounts_are_listed_with_upper_case_statuses_and_groups_are_not() {
    let (_sandbox, client, app) = filled().await;
    let (status, list) = client.get(&format!("/api/accounts/?app={}", app.id())).await;
    assert_eq!((status, &list["count"]), (200, &json!(4)));
    let mut seen: Vec<_> =
        list["results"].as_array().unwrap().iter().map(|a| (a["email"].as_str(), a["status"].as_str())).collect();
    seen.sort_unstable();
    assert_eq!(
        seen,
        [
            (None, Some("INACTIVE")),
            (Some("10@acme.test"), Some("INACTIVE")),
            (Some("eight@acme.test"), Some("SUSPENDED")),
            (Some("seven@acme.test"), Some("ACTIVE")),
        ]
    );
    let first = &list["results"][0];
    assert_eq!(first["app"]["external_uuid"], json!(app.id()));
    assert_eq!(first.as_object().unwrap().len(), 4, "no external id is told: {first}");
}

#[tokio::test]
async fn an_account_keeps_its_uuid() {
    let (_sandbox, client, app) = filled().await;
    let url = "/api/accounts/?email=seven@acme.test";
    let (_, before) = client.get(url).await;
    client.sync(&app, "employee", &["8"]).await;
    let (_, after) = client.get(url).await;
    assert_eq!(before["results"][0]["external_uuid"], after["results"][0]["external_uuid"]);
    assert_eq!(
        (&before["results"][0]["status"], &after["results"][0]["status"]),
        (&json!("ACTIVE"), &json!("INACTIVE"))
    );
}

#[tokio::test]
async fn accounts_are_filtered_and_paged() {
    let (_sandbox, client, app) = filled().await;
    assert_eq!(client.get("/api/accounts/").await.1["count"], 5);
    let (_, suspended) = client.get("/api/accounts/?status=SUSPENDED").await;
    assert_eq!(emails(&suspended), ["eight@acme.test"]);
    let (_, by_email) = client.get("/api/accounts/?email=seven%40acme.test").await;
    assert_eq!(by_email["count"], 1);
    assert_eq!(client.get("/api/accounts/?email=nobody").await.1["count"], 0);
    assert_eq!(client.get("/api/accounts/?status=INVITED").await.1["count"], 0);
    assert_eq!(client.get("/api/accounts/?app=00000000-0000-4000-8000-000000000000").await.1["count"], 0);

    let (_, page) = client.get(&format!("/api/accounts/?limit=2&app={}&offset=2", app.id())).await;
    assert_eq!((emails(&page).len(), &page["next"]), (2, &json!(null)));
    let (_, previous) = client.get(page["previous"].as_str().unwrap()).await;
    assert_eq!((emails(&previous).len(), &previous["count"]), (2, &json!(4)));
}

#[tokio::test]
async fn a_bad_filter_is_answered_400_and_an_unknown_one_leaves_a_warning() {
    let (sandbox, client, _) = filled().await;
    refused(&client.get("/api/accounts/?status=active").await, 400, "status");
    refused(&client.get("/api/accounts/?app=acme").await, 400, "app");
    refused(&client.get("/api/apps/?limit=0").await, 400, "limit");
    assert_eq!(sandbox.warnings(), Vec::<String>::new());
    assert_eq!(client.get("/api/accounts/?mail=a").await.1["count"], 5);
    assert!(sandbox.warnings()[0].contains("`mail`"));
}
