use std::collections::HashMap;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use uuid::Uuid;

use crate::error::Refusal;
use crate::key::Caller;
use crate::state::{Scope, State};
use crate::validate::parse_uuid;

/// What the path of a request names, and what its key may reach.
pub(crate) struct Place {
    pub(crate) caller: Caller,
    names: HashMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Place {
    type Rejection = Refusal;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let caller = head.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Refusal::unauthorized("the API key was not checked"))?;
        let names = RawPathParams::from_request_parts(head, state).await;
        let names = names.map_err(|_| Refusal::not_found("no such path: it is not UTF-8"))?;
        let names = names.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(Self { caller, names })
    }
}

impl Place {
    /// The app that the path names.
    pub(crate) fn scope<'a>(&self, state: &'a mut State) -> Result<Scope<'a>, Refusal> {
        let id = self.uuid("app_id", "app")?;
        state.scope(self.caller.tenant, &self.caller.access, id)
    }

    pub(crate) fn sync(&self) -> Result<Uuid, Refusal> {
        self.uuid("sync_id", "sync session")
    }

    pub(crate) fn task(&self) -> Result<Uuid, Refusal> {
        self.uuid("task_id", "task")
    }

    pub(crate) fn slug(&self) -> &str {
        self.text("slug")
    }

    /// What is not a UUID cannot be found.
    fn uuid(&self, name: &str, what: &str) -> Result<Uuid, Refusal> {
        let text = self.text(name);
        parse_uuid(text).ok_or_else(|| Refusal::not_found(format!("{what} not found: `{text}` is not a UUID")))
    }

    fn text(&self, name: &str) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }
}
