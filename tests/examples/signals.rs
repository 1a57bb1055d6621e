//! Ctrl-C and SIGTERM while a handler blocks: in good order first, and at once when asked twice.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    time::{Duration, Instant},
};

use bridge_sandbox::{Fault, NewTask, Sandbox};
use serde_json::{Value, json};
use tokio::{process::Child, time::timeout};
use uuid::Uuid;

use crate::program::{Program, heard, signal};

/// `linux_host` with a `usermod` that takes a minute, in the middle of a task: its thread cannot be stopped.
struct Scene {
    _sandbox: Sandbox,
    program: Program,
    running: Child,
    task: Uuid,
}

impl Scene {
    async fn new() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let program = Program::new("linux_host").facing(&sandbox);
        let (root, bin, called) = (program.path("root"), program.path("bin"), program.path("called"));
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/passwd"), "ann:x:1000:100:Ann Lee:/home/ann:/bin/bash\n").unwrap();
        fs::write(root.join("etc/group"), "users:x:100:\n").unwrap();
        fs::create_dir(&bin).unwrap();
        let usermod = bin.join("usermod");
        fs::write(&usermod, format!("#!/bin/sh\n: > '{}'\nexec /bin/sleep 60\n", called.display())).unwrap();
        fs::set_permissions(&usermod, fs::Permissions::from_mode(0o755)).unwrap();
        let program = program.set("PATH", bin).set("LINUX_HOST_ROOT", root);

        program.run(&["--apply", "sync"]).await.ok();
        let app = sandbox.apps().remove(0);
        let task = app.queue(NewTask::new("suspend_account", "user").account(json!({"id": "ann"})));
        let running = program.start_aloud(&["--apply", "tasks", "run"]);
        let at_work = async {
            while !called.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), at_work).await.expect("the handler is called");
        Scene { _sandbox: sandbox, program, running, task }
    }

    /// The files of the journal.
    fn files(&self) -> Vec<PathBuf> {
        let folders = fs::read_dir(self.program.path("state")).unwrap().map(|folder| folder.unwrap().path());
        folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path()).collect()
    }
}

async fn state(program: &Program, task: Uuid) -> Value {
    program.run(&["tasks", "show", &task.to_string(), "--json"]).await.json()["state"].clone()
}

#[tokio::test]
async fn asked_twice_it_ends_at_once_and_closes_its_journal() {
    let scene = Scene::new().await;
    let status = scene.program.run(&["status"]).await.ok().stdout;
    assert!(status.contains("tasks           1 being carried out"), "{status}");
    let files = scene.files();
    let log = files.iter().find(|file| file.ends_with("journal.db-wal")).expect("the journal is open");
    // Two of one kind may be taken for one.
    signal(&scene.running, "INT");
    signal(&scene.running, "TERM");
    let asked = Instant::now();
    let ended = heard(scene.running).await;
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert!(!log.exists(), "what its log held is in its file");

    assert_eq!(state(&scene.program, scene.task).await, "started");
    let status = scene.program.run(&["status"]).await.ok().stdout;
    assert!(status.contains("tasks           1 cut off and to be settled"), "{status}");
}

#[tokio::test]
async fn a_handler_that_blocks_does_not_keep_the_process_alive() {
    let scene = Scene::new().await;
    signal(&scene.running, "TERM");
    let asked = Instant::now();
    let ended = heard(scene.running).await;
    // 20 s for the handler to end by itself, and no minute.
    assert!(asked.elapsed() < Duration::from_secs(40), "{:?}", asked.elapsed());
    assert!(matches!(ended.code, Some(0 | 1)), "{:?}: {}", ended.code, ended.stderr);
    assert!(ended.stderr.contains("its blocking work goes on"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_left_after_a_stop_is_told_and_the_next_start_goes_on_with_it() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("quickstart").facing(&sandbox);
    program.run(&["sync"]).await.ok();
    let app = sandbox.apps().remove(0);
    sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
    let task = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1"})));
    let running = program.start_aloud(&["tasks", "run"]);
    let executed = async {
        while program.run(&["status", "--json"]).await.json()["tasks"]["executed"] != 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(30), executed).await.expect("it carries the task out");

    signal(&running, "TERM");
    let ended = heard(running).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let says =
        "Quickstart: error: stopped, and not everything had ended: 1 task(s) done and not reported; the next start";
    assert!(ended.stderr.contains(says) && ended.stderr.contains("hint: `status` and"), "{}", ended.stderr);

    sandbox.clear_faults();
    program.run(&["tasks", "--once"]).await.ok();
    app.assert_task_completed(task);
}
