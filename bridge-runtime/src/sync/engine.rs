//! One sync, from opening the session to its end.

use std::{pin::pin, sync::Arc, time::Duration};

use bridge_core::{
    TypeSchema,
    wire::{AppId, SyncId, text::printable},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    error::{SyncError, SyncFailure},
    judging::Cleared,
    report::SyncReport,
    run::Run,
    session::Session,
    sources::Sources,
    status_line::StatusLine,
    types::{Required, required_types},
};
use crate::{
    client::Client,
    clock::Clock,
    gate::{Closed, Gate},
    journal::{Activity, Journal, JournalError, LossKind, OpenSession, PlanItem, ScanEnd, ScanMode, SessionState},
    planted::Bug,
    telemetry::{GUARD_HELD, GUARD_HOLDS, Meter, SYNC_DURATION, SYNC_LAST_SUCCESS, SYNCS},
};

/// How long a session that is being opened is waited for after a stop. Its id comes with the answer: without it, the
/// session stays open.
const OPENING_PATIENCE: Duration = Duration::from_secs(5);

/// How much of what would be taken away is named, where a session is held.
const MOST_NAMED: usize = 1_000;
/// How many ids are logged of each type and kind of loss.
const MOST_LOGGED: usize = 10;

/// Syncs one app.
pub(crate) struct SyncEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    pub(crate) sources: Sources<S>,
    pub(crate) gate: Gate,
}

