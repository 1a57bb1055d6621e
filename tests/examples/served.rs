//! What `run` serves with `--listen`, and what systemd hears of it.

use std::time::Duration;

use bridge_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::{TcpListener, TcpStream, UnixDatagram},
    process::{Child, ChildStderr},
    time::timeout,
};

use crate::{
    program::{Program, signal},
    scrape::{Figures, fetch},
};

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connector that runs, with the address that it serves on.
struct Served {
    _running: Child,
    _log: Lines<BufReader<ChildStderr>>,
    address: String,
}

impl Served {
    async fn start(program: &Program) -> Self {
        let mut running = program.start_aloud(&["run", "--listen", "127.0.0.1:0"]);
        let mut log = BufReader::new(running.stderr.take().unwrap()).lines();
        let found = async {
            loop {
                let line = log.next_line().await.unwrap().expect("it goes on");
                if let Some((_, rest)) = line.split_once("serving http://") {
                    return rest.split('/').next().unwrap().to_owned();
                }
            }
        };
        let address = timeout(PATIENCE, found).await.expect("it serves");
        Served { _running: running, _log: log, address }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let (status, _, body) = fetch(&self.address, "GET", path).await;
        (status, body)
    }

    async fn until_ready(&self) {
        let ready = async {
            while self.get("/readyz").await.0 != 200 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ready).await.expect("it gets ready");
    }
}

#[tokio::test]
async fn probes_figures_and_status_are_served_while_it_runs() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let served = Served::start(&program).await;
    served.until_ready().await;
    let synced = async {
        while sandbox.app_named("Quickstart").is_none_or(|app| app.last_synced_at().is_none()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, synced).await.expect("it syncs");

    assert_eq!(served.get("/livez").await, (200, "ok\n[+] Quickstart: its loops turn\n".to_owned()));
    let (status, kind, text) = fetch(&served.address, "GET", "/metrics").await;
    assert_eq!((status, kind.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let of = [("app", "Quickstart"), ("resource_type", "employee"), ("outcome", "created")];
    assert_eq!(Figures::of(&text).value("bridge_sync_records_total", &of), 2.0);
    let (status, kind, text) = fetch(&served.address, "GET", "/status").await;
    let status_of = serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!((status, kind.as_str(), &status_of["name"]), (200, "application/json", &"Quickstart".into()));
    assert_eq!(status_of["running"], true);

    assert_eq!(fetch(&served.address, "HEAD", "/livez").await.0, 200);
    assert_eq!(fetch(&served.address, "POST", "/livez").await.0, 405);
    assert_eq!(served.get("/").await.0, 404);
}

#[tokio::test]
async fn while_it_starts_it_is_alive_and_not_ready() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::on("GET", "/api/apps/").delay(Duration::from_secs(20)));
    let program = Program::new("quickstart").facing(&sandbox);
    let served = Served::start(&program).await;
    assert_eq!(served.get("/livez").await.0, 200);
    assert_eq!(served.get("/readyz").await, (503, "failed\n[-] Quickstart: it is not running yet\n".to_owned()));
}

#[tokio::test]
async fn an_address_that_cannot_be_had_is_78() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (listen, says) in [(address.as_str(), address.as_str()), ("9480", "127.0.0.1:9480")] {
        let ended = program.run(&["run", "--listen", listen]).await;
        assert_eq!(ended.code, Some(78), "{}", ended.stderr);
        assert!(ended.stderr.contains("listen: ") && ended.stderr.contains(says), "{}", ended.stderr);
    }
    assert!(sandbox.apps().is_empty(), "it is found out before anything is done");
}

