//! Pushing pages: what a record must look like, and what a page does.

use crate::common::{accounts, acme, equip, refused};
use bridge_sandbox::Sandbox;
use serde_json::{Value, json};

#[tokio::test]
async fn a_page_is_upserted_at_once_and_counts_itself() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;

    let answer = client.push(&session, "employee", accounts(&["7", "8"])).await;
    assert_eq!(answer, (200, json!({"total": 2, "created": 2, "updated": 0})));
    app.assert_active("employee", "7");
    let answer = client.push(&session, "employee", accounts(&["8", "9"])).await;
    assert_eq!(answer, (200, json!({"total": 2, "created": 1, "updated": 1})));
    assert_eq!(app.active("employee"), 3);
}

#[tokio::test]
async fn pushing_the_same_page_twice_is_harmless() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["7"])).await;
    let before = app.records("employee");

    let answer = client.push(&session, "employee", accounts(&["7"])).await;
    assert_eq!(answer, (200, json!({"total": 1, "created": 0, "updated": 1})));
    assert_eq!(app.records("employee"), before);
}

#[tokio::test]
async fn a_record_is_held_as_it_was_pushed() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "team", json!([{"id": "t1", "name": "Core", "description": ""}])).await;
    client.push(&session, "seat", json!([{"id": "s1", "name": "Pro"}])).await;
    let full = json!({
        "id": "7", "email": "ada@acme.test", "username": "ada", "first_name": "Ada", "last_name": "", "display_name": "Ada L",
        "status": "suspended", "memberships": {"team": ["t1"]}, "assignments": {"seat": ["s1"]},
    });
    assert_eq!(client.push(&session, "employee", json!([full, {"id": "8", "username": "bob"}])).await.0, 200);

    let ada = app.record("employee", "7").unwrap();
    assert_eq!((ada.fields, ada.status.as_str(), ada.removed), (full, "suspended", false));
    assert_eq!(app.record("employee", "8").unwrap().status, "active");
    assert_eq!(app.record("team", "t1").unwrap().fields["name"], "Core");
    assert_eq!(sandbox.warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn a_page_holds_1_to_100_records() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    let page = |count: usize| -> Value { (0..count).map(|id| json!({"id": id.to_string(), "email": "a"})).collect() };

    refused(&client.push(&session, "employee", json!([])).await, 400, "1 to 100");
    refused(&client.push(&session, "employee", page(101)).await, 400, "101");
    assert_eq!(client.push(&session, "employee", page(100)).await.0, 200);
    for body in [json!({}), json!({"records": {}}), json!({"records": null}), json!([])] {
        refused(&client.send("PUT", &format!("{session}employee/"), &body).await, 400, "");
    }
    assert_eq!(app.active("employee"), 100);
}

#[tokio::test]
async fn an_account_that_breaks_the_schema_is_answered_400_with_its_place() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    for (fields, word) in [
        (json!({}), "`email` or `username`"),
        (json!({"email": ""}), "`email`"),
        (json!({"email": null, "username": "u"}), "`email`"),
        (json!({"username": 7}), "`username`"),
        (json!({"email": "a", "username": ""}), "`username`"),
        (json!({"email": "a", "first_name": null}), "`first_name`"),
        (json!({"email": "a", "display_name": ["x"]}), "`display_name`"),
        (json!({"email": "a", "status": "ACTIVE"}), "`status`"),
        (json!({"email": "a", "status": null}), "`status`"),
        (json!({"email": "a", "memberships": ["t1"]}), "`memberships`"),
        (json!({"email": "a", "memberships": null}), "`memberships`"),
        (json!({"email": "a", "memberships": {"team": "t1"}}), "`team`"),
        (json!({"email": "a", "memberships": {"team": [1]}}), "`team`"),
        (json!({"email": "a", "assignments": {"seat": [""]}}), "`assignments`"),
    ] {
        let mut record = fields;
        record["id"] = json!("bad");
        let answer = client.push(&session, "employee", json!([{"id": "7", "email": "a"}, record])).await;
        refused(&answer, 400, word);
        refused(&answer, 400, "records[1] (id `bad`)");
    }
    for (record, word) in [
        (json!({"email": "a"}), "`id`"),
        (json!({"id": "", "email": "a"}), "`id`"),
        (json!({"id": 7, "email": "a"}), "`id`"),
        (json!("7"), "records[0]"),
    ] {
        refused(&client.push(&session, "employee", json!([record])).await, 400, word);
    }
    assert!(app.records("employee").is_empty(), "a page is taken as a whole or not at all");
}

