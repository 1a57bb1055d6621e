//! What a single call comes to.

use std::{sync::Arc, time::Duration};

use bridge_sandbox::{App, NewTask, Sandbox};
use iden_bridge::{
    client::{ApiKey, Client, ClientError, TaskQuery, Timeouts},
    clock::SystemClock,
    wire::{AppId, Kind, NewApp, ResourceType, SyncId, TaskId, TaskReport},
};
use serde_json::json;

use crate::{
    fault::{Fault, Place},
    proxy::{Proxy, Rule},
    scenarios::{Outcome, SCENARIOS},
    side_by_side::{run, told},
    time::HasteClock,
};

/// How long an attempt may take here.
const ATTEMPT: Duration = Duration::from_millis(700);

/// The calls, with where they go. The first three may be repeated.
const CALLS: [(&str, &str, &str); 5] = [
    ("list tasks", "GET", "/tasks/"),
    ("push a page", "PUT", "/employee/"),
    ("report a task", "PATCH", "/status/"),
    ("create an app", "POST", "/apps/"),
    ("complete a session", "POST", "/complete/"),
];

/// A sandbox with an app, a session and a task, and a client that goes through the proxy.
struct Scene {
    sandbox: Sandbox,
    proxy: Proxy,
    client: Client,
    app: App,
    id: AppId,
    sync: SyncId,
    task: TaskId,
}

impl Scene {
    async fn new() -> Self {
        let sandbox = Sandbox::start().await.unwrap();
        let proxy = Proxy::before(sandbox.address()).await;
        let key = || ApiKey::new(sandbox.api_key()).unwrap();
        let direct = Client::builder(sandbox.base_url().parse().unwrap(), key()).build().unwrap();
        let timeouts = Timeouts::default().attempt(ATTEMPT);
        let client = Client::builder(proxy.base_url().parse().unwrap(), key()).timeouts(timeouts);
        let client = client.clock(Arc::new(HasteClock(SystemClock::new()))).build().unwrap();
        let app = sandbox.create_app("HR");
        let id = AppId::new(app.id());
        direct.register_type(id, &ResourceType::new("employee", "Employees", Kind::Account)).await.unwrap();
        let sync = direct.start_sync(id).await.unwrap().sync_id;
        let task = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "1"})));
        Scene { sandbox, proxy, client, app, id, sync, task: TaskId::new(task) }
    }

    async fn make(&self, call: &str) -> Result<(), ClientError> {
        let page = json!({"records": [{"id": "1", "email": "a@b.example"}]}).to_string();
        match call {
            "list tasks" => self.client.tasks(self.id, &TaskQuery::default()).await.map(drop),
            "push a page" => self.client.push_page(self.id, self.sync, "employee", page.into()).await.map(drop),
            "report a task" => {
                self.client.report_task(self.id, self.task, &TaskReport::completed(None)).await.map(drop)
            }
            "create an app" => self.client.create_app(&NewApp::new("new")).await.map(drop),
            "complete a session" => self.client.complete_sync(self.id, self.sync).await,
            other => panic!("what is `{other}`?"),
        }
    }

    /// How often the call had its effect, where that can be counted.
    fn effects(&self, call: &str) -> Option<usize> {
        match call {
            "create an app" => Some(self.sandbox.apps().len() - 1),
            "complete a session" => Some(usize::from(self.app.sessions()[0].status == "completed")),
            _ => None,
        }
    }
}

type Scenario = (Fault, Outcome, (&'static str, &'static str, &'static str), bool);

async fn check((fault, outcome, (call, method, end), once): Scenario) -> Result<(), String> {
    let scene = Scene::new().await;
    // On a connection that is in use already.
    scene.make("list tasks").await.unwrap();
    scene.proxy.begin(Rule { method, end, after: 0, times: if once { 1 } else { usize::MAX }, fault });
    let ended = scene.make(call).await;
    let requests = scene.proxy.seen().iter().filter(|seen| seen.split('?').next().unwrap().ends_with(end)).count();
    scene.proxy.end();

    let is_repeated = !["create an app", "complete a session"].contains(&call) && outcome.attempts() > 1;
    let acted = !matches!(fault, Fault::CutRequest(_) | Fault::Early(_));
    let seen = match &ended {
        Ok(()) => Outcome::Fine,
        Err(error) => Outcome::of(error).ok_or_else(|| format!("{error:?}"))?,
    };
    // A report that arrived without a good answer is sent again, and refused then: the task is over. That refusal comes
    // through where it is spoiled no more, or only in its body.
    let is_conflict = call == "report a task" && is_repeated && acted && (once || outcome == Outcome::Unreadable);
    let (expected, attempts) = match outcome {
        _ if is_conflict => (Outcome::Refused(409), 2),
        _ if is_repeated && once => (Outcome::Fine, 2),
        _ if is_repeated => (outcome, outcome.attempts()),
        _ => (outcome, 1),
    };
    if (seen, requests) != (expected, attempts) {
        return Err(told(&format!("{expected:?} in {attempts} expected, {seen:?} in {requests} came: {ended:?}")));
    }
    if let Err(error) = &ended
        && !error.outcome_unknown()
    {
        return Err(format!("it claims to know the outcome: {error:?}"));
    }
    if let Some(effects) = scene.effects(call).filter(|effects| *effects != usize::from(acted)) {
        return Err(format!("{effects} effects"));
    }
    // Nothing of it is left on the connections.
    scene.make("list tasks").await.map_err(|error| format!("the next call: {error}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_on_the_wire_no_call_is_taken_for_what_it_is_not() {
    assert!(SCENARIOS.len() >= 60);
    let mut cases = Vec::new();
    for (name, fault, outcome) in SCENARIOS {
        for call in CALLS {
            // The answer to a completion has no body that could be cut; its head can be.
            if call.0 == "complete a session" && needs_a_body(name, *fault) {
                continue;
            }
            for once in [true, false] {
                let often = if once { "once" } else { "always" };
                cases.push((format!("{}: {name}, {often}", call.0), (*fault, *outcome, call, once)));
            }
        }
    }
    run(cases, check).await;
}

/// Whether it is something else where the answer has no body.
fn needs_a_body(name: &str, fault: Fault) -> bool {
    use Fault::{CutAnswer, Drip, LastByteAfter};
    let cut = matches!(fault, CutAnswer(Place::BehindHead(_) | Place::LastByte, _) | LastByteAfter(_) | Drip(..));
    cut || ["a length", "two lengths", "chunk", "a body", "an answer that is as", "compressed", "an answer of HTTP/1.0"]
        .iter()
        .any(|part| name.contains(part))
}
