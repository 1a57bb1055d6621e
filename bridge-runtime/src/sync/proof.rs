//! The right to complete a session.

use std::collections::BTreeSet;

use bridge_core::wire::SyncId;

use crate::source::FullRead;

/// Says that one session holds everything: every required type was read to its declared end, and every page of it was
/// accepted. [`Session::complete`](super::session::Session::complete) asks for it, and [`Proof::of`] alone makes it, out
/// of [`FullRead`]s, which in turn only a read that ended with `Ok(())` makes. An error, a panic, a cancelled or a partial run
/// has nothing to make it of.
#[derive(Debug)]
pub(crate) struct Proof {
    session: SyncId,
}

impl Proof {
    /// The proof, or the types that are missing from it.
    pub(crate) fn of(session: SyncId, pushed: &[FullRead], required: &BTreeSet<String>) -> Result<Self, Vec<String>> {
        let read: BTreeSet<&str> = pushed.iter().map(FullRead::slug).collect();
        let missing: Vec<String> = required.iter().filter(|slug| !read.contains(slug.as_str())).cloned().collect();
        if missing.is_empty() { Ok(Proof { session }) } else { Err(missing) }
    }

    pub(crate) fn session(&self) -> SyncId {
        self.session
    }
}
