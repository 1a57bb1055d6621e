//! `doctor` as a command: each thing that it can find wrong on the way to Iden, with its remedy and its exit code.

use std::{fs, net::SocketAddr, sync::Arc};

use bridge_sandbox::Sandbox;
use rustls::{ServerConnection, StreamOwned};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    certificates::{certificate, server_config},
    program::{Program, heard, signal},
};

/// An empty list, as of this time.
fn answer(date: &str) -> String {
    let body = r#"{"count":0,"next":null,"previous":null,"results":[]}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: {date}\r\nconnection: close");
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The findings of `doctor --json`, with its exit code.
async fn doctor(program: &Program, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let ended = program.run(&[&["doctor", "--json"], arguments].concat()).await;
    let found: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stderr));
    assert_eq!(found["ok"], ended.code == Some(0));
    (ended.code, found["findings"].as_array().unwrap().clone())
}

/// The check has failed with this code, says this, and names a remedy.
#[track_caller]
fn fails((code, findings): &(Option<i32>, Vec<Value>), check: &str, exit: i32, says: &str) {
    let found = findings.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("{check}: {findings:#?}"));
    assert_eq!((*code, &found["outcome"]), (Some(exit), &"failed".into()), "{findings:#?}");
    assert!(found["found"].as_str().unwrap().contains(says), "{found:#}");
    assert!(!found["remedy"].as_str().unwrap().is_empty(), "{found:#}");
}

#[track_caller]
fn outcome(findings: &[Value], check: &str) -> String {
    let found = findings.iter().find(|one| one["check"] == check).unwrap_or_else(|| panic!("{check}: {findings:#?}"));
    found["outcome"].as_str().unwrap().to_owned()
}

fn at(address: SocketAddr) -> Program {
    let url = format!("http://{address}/org/acme");
    Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", url)
}

#[tokio::test]
async fn where_all_is_well_it_says_so_line_by_line_and_ends_with_0() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let (code, findings) = doctor(&program, &[]).await;
    assert_eq!(code, Some(0), "{findings:#?}");
    for check in ["configuration", "dns", "connection", "key", "clock", "journal", "app", "types", "source"] {
        assert_eq!(outcome(&findings, check), "ok", "{check}");
    }
    let text = program.run(&["doctor"]).await.ok().stdout;
    assert!(text.contains("ok       key            Iden takes it") && text.ends_with("nothing has failed\n"), "{text}");
}

#[tokio::test]
async fn every_wrong_setting_is_named_and_the_key_by_itself() {
    let program = Program::new("quickstart").set("BRIDGE_TENANT", "acme").set("BRIDGE_LISTEN", "9480");
    let found = doctor(&program, &["--sync-cron", "0 25 * * *"]).await;
    let wrong: Vec<_> = found.1.iter().filter(|one| one["check"] == "configuration").collect();
    assert_eq!(wrong.len(), 2, "{found:#?}");
    fails(&found, "configuration", 78, "sync_cron");
    fails(&found, "key", 78, "no API key");
    fs::write(program.path("bridge.toml"), "[types.emploee]\nmax_removed = 1\n").unwrap();
    fails(&doctor(&program, &[]).await, "configuration", 78, "emploee");
    fs::write(program.path("bridge.toml"), "sink_every = 1\n").unwrap();
    fails(&doctor(&program, &[]).await, "configuration", 78, "sink_every");
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_69() {
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("HTTPS_PROXY", "").set("https_proxy", "");
    let program = program.set("ALL_PROXY", "").set("all_proxy", "");
    // A name that never resolves (RFC 6761).
    let found = doctor(&program.set("BRIDGE_URL", "https://iden.invalid/org/acme"), &[]).await;
    fails(&found, "dns", 69, "iden.invalid");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_69_and_the_sources_are_looked_at_all_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let program = at(listener.local_addr().unwrap());
    drop(listener);
    let found = doctor(&program, &[]).await;
    fails(&found, "connection", 69, "could not be reached");
    let of = |check| outcome(&found.1, check);
    assert_eq!((of("dns"), of("key"), of("app")), ("ok".into(), "skipped".into(), "skipped".into()));
    assert_eq!(of("source"), "ok");
}

#[tokio::test]
async fn a_server_without_tls_and_a_ca_file_that_is_none_are_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/org/acme", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", url);
    fails(&doctor(&program, &[]).await, "connection", 69, "");
    fails(&doctor(&program, &["--ca-file", "none.pem"]).await, "connection", 78, "none.pem");
}

