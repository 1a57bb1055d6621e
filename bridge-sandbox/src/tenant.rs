use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::app::App;
use crate::key::Access;
use crate::server::Server;

/// A handle on one tenant of a [`Sandbox`](crate::Sandbox): its apps and its keys. It stays usable after the sandbox has
/// stopped.
#[derive(Clone)]
pub struct Tenant {
    server: Arc<Server>,
    index: usize,
    slug: String,
    key: String,
}

impl Tenant {
    pub(crate) fn new(server: &Arc<Server>, index: usize) -> Self {
        let state = server.state();
        let held = &state.tenants[index];
        let (slug, key) = (held.slug.clone(), held.keys.first().to_owned());
        Self { server: Arc::clone(server), index, slug, key }
    }

    /// The slug, part of every path.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// What a connector needs as its base URL, for example `http://127.0.0.1:8480/org/acme`.
    pub fn base_url(&self) -> String {
        format!("http://{}/org/{}", self.server.address, self.slug)
    }

    /// The key that was valid at the start.
    pub fn api_key(&self) -> &str {
        &self.key
    }

    /// All apps, in the order of creation.
    pub fn apps(&self) -> Vec<App> {
        let ids: Vec<_> = self.server.state().tenants[self.index].apps().map(|app| app.id).collect();
        ids.into_iter().map(|id| App::new(&self.server, self.index, id)).collect()
    }

    /// The app with this id.
    pub fn app(&self, id: Uuid) -> Option<App> {
        self.first(|app| app.id == id)
    }

    /// The oldest app with this name: names need not be unique.
    pub fn app_named(&self, name: &str) -> Option<App> {
        self.first(|app| app.name == name)
    }

    fn first(&self, is_it: impl Fn(&crate::state::app::AppState) -> bool) -> Option<App> {
        let id = self.server.state().tenants[self.index].apps().find(|app| is_it(app)).map(|app| app.id)?;
        Some(App::new(&self.server, self.index, id))
    }

    /// Creates an app, as if another connector had done it.
    pub fn create_app(&self, name: &str) -> App {
        let id = self.server.state().create_app(self.index, &Access::Everything, name, None).map(|app| app.id);
        App::new(&self.server, self.index, id.expect("only a clone can be refused"))
    }

    /// Revokes the key of [`api_key`](Self::api_key): it is answered 403 from now on.
    pub fn revoke_key(&self) {
        self.server.state().keys(self.index).revoke(&self.key);
    }

    /// Adds a key that reaches every app of this tenant. A key that was revoked is valid again.
    pub fn add_key(&self, key: &str) {
        self.server.state().keys(self.index).add(key, Access::Everything, None);
    }

    /// Adds a key that reaches every app of this tenant until then, by the sandbox's clock. Afterwards it is answered 401.
    pub fn add_key_until(&self, key: &str, expires_at: Timestamp) {
        self.server.state().keys(self.index).add(key, Access::Everything, Some(expires_at));
    }

    /// Adds a key that reaches these apps only, and can create none.
    pub fn add_key_for(&self, key: &str, apps: &[Uuid]) {
        self.server.state().keys(self.index).add(key, Access::Only(apps.iter().copied().collect()), None);
    }
}

impl std::fmt::Debug for Tenant {
    /// Not the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
