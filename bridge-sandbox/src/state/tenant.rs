use jiff::Timestamp;
use uuid::Uuid;

use super::app::AppState;
use super::catalog::Catalog;
use crate::error::Refusal;
use crate::key::{Access, Keys};

/// Everything of one tenant.
pub(crate) struct TenantState {
    pub(crate) slug: String,
    pub(crate) keys: Keys,
    /// In the order of creation. Apps are never deleted: Bridge has no call for it.
    apps: Vec<AppState>,
    /// An app and its clones point at the same one, by index.
    catalogs: Vec<Catalog>,
}

impl TenantState {
    pub(crate) fn new(slug: String, key: &str) -> Self {
        let mut keys = Keys::default();
        keys.add(key, Access::Everything, None);
        Self::restored(slug, keys, Vec::new(), Vec::new())
    }

    /// As it was read from the state file.
    pub(crate) fn restored(slug: String, keys: Keys, apps: Vec<AppState>, catalogs: Vec<Catalog>) -> Self {
        Self { slug, keys, apps, catalogs }
    }

    pub(crate) fn catalog(&self, index: usize) -> &Catalog {
        &self.catalogs[index]
    }

    /// Creates an app. A clone shares the parent's definitions: those it has, and those that either registers later.
    pub(super) fn create_app(
        &mut self,
        access: &Access,
        id: Uuid,
        name: &str,
        clone_from: Option<Uuid>,
        at: Timestamp,
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
        Ok(self.apps.push_mut(AppState::new(id, name, clone_from, catalog, at)))
    }

    pub(crate) fn apps(&self) -> impl Iterator<Item = &AppState> {
        self.apps.iter()
    }

    /// The apps that this key reaches, each with its types.
    pub(crate) fn reachable<'a>(&'a self, access: &'a Access) -> impl Iterator<Item = (&'a AppState, &'a Catalog)> {
        self.apps.iter().filter(|app| access.reaches(app.id)).map(|app| (app, &self.catalogs[app.catalog]))
    }

    /// 404 where there is no such app, 403 where the key does not reach it.
    pub(super) fn app(&mut self, access: &Access, id: Uuid) -> Result<(&mut AppState, &mut Catalog), Refusal> {
        let app = self.apps.iter_mut().find(|app| app.id == id);
        let app = app.ok_or_else(|| Refusal::not_found(format!("app not found: {id}")))?;
        if !access.reaches(id) {
            return Err(no_access(id));
        }
        let types = &mut self.catalogs[app.catalog];
        Ok((app, types))
    }
}

fn no_access(app: Uuid) -> Refusal {
    Refusal::forbidden(format!("this API key has no access to app {app}"))
}
