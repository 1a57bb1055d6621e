//! What all calls to one server hold back for, whichever client makes them.

use super::{budget::Budget, pause::Pause};

/// The pauses that it has asked for, and the purse that pays for retries. The apps of one target share it.
#[derive(Default)]
pub(crate) struct Restraint {
    pub(super) pause: Pause,
    pub(super) budget: Budget,
}
