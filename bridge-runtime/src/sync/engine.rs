//! One sync, from opening the session to its end.

use std::{sync::Arc, time::Duration};

use bridge_core::wire::{AppId, SyncId, text::printable};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, Span, field::Empty};

use super::{
    completing::{Failed, Unfinished},
    error::{SyncError, SyncFailure},
    judging::is_first_of_inherited,
    plan::Basis,
    registration,
    report::SyncReport,
    run::Run,
    session::Session,
    sources::Sources,
    status_line::StatusLine,
    types::{Compared, Required, compare, compare_with_journal},
};
use crate::{
    client::Client,
    clock::Clock,
    gate::Gate,
    journal::{
        Activity, Hold, Journal, JournalError, LossKind, OpenSession, PlanItem, ScanEnd, ScanMode, SessionState,
        UnreadType,
    },
    telemetry::{GUARD_HELD, GUARD_HOLDS, Meter, SYNC_DURATION, SYNC_LAST_SUCCESS, SYNCS},
};

/// How long a session that is being opened is waited for after a stop. Its id comes with the answer: without it, the
/// session stays open.
const OPENING_PATIENCE: Duration = Duration::from_secs(5);

/// How much of what would be taken away is named, where a session is held.
const MOST_NAMED: usize = 1_000;
/// How many ids are logged of each type and kind of loss.
const MOST_LOGGED: usize = 10;

/// How many sessions one sync opens at most. The first one may show types that have to be judged or registered before a
/// session can be filled.
const MOST_SESSIONS: usize = 3;

