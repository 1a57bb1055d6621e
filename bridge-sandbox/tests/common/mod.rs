//! A plain HTTP client for the tests: JSON in, status and JSON out. It knows the protocol's paths and nothing else.

#![allow(dead_code, unreachable_pub, reason = "each test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "this is test code, though no test function")]

use std::sync::Arc;

use bridge_sandbox::{App, Sandbox};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// An answer: its status, and its body (null where it has none).
pub type Answer = (u16, Value);

/// An HTTP client that never follows a redirect and never retries.
pub fn http() -> reqwest::Client {
    http_with(reqwest::header::HeaderMap::new())
}

/// The same, with headers that it sends each time.
pub fn http_with(headers: reqwest::header::HeaderMap) -> reqwest::Client {
    // reqwest is built without a TLS provider and panics without one, also where only plain http is spoken.
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .build()
        .expect("nothing here can be refused")
}

/// A caller with one key.
pub struct Client {
    http: reqwest::Client,
    base: String,
    key: String,
}

impl Client {
    pub fn new(sandbox: &Sandbox) -> Self {
        Self::with_key(sandbox, sandbox.api_key())
    }

    pub fn with_key(sandbox: &Sandbox, key: &str) -> Self {
        Self { http: http(), base: sandbox.base_url(), key: key.to_owned() }
    }

    /// A request to a path under the base URL, or to an absolute URL.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, url).header("Authorization", format!("Api-Key {}", self.key))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.request("GET", path)).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        send(self.request("POST", path)).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        send(self.request(method, path).json(body)).await
    }

    /// Registers a type.
    pub async fn register(&self, app: &App, slug: &str, kind: &str) -> Answer {
        let body = json!({"slug": slug, "name": slug.to_uppercase(), "type": kind});
        self.send("POST", &format!("{}resource-types/", path(app)), &body).await
    }

    /// Opens a session and returns the path under which its calls stand.
    pub async fn start(&self, app: &App) -> String {
        let (status, body) = self.post(&format!("{}sync/", path(app))).await;
        assert_eq!(status, 201, "{body}");
        format!("{}sync/{}/", path(app), body["sync_id"].as_str().unwrap())
    }

    /// Pushes one page.
    pub async fn push(&self, session: &str, slug: &str, records: Value) -> Answer {
        self.send("PUT", &format!("{session}{slug}/"), &json!({ "records": records })).await
    }

    pub async fn complete(&self, session: &str) -> Answer {
        self.post(&format!("{session}complete/")).await
    }

    pub async fn abandon(&self, session: &str) -> Answer {
        self.post(&format!("{session}abandon/")).await
    }

    /// A whole sync of one type: a session with one page of accounts `{"id", "email"}`.
    pub async fn sync(&self, app: &App, slug: &str, ids: &[&str]) {
        let session = self.start(app).await;
        assert_eq!(self.push(&session, slug, accounts(ids)).await.0, 200);
        assert_eq!(self.complete(&session).await.0, 202);
    }
}

/// Sends a request, and reads the answer.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a whole body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    (status, body)
}

/// The path of an app, with its `/`.
pub fn path(app: &App) -> String {
    format!("/api/v1/bridge/apps/{}/", app.id())
}

/// Minimal accounts with these ids.
pub fn accounts(ids: &[&str]) -> Value {
    ids.iter().map(|id| json!({"id": id, "email": format!("{id}@acme.test")})).collect()
}

/// Asserts an error: its status, and a word that its `detail` must hold.
#[track_caller]
pub fn refused((status, body): &Answer, expected: u16, word: &str) {
    let detail = body["detail"].as_str().unwrap_or_else(|| panic!("no `detail`: {body}"));
    assert_eq!(*status, expected, "{detail}");
    assert!(detail.contains(word), "`{word}` is not in: {detail}");
    assert_eq!(body.as_object().unwrap().len(), 1, "only `detail`: {body}");
}

/// A sandbox with an app that has the types `employee` (account), `team` (group) and `seat` (license).
pub async fn acme() -> (Sandbox, Client, App) {
    let sandbox = Sandbox::start().await.unwrap();
    let (client, app) = equip(&sandbox).await;
    (sandbox, client, app)
}

/// The same app in a sandbox that is there.
pub async fn equip(sandbox: &Sandbox) -> (Client, App) {
    let client = Client::new(sandbox);
    let app = sandbox.create_app("Acme HR");
    for (slug, kind) in [("employee", "account"), ("team", "group"), ("seat", "license")] {
        assert_eq!(client.register(&app, slug, kind).await.0, 201);
    }
    (client, app)
}
