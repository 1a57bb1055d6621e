//! Tasks: lists and their pages, details, reports.

use std::time::Duration;

use crate::common::{accounts, acme, path, refused};
use bridge_sandbox::{App, NewTask};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

fn suspend(id: &str) -> NewTask {
    NewTask::new("suspend_account", "employee").account(json!({ "id": id }))
}

fn task_path(app: &App, id: Uuid) -> String {
    format!("{}tasks/{id}/", path(app))
}

fn ids(list: &Value) -> Vec<String> {
    list["results"].as_array().unwrap().iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_task_is_shown_with_exactly_its_documented_fields() {
    let (_sandbox, client, app) = acme().await;
    let due = Timestamp::now() + Duration::from_secs(3600);
    let new = NewTask::new("update_account", "employee")
        .account(json!({"id": "7"}))
        .memberships(json!({"team": ["t1"]}))
        .changes(json!({"last_name": "Byron"}))
        .execute_after(due);
    let id = app.queue(new);

    let (status, task) = client.get(&task_path(&app, id)).await;
    assert_eq!(status, 200);
    assert_eq!(task["created_at"].as_str().unwrap().parse::<Timestamp>().unwrap(), app.task(id).unwrap().created_at);
    let expected = json!({
        "id": id, "action": "update_account", "resource_type": "employee", "status": "scheduled",
        "execute_after": due, "created_at": task["created_at"],
        "payload": {"account": {"id": "7"}, "memberships": {"team": ["t1"]}, "changes": {"last_name": "Byron"}},
    });
    assert_eq!(task, expected);

    let plain = app.queue(NewTask::new("reset_password", "employee"));
    let (_, list) = client.get(&format!("{}tasks/", path(&app))).await;
    assert_eq!(list["results"][0], expected);
    assert_eq!(list["results"][1]["execute_after"], json!(null));
    assert_eq!(list["results"][1]["payload"], json!({"account": null, "memberships": null, "changes": null}));
    assert_eq!(ids(&list), [id.to_string(), plain.to_string()]);
}

#[tokio::test]
async fn lists_are_filtered_by_status() {
    let (_sandbox, client, app) = acme().await;
    let pending = app.queue(suspend("1"));
    let scheduled = app.queue(suspend("2").execute_after(Timestamp::now() + Duration::from_secs(3600)));
    let completed = app.queue(suspend("3"));
    let failed = app.queue(suspend("4"));
    client.send("PATCH", &format!("{}status/", task_path(&app, completed)), &json!({"status": "completed"})).await;
    let report = json!({"status": "failed", "error": {"code": "timeout", "message": "slow"}});
    client.send("PATCH", &format!("{}status/", task_path(&app, failed)), &report).await;

    for (status, id) in [("pending", pending), ("scheduled", scheduled), ("completed", completed), ("failed", failed)] {
        let (_, list) = client.get(&format!("{}tasks/?status={status}", path(&app))).await;
        assert_eq!(list["count"], 1);
        assert_eq!(ids(&list), [id.to_string()]);
        assert_eq!(list["results"][0]["status"], status);
    }
    assert_eq!(client.get(&format!("{}tasks/", path(&app))).await.1["count"], 4);
}

#[tokio::test]
async fn a_bad_filter_is_answered_400() {
    let (_sandbox, client, app) = acme().await;
    for query in
        ["status=done", "status=PENDING", "limit=0", "limit=-1", "limit=ten", "limit=", "offset=-1", "offset=x"]
    {
        let name = query.split('=').next().unwrap();
        refused(&client.get(&format!("{}tasks/?{query}", path(&app))).await, 400, name);
    }
    refused(&client.get(&format!("{}tasks/?limit=1&limit=2", path(&app))).await, 400, "twice");
}

#[tokio::test]
async fn pages_have_50_tasks_and_absolute_links_in_both_directions() {
    let (sandbox, client, app) = acme().await;
    let queued: Vec<_> = (0..120).map(|id| app.queue(suspend(&id.to_string())).to_string()).collect();
    let first = format!("{}{}tasks/?status=pending", sandbox.base_url(), path(&app));

    let (mut url, mut seen, mut pages) = (Some(first), Vec::new(), Vec::new());
    while let Some(next) = url {
        let (status, page) = client.get(&next).await;
        assert_eq!((status, &page["count"]), (200, &json!(120)));
        seen.extend(ids(&page));
        url = page["next"].as_str().map(str::to_owned);
        pages.push(page);
    }
    assert_eq!(seen, queued, "in the order of creation");
    assert_eq!(pages.iter().map(|page| ids(page).len()).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!(pages[0]["previous"], json!(null));
    assert!(pages[0]["next"].as_str().unwrap().starts_with(&format!("{}/api/", sandbox.base_url())));
    assert!(pages[0]["next"].as_str().unwrap().contains("status=pending"));

    let (_, middle) = client.get(pages[2]["previous"].as_str().unwrap()).await;
    assert_eq!(ids(&middle), ids(&pages[1]));
    let (_, start) = client.get(middle["previous"].as_str().unwrap()).await;
    assert!(!middle["previous"].as_str().unwrap().contains("offset"), "as Django does");
    assert_eq!((ids(&start), &start["previous"]), (ids(&pages[0]), &json!(null)));
}

#[tokio::test]
async fn limit_and_offset_choose_the_page() {
    let (_sandbox, client, app) = acme().await;
    let queued: Vec<_> = (0..5).map(|id| app.queue(suspend(&id.to_string())).to_string()).collect();
    let (_, page) = client.get(&format!("{}tasks/?limit=2&offset=1", path(&app))).await;
    assert_eq!(ids(&page), queued[1..3]);
    let (_, page) = client.get(page["next"].as_str().unwrap()).await;
    assert_eq!((ids(&page), &page["next"]), (queued[3..].to_vec(), &json!(null)));
    let (status, page) = client.get(&format!("{}tasks/?offset=99", path(&app))).await;
    assert_eq!((status, ids(&page).len(), &page["count"]), (200, 0, &json!(5)));
}

#[tokio::test]
async fn a_scheduled_task_becomes_pending_by_itself_when_it_is_due() {
    let (sandbox, client, app) = acme().await;
    let id = app.queue(suspend("7").execute_after(Timestamp::now() + Duration::from_secs(3600)));

    sandbox.advance(Duration::from_secs(3500));
    assert_eq!(app.task(id).unwrap().status, "scheduled");
    sandbox.advance(Duration::from_secs(200));
    assert_eq!(app.task(id).unwrap().status, "pending");
    let (_, list) = client.get(&format!("{}tasks/?status=pending", path(&app))).await;
    assert_eq!(ids(&list), [id.to_string()]);
}

#[tokio::test]
async fn a_completed_task_keeps_its_result_and_does_not_touch_the_records() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "employee", accounts(&["7"])).await;
    client.complete(&session).await;
    let id = app.queue(suspend("7"));

    let report = json!({"status": "completed", "result": {"seats": 1}, "error": null});
    let (status, task) = client.send("PATCH", &format!("{}status/", task_path(&app, id)), &report).await;
    assert_eq!((status, &task["status"], &task["result"]), (200, &json!("completed"), &json!({"seats": 1})));
    assert_eq!(task["error"], json!(null));
    assert_eq!(client.get(&task_path(&app, id)).await.1, task);
    app.assert_task_completed(id);
    assert_eq!(app.task(id).unwrap().result, Some(json!({"seats": 1})));
    assert_eq!(app.record("employee", "7").unwrap().status, "active", "only the next sync changes it");
}

