//! Reading what is held page by page, and waiting for it to change.

use std::time::Duration;

use crate::common::{acme, path};
use bridge_sandbox::{App, NewTask, RecordQuery, RequestQuery, Topic};
use serde_json::json;

const SOON: Duration = Duration::from_secs(10);

fn found(app: &App, change: impl Fn(&mut RecordQuery)) -> (usize, Vec<String>) {
    let mut query = RecordQuery::default();
    query.limit = 10;
    change(&mut query);
    let listing = app.find_records(&query);
    (listing.total, listing.items.into_iter().map(|record| record.id).collect())
}

#[tokio::test]
async fn records_are_found_by_any_of_their_names_whatever_the_case() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "team", json!([{"id": "t1", "name": "Byron fans"}])).await;
    let people = json!([
        {"id": "7", "email": "ADA@acme.test", "first_name": "Ada", "last_name": "Byron"},
        {"id": "8", "username": "zoe", "display_name": "ZOË", "status": "suspended"},
        {"id": "B-9", "email": "x@acme.test", "status": "inactive"},
    ]);
    client.push(&session, "employee", people).await;
    client.complete(&session).await;

    for (text, ids) in [
        ("ada@", &["7"][..]),
        ("byron", &["7", "t1"]),
        ("  BYRON ", &["7", "t1"]),
        ("zoë", &["8"]),
        ("b-9", &["B-9"]),
        ("nobody", &[]),
    ] {
        let (total, found) = found(&app, |query| query.text = text.to_owned());
        assert_eq!((total, found), (ids.len(), ids.iter().map(|id| (*id).to_owned()).collect()), "{text}");
    }
    assert_eq!(found(&app, |query| query.slug = "team".to_owned()).1, ["t1"]);
    assert_eq!(found(&app, |query| query.status = "suspended".to_owned()).1, ["8"]);
    assert_eq!(found(&app, |query| query.status = "active".to_owned()).1, ["7", "t1"]);

    client.sync(&app, "employee", &["8"]).await;
    assert_eq!(found(&app, |query| query.status = "removed".to_owned()).1, ["7", "B-9", "t1"]);
    assert_eq!(found(&app, |query| query.status = "inactive".to_owned()), (0, vec![]), "removed, and nothing else");
}

#[tokio::test]
async fn a_page_of_records_says_how_many_there_are_in_all() {
    let (_sandbox, client, app) = acme().await;
    client.sync(&app, "employee", &["1", "2", "3", "4", "5"]).await;
    let page = |offset, limit| {
        found(&app, |query| {
            query.slug = "employee".to_owned();
            (query.offset, query.limit) = (offset, limit);
        })
    };
    assert_eq!(page(1, 2), (5, vec!["2".to_owned(), "3".to_owned()]));
    assert_eq!(page(4, 2), (5, vec!["5".to_owned()]));
    assert_eq!(page(9, 2), (5, vec![]));
    assert_eq!(page(0, 0), (5, vec![]));
}

#[tokio::test]
async fn the_holders_of_a_group_are_the_accounts_that_list_it_and_are_not_removed() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    client.push(&session, "team", json!([{"id": "t1", "name": "Core"}])).await;
    client.push(&session, "seat", json!([{"id": "t1", "name": "Pro"}])).await;
    let people = json!([
        {"id": "7", "email": "a", "memberships": {"team": ["t0", "t1"]}},
        {"id": "8", "email": "b", "assignments": {"seat": ["t1"]}},
        {"id": "9", "email": "c", "memberships": {"team": []}},
    ]);
    client.push(&session, "employee", people).await;
    let ids = |slug: &str| -> Vec<_> { app.holders(slug, "t1", 0, 9).items.into_iter().map(|one| one.id).collect() };
    assert_eq!((ids("team"), ids("seat")), (vec!["7".to_owned()], vec!["8".to_owned()]));
    assert_eq!(app.holders("employee", "7", 0, 9).total, 0);

    client.complete(&session).await;
    client.sync(&app, "employee", &["8"]).await;
    assert_eq!(app.holders("team", "t1", 0, 9).total, 0);
}

#[tokio::test]
async fn tasks_and_requests_stand_newest_first() {
    let (sandbox, client, app) = acme().await;
    let queued: Vec<_> =
        (0..3).map(|id| app.queue(NewTask::new("suspend_account", "employee").account(json!({ "id": id })))).collect();
    let done = json!({"status": "completed"});
    client.send("PATCH", &format!("{}tasks/{}/status/", path(&app), queued[1]), &done).await;

    let page = app.recent_tasks("", 0, 2);
    assert_eq!(
        (page.total, page.items.iter().map(|task| task.id).collect::<Vec<_>>()),
        (3, vec![queued[2], queued[1]])
    );
    assert!(page.items[1].reported_at.is_some() && page.items[0].reported_at.is_none());
    assert_eq!(app.recent_tasks("pending", 1, 9).items[0].id, queued[0]);
    assert_eq!(app.recent_tasks("no such status", 0, 9).total, 0);

    client.get("/api/apps/").await;
    let mut query = RequestQuery::default();
    query.limit = 1;
    let last = sandbox.find_requests(&query).items.remove(0);
    assert_eq!((last.method.as_str(), last.path.as_str()), ("GET", "/org/acme/api/apps/"));
    query.method = "PATCH".to_owned();
    assert_eq!(sandbox.find_requests(&query).total, 1);
}

#[tokio::test]
async fn waiting_ends_with_the_change_that_was_waited_for() {
    let (sandbox, client, app) = acme().await;
    let waiting = tokio::spawn({
        let app = app.clone();
        async move { app.wait_until(|app| app.removed("employee") == ["7"], SOON).await }
    });
    client.sync(&app, "employee", &["7", "8"]).await;
    client.sync(&app, "employee", &["8"]).await;
    waiting.await.unwrap();
    sandbox.wait_until(|sandbox| sandbox.requests().iter().all(|request| request.status.is_some()), SOON).await;
}

#[tokio::test]
#[should_panic(expected = "app `Acme HR`")]
async fn waiting_in_vain_ends_with_words() {
    let (_sandbox, _, app) = acme().await;
    app.wait_until(|app| app.active("employee") == 1, Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_subscriber_learns_which_app_changed_and_how() {
    let (sandbox, client, app) = acme().await;
    let other = sandbox.create_app("Other");
    let mut changes = sandbox.changes();
    client.sync(&app, "employee", &["7"]).await;
    app.queue(NewTask::new("suspend_account", "employee"));

    let changed = changes.next().await.unwrap();
    let of = |id, topic| changed.iter().any(|change| change.app == id && change.topic == topic);
    for topic in [Topic::Sessions, Topic::Records, Topic::Tasks] {
        assert!(of(Some(app.id()), topic), "{topic:?} is not in {changed:?}");
    }
    assert!(of(None, Topic::Requests));
    assert!(!changed.iter().any(|change| change.app == Some(other.id())));

    client.sync(&app, "employee", &["7"]).await;
    let changed = changes.next().await.unwrap();
    let records = changed.iter().any(|change| change.topic == Topic::Records);
    assert!(!records, "the same page again changes no record: {changed:?}");
}
