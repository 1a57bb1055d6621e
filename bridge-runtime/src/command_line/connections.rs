//! The open connections of the endpoints. Their number is bounded, and a new connection always finds a place: an older one makes
//! room, so that silent clients cannot starve a probe.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_util::sync::CancellationToken;

/// The most open connections. Probes and scrapes are few and short.
const MOST: usize = 64;
/// The most open connections of one peer, so that one peer cannot take the places of the others.
const MOST_OF_ONE_PEER: usize = 16;

/// All open connections, oldest first.
#[derive(Clone, Default)]
pub(super) struct Connections(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    next: u64,
    list: VecDeque<Entry>,
}

struct Entry {
    number: u64,
    peer: IpAddr,
    /// Its request has not arrived yet.
    is_silent: bool,
    shed: CancellationToken,
}

impl Connections {
    /// Adds a connection. If its peer or the listener has too many, the oldest silent one is closed; if none is silent, the
    /// oldest.
    pub(super) fn admit(&self, peer: IpAddr) -> Place {
        let (peer, shed) = (subnet(peer), CancellationToken::new());
        let mut open = self.lock();
        if open.list.iter().filter(|entry| entry.peer == peer).count() >= MOST_OF_ONE_PEER {
            open.shed_one(|entry| entry.peer == peer);
        } else if open.list.len() >= MOST {
            open.shed_one(|_| true);
        }
        let number = open.next;
        open.next += 1;
        open.list.push_back(Entry { number, peer, is_silent: true, shed: shed.clone() });
        Place { connections: self.clone(), number, shed }
    }

    /// Nothing that is done under the lock can panic.
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn shed_one(&mut self, is_candidate: impl Fn(&Entry) -> bool) {
        let silent = self.list.iter().position(|entry| is_candidate(entry) && entry.is_silent);
        let at = silent.or_else(|| self.list.iter().position(is_candidate));
        if let Some(entry) = at.and_then(|at| self.list.remove(at)) {
            entry.shed.cancel();
        }
    }
}

/// The place of one connection. Dropping it frees the place.
pub(super) struct Place {
    connections: Connections,
    number: u64,
    shed: CancellationToken,
}

impl Place {
    /// The request has arrived: others are shed before this connection.
    pub(super) fn request_arrived(&self) {
        if let Some(entry) = self.connections.lock().list.iter_mut().find(|entry| entry.number == self.number) {
            entry.is_silent = false;
        }
    }

    /// Resolves when the connection must make room.
    pub(super) async fn shed(&self) {
        self.shed.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.lock().list.retain(|entry| entry.number != self.number);
    }
}

/// What counts as one peer: an IPv4 address, or an IPv6 network of 64 bits, within which a client can choose addresses freely.
fn subnet(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(number: u16) -> IpAddr {
        let [high, low] = number.to_be_bytes();
        [10, 0, high, low].into()
    }

    #[test]
    fn silent_connections_of_one_peer_close_only_each_other() {
        let connections = Connections::default();
        let probe = connections.admit(peer(1));
        let silent: Vec<_> = (0..400).map(|_| connections.admit(peer(2))).collect();
        assert!(!probe.shed.is_cancelled(), "the probe is of another peer");
        let open = silent.iter().filter(|place| !place.shed.is_cancelled()).count();
        assert_eq!(open, MOST_OF_ONE_PEER);
        assert!(!silent[399].shed.is_cancelled(), "the newest always has a place");
    }

    #[test]
    fn silent_connections_are_shed_before_those_with_a_request() {
        let connections = Connections::default();
        let places: Vec<_> = (0..64).map(|number| connections.admit(peer(number))).collect();
        places[0].request_arrived();
        let silent = connections.admit(peer(100));
        assert!(!places[0].shed.is_cancelled() && places[1].shed.is_cancelled());

        places.iter().chain([&silent]).for_each(Place::request_arrived);
        let _newest = connections.admit(peer(101));
        assert!(places[0].shed.is_cancelled(), "without a silent one, the oldest makes room");
    }

    #[test]
    fn a_closed_connection_frees_its_place() {
        let connections = Connections::default();
        let first = connections.admit(peer(1));
        for _ in 0..1_000 {
            drop(connections.admit(peer(1)));
        }
        assert!(!first.shed.is_cancelled());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_peer() {
        let of = |text: &str| subnet(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
