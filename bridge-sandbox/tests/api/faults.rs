//! Faults, as a client feels them.

use std::time::{Duration, Instant};

use crate::common::{accounts, acme, path, refused};
use bridge_sandbox::Fault;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_fault_counts_the_requests_that_fit_and_then_is_over() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    sandbox.fault(Fault::on("PUT", "/sync/").after(1).times(2).answer(503, "busy").header("Retry-After", "7"));

    assert_eq!(client.push(&session, "employee", accounts(&["1"])).await.0, 200);
    assert_eq!(client.get(&session).await.0, 200, "another method does not fit");
    let page = client.request("PUT", &format!("{session}employee/")).json(&json!({"records": accounts(&["2"])}));
    let response = page.send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    refused(&client.push(&session, "employee", accounts(&["3"])).await, 503, "busy");
    assert_eq!(client.push(&session, "employee", accounts(&["4"])).await.0, 200);
    assert_eq!(app.active("employee"), 2, "a refused page is not taken");
    let statuses: Vec<_> = sandbox.requests().iter().filter(|r| r.method == "PUT").map(|r| r.status).collect();
    assert_eq!(statuses, [Some(200), Some(503), Some(503), Some(200)]);
}

#[tokio::test]
async fn the_first_rule_in_force_wins() {
    let (sandbox, client, _) = acme().await;
    sandbox.fault(Fault::on("GET", "/api/apps/").times(1).answer(500, "one"));
    sandbox.fault(Fault::on("*", "/api/").times(1).answer(502, "two"));
    refused(&client.get("/api/apps/").await, 500, "one");
    refused(&client.get("/api/apps/").await, 502, "two");
    assert_eq!(client.get("/api/apps/").await.0, 200);

    sandbox.fault(Fault::on("*", "/").answer(500, "all"));
    refused(&client.get("/api/apps/").await, 500, "all");
    sandbox.clear_faults();
    assert_eq!(client.get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn a_rule_for_the_end_of_a_path_leaves_longer_paths_alone() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    sandbox.fault(Fault::ending("POST", "/sync/").answer(500, "no session"));
    refused(&client.post(&format!("{}sync/", path(&app))).await, 500, "no session");
    assert_eq!(client.complete(&session).await.0, 202);
}

#[tokio::test]
async fn a_raw_answer_is_sent_as_it_is_and_a_redirect_names_its_goal() {
    let (sandbox, client, _) = acme().await;
    sandbox.fault(Fault::on("GET", "/api/apps/").times(1).answer_raw(502, "text/html", "<h1>Bad Gateway</h1>"));
    let response = client.request("GET", "/api/apps/").send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()), (502, "text/html"));
    assert_eq!(response.text().await.unwrap(), "<h1>Bad Gateway</h1>");

    sandbox.fault(Fault::on("GET", "/api/apps/").redirect(302, "http://elsewhere.test/"));
    let response = client.request("GET", "/api/apps/").send().await.unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(response.headers()["location"], "http://elsewhere.test/");
}

#[tokio::test]
async fn a_dropped_connection_does_nothing_and_a_lost_answer_does_everything() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    sandbox.fault(Fault::on("PUT", "/sync/").times(1).drop_connection());
    sandbox.fault(Fault::on("PUT", "/sync/").times(1).lose_answer());

    for (id, held) in [("1", 0), ("2", 1)] {
        let page = client.request("PUT", &format!("{session}employee/")).json(&json!({"records": accounts(&[id])}));
        let error = page.send().await.expect_err("no status, but a broken connection");
        assert!(error.status().is_none() && !error.is_timeout(), "{error:?}");
        assert_eq!(app.active("employee"), held);
        assert_eq!(sandbox.requests().pop().unwrap().status, None);
    }
    assert_eq!(client.push(&session, "employee", accounts(&["3"])).await.0, 200, "the next connection is fine");
}

