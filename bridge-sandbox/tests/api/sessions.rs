//! Sync sessions: progress, completion and what it removes, abandoning.

use crate::common::{accounts, acme, equip, path, refused};
use bridge_sandbox::{Assumptions, Sandbox};
use serde_json::json;

#[tokio::test]
async fn completing_removes_what_was_there_before_and_in_no_page() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["7", "8", "9"]).await;

    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["8"])).await;
    client.push(&session, "employee", accounts(&["10"])).await;
    assert!(app.removed("employee").is_empty(), "nothing is removed before completion");
    assert_eq!(client.complete(&session).await, (202, json!(null)));

    assert_eq!(app.removed("employee"), ["7", "9"]);
    app.assert_active("employee", "8");
    app.assert_active("employee", "10");
    let gone = app.record("employee", "7").unwrap();
    assert_eq!((gone.status.as_str(), gone.removed), ("inactive", true));
    let last = app.sessions().pop().unwrap();
    assert_eq!(last.status, "completed");
    assert_eq!(last.pages, 2);
    assert_eq!(last.pushed["employee"], 2);
    assert_eq!(last.removed, [("employee", "7"), ("employee", "9")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[tokio::test]
async fn completing_empties_the_types_that_nothing_was_pushed_for() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "team", json!([{"id": "t1", "name": "Core"}])).await;
    client.push(&session, "seat", json!([{"id": "s1", "name": "Pro"}])).await;
    client.push(&session, "employee", accounts(&["7"])).await;
    client.complete(&session).await;

    client.sync(&app, "employee", &["7"]).await;
    app.assert_active("employee", "7");
    app.assert_removed("team", "t1");
    app.assert_removed("seat", "s1");
    assert_eq!(app.record("team", "t1").unwrap().status, "removed");

    let empty = client.start(&app).await;
    client.complete(&empty).await;
    app.assert_removed("employee", "7");
    assert_eq!(app.sessions().pop().unwrap().removed.len(), 1, "what was removed before is not removed again");
}

#[tokio::test]
async fn what_came_after_the_snapshot_by_another_way_is_left_alone() {
    let (_sandbox, client, app) = acme().await;
    app.put_record("employee", &json!({"id": "before", "email": "a"}));
    let session = client.start(&app).await;
    app.put_record("employee", &json!({"id": "after", "email": "b"}));
    let other = client.start(&app).await;
    client.push(&other, "employee", accounts(&["by-other"])).await;
    client.complete(&session).await;

    assert_eq!(app.removed("employee"), ["before"]);
    app.assert_active("employee", "after");
    app.assert_active("employee", "by-other");
    client.complete(&other).await;
    app.assert_removed("employee", "after");
    app.assert_active("employee", "by-other");
}

#[tokio::test]
async fn what_was_in_the_snapshot_and_in_no_page_goes_even_if_another_session_pushed_it() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["7"]).await;
    let session = client.start(&app).await;
    client.sync(&app, "employee", &["8"]).await;
    let late = client.start(&app).await;
    client.sync(&app, "employee", &["7"]).await;
    app.assert_active("employee", "7");

    client.complete(&late).await;
    app.assert_active("employee", "7");
    client.complete(&session).await;
    app.assert_removed("employee", "7");
}

#[tokio::test]
async fn a_removed_record_that_is_pushed_again_is_active_and_counts_as_created() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["7"]).await;
    client.sync(&app, "employee", &["8"]).await;
    app.assert_removed("employee", "7");

    let session = client.start(&app).await;
    let answer = client.push(&session, "employee", accounts(&["7", "8"])).await;
    assert_eq!(answer.1, json!({"total": 2, "created": 1, "updated": 1}));
    app.assert_active("employee", "7");
    assert_eq!(app.record("employee", "7").unwrap().status, "active");
    client.complete(&session).await;
    assert_eq!(app.active("employee"), 2);
}

#[tokio::test]
async fn progress_lists_every_type_and_counts_different_ids() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["7", "8"])).await;
    client.push(&session, "employee", accounts(&["8", "9"])).await;

    let (status, body) = client.get(&session).await;
    assert_eq!(status, 200);
    assert!(session.contains(body["sync_id"].as_str().unwrap()));
    assert_eq!(body["status"], "in_progress");
    assert_eq!(
        body["progress"],
        json!([
            {"slug": "employee", "name": "EMPLOYEE", "type": "account", "synced_count": 3},
            {"slug": "team", "name": "TEAM", "type": "group", "synced_count": 0},
            {"slug": "seat", "name": "SEAT", "type": "license", "synced_count": 0},
        ])
    );
    client.complete(&session).await;
    let (_, after) = client.get(&session).await;
    assert_eq!(after["status"], "completed");
    assert_eq!(after["progress"], body["progress"]);
}