#[tokio::test]
async fn a_group_or_license_that_breaks_the_schema_is_answered_400() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    for slug in ["team", "seat"] {
        for (record, word) in [
            (json!({"id": "1"}), "`name`"),
            (json!({"id": "1", "name": ""}), "`name`"),
            (json!({"name": "N"}), "`id`"),
            (json!({"id": "1", "name": "N", "description": null}), "`description`"),
            (json!({"id": "1", "name": "N", "email": "a"}), "`email`"),
            (json!({"id": "1", "name": "N", "username": "a"}), "`username`"),
            (json!({"id": "1", "name": "N", "status": "active"}), "`status`"),
            (json!({"id": "1", "name": "N", "memberships": {}}), "`memberships`"),
            (json!({"id": "1", "name": "N", "assignments": {}}), "`assignments`"),
        ] {
            refused(&client.push(&session, slug, json!([record])).await, 400, word);
        }
        assert!(app.records(slug).is_empty());
    }
}

#[tokio::test]
async fn what_does_not_fit_what_is_held_is_answered_422_and_nothing_is_taken() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    for (fields, word) in [
        (json!({"memberships": {"squad": ["1"]}}), "squad"),
        (json!({"memberships": {"seat": ["1"]}}), "license"),
        (json!({"memberships": {"employee": []}}), "account"),
        (json!({"assignments": {"team": []}}), "group"),
        (json!({"assignments": {"bundle": []}}), "bundle"),
    ] {
        let mut record = fields;
        record["id"] = json!("8");
        record["email"] = json!("b");
        let answer = client.push(&session, "employee", json!([{"id": "7", "email": "a"}, record])).await;
        refused(&answer, 422, word);
        refused(&answer, 422, "records[1] (id `8`)");
    }
    refused(&client.push(&session, "employee", accounts(&["7", "8", "7"])).await, 422, "records[2] (id `7`)");
    assert!(app.records("employee").is_empty());
    assert_eq!(app.sessions()[0].pages, 0);
}

#[tokio::test]
async fn an_unknown_slug_or_session_is_answered_404() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    refused(&client.push(&session, "robot", accounts(&["7"])).await, 404, "robot");
    let nobody = format!("{}sync/00000000-0000-4000-8000-000000000000/", crate::common::path(&app));
    refused(&client.push(&nobody, "employee", accounts(&["7"])).await, 404, "sync session not found");
    refused(&client.push(&session.replace("/sync/", "/sync/x"), "employee", accounts(&["7"])).await, 404, "");
}

#[tokio::test]
async fn custom_fields_are_kept_with_a_warning_and_so_are_links_to_nothing() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    let record = json!({"id": "7", "email": "a", "cost_center": 12, "memberships": {"team": ["t9"]}});
    assert_eq!(client.push(&session, "employee", json!([record])).await.0, 200);
    client.push(&session, "employee", json!([record])).await;

    assert_eq!(app.record("employee", "7").unwrap().fields["cost_center"], 12);
    let warnings = sandbox.warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].contains("cost_center"));
    assert!(warnings[1].contains("t9"));
}

#[tokio::test]
async fn a_field_left_out_is_cleared_or_kept_as_assumed() {
    for clears in [true, false] {
        let mut assumptions = bridge_sandbox::Assumptions::default();
        assumptions.upsert_clears_left_out_fields = clears;
        let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
        let (client, app) = equip(&sandbox).await;
        assert_eq!(client.register(&app, "guild", "group").await.0, 201);
        let session = client.start(&app).await;
        let first =
            json!({"id": "7", "email": "a", "first_name": "Ada", "memberships": {"team": ["1"], "guild": ["2"]}});
        client.push(&session, "employee", json!([first])).await;
        client.push(&session, "employee", json!([{"id": "7", "email": "b", "memberships": {"team": []}}])).await;

        let expected = if clears {
            json!({"id": "7", "email": "b", "memberships": {"team": []}})
        } else {
            json!({"id": "7", "email": "b", "first_name": "Ada", "memberships": {"team": [], "guild": ["2"]}})
        };
        assert_eq!(app.record("employee", "7").unwrap().fields, expected);
    }
}
