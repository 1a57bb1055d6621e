//! The client over real HTTP, against servers that answer canned bytes. Expected values are from protocol.md.

// clippy allows it in test functions, but not in what they share.
#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bridge_core::wire::{AppId, NewApp, SyncId, TaskId, TaskReport};
use bridge_runtime::client::{ApiKey, BaseUrl, Client, ClientBuildError, ClientError, ErrorKind, Timeouts};
use bridge_runtime::clock::{Clock, SystemClock};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
const KEY: &str = "hunter2-key";

/// Real time, but waits are skipped.
struct Hurried(SystemClock);

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> Duration {
        self.0.now()
    }

    async fn sleep(&self, _: Duration) {}
}

/// What a server does with a request.
#[derive(Clone)]
enum Does {
    /// Answers these bytes and closes.
    Answer(Vec<u8>),
    /// Answers nothing, and holds the connection.
    Hang,
    /// Sends a body without end.
    Endless,
}

struct Server {
    base: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/org/acme", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, does.clone(), log.clone()));
            }
        });
        Self { base, seen }
    }

    async fn answering(head: &str, body: &str) -> Self {
        Self::start(Does::Answer(answer(head, body))).await
    }

    fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

fn json(status: &str, body: &str) -> Vec<u8> {
    answer(&format!("{status}\r\nContent-Type: application/json"), body)
}

async fn serve(mut stream: TcpStream, does: Does, log: Arc<Mutex<Vec<String>>>) {
    let Some(request) = read_request(&mut stream).await else { return };
    log.lock().unwrap().push(request);
    match does {
        Does::Answer(bytes) => {
            let _ = stream.write_all(&bytes).await;
        }
        Does::Hang => tokio::time::sleep(Duration::from_secs(60)).await,
        Does::Endless => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
    }
}

/// Head and body of one request.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        // A TLS greeting. Nobody here speaks TLS.
        if bytes[0] == 0x16 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= header.unwrap_or(0) {
            return Some(text);
        }
    }
}

fn client(base: &str) -> Client {
    Client::builder(base.parse().unwrap(), ApiKey::new(KEY).unwrap())
        .clock(Arc::new(Hurried(SystemClock::new())))
        .timeouts(Timeouts::default().attempt(Duration::from_secs(5)))
        .build()
        .unwrap()
}

fn app() -> AppId {
    ID.parse().unwrap()
}

fn sync() -> SyncId {
    ID.parse().unwrap()
}

