//! Commands about tasks, beside a running connector and without one: what is pending, what happened, and a person's hand.

use std::time::Duration;

use bridge_sandbox::{App, Fault, NewTask, Sandbox};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

#[cfg(unix)]
use crate::program::signal;
use crate::program::{Ended, Program};

const PATIENCE: Duration = Duration::from_secs(30);

/// `acme_hr` that has synced once, in front of a sandbox.
struct Scene {
    sandbox: Sandbox,
    program: Program,
}

impl Scene {
    async fn new() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let program = Program::new("acme_hr").facing(&sandbox);
        program.run(&["sync"]).await.ok();
        Scene { sandbox, program }
    }

    fn app(&self) -> App {
        self.sandbox.app_named("Acme HR").unwrap()
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        self.program.run(arguments).await
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).await.json()
    }

    fn hire(&self) -> Uuid {
        let nadia = json!({"email": "nadia@acme.example", "first_name": "Nadia"});
        self.app().queue(NewTask::new("create_account", "employee").account(nadia))
    }

    fn about(&self, action: &str, id: &str) -> Uuid {
        self.app().queue(NewTask::new(action, "employee").account(json!({"id": id})))
    }

    /// A task whose `verify` function failed, like its handler.
    async fn park(&self) -> Uuid {
        self.works(false);
        let hire = self.hire();
        let round = self.json(&["tasks", "--once", "--json"]).await;
        assert_eq!(round["parked"], 1, "{round:#}");
        hire
    }

    /// Waits until a task is reported completed.
    async fn ends(&self, id: Uuid) {
        let ended = async {
            while !self.app().task(id).unwrap().is_done() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, ended).await.expect("it is carried out");
        self.app().assert_task_completed(id);
    }

    /// The HR system fails from now on, at every task; or works again.
    fn works(&self, works: bool) {
        let hr = Connection::open(self.program.path("acme_hr.sqlite")).unwrap();
        for (column, elsewhere) in [("status", "status_elsewhere"), ("hired_by", "hired_by_elsewhere")] {
            let (from, to) = if works { (elsewhere, column) } else { (column, elsewhere) };
            hr.execute_batch(&format!("alter table person rename column {from} to {to}")).unwrap();
        }
    }
}

#[tokio::test]
async fn the_list_says_what_would_become_of_each_task_and_nothing_happens() {
    let scene = Scene::new().await;
    let text = scene.run(&["tasks", "list"]).await.ok().stdout;
    assert_eq!(text, "Acme HR: no task is pending\n");

    let hire = scene.hire();
    let first = scene.about("suspend_account", "1001");
    let second = scene.about("unsuspend_account", "1001");
    let reset = scene.about("reset_password", "1002");
    let promote = scene.about("promote_account", "1003");
    let leave = scene.about("delete_account", "ann");
    scene.sandbox.clear_requests();

    let list = scene.json(&["tasks", "list", "--json"]).await;
    let list = list.as_array().unwrap();
    let ids: Vec<_> = list.iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect();
    // Accounts that are to lose their access come first.
    assert_eq!(ids, [first, leave, hire, second, reset, promote].map(|id| id.to_string()));
    let handlers: Vec<_> = list.iter().map(|task| (&task["handler"]["name"], &task["handler"]["kind"])).collect();
    let expected = [
        (json!("suspend"), json!("idempotent")),
        (json!("leave"), json!("idempotent")),
        (json!("hire"), json!("verified")),
        (json!("unsuspend"), json!("idempotent")),
        (json!("reset_password"), json!("at_most_once")),
        (Value::Null, Value::Null),
    ];
    assert_eq!(handlers, expected.iter().map(|(name, kind)| (name, kind)).collect::<Vec<_>>());
    let codes: Vec<_> = list.iter().map(|task| &task["report"]["error"]["code"]).collect();
    let nothing = Value::Null;
    let (unsupported, invalid) = (json!("unsupported_action"), json!("invalid_payload"));
    assert_eq!(codes, [&nothing, &invalid, &nothing, &nothing, &nothing, &unsupported]);
    assert_eq!(list[3]["behind"], json!(first));
    assert!(list.iter().all(|task| task["state"] == "seen" && task["listed"] == true), "{list:#?}");

    let text = scene.run(&["tasks", "list"]).await.ok().stdout;
    for (id, says) in [
        (hire, vec!["create_account", "employee", "new", "pending", "hire (verified)"]),
        (second, vec!["1001", "pending, behind", &first.to_string()[..8], "unsuspend (idempotent)"]),
        (reset, vec!["1002", "reset_password (at most once)"]),
        (promote, vec!["no handler: unsupported_action"]),
        (leave, vec!["invalid_payload: `payload.account.id` is `ann`"]),
    ] {
        let line = text.lines().find(|line| line.contains(&id.to_string())).unwrap();
        assert!(says.iter().all(|part| line.contains(part)), "{says:?} in {line}");
    }

    assert!(scene.sandbox.requests().iter().all(|request| request.method == "GET"));
    assert!(scene.app().tasks().iter().all(|task| task.status == "pending"));
    let show = scene.run(&["tasks", "show", &hire.to_string()]).await;
    assert_eq!(show.code, Some(65), "the journal knows nothing of it: {}", show.stdout);
}

