//! Commands beside a running connector: what it is doing, what a sync would do, a sync now, a person's approval.

use std::{process::Command, time::Duration};

use bridge_sandbox::{App, Fault, Sandbox};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::{process::Child, time::timeout};

use crate::program::Program;

const PATIENCE: Duration = Duration::from_secs(30);

/// `acme_hr` with 312 people, in front of a sandbox.
struct Scene {
    sandbox: Sandbox,
    program: Program,
}

impl Scene {
    async fn new() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let program = Program::new("acme_hr").facing(&sandbox);
        Scene { sandbox, program }
    }

    fn app(&self) -> App {
        self.sandbox.app_named("Acme HR").unwrap()
    }

    async fn says(&self) -> (Value, String) {
        let json = self.program.run(&["status", "--json"]).await.json();
        (json, self.program.run(&["status"]).await.ok().stdout)
    }

    /// What `status` says, once it is doing that.
    async fn doing(&self, what: &str) -> (Value, String) {
        let doing = async {
            loop {
                let status = self.program.run(&["status", "--json"]).await.json();
                if status["said"]["activity"]["doing"] == what {
                    return self.says().await;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, doing).await.unwrap_or_else(|_| panic!("it is never {what}"))
    }

    /// Waits until so many sessions have ended.
    async fn sessions(&self, count: usize) -> Vec<String> {
        let statuses = || self.app().sessions().into_iter().map(|session| session.status).collect::<Vec<_>>();
        let ended = async {
            while statuses().len() < count || statuses().contains(&"in_progress".to_owned()) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("it syncs");
        statuses()
    }

    /// The first so many people leave the company.
    fn lose(&self, count: u32) {
        let hr = Connection::open(self.program.path("acme_hr.sqlite")).unwrap();
        let first = format!("(select number from person order by number limit {count})");
        let leave = ["team_member where person", "seat_holder where person", "person where number"];
        let leave = leave.map(|of| format!("delete from {of} in {first};")).concat();
        hr.execute_batch(&format!("begin; {leave} commit;")).unwrap();
    }
}

async fn stop(mut running: Child) {
    let pid = running.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let ended = timeout(PATIENCE, running.wait()).await.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn status_tells_whether_it_reads_waits_or_has_stopped() {
    let scene = Scene::new().await;
    let (json, text) = scene.says().await;
    assert_eq!((&json["running"], &json["said"], &json["app"]), (&json!(false), &Value::Null, &Value::Null));
    assert!(text.contains("it has not run yet") && text.contains("never"), "{text}");

    scene.sandbox.fault(Fault::ending("PUT", "/employee/").times(1).delay(Duration::from_secs(2)));
    let running = scene.program.start(&["run"]);
    let (json, text) = scene.doing("reading").await;
    assert_eq!((&json["running"], &json["said"]["pid"]), (&json!(true), &json!(running.id())));
    assert!(text.contains("reading `"), "{text}");
    assert_eq!(json["completed_at"], Value::Null);

    let (json, text) = scene.doing("waiting").await;
    assert_eq!(scene.sessions(1).await, ["completed"]);
    assert!(text.contains("waiting until "), "{text}");
    assert_eq!(json["app"], json!(scene.app().id()));
    assert_ne!(json["completed_at"], Value::Null);
    assert_eq!((&json["held"], &json["approved"]), (&Value::Null, &Value::Null));
    for (slug, count) in [("employee", 312), ("team", 12), ("seat", 6)] {
        assert!(json["known"].as_array().unwrap().contains(&json!([slug, count])), "{json:#}");
        assert!(text.contains(&format!("{slug} {count}")), "{text}");
    }

    stop(running).await;
    let (json, text) = scene.says().await;
    assert_eq!((&json["running"], &json["said"]["activity"]["doing"]), (&json!(false), &json!("stopped")));
    assert!(text.contains("stopped at"), "{text}");
}

#[tokio::test]
async fn a_running_connector_that_is_killed_is_not_said_to_run() {
    let scene = Scene::new().await;
    let mut running = scene.program.start(&["run"]);
    scene.doing("waiting").await;
    running.kill().await.unwrap();
    let (json, text) = scene.says().await;
    assert_eq!(json["running"], false);
    assert!(text.contains("not running"), "{text}");
    let asked = scene.program.run(&["sync", "--now"]).await;
    assert_eq!(asked.code, Some(75), "{}", asked.stderr);
}

#[tokio::test]
async fn a_plan_an_approval_and_a_sync_now_beside_a_running_connector() {
    let scene = Scene::new().await;
    let running = scene.program.start(&["run"]);
    scene.doing("waiting").await;
    scene.lose(40);

    // The dry run: 40 of 312 are missing, and a twentieth may go, which is 16.
    scene.sandbox.clear_requests();
    let planned = scene.program.run(&["plan", "--json"]).await;
    assert_eq!(planned.code, Some(3), "it ends as the sync would: {}", planned.stderr);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let hash = plan["hash"].as_str().unwrap();
    let text = scene.program.run(&["plan"]).await.stdout;
    assert_eq!(scene.sandbox.requests().iter().filter(|request| request.method != "GET").count(), 0);
    let reason = json!({"reason": "removed", "slug": "employee", "count": 40, "allowed": 16, "before": 312});
    assert_eq!(plan["held"], json!([reason]));
    assert_eq!(plan["losses"].as_array().unwrap().len(), 40);
    assert!(plan["losses"].as_array().unwrap().iter().all(|one| one["slug"] == "employee" && one["kind"] == "removed"));
    for part in [&format!("plan {hash}"), "40 to remove", "would be held", &format!("approve {hash} --reason")] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }

    // The next sync is due in an hour, and comes now. It is held.
    scene.program.run(&["sync", "--now"]).await.ok();
    assert_eq!(scene.sessions(2).await, ["completed", "abandoned"]);
    let (json, text) = scene.doing("held").await;
    assert_eq!((&json["running"], &json["said"]["activity"]["hash"]), (&json!(true), &json!(hash)));
    assert_eq!(json["held"], json!({"hash": hash, "reasons": [reason]}));
    for part in [&format!("held, plan {hash}"), &format!("approve {hash} --reason"), "40 of 312"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    assert_eq!(scene.app().active("employee"), 312);

    let unknown = scene.program.run(&["approve", "000000000000", "--reason", "typo"]).await;
    assert_eq!(unknown.code, Some(65), "{}", unknown.stderr);
    scene.program.run(&["approve", hash, "--reason", "the Lyon office has closed"]).await.ok();
    let (json, text) = scene.says().await;
    assert_eq!((&json["approved"]["hash"], &json["approved"]["used_at"]), (&json!(hash), &Value::Null));
    assert!(text.contains("the Lyon office has closed"), "{text}");
    let text = scene.program.run(&["plan"]).await.ok().stdout;
    assert!(text.contains(&format!("a sync would go through: {hash} is approved")), "{text}");
    assert_eq!(scene.app().active("employee"), 312, "an approval alone removes nobody");

    scene.program.run(&["sync", "--now"]).await.ok();
    assert_eq!(scene.sessions(3).await, ["completed", "abandoned", "completed"]);
    assert_eq!(scene.app().active("employee"), 272);
    let (json, text) = scene.doing("waiting").await;
    assert_eq!((&json["held"], &json["approved"]), (&Value::Null, &Value::Null), "{text}");
    assert!(json["known"].as_array().unwrap().contains(&json!(["employee", 272])), "{json:#}");
    stop(running).await;
}
