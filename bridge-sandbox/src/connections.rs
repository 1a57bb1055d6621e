//! The open connections. Their number is bounded: an idle connection makes room for a new one.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio_util::sync::CancellationToken;

/// The most open connections.
const MOST: usize = 512;

/// All open connections, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<VecDeque<Wire>>>);

impl Connections {
    /// Adds a connection. If there are too many, the oldest one without a request is shed. `None` if each has a request.
    pub(crate) fn admit(&self, peer: IpAddr) -> Option<Wire> {
        let mut open = self.lock();
        if open.len() >= MOST {
            let oldest = open.iter().position(|wire| wire.phase() != Phase::Busy)?;
            if let Some(wire) = open.remove(oldest) {
                wire.0.shed.cancel();
            }
        }
        let wire = Wire(Arc::new(Inner {
            peer,
            cut: OnceLock::new(),
            phase: AtomicU8::new(Phase::Idle as u8),
            shed: CancellationToken::new(),
        }));
        open.push_back(wire.clone());
        Some(wire)
    }

    /// The connection is closed.
    pub(crate) fn remove(&self, wire: &Wire) {
        self.lock().retain(|open| !Arc::ptr_eq(&open.0, &wire.0));
    }

    /// Nothing that is done under the lock can panic.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Wire>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No byte of a request has arrived.
    Idle,
    /// The head of a request is arriving.
    Head,
    /// A request is being answered.
    Busy,
}

/// How a connection ends that is cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    /// It is closed.
    Close,
    /// It is reset: what was on its way is thrown away.
    Reset,
}

/// One connection, as the listener, its socket and its requests share it.
#[derive(Clone)]
pub(crate) struct Wire(Arc<Inner>);

struct Inner {
    peer: IpAddr,
    cut: OnceLock<Cut>,
    phase: AtomicU8,
    shed: CancellationToken,
}

impl Wire {
    /// Who is at the other end.
    pub(crate) fn peer(&self) -> IpAddr {
        self.0.peer
    }

    /// From now on nothing is written; the first attempt closes the connection.
    pub(crate) fn cut(&self, cut: Cut) {
        // The first cut counts.
        let _ = self.0.cut.set(cut);
    }

    /// How it was cut.
    pub(crate) fn is_cut(&self) -> Option<Cut> {
        self.0.cut.get().copied()
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.0.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Is cancelled when the connection must make room for another one.
    pub(crate) fn shed(&self) -> CancellationToken {
        self.0.shed.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn idle_connections_make_room_and_busy_ones_stay() {
        let connections = Connections::default();
        let peer = IpAddr::from(Ipv4Addr::LOCALHOST);
        let first: Vec<_> = (0..MOST).filter_map(|_| connections.admit(peer)).collect();
        first[0].enter(Phase::Busy);
        let second = connections.admit(peer).expect("a place");
        assert!(!first[0].shed().is_cancelled() && first[1].shed().is_cancelled());

        first.iter().for_each(|wire| wire.enter(Phase::Busy));
        second.enter(Phase::Busy);
        assert!(connections.admit(peer).is_none(), "every connection is being answered");
        connections.remove(&second);
        assert!(connections.admit(peer).is_some());
    }
}
