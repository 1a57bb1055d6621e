//! What the sandbox holds, and the rules of the protocol on it. Nothing here knows HTTP but for the status of a refusal.

pub(crate) mod app;
pub(crate) mod catalog;
pub(crate) mod record;
pub(crate) mod session;
mod sync;
pub(crate) mod task;

use uuid::Uuid;

use crate::assumptions::Assumptions;
use crate::clock::Clock;
use crate::error::Refusal;
use crate::key::{Access, Keys};
use crate::warning::Warnings;
use app::AppState;
use catalog::Catalog;

/// Everything of one tenant.
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) keys: Keys,
    pub(crate) warnings: Warnings,
    assumptions: Assumptions,
    /// In the order of creation. Apps are never deleted: Bridge has no call for it.
    apps: Vec<AppState>,
    /// An app and its clones point at the same one, by index.
    catalogs: Vec<Catalog>,
}

/// One app, with all that an operation on it needs.
pub(crate) struct Scope<'a> {
    pub(crate) app: &'a mut AppState,
    pub(crate) types: &'a mut Catalog,
    pub(crate) clock: &'a mut Clock,
    pub(crate) warnings: &'a mut Warnings,
    pub(crate) assumptions: Assumptions,
}

impl State {
    pub(crate) fn new(assumptions: Assumptions) -> Self {
        Self {
            clock: Clock::new(),
            keys: Keys::default(),
            warnings: Warnings::default(),
            assumptions,
            apps: Vec::new(),
            catalogs: Vec::new(),
        }
    }

    /// Creates an app. A clone shares the parent's definitions: those it has, and those that either registers later.
    pub(crate) fn create_app(
        &mut self,
        access: &Access,
        name: &str,
        clone_from: Option<Uuid>,
    ) -> Result<&AppState, Refusal> {
        let catalog = match clone_from {
            None => {
                self.catalogs.push(Catalog::default());
                self.catalogs.len() - 1
            }
            Some(parent) => match self.apps.iter().find(|app| app.id == parent) {
                None => return Err(Refusal::not_found(format!("`clone_from` names no app: {parent}"))),
                Some(_) if !access.reaches(parent) => return Err(no_access(parent)),
                Some(parent) => parent.catalog,
            },
        };
        let app = AppState::new(name, clone_from, catalog, self.clock.stamp());
        Ok(self.apps.push_mut(app))
    }

    pub(crate) fn apps(&self) -> impl Iterator<Item = &AppState> {
        self.apps.iter()
    }

    /// The apps that this key reaches, each with its types.
    pub(crate) fn reachable<'a>(&'a self, access: &'a Access) -> impl Iterator<Item = (&'a AppState, &'a Catalog)> {
        self.apps.iter().filter(|app| access.reaches(app.id)).map(|app| (app, &self.catalogs[app.catalog]))
    }

    /// The app of a request: 404 where there is none, 403 where the key does not reach it.
    pub(crate) fn scope(&mut self, access: &Access, id: Uuid) -> Result<Scope<'_>, Refusal> {
        let app = self.apps.iter_mut().find(|app| app.id == id);
        let app = app.ok_or_else(|| Refusal::not_found(format!("app not found: {id}")))?;
        if !access.reaches(id) {
            return Err(no_access(id));
        }
        let types = &mut self.catalogs[app.catalog];
        Ok(Scope { app, types, clock: &mut self.clock, warnings: &mut self.warnings, assumptions: self.assumptions })
    }
}

fn no_access(app: Uuid) -> Refusal {
    Refusal::forbidden(format!("this API key has no access to app {app}"))
}
