//! A connector: types, handlers and the way to the external system, tied to an app of Iden's.

mod app;
mod attached;
mod builder;
mod cron;
mod error;
mod examination;
mod exit;
mod finding;
mod fleet;
mod member;
mod next_sync;
mod own_settings;
mod running;
mod schedule;
mod target;

use std::{collections::BTreeMap, future::Future, sync::Arc};

use bridge_core::{SourceError, TypeSchema};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use attached::Attached;
pub use builder::{BuildError, BuildProblem, Builder};
pub use cron::{Cron, CronError};
pub use error::ConnectorError;
pub use exit::Exit;
pub use finding::{Finding, Outcome};
pub use fleet::{Fleet, FleetBuilder};
pub use member::{AttachedMember, Member};
pub use schedule::{Schedule, SyncTime};
#[cfg(feature = "cli")]
pub(crate) use target::state_folder;
pub use target::{AppChoice, Target};

use crate::{
    caught,
    sync::{Basis, Limits, Plan, Sources, SyncFailure, SyncReport, TypeReader},
    tasks::{ListedTask, Outlook, Tasks},
    telemetry::Meter,
};
use app::Choice;
use member::{Opener, SettingsCheck};

/// The settings of a connector that has none: `async fn open(_: NoSettings) -> …`.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoSettings {}

/// A connector that was built without problems. [`Connector::builder`] starts one.
pub struct Connector<S> {
    name: String,
    version: Option<&'static str>,
    readers: Vec<TypeReader<S>>,
    limits: BTreeMap<&'static str, Limits>,
    tasks: Tasks<S>,
    at_once: usize,
    window: usize,
    open: Opener<S>,
    check_settings: SettingsCheck,
    #[cfg(feature = "dev")]
    rehearsal: Option<crate::dev::Rehearse>,
}

impl Connector<()> {
    /// Starts a connector of this name, which is the app's name on Iden's side.
    ///
    /// `open` makes the external system from the user's settings, and runs only for commands that need it: not for
    /// `--help` or `schema`. The settings are the `[app]` table of the configuration; [`NoSettings`] for none.
    pub fn builder<C, S, E, F>(name: impl Into<String>, open: impl FnOnce(C) -> F + Send + 'static) -> Builder<S>
    where
        C: DeserializeOwned + Send + 'static,
        S: Send + Sync + 'static,
        E: Into<SourceError>,
        F: Future<Output = Result<S, E>> + Send + 'static,
    {
        let open: Opener<S> = Box::new(move |settings: Value| {
            let opening = async move {
                let settings: C = caught::called("reading the settings", || own_settings::read(settings))
                    .map_err(ConnectorError::Open)??;
                open(settings).await.map(Arc::new).map_err(|error| ConnectorError::Open(error.into()))
            };
            Box::pin(async move {
                let panicked = || SourceError::new("`open` panicked; the log has the panic message");
                caught::spawned(opening).await.unwrap_or_else(|| Err(ConnectorError::Open(panicked())))
            })
        });
        let check_settings = |settings: Value| {
            let read = || own_settings::read::<C>(settings).map(drop);
            caught::called("reading the settings", read).map_err(ConnectorError::Open)?
        };
        Builder::new(name.into(), open, check_settings)
    }
}

impl<S: Send + Sync + 'static> Connector<S> {
    /// The app's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is registered.
    #[must_use]
    pub fn types(&self) -> Vec<TypeSchema> {
        self.readers.iter().map(|reader| reader.schema).collect()
    }

    fn meter(&self, target: &Target) -> Arc<Meter> {
        let actions = self.tasks.entries().iter().map(|entry| entry.route().action).collect();
        target.telemetry.meter(&self.name, &self.types(), actions, &target.clock)
    }

    /// Opens the external system with `settings` (an object), finds or creates the app, and registers the types.
    ///
    /// # Errors
    /// The system or Iden cannot be had, the app is not clear, or the journal is locked.
    pub async fn attach(self, target: &Target, settings: Value) -> Result<Attached<S>, ConnectorError> {
        Attached::new(self, target, settings).await
    }

    /// What a sync would do: reads everything from the external system, pushes nothing, and creates no app. It may run
    /// beside a connector at work. `approve` takes the plan's hash.
    ///
    /// It checks whatever a sync checks, as far as that needs no write at Iden's side. Only an open session can show a type
    /// that someone else registered.
    ///
    /// # Errors
    /// The system cannot be read, the journal fails, the types do not fit; or the journal does not know the app, and it
    /// cannot be chosen.
    pub async fn plan(
        self,
        target: &Target,
        settings: Value,
        stop: &CancellationToken,
    ) -> Result<Plan, ConnectorError> {
        let journal = target.beside_journal(&self.name)?;
        let client = target.client()?;
        // An app that the journal knows is worked on whether Iden can be reached or not.
        let (app, adopts) = match app::choose(&client, &*journal, &self.name, target).await? {
            Choice::Known(app) => (Some(app), false),
            Choice::Found(app) => (Some(app), true),
            Choice::New => (None, false),
        };
        let meter = self.meter(target);
        let sources = Sources {
            limits: target.limited(self.limits)?,
            types: self.readers,
            journal,
            clock: Arc::clone(&target.clock),
            meter,
            clock_steps: Default::default(),
            scratch: target.folder(&self.name),
        };
        let system = (self.open)(settings).await?;
        let basis = Basis { client: app.map(|app| (&client, app)), adopts };
        let planned = sources.plan(&system, basis, stop).await;
        planned.map_err(|error| SyncFailure { error, report: SyncReport::default() }.into())
    }

    /// Which tasks are pending at Iden, in the order in which they would be carried out, and which handler each would get.
    /// Nothing is carried out, reported or written down, and the external system is not opened. It may run beside a
    /// connector at work.
    ///
    /// # Errors
    /// No app is known here yet, Iden cannot be reached, or the journal fails.
    pub async fn pending_tasks(self, target: &Target) -> Result<Vec<ListedTask>, ConnectorError> {
        let journal = target.beside_journal(&self.name)?;
        let Some(app) = journal.app().await? else {
            return Err(ConnectorError::NoApp { state: target.folder(&self.name), name: self.name });
        };
        let (client, clock) = (target.client()?, &*target.clock);
        let outlook = Outlook { client: &client, app: app.id, journal: &*journal, clock, tasks: &self.tasks };
        Ok(outlook.read().await?)
    }
}

impl<S> std::fmt::Debug for Connector<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("name", &self.name)
            .field("tasks", &self.tasks.entries().len())
            .finish_non_exhaustive()
    }
}
