//! The open questions of the protocol, each under both answers, over plain HTTP. P1, P4, P9, P15 and P16 stand with the
//! sessions and pages; P13 is a fault.

use std::time::Duration;

use crate::common::{Client, accounts, equip, path, refused};
use bridge_sandbox::{App, Assumptions, Fault, NewTask, Sandbox};
use serde_json::{Value, json};
use uuid::Uuid;

const MINUTE: Duration = Duration::from_secs(60);

/// A sandbox under the default answers but for these.
async fn assuming(changes: &[(&str, &str)]) -> (Sandbox, Client, App) {
    let mut assumptions = Assumptions::default();
    for (name, value) in changes {
        assumptions.set(name, value).unwrap();
    }
    let sandbox = Sandbox::builder().assumptions(assumptions).start().await.unwrap();
    assert_eq!(sandbox.assumptions(), assumptions);
    let (client, app) = equip(&sandbox).await;
    (sandbox, client, app)
}

async fn report(client: &Client, app: &App, task: Uuid, body: &Value) -> crate::common::Answer {
    client.send("PATCH", &format!("{}tasks/{task}/status/", path(app)), body).await
}

/// What the Lighthouse API says of the one account with this email.
async fn status_of(client: &Client, email: &str) -> Value {
    let (_, list) = client.get(&format!("/api/accounts/?email={email}")).await;
    list["results"][0]["status"].clone()
}

#[tokio::test]
async fn p2_completing_twice_is_refused_or_does_nothing() {
    for (value, expected) in [("false", 400), ("true", 202)] {
        let (_sandbox, client, app) = assuming(&[("complete_twice_succeeds", value)]).await;
        let session = client.start(&app).await;
        client.push(&session, "employee", accounts(&["7"])).await;
        client.complete(&session).await;
        assert_eq!(client.complete(&session).await.0, expected);
        assert_eq!(app.active("employee"), 1);
    }
}

#[tokio::test]
async fn p3_an_abandoned_session_is_over_or_can_be_completed_after_all() {
    for (value, expected, removed) in [("false", 400, vec![]), ("true", 202, vec!["7".to_owned()])] {
        let (_sandbox, client, app) = assuming(&[("abandoned_can_be_completed", value)]).await;
        client.sync(&app, "employee", &["7"]).await;
        let session = client.start(&app).await;
        client.push(&session, "employee", accounts(&["8"])).await;
        client.abandon(&session).await;
        refused(&client.push(&session, "employee", accounts(&["9"])).await, 400, "abandoned");
        assert_eq!(client.complete(&session).await.0, expected);
        assert_eq!(app.removed("employee"), removed);
    }
}

#[tokio::test]
async fn p5_a_session_stays_open_for_ever_or_expires() {
    for (value, expires) in [("never", false), ("30m", true)] {
        let (sandbox, client, app) = assuming(&[("session_expires_after", value)]).await;
        let session = client.start(&app).await;
        sandbox.advance(29 * MINUTE);
        assert_eq!(client.push(&session, "employee", accounts(&["7"])).await.0, 200);
        sandbox.advance(2 * MINUTE);
        let page = client.push(&session, "employee", accounts(&["8"])).await;
        let status = client.get(&session).await.1["status"].take();
        if expires {
            refused(&page, 400, "expired");
            refused(&client.complete(&session).await, 400, "expired");
            refused(&client.abandon(&session).await, 400, "expired");
            assert_eq!(status, "expired");
        } else {
            assert_eq!((page.0, status), (200, json!("in_progress")));
        }
    }
}

#[tokio::test]
async fn p6_synced_count_counts_different_ids_or_all_records() {
    for (value, expected) in [("false", 2), ("true", 3)] {
        let (_sandbox, client, app) = assuming(&[("synced_count_is_total", value)]).await;
        let session = client.start(&app).await;
        client.push(&session, "employee", accounts(&["7", "8"])).await;
        client.push(&session, "employee", accounts(&["8"])).await;
        assert_eq!(client.get(&session).await.1["progress"][0]["synced_count"], expected);
    }
}

