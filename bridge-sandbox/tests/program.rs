//! The `bridge-sandbox` program.

#![allow(clippy::unwrap_used, reason = "this is test code, though not all of it is in test functions")]

mod common;

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bridge_sandbox::Sandbox;
use common::accounts;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridge-sandbox"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// A program that serves on a free port with the key `dev`.
struct Serving {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Serving {
    async fn start(arguments: &[&str]) -> Self {
        let mut child = program(&["--listen", "127.0.0.1:0", "--api-key", "dev"]).args(arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next_line().await.unwrap().expect("a first line");
        let url = url.strip_prefix("export BRIDGE_URL=").unwrap().to_owned();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "export BRIDGE_API_KEY=dev");
        Self { child, lines, url }
    }

    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> common::Answer {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let request = common::http().request(method.parse().unwrap(), url).header("Authorization", "Api-Key dev");
        common::send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Ends it without a warning.
    async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn fails(arguments: &[&str]) -> String {
    let output = program(arguments).output().await.unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn it_prints_the_lines_to_export_serves_and_ends_cleanly_by_signal() {
    for signal in ["-INT", "-TERM"] {
        let mut serving = Serving::start(&["--tenant", "umbrella", "--also-tenant", "acme=other"]).await;
        assert!(serving.url.starts_with("http://127.0.0.1:") && serving.url.ends_with("/org/umbrella"));
        let console = serving.lines.next_line().await.unwrap().unwrap();
        let start = format!("# console: {}?token=", serving.url.replace("/org/umbrella", "/console/sign-in/"));
        assert!(console.starts_with(&start) && console.len() == start.len() + 32, "{console}");
        let tenant = serving.lines.next_line().await.unwrap().unwrap();
        let url = serving.url.replace("umbrella", "acme");
        assert_eq!(tenant, format!("# tenant acme: BRIDGE_URL={url} BRIDGE_API_KEY=other"));
        assert_eq!(serving.call("GET", "/api/apps/", None).await.0, 200);

        let id = serving.child.id().unwrap().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
        let status = tokio::time::timeout(Duration::from_secs(5), serving.child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{status}");
    }
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("acme.state");
    let arguments = ["--state", state.to_str().unwrap()];
    let serving = Serving::start(&arguments).await;
    let (_, app) = serving.call("POST", "/api/v1/bridge/apps/", Some(json!({"name": "Acme HR"}))).await;
    let app = format!("/api/v1/bridge/apps/{}/", app["id"].as_str().unwrap());
    let employee = json!({"slug": "employee", "name": "Employees", "type": "account"});
    assert_eq!(serving.call("POST", &format!("{app}resource-types/"), Some(employee)).await.0, 201);
    let first = start(&serving, &app).await;
    serving.call("PUT", &format!("{first}employee/"), Some(json!({"records": accounts(&["7", "8"])}))).await;
    assert_eq!(serving.call("POST", &format!("{first}complete/"), None).await.0, 202);
    let second = start(&serving, &app).await;
    let page = json!({"records": accounts(&["8"])});
    assert_eq!(serving.call("PUT", &format!("{second}employee/"), Some(page)).await.0, 200);
    serving.kill().await;

    let serving = Serving::start(&arguments).await;
    let (_, progress) = serving.call("GET", &second, None).await;
    assert_eq!((&progress["status"], &progress["progress"][0]["synced_count"]), (&json!("in_progress"), &json!(1)));
    assert_eq!(serving.call("POST", &format!("{second}complete/"), None).await.0, 202);
    serving.kill().await;

    let serving = Serving::start(&arguments).await;
    let (_, people) = serving.call("GET", "/api/accounts/?status=INACTIVE", None).await;
    assert_eq!((&people["count"], &people["results"][0]["email"]), (&json!(1), &json!("7@acme.test")));
    assert_eq!(serving.call("GET", "/api/accounts/?status=ACTIVE", None).await.1["count"], 1);
}

async fn start(serving: &Serving, app: &str) -> String {
    let (status, body) = serving.call("POST", &format!("{app}sync/"), None).await;
    assert_eq!(status, 201, "{body}");
    format!("{app}sync/{}/", body["sync_id"].as_str().unwrap())
}

/// A full disk, for one process: no file may grow over a limit.
#[cfg(unix)]
#[tokio::test]
async fn a_state_that_cannot_be_kept_is_never_answered_as_done() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("acme.state");
    let mut child = Command::new("sh")
        .arg("-c")
        // The signal that such a write sends would end the process: ignored, the write fails instead.
        .arg("trap '' XFSZ; ulimit -f 400; exec \"$0\" --listen 127.0.0.1:0 --api-key dev --state \"$1\"")
        .arg(env!("CARGO_BIN_EXE_bridge-sandbox"))
        .arg(&state)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.next_line().await.unwrap().unwrap().replace("export BRIDGE_URL=", "");
    let serving = Serving { child, lines, url };
    let mut created = 0;
    let refusal = loop {
        let answer = serving.call("POST", "/api/v1/bridge/apps/", Some(json!({"name": "n".repeat(255)}))).await;
        if answer.0 != 201 {
            break answer;
        }
        created += 1;
        assert!(created < 10_000, "the limit is never met");
    };
    common::refused(&refusal, 500, "the state file cannot be written");
    common::refused(&serving.call("GET", "/api/apps/", None).await, 500, "the state file cannot be written");
    serving.kill().await;

    let serving = Serving::start(&["--state", state.to_str().unwrap()]).await;
    assert_eq!(serving.call("GET", "/api/apps/", None).await.1["count"], created, "all that was answered, and no more");
}

#[tokio::test]
async fn it_begins_with_a_seed_and_with_faults() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let seed = write("seed.toml", "[[app]]\nname = \"Acme HR\"\n[[app]]\nname = \"Acme Badges\"\n");
    let faults = write("faults.toml", "[[fault]]\nafter = 1\ntimes = 1\nstatus = 503\n");
    let arguments = ["--seed", &seed, "--faults", &faults, "--fault-seed", "7", "--assume", "task_page_size=1"];
    let mut serving = Serving::start(&arguments).await;
    serving.lines.next_line().await.unwrap();
    assert_eq!(serving.lines.next_line().await.unwrap().unwrap(), "# 1 faults, --fault-seed 7");
    assert_eq!(serving.call("GET", "/api/apps/", None).await.1["count"], 2);
    assert_eq!(serving.call("GET", "/api/apps/", None).await.0, 503);
    assert_eq!(serving.call("GET", "/api/apps/", None).await.0, 200);
}

#[tokio::test]
async fn it_serves_on_when_nobody_reads_what_it_prints() {
    let mut child = program(&["--listen", "127.0.0.1:0", "--api-key", "dev"]).spawn().unwrap();
    let mut line = String::new();
    // The pipe is closed after the first line.
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let url = line.trim_end().strip_prefix("export BRIDGE_URL=").unwrap();
    let request = common::http().get(format!("{url}/api/apps/")).header("Authorization", "Api-Key dev");
    assert_eq!(common::send(request).await.0, 200);
    child.kill().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_ends_it_with_a_message_that_helps() {
    let sandbox = Sandbox::start().await.unwrap();
    let message = fails(&["--listen", &sandbox.address().to_string()]).await;
    assert!(message.contains(&format!("cannot listen on {}", sandbox.address())), "{message}");
    assert!(message.contains("--listen"), "{message}");
}

#[tokio::test]
async fn what_it_cannot_use_ends_it_with_a_message_that_helps() {
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "no database, and yet much longer than a hundred bytes. ".repeat(4)).unwrap();
    let other = other.to_str().unwrap();
    let nowhere = Path::new("/no/such/folder/state").to_str().unwrap();
    for (arguments, word) in [
        (&["--assume", "several_sessions"][..], "NAME=VALUE"),
        (&["--assume", "p4=removed"], "newer_records_are_removed"),
        (&["--assume", "several_sessions=maybe"], "true or false"),
        (&["--also-tenant", "acme=k"], "named twice"),
        (&["--tenant", "a/b"], "a/b"),
        (&["--state", nowhere], nowhere),
        (&["--state", other], "not a database"),
        (&["--seed", nowhere], "cannot be read"),
        (&["--faults", nowhere], "cannot be read"),
    ] {
        let all: Vec<_> = ["--listen", "127.0.0.1:0"].iter().chain(arguments).copied().collect();
        let message = fails(&all).await;
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

#[tokio::test]
async fn its_help_teaches() {
    let output = program(&["--help"]).output().await.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for word in [
        "Examples:",
        "curl",
        "--listen",
        "127.0.0.1:8480",
        "--api-key",
        "--tenant",
        "Ctrl-C",
        "--state",
        "--seed",
        "--faults",
        "--fault-seed",
        "--assume",
        "several_sessions=true",
        "P18",
        "docs/sandbox.md",
    ] {
        assert!(help.contains(word), "{word} is not in:\n{help}");
    }
    let short = String::from_utf8(program(&["-h"]).output().await.unwrap().stdout).unwrap();
    assert!(short.lines().count() < 40, "{short}");
}

/// The most memory that a process ever had, in MB.
#[cfg(target_os = "linux")]
fn peak(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id().unwrap())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hundred_open_bodies_and_ten_thousand_long_paths_take_less_than_200_mb() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let serving = Serving::start(&[]).await;
    let address = serving.url.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    // Each sends nearly all of ten megabytes, as far as it is read, and never ends. Half of them have the key.
    let mut open = Vec::new();
    for index in 0..100 {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        let key = if index % 2 == 0 { "dev" } else { "wrong" };
        let head = format!(
            "POST /org/acme/api/v1/bridge/apps/ HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key {key}\r\n\
             Content-Type: application/json\r\nContent-Length: 10000000\r\n\r\n"
        );
        open.push(tokio::spawn(async move {
            let _ = socket.write_all(head.as_bytes()).await;
            let body = vec![b' '; 9_900_000];
            // The server does not read all of them, or closes the connection.
            let _ = tokio::time::timeout(Duration::from_secs(3), socket.write_all(&body)).await;
            socket
        }));
    }
    let mut sockets = Vec::new();
    for one in open {
        sockets.push(one.await.unwrap());
    }
    assert_eq!(serving.call("GET", "/api/apps/", None).await.0, 200, "it serves others meanwhile");
    let after_bodies = peak(&serving.child);
    assert!(after_bodies < 200, "{after_bodies} MB after the bodies");
    drop(sockets);

    // Without the cut, the log would keep 250 MB of them.
    let long = "a".repeat(25_000);
    let head = format!("GET /org/acme/api/apps/?x={long} HTTP/1.1\r\nHost: x\r\nAuthorization: Api-Key dev\r\n");
    let (mut answers, mut requests) = tokio::net::TcpStream::connect(&address).await.unwrap().into_split();
    let sender = tokio::spawn(async move {
        for _ in 1..10_000 {
            requests.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        }
        requests.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
        requests
    });
    let mut answered = String::new();
    answers.read_to_string(&mut answered).await.unwrap();
    drop(sender.await.unwrap());
    assert_eq!(answered.matches("HTTP/1.1 200").count(), 10_000);
    let after_paths = peak(&serving.child);
    assert!(after_paths < 200, "{after_paths} MB after the paths");
    serving.kill().await;
}