impl<S: Send + Sync + 'static> SyncEngine<S> {
    /// Runs one sync. Whatever goes wrong before `complete` is sent, the session is abandoned and nobody is removed.
    pub(crate) async fn run(&self, system: &Arc<S>, stop: &CancellationToken) -> Result<SyncReport, Box<SyncFailure>> {
        let span = tracing::info_span!("bridge.sync", bridge.app = self.meter().app(), bridge.sync_id = Empty);
        self.run_within(system, stop).instrument(span).await
    }

    async fn run_within(&self, system: &Arc<S>, stop: &CancellationToken) -> Result<SyncReport, Box<SyncFailure>> {
        let (mut report, began) = (SyncReport::default(), self.clock().now());
        let synced = self.sync(system, stop, &mut report).await;
        self.count(&synced, self.clock().now().saturating_sub(began));
        match synced {
            Ok(()) => {
                report.completed = true;
                tracing::info!(settled = report.settled, "sync completed");
                Ok(report)
            }
            Err(mut error) => {
                if let SyncError::Held(hold) = &error {
                    report.held = Some(hold.clone());
                    match self.journal().plan_items(&hold.hash, MOST_NAMED).await {
                        Ok(losses) => report.losses = losses,
                        Err(failed) => error = failed.into(),
                    }
                    name(&report.losses);
                }
                Err(Box::new(SyncFailure { error, report }))
            }
        }
    }

    fn count(&self, synced: &Result<(), SyncError>, took: Duration) {
        let meter = self.meter();
        let outcome = match synced {
            Ok(()) => "completed",
            Err(SyncError::Held(_)) => "held",
            Err(SyncError::Interrupted) => "interrupted",
            Err(_) => "failed",
        };
        meter.add(&SYNCS, &[outcome], 1);
        meter.observe(&SYNC_DURATION, &[outcome], took);
        match outcome {
            "completed" => {
                meter.set_time(&SYNC_LAST_SUCCESS, Some(self.clock().wall()));
                meter.set(&GUARD_HELD, &[], 0.0);
            }
            "held" => {
                meter.add(&GUARD_HOLDS, &[], 1);
                meter.set(&GUARD_HELD, &[], 1.0);
            }
            _ => {}
        }
    }

    async fn sync(&self, system: &Arc<S>, stop: &CancellationToken, report: &mut SyncReport) -> Result<(), SyncError> {
        if stop.is_cancelled() {
            return Err(SyncError::Interrupted);
        }
        self.say(Activity::Opening).await?;
        // Interrupted, it is found again.
        let left_open = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted),
            left_open = self.recover() => left_open?,
        };
        // Whoever a task touches from here on may not stand in the snapshot that Iden makes with the session: it is not taken for
        // removed by it.
        self.journal().begin_scan(ScanMode::Push).await?;
        self.enter(None, SessionState::Opening).await?;
        let opened = tokio::select! {
            biased;
            opened = Session::open(&self.client, self.app) => opened.map_err(SyncError::from),
            () = self.patience_after(stop) => Err(SyncError::Interrupted),
        };
        let session = match opened {
            Ok(session) => session,
            Err(error) => {
                self.journal().end_scan(ScanEnd::Failed).await?;
                self.journal().set_session(left_open).await?;
                return Err(error);
            }
        };
        report.sync_id = Some(session.id());
        Span::current().record("bridge.sync_id", tracing::field::display(session.id()));
        self.enter(Some(session.id()), SessionState::Scanning).await?;
        let mut run = Run::new(&self.sources, system, Some((&self.client, self.app)), Some(&session));
        // Dropped where it stands, a page on its way may still arrive. The session is abandoned then, so that is no matter.
        let filled = tokio::select! {
            biased;
            () = stop.cancelled() => Err(SyncError::Interrupted),
            filled = self.fill(&session, &mut run) => filled,
        };
        let mut gate = None;
        let completed = match filled {
            Ok((required, cleared)) => self.complete(&session, &mut run, (&required, cleared), &mut gate, stop).await,
            Err(error) => Err(error),
        };
        let end = run.scan_end();
        (report.types, report.plan) = run.into_reports();
        match completed {
            Ok(approval) => {
                drop(gate);
                self.enter(Some(session.id()), SessionState::Settling).await?;
                self.say(Activity::Settling).await?;
                report.settled = tokio::select! {
                    biased;
                    () = stop.cancelled() => false,
                    settled = session.settle() => settled,
                };
                let (at, settled) = (self.clock().wall(), report.settled);
                Ok(self.journal().end_scan(ScanEnd::Completed { at, approval, settled }).await?)
            }
            // The next sync finds out: until then the journal keeps the session as it is.
            Err(error @ SyncError::Unsettled { .. }) => {
                drop(gate);
                self.journal().end_scan(end).await?;
                Err(error)
            }
            Err(error) => {
                self.enter(Some(session.id()), SessionState::Abandoning).await?;
                let abandoned = Bug::AbandonIsForgotten.is_planted() || self.abandon(&session, gate).await;
                self.journal().end_scan(end).await?;
                // Otherwise the next sync tries again: an app may be let have one session only (question P1).
                if abandoned {
                    self.journal().set_session(None).await?;
                }
                Err(error)
            }
        }
    }

    /// Everything up to the first verdict of the guard, and what takes something away after it.
    async fn fill(&self, session: &Session<'_>, run: &mut Run<'_, S>) -> Result<(Required, Cleared), SyncError> {
        let declared: Vec<TypeSchema> = self.sources.types.iter().map(|one| one.schema).collect();
        let opened = session.progress().await?;
        let known = self.journal().types().await?.into_iter().map(|one| one.slug).collect();
        let required = required_types(&declared, &known, &opened.progress).map_err(SyncError::Types)?;
        run.scan().await?;
        self.enter(Some(session.id()), SessionState::Guarding).await?;
        let cleared = run.clear().await?;
        run.push_held_back(&cleared).await?;
        Ok((required, cleared))
    }

    /// Closes the gate, reads again what tasks have touched, judges once more, and completes. Answers with the hash of the plan
    /// that a person had approved, where that was needed.
    async fn complete(
        &self,
        session: &Session<'_>,
        run: &mut Run<'_, S>,
        (required, first): (&Required, Cleared),
        held: &mut Option<Closed>,
        stop: &CancellationToken,
    ) -> Result<Option<String>, SyncError> {
        drop(first);
        run.refresh().await?;
        self.say(Activity::Completing).await?;
        self.enter(Some(session.id()), SessionState::Gated).await?;
        let gate = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted),
            gate = self.gate.close(self.clock()) => gate,
        };
        let Some(gate) = gate else { return Err(SyncError::TasksUnderWay { waited: self.gate.budget() }) };
        let proof = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted),
            proof = self.prove(session, run, required, &gate) => proof?,
            () = self.sleep_until(gate.complete_by()) => {
                let waited = self.gate.budget().as_secs();
                let why = format!("waiting for tasks and reading again what they had touched took more than {waited} s");
                return Err(SyncError::Incomplete(vec![why]));
            }
        };
        // Reading again may have said something else.
        self.say(Activity::Completing).await?;
        // From here on it is finished rather than interrupted.
        let cleared = proof.cleared();
        let completing =
            OpenSession { id: Some(session.id()), state: SessionState::Completing, since: self.clock().wall() };
        self.journal().begin_completing(completing, cleared.approval()).await?;
        if let Some(hash) = cleared.approval() {
            tracing::info!(hash, "a person has approved what is taken away; the approval is used up");
        }
        let gate = held.insert(gate);
        tokio::select! {
            biased;
            completed = session.complete(&proof) => completed?,
            // Tasks must not wait for a server that does not answer. No `complete` is on its way any more, only questions.
            () = self.sleep_until(gate.until()) => {
                return Err(SyncError::Unsettled { why: "there was no answer in time".to_owned() });
            }
        }
        Ok(cleared.approval().map(str::to_owned))
    }

    /// A `complete` without an answer may still arrive, and remove whom tasks make from now on: as long as the gate may be
    /// closed, they wait until the session has ended.
    async fn abandon(&self, session: &Session<'_>, gate: Option<Closed>) -> bool {
        let mut abandoning = pin!(session.abandon());
        if let Some(gate) = gate {
            tokio::select! {
                biased;
                abandoned = &mut abandoning => return abandoned,
                () = self.sleep_until(gate.until()) => {}
            }
        }
        abandoning.await
    }

    async fn prove(
        &self,
        session: &Session<'_>,
        run: &mut Run<'_, S>,
        required: &Required,
        gate: &Closed,
    ) -> Result<super::proof::Proof, SyncError> {
        run.reread_touched(gate).await?;
        let cleared = run.clear().await?;
        run.push_held_back(&cleared).await?;
        run.prove(session, required, cleared, gate).await
    }

    async fn patience_after(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        self.clock().sleep(OPENING_PATIENCE).await;
    }

    async fn sleep_until(&self, time: Duration) {
        self.clock().sleep(time.saturating_sub(self.clock().now())).await;
    }

    async fn enter(&self, id: Option<SyncId>, state: SessionState) -> Result<(), JournalError> {
        self.journal().set_session(Some(OpenSession { id, state, since: self.clock().wall() })).await
    }

    async fn say(&self, activity: Activity) -> Result<(), SyncError> {
        StatusLine::new(&self.sources, false).say(activity).await
    }

    pub(super) fn journal(&self) -> &dyn Journal {
        &*self.sources.journal
    }

    fn meter(&self) -> &Meter {
        &self.sources.meter
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.sources.clock
    }
}

/// Logs who would have gone.
fn name(losses: &[PlanItem]) {
    for some in losses.chunk_by(|a, b| (&a.slug, a.kind) == (&b.slug, b.kind)) {
        let ids: Vec<_> = some.iter().take(MOST_LOGGED).map(|item| printable(&item.id, 80)).collect();
        let more = if some.len() > MOST_LOGGED { ", …" } else { "" };
        let lost = match some[0].kind {
            LossKind::Removed => "would have been removed",
            LossKind::Deactivated => "would have become inactive or suspended",
            LossKind::Edge => "would have lost memberships or assignments",
        };
        tracing::warn!(bridge.resource_type = some[0].slug, "{lost}: {}{more}", ids.join(", "));
    }
}
