use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::app::App;
use crate::builder::SandboxBuilder;
use crate::fault::Fault;
use crate::key::Access;
use crate::server::Server;
use crate::view::RequestView;

/// How long [`Sandbox::shutdown`] waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Bridge server of one tenant, in memory, on a port of its own. Dropping it stops it.
///
/// ```
/// use bridge_sandbox::{NewTask, Sandbox};
/// use serde_json::json;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::start().await?;
/// // Hand these two to the connector under test.
/// let (url, key) = (sandbox.base_url(), sandbox.api_key());
/// assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/org/acme"));
/// assert!(!key.is_empty());
///
/// // What Iden would do: queue a task for an app.
/// let app = sandbox.create_app("Acme HR");
/// let task = app.queue(NewTask::new("suspend_account", "employee").account(json!({"id": "7"})));
///
/// // Run the connector here. Then look at what the server holds.
/// assert_eq!(app.active("employee"), 0);
/// assert_eq!(app.task(task).map(|task| task.status).as_deref(), Some("pending"));
/// assert!(sandbox.requests().is_empty());
/// sandbox.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sandbox {
    server: Arc<Server>,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

impl Sandbox {
    pub(crate) fn new(server: Arc<Server>, serving: JoinHandle<()>) -> Self {
        let stop = server.stopping.clone().drop_guard();
        Self { server, serving, stop }
    }

    /// Starts a sandbox on 127.0.0.1 and a free port, for the tenant `acme`, with a random key.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// For everything that [`start`](Self::start) chooses by itself.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// What a connector needs as its base URL, for example `http://127.0.0.1:8480/org/acme`.
    pub fn base_url(&self) -> String {
        format!("http://{}{}", self.server.address, self.server.base_path())
    }

    /// The key that was valid at the start.
    pub fn api_key(&self) -> &str {
        &self.server.key
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// All apps, in the order of creation.
    pub fn apps(&self) -> Vec<App> {
        self.server.state().apps().map(|app| App::new(&self.server, app.id)).collect()
    }

    /// The app with this id.
    pub fn app(&self, id: Uuid) -> Option<App> {
        self.apps().into_iter().find(|app| app.id() == id)
    }

    /// The oldest app with this name: names need not be unique.
    pub fn app_named(&self, name: &str) -> Option<App> {
        let id = self.server.state().apps().find(|app| app.name == name).map(|app| app.id)?;
        Some(App::new(&self.server, id))
    }

    /// Creates an app, as if another connector had done it.
    pub fn create_app(&self, name: &str) -> App {
        let id = self.server.state().create_app(&Access::Everything, name, None).map(|app| app.id);
        App::new(&self.server, id.expect("only a clone can be refused"))
    }

    /// The last 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<RequestView> {
        self.server.log().list()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.server.log().clear();
    }

    /// What clients did that is allowed, and yet likely a mistake. Each warning stands once.
    pub fn warnings(&self) -> Vec<String> {
        self.server.state().warnings.list()
    }

    /// Misbehaves from now on as this rule says. Earlier rules come first.
    pub fn fault(&self, fault: Fault) {
        self.server.faults().add(fault);
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
    }

    /// Revokes the key of [`api_key`](Self::api_key): it is answered 403 from now on.
    pub fn revoke_key(&self) {
        self.server.state().keys.revoke(&self.server.key);
    }

    /// Adds a key that reaches every app. A key that was revoked is valid again.
    pub fn add_key(&self, key: &str) {
        self.server.state().keys.add(key, Access::Everything);
    }

    /// Adds a key that reaches these apps only, and can create none.
    pub fn add_key_for(&self, key: &str, apps: &[Uuid]) {
        self.server.state().keys.add(key, Access::Only(apps.iter().copied().collect()));
    }

    /// Moves the sandbox's clock forward. Scheduled tasks that are due by then become pending.
    pub fn advance(&self, by: Duration) {
        self.server.state().clock.advance(by);
    }

    /// Stops listening, lets the requests under way end, and returns. After five seconds it waits no longer.
    pub async fn shutdown(self) {
        drop(self.stop);
        // An error here is a panic in axum's accept loop, which has ended all the same; or it is the time limit.
        let _ = tokio::time::timeout(PATIENCE, self.serving).await;
    }
}
