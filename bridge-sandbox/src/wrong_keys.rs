//! Wrong keys, where other machines can try them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most wrong keys of one peer within [`SPAN`].
const MOST: usize = 20;
const SPAN: Duration = Duration::from_secs(60);
/// The most attempts that are remembered.
const MOST_REMEMBERED: usize = 10_000;

/// The wrong keys of the last minute, oldest first.
#[derive(Default)]
pub(crate) struct WrongKeys(Mutex<VecDeque<(IpAddr, Instant)>>);

impl WrongKeys {
    /// How long this peer must wait before it may try a key again, if it must.
    pub(crate) fn wait(&self, peer: IpAddr) -> Option<Duration> {
        self.wait_at(peer, Instant::now())
    }

    /// Counts a wrong key.
    pub(crate) fn note(&self, peer: IpAddr) {
        self.note_at(peer, Instant::now());
    }

    fn wait_at(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_peer = attempts.iter().rev().filter(|(other, _)| *other == peer);
        // The attempt that must be over a minute ago before there are fewer than the most.
        let (_, at) = of_peer.take(MOST).nth(MOST - 1)?;
        SPAN.checked_sub(now.duration_since(*at)).filter(|wait| !wait.is_zero())
    }

    fn note_at(&self, peer: IpAddr, now: Instant) {
        let mut attempts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while attempts.front().is_some_and(|(_, at)| now.duration_since(*at) >= SPAN)
            || attempts.len() >= MOST_REMEMBERED
        {
            attempts.pop_front();
        }
        attempts.push_back((peer, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_waits_after_twenty_wrong_keys_and_others_do_not() {
        let (keys, start) = (WrongKeys::default(), Instant::now());
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for second in 0..20 {
            let at = start + Duration::from_secs(second);
            assert_eq!(keys.wait_at(one, at), None);
            keys.note_at(one, at);
        }
        let at = start + Duration::from_secs(20);
        assert_eq!(keys.wait_at(one, at), Some(Duration::from_secs(40)));
        assert_eq!(keys.wait_at(other, at), None);
        assert_eq!(keys.wait_at(one, start + SPAN), None, "the first attempt is a minute ago");
    }
}
