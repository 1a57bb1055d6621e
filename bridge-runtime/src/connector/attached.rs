//! A connector at work on an app.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use bridge_core::wire::AppId;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Connector, ConnectorError, Schedule, Target, app, registration, running};
use crate::{
    clock::Clock,
    journal::{Journal, SharedJournal},
    random::Random,
    sync::{SyncEngine, SyncReport},
    tasks::{RoundReport, TaskEngine},
};

/// A connector with its system open, its app found and its types registered.
pub struct Attached<S> {
    system: Arc<S>,
    sync: SyncEngine<S>,
    tasks: TaskEngine<S>,
    state: PathBuf,
    /// Held by a sync and by a round: a task that changes an account in mid-session could see it removed again, and two
    /// rounds at once would carry out one task twice.
    turn: tokio::sync::Mutex<()>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) random: Arc<dyn Random>,
}

impl<S: Send + Sync + 'static> Attached<S> {
    pub(super) async fn new(connector: Connector<S>, target: &Target, settings: Value) -> Result<Self, ConnectorError> {
        let types = connector.types();
        let client = target.client()?;
        let mut journal = Journal::open(target.folder(&connector.name))?;
        // The system first: a connector that cannot read anything should leave no app behind.
        let system = (connector.open)(settings).await?;
        let app = app::resolve(&client, &mut journal, &connector.name, target).await?;
        let state = journal.directory().to_owned();
        let journal = SharedJournal::new(journal);
        // A clone shares its parent's types; there is nothing to register (protocol.md section 2).
        if target.clone_from.is_none() {
            registration::register(&client, app, &types, &journal).await?;
        }
        let (clock, random) = (Arc::clone(&target.clock), Arc::clone(&target.random));
        let sync = SyncEngine {
            client: client.clone(),
            app,
            types: connector.readers,
            journal: journal.clone(),
            clock: Arc::clone(&clock),
        };
        let (tasks, progress) = (connector.tasks, Mutex::new(HashMap::new()));
        let tasks = TaskEngine { client, app, tasks, journal, clock: Arc::clone(&clock), progress };
        Ok(Attached { system, sync, tasks, state, turn: tokio::sync::Mutex::default(), clock, random })
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

    /// One sync. It waits for a round of tasks, or another sync, that is under way.
    ///
    /// # Errors
    /// Whatever kept it from completing. Nobody was removed, unless the error is
    /// [`SyncError::Unsettled`](crate::sync::SyncError::Unsettled).
    pub async fn sync(&self, stop: &CancellationToken) -> Result<SyncReport, ConnectorError> {
        let _turn = self.turn.lock().await;
        Ok(self.sync.run(&self.system, stop).await?)
    }

    /// One round of tasks: every one that is pending now. It waits for a sync, or another round, that is under way.
    ///
    /// # Errors
    /// Iden or the journal failed. Tasks that were not reached stay pending.
    pub async fn tasks_once(&self, stop: &CancellationToken) -> Result<RoundReport, ConnectorError> {
        let _turn = self.turn.lock().await;
        Ok(self.tasks.round(&self.system, stop).await?)
    }

    /// Syncs and carries out tasks until `stop`.
    ///
    /// # Errors
    /// The journal failed. Everything else is logged, and tried again.
    pub async fn run(&self, schedule: &Schedule, stop: &CancellationToken) -> Result<(), ConnectorError> {
        running::run(self, schedule, stop).await
    }
}

impl<S> std::fmt::Debug for Attached<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attached").field("app", &self.sync.app).field("state", &self.state).finish_non_exhaustive()
    }
}