#[tokio::test]
async fn a_certificate_that_nobody_here_trusts_is_told_until_its_ca_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/org/acme", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        let config = Arc::new(server_config("good"));
        for stream in listener.incoming() {
            let mut tls = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream.unwrap());
            let now = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&jiff::Timestamp::now());
            // A client that does not trust the server breaks off.
            if std::io::Read::read(&mut tls, &mut [0; 4096]).is_ok() {
                std::io::Write::write_all(&mut tls, answer(&now.unwrap()).as_bytes()).unwrap();
                tls.conn.send_close_notify();
                std::io::Write::flush(&mut tls).unwrap();
            }
        }
    });
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k").set("BRIDGE_URL", url);
    let found = doctor(&program, &[]).await;
    fails(&found, "connection", 69, "certificate");
    let remedy = found.1.iter().find(|one| one["check"] == "connection").unwrap()["remedy"].as_str().unwrap();
    assert!(remedy.contains("--ca-file"), "{remedy}");

    let trusted = certificate("trusted.pem");
    let (code, findings) = doctor(&program, &["--ca-file", trusted.to_str().unwrap()]).await;
    assert_eq!(code, Some(0), "{findings:#?}");
    assert_eq!(outcome(&findings, "connection"), "ok");
}

#[tokio::test]
async fn plain_http_to_another_host_is_78() {
    let program = Program::new("quickstart").set("BRIDGE_API_KEY", "k");
    let found = doctor(&program.set("BRIDGE_URL", "http://192.0.2.1/org/acme"), &[]).await;
    fails(&found, "connection", 78, "unencrypted");
}

#[tokio::test]
async fn a_key_that_iden_refuses_is_77() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox).set("BRIDGE_API_KEY", "another");
    let found = doctor(&program, &[]).await;
    fails(&found, "key", 77, "401");
    assert_eq!(outcome(&found.1, "connection"), "ok");
}

#[tokio::test]
async fn a_clock_that_is_far_off_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let program = at(listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = answer("Wed, 21 Oct 2015 07:28:00 GMT");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    fails(&doctor(&program, &[]).await, "clock", 78, "s off");
}

#[tokio::test]
async fn what_stands_in_app_and_does_not_fit_is_78() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    fs::write(program.path("bridge.toml"), "[app]\nsevrer = 1\n").unwrap();
    fails(&doctor(&program, &[]).await, "source", 78, "do not fit");
}

#[tokio::test]
async fn without_a_key_all_that_needs_none_is_looked_at() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").set("BRIDGE_URL", sandbox.base_url());
    let found = doctor(&program, &[]).await;
    fails(&found, "key", 78, "no API key");
    let of = |check| outcome(&found.1, check);
    assert_eq!([of("configuration"), of("dns"), of("types"), of("source")], ["ok"; 4]);
    assert_eq!([of("connection"), of("clock"), of("app")], ["skipped"; 3]);
    assert!(sandbox.requests().is_empty(), "nothing is sent without a key");
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_used_is_74_before_the_first_run_finds_out() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    fs::write(program.path("a_file"), "").unwrap();
    let state = program.path("a_file").join("state");
    let found = doctor(&program.set("BRIDGE_STATE_DIR", state), &[]).await;
    fails(&found, "journal", 74, "a_file");
}

#[tokio::test]
async fn of_a_fleet_an_app_id_is_for_the_first_one_as_it_is_for_run() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("regions").facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let parent = sandbox.app_named("Acme Americas").unwrap().id().to_string();
    let (code, findings) = doctor(&program, &["--app-id", &parent]).await;
    assert_eq!(code, Some(0), "{findings:#?}");
    fails(&doctor(&program, &["--app-id", &parent, "--app", "Acme Asia"]).await, "app", 78, "belongs to the app");
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_at_the_first_signal() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let program = at(listener.local_addr().unwrap());
    let running = program.start_aloud(&["doctor"]);
    // It is asked, and never answers.
    let _asked = listener.accept().await.unwrap();
    signal(&running, "INT");
    let began = std::time::Instant::now();
    let ended = heard(running).await;
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}
