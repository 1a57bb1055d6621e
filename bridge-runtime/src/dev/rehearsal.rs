//! Tasks that `dev` queues.

use bridge_core::{BridgeId, BridgeResource, payload::TaskPayload};
use bridge_sandbox::{App, NewTask};
use serde_json::Value;

/// What a connector gives to `Builder::rehearsal`.
pub type Rehearse = fn(&mut Rehearsal<'_>);

/// What the sandbox holds of the connector after its first sync, and the queue for tasks.
///
/// The tasks are carried out on the system that the connector opened: with `dev` against production data, they change
/// production data.
#[derive(Debug)]
pub struct Rehearsal<'a> {
    app: &'a App,
    pub(super) queued: Vec<Queued>,
}

/// A task that was queued, with whom it is about.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) id: uuid::Uuid,
    pub(super) slug: &'static str,
    pub(super) account: Option<String>,
    pub(super) login: Option<String>,
}

impl<'a> Rehearsal<'a> {
    pub(super) fn new(app: &'a App) -> Self {
        Rehearsal { app, queued: Vec::new() }
    }

    /// The ids of all records of a type that the sandbox holds, in the order of their text.
    #[must_use]
    pub fn ids<R: BridgeResource>(&self) -> Vec<R::Id> {
        let held = self.app.records(R::SLUG);
        held.iter().filter(|record| !record.removed).filter_map(|record| R::Id::from_wire(&record.id)).collect()
    }

    /// The records of a type that the sandbox holds, as they were pushed.
    #[must_use]
    pub fn records<R: BridgeResource>(&self) -> Vec<Value> {
        let held = self.app.records(R::SLUG).into_iter();
        held.filter(|record| !record.removed).map(|record| record.fields).collect()
    }

    /// Queues a task with the payload that Iden would send: `{"account": {…}, "memberships": {…}, "changes": {…}}`.
    ///
    /// # Panics
    /// The payload is of no action by itself; use [`Rehearsal::queue_action`] for an `AnyTask`.
    pub fn queue<P: TaskPayload>(&mut self, payload: &Value) {
        let action = P::ACTION.expect("an `AnyTask` has no action of its own: use `queue_action`");
        self.queue_action::<P>(action, payload);
    }

    /// Queues a task of an action that has no type of its own.
    pub fn queue_action<P: TaskPayload>(&mut self, action: &str, payload: &Value) {
        let slug = P::Resource::SLUG;
        let mut task = NewTask::new(action, slug);
        if let Some(account) = payload.get("account") {
            task = task.account(account.clone());
        }
        if let Some(memberships) = payload.get("memberships") {
            task = task.memberships(memberships.clone());
        }
        if let Some(changes) = payload.get("changes") {
            task = task.changes(changes.clone());
        }
        let text = |field: &str| payload.get("account")?.get(field)?.as_str().map(str::to_owned);
        let (account, login) = (text("id"), text("email").or_else(|| text("username")));
        self.queued.push(Queued { id: self.app.queue(task), slug, account, login });
    }
}
