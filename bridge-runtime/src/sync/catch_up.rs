//! What is read again before the gate closes, so that little is left for the time when no task runs.
//!
//! At the gate every account that a task has touched since the scan began is read again. A long sync beside many tasks would
//! never be completed if that were all: the gate may be closed for a minute or so. So accounts are looked up again while
//! tasks go on, until only a few are left.
//!
//! Without `find` only a read of the whole type shows an account, and that may take longer than the gate may be closed.
//! Then the type is read once more before, and not at the gate. Any account that a task has touched until this read began is
//! in the session as the read shows it. One that a task touches later, and that was seen before, stays as it was seen, until
//! the next sync: it is in the session, so it is not removed. One that a task would create meanwhile could not be in the
//! session, so creations wait until it is completed, [`CREATIONS_HELD`] at most.

use std::{pin::pin, time::Duration};

use super::{error::SyncError, run::Run};
use crate::{
    gate::{CreationsHeld, Gate},
    journal::Touched,
};

/// So many accounts can be read again at the gate: eight are in flight.
const FEW: usize = 32;
/// How often those that tasks have touched meanwhile are looked up again.
const ROUNDS: usize = 5;
/// How long creations wait at most for a type to be read again.
const CREATIONS_HELD: Duration = Duration::from_secs(15 * 60);

impl<S: Send + Sync + 'static> Run<'_, S> {
    /// Everything that may take long before the gate closes. Creations wait until the answer is dropped.
    pub(super) async fn catch_up(&mut self, gate: &Gate) -> Result<Option<CreationsHeld>, SyncError> {
        self.refresh().await?;
        self.look_up_touched().await?;
        let held = self.read_slow_types(gate).await?;
        self.refresh().await?;
        Ok(held)
    }

    async fn look_up_touched(&mut self) -> Result<(), SyncError> {
        for _ in 0..ROUNDS {
            let touched = self.sources.journal.touched().await?;
            if touched.len() <= FEW {
                break;
            }
            let mut found = 0;
            for at in 0..self.types.len() {
                found += self.look_up_again(at, self.of_type(at, &touched)).await?.0;
            }
            if found == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Looks up accounts that tasks have touched. Those that are there need not be read again, unless a task touches them once
    /// more. Answers with their number, and with those that the source cannot be asked for.
    async fn look_up_again(&mut self, at: usize, ids: Vec<String>) -> Result<(usize, Vec<String>), SyncError> {
        let (journal, slug) = (&self.sources.journal, self.types[at].reader.schema.slug);
        let before = journal.last_touch().await?;
        let asked = self.ask(at, ids).await?;
        let present = asked.present.len();
        journal.set_read_again(slug, asked.present, before).await?;
        Ok((present, asked.unclear))
    }

    async fn read_slow_types(&mut self, gate: &Gate) -> Result<Option<CreationsHeld>, SyncError> {
        let mut held = None;
        for at in 0..self.types.len() {
            if self.types[at].read_took <= gate.left_for_reading() {
                continue;
            }
            self.types[at].is_too_slow_for_the_gate = true;
            let touched = self.sources.journal.touched().await?;
            let (_, unclear) = self.look_up_again(at, self.of_type(at, &touched)).await?;
            if self.not_excused(at, unclear).await?.is_empty() {
                continue;
            }
            if held.is_none() {
                held = gate.hold_creations(&*self.sources.clock).await;
            }
            held = self.read_slow_type(at, held).await?;
        }
        Ok(held)
    }

    async fn read_slow_type(
        &mut self,
        at: usize,
        mut held: Option<CreationsHeld>,
    ) -> Result<Option<CreationsHeld>, SyncError> {
        let clock = std::sync::Arc::clone(&self.sources.clock);
        // With those that were created until creations had to wait.
        let ids = self.of_type(at, &self.sources.journal.touched().await?);
        tracing::info!(
            bridge.resource_type = self.types[at].reader.schema.slug,
            "the source has no `find`, and reading it takes longer than tasks may wait: it is read before, and new accounts wait"
        );
        {
            let mut reading = pin!(self.read_again(at, &ids));
            let in_time = tokio::select! {
                biased;
                read = &mut reading => Some(read),
                () = clock.sleep(CREATIONS_HELD), if held.is_some() => None,
            };
            match in_time {
                Some(read) => read?,
                None => {
                    held = None;
                    reading.await?;
                }
            }
        }
        Ok(held)
    }

    pub(super) fn of_type(&self, at: usize, touched: &[Touched]) -> Vec<String> {
        let slug = self.types[at].reader.schema.slug;
        touched.iter().filter(|one| one.slug == slug).map(|one| one.id.clone()).collect()
    }
}
