//! A session that an earlier run left behind.

use std::time::Duration;

use bridge_core::wire::{SyncId, SyncStatus};

use super::{
    engine::SyncEngine,
    error::SyncError,
    session::{Ending, Session},
};
use crate::{
    journal::{JournalError, OpenSession, SessionState},
    planted::Bug,
};

/// So long after `complete` was accepted, the clean-up is over, whatever Iden calls it.
const SETTLED_BY_NOW: Duration = Duration::from_secs(60 * 60);
/// So long after `complete` was sent, it arrives no more.
const UNANSWERED_BY_NOW: Duration = Duration::from_secs(10 * 60);
/// So long after `complete` was sent, a session in an unknown state is given up. Whom it removed stays known.
const GIVEN_UP_BY_NOW: Duration = Duration::from_secs(24 * 60 * 60);

impl<S: Send + Sync + 'static> SyncEngine<S> {
    /// Ends a session that a killed process, or a sync with an unknown end, left behind. It is never gone on with and
    /// never completed: the source has moved on. Only where `complete` had been sent, Iden is asked what became of it.
    ///
    /// Answers with a session that could not be ended: it removes nobody, and keeps nobody from opening another.
    pub(super) async fn recover(&self) -> Result<Option<OpenSession>, SyncError> {
        let Some(found) = self.journal().session().await? else { return Ok(None) };
        let Some(id) = found.id else {
            tracing::warn!("a session may have been opened whose id was lost; it stays open, and removes nobody");
            return self.forget().await;
        };
        let session = Session::known(&self.client, self.app, id);
        if Bug::OrphanIsCompleted.is_planted() {
            let _ = self.client.complete_sync(self.app, id).await;
        }
        match found.state {
            SessionState::Completing | SessionState::Settling => self.recover_completing(found, &session).await,
            _ => {
                // The one that is opened next has to wait as well, and would be one more that is open.
                self.client.outwait_pause().await;
                if session.abandon().await { self.forget().await } else { Ok(Some(found)) }
            }
        }
    }

    async fn recover_completing(
        &self,
        found: OpenSession,
        session: &Session<'_>,
    ) -> Result<Option<OpenSession>, SyncError> {
        let unsettled = |why: String| SyncError::Unsettled { why };
        let (id, age) = (session.id(), self.clock().wall().duration_since(found.since).unsigned_abs());
        match session.progress().await {
            Ok(progress) => match progress.status {
                SyncStatus::Completed => {
                    say_completed(id);
                    return self.settle().await;
                }
                SyncStatus::Abandoned => return self.forget().await,
                // Accepted long ago: whatever Iden calls it, its clean-up is over.
                _ if found.state == SessionState::Settling && age > SETTLED_BY_NOW => {
                    tracing::warn!(bridge.sync_id = %id, status = %progress.status, "Iden never said that the clean-up was done");
                    return self.settle().await;
                }
                status if found.state == SessionState::Settling => {
                    return Err(unsettled(format!("its clean-up goes on, Iden says that it is {status}")));
                }
                SyncStatus::InProgress => {}
                _ if age > GIVEN_UP_BY_NOW => {}
                // Nothing may be concluded from a state that we do not know.
                status => return Err(unsettled(format!("Iden says that the session is {status}"))),
            },
            // So soon after `complete` was sent, that may be somebody else's word.
            Err(error)
                if error.is_not_found() && found.state == SessionState::Completing && age < UNANSWERED_BY_NOW => {}
            // Gone: whom it removed stays known, and is looked up again.
            Err(error) if error.is_not_found() => return self.forget().await,
            Err(error) if age <= GIVEN_UP_BY_NOW => return Err(unsettled(error.to_string())),
            Err(error) => {
                tracing::warn!(bridge.sync_id = %id, error = %error, "Iden never said what became of the session");
            }
        }
        match session.end().await {
            Ending::Completed => {
                say_completed(id);
                self.settle().await
            }
            Ending::Abandoned => self.forget().await,
            // Completed later, it removes whom the next one pushes.
            Ending::Unknown if age < UNANSWERED_BY_NOW => {
                Err(unsettled("it was not completed, and could not be abandoned".to_owned()))
            }
            Ending::Unknown => Ok(Some(found)),
        }
    }

    /// How long a `complete` that nobody waits for any more may still be on its way: whom tasks make meanwhile, it could remove.
    pub(crate) async fn unanswered_for(&self) -> Result<Duration, JournalError> {
        let Some(found) = self.journal().session().await? else { return Ok(Duration::ZERO) };
        // While the gate is closed, somebody waits for it, and tasks wait at the gate.
        if found.state != SessionState::Completing || self.gate.is_closed() {
            return Ok(Duration::ZERO);
        }
        let age = self.clock().wall().duration_since(found.since).unsigned_abs();
        // It may have been sent again as long as the gate was closed.
        Ok((self.gate.budget() + self.client.patience()).saturating_sub(age))
    }

    async fn settle(&self) -> Result<Option<OpenSession>, SyncError> {
        self.journal().settle_completed(self.clock().wall()).await?;
        Ok(None)
    }

    async fn forget(&self) -> Result<Option<OpenSession>, SyncError> {
        self.journal().set_session(None).await?;
        Ok(None)
    }
}

fn say_completed(id: SyncId) {
    tracing::info!(bridge.sync_id = %id, "the session of an earlier run is completed, as it should be");
}