#[tokio::test]
async fn p7_ids_that_differ_a_little_are_two_records_or_one() {
    let (composed, decomposed) = ("ren\u{e9}", "rene\u{301}");
    for (name, one, other) in [
        ("ids_ignore_case", "Ada", "aDA"),
        ("ids_are_trimmed", "ada", " ada "),
        ("ids_are_normalised", composed, decomposed),
    ] {
        for (value, active) in [("false", 2), ("true", 1)] {
            let (sandbox, client, app) = assuming(&[(name, value)]).await;
            let session = client.start(&app).await;
            client.push(&session, "team", json!([{"id": one, "name": "Core"}])).await;
            client.push(&session, "employee", accounts(&[one])).await;
            let member = json!({"id": other, "email": "a", "memberships": {"team": [other]}});
            let (_, counts) = client.push(&session, "employee", json!([member])).await;
            assert_eq!((&counts["created"], app.active("employee")), (&json!(active - 1), active), "{name}");
            assert_eq!(client.get(&session).await.1["progress"][0]["synced_count"], active, "{name}");
            let is_one = active == 1;
            assert_eq!(app.record("employee", one).unwrap().id == other, is_one, "as it was pushed last");
            assert_eq!(sandbox.warnings().is_empty(), is_one, "the link refers to the group: {name}");
            assert_eq!(app.holders("team", one, 0, 9).total, usize::from(is_one));
            client.complete(&session).await;
            client.sync(&app, "employee", &[one]).await;
            assert_eq!(app.active("employee"), 1);
            assert_eq!(app.removed("employee").len(), active - 1, "{name}");

            let session = client.start(&app).await;
            let both = client.push(&session, "employee", accounts(&[one, other])).await;
            if is_one {
                refused(&both, 422, "twice");
            } else {
                assert_eq!(both.0, 200);
            }
        }
    }
}

#[tokio::test]
async fn p8_a_task_that_is_done_is_found_for_ever_or_dropped_some_time_later() {
    for (value, dropped) in [("never", false), ("1h", true)] {
        let (sandbox, client, app) = assuming(&[("done_tasks_are_dropped_after", value)]).await;
        let done = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "7"})));
        let open = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "8"})));
        report(&client, &app, done, &json!({"status": "completed"})).await;
        sandbox.advance(59 * MINUTE);
        assert_eq!(client.get(&format!("{}tasks/{done}/", path(&app))).await.0, 200);
        sandbox.advance(2 * MINUTE);

        let detail = client.get(&format!("{}tasks/{done}/", path(&app))).await;
        let again = report(&client, &app, done, &json!({"status": "completed"})).await;
        let (_, list) = client.get(&format!("{}tasks/", path(&app))).await;
        if dropped {
            refused(&detail, 404, "task not found");
            refused(&again, 404, "task not found");
            assert_eq!((&list["count"], &list["results"][0]["id"]), (&json!(1), &json!(open)));
        } else {
            assert_eq!((detail.0, again.0, &list["count"]), (200, 409, &json!(2)));
        }
        app.assert_task_completed(done);
    }
}

#[tokio::test]
async fn p10_a_report_that_is_repeated_is_refused_or_does_nothing() {
    for (value, expected) in [("false", 409), ("true", 200)] {
        let (_sandbox, client, app) = assuming(&[("repeated_report_succeeds", value)]).await;
        let task = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "7"})));
        report(&client, &app, task, &json!({"status": "completed", "result": {"n": 1}})).await;
        let (status, answer) = report(&client, &app, task, &json!({"status": "completed", "result": {"n": 2}})).await;
        assert_eq!(status, expected);
        if status == 200 {
            assert_eq!(answer["result"], json!({"n": 1}));
        }
        let other = json!({"status": "failed", "error": {"code": "c", "message": "m"}});
        refused(&report(&client, &app, task, &other).await, 409, "already");
        assert_eq!(app.task(task).unwrap().result, Some(json!({"n": 1})));
    }
}

#[tokio::test]
async fn p11_abandoning_a_completed_session_is_refused_or_does_nothing() {
    for (value, expected) in [("false", 400), ("true", 204)] {
        let (_sandbox, client, app) = assuming(&[("completed_can_be_abandoned", value)]).await;
        let session = client.start(&app).await;
        client.complete(&session).await;
        assert_eq!(client.abandon(&session).await.0, expected);
        assert_eq!(client.get(&session).await.1["status"], "completed");
    }
}

#[tokio::test]
async fn p12_a_type_without_a_page_is_emptied_or_left_alone() {
    for (value, removed) in [("true", vec!["t1".to_owned()]), ("false", vec![])] {
        let (_sandbox, client, app) = assuming(&[("types_without_a_page_are_emptied", value)]).await;
        let session = client.start(&app).await;
        client.push(&session, "team", json!([{"id": "t1", "name": "Core"}])).await;
        client.push(&session, "employee", accounts(&["7"])).await;
        client.complete(&session).await;
        client.sync(&app, "employee", &["8"]).await;
        assert_eq!(app.removed("team"), removed);
        app.assert_removed("employee", "7");
    }
}

