//! Every call of the client, by the name that the corpus gives it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use iden_bridge::{
    client::{AccountQuery, ApiKey, Client, ClientError, TaskQuery},
    clock::Clock,
    random::Random,
    wire::{Kind, NewApp, ResourceType, TaskReport},
};

/// The id of everything.
pub const ID: &str = "0b9e6a5c-3f0e-4d53-9b52-0d2f6f1f4a11";
/// The key. It may stand in no text that comes out.
pub const KEY: &str = "key-6fd1c0ffee";

/// The calls, each with the answer that the protocol documents.
pub const CALLS: [(&str, u16, &str); 13] = [
    ("create app", 201, r#"{"id":"⟪id⟫","name":"HR","configuration_status":"NEW","created_at":null}"#),
    ("register type", 201, r#"{"slug":"employee","name":"Employees","type":"account"}"#),
    ("rename type", 200, r#"{"slug":"employee","name":"Staff","type":"account"}"#),
    ("start sync", 201, r#"{"sync_id":"⟪id⟫"}"#),
    ("push page", 200, r#"{"total":1,"created":1,"updated":0}"#),
    ("progress", 200, r#"{"sync_id":"⟪id⟫","status":"in_progress","progress":[]}"#),
    ("complete", 202, ""),
    ("abandon", 204, ""),
    ("list tasks", 200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#),
    (
        "read task",
        200,
        r#"{"id":"⟪id⟫","action":"suspend_account","resource_type":"employee","status":"pending","payload":{}}"#,
    ),
    (
        "report task",
        200,
        r#"{"id":"⟪id⟫","action":"suspend_account","resource_type":"employee","status":"completed","payload":{}}"#,
    ),
    ("list apps", 200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#),
    ("list accounts", 200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#),
];

/// A clock that never waits, and remembers how long it should have.
#[derive(Default)]
pub struct Jumping {
    now: Mutex<Duration>,
    pub waits: Mutex<Vec<Duration>>,
}

#[async_trait::async_trait]
impl Clock for Jumping {
    fn now(&self) -> Duration {
        *self.now.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.lock().unwrap().push(duration);
        *self.now.lock().unwrap() += duration;
    }
}

/// Never waits longer than it must: what is waited for then is what the server asked for.
struct Least;

impl Random for Least {
    fn unit(&self) -> f64 {
        0.0
    }
}

pub fn client(address: &str, tenant: &str) -> (Client, Arc<Jumping>) {
    let clock = Arc::new(Jumping::default());
    let base = format!("http://{address}/org/{tenant}").parse().unwrap();
    let client = Client::builder(base, ApiKey::new(KEY).unwrap()).clock(clock.clone()).random(Arc::new(Least));
    (client.build().unwrap(), clock)
}

/// Makes the call. What it brings, as text.
pub async fn make(client: &Client, call: &str) -> Result<String, ClientError> {
    fn show<T: std::fmt::Debug>(value: T) -> String {
        format!("{value:?}")
    }
    let (app, sync, task) = (ID.parse().unwrap(), ID.parse().unwrap(), ID.parse().unwrap());
    match call {
        "create app" => client.create_app(&NewApp::new("HR")).await.map(show),
        "register type" => {
            let kind = ResourceType::new("employee", "Employees", Kind::Account);
            client.register_type(app, &kind).await.map(show)
        }
        "rename type" => client.rename_type(app, "employee", "Staff").await.map(show),
        "start sync" => client.start_sync(app).await.map(show),
        "push page" => {
            let page = r#"{"records":[{"id":"1","email":"a@b.example"}]}"#;
            client.push_page(app, sync, "employee", page.into()).await.map(show)
        }
        "progress" => client.sync_progress(app, sync).await.map(show),
        "complete" => client.complete_sync(app, sync).await.map(show),
        "abandon" => client.abandon_sync(app, sync).await.map(show),
        "list tasks" => client.tasks(app, &TaskQuery::default()).await.map(show),
        "read task" => client.task(app, task).await.map(show),
        "report task" => client.report_task(app, task, &TaskReport::completed(None)).await.map(show),
        "list apps" => client.lighthouse_apps(50, 0).await.map(show),
        "list accounts" => client.lighthouse_accounts(app, &AccountQuery::default()).await.map(show),
        other => panic!("there is no call `{other}`"),
    }
}