#[tokio::test]
async fn no_byte_of_a_lost_answer_leaves_the_socket() {
    let (sandbox, _, _) = acme().await;
    for fault in [Fault::on("GET", "/").times(1).drop_connection(), Fault::on("GET", "/").times(1).lose_answer()] {
        sandbox.fault(fault);
        let mut socket = TcpStream::connect(sandbox.address()).await.unwrap();
        let key = sandbox.api_key();
        let request = format!("GET /org/acme/api/apps/ HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key {key}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        // Closed or reset: both are fine.
        let _ = socket.read_to_end(&mut received).await;
        assert!(received.is_empty(), "{}", String::from_utf8_lossy(&received));
    }
}

#[tokio::test]
async fn a_gateway_can_give_up_while_the_work_is_done() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    sandbox.fault(Fault::ending("POST", "/complete/").answer(504, "gave up").but_act());
    refused(&client.complete(&session).await, 504, "gave up");
    assert_eq!(app.sessions()[0].status, "completed");
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_in_its_body() {
    let (sandbox, client, app) = acme().await;
    sandbox.fault(Fault::ending("POST", "/sync/").times(1).truncate_answer());
    let response = client.request("POST", &format!("{}sync/", path(&app))).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.content_length(), Some(r#"{"sync_id":"00000000-0000-4000-8000-000000000000"}"#.len() as u64));
    assert!(response.bytes().await.is_err());
    assert_eq!(app.sessions().len(), 1);

    sandbox.fault(Fault::ending("POST", "/complete/").truncate_answer());
    let session = client.start(&app).await;
    assert_eq!(client.complete(&session).await.0, 202, "there is nothing to truncate");
}

#[tokio::test]
async fn a_garbled_answer_claims_to_be_json() {
    let (sandbox, client, app) = acme().await;
    sandbox.fault(Fault::ending("POST", "/sync/").garble_answer());
    let response = client.request("POST", &format!("{}sync/", path(&app))).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (200, "application/json")
    );
    assert!(serde_json::from_slice::<serde_json::Value>(&response.bytes().await.unwrap()).is_err());
    assert_eq!(app.sessions().len(), 1);
}

#[tokio::test]
async fn a_delay_comes_before_anything_is_done() {
    let (sandbox, client, app) = acme().await;
    sandbox.fault(Fault::ending("POST", "/sync/").delay(Duration::from_millis(300)));
    let start = Instant::now();
    let request = client.request("POST", &format!("{}sync/", path(&app))).timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert!(app.sessions().is_empty());

    client.start(&app).await;
    assert!(start.elapsed() >= Duration::from_millis(400));
}

#[tokio::test]
async fn an_answer_that_is_held_comes_after_everything_is_done() {
    let (sandbox, client, app) = acme().await;
    sandbox.fault(Fault::ending("POST", "/sync/").times(1).hold_answer(Duration::from_millis(300)));
    let start = Instant::now();
    let request = client.request("POST", &format!("{}sync/", path(&app))).timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(app.sessions().len(), 1, "nobody was told, and it is open");

    sandbox.fault(Fault::ending("POST", "/complete/").hold_answer(Duration::from_millis(300)).answer(500, "no"));
    let session = client.start(&app).await;
    refused(&client.complete(&session).await, 500, "no");
    assert!(start.elapsed() >= Duration::from_millis(400));
    assert_eq!(app.sessions()[1].status, "in_progress", "another answer instead, and late");
}

#[tokio::test]
async fn a_fault_meets_a_revoked_key_and_never_a_request_with_an_unknown_one() {
    let (sandbox, client, _) = acme().await;
    sandbox.fault(Fault::on("GET", "/api/apps/").answer(429, "slow down").times(1));
    refused(&crate::common::Client::with_key(&sandbox, "wrong").get("/api/apps/").await, 401, "invalid");
    sandbox.revoke_key();
    refused(&client.get("/api/apps/").await, 429, "slow");
    refused(&client.get("/api/apps/").await, 403, "revoked");
}

#[tokio::test]
async fn shutdown_does_not_wait_for_a_long_delay() {
    let (sandbox, client, _) = acme().await;
    sandbox.fault(Fault::on("GET", "/").delay(Duration::from_secs(600)));
    let request = tokio::spawn(client.request("GET", "/api/apps/").send());
    while sandbox.requests().last().is_none_or(|last| last.method != "GET") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::timeout(Duration::from_secs(3), sandbox.shutdown()).await.unwrap();
    assert_eq!(request.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn a_rule_is_listed_in_words_with_how_often_it_fired_and_can_be_removed() {
    let (sandbox, client, _) = acme().await;
    sandbox.fault(Fault::on("GET", "/api/apps/").after(1).times(2).answer(503, "busy"));
    sandbox.fault(Fault::ending("*", "/sync/").hold_answer(Duration::from_secs(1)).lose_answer());
    client.get("/api/apps/").await;
    client.get("/api/apps/").await;

    let rules = sandbox.faults();
    assert_eq!((rules[0].after, rules[0].left, rules[0].fired), (0, Some(1), 1));
    assert_eq!(rules[0].rule, "GET on paths with `/api/apps/`: do nothing, answer 503");
    assert_eq!((rules[1].left, rules[1].fired), (None, 0));
    assert_eq!(
        rules[1].rule,
        "any method on paths that end in `/sync/`: act, wait 1s, close the connection without an answer"
    );
    let requests = sandbox.requests();
    assert_eq!(requests[requests.len() - 1].fault.as_deref(), Some(rules[0].rule.as_str()));
    assert_eq!(requests[requests.len() - 2].fault, None);

    let number = rules[0].number;
    assert!(sandbox.remove_fault(number) && !sandbox.remove_fault(number));
    assert_eq!(client.get("/api/apps/").await.0, 200);
    assert_eq!(sandbox.faults().len(), 1);
}

#[tokio::test]
async fn a_reset_connection_says_so_and_nothing_is_done() {
    let (sandbox, client, app) = acme().await;
    sandbox.fault(Fault::ending("POST", "/apps/*/sync/").times(1).reset_connection());
    let error = client.request("POST", &format!("{}sync/", path(&app))).send().await.unwrap_err();
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    let mut is_reset = false;
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        is_reset |= io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset);
        cause = error.source();
    }
    assert!(is_reset, "{error:?}");
    assert!(app.sessions().is_empty());
    client.start(&app).await;
}

#[tokio::test]
async fn a_seed_repeats_a_run_request_by_request() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let sandbox = bridge_sandbox::Sandbox::builder().fault_seed(seed).start().await.unwrap();
        assert_eq!(sandbox.fault_seed(), seed);
        sandbox.fault(Fault::on("GET", "/").probability(0.5).answer(503, "busy"));
        let client = crate::common::Client::new(&sandbox);
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(client.get("/api/apps/").await.0);
        }
        assert!(statuses.contains(&200) && statuses.contains(&503));
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[1], runs[2]);
}
