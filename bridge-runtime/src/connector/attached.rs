//! A connector at work on an app.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bridge_core::wire::AppId;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Connector, ConnectorError, Exit, Schedule, Target, app, running};
use crate::{
    caught,
    clock::Clock,
    gate::Gate,
    journal::{Activity, Command, Journal, Status},
    random::Random,
    sync::{Sources, SyncEngine, SyncError, SyncFailure, SyncReport},
    tasks::{Polling, RoundReport, TaskEngine},
    telemetry::{GUARD_HELD, Meter, SYNC_LAST_SUCCESS},
};

/// How often the journal is looked into while tasks wait.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// A connector with its system open, its app found and its types registered.
pub struct Attached<S> {
    system: Arc<S>,
    sync: SyncEngine<S>,
    tasks: TaskEngine<S>,
    state: PathBuf,
    /// Two syncs at once would each complete without what the other has pushed.
    sync_turn: tokio::sync::Mutex<()>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
    pub(super) meter: Arc<Meter>,
}

impl<S: Send + Sync + 'static> Attached<S> {
    pub(super) async fn new(connector: Connector<S>, target: &Target, settings: Value) -> Result<Self, ConnectorError> {
        let meter = connector.meter(target);
        let limits = target.limited(connector.limits)?;
        let client = target.metered_client(&meter)?;
        let journal = target.open_journal(&connector.name)?;
        // The system first: a connector that cannot read anything should leave no app behind.
        let system = (connector.open)(settings).await?;
        // What happened before this process came.
        meter.set_time(&SYNC_LAST_SUCCESS, journal.completed_at().await?);
        meter.set(&GUARD_HELD, &[], if journal.held().await?.is_some() { 1.0 } else { 0.0 });
        let app = app::resolve(&client, &*journal, &connector.name, target).await?;
        let (clock, random) = (Arc::clone(&target.clock), Arc::clone(&target.random));
        let state = target.folder(&connector.name);
        let sources = Sources {
            types: connector.readers,
            limits,
            journal: Arc::clone(&journal),
            clock: Arc::clone(&clock),
            meter: Arc::clone(&meter),
            clock_steps: Default::default(),
            scratch: state.clone(),
        };
        let gate = Gate::new(connector.tasks.longest(), client.patience());
        // A clone shares its parent's types; there is nothing to register (protocol.md section 2).
        let registers = target.clone_from.is_none();
        let sync = SyncEngine { client: client.clone(), app, registers, sources, gate: gate.clone() };
        sync.register_early().await.map_err(unregistered)?;
        let tasks = TaskEngine {
            client,
            app,
            tasks: connector.tasks,
            journal: Arc::clone(&journal),
            clock: Arc::clone(&clock),
            gate,
            meter: Arc::clone(&meter),
            at_once: connector.at_once,
            window: connector.window,
            desk: Default::default(),
        };
        Ok(Attached { system, sync, tasks, state, sync_turn: Default::default(), journal, clock, random, meter })
    }

    /// The app.
    #[must_use]
    pub fn app(&self) -> AppId {
        self.sync.app
    }

    /// Where its journal lives.
    #[must_use]
    pub fn state(&self) -> &std::path::Path {
        &self.state
    }

    /// Whether it has handlers, so that it polls.
    #[must_use]
    pub fn has_tasks(&self) -> bool {
        !self.tasks.tasks.entries().is_empty()
    }

    /// One sync. It waits for another one that is under way. Tasks go on meanwhile; while the session is completed they
    /// wait.
    ///
    /// # Errors
    /// Whatever kept it from completing. Nobody was removed, unless the error is
    /// [`SyncError::Unsettled`](crate::sync::SyncError::Unsettled).
    pub async fn sync(&self, stop: &CancellationToken) -> Result<SyncReport, ConnectorError> {
        let synced = self.sync_once(stop).await;
        self.meter.says(Activity::Stopped);
        let mut status = Status::new(Activity::Stopped, self.clock.wall());
        if let Err(error) = &synced
            && !matches!(Exit::of(error), Exit::Interrupted | Exit::Held)
        {
            status = status.failed(error.to_string());
        }
        self.journal.set_status(&status).await?;
        synced
    }

    /// What its sync side does, where no sync is under way.
    pub(super) async fn say(&self, activity: Activity) -> Result<(), ConnectorError> {
        self.meter.says(activity.clone());
        Ok(self.journal.set_status(&Status::new(activity, self.clock.wall())).await?)
    }

    /// The same for a loop, which says itself what comes next.
    pub(super) async fn sync_once(&self, stop: &CancellationToken) -> Result<SyncReport, ConnectorError> {
        let _turn = self.sync_turn.lock().await;
        let synced = caught::part(self.sync.run(&self.system, stop)).await;
        Ok(synced.ok_or(ConnectorError::Panicked { part: "sync" })??)
    }

    /// One round of tasks: every one that is pending now, those of eight accounts at once. It waits for another one that is
    /// under way.
    ///
    /// # Errors
    /// Iden or the journal failed. Tasks that were not reached stay pending.
    pub async fn tasks_once(&self, stop: &CancellationToken) -> Result<RoundReport, ConnectorError> {
        self.wait_for_the_unanswered(stop).await?;
        let round = caught::part(self.tasks.round(&self.system, stop)).await;
        Ok(round.ok_or(ConnectorError::Panicked { part: "round of tasks" })??)
    }

    /// The same for a loop: it polls again while it is at work.
    pub(super) async fn work(
        &self,
        stop: &CancellationToken,
        polling: Polling<'_>,
    ) -> Result<(bool, Option<Duration>), ConnectorError> {
        self.wait_for_the_unanswered(stop).await?;
        let worked = caught::part(self.tasks.work(&self.system, stop, polling)).await;
        Ok(worked.ok_or(ConnectorError::Panicked { part: "round of tasks" })??)
    }

    /// The sync beside it may find out sooner what became of the session.
    async fn wait_for_the_unanswered(&self, stop: &CancellationToken) -> Result<(), ConnectorError> {
        let mut is_said = false;
        while !stop.is_cancelled() {
            let left = self.sync.unanswered_for().await?;
            if left.is_zero() {
                break;
            }
            if !std::mem::replace(&mut is_said, true) {
                tracing::info!(
                    "a session was to be completed, and Iden has not answered: tasks wait, {left:.0?} at most"
                );
            }
            stop.run_until_cancelled(self.clock.sleep(left.min(LOOK_AGAIN))).await;
        }
        Ok(())
    }

    /// Asks [`Attached::run`], while it runs, to do something now; it hears of it within a second.
    ///
    /// # Errors
    /// The journal failed.
    pub async fn ask(&self, command: Command) -> Result<(), ConnectorError> {
        Ok(self.journal.ask(command, self.clock.wall()).await?)
    }

    /// Syncs and carries out tasks until `stop`.
    ///
    /// # Errors
    /// The journal failed. Everything else is logged, and tried again.
    pub async fn run(&self, schedule: &Schedule, stop: &CancellationToken) -> Result<(), ConnectorError> {
        running::run(self, schedule, stop).await
    }
}

/// Of an error before any sync there is no report.
fn unregistered(error: SyncError) -> ConnectorError {
    match error {
        SyncError::Client(error) => error.into(),
        SyncError::Journal(error) => error.into(),
        error => SyncFailure { error, report: SyncReport::default() }.into(),
    }
}

impl<S> std::fmt::Debug for Attached<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attached").field("app", &self.sync.app).field("state", &self.state).finish_non_exhaustive()
    }
}