/// Syncs one app.
pub(crate) struct SyncEngine<S> {
    pub(crate) client: Client,
    pub(crate) app: AppId,
    /// Whether it registers its types; a clone shares those of its parent.
    pub(crate) registers: bool,
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
        let synced = Box::pin(self.sync(system, stop, &mut report)).await;
        self.count(&synced, self.clock().now().saturating_sub(began));
        match synced {
            Ok(()) => {
                report.completed = true;
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
        self.sources.wall().await?;
        self.say(Activity::Opening).await?;
        // Interrupted, it is found again.
        let left_open = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(SyncError::Interrupted),
            left_open = self.recover() => left_open?,
        };
        let mut is_compared = !is_first_of_inherited(self.journal()).await?;
        for _ in 0..MOST_SESSIONS {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(SyncError::Interrupted),
                ready = self.prepare(system, is_compared, stop) => ready?,
            }
            if self.run_session(system, left_open.clone(), stop, report).await? {
                return Ok(());
            }
            is_compared = true;
        }
        let why = "the types of the app change while they are compared; does another connector register types?";
        Err(SyncError::Incomplete(vec![why.to_owned()]))
    }

    /// What has to be settled before a session is filled: nothing is registered or pushed while a type of the app that this
    /// connector does not read waits for a person. `is_compared`: a session has shown all types of the app, or this journal
    /// knows them.
    async fn prepare(&self, system: &Arc<S>, is_compared: bool, stop: &CancellationToken) -> Result<(), SyncError> {
        let known = self.journal().types().await?;
        compare_with_journal(&self.sources.schemas(), &known).map_err(SyncError::Types)?;
        if self.has_unread_types().await? {
            let basis = Basis { client: Some((&self.client, self.app)), adopts: false };
            let plan = self.sources.plan(system, basis, stop).await?;
            if !plan.held.is_empty() && plan.approved.is_none() {
                let hold = Hold::new(plan.hash, plan.held);
                self.journal().set_held(Some(&hold.clone().without_examples())).await?;
                return Err(SyncError::Held(hold));
            }
        }
        if is_compared { self.register().await } else { Ok(()) }
    }

    async fn has_unread_types(&self) -> Result<bool, JournalError> {
        let unread = self.journal().unread_types(&self.sources.slugs()).await?;
        Ok(unread.iter().any(UnreadType::needs_approval))
    }

    async fn register(&self) -> Result<(), SyncError> {
        if !self.registers {
            return Ok(());
        }
        registration::register(&self.client, self.app, &self.sources.schemas(), self.journal()).await
    }

    /// Registers the types where nothing speaks against it and no session has to be asked, so that Iden can make tasks for
    /// them. Otherwise the next sync registers them.
    pub(crate) async fn register_early(&self) -> Result<(), SyncError> {
        if is_first_of_inherited(self.journal()).await? || self.has_unread_types().await? {
            return Ok(());
        }
        self.register().await
    }

    /// Opens a session, fills and completes it. Answers `false` where the session showed types that have to be judged or
    /// registered first; it is abandoned then.
    async fn run_session(
        &self,
        system: &Arc<S>,
        left_open: Option<OpenSession>,
        stop: &CancellationToken,
        report: &mut SyncReport,
    ) -> Result<bool, SyncError> {
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
                self.end_scan(ScanEnd::Failed).await?;
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
        let completed = match filled {
            Ok(Some(required)) => self.complete(&session, &mut run, &required, stop).await,
            Ok(None) => {
                let is_open = self.left_open(&session).await?;
                self.end_scan(ScanEnd::Failed).await?;
                if !is_open {
                    self.journal().set_session(None).await?;
                }
                return Ok(false);
            }
            Err(error) => Err(error.into()),
        };
        let end = run.scan_end();
        (report.types, report.plan) = run.into_reports();
        let completed = match completed {
            Ok(()) => Ok(()),
            Err(Failed::NothingSent(error)) => Err(self.abandon(&session, error).await?),
            Err(Failed::Unanswered(unanswered)) => self.end_unanswered(&session, unanswered, stop).await,
        };
        match completed {
            Ok(()) => {
                self.enter(Some(session.id()), SessionState::Settling).await?;
                self.say(Activity::Settling).await?;
                report.settled = tokio::select! {
                    biased;
                    () = stop.cancelled() => false,
                    settled = session.settle() => settled,
                };
                let others = self.note_changes(report).await?;
                self.end_scan(ScanEnd::Completed { settled: report.settled }).await?;
                self.tell(report, others);
                Ok(true)
            }
            Err(Unfinished { error, is_open }) => {
                self.end_scan(end).await?;
                // Otherwise the journal keeps it as it is, and the next sync ends it: an app may be let have one session only
                // (question P1).
                if !is_open {
                    self.journal().set_session(None).await?;
                }
                Err(error)
            }
        }
    }

    /// Everything up to the first verdict of the guard, and what takes something away after it. `None`: as for
    /// [`SyncEngine::compare_types`].
    async fn fill(&self, session: &Session<'_>, run: &mut Run<'_, S>) -> Result<Option<Required>, SyncError> {
        let Some(required) = self.compare_types(session).await? else { return Ok(None) };
        run.scan().await?;
        self.enter(Some(session.id()), SessionState::Guarding).await?;
        let cleared = run.clear().await?;
        run.push_held_back(&cleared).await?;
        Ok(Some(required))
    }

    /// Compares the types with those of the session, before the first push. `None`: the app has types that have to be judged
    /// first, which the journal knows now, or types of this connector have to be registered.
    async fn compare_types(&self, session: &Session<'_>) -> Result<Option<Required>, SyncError> {
        let (journal, declared) = (self.journal(), self.sources.schemas());
        let listed = session.progress().await?.progress;
        let required = match compare(&declared, &journal.types().await?, &listed).map_err(SyncError::Types)? {
            Compared::Fit(required) => required,
            Compared::Foreign(foreign) => {
                for one in foreign {
                    let slug = printable(&one.slug, 80);
                    tracing::warn!(bridge.resource_type = slug, "the app has a type that this connector does not read");
                    journal.note_type(&one.slug, &one.kind, true).await?;
                }
                return Ok(None);
            }
        };
        if self.registers {
            let pending = registration::pending(&declared, journal).await?;
            if registration::note_listed(&pending, &listed, journal).await? {
                return Ok(None);
            }
            // Only display names can differ now.
            self.register().await?;
        }
        Ok(Some(required))
    }

    async fn patience_after(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        self.clock().sleep(OPENING_PATIENCE).await;
    }

    pub(super) async fn sleep_until(&self, time: Duration) {
        self.clock().sleep(time.saturating_sub(self.clock().now())).await;
    }

    async fn end_scan(&self, end: ScanEnd) -> Result<(), JournalError> {
        let at = self.sources.wall().await?;
        self.journal().end_scan(end, at).await
    }

    pub(super) async fn enter(&self, id: Option<SyncId>, state: SessionState) -> Result<(), JournalError> {
        self.journal().set_session(Some(OpenSession { id, state, since: self.clock().wall() })).await
    }

    pub(super) async fn say(&self, activity: Activity) -> Result<(), SyncError> {
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