#[tokio::test]
async fn p13_a_gateway_sends_429_with_or_without_retry_after() {
    let (sandbox, client, _) = assuming(&[]).await;
    sandbox.fault(Fault::on("GET", "/").times(1).answer(429, "slow down").retry_after(Duration::from_secs(3)));
    sandbox.fault(Fault::on("GET", "/").times(1).answer(429, "slow down"));
    let told = client.request("GET", "/api/apps/").send().await.unwrap();
    assert_eq!((told.status().as_u16(), told.headers()["retry-after"].to_str().unwrap()), (429, "3"));
    let untold = client.request("GET", "/api/apps/").send().await.unwrap();
    assert_eq!((untold.status().as_u16(), untold.headers().get("retry-after")), (429, None));
}

#[tokio::test]
async fn p14_a_link_that_is_listed_no_more_ends_with_the_push_or_at_completion() {
    for (value, waits) in [("false", false), ("true", true)] {
        for completes in [true, false] {
            let (_sandbox, client, app) = assuming(&[("links_end_at_completion", value)]).await;
            let groups = json!([{"id": "t1", "name": "Core"}, {"id": "t2", "name": "Ops"}]);
            let member = |ids: Value| json!([{"id": "7", "email": "a", "memberships": {"team": ids}}]);
            let held = || app.record("employee", "7").unwrap().fields["memberships"]["team"].clone();
            let session = client.start(&app).await;
            client.push(&session, "team", groups.clone()).await;
            client.push(&session, "employee", member(json!(["t1"]))).await;
            client.complete(&session).await;
            assert_eq!(held(), json!(["t1"]));

            let session = client.start(&app).await;
            client.push(&session, "team", groups).await;
            client.push(&session, "employee", member(json!(["t2"]))).await;
            assert_eq!(held(), if waits { json!(["t2", "t1"]) } else { json!(["t2"]) });
            if completes {
                client.complete(&session).await;
                assert_eq!(held(), json!(["t2"]));
            } else {
                client.abandon(&session).await;
                assert_eq!(held(), if waits { json!(["t2", "t1"]) } else { json!(["t2"]) });
            }
        }
    }
}

#[tokio::test]
async fn p14_and_p15_together_end_what_a_listed_slug_does_not_hold_and_nothing_else() {
    for (clears, expected) in [("true", json!({"team": ["t2"]})), ("false", json!({"guild": ["g1"], "team": ["t2"]}))] {
        let both = [("links_end_at_completion", "true"), ("upsert_clears_left_out_fields", clears)];
        let (_sandbox, client, app) = assuming(&both).await;
        client.register(&app, "guild", "group").await;
        let member = |links: Value| json!([{"id": "7", "email": "a", "memberships": links}]);
        let session = client.start(&app).await;
        client.push(&session, "employee", member(json!({"team": ["t1"], "guild": ["g1"]}))).await;
        client.complete(&session).await;
        let session = client.start(&app).await;
        client.push(&session, "employee", member(json!({"team": ["t2"]}))).await;
        let held = || app.record("employee", "7").unwrap().fields["memberships"].clone();
        assert_eq!(held()["guild"], json!(["g1"]), "nothing ends before the completion");
        client.complete(&session).await;
        assert_eq!(held(), expected);
    }
}

#[tokio::test]
async fn p17_a_completed_task_changes_nothing_or_what_it_asked_for() {
    for (value, changes) in [("false", false), ("true", true)] {
        let (sandbox, client, app) = assuming(&[("completed_tasks_change_records", value)]).await;
        client.sync(&app, "employee", &["7", "8", "9"]).await;
        let task = |action: &str, id: &str| NewTask::new(action, "employee").account(json!({ "id": id }));
        let suspend = app.queue(task("suspend_account", "7"));
        let delete = app.queue(task("delete_account", "8"));
        let update =
            app.queue(task("update_account", "9").changes(json!({"email": "new@acme.test", "first_name": "N"})));
        let create = app.queue(NewTask::new("create_account", "employee").account(json!({"email": "made@acme.test"})));
        let failed = app.queue(task("delete_account", "7"));
        for id in [suspend, delete, update] {
            assert_eq!(report(&client, &app, id, &json!({"status": "completed"})).await.0, 200);
        }
        report(&client, &app, create, &json!({"status": "completed", "result": {"id": "10"}})).await;
        let error = json!({"status": "failed", "error": {"code": "c", "message": "m"}});
        report(&client, &app, failed, &error).await;

        let expected = |yes: Value, no: Value| if changes { yes } else { no };
        assert_eq!(status_of(&client, "7@acme.test").await, expected(json!("SUSPENDED"), json!("ACTIVE")));
        assert_eq!(status_of(&client, "8@acme.test").await, expected(json!("INACTIVE"), json!("ACTIVE")));
        assert_eq!(status_of(&client, "new@acme.test").await, expected(json!("ACTIVE"), Value::Null));
        assert_eq!(status_of(&client, "made@acme.test").await, expected(json!("ACTIVE"), Value::Null));
        let unsuspend = app.queue(task("unsuspend_account", "7"));
        report(&client, &app, unsuspend, &json!({"status": "completed"})).await;
        assert_eq!(status_of(&client, "7@acme.test").await, "ACTIVE");
        let gone = app.queue(task("suspend_account", "nobody"));
        assert_eq!(report(&client, &app, gone, &json!({"status": "completed"})).await.0, 200);
        assert_eq!(sandbox.warnings().iter().any(|warning| warning.contains("nobody")), changes);
    }
}

