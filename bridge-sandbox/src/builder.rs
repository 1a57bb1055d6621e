use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use uuid::Uuid;

use crate::alarm;
use crate::assumptions::Assumptions;
use crate::connections::Wire;
use crate::console;
use crate::fault::Faults;
use crate::line::{self, Lines};
use crate::routes;
use crate::sandbox::Sandbox;
use crate::seed::{FaultFile, Seed};
use crate::server::Server;
use crate::state::State;
use crate::state::tenant::TenantState;
use crate::store::Store;

/// How a [`Sandbox`] is to be started.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `start`"]
pub struct SandboxBuilder {
    tenant: String,
    api_key: Option<String>,
    other_tenants: Vec<(String, String)>,
    listen: SocketAddr,
    assumptions: Assumptions,
    named_assumptions: Vec<(String, String)>,
    seed_file: Option<PathBuf>,
    fault_file: Option<PathBuf>,
    fault_seed: Option<u64>,
    state_file: Option<PathBuf>,
}

impl SandboxBuilder {
    pub(crate) fn new() -> Self {
        Self {
            tenant: "acme".to_owned(),
            api_key: None,
            other_tenants: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            assumptions: Assumptions::default(),
            named_assumptions: Vec::new(),
            seed_file: None,
            fault_file: None,
            fault_seed: None,
            state_file: None,
        }
    }

    /// The tenant's slug, part of every path. Default: `acme`.
    pub fn tenant(mut self, slug: impl Into<String>) -> Self {
        self.tenant = slug.into();
        self
    }

    /// The API key that is valid from the start. Default: a random one.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// One more tenant beside the first, with the key that is valid there from the start. It has its own apps and its own
    /// keys: the key of one tenant is answered 401 at another. See [`Sandbox::tenant`].
    pub fn also_tenant(mut self, slug: impl Into<String>, api_key: impl Into<String>) -> Self {
        self.other_tenants.push((slug.into(), api_key.into()));
        self
    }

    /// Where to listen. Default: 127.0.0.1 and a free port.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// What to take for granted where the protocol is silent. A seed file stands above it.
    pub fn assumptions(mut self, assumptions: Assumptions) -> Self {
        self.assumptions = assumptions;
        self
    }

    /// One assumption by its name, as [`Assumptions::set`] reads it. It stands above [`assumptions`](Self::assumptions) and
    /// above a seed file.
    pub fn assume(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.named_assumptions.push((name.into(), value.into()));
        self
    }

    /// What to hold from the start: apps with types, records and tasks, API keys, assumptions. TOML, or JSON where the name ends
    /// in `.json`; `docs/sandbox.md` shows one. An app whose name the tenant has already, from a state file, is left as it is.
    pub fn seed_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.seed_file = Some(path.into());
        self
    }

    /// Faults to begin with: a list of [`FaultForm`](crate::FaultForm)s named `fault`, in TOML, or in JSON where the name ends in
    /// `.json`.
    pub fn fault_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.fault_file = Some(path.into());
        self
    }

    /// What decides which requests a fault with a [`probability`](crate::Fault::probability) spoils. The same seed, the same
    /// rules and the same requests in the same order give the same run. Default: a random one; see [`Sandbox::fault_seed`].
    pub fn fault_seed(mut self, seed: u64) -> Self {
        self.fault_seed = Some(seed);
        self
    }

    /// Keeps what is held in this file, and begins with what it held before: tenants and keys, apps, types, records with their
    /// history, sessions, tasks, the clock. Requests, warnings and faults are not kept, and the assumptions are those of each
    /// start. Every answer is kept before it leaves, so that nothing is lost when the process is killed. One sandbox at a
    /// time. Only its owner can read the file, and a password that a connector reported is not in it. Default: nothing is kept.
    pub fn state_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.state_file = Some(path.into());
        self
    }

    /// Starts the server on the present tokio runtime.
    ///
    /// # Errors
    /// Where the address is taken or not ours, a tenant or key cannot stand in a request, a tenant is named twice, or the state
    /// file is in use, was written by a newer version, or is none; where a seed or fault file cannot be read or says what
    /// cannot be; where there is no assumption of a name, or its value does not fit.
    pub async fn start(self) -> io::Result<Sandbox> {
        let seed = self.seed_file.map(|path| Seed::read(&path).map(|seed| (seed, path))).transpose()?;
        let mut assumptions = self.assumptions;
        if let Some((seed, path)) = &seed {
            seed.assume(&mut assumptions, path)?;
        }
        for (name, value) in &self.named_assumptions {
            assumptions.set(name, value).map_err(|error| invalid(error.to_string()))?;
        }
        let rules = self.fault_file.map(|path| FaultFile::read(&path)).transpose()?;
        let mut state = State::new(assumptions);
        let store = self.state_file.map(|path| Store::open(&path, &mut state)).transpose()?;
        let first = give_key(&mut state, self.tenant, self.api_key)?;
        let mut named = BTreeSet::from([first]);
        for (slug, key) in self.other_tenants {
            let tenant = give_key(&mut state, slug, Some(key))?;
            if !named.insert(tenant) {
                return Err(invalid(format!("tenant `{}` is named twice", state.tenants[tenant].slug)));
            }
        }

        if let Some((seed, path)) = seed {
            seed.plant(&mut state, first, &path)?;
        }

        // A fresh UUID is the one source of randomness here.
        let fault_seed = self.fault_seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().1);
        let mut faults = Faults::new(fault_seed);
        rules.into_iter().flatten().for_each(|rule| faults.add(rule));

        let listener = TcpListener::bind(self.listen)
            .await
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {}: {error}", self.listen)))?;
        let server = Arc::new(Server::new(listener.local_addr()?, state, store, faults));
        let service = routes::router(&server)
            .merge(console::router(&server, first))
            .layer(axum::middleware::from_fn(line::attend))
            .into_make_service_with_connect_info::<Wire>();
        let serving = axum::serve(Lines::new(listener), service)
            .with_graceful_shutdown(server.stopping.clone().cancelled_owned());
        let serving = tokio::spawn(async move {
            // The future never ends with an error: axum waits out failing accepts.
            let _ = serving.await;
        });
        tokio::spawn(alarm::wait(Arc::clone(&server)));
        Ok(Sandbox::new(server, serving, first))
    }
}

/// Makes sure that there is such a tenant, and that the key is the first of its keys. Without a key it keeps the one that it has,
/// or gets a random one. Returns its index.
fn give_key(state: &mut State, slug: String, key: Option<String>) -> io::Result<usize> {
    let known = state.tenant(&slug);
    if let (Some(tenant), None) = (known, &key) {
        return Ok(tenant);
    }
    let key = key.unwrap_or_else(|| format!("sandbox-{}", Uuid::new_v4().simple()));
    check(&slug, &key)?;
    let Some(tenant) = known else { return Ok(state.add_tenant(TenantState::new(slug, &key))) };
    state.keys(tenant).add_first(&key);
    Ok(tenant)
}

fn check(tenant: &str, key: &str) -> io::Result<()> {
    let is_slug_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if tenant.is_empty() || !tenant.bytes().all(is_slug_byte) {
        return Err(invalid(format!("tenant `{tenant}` must be made of letters, digits, `-` and `_`")));
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(invalid("the API key must be made of visible ASCII characters".to_owned()));
    }
    Ok(())
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
