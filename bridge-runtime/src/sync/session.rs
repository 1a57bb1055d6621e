//! One sync session on Iden's side (protocol.md section 4).

use std::time::Duration;

use bridge_core::wire::{AppId, PageReceipt, SyncId, SyncProgress, SyncStatus};

use super::{error::SyncError, page::Page, proof::Proof};
use crate::client::{Client, ClientError, ErrorKind};

/// How often `complete` is sent where its answer is lost and the session is still open.
const COMPLETE_ATTEMPTS: u32 = 3;
/// How long the clean-up is waited for.
const SETTLE_WAIT: Duration = Duration::from_secs(2 * 60);
/// How long to wait before asking for the first time again; it doubles.
const FIRST_SETTLE_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_SETTLE_PAUSE: Duration = Duration::from_secs(15);
/// How long an answer to `abandon` is waited for: less than a supervisor waits for the end of a process.
const ABANDON_WAIT: Duration = Duration::from_secs(10);

/// A session that was not completed, as far as is known.
pub(super) struct NotCompleted {
    pub(super) error: SyncError,
    /// A `complete` may have arrived, or may arrive yet.
    pub(super) may_arrive: bool,
}

impl NotCompleted {
    pub(super) fn unsettled(why: impl Into<String>) -> Self {
        NotCompleted { error: SyncError::Unsettled { why: why.into() }, may_arrive: true }
    }
}

/// What became of a session whose `complete` had no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Completed,
    /// Nobody was removed.
    Abandoned,
    Unknown,
}

/// An open session. It ends by [`complete`](Session::complete) or [`abandon`](Session::abandon); one that is merely
/// dropped stays open and removes nobody.
#[derive(Debug)]
pub(super) struct Session<'a> {
    client: &'a Client,
    app: AppId,
    id: SyncId,
    /// How often the client had sent something again when this was opened.
    retries: u64,
}

impl<'a> Session<'a> {
    pub(super) async fn open(client: &'a Client, app: AppId) -> Result<Self, ClientError> {
        let id = client.start_sync(app).await?.sync_id;
        tracing::info!(bridge.sync_id = %id, "sync session opened");
        Ok(Session { client, app, id, retries: client.retries() })
    }

    /// One that was opened before.
    pub(super) fn known(client: &'a Client, app: AppId, id: SyncId) -> Self {
        Session { client, app, id, retries: client.retries() }
    }

    pub(super) fn id(&self) -> SyncId {
        self.id
    }

    pub(super) async fn push(&self, slug: &str, page: &Page) -> Result<PageReceipt, ClientError> {
        self.client.push_page(self.app, self.id, slug, page.body()).await
    }

    /// Whether anything was sent again since this was opened.
    pub(super) fn has_retried(&self) -> bool {
        self.client.retries() > self.retries
    }

    /// How often so far Iden asked for less load.
    pub(super) fn throttles(&self) -> u64 {
        self.client.throttles()
    }

    pub(super) async fn progress(&self) -> Result<SyncProgress, ClientError> {
        self.client.sync_progress(self.app, self.id).await
    }

