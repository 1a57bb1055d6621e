//! A browser of our own: a `chromedriver` on a free port, spoken to in the WebDriver protocol, which is JSON over HTTP.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::tab::Tab;

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";

/// A browser that ends with the value.
pub struct Browser {
    http: Client,
    session: String,
    driver: Child,
    // Its standard output stays open: a driver that cannot write ends.
    _said: BufReader<ChildStdout>,
    profile: TempDir,
}

impl Browser {
    /// `None`, with a line that says so, where there is no browser to be had.
    pub async fn open() -> Option<Browser> {
        if !(Path::new(CHROMIUM).exists() && Path::new(CHROMEDRIVER).exists()) {
            let missing = format!("{CHROMIUM} and {CHROMEDRIVER} are needed: install `chromium` and `chromium-driver`");
            assert!(std::env::var_os("BRIDGE_REQUIRE_TOOLS").is_none(), "{missing}");
            eprintln!("SKIPPED: {missing}");
            return None;
        }
        let mut driver =
            Command::new(CHROMEDRIVER).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = port(&mut said);
        let profile = TempDir::new().unwrap();
        let mut browser = Browser {
            http: client(),
            session: format!("http://127.0.0.1:{port}/session"),
            driver,
            _said: said,
            profile,
        };
        let data = format!("--user-data-dir={}", browser.profile.path().display());
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            &data,
        ];
        let wish = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
            "unhandledPromptBehavior": "ignore",
        }}});
        let opened = browser.call(Method::POST, "", &wish).await;
        browser.session = format!("{}/{}", browser.session, opened["sessionId"].as_str().unwrap());
        Some(browser)
    }

    pub fn tab(&self) -> Tab<'_> {
        Tab::new(self)
    }

    /// One command, and its value.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Value {
        self.try_call(method, path, body).await.unwrap_or_else(|error| panic!("{path} {body}: {error:#}"))
    }

    /// The same, where an error is an answer as well.
    pub async fn try_call(&self, method: Method, path: &str, body: &Value) -> Result<Value, Value> {
        let request = self.http.request(method.clone(), format!("{}{path}", self.session));
        let request = if method == Method::POST { request.json(body) } else { request };
        let answer = request.send().await.unwrap();
        let is_good = answer.status().is_success();
        let mut answer: Value = answer.json().await.unwrap();
        let value = answer["value"].take();
        if is_good { Ok(value) } else { Err(value) }
    }

    /// A command of Chromium's own protocol, for what WebDriver has no word for.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.call(Method::POST, "/goog/cdp/execute", &json!({"cmd": command, "params": parameters})).await
    }
}

impl Drop for Browser {
    /// Ends the browser, then its driver. A driver that is killed leaves its browser behind. This blocks, so that it works in a
    /// test that panics, too.
    fn drop(&mut self) {
        if let Err(error) = delete(&self.session) {
            eprintln!("the browser was not told to end: {error}");
        }
        // It may have ended by itself.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Sends a DELETE, and waits for the answer: by then the browser has ended.
fn delete(url: &str) -> io::Result<()> {
    let (host, path) =
        url.strip_prefix("http://").and_then(|rest| rest.split_once('/')).ok_or(io::ErrorKind::InvalidInput)?;
    let mut line = TcpStream::connect(host)?;
    line.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(line, "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut status = String::new();
    BufReader::new(line).read_line(&mut status)?;
    if status.contains(" 200 ") { Ok(()) } else { Err(io::Error::other(status)) }
}

/// The driver chooses a free port and prints it.
fn port(said: &mut impl BufRead) -> u16 {
    let mut line = String::new();
    while said.read_line(&mut line).unwrap() > 0 {
        let number = line.trim_end().trim_end_matches('.').rsplit(' ').next().and_then(|word| word.parse().ok());
        // First it repeats the port that it was given: 0, for a free one.
        if let Some(port) = number.filter(|port| *port != 0 && line.contains("on port")) {
            return port;
        }
        line.clear();
    }
    panic!("{CHROMEDRIVER} ended before it said its port");
}

/// A client for plain http.
pub fn client() -> Client {
    // reqwest is built without a TLS provider and panics without one, also where only plain http is spoken.
    let tls = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(Duration::from_secs(60)).build().unwrap()
}

/// A browser that outlived its test would work on until the machine is switched off.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_browser_ends_with_its_value_and_leaves_no_process_behind() {
    let Some(browser) = Browser::open().await else { return };
    browser.tab().go("about:blank").await;
    let profile = browser.profile.path().to_str().unwrap().to_owned();
    let of_it = || {
        let lines = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| std::fs::read(entry.unwrap().path().join("cmdline")).ok());
        lines.filter(|line| String::from_utf8_lossy(line).contains(&profile)).count()
    };
    assert!(of_it() > 1, "the browser runs");
    drop(browser);
    let start = std::time::Instant::now();
    while of_it() > 0 {
        assert!(start.elapsed() < Duration::from_secs(10), "{} processes are left", of_it());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
