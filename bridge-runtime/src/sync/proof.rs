//! The right to complete a session.

use std::time::Duration;

use bridge_core::wire::SyncId;

use super::{counts::Counted, intake::Accepted, judging::Cleared, refresh::Fresh, types::Required, verify::Verified};
use crate::{gate::Closed, source::FullRead};

/// How old a look-up that found somebody absent may be, beside the time that the look-ups took (`refresh.rs`).
pub(super) const FRESH: Duration = Duration::from_secs(10 * 60);

/// Everything that speaks for completing. Each part is a witness that only the step which it is named for can make.
pub(super) struct Evidence<'a> {
    pub(super) session: SyncId,
    pub(super) required: &'a Required,
    pub(super) reads: &'a [FullRead],
    pub(super) accepted: &'a [Accepted],
    pub(super) counted: Counted,
    pub(super) verified: &'a [Verified],
    pub(super) fresh: Option<Fresh>,
    pub(super) cleared: Cleared,
    pub(super) gate: &'a Closed,
    pub(super) now: Duration,
}

/// Says that one session may be completed. [`Session::complete`](super::session::Session::complete) asks for it, and
/// [`Proof::of`] alone makes it. An error, a panic, a cancelled or a partial run has nothing to make it of.
#[derive(Debug)]
pub(super) struct Proof {
    session: SyncId,
    cleared: Cleared,
    good_until: Duration,
}

impl Proof {
    /// The nine conditions of completing (reliability.md section 4.1), in its order. What is missing is named.
    pub(super) fn of(evidence: Evidence<'_>) -> Result<Self, Vec<String>> {
        let Evidence { session, required, reads, accepted, counted, verified, fresh, cleared, gate, now } = evidence;
        let mut missing = Vec::new();
        for slug in required.slugs() {
            // C1: every required type was read to the end that its source declared. Only a read that ended with `Ok(())`
            // makes a `FullRead`.
            if !reads.iter().any(|read| read.slug() == slug) {
                missing.push(format!("`{slug}` was not read to its end"));
            }
            // C2: every page of it was accepted, and the answer counts the records that were sent.
            if !accepted.iter().any(|pages| pages.slug() == slug) {
                missing.push(format!("not every page of `{slug}` was accepted"));
            }
            // C5: who is missing was looked up and is absent, or was absent in two full reads.
            if !verified.iter().any(|verified| verified.slug() == slug) {
                missing.push(format!("those missing from `{slug}` were not looked up"));
            }
        }
        // And no look-up is too old.
        let fresh = fresh.filter(|fresh| now < fresh.until());
        if fresh.is_none() {
            missing.push("missing records were looked up too long ago".to_owned());
        }
        // C3: the session is still open, no type in it was left out, and Iden's counts agree with ours.
        if counted.session() != session {
            missing.push("Iden's counts are those of another session".to_owned());
        }
        // C4: no record that Iden may hold is unreadable or refused. C6: the guard has passed, or a person approved exactly
        // this. Both are what clearing means.
        // C7: the gate is closed, and accounts that tasks touched were read again before the last clearing.
        let _cleared: &Cleared = &cleared;
        // C8: the types fit those of the journal and of the session: only then there is a `Required`.
        // C9: the journal's lock is held by this engine as long as it lives; a lease will stand here.
        if !missing.is_empty() {
            return Err(missing);
        }
        let good_until = fresh.map_or(now, Fresh::until).min(gate.complete_by());
        Ok(Proof { session, cleared, good_until })
    }

    pub(super) fn session(&self) -> SyncId {
        self.session
    }

    /// What is taken away, and by whose leave.
    pub(super) fn cleared(&self) -> &Cleared {
        &self.cleared
    }

    /// Until when `complete` may be sent, on the client's clock.
    pub(super) fn good_until(&self) -> Duration {
        self.good_until
    }
}
