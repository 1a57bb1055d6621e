use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::app::App;
use crate::assumptions::Assumptions;
use crate::builder::SandboxBuilder;
use crate::changes::{Changes, Topic};
use crate::fault::{Fault, FaultView};
use crate::server::Server;
use crate::tenant::Tenant;
use crate::view::{Listing, RequestQuery, RequestSummary, RequestView};

/// How long [`Sandbox::shutdown`] waits for requests that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// A Bridge server, in memory, on a port of its own. Dropping it stops it.
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
    tenants: Vec<Tenant>,
    /// The index of the tenant that the builder named.
    first: usize,
    serving: JoinHandle<()>,
    stop: DropGuard,
}

impl Sandbox {
    pub(crate) fn new(server: Arc<Server>, serving: JoinHandle<()>, first: usize) -> Self {
        let stop = server.stopping.clone().drop_guard();
        let tenants = server.state().tenants.len();
        let tenants = (0..tenants).map(|index| Tenant::new(&server, index)).collect();
        Self { server, tenants, first, serving, stop }
    }

    pub(crate) fn server(&self) -> &Server {
        &self.server
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

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// All tenants. There is always at least one.
    pub fn tenants(&self) -> &[Tenant] {
        &self.tenants
    }

    /// The tenant with this slug.
    pub fn tenant(&self, slug: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.slug() == slug)
    }

    /// Misbehaves from now on as this rule says. Earlier rules come first.
    pub fn fault(&self, fault: Fault) {
        self.server.faults().add(fault);
        self.server.publish(Topic::Faults);
    }

    /// The rules, those that are over included, with how many requests each has met.
    pub fn faults(&self) -> Vec<FaultView> {
        self.server.faults().list()
    }

    /// Forgets one rule. Says whether there was one with this number.
    pub fn remove_fault(&self, number: u64) -> bool {
        let was_there = self.server.faults().remove(number);
        self.server.publish(Topic::Faults);
        was_there
    }

    /// Forgets all faults.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
        self.server.publish(Topic::Faults);
    }

    /// What decides which requests a fault with a probability spoils. A test that failed with a random seed prints it, and
    /// [`SandboxBuilder::fault_seed`] repeats the run.
    pub fn fault_seed(&self) -> u64 {
        self.server.faults().seed()
    }

    /// The last 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<RequestView> {
        self.server.log().list()
    }

    /// One page of the requests that fit, newest first, and how many fit in all.
    pub fn find_requests(&self, query: &RequestQuery) -> Listing<RequestSummary> {
        self.server.log().find(query)
    }

    /// The request with this number, with both bodies. `None` once it is forgotten.
    pub fn request(&self, number: u64) -> Option<RequestView> {
        self.server.log().get(number)
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.server.log().clear();
        self.server.publish(Topic::Requests);
    }

    /// What clients did that is allowed, and yet likely a mistake. Each warning stands once.
    pub fn warnings(&self) -> Vec<String> {
        self.server.state().warnings()
    }

    /// What is taken for granted where the protocol is silent.
    pub fn assumptions(&self) -> Assumptions {
        self.server.state().assumptions
    }

    /// The sandbox's own time: the system's, and what [`advance`](Self::advance) added.
    pub fn now(&self) -> Timestamp {
        self.server.state().clock.now()
    }

    /// Moves the sandbox's clock forward. What is due by then happens at once: scheduled tasks become pending, sessions expire,
    /// clean-ups are done.
    pub fn advance(&self, by: Duration) {
        self.server.advance(by);
    }

    /// Tells what changes from now on.
    pub fn changes(&self) -> Changes {
        self.server.signal.subscribe()
    }

    /// Stops listening, lets the requests under way end, and closes the state file. After five seconds it waits no longer.
    pub async fn shutdown(self) {
        drop(self.stop);
        // An error here is a panic in axum's accept loop, which has ended all the same; or it is the time limit.
        let _ = tokio::time::timeout(PATIENCE, self.serving).await;
        self.server.close();
    }
}

/// The first tenant, which most tests need no other than.
impl Sandbox {
    fn first(&self) -> &Tenant {
        &self.tenants[self.first]
    }

    /// As [`Tenant::base_url`].
    pub fn base_url(&self) -> String {
        self.first().base_url()
    }

    /// As [`Tenant::api_key`].
    pub fn api_key(&self) -> &str {
        self.first().api_key()
    }

    /// As [`Tenant::apps`].
    pub fn apps(&self) -> Vec<App> {
        self.first().apps()
    }

    /// As [`Tenant::app`].
    pub fn app(&self, id: Uuid) -> Option<App> {
        self.first().app(id)
    }

    /// As [`Tenant::app_named`].
    pub fn app_named(&self, name: &str) -> Option<App> {
        self.first().app_named(name)
    }

    /// As [`Tenant::create_app`].
    pub fn create_app(&self, name: &str) -> App {
        self.first().create_app(name)
    }

    /// As [`Tenant::revoke_key`].
    pub fn revoke_key(&self) {
        self.first().revoke_key();
    }

    /// As [`Tenant::add_key`].
    pub fn add_key(&self, key: &str) {
        self.first().add_key(key);
    }

    /// As [`Tenant::add_key_until`].
    pub fn add_key_until(&self, key: &str, expires_at: Timestamp) {
        self.first().add_key_until(key, expires_at);
    }

    /// As [`Tenant::add_key_for`].
    pub fn add_key_for(&self, key: &str, apps: &[Uuid]) {
        self.first().add_key_for(key, apps);
    }
}
