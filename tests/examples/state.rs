//! Whose state it is, and where it is.

use std::{
    fs::{self, Permissions},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::PathBuf,
    time::Duration,
};

use bridge_sandbox::{Fault, Sandbox};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::{
    program::Program,
    scrape::{Figures, fetch},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// Nobody's, on most systems.
const OTHER: u32 = 65534;

#[tokio::test]
async fn a_state_of_another_user_is_permission_denied_in_every_command() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("acme_hr").facing(&sandbox);
    if fs::metadata(program.path("")).unwrap().uid() != 0 {
        eprintln!("SKIPPED: it takes root to run a command as another user");
        return;
    }
    program.run(&["sync"]).await.ok();
    // The other user finds the program and everything else, but not the app's folder.
    fs::set_permissions(program.path(""), Permissions::from_mode(0o755)).unwrap();
    let copy = program.path("program");
    fs::copy(program.command(&[]).as_std().get_program(), &copy).unwrap();
    let id = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
    for line in [
        "status",
        "status --json",
        "tasks list",
        "tasks --once",
        &format!("tasks show {id}"),
        &format!("tasks retry {id}"),
        "sync",
        "sync --now",
        "tasks run --now",
        "plan",
        "approve abcdef012345 --reason x",
        "doctor",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let command = program.command(&arguments);
        let mut other = std::process::Command::new(&copy);
        other.args(command.as_std().get_args()).current_dir(program.path(""));
        for (name, value) in command.as_std().get_envs() {
            match value {
                Some(value) => other.env(name, value),
                None => other.env_remove(name),
            };
        }
        other.uid(OTHER);
        let ended = timeout(PATIENCE, tokio::process::Command::from(other).output()).await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert_eq!(ended.status.code(), Some(74), "{line}: {said}");
        assert!(said.contains("Permission denied"), "{line}: {said}");
        assert!(!said.contains("it has not run yet"), "{line}: {said}");
    }
}

#[tokio::test]
async fn quotes_of_an_env_file_are_refused_before_anything_is_made() {
    let sandbox = Sandbox::start().await.unwrap();
    let volume = PathBuf::from("\"/volume\"");
    let program = Program::new("acme_hr").facing(&sandbox).set("BRIDGE_STATE_DIR", volume);
    let ended = program.run(&["sync"]).await;
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    assert!(ended.stderr.contains("BRIDGE_STATE_DIR: its value is in quotes"), "{}", ended.stderr);
    assert_eq!(fs::read_dir(program.path("")).unwrap().count(), 0);
    assert!(sandbox.apps().is_empty());
}

#[tokio::test]
async fn polls_that_fail_show_in_status_and_in_the_figures_until_one_goes_well() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("acme_hr").facing(&sandbox);
    sandbox.fault(Fault::on("GET", "/tasks/").answer(403, "no access to tasks"));
    let ended = program.run(&["tasks", "--once"]).await;
    assert_eq!(ended.code, Some(77), "{}", ended.stderr);
    let shown = program.run(&["status", "--json"]).await.json();
    assert!(shown["polling"]["why"].as_str().is_some_and(|why| why.contains("403")), "{shown:#}");
    let text = program.run(&["status"]).await.ok().stdout;
    assert!(text.contains("polling         failing since ") && text.contains("no access to tasks"), "{text}");

    let mut running = program.start_aloud(&["run", "--listen", "127.0.0.1:0"]);
    let mut log = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(running.stderr.take().unwrap()));
    let address = async {
        while let Some(line) = log.next_line().await.unwrap() {
            if let Some((_, rest)) = line.split_once("serving http://") {
                return rest.split('/').next().unwrap().to_owned();
            }
        }
        panic!("it serves nothing")
    };
    let address = timeout(PATIENCE, address).await.expect("it serves");
    let figures = async |done: &dyn Fn(&Figures) -> bool| {
        let seen = async {
            loop {
                let text = fetch(&address, "GET", "/metrics").await.2;
                if text.contains("bridge_task_poll_failures_total") && done(&Figures::of(&text)) {
                    return text;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, seen).await.expect("the figures come")
    };
    let app = [("app", "Acme HR")];
    let text = figures(&|figures| figures.value("bridge_task_poll_failures_total", &app) > 0.0).await;
    assert!(!text.contains("bridge_task_poll_last_success_timestamp_seconds"), "{text}");
    let (status, _, served) = fetch(&address, "GET", "/status").await;
    let served: Value = serde_json::from_str(&served).unwrap();
    assert_eq!((status, served["polling"]["why"] == shown["polling"]["why"]), (200, true), "{served:#}");
    assert_eq!(served["polling"]["since"], shown["polling"]["since"], "since the first of them, across processes");

    sandbox.clear_faults();
    program.run(&["tasks", "run", "--now"]).await.ok();
    figures(&|_| true).await;
    let good = async {
        while !program.run(&["status", "--json"]).await.json()["polling"].is_null() {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, good).await.expect("a good poll clears it");
    assert!(!program.run(&["status"]).await.ok().stdout.contains("polling"));
}
