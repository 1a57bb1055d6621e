//! The end of a session that was filled: it is completed, or ended without that.

use tokio_util::sync::CancellationToken;

use super::{
    engine::SyncEngine,
    error::SyncError,
    proof::Proof,
    run::Run,
    session::{Ending, NotCompleted, Session},
    types::Required,
};
use crate::{
    gate::Closed,
    journal::{Activity, JournalError, OpenSession, SessionState},
    planted::Bug,
};

/// Why a session was not completed.
pub(super) enum Failed {
    /// No `complete` can arrive.
    NothingSent(SyncError),
    /// One may have arrived, or may arrive yet.
    Unanswered(Unanswered),
}

impl<E: Into<SyncError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Failed::NothingSent(error.into())
    }
}

pub(super) struct Unanswered {
    error: SyncError,
    gate: Closed,
}

/// A session that was not completed, as far as is known.
pub(super) struct Unfinished {
    pub(super) error: SyncError,
    /// It may be open still.
    pub(super) is_open: bool,
}

impl<S: Send + Sync + 'static> SyncEngine<S> {
    /// Closes the gate, reads again what tasks have touched, judges once more, and completes.
    pub(super) async fn complete(
        &self,
        session: &Session<'_>,
        run: &mut Run<'_, S>,
        required: &Required,
        stop: &CancellationToken,
    ) -> Result<(), Failed> {
        let _creations_held = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted.into()),
            held = run.catch_up(&self.gate) => held?,
        };
        self.say(Activity::Completing).await?;
        self.enter(Some(session.id()), SessionState::Gated).await?;
        let gate = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted.into()),
            gate = self.gate.close(self.clock()) => gate,
        };
        let Some(gate) = gate else { return Err(SyncError::TasksUnderWay { waited: self.gate.budget() }.into()) };
        let proof = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted.into()),
            proof = self.prove(session, run, required, &gate) => proof?,
            () = self.sleep_until(gate.complete_by()) => {
                let waited = self.gate.budget().as_secs();
                let why = format!("waiting for tasks and reading again what they had touched took more than {waited} s");
                return Err(SyncError::Incomplete(vec![why]).into());
            }
        };
        // Reading again may have said something else.
        self.say(Activity::Completing).await?;
        // From here on it is finished rather than interrupted.
        let completing =
            OpenSession { id: Some(session.id()), state: SessionState::Completing, since: self.clock().wall() };
        self.journal().begin_completing(completing).await?;
        if let Some(hash) = proof.cleared().approval() {
            tracing::info!(hash, "completing what a person approved");
        }
        let completed = tokio::select! {
            biased;
            completed = session.complete(&proof) => completed,
            // Tasks must not wait for a server that does not answer. No `complete` is on its way any more, only questions.
            () = self.sleep_until(gate.until()) => Err(NotCompleted::unsettled("there was no answer in time")),
        };
        match completed {
            Ok(()) => Ok(()),
            Err(NotCompleted { error, may_arrive: false }) => Err(Failed::NothingSent(error)),
            Err(NotCompleted { error, .. }) => Err(Failed::Unanswered(Unanswered { error, gate })),
        }
    }

    async fn prove(
        &self,
        session: &Session<'_>,
        run: &mut Run<'_, S>,
        required: &Required,
        gate: &Closed,
    ) -> Result<Proof, SyncError> {
        run.reread_touched(gate).await?;
        let cleared = run.clear().await?;
        run.push_held_back(&cleared).await?;
        run.prove(session, required, cleared, gate).await
    }

    pub(super) async fn abandon(&self, session: &Session<'_>, error: SyncError) -> Result<Unfinished, JournalError> {
        Ok(Unfinished { error, is_open: self.left_open(session).await? })
    }

    /// Abandons the session. Answers whether it may still be open.
    pub(super) async fn left_open(&self, session: &Session<'_>) -> Result<bool, JournalError> {
        self.enter(Some(session.id()), SessionState::Abandoning).await?;
        Ok(!(Bug::AbandonIsForgotten.is_planted() || session.abandon().await))
    }

    /// A `complete` that arrives later removes whom tasks make from now on: as long as the gate may be closed, they wait until the
    /// session has ended.
    pub(super) async fn end_unanswered(
        &self,
        session: &Session<'_>,
        Unanswered { error, gate }: Unanswered,
        stop: &CancellationToken,
    ) -> Result<(), Unfinished> {
        if matches!(error, SyncError::Unsettled { .. }) {
            // It may be the clean-up at work, so it is not abandoned. The next sync asks.
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.sleep_until(gate.until()) => {}
            }
            return Err(Unfinished { error, is_open: true });
        }
        let ended = tokio::select! {
            biased;
            ended = session.end() => ended,
            () = self.sleep_until(gate.until()) => Ending::Unknown,
        };
        match ended {
            Ending::Completed => Ok(()),
            Ending::Abandoned => Err(Unfinished { error, is_open: false }),
            Ending::Unknown => {
                Err(Unfinished { error: SyncError::Unsettled { why: error.to_string() }, is_open: true })
            }
        }
    }
}
