use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::key::Access;
use crate::new_task::NewTask;
use crate::server::Server;
use crate::state::Scope;
use crate::state::catalog::{Kind, ResourceType};
use crate::view::{Cause, RecordView, SessionView, TaskView, TypeView};

/// A handle on one app of a [`Sandbox`](crate::Sandbox). It stays usable after the sandbox has stopped.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) server: Arc<Server>,
    tenant: usize,
    id: Uuid,
}

impl App {
    pub(crate) fn new(server: &Arc<Server>, tenant: usize, id: Uuid) -> Self {
        Self { server: Arc::clone(server), tenant, id }
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Scope<'_>) -> T) -> T {
        let mut state = self.server.state();
        let mut scope = state.scope(self.tenant, &Access::Everything, self.id).expect("apps are never deleted");
        look(&mut scope)
    }

    /// The app's id in Bridge.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The name under which it was created.
    pub fn name(&self) -> String {
        self.with(|scope| scope.app.name.clone())
    }

    /// The app whose type definitions it shares.
    pub fn cloned_from(&self) -> Option<Uuid> {
        self.with(|scope| scope.app.cloned_from)
    }

    /// When a session was completed last.
    pub fn last_synced_at(&self) -> Option<Timestamp> {
        self.with(|scope| scope.app.last_synced_at)
    }

    /// The registered types, in the order of registration. A clone and its parent have the same.
    pub fn types(&self) -> Vec<TypeView> {
        self.with(|scope| scope.types.iter().map(ResourceType::view).collect())
    }

    /// The types that Iden made by itself to track memberships and assignments.
    pub fn companions(&self) -> Vec<TypeView> {
        self.with(|scope| scope.types.companions().collect())
    }

    /// All records ever held of this type, ordered by id.
    pub fn records(&self, slug: &str) -> Vec<RecordView> {
        self.with(|scope| {
            let kind = kind(scope, slug);
            let records = scope.app.records.get(slug).into_iter().flatten();
            records.map(|(_, record)| record.view(slug, kind)).collect()
        })
    }

    /// One record, removed or not.
    pub fn record(&self, slug: &str, id: &str) -> Option<RecordView> {
        self.with(|scope| scope.record(slug, id).map(|record| record.view(slug, kind(scope, slug))))
    }

    /// How many records of this type are not removed, whatever their status.
    pub fn active(&self, slug: &str) -> usize {
        self.records(slug).iter().filter(|record| !record.removed).count()
    }

    /// The ids of the removed records of this type.
    pub fn removed(&self, slug: &str) -> Vec<String> {
        self.records(slug).into_iter().filter(|record| record.removed).map(|record| record.id).collect()
    }

    /// Holds a record as if another way than a sync had brought it, to look into question P4: a record that came after a
    /// session's snapshot is left alone when the session is completed.
    ///
    /// # Panics
    /// Where the record or the slug would be refused in a page.
    #[track_caller]
    pub fn put_record(&self, slug: &str, record: &Value) {
        if let Err(refusal) = self.with(|scope| scope.put_record(slug, record, Cause::Hand)) {
            panic!("{}", refusal.detail());
        }
    }

    /// All sync sessions, oldest first.
    pub fn sessions(&self) -> Vec<SessionView> {
        self.with(|scope| {
            let types = &*scope.types;
            scope.app.sessions.iter().map(|session| session.view(|slug| types.get(slug).is_some())).collect()
        })
    }

    /// Queues a task and returns its id.
    pub fn queue(&self, task: NewTask) -> Uuid {
        self.with(|scope| scope.queue(task))
    }

    /// One task.
    pub fn task(&self, id: Uuid) -> Option<TaskView> {
        self.with(|scope| scope.app.tasks.get(id).ok().map(|task| task.view(scope.clock.now())))
    }

    /// All tasks, in the order in which they were queued.
    pub fn tasks(&self) -> Vec<TaskView> {
        self.with(|scope| {
            let now = scope.clock.now();
            scope.app.tasks.iter().map(|task| task.view(now)).collect()
        })
    }
}

/// The records of a slug are only ever of the kind that the slug was registered with.
pub(crate) fn kind(scope: &Scope<'_>, slug: &str) -> Kind {
    scope.types.get(slug).map_or(Kind::Account, |known| known.kind)
}