#[tokio::test]
async fn p18_the_memberships_of_a_task_are_the_whole_set_or_are_added() {
    for (value, expected) in
        [("false", json!({"team": ["t2"]})), ("true", json!({"guild": ["g1"], "team": ["t1", "t2"]}))]
    {
        let both = [("completed_tasks_change_records", "true"), ("task_memberships_are_added", value)];
        let (_sandbox, client, app) = assuming(&both).await;
        client.register(&app, "guild", "group").await;
        let session = client.start(&app).await;
        client.push(&session, "team", json!([{"id": "t1", "name": "Core"}, {"id": "t2", "name": "Ops"}])).await;
        client.push(&session, "guild", json!([{"id": "g1", "name": "Rust"}])).await;
        let links = json!({"team": ["t1"], "guild": ["g1"]});
        client.push(&session, "employee", json!([{"id": "7", "email": "a", "memberships": links}])).await;
        client.complete(&session).await;

        let new = NewTask::new("update_account", "employee").account(json!({"id": "7"}));
        let task = app.queue(new.memberships(json!({"team": ["t2"]})));
        report(&client, &app, task, &json!({"status": "completed"})).await;
        assert_eq!(app.record("employee", "7").unwrap().fields["memberships"], expected);
    }
}

#[tokio::test]
async fn a_page_of_tasks_is_as_long_as_assumed() {
    for (value, expected) in [("50", [50, 50]), ("7", [7, 7])] {
        let (_sandbox, client, app) = assuming(&[("task_page_size", value)]).await;
        for id in 0..100 {
            app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": id.to_string()})));
        }
        let (_, first) = client.get(&format!("{}tasks/", path(&app))).await;
        let (_, second) = client.get(first["next"].as_str().unwrap()).await;
        assert_eq!([&first, &second].map(|page| page["results"].as_array().unwrap().len()), expected);
        let (_, chosen) = client.get(&format!("{}tasks/?limit=3", path(&app))).await;
        assert_eq!(chosen["results"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn the_clean_up_follows_the_answer_at_once_or_some_time_later() {
    let (sandbox, client, app) = assuming(&[("clean_up_takes", "10m")]).await;
    let first = client.start(&app).await;
    client.push(&first, "employee", accounts(&["7", "8"])).await;
    assert_eq!(client.complete(&first).await.0, 202);
    sandbox.advance(11 * MINUTE);
    assert_eq!(client.get(&first).await.1["status"], "completed");

    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["8"])).await;
    assert_eq!(client.complete(&session).await.0, 202);
    sandbox.advance(9 * MINUTE);
    assert_eq!(client.get(&session).await.1["status"], "in_progress");
    assert_eq!(status_of(&client, "7@acme.test").await, "ACTIVE");
    refused(&client.push(&session, "employee", accounts(&["9"])).await, 400, "completed");
    refused(&client.complete(&session).await, 400, "completed");
    refused(&client.abandon(&session).await, 400, "completed");
    sandbox.advance(2 * MINUTE);
    assert_eq!(client.get(&session).await.1["status"], "completed");
    assert_eq!(status_of(&client, "7@acme.test").await, "INACTIVE");
    app.assert_removed("employee", "7");
}

#[tokio::test]
async fn what_is_due_happens_although_nobody_asks() {
    let (_sandbox, client, app) = assuming(&[("clean_up_takes", "100ms")]).await;
    let session = client.start(&app).await;
    client.complete(&session).await;
    // Looked at once, and then only when the sandbox says that something changed.
    app.wait_until(|app| app.sessions()[0].status == "completed", 10 * MINUTE).await;
}
