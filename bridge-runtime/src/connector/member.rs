//! Connectors without their system's type: the command line and a fleet hold several of different systems.

use std::{collections::BTreeMap, future::Future, path::Path, pin::Pin, sync::Arc};

use async_trait::async_trait;
use bridge_core::{TypeSchema, wire::AppId};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Attached, Connector, ConnectorError, Finding, Schedule, Target};
use crate::{
    client::Client,
    journal::Command,
    sync::{Limits, Plan, SyncReport},
    tasks::{Entry, HandlerInfo, HandlerSchema, ListedTask, RoundReport, Route},
};

/// Reads the connector's own settings, and drops them.
pub(super) type SettingsCheck = fn(Value) -> Result<(), ConnectorError>;

pub(super) type Opener<S> =
    Box<dyn FnOnce(Value) -> Pin<Box<dyn Future<Output = Result<Arc<S>, ConnectorError>> + Send>> + Send>;

mod sealed {
    /// Only connectors are members: the traits can grow.
    pub trait Sealed {}
}

impl<S> sealed::Sealed for Connector<S> {}
impl<S> sealed::Sealed for Attached<S> {}

/// A [`Connector`] of any system.
#[async_trait]
pub trait Member: sealed::Sealed + Send {
    /// The app's name.
    fn name(&self) -> &str;

    /// The version of the program, if it says one.
    fn version(&self) -> Option<&'static str>;

    /// What is registered.
    fn types(&self) -> Vec<TypeSchema>;

    /// The limits of each type, by slug, before the configuration changes them.
    fn limits(&self) -> BTreeMap<&'static str, Limits>;

    /// Which tasks are handled, and by which function.
    fn routes(&self) -> Vec<(Route, &'static str)>;

    /// Checks that the connector's own settings fit, without opening the system.
    ///
    /// # Errors
    /// They do not.
    fn check_settings(&self, settings: Value) -> Result<(), ConnectorError>;

    /// Every handler, with its policy.
    fn handlers(&self) -> Vec<HandlerSchema>;

    /// The handler of such tasks.
    fn handler(&self, action: &str, slug: &str) -> Option<HandlerInfo>;

    /// What `dev` queues.
    #[cfg(feature = "dev")]
    fn rehearsal(&self) -> Option<crate::dev::Rehearse>;

    /// As [`Connector::attach`].
    async fn attach(
        self: Box<Self>,
        target: &Target,
        settings: Value,
    ) -> Result<Box<dyn AttachedMember>, ConnectorError>;

    /// As [`Connector::plan`].
    async fn plan(
        self: Box<Self>,
        target: &Target,
        settings: Value,
        stop: &CancellationToken,
    ) -> Result<Plan, ConnectorError>;

    /// As [`Connector::pending_tasks`].
    async fn pending_tasks(self: Box<Self>, target: &Target) -> Result<Vec<ListedTask>, ConnectorError>;

    /// As [`Connector::examine`].
    async fn examine(self: Box<Self>, target: &Target, client: Option<&Client>, settings: Value) -> Vec<Finding>;
}

/// An [`Attached`] connector of any system.
#[async_trait]
pub trait AttachedMember: sealed::Sealed + Send + Sync {
    /// As [`Attached::app`].
    fn app(&self) -> AppId;

    /// As [`Attached::state`].
    fn state(&self) -> &Path;

    /// As [`Attached::has_tasks`].
    fn has_tasks(&self) -> bool;

    /// As [`Attached::sync`].
    async fn sync(&self, stop: &CancellationToken) -> Result<SyncReport, ConnectorError>;

    /// As [`Attached::tasks_once`].
    async fn tasks_once(&self, stop: &CancellationToken) -> Result<RoundReport, ConnectorError>;

    /// As [`Attached::ask`].
    async fn ask(&self, command: Command) -> Result<(), ConnectorError>;

    /// As [`Attached::run`].
    async fn run(&self, schedule: &Schedule, stop: &CancellationToken) -> Result<(), ConnectorError>;
}

#[async_trait]
impl<S: Send + Sync + 'static> Member for Connector<S> {
    fn name(&self) -> &str {
        Connector::name(self)
    }

    fn version(&self) -> Option<&'static str> {
        self.version
    }

    fn types(&self) -> Vec<TypeSchema> {
        Connector::types(self)
    }

    fn limits(&self) -> BTreeMap<&'static str, Limits> {
        self.limits.clone()
    }

    fn routes(&self) -> Vec<(Route, &'static str)> {
        self.tasks.entries().iter().map(|entry| (entry.route(), entry.name())).collect()
    }

    fn handlers(&self) -> Vec<HandlerSchema> {
        self.tasks.entries().iter().map(Entry::schema).collect()
    }

    fn check_settings(&self, settings: Value) -> Result<(), ConnectorError> {
        (self.check_settings)(settings)
    }

    fn handler(&self, action: &str, slug: &str) -> Option<HandlerInfo> {
        self.tasks.find(action, slug).map(Entry::info)
    }

    #[cfg(feature = "dev")]
    fn rehearsal(&self) -> Option<crate::dev::Rehearse> {
        self.rehearsal
    }

    async fn attach(
        self: Box<Self>,
        target: &Target,
        settings: Value,
    ) -> Result<Box<dyn AttachedMember>, ConnectorError> {
        Ok(Box::new(Connector::attach(*self, target, settings).await?))
    }

    async fn plan(
        self: Box<Self>,
        target: &Target,
        settings: Value,
        stop: &CancellationToken,
    ) -> Result<Plan, ConnectorError> {
        Connector::plan(*self, target, settings, stop).await
    }

    async fn pending_tasks(self: Box<Self>, target: &Target) -> Result<Vec<ListedTask>, ConnectorError> {
        Connector::pending_tasks(*self, target).await
    }

    async fn examine(self: Box<Self>, target: &Target, client: Option<&Client>, settings: Value) -> Vec<Finding> {
        Connector::examine(*self, target, client, settings).await
    }
}

#[async_trait]
impl<S: Send + Sync + 'static> AttachedMember for Attached<S> {
    fn app(&self) -> AppId {
        Attached::app(self)
    }

    fn state(&self) -> &Path {
        Attached::state(self)
    }

    fn has_tasks(&self) -> bool {
        Attached::has_tasks(self)
    }

    async fn sync(&self, stop: &CancellationToken) -> Result<SyncReport, ConnectorError> {
        Attached::sync(self, stop).await
    }

    async fn tasks_once(&self, stop: &CancellationToken) -> Result<RoundReport, ConnectorError> {
        Attached::tasks_once(self, stop).await
    }

    async fn ask(&self, command: Command) -> Result<(), ConnectorError> {
        Attached::ask(self, command).await
    }

    async fn run(&self, schedule: &Schedule, stop: &CancellationToken) -> Result<(), ConnectorError> {
        Attached::run(self, schedule, stop).await
    }
}