#[tokio::test]
async fn a_failed_task_keeps_its_error() {
    let (_sandbox, client, app) = acme().await;
    let id = app.queue(suspend("7"));
    let error = json!({"code": "account_not_found", "message": "no 7"});
    let report = json!({"status": "failed", "error": error});
    assert_eq!(client.send("PATCH", &format!("{}status/", task_path(&app, id)), &report).await.0, 200);
    app.assert_task_failed(id, "account_not_found");
    assert_eq!(app.tasks()[0].error, Some(error));
}

#[tokio::test]
async fn a_task_that_is_done_is_answered_409_whatever_is_reported() {
    let (_sandbox, client, app) = acme().await;
    let completed = json!({"status": "completed", "result": {"n": 1}});
    let failed = json!({"status": "failed", "error": {"code": "c", "message": "m"}});
    for first in [&completed, &failed] {
        let id = app.queue(suspend("7"));
        let url = format!("{}status/", task_path(&app, id));
        client.send("PATCH", &url, first).await;
        let before = app.task(id);
        refused(&client.send("PATCH", &url, &completed).await, 409, "already");
        refused(&client.send("PATCH", &url, &failed).await, 409, "already");
        assert_eq!(app.task(id), before);
    }
}

#[tokio::test]
async fn a_report_that_breaks_the_schema_is_answered_400() {
    let (_sandbox, client, app) = acme().await;
    let id = app.queue(suspend("7"));
    for (body, word) in [
        (json!({}), "status"),
        (json!({"status": "pending"}), "status"),
        (json!({"status": "scheduled"}), "status"),
        (json!({"status": null}), "status"),
        (json!({"status": "completed", "result": "ok"}), "result"),
        (json!({"status": "completed", "result": []}), "result"),
        (json!({"status": "failed", "error": "boom"}), "error"),
        (json!({"status": "failed", "error": {"message": "m"}}), "code"),
        (json!({"status": "failed", "error": {"code": "", "message": "m"}}), "code"),
        (json!({"status": "failed", "error": {"code": "c"}}), "message"),
        (json!({"status": "failed", "error": {"code": "c", "message": 7}}), "message"),
        (json!({"status": "completed", "note": "x"}), "note"),
    ] {
        refused(&client.send("PATCH", &format!("{}status/", task_path(&app, id)), &body).await, 400, word);
    }
    assert_eq!(app.task(id).unwrap().status, "pending");
}

