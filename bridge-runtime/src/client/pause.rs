//! Holding calls back for as long as the server asks.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A pause that the server asked for with `Retry-After`. It holds back every call to that server, not only the one
/// that was told.
#[derive(Default)]
pub(crate) struct Pause {
    until: Mutex<Duration>,
}

impl Pause {
    pub(super) fn extend(&self, until: Duration) {
        let mut held = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *held = until.max(*held);
    }

    pub(super) fn left(&self, now: Duration) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.checked_sub(now).filter(|left| !left.is_zero())
    }
}
