use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::assumptions::Assumptions;
use crate::fault::Faults;
use crate::key::Access;
use crate::log::RequestLog;
use crate::state::State;

/// What the routes and the handles share.
pub(crate) struct Server {
    pub(crate) tenant: String,
    pub(crate) key: String,
    pub(crate) address: SocketAddr,
    state: Mutex<State>,
    log: Mutex<RequestLog>,
    faults: Mutex<Faults>,
    /// Told of each task report.
    pub(crate) reports: watch::Sender<()>,
    pub(crate) stopping: CancellationToken,
}

impl Server {
    pub(crate) fn new(tenant: String, key: String, address: SocketAddr, assumptions: Assumptions) -> Self {
        let mut state = State::new(assumptions);
        state.keys.add(&key, Access::Everything);
        Self {
            tenant,
            key,
            address,
            state: Mutex::new(state),
            log: Mutex::default(),
            faults: Mutex::default(),
            reports: watch::Sender::new(()),
            stopping: CancellationToken::new(),
        }
    }

    /// The path under which all others hang.
    pub(crate) fn base_path(&self) -> String {
        format!("/org/{}", self.tenant)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }
}

/// A test that panicked elsewhere must still be able to look at what is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Server {
    /// Not the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("tenant", &self.tenant).field("address", &self.address).finish_non_exhaustive()
    }
}
