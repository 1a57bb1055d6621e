//! Where a connector reports to.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bridge_core::wire::AppId;
use ring::digest::{SHA256, digest};

use crate::{
    client::{ApiKey, BaseUrl, Client, ClientBuilder, Pause, Transport},
    clock::{Clock, SystemClock},
    journal::Journal,
    random::{Random, SystemRandom},
    sync::{Limits, LimitsPatch},
    telemetry::{Meter, Telemetry},
};

use super::ConnectorError;
#[cfg(feature = "cli")]
use crate::client::{HttpOptions, HttpTransport, Timeouts};
#[cfg(feature = "journal-sqlite")]
use crate::journal::{DiskPolicy, SqliteJournal};

/// Iden's side of a connector: the address, the key, the state directory, and which app.
#[derive(Clone)]
#[must_use]
pub struct Target {
    pub(crate) url: BaseUrl,
    pub(crate) key: ApiKey,
    pub(crate) state: PathBuf,
    pub(crate) app: AppChoice,
    pub(crate) clone_from: Option<AppId>,
    pub(crate) allow_http: bool,
    pub(crate) allow_network_state: bool,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) limits: BTreeMap<String, LimitsPatch>,
    pub(crate) journal: Option<Arc<dyn Journal>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) telemetry: Telemetry,
    /// The apps of one target speak to one server.
    pause: Arc<Pause>,
}

/// Which app a connector works on, where its journal does not know one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppChoice {
    /// The one of the connector's name, by Lighthouse; a new one if there is none.
    #[default]
    ByName,
    /// The same, and the state is new because the connector never ran: a new app is created even if Lighthouse may not list
    /// Bridge apps. Without it, off this machine, a new app needs that Lighthouse lists another Bridge app.
    FirstRun,
    /// This one.
    Id(AppId),
    /// A new one, whatever is there.
    Create,
}