#[tokio::test]
async fn progress_lists_companions_where_that_is_assumed() {
    let mut assumptions = Assumptions::default();
    assumptions.companions_in_progress = true;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let (client, app) = equip(&sandbox).await;
    let session = client.start(&app).await;
    let groups = json!([{"id": "t1", "name": "Core"}, {"id": "t2", "name": "Ops"}]);
    client.push(&session, "team", groups).await;
    client.push(&session, "employee", json!([{"id": "7", "email": "a", "memberships": {"team": ["t1", "t2"]}}])).await;

    let (_, body) = client.get(&session).await;
    let progress = body["progress"].as_array().unwrap();
    assert_eq!(progress.len(), 5);
    assert_eq!((&progress[3]["type"], &progress[3]["synced_count"]), (&json!("membership"), &json!(2)));
    assert_eq!(app.sessions()[0].pushed.keys().collect::<Vec<_>>(), ["employee", "team"]);
}

#[tokio::test]
async fn an_abandoned_session_keeps_what_was_pushed_and_removes_nothing() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["7"]).await;
    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["8"])).await;

    assert_eq!(client.abandon(&session).await, (204, json!(null)));
    assert_eq!(app.active("employee"), 2);
    assert_eq!(client.get(&session).await.1["status"], "abandoned");
    assert_eq!(app.sessions()[1].status, "abandoned");
}

#[tokio::test]
async fn a_session_that_is_over_is_answered_400() {
    let (_sandbox, client, app) = acme().await;
    let completed = client.start(&app).await;
    client.complete(&completed).await;
    let abandoned = client.start(&app).await;
    client.abandon(&abandoned).await;

    for (session, word) in [(completed, "completed"), (abandoned, "abandoned")] {
        refused(&client.push(&session, "employee", accounts(&["7"])).await, 400, word);
        refused(&client.complete(&session).await, 400, word);
        refused(&client.abandon(&session).await, 400, word);
        assert_eq!(client.get(&session).await.1["status"], word);
    }
    assert!(app.records("employee").is_empty());
}

#[tokio::test]
async fn an_unknown_session_is_answered_404() {
    let (sandbox, client, app) = acme().await;
    let nobody = format!("{}sync/00000000-0000-4000-8000-000000000000/", path(&app));
    let elsewhere = client.start(&sandbox.create_app("Other")).await;
    let elsewhere = elsewhere.rsplit('/').nth(1).unwrap();
    for session in [nobody, format!("{}sync/{elsewhere}/", path(&app))] {
        refused(&client.get(&session).await, 404, "sync session not found");
        refused(&client.complete(&session).await, 404, "sync session not found");
        refused(&client.abandon(&session).await, 404, "sync session not found");
    }
}

#[tokio::test]
async fn several_sessions_are_open_at_once_unless_assumed_otherwise() {
    let (_sandbox, client, app) = acme().await;
    client.start(&app).await;
    client.start(&app).await;
    assert_eq!(app.sessions().len(), 2);

    let mut assumptions = Assumptions::default();
    assumptions.several_sessions = false;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let (client, app) = equip(&sandbox).await;
    let session = client.start(&app).await;
    refused(&client.post(&format!("{}sync/", path(&app))).await, 409, "in progress");
    client.abandon(&session).await;
    client.start(&app).await;

    assumptions.new_session_ends_older = true;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let (client, app) = equip(&sandbox).await;
    let session = client.start(&app).await;
    client.start(&app).await;
    assert_eq!(client.get(&session).await.1["status"], "abandoned");
}

#[tokio::test]
async fn completing_sets_the_time_of_the_last_sync() {
    let (sandbox, client, _) = acme().await;
    let (_, before) = client.send("POST", "/api/v1/bridge/apps/", &json!({"name": "B"})).await;
    assert_eq!(before["configuration_status"], "NEW");
    let app = sandbox.app_named("B").unwrap();
    let session = client.start(&app).await;
    assert_eq!(client.complete(&session).await.0, 202);
    assert_eq!(app.sessions()[0].status, "completed");
    assert!(app.last_synced_at().is_some());
}

#[tokio::test]
#[should_panic(expected = "holds active [8], removed [7]")]
async fn a_failed_assertion_shows_what_is_held() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["7"]).await;
    client.sync(&app, "employee", &["8"]).await;
    app.assert_active("employee", "7");
}

#[tokio::test]
async fn what_came_after_the_snapshot_is_removed_where_that_is_assumed() {
    let mut assumptions = Assumptions::default();
    assumptions.newer_records_are_removed = true;
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    let (client, app) = equip(&sandbox).await;
    let session = client.start(&app).await;
    app.put_record("employee", &json!({"id": "after", "email": "b"}));
    client.push(&session, "employee", accounts(&["7"])).await;
    client.complete(&session).await;
    app.assert_removed("employee", "after");
    app.assert_active("employee", "7");
}
