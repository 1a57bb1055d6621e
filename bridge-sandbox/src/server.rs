use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::changes::{Change, Signal, Topic};
use crate::console::Passes;
use crate::error::Refusal;
use crate::fault::Faults;
use crate::log::RequestLog;
use crate::state::State;
use crate::store::Store;
use crate::wrong_keys::WrongKeys;

/// The most bytes of request bodies in memory at a time. A body that does not fit waits for its turn.
const MOST_IN_BODIES: usize = 64 * 1024 * 1024;

/// What the routes and the handles share.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    kept: Mutex<Kept>,
    log: Mutex<RequestLog>,
    faults: Mutex<Faults>,
    pub(crate) passes: Passes,
    /// A permit for each byte of a body.
    pub(crate) bodies: Semaphore,
    wrong_keys: WrongKeys,
    pub(crate) signal: Signal,
    /// Rings when there is something else to wait for.
    pub(crate) bell: Notify,
    pub(crate) stopping: CancellationToken,
    /// Why the state file could not be written. Nothing is answered then but this.
    broken: OnceLock<String>,
}

/// The state, and the file that it is kept in.
struct Kept {
    state: State,
    store: Option<Store>,
}

impl Server {
    pub(crate) fn new(address: SocketAddr, state: State, store: Option<Store>, faults: Faults) -> Self {
        Self {
            address,
            kept: Mutex::new(Kept { state, store }),
            log: Mutex::default(),
            faults: Mutex::new(faults),
            passes: Passes::new(address.port()),
            bodies: Semaphore::new(MOST_IN_BODIES),
            wrong_keys: WrongKeys::default(),
            signal: Signal::default(),
            bell: Notify::new(),
            stopping: CancellationToken::new(),
            broken: OnceLock::new(),
        }
    }

    pub(crate) fn state(&self) -> Held<'_> {
        let mut kept = lock(&self.kept);
        kept.state.settle();
        Held { next_due: kept.state.next_due(), kept, server: self }
    }

    /// Closes the state file, so that another sandbox can open it. What is changed from now on is not kept.
    pub(crate) fn close(&self) {
        lock(&self.kept).store = None;
    }

    /// 500 once the state file could not be written: what is answered must be kept.
    pub(crate) fn check_kept(&self) -> Result<(), Refusal> {
        match self.broken.get() {
            None => Ok(()),
            Some(why) => Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, why)),
        }
    }

    /// How long a caller must wait before it may try a key. On loopback nobody waits: a test may send any number of wrong keys.
    pub(crate) fn wrong_key_wait(&self, peer: IpAddr) -> Option<Duration> {
        if self.address.ip().is_loopback() { None } else { self.wrong_keys.wait(peer) }
    }

    /// Counts a wrong key.
    pub(crate) fn note_wrong_key(&self, peer: IpAddr) {
        self.wrong_keys.note(peer);
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.log)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, by: Duration) {
        self.state().advance(by);
        self.bell.notify_one();
    }

    /// Tells the subscribers of something that belongs to no app.
    pub(crate) fn publish(&self, topic: Topic) {
        self.signal.publish([Change::general(topic)]);
    }
}

/// The state, for as long as it is looked at or changed. What was changed is kept and published when it is let go.
pub(crate) struct Held<'a> {
    kept: MutexGuard<'a, Kept>,
    server: &'a Server,
    next_due: Option<Timestamp>,
}

impl Deref for Held<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        &self.kept.state
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.kept.state
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Kept { state, store } = &mut *self.kept;
        let touched = state.take_touched();
        // Once something is missing in the file, what comes later must not be in it.
        if self.server.broken.get().is_none()
            && let (Some(store), Some(rows)) = (store, touched.rows)
            && let Err(error) = store.save(state, rows)
        {
            let why = format!("the state file cannot be written: {error}; nothing is accepted any more");
            // Nobody else can have set it: the state is locked.
            let _ = self.server.broken.set(why);
        }
        if !touched.changes.is_empty() {
            self.server.signal.publish(touched.changes);
        }
        if state.next_due() != self.next_due {
            self.server.bell.notify_one();
        }
    }
}

/// A test that panicked elsewhere must still be able to look at what is held.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Server {
    /// Not the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