#[tokio::test]
async fn systemd_hears_when_it_is_ready_that_it_lives_and_when_it_stops() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let socket = program.path("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    let program = program.set("NOTIFY_SOCKET", &socket).set("WATCHDOG_USEC", "100000");
    let running = program.start(&["run"]);
    let hears = async |what: &str| {
        let heard = async {
            let mut message = [0; 256];
            loop {
                let length = manager.recv(&mut message).await.unwrap();
                let text = String::from_utf8_lossy(&message[..length]).into_owned();
                if text.lines().any(|line| line == what) {
                    return;
                }
            }
        };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("systemd never hears `{what}`"));
    };
    hears("READY=1").await;
    for _ in 0..3 {
        hears("WATCHDOG=1").await;
    }
    signal(&running, "TERM");
    hears("STOPPING=1").await;
}

#[tokio::test]
async fn a_log_for_machines_is_json_line_by_line_with_its_spans() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let ended = program.run(&["sync", "--log", "info", "--log-format", "json"]).await.ok();
    let lines: Vec<Value> = ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let completed = lines.iter().find(|line| line["message"] == "sync completed").unwrap();
    let session = sandbox.app_named("Quickstart").unwrap().sessions()[0].id;
    let span = json!({"name": "bridge.sync", "bridge.sync_id": session.to_string(), "bridge.app": "Quickstart"});
    assert_eq!(completed["spans"], json!([span]));
}

#[tokio::test]
async fn livez_answers_within_a_second_under_four_hundred_silent_connections() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let served = Served::start(&program).await;
    let mut silent = Vec::new();
    for _ in 0..400 {
        let mut stream = TcpStream::connect(&served.address).await.unwrap();
        // Half of them begin a request and never end it.
        if silent.len() % 2 == 0 {
            let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nx: ").await;
        }
        silent.push(stream);
    }
    for path in ["/livez", "/readyz", "/metrics", "/livez"] {
        let answer = timeout(Duration::from_secs(1), served.get(path)).await.expect("a kubelet waits a second");
        assert!(matches!(answer.0, 200 | 503), "{path}: {}", answer.0);
    }
}

#[tokio::test]
async fn a_web_page_whose_name_resolves_to_loopback_reads_nothing() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    let served = Served::start(&program).await;
    for path in ["/status", "/metrics", "/readyz", "/livez"] {
        for (host, status) in [("evil.example:9480", "403"), ("localhost", "200")] {
            let mut stream = TcpStream::connect(&served.address).await.unwrap();
            stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n").as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let ready = path == "/readyz" && answer.starts_with("HTTP/1.1 503");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) || (status == "200" && ready), "{answer}");
            assert!(status == "200" || !answer.contains("Quickstart"), "{answer}");
        }
    }
}

#[tokio::test]
async fn what_ends_a_connector_is_an_entry_of_a_log_for_machines_too() {
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_TENANT", "acme");
    let state = program.path("a_file");
    std::fs::write(&state, "").unwrap();
    let ended = program.set("BRIDGE_STATE_DIR", state.join("state")).run(&["run", "--log-format", "json"]).await;
    assert_eq!(ended.code, Some(74), "{}", ended.stderr);
    let lines: Vec<Value> = ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    assert_eq!((&last["level"], &last["bridge.exit_code"]), (&json!("ERROR"), &json!(74)), "{last:#}");
    assert!(last["message"].as_str().unwrap().contains("a_file"), "{last:#}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_stop_is_an_entry_of_a_log_for_machines_too() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.fault(Fault::on("GET", "/api/apps/").delay(Duration::from_secs(20)));
    let program = Program::new("quickstart").facing(&sandbox);
    let mut running = program.start_aloud(&["run", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let mut log = BufReader::new(running.stderr.take().unwrap()).lines();
    let mut lines = Vec::new();
    while let Some(line) = timeout(PATIENCE, log.next_line()).await.expect("it goes on").unwrap() {
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if line["message"].as_str().unwrap().starts_with("serving") {
            signal(&running, "TERM");
        }
        lines.push(line);
    }
    let says = |text: &str| lines.iter().any(|line| line["message"].as_str().unwrap().contains(text));
    assert!(says("stopping") && says("interrupted"), "{lines:#?}");
}
