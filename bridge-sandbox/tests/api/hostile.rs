//! What nobody should send is refused or held harmlessly, and the sandbox goes on.

use std::time::{Duration, Instant};

use crate::common::{Client, acme, path, refused, send};
use bridge_sandbox::Sandbox;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends bytes as they are, and returns the status line of the answer, where there is one.
async fn raw(sandbox: &Sandbox, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(sandbox.address()).await.expect("it listens");
    // The server may have heard enough before the end.
    let _ = socket.write_all(request).await;
    let _ = socket.shutdown().await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), socket.read_to_end(&mut answer)).await.expect("an end");
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

async fn get_raw(sandbox: &Sandbox, target: &str) -> String {
    let key = sandbox.api_key();
    raw(sandbox, format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key {key}\r\n\r\n").as_bytes()).await
}

#[tokio::test]
async fn tricks_with_the_path_reach_nothing() {
    let sandbox = Sandbox::builder().also_tenant("umbrella", "u").start().await.unwrap();
    let app = sandbox.tenant("umbrella").unwrap().create_app("Umbrella HR");
    for target in [
        "/org/acme/../umbrella/api/apps/",
        "/org/acme/%2e%2e/umbrella/api/apps/",
        "/org/acme/..%2fumbrella/api/apps/",
        "/org/umbrella/api/apps/",
        "/org/ac%6de/api/apps/",
        "/org//api/apps/",
        "//org/acme/api/apps/",
        "/org/acme/api//apps/",
        "/org/acme/api/apps/%00",
        "/org/acme/api/apps",
        "/org/acme/api/v1/bridge/apps/%2f/tasks/",
        "/org/acme\\..\\umbrella/api/apps/",
        "/",
        "*",
    ] {
        let status = get_raw(&sandbox, target).await;
        let is_refused =
            ["401", "404", "400", "405"].iter().any(|code| status.starts_with(&format!("HTTP/1.1 {code}")));
        assert!(is_refused, "{target}: {status}");
    }
    let long = format!("/org/acme/{}/", "a".repeat(70_000));
    let status = get_raw(&sandbox, &long).await;
    assert!(status.starts_with("HTTP/1.1 4"), "{status}");
    let elsewhere = format!("/api/v1/bridge/apps/{}/tasks/", app.id());
    refused(&Client::new(&sandbox).get(&elsewhere).await, 404, "app not found");
    assert_eq!(Client::new(&sandbox).get("/api/apps/").await.1["count"], 0);
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_the_next_one_is_served() {
    let sandbox = Sandbox::start().await.unwrap();
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"\0\0\0\0\0\0\0\0",
        b"PUT /org/acme/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let status = raw(&sandbox, noise).await;
        assert!(status.is_empty() || status.starts_with("HTTP/1.1 4"), "{status}");
    }
    let many: String = (0..1_000).map(|index| format!("X-{index}: x\r\n")).collect();
    let status = raw(&sandbox, format!("GET / HTTP/1.1\r\nHost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(status.starts_with("HTTP/1.1 431"), "{status}");
    assert_eq!(Client::new(&sandbox).get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn a_key_that_is_no_text_is_answered_401() {
    let sandbox = Sandbox::start().await.unwrap();
    for header in [&b"Api-Key \xff\xfe"[..], b"Api-Key ", b"Api-Key", b"api-key x", b"Api-Key a b"] {
        let mut request = b"GET /org/acme/api/apps/ HTTP/1.1\r\nHost: x\r\nAuthorization: ".to_vec();
        request.extend_from_slice(header);
        request.extend_from_slice(b"\r\n\r\n");
        let status = raw(&sandbox, &request).await;
        assert!(status.starts_with("HTTP/1.1 401"), "{status}");
    }
}

#[tokio::test]
async fn scripts_and_strange_characters_are_held_as_they_are_and_answered_as_json() {
    let (sandbox, client, app) = acme().await;
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}gnp.exe",
        "a\0b\u{7}\u{1b}[31m",
        "{{7*7}} ${7*7} <%= 7 %>",
        "'; DROP TABLE records; --",
        "\u{feff}\u{200b}\u{fffd}",
    ];
    let session = client.start(&app).await;
    for (index, name) in names.iter().enumerate() {
        let record = json!({"id": name, "email": name, "display_name": name, "custom": {"n": index, "name": name}});
        assert_eq!(client.push(&session, "employee", json!([record])).await.0, 200, "{name:?}");
        assert_eq!(app.record("employee", name).unwrap().fields, record);
        assert_eq!(app.record("employee", name).unwrap().label, *name);
    }
    let response = client.request("GET", "/api/accounts/").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["count"], names.len());

    let slug = json!({"slug": names[0], "name": names[0], "type": "account"});
    refused(&client.send("POST", &format!("{}resource-types/", path(&app)), &slug).await, 400, "slug");
    let (status, created) = client.send("POST", "/api/v1/bridge/apps/", &json!({"name": names[0]})).await;
    assert_eq!((status, &created["name"]), (201, &json!(names[0])));
    assert!(sandbox.app_named(names[0]).is_some());
}

#[tokio::test]
async fn odd_json_is_refused_or_read_in_one_way_only() {
    let (_sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    let push = async |text: String| {
        let request = client.request("PUT", &format!("{session}employee/"));
        send(request.header("Content-Type", "application/json").body(text)).await
    };
    let record = |rest: &str| format!(r#"{{"records": [{{"id": "7", "email": "a"{rest}}}]}}"#);
    for (text, word) in [
        (record(&format!(r#", "x": {}{}"#, "[".repeat(10_000), "]".repeat(10_000))), "recursion"),
        (record(&format!(r#", "x": {}1{}"#, r#"{"a":"#.repeat(10_000), "}".repeat(10_000))), "recursion"),
        (record(r#", "x": 1e999"#), "number"),
        (record(r#", "x": NaN"#), "JSON"),
        (record(r#", "x": "\ud800""#), "JSON"),
        (record(r#", "status": "active\u0000""#), "status"),
        ("\u{feff}{}".to_owned(), "JSON"),
        ("null".to_owned(), "object"),
        (String::new(), "JSON"),
    ] {
        refused(&push(text).await, 400, word);
    }
    let twice = record(r#", "email": "b""#);
    assert_eq!(push(twice).await.0, 200);
    assert_eq!(app.record("employee", "7").unwrap().fields["email"], "b", "of two the last counts");
    let mut latin = record("").into_bytes();
    latin.extend_from_slice(b"\xff");
    let request = client.request("PUT", &format!("{session}employee/")).header("Content-Type", "application/json");
    refused(&send(request.body(latin)).await, 400, "JSON");
}

#[tokio::test]
async fn bodies_of_ten_megabytes_are_taken_or_refused_in_good_time() {
    let (sandbox, client, app) = acme().await;
    let session = client.start(&app).await;
    let start = Instant::now();

    let long = "n".repeat(9 * 1024 * 1024);
    let record = json!({"id": "7", "email": "a", "display_name": long});
    assert_eq!(client.push(&session, "employee", json!([record])).await.0, 200);
    assert!(app.record("employee", "7").unwrap().label.len() < 300, "a label is cut");
    client.push(&session, "employee", json!([{"id": "7", "email": "a"}])).await;
    let history = format!("{:?}", app.history("employee", "7"));
    assert!(history.len() < 10_000, "a history keeps the beginning of a value");
    let request = sandbox.requests().into_iter().find(|request| request.body_size > 9_000_000).unwrap();
    assert!(request.body.len() < 300 * 1024, "so does the log");

    let id = "i".repeat(9 * 1024 * 1024);
    let answer = client.push(&session, "employee", json!([{"id": id}])).await;
    refused(&answer, 400, "`email` or `username`");
    assert!(answer.1.to_string().len() < 1_000, "a complaint shows the beginning of an id");

    let many: Vec<_> = (0..1_000_000).map(|index| index.to_string()).collect();
    let record = json!({"id": "8", "email": "a", "memberships": {"team": many}});
    assert_eq!(client.push(&session, "employee", json!([record])).await.0, 200);
    assert!(sandbox.warnings().len() <= 100, "a page gets a hundred warnings, not a million");

    let body = format!(r#"{{"records": [{}]}}"#, "{},".repeat(3_000_000));
    let request = client.request("PUT", &format!("{session}employee/")).header("Content-Type", "application/json");
    refused(&send(request.body(body)).await, 400, "JSON");
    let over = client.request("PUT", &format!("{session}employee/")).body(vec![b' '; 10 * 1024 * 1024 + 1]);
    refused(&send(over).await, 413, "bytes");
    // A debug build on a busy machine; what is quadratic would take minutes.
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_body_without_an_end_is_not_read_for_ever() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut socket = TcpStream::connect(sandbox.address()).await.unwrap();
    let head = "POST /org/acme/api/v1/bridge/apps/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut chunk = b"100000\r\n".to_vec();
    chunk.extend(std::iter::repeat_n(b'a', 0x10_0000));
    chunk.extend_from_slice(b"\r\n");
    let mut sent = 0;
    while socket.write_all(&chunk).await.is_ok() {
        sent += 1;
        assert!(sent < 1_000, "a gigabyte, and it still reads");
    }
    assert_eq!(Client::new(&sandbox).get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn without_a_key_no_body_is_read_and_nothing_is_logged() {
    let sandbox = Sandbox::start().await.unwrap();
    for authorization in ["", "Authorization: Api-Key wrong\r\n"] {
        let mut socket = TcpStream::connect(sandbox.address()).await.unwrap();
        let head = format!(
            "POST /org/acme/api/v1/bridge/apps/{} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: 9000000\r\n\r\n",
            "a".repeat(10_000)
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        // The body never comes, and yet there is an answer.
        let mut answer = [0; 12];
        let read = tokio::time::timeout(Duration::from_secs(10), socket.read_exact(&mut answer)).await;
        read.expect("it does not wait for the body").unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 401");
    }
    assert!(sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_client_without_a_key_reads_its_refusal_after_a_large_body() {
    let sandbox = Sandbox::start().await.unwrap();
    let body = json!({"name": "a".repeat(8 * 1024 * 1024)});
    for _ in 0..5 {
        let client = Client::with_key(&sandbox, "wrong");
        refused(&client.send("POST", "/api/v1/bridge/apps/", &body).await, 401, "invalid");
    }
}

#[tokio::test]
async fn a_request_whose_head_never_ends_is_given_up() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut socket = TcpStream::connect(sandbox.address()).await.unwrap();
    socket.write_all(b"GET /org/acme/api/apps/ HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let mut rest = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), socket.read_to_end(&mut rest)).await;
    // Closed or reset: it ends.
    let _ = end.expect("the connection ends");
    assert_eq!(Client::new(&sandbox).get("/api/apps/").await.0, 200);
}

#[tokio::test]
async fn a_thousand_silent_connections_keep_nobody_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..1_000 {
        // A machine may allow this process fewer.
        let Ok(socket) = TcpStream::connect(sandbox.address()).await else { break };
        silent.push(socket);
    }
    let answer = tokio::time::timeout(Duration::from_secs(10), Client::new(&sandbox).get("/api/apps/")).await;
    assert_eq!(answer.expect("in time").0, 200);
}