impl Target {
    /// A target with its state below `state`.
    pub fn new(url: BaseUrl, key: ApiKey, state: impl Into<PathBuf>) -> Self {
        Target {
            url,
            key,
            state: state.into(),
            app: AppChoice::default(),
            clone_from: None,
            allow_http: false,
            allow_network_state: false,
            ca_file: None,
            transport: None,
            limits: BTreeMap::new(),
            journal: None,
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom::new()),
            telemetry: Telemetry::default(),
            pause: Arc::default(),
        }
    }

    /// Which app, where the journal does not know one.
    pub fn app(mut self, app: AppChoice) -> Self {
        self.app = app;
        self
    }

    /// Makes the app a clone of this one: it shares its types, and registers nothing.
    pub fn clone_from(mut self, parent: AppId) -> Self {
        self.clone_from = Some(parent);
        self
    }

    /// Allows `http` to a host that is not this one.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Allows a new state on a network file system. Two connectors on two machines do not notice each other there.
    pub fn allow_network_state(mut self, allow: bool) -> Self {
        self.allow_network_state = allow;
        self
    }

    /// Trusts the certificates of this file beside those of the system.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(file.into());
        self
    }

    /// Another way to the server, for tests.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Changes the guard's limits, by slug: what the configuration says goes before what the builder says.
    pub fn limits(mut self, limits: BTreeMap<String, LimitsPatch>) -> Self {
        self.limits = limits;
        self
    }

    /// Another journal than the one in the state directory. One for each app: two apps must not share it.
    pub fn journal(mut self, journal: Arc<dyn Journal>) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Another clock, for tests.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Other randomness, for tests.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = random;
        self
    }

    /// Counts here what the connector does; apps of one process share it.
    pub fn telemetry(mut self, telemetry: Telemetry) -> Self {
        self.telemetry = telemetry;
        self
    }

    pub(crate) fn client(&self) -> Result<Client, ConnectorError> {
        Ok(self.client_builder().build()?)
    }

    /// The same for an app, whose meter counts what it does.
    pub(super) fn metered_client(&self, meter: &Arc<Meter>) -> Result<Client, ConnectorError> {
        Ok(self.client_builder().meter(Arc::clone(meter)).build()?)
    }

    /// The way to the server, by itself: what [`Target::transport`] was given, else HTTP.
    #[cfg(feature = "cli")]
    pub(crate) fn way(&self) -> Result<Arc<dyn Transport>, ConnectorError> {
        if let Some(transport) = &self.transport {
            return Ok(Arc::clone(transport));
        }
        let (allow_http, ca_file) = (self.allow_http, self.ca_file.clone());
        let options = HttpOptions { allow_http, ca_file, ..HttpOptions::default() };
        Ok(Arc::new(HttpTransport::new(&self.url, &self.key, &options)?))
    }

    /// A client through another transport.
    #[cfg(feature = "cli")]
    pub(crate) fn client_through(&self, way: Arc<dyn Transport>, timeouts: Timeouts) -> Result<Client, ConnectorError> {
        Ok(self.client_builder().transport(way).timeouts(timeouts).build()?)
    }

    fn client_builder(&self) -> ClientBuilder {
        let mut client = Client::builder(self.url.clone(), self.key.clone())
            .allow_http(self.allow_http)
            .clock(Arc::clone(&self.clock))
            .random(Arc::clone(&self.random))
            .pause(Arc::clone(&self.pause));
        if let Some(file) = &self.ca_file {
            client = client.ca_file(file);
        }
        if let Some(transport) = &self.transport {
            client = client.transport(Arc::clone(transport));
        }
        client
    }

    /// The builder's limits with the changes of the configuration. Loosening one is logged.
    pub(super) fn limited(
        &self,
        builders: BTreeMap<&'static str, Limits>,
    ) -> Result<BTreeMap<&'static str, Limits>, ConnectorError> {
        let mut limits = builders;
        for (slug, own) in &mut limits {
            let Some(patch) = self.limits.get(*slug) else { continue };
            let changed = patch.apply(own.clone());
            let changed =
                changed.map_err(|problem| ConnectorError::Configuration(format!("[types.{slug}]: {problem}")))?;
            for looser in changed.loosened(own) {
                tracing::warn!(bridge.resource_type = slug, "the configuration loosens the guard: {looser}");
            }
            *own = changed;
        }
        Ok(limits)
    }

    /// The journal of the app of this name, for the one engine that may work on it.
    pub(super) fn open_journal(&self, app: &str) -> Result<Arc<dyn Journal>, ConnectorError> {
        match &self.journal {
            Some(journal) => Ok(Arc::clone(journal)),
            #[cfg(feature = "journal-sqlite")]
            None => Ok(Arc::new(SqliteJournal::open_on(self.folder(app), self.disk())?)),
            #[cfg(not(feature = "journal-sqlite"))]
            None => Err(no_journal(app)),
        }
    }

    /// The same beside an engine at work.
    pub(crate) fn beside_journal(&self, app: &str) -> Result<Arc<dyn Journal>, ConnectorError> {
        match &self.journal {
            Some(journal) => Ok(Arc::clone(journal)),
            #[cfg(feature = "journal-sqlite")]
            None => Ok(Arc::new(SqliteJournal::beside_on(self.folder(app), self.disk())?)),
            #[cfg(not(feature = "journal-sqlite"))]
            None => Err(no_journal(app)),
        }
    }

    #[cfg(feature = "journal-sqlite")]
    fn disk(&self) -> DiskPolicy {
        DiskPolicy { allow_network: self.allow_network_state, ..DiskPolicy::default() }
    }

    pub(crate) fn folder(&self, app: &str) -> PathBuf {
        state_folder(&self.state, &self.url, app)
    }
}

#[cfg(not(feature = "journal-sqlite"))]
fn no_journal(app: &str) -> ConnectorError {
    ConnectorError::Configuration(format!(
        "there is no journal for `{app}`: build with the feature `journal-sqlite`, or give `Target::journal` one"
    ))
}

/// One folder for each host, tenant and app, so that a staging tenant never meets the state of production.
pub(crate) fn state_folder(state: &Path, url: &BaseUrl, app: &str) -> PathBuf {
    let (host, tenant) = (url.host(), url.tenant());
    // For people; two names may look alike when they are shortened so.
    let name = |text: &str| -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        text.chars().take(40).map(|c| if plain(c) { c.to_ascii_lowercase() } else { '_' }).collect()
    };
    // A line feed stands in none of the first two, so that no two of the three meet.
    let exact = digest(&SHA256, format!("{host}\n{tenant}\n{app}").as_bytes());
    let exact: String = exact.as_ref()[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    state.join(format!("{}_{}_{}_{exact}", name(&host), name(tenant), name(app)))
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Target");
        debug.field("url", &self.url).field("state", &self.state).field("app", &self.app).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_apps_share_a_folder() {
        let folder = |tenant: &str, app: &str| {
            let url = format!("http://127.0.0.1:9/org/{tenant}").parse().unwrap();
            let path = Target::new(url, ApiKey::new("k").unwrap(), "/state").folder(app);
            path.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert!(folder("acme", "Acme HR").starts_with("127.0.0.1_9_acme_acme_hr_"));
        assert_ne!(folder("acme", "人事"), folder("acme", "財務"));
        assert_ne!(folder("acme", "Acme HR"), folder("acme", "acme_hr"));
        assert_ne!(folder("a_b", "c"), folder("a", "b_c"));
        assert!(folder("acme", &"x".repeat(255)).len() < 255);
    }
}