#[tokio::test]
async fn without_an_app_there_is_no_list() {
    let sandbox = Sandbox::start().await.unwrap();
    let program = Program::new("acme_hr").facing(&sandbox);
    let ended = program.run(&["tasks", "list"]).await;
    assert_eq!(ended.code, Some(78));
    assert!(ended.stderr.contains("no app is known for `Acme HR`") && ended.stderr.contains("hint: `sync` or `run`"));
    assert!(!program.path("acme_hr.sqlite").exists(), "the system is not opened");
    let ended = program.run(&["tasks", "show", &Uuid::nil().to_string()]).await;
    assert_eq!(ended.code, Some(65), "{}", ended.stderr);
    assert!(!program.path("state").exists(), "whoever only looks makes no journal");
}

#[tokio::test]
async fn a_parked_task_is_explained_and_taken_up_again_by_hand() {
    let scene = Scene::new().await;
    let hire = scene.park().await;
    let id = hire.to_string();

    let status = scene.run(&["status"]).await.ok().stdout;
    assert!(status.contains("tasks           1 parked (see `tasks list`)\n"), "{status}");
    assert_eq!(scene.json(&["status", "--json"]).await["tasks"]["parked"], 1);
    let list = scene.run(&["tasks", "list"]).await.ok().stdout;
    assert!(list.contains("  parked  ") && list.contains("`tasks show ID`"), "{list}");
    let text = scene.run(&["tasks", "show", &id]).await.ok().stdout;
    for part in ["the HR database failed", "hire (verified)", &format!("tasks retry {id} --not-done"), "attempt 1"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
    let shown = scene.json(&["tasks", "show", &id, "--json"]).await;
    assert_eq!(states(&shown), ["seen", "started", "interrupted", "parked"]);
    assert_eq!((&shown["state"], &shown["end"]), (&json!("parked"), &Value::Null));

    // The system works again, and shows that nobody was hired.
    scene.works(true);
    let retried = scene.run(&["tasks", "retry", &id]).await.ok().stdout;
    assert!(retried.contains("no connector is running"), "{retried}");
    assert_eq!(scene.app().task(hire).unwrap().status, "pending", "a retry alone does nothing");
    let again = scene.run(&["tasks", "retry", &id]).await;
    assert_eq!(again.code, Some(65));
    assert!(again.stderr.contains("not parked") && again.stderr.contains("nothing was changed"), "{}", again.stderr);

    scene.run(&["tasks", "--once"]).await.ok();
    scene.app().assert_task_completed(hire);
    let shown = scene.json(&["tasks", "show", &id, "--json"]).await;
    assert_eq!(states(&shown)[4..], ["interrupted", "seen", "started", "executed", "reported"]);
    assert_eq!((&shown["end"]["status"], &shown["remedies"]), (&json!("completed"), &json!([])));
    let over = scene.run(&["tasks", "retry", &id]).await;
    assert_eq!(over.code, Some(65));
    assert!(over.stderr.contains("it is over, and Iden knows"), "{}", over.stderr);
}

#[tokio::test]
async fn what_a_person_knows_is_not_done_is_done_without_asking() {
    let scene = Scene::new().await;
    let hire = scene.park().await;
    scene.works(true);
    let taken_up = scene.json(&["tasks", "retry", &hire.to_string(), "--not-done", "--json"]).await;
    assert_eq!(taken_up, json!({"app": "Acme HR", "id": hire, "running": false}));
    scene.run(&["tasks", "--once"]).await.ok();
    scene.app().assert_task_completed(hire);
    let shown = scene.json(&["tasks", "show", &hire.to_string(), "--json"]).await;
    assert_eq!(states(&shown)[3..], ["parked", "seen", "started", "executed", "reported"]);
    assert_eq!(shown["attempts"], 1, "all its attempts are before it");
}

#[tokio::test]
async fn no_password_is_shown() {
    let scene = Scene::new().await;
    let reset = scene.about("reset_password", "1001");
    scene.sandbox.fault(Fault::ending("PATCH", "/status/").answer(500, "no"));
    scene.run(&["tasks", "--once"]).await.ok();
    let hr = Connection::open(scene.program.path("acme_hr.sqlite")).unwrap();
    let password: String = hr.query_row("select password from password_reset", [], |row| row.get(0)).unwrap();
    for arguments in [&["tasks", "list"][..], &["tasks", "show", &reset.to_string()]] {
        let (text, json) =
            (scene.run(arguments).await.ok().stdout, scene.json(&[arguments, &["--json"]].concat()).await);
        assert!(text.contains("executed") || text.contains("not reported yet"), "{text}");
        assert!(!text.contains(&password) && !json.to_string().contains(&password));
    }
    let text = scene.run(&["tasks", "show", &reset.to_string()]).await.ok().stdout;
    assert!(text.contains("with a password, which is not written down") && text.contains("`result_lost`"), "{text}");
    let status = scene.run(&["status"]).await.ok().stdout;
    assert!(status.contains("tasks           1 not reported yet"), "{status}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_running_connector_takes_up_at_once_what_it_is_asked_to() {
    let scene = Scene::new().await;
    let hire = scene.park().await;
    let asked = scene.run(&["tasks", "run", "--now"]).await;
    assert_eq!(asked.code, Some(75), "{}", asked.stderr);
    assert!(asked.stderr.contains("no connector is running"), "{}", asked.stderr);

    scene.works(true);
    let running = scene.program.start(&["tasks", "run"]);
    let under_way = async {
        while scene.json(&["status", "--json"]).await["said"]["activity"]["doing"] != "tasks_only" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, under_way).await.expect("it runs");
    let list = scene.json(&["tasks", "list", "--json"]).await;
    assert_eq!(list[0]["state"], "parked", "it is not taken up by itself");
    let retried = scene.run(&["tasks", "retry", &hire.to_string()]).await.ok().stdout;
    assert!(retried.contains("the running connector takes it up at once"), "{retried}");
    scene.ends(hire).await;

    // It has just looked, and would look again in ten seconds.
    let suspension = scene.about("suspend_account", "1001");
    scene.run(&["tasks", "run", "--now"]).await.ok();
    let started = std::time::Instant::now();
    scene.ends(suspension).await;
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    signal(&running, "TERM");
}

/// The states of a task's history.
fn states(shown: &Value) -> Vec<&str> {
    shown["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}