#[tokio::test]
async fn an_unknown_task_is_answered_404_also_one_of_another_app() {
    let (sandbox, client, app) = acme().await;
    let elsewhere = sandbox.create_app("Other").queue(suspend("7"));
    for id in [elsewhere, Uuid::nil()] {
        refused(&client.get(&task_path(&app, id)).await, 404, "task not found");
        let url = format!("{}status/", task_path(&app, id));
        refused(&client.send("PATCH", &url, &json!({"status": "completed"})).await, 404, "task not found");
    }
}

#[tokio::test]
async fn doubtful_reports_are_taken_with_a_warning() {
    let (sandbox, client, app) = acme().await;
    let later = app.queue(suspend("7").execute_after(Timestamp::now() + Duration::from_secs(3600)));
    let silent = app.queue(suspend("8"));
    let made = app.queue(NewTask::new("create_account", "employee").account(json!({"email": "a"})));
    for (id, body) in [
        (later, json!({"status": "completed"})),
        (silent, json!({"status": "failed"})),
        (made, json!({"status": "completed", "result": {}})),
    ] {
        assert_eq!(client.send("PATCH", &format!("{}status/", task_path(&app, id)), &body).await.0, 200);
    }
    let warnings = sandbox.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(warnings[0].contains("before it was due"));
    assert!(warnings[1].contains("without an error"));
    assert!(warnings[2].contains("`id`"));
}

#[tokio::test]
async fn waiting_for_a_task_ends_with_its_report() {
    let (_sandbox, client, app) = acme().await;
    let id = app.queue(suspend("7"));
    let waiting = tokio::spawn({
        let app = app.clone();
        async move { app.wait_until_task_done(id, Duration::from_secs(10)).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    client.send("PATCH", &format!("{}status/", task_path(&app, id)), &json!({"status": "completed"})).await;
    assert_eq!(waiting.await.unwrap().status, "completed");
}

#[tokio::test]
#[should_panic(expected = "is not done after 10ms")]
async fn waiting_for_a_task_panics_when_the_time_is_up() {
    let (_sandbox, _, app) = acme().await;
    let id = app.queue(suspend("7"));
    app.wait_until_task_done(id, Duration::from_millis(10)).await;
}

#[tokio::test]
async fn tasks_of_one_instant_say_the_same_time_and_are_listed_as_they_were_queued() {
    let (_sandbox, client, app) = acme().await;
    let made: Timestamp = "2026-01-05T09:30:00.123456789Z".parse().unwrap();
    let queued = ["3", "1", "2"].map(|id| app.queue(suspend(id).created_at(made)).to_string());

    let (_, list) = client.get(&format!("{}tasks/?status=pending", path(&app))).await;

    assert_eq!(ids(&list), queued);
    for task in list["results"].as_array().unwrap() {
        assert_eq!(task["created_at"], "2026-01-05T09:30:00.123456Z");
    }
}
