//! Iden's counts of a session against ours.

use bridge_core::wire::{SyncId, SyncStatus};

use super::{error::SyncError, report::TypeReport, session::Session};
use crate::planted::Bug;

/// The witness that the session is open and that Iden has of each type what was pushed.
#[derive(Debug)]
pub(super) struct Counted {
    session: SyncId,
}

impl Counted {
    /// Asks Iden. An id that came twice is counted once or twice there (question P6), so its count lies between the
    /// distinct ids that it took and the records that were sent. A page that was sent again, since its answer was lost,
    /// may count twice as well.
    pub(super) async fn of(session: &Session<'_>, types: &[(&TypeReport, u64)]) -> Result<Self, SyncError> {
        let progress = session.progress().await?;
        if progress.status != SyncStatus::InProgress {
            return Err(SyncError::Ended { status: progress.status });
        }
        for (one, distinct) in types {
            let there = progress.progress.iter().find(|there| there.slug == one.slug);
            let counted = there.map_or(0, |there| there.synced_count);
            let too_many = counted > one.sent && !session.has_retried();
            if (counted < *distinct || too_many) && !Bug::FailedPageIsForgotten.is_planted() {
                return Err(SyncError::Count { slug: one.slug.to_owned(), counted, pushed: one.pushed });
            }
        }
        Ok(Counted { session: session.id() })
    }

    pub(super) fn session(&self) -> SyncId {
        self.session
    }
}