async fn push(client: &Client) -> ClientError {
    let page = Bytes::from_static(br#"{"records":[{"id":"e-1","email":"ada@example.com"}]}"#);
    client.push_page(app(), sync(), "employee", page).await.unwrap_err()
}

/// No error may hold the key, in whatever way it is shown.
fn assert_no_key(error: &ClientError) {
    assert!(!format!("{error} {error:?} {error:#?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn a_request_carries_the_documented_headers() {
    let server = Server::start(Does::Answer(json("201 Created", &format!(r#"{{"sync_id":"{ID}"}}"#)))).await;
    let session = client(&server.base).start_sync(app()).await.unwrap();
    assert_eq!(session.sync_id, sync());
    let request = server.requests().remove(0);
    assert!(request.starts_with(&format!("POST /org/acme/api/v1/bridge/apps/{ID}/sync/ HTTP/1.1\r\n")), "{request}");
    let request = request.to_ascii_lowercase();
    for header in [
        "authorization: api-key hunter2-key",
        "content-type: application/json",
        "content-length: 0",
        concat!("user-agent: iden-bridge/", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(request.matches(&format!("\r\n{header}\r\n")).count(), 1, "{header} in {request}");
    }
}

#[tokio::test]
async fn each_call_succeeds_with_its_documented_answer() {
    let app_json = format!(
        r#"{{"id":"{ID}","name":"Payroll","configuration_status":"NEW","created_at":"2026-01-05T09:30:00Z","last_synced_at":null}}"#
    );
    let server = Server::start(Does::Answer(json("201 Created", &app_json))).await;
    assert_eq!(client(&server.base).create_app(&NewApp::new("Payroll")).await.unwrap().configuration_status, "NEW");

    let server = Server::start(Does::Answer(answer("202 Accepted", ""))).await;
    client(&server.base).complete_sync(app(), sync()).await.unwrap();

    let server = Server::start(Does::Answer(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_vec())).await;
    client(&server.base).abandon_sync(app(), sync()).await.unwrap();

    let task = format!(
        r#"{{"id":"{ID}","action":"delete_account","resource_type":"employee","status":"completed","execute_after":null,
            "created_at":"2026-01-05T09:30:00Z","payload":{{"account":{{"id":"e-1"}},"memberships":null,"changes":null}}}}"#
    );
    let server = Server::start(Does::Answer(json("200 OK", &task))).await;
    let task: TaskId = ID.parse().unwrap();
    let read = client(&server.base).report_task(app(), task, &TaskReport::completed(None)).await.unwrap();
    assert!(read.status.is_terminal());
    assert!(server.requests()[0].ends_with(r#"{"status":"completed"}"#));
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_key_goes_nowhere() {
    let elsewhere = Server::start(Does::Answer(json("200 OK", r#"{"total":1,"created":1,"updated":0}"#))).await;
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let head = format!("{status}\r\nLocation: {}/stolen", elsewhere.base);
        let server = Server::answering(&head, "").await;
        let error = push(&client(&server.base)).await;
        assert!(matches!(error.kind(), ErrorKind::Redirected { .. }) && error.outcome_unknown(), "{error}");
        assert!(error.to_string().contains("a redirect to http://127.0.0.1:"), "{error}");
        assert_eq!((error.attempts(), server.requests().len()), (1, 1));
        assert_no_key(&error);
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn html_is_never_a_success() {
    let page = "<!doctype html><title>Sign in</title>";
    let server = Server::answering("200 OK\r\nContent-Type: text/html; charset=utf-8", page).await;
    let error = push(&client(&server.base)).await;
    assert_eq!(
        error.to_string(),
        format!(
            "could not push a page (PUT /org/acme/api/v1/bridge/apps/{ID}/sync/{ID}/employee/): expected 200 with \
             `total`, `created` and `updated` as JSON, but 200 came with text/html; charset=utf-8: {page} (after 3 attempts)"
        )
    );
    assert!(error.outcome_unknown() && error.hint().unwrap().contains("BRIDGE_URL"));

    // Completing is not repeated, and a page in place of 202 is not taken for it.
    let error = client(&server.base).complete_sync(app(), sync()).await.unwrap_err();
    assert!(error.outcome_unknown() && error.attempts() == 1, "{error}");
}

#[tokio::test]
async fn json_that_does_not_fit_is_never_a_success() {
    for body in ["{}", "[]", "null", r#"{"total":1,"created":1}"#, r#"{"total":1,"created":1,"updated":0"#, ""] {
        let server = Server::start(Does::Answer(json("200 OK", body))).await;
        let error = push(&client(&server.base)).await;
        assert!(matches!(error.kind(), ErrorKind::Unreadable { status: 200, .. }), "{body}: {error}");
        assert!(error.outcome_unknown());
    }
}

#[tokio::test]
async fn a_cut_answer_is_lost() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n";
    for cut in [
        format!("{head}{{\"total\":"),
        head.to_owned(),
        head[..20].to_owned(),
        "no HTTP\r\n\r\n".to_owned(),
        String::new(),
    ] {
        let server = Server::start(Does::Answer(cut.clone().into_bytes())).await;
        let error = push(&client(&server.base)).await;
        assert!(matches!(error.kind(), ErrorKind::Lost { .. }), "{cut:?}: {error}");
        assert!(error.outcome_unknown() && error.attempts() == 6);
        assert_no_key(&error);
        // The first request may have made the app, so there is no second one.
        let error = client(&server.base).create_app(&NewApp::new("Payroll")).await.unwrap_err();
        assert!(error.attempts() == 1 && error.hint().unwrap().contains("may have been made"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read_to_its_end() {
    let told =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{{", (8 << 20) + 1);
    for does in [Does::Answer(told.into_bytes()), Does::Endless] {
        let server = Server::start(does).await;
        let error = client(&server.base).pending_tasks(app(), 50, 0).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooLarge);
        assert!(error.to_string().ends_with("the answer is larger than 8 MiB") && server.requests().len() == 1);
    }
}

#[tokio::test]
async fn no_answer_in_time_leaves_the_outcome_open() {
    let server = Server::start(Does::Hang).await;
    let client = Client::builder(server.base.parse().unwrap(), ApiKey::new(KEY).unwrap())
        .timeouts(Timeouts::default().attempt(Duration::from_millis(80)))
        .build()
        .unwrap();
    let error = client.create_app(&NewApp::new("Payroll")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TimedOut { .. }) && error.outcome_unknown(), "{error}");
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_refused_connection_is_surely_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = client(&format!("http://{host}/org/acme")).create_app(&NewApp::new("Payroll")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Unreachable { .. }) && !error.outcome_unknown(), "{error}");
    assert_eq!(error.attempts(), 6);
    let said = error.to_string();
    assert!(said.contains(&format!("{host} could not be reached, and nothing was sent: ")), "{said}");
    assert!(said.contains("refused") && !said.contains("http://"), "{said}");
}

#[tokio::test]
async fn a_host_without_an_address_or_without_tls_is_surely_not_sent() {
    // A server that does not speak TLS.
    let server = Server::start(Does::Answer(json("200 OK", "{}"))).await;
    let secure = server.base.replace("http://", "https://");
    let base: BaseUrl = secure.parse().unwrap();
    match Client::builder(base, ApiKey::new(KEY).unwrap()).clock(Arc::new(Hurried(SystemClock::new()))).build() {
        Ok(client) => {
            let error = client.create_app(&NewApp::new("Payroll")).await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Unreachable { .. }), "{error}");
            assert!(server.requests().is_empty());
        }
        // This machine has no CA certificates: said before anything is sent, with a remedy.
        Err(error) => assert!(error.hint().is_some_and(|hint| hint.contains("ca-certificates")), "{error}"),
    }
    let error = client("http://nowhere.localhost:1/org/acme").create_app(&NewApp::new("Payroll")).await.unwrap_err();
    assert!(!error.outcome_unknown(), "{error}");
}

#[tokio::test]
async fn each_refusal_says_what_came_and_what_to_do() {
    for (status, body, said, hint, attempts) in [
        ("401 Unauthorized", r#"{"detail":"Invalid API key."}"#, "answered 401: Invalid API key.", "BRIDGE_API_KEY", 1),
        ("403 Forbidden", r#"{"detail":"No access."}"#, "answered 403: No access.", "BRIDGE_API_KEY", 1),
        ("404 Not Found", r#"{"detail":"Not found."}"#, "answered 404: Not found.", "session is gone", 1),
        ("400 Bad Request", r#"{"detail":{"id":["Required."]}}"#, "answered 400: id: Required.", "schema", 1),
        ("422 Unprocessable", r#"{"detail":"no slug x"}"#, "answered 422: no slug x", "not registered", 1),
        ("500 Oops", r#"{"detail":"a\nb"}"#, r"answered 500: a\nb (after 3 attempts)", "server's side", 3),
        ("503 Busy", "{}", "answered 503 without a detail (after 6 attempts)", "server's side", 6),
        ("429 Slow", r#"{"detail":"slow"}"#, "answered 429: slow (after 6 attempts)", "fewer calls", 6),
    ] {
        let server = Server::start(Does::Answer(json(status, body))).await;
        let error = push(&client(&server.base)).await;
        let text = error.to_string();
        assert!(text.starts_with("could not push a page (PUT /org/acme/api/v1/bridge/apps/"), "{text}");
        assert!(text.ends_with(said), "{text}");
        assert!(error.hint().unwrap().contains(hint), "{status}: {:?}", error.hint());
        assert_eq!((error.body(), server.requests().len()), (Some(body), attempts), "{status}");
        assert_eq!(error.status().unwrap().to_string(), status[..3]);
        // A page is upserted by id; the repetition has to be the same page.
        assert!(server.requests().windows(2).all(|pair| pair[0] == pair[1]));
        assert_no_key(&error);
    }

    let server = Server::answering("404 Not Found\r\nContent-Type: text/html", "<h1>nginx</h1>").await;
    let error = client(&server.base).start_sync(app()).await.unwrap_err();
    assert!(error.to_string().contains("answered 404, and not in JSON"), "{error}");
    assert!(error.is_not_found() && error.hint().unwrap().contains("BRIDGE_URL"));
}

#[tokio::test]
async fn the_server_says_how_long_to_wait() {
    let date = "Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:30 GMT";
    for (headers, seconds) in [("Retry-After: 7", 7), (date, 30)] {
        let server = Server::answering(&format!("429 Slow\r\n{headers}"), "").await;
        let error = client(&server.base).complete_sync(app(), sync()).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        assert!(error.is_rate_limited() && !error.outcome_unknown());
    }
}

#[test]
fn plain_http_to_another_host_needs_a_word() {
    let build = |allow| {
        let base: BaseUrl = "http://iden.example.com/org/acme".parse().unwrap();
        Client::builder(base, ApiKey::new(KEY).unwrap()).allow_http(allow).build()
    };
    let error = build(false).unwrap_err();
    assert!(matches!(&error, ClientBuildError::PlainHttp { host } if host == "iden.example.com"), "{error}");
    assert!(build(true).is_ok());
}
