//! Looking up again, before a session is completed, those whose look-up has become old.
//!
//! A missing record is removed because the source said that it does not exist. If somebody creates it again in the
//! external system after that, and not by a task, the session removes it all the same, and the next sync restores it. So
//! the age of a look-up bounds this window, and each record carries the time of its own.
//!
//! If looking everybody up takes longer than [`FRESH`], no number of passes makes every look-up younger than that: one pass
//! after the other, the oldest is always as old as a pass takes. So that time is added to the bound. A pass looks up again
//! whoever was looked up longer ago than `FRESH / 2` plus the time of all look-ups of this sync, and it is the only one. At
//! `complete` no look-up is older than `FRESH` plus the time that the two passes took.

use std::time::Duration;

use super::{error::SyncError, proof::FRESH, run::Run, status_line::StatusLine, verify::Verifier};
use crate::planted::Bug;

/// The witness that no look-up that found somebody absent is too old.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh {
    until: Duration,
}

impl Fresh {
    /// Until when that is good, on the engine's clock.
    pub(super) fn until(self) -> Duration {
        self.until
    }
}

impl<S: Send + Sync + 'static> Run<'_, S> {
    /// Looks up again whoever was found absent too long ago.
    pub(super) async fn refresh(&mut self) -> Result<(), SyncError> {
        let oldest = FRESH / 2 + self.looked_up_for();
        for at in 0..self.types.len() {
            if !Bug::LookUpsAreNotRenewed.is_planted() {
                self.refresh_type(at, oldest).await?;
            }
        }
        self.fresh = Some(Fresh { until: self.sources.clock.now() + FRESH / 2 });
        Ok(())
    }

    async fn refresh_type(&mut self, at: usize, oldest: Duration) -> Result<(), SyncError> {
        let (sources, system, reader) = (self.sources, self.system, self.types[at].reader);
        let before = sources.clock.now().saturating_sub(oldest);
        if sources.journal.stale(reader.schema.slug, before, None, 1).await?.is_empty() {
            return Ok(());
        }
        tracing::info!(bridge.resource_type = reader.schema.slug, "looking up missing records again");
        let status = StatusLine::new(sources, false);
        let verifier = Verifier { reader, system, journal: &*sources.journal, clock: &sources.clock, status: &status };
        let mut intake = self.intake(at, false);
        let verified = verifier.renew(oldest, &mut intake).await?;
        intake.finish().await?;
        if let Some(verified) = verified {
            self.note_verified(verified);
        }
        Ok(())
    }
}
