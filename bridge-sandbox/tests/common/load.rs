//! Many records, and how long it takes to look at them.

#![allow(dead_code, unreachable_pub, reason = "tests and a benchmark use it, each its own part")]

use std::time::{Duration, Instant};

use bridge_sandbox::{App, RecordQuery};
use serde_json::{Value, json};

use crate::common::{Client, send};

/// Accounts of one page. The first sync of 100,000 has ids from 0 to 99,999.
pub fn page(number: usize) -> Value {
    let people = number * 100..number * 100 + 100;
    people
        .map(|id| {
            let status = if id % 10 == 0 { "suspended" } else { "active" };
            json!({
                "id": id.to_string(), "email": format!("person{id}@acme.test"), "username": format!("person{id}"),
                "first_name": "Person", "last_name": format!("No. {id}"), "display_name": format!("Person No. {id}"),
                "status": status, "memberships": {"team": ["t0", format!("t{}", id % 100)]}, "assignments": {"seat": []},
            })
        })
        .collect()
}

/// Pushes pages, several at once, and says how long that took. The pages are made before.
pub async fn push(client: &Client, session: &str, pages: std::ops::Range<usize>, at_once: usize) -> Duration {
    let bodies: Vec<_> = pages.map(|number| json!({"records": page(number)}).to_string()).collect();
    let bodies = tokio::sync::Mutex::new(bodies.into_iter());
    let start = Instant::now();
    let worker = async || {
        loop {
            let next = bodies.lock().await.next();
            let Some(body) = next else { return };
            let request = client.request("PUT", &format!("{session}employee/"));
            let request = request.header("Content-Type", "application/json").body(body);
            assert_eq!(send(request).await.0, 200);
        }
    };
    futures_util::future::join_all((0..at_once).map(|_| worker())).await;
    start.elapsed()
}

/// Groups that the accounts of a page refer to.
pub async fn push_teams(client: &Client, session: &str) {
    let teams: Value = (0..100).map(|id| json!({"id": format!("t{id}"), "name": format!("Team {id}")})).collect();
    assert_eq!(client.push(session, "team", teams).await.0, 200);
}

/// What the console's pages ask for, and how long each takes with 100,000 accounts of `push`.
pub fn looks(app: &App) -> Vec<(&'static str, Duration)> {
    let mut looks = Vec::new();
    let mut look = |what, expected: usize, found: &dyn Fn() -> usize| {
        let start = Instant::now();
        assert_eq!(found(), expected, "{what}");
        looks.push((what, start.elapsed()));
    };
    let records = |change: &dyn Fn(&mut RecordQuery)| {
        let mut query = RecordQuery::default();
        (query.slug, query.limit) = ("employee".to_owned(), 50);
        change(&mut query);
        app.find_records(&query).total
    };
    look("the first page of the records", 100_000, &|| records(&|_| {}));
    look("the last page of the records", 100_000, &|| records(&|query| query.offset = 99_950));
    look("a search that finds one", 1, &|| records(&|query| query.text = "person77777@".to_owned()));
    look("a search that finds all", 100_000, &|| records(&|query| query.text = "PERSON".to_owned()));
    look("a search that finds none", 0, &|| records(&|query| query.text = "nobody".to_owned()));
    look("the suspended", 10_000, &|| records(&|query| query.status = "suspended".to_owned()));
    look("all types at once", 100_100, &|| records(&|query| query.slug = String::new()));
    look("the members of a group", 1_000, &|| app.holders("team", "t77", 0, 50).total);
    look("one record and its history", 1, &|| {
        usize::from(app.record("employee", "77777").is_some() && app.history("employee", "77777").is_some())
    });
    look("the sessions", 1, &|| app.recent_sessions(0, 20).total);
    looks
}