    /// Makes the pushed set the full truth: Iden marks everything else as removed.
    ///
    /// A lost answer is settled by asking: only a session that is surely still open is completed again, and only while
    /// the proof is good. On a failure that leaves the session open, the caller abandons it.
    pub(super) async fn complete(&self, proof: &Proof) -> Result<(), NotCompleted> {
        assert_eq!(proof.session(), self.id, "a proof is good for its own session");
        let (mut attempt, mut may_arrive, mut failed) = (1, false, None::<ClientError>);
        loop {
            if self.client.clock().now() >= proof.good_until() {
                let why = "what it rests on, who is missing and that no task runs, was found out too long ago";
                let incomplete = || SyncError::Incomplete(vec![why.to_owned()]);
                return Err(NotCompleted { error: failed.map_or_else(incomplete, SyncError::from), may_arrive });
            }
            let error = match self.client.complete_sync_by(self.app, self.id, proof.good_until()).await {
                Ok(()) => return Ok(()),
                // Nothing was sent that could be asked about, and asking would have to wait as long.
                Err(error) if matches!(error.kind(), ErrorKind::Paused { .. }) => {
                    return Err(NotCompleted { error: failed.unwrap_or(error).into(), may_arrive });
                }
                Err(error) => error,
            };
            // Also where another attempt was surely refused.
            may_arrive |= error.outcome_unknown();
            let status = match self.progress().await {
                Ok(progress) => progress.status,
                Err(_) if may_arrive => return Err(NotCompleted::unsettled(error.to_string())),
                Err(_) => return Err(NotCompleted { error: error.into(), may_arrive }),
            };
            match status {
                SyncStatus::Completed => return Ok(()),
                SyncStatus::InProgress
                    if attempt < COMPLETE_ATTEMPTS && (error.outcome_unknown() || error.is_rate_limited()) =>
                {
                    tracing::warn!(attempt, error = %error, "`complete` had no answer and the session is still open; completing again");
                    (attempt, failed) = (attempt + 1, Some(error));
                }
                SyncStatus::InProgress => return Err(NotCompleted { error: error.into(), may_arrive }),
                // Nothing may be concluded from a state that we do not know: it may be the clean-up at work.
                SyncStatus::Other(_) if may_arrive => {
                    return Err(NotCompleted::unsettled(format!("Iden says that the session is {status}")));
                }
                status => return Err(NotCompleted { error: SyncError::Ended { status }, may_arrive }),
            }
        }
    }

    /// Waits for the clean-up, which runs in the background (protocol.md section 4). Whether Iden says that it is done.
    pub(super) async fn settle(&self) -> bool {
        let clock = self.client.clock();
        let end = clock.now() + SETTLE_WAIT;
        let mut pause = FIRST_SETTLE_PAUSE;
        loop {
            match self.progress().await {
                Ok(progress) if progress.status == SyncStatus::Completed => return true,
                Ok(progress) => tracing::debug!(status = %progress.status, "the clean-up goes on"),
                Err(error) => tracing::warn!(error = %error, "whether the clean-up is done could not be read"),
            }
            if clock.now() + pause > end {
                tracing::warn!(
                    bridge.sync_id = %self.id,
                    "Iden has accepted the session, and its clean-up is not done yet; it goes on in the background"
                );
                return false;
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(LONGEST_SETTLE_PAUSE);
        }
    }

    /// Ends a session whose `complete` may have arrived, or may arrive yet: once it is abandoned, that is refused. Iden has the
    /// last word.
    pub(super) async fn end(&self) -> Ending {
        self.abandon().await;
        let progress = tokio::select! {
            biased;
            progress = self.progress() => progress,
            () = self.client.clock().sleep(ABANDON_WAIT) => return Ending::Unknown,
        };
        match progress {
            Ok(progress) => match progress.status {
                SyncStatus::Completed => Ending::Completed,
                SyncStatus::Abandoned => Ending::Abandoned,
                _ => Ending::Unknown,
            },
            // Also one that is gone: something in between may say so, and the `complete` arrive all the same.
            Err(_) => Ending::Unknown,
        }
    }

    /// Ends the session without a clean-up: what was pushed stays, nobody is removed. That an abandon fails does no
    /// harm: a session that nobody completes removes nobody either. So it is not waited for long. Whether it has ended.
    pub(super) async fn abandon(&self) -> bool {
        let abandoned = tokio::select! {
            biased;
            abandoned = self.client.abandon_sync(self.app, self.id) => match abandoned {
                // It has ended already, or is gone: that is all an abandon wants (protocol.md section 7).
                Err(error) if matches!(error.status(), Some(400 | 404 | 409)) => return true,
                abandoned => abandoned.map_err(|error| error.to_string()),
            },
            () = self.client.clock().sleep(ABANDON_WAIT) => Err("no answer in time".to_owned()),
        };
        match &abandoned {
            Ok(()) => tracing::info!(bridge.sync_id = %self.id, "sync session abandoned: nobody was removed"),
            Err(error) => tracing::warn!(
                bridge.sync_id = %self.id, error,
                "the sync session could not be abandoned; it stays open, and removes nobody"
            ),
        }
        abandoned.is_ok()
    }
}
