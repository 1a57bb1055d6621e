//! What the sandbox remembers of a record, and of a session.

use std::time::Duration;

use crate::common::{accounts, acme, path};
use bridge_sandbox::{Cause, HistoryView, RecordChange};
use serde_json::{Value, json};

/// Which session and which page, or what else.
fn causes(history: &HistoryView) -> Vec<(RecordChange, Cause)> {
    history.entries.iter().map(|entry| (entry.change, entry.cause)).collect()
}

#[tokio::test]
async fn a_record_remembers_which_session_and_page_changed_what() {
    let (_sandbox, client, app) = acme().await;
    let one = client.start(&app).await;
    client.push(&one, "team", json!([{"id": "t1", "name": "Core"}])).await;
    client.push(&one, "employee", json!([{"id": "7", "email": "a@acme.test", "first_name": "Ada"}])).await;
    client.complete(&one).await;
    let two = client.start(&app).await;
    client.push(&two, "employee", json!([{"id": "7", "email": "b@acme.test", "last_name": "Byron"}])).await;
    client.push(&two, "employee", json!([{"id": "7", "email": "b@acme.test", "last_name": "Byron"}])).await;
    client.complete(&two).await;
    let three = client.start(&app).await;
    client.complete(&three).await;
    client.sync(&app, "employee", &["7"]).await;

    let history = app.history("employee", "7").unwrap();
    let ids: Vec<_> = app.sessions().into_iter().map(|session| session.id).collect();
    assert_eq!(
        causes(&history),
        [
            (RecordChange::Created, Cause::Page { session: ids[0], page: 2 }),
            (RecordChange::Changed, Cause::Page { session: ids[1], page: 1 }),
            (RecordChange::Removed, Cause::Completion { session: ids[2] }),
            (RecordChange::CameBack, Cause::Page { session: ids[3], page: 1 }),
        ],
        "a page that changes nothing is no history"
    );
    assert!(history.entries.is_sorted_by_key(|entry| entry.at));
    let changed: Vec<_> = history.entries[1]
        .fields
        .iter()
        .map(|change| (change.field.as_str(), change.from.clone(), change.to.clone()))
        .collect();
    let text = |text: &str| Some(Value::from(text));
    assert_eq!(
        changed,
        [
            ("email", text("a@acme.test"), text("b@acme.test")),
            ("first_name", text("Ada"), None),
            ("last_name", None, text("Byron")),
        ]
    );
    assert_eq!(history.forgotten, 0);
    assert!(app.history("employee", "8").is_none());
}

#[tokio::test]
async fn a_record_that_is_put_by_hand_says_so_and_old_history_is_counted() {
    let (_sandbox, _, app) = acme().await;
    for turn in 0..40 {
        app.put_record("employee", &json!({"id": "7", "email": format!("{turn}@acme.test")}));
    }
    let history = app.history("employee", "7").unwrap();
    assert_eq!((history.entries.len(), history.forgotten), (32, 8));
    assert!(history.entries.iter().all(|entry| entry.cause == Cause::Hand));
    assert_eq!(history.entries[31].fields[0].to, Some(json!("39@acme.test")));
}

#[tokio::test]
async fn a_session_says_what_it_pushed_of_each_type_and_whom_its_completion_removed() {
    let (_sandbox, client, app) = acme().await;
    let people = json!([
        {"id": "7", "email": "ada@acme.test", "first_name": "Ada", "last_name": "Byron"},
        {"id": "8", "email": "bob@acme.test", "display_name": "Bob"},
        {"id": "9", "username": "eve"},
    ]);
    let first = client.start(&app).await;
    client.push(&first, "team", json!([{"id": "t1", "name": "Core"}])).await;
    client.push(&first, "employee", people).await;
    client.complete(&first).await;

    let second = client.start(&app).await;
    client.push(&second, "employee", accounts(&["9", "10"])).await;
    client.push(&second, "employee", accounts(&["10"])).await;
    let open = app.recent_sessions(0, 1).items.remove(0);
    assert_eq!((open.status.as_str(), open.ended_at, open.removed), ("in_progress", None, 0));
    client.complete(&second).await;

    let session = app.session(open.id).unwrap();
    assert_eq!((session.status.as_str(), session.pages, session.removed), ("completed", 2, 3));
    assert!(session.started_at < session.ended_at.unwrap());
    let numbers: Vec<_> = session
        .types
        .iter()
        .map(|one| (one.slug.as_str(), one.pages, one.records, one.ids, one.created, one.updated, one.removed))
        .collect();
    assert_eq!(numbers, [("employee", 2, 3, 2, 1, 2, 2), ("team", 0, 0, 0, 0, 0, 1), ("seat", 0, 0, 0, 0, 0, 0)]);
    let removals = app.removals(open.id, 0, 10);
    let labels: Vec<_> = removals.items.iter().map(|gone| (&*gone.slug, &*gone.id, &*gone.label)).collect();
    assert_eq!(labels, [("employee", "7", "Ada Byron"), ("employee", "8", "Bob"), ("team", "t1", "Core")]);
    assert_eq!(app.removals(open.id, 2, 10).items[0].label, "Core");
    assert_eq!(app.recent_sessions(0, 10).total, 2);
    assert_eq!(app.recent_sessions(1, 10).items[0].types[0].created, 3);
}

#[tokio::test]
async fn a_request_is_kept_with_the_body_of_its_answer() {
    let (sandbox, client, app) = acme().await;
    client.get(&format!("{}tasks/", path(&app))).await;
    let last = sandbox.requests().pop().unwrap();
    let answer: Value = serde_json::from_str(&last.answer).unwrap();
    assert_eq!(answer, json!({"count": 0, "next": null, "previous": null, "results": []}));
    assert_eq!((last.answer_size, last.fault), (last.answer.len(), None));
    assert!(last.took.is_some_and(|took| took < Duration::from_secs(60)));
    assert_eq!(sandbox.request(last.number).unwrap().path, last.path);
}
