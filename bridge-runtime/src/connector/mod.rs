//! A connector: types, handlers and the way to the external system, tied to an app of Iden's.

mod app;
mod attached;
mod builder;
mod error;
mod exit;
mod fleet;
mod member;
mod registration;
mod running;
mod target;

use std::{future::Future, sync::Arc};

use bridge_core::{SourceError, TypeSchema, wire::text::decode_fault};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use attached::Attached;
pub use builder::{BuildError, BuildProblem, Builder};
pub use error::ConnectorError;
pub use exit::Exit;
pub use fleet::{Fleet, FleetBuilder};
pub use member::{AttachedMember, Member};
pub use running::Schedule;
#[cfg(feature = "cli")]
pub(crate) use target::state_folder;
pub use target::{AppChoice, Target};

use crate::{sync::TypeReader, tasks::Tasks};
use member::Opener;

/// The settings of a connector that has none: `async fn open(_: NoSettings) -> …`.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NoSettings {}

/// A connector that was built without problems. [`Connector::builder`] starts one.
pub struct Connector<S> {
    name: String,
    readers: Vec<TypeReader<S>>,
    tasks: Tasks<S>,
    open: Opener<S>,
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
            Box::pin(async move {
                let settings: C =
                    serde_json::from_value(settings).map_err(|error| ConnectorError::Settings(decode_fault(&error)))?;
                open(settings).await.map(Arc::new).map_err(|error| ConnectorError::Open(error.into()))
            })
        });
        Builder::new(name.into(), open)
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

    /// Opens the external system with `settings` (an object), finds or creates the app, and registers the types.
    ///
    /// # Errors
    /// The system or Iden cannot be had, the app is not clear, or the journal is locked.
    pub async fn attach(self, target: &Target, settings: Value) -> Result<Attached<S>, ConnectorError> {
        Attached::new(self, target, settings).await
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
