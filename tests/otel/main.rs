//! The feature `otel`: spans reach a collector, with what docs/telemetry.md says and nothing else, and a collector that
//! fails disturbs nobody. `cargo test --features otel --test otel`

#![allow(clippy::unwrap_used, unreachable_pub)] // the helpers are no `#[test]`s, and are tests all the same

mod collector;
mod protobuf;

use std::{
    collections::BTreeSet,
    convert::Infallible,
    env,
    ffi::OsString,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use bridge_sandbox::{NewTask, Sandbox};
use iden_bridge::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use tokio::{net::TcpListener, process::Command, time::timeout};

use collector::{Collector, Span};

/// The command line of the child.
const ORDERS: &str = "OTEL_ORDERS";
const E_MAIL: &str = "canary-1f6e@acme.example";
const PASSWORD: &str = "Plum-Tango-55-Rhubarb";
const SALARY: &str = "9876543210123";
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

#[derive(BridgeResource)]
#[bridge(account)]
struct Employee {
    id: u32,
    email: String,
    #[bridge(skip)]
    #[allow(dead_code)] // what must not leave
    salary: &'static str,
}

struct Office;

impl Source<Employee> for Office {
    async fn read(&self, out: &Out<Employee>) -> Result<(), SourceError> {
        let span = tracing::info_span!("query", sql = E_MAIL);
        tracing::Instrument::instrument(out.push(Employee { id: 1, email: E_MAIL.to_owned(), salary: SALARY }), span)
            .await;
        tracing::error!(who = E_MAIL, "an event inside a span");
        Ok(())
    }
}

#[bridge_task]
async fn suspend(_: TaskContext<Office>, _: SuspendAccount<Employee>) -> Result<(), TaskError> {
    Ok(())
}

#[bridge_task]
async fn reset(_: TaskContext<Office>, _: ResetPassword<Employee>) -> Result<NewPassword, TaskError> {
    Ok(NewPassword::temporary(Secret::new(PASSWORD)))
}

async fn open(_: NoSettings) -> Result<Office, Infallible> {
    Ok(Office)
}

#[tokio::test]
#[ignore = "a child of the tests below: it ends its process"]
async fn child() {
    let line = env::var(ORDERS).unwrap();
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let _ = Connector::builder("HR", open).resource::<Employee>().tasks(tasks![suspend, reset]).main_from(words).await;
    panic!("`{line}` ends the process itself");
}

struct Scene {
    sandbox: Sandbox,
    state: TempDir,
}

impl Scene {
    async fn new() -> Self {
        Scene { sandbox: Sandbox::start().await.unwrap(), state: TempDir::new().unwrap() }
    }

    /// Runs a command of the connector as a process of its own, and says how long it took.
    async fn run(&self, line: &str, variables: &[(&str, &str)]) -> (Output, Duration) {
        let mut command = Command::new(env::current_exe().unwrap());
        for (name, _) in env::vars_os() {
            if ["BRIDGE_", "OTEL_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.args(["--exact", "child", "--ignored", "--nocapture"]).env(ORDERS, line).stdin(Stdio::null());
        command.env("BRIDGE_URL", self.sandbox.base_url()).env("BRIDGE_API_KEY", self.sandbox.api_key());
        command.env("BRIDGE_STATE_DIR", self.state.path()).envs(variables.iter().copied()).kill_on_drop(true);
        let began = Instant::now();
        let ended = timeout(Duration::from_secs(60), command.output()).await.expect("it ends by itself").unwrap();
        assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
        (ended, began.elapsed())
    }
}

/// The fields of a span, by the table of docs/telemetry.md.
fn documented(name: &str) -> BTreeSet<String> {
    let text = include_str!("../../docs/telemetry.md");
    let row = text.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
    let fields = row.unwrap_or_else(|| panic!("`{name}` is not documented")).split('|').nth(3).unwrap();
    fields.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn a_sync_and_a_task_reach_the_collector_with_what_is_documented_and_nothing_else() {
    let (scene, collector) = (Scene::new().await, Collector::start(200).await);
    scene.run("hr sync", &[(ENDPOINT, &collector.url)]).await;
    let task = NewTask::new("suspend_account", "employee").account(json!({"id": "1", "email": E_MAIL}));
    scene.sandbox.apps()[0].queue(task);
    let reset = NewTask::new("reset_password", "employee").account(json!({"id": "1", "password": PASSWORD}));
    let reset = scene.sandbox.apps()[0].queue(reset);
    scene.run("hr tasks --once", &[(ENDPOINT, &collector.url)]).await;

    let spans = collector.spans();
    let named = |name: &str| spans.iter().filter(|span| span.name == name).collect::<Vec<&Span>>();
    let session = scene.sandbox.apps()[0].sessions()[0].id.to_string();
    let [sync] = named("bridge.sync")[..] else { panic!("{spans:#?}") };
    assert_eq!((&*sync.attributes["bridge.app"], &*sync.attributes["bridge.sync_id"]), ("HR", &*session));
    let [page] = named("bridge.sync.page")[..] else { panic!("{spans:#?}") };
    assert_eq!((&page.trace, &page.parent), (&sync.trace, &sync.id), "a page belongs to its sync");
    assert_eq!(page.attributes["bridge.records"], "1");
    let actions: BTreeSet<&str> =
        named("bridge.task").iter().map(|task| task.attributes["bridge.action"].as_str()).collect();
    assert_eq!(actions, BTreeSet::from(["reset_password", "suspend_account"]));
    scene.sandbox.apps()[0].assert_task_completed(reset);
    assert!(named("bridge.http").len() > 5, "{spans:#?}");
    for span in &spans {
        assert_eq!(span.service, "hr", "the name of the program");
        let documented = documented(&span.name);
        let others: Vec<_> = span.attributes.keys().filter(|key| !documented.contains(*key)).collect();
        assert!(others.is_empty() && span.events == 0, "{others:?} in {span:#?}");
    }
    for secret in [E_MAIL, PASSWORD, SALARY, scene.sandbox.api_key()] {
        assert!(!collector.heard(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_collector_that_fails_disturbs_nobody() {
    // Its connections are taken by the system, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed_url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let refusing = Collector::start(500).await;
    for (url, told) in [(silent_url, false), (closed_url, true), (refusing.url.clone(), true), ("nowhere".into(), true)]
    {
        let scene = Scene::new().await;
        let (ended, took) = scene.run("hr sync", &[(ENDPOINT, &url)]).await;
        assert!(took < Duration::from_secs(20), "{url}: {took:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(said.matches("collector").count(), usize::from(told), "{url}: once is enough: {said}");
        assert_eq!(scene.sandbox.apps()[0].sessions()[0].status, "completed", "{url}");
    }
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_asks_for_it() {
    let (scene, collector) = (Scene::new().await, Collector::start(200).await);
    scene.run("hr sync", &[(ENDPOINT, &collector.url), ("OTEL_SDK_DISABLED", "true")]).await;
    scene.run("hr sync", &[(ENDPOINT, "")]).await;
    assert!(collector.spans().is_empty());
    scene.run("hr sync", &[(ENDPOINT, &collector.url), ("OTEL_SERVICE_NAME", "people")]).await;
    assert!(collector.spans().iter().all(|span| span.service == "people") && !collector.spans().is_empty());
}
