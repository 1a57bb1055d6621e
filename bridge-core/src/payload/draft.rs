//! What all payloads have in common.

use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::{PayloadError, changes::AccountChange};
use crate::id::is_visible;
use crate::{BridgeId, EdgeKind, Ref, Resource, Status, wire};

/// The fields of an account that are text (protocol.md section 5). One that is something else is refused: read as "not
/// there", a handler would make an account without it.
const TEXTS: [&str; 6] = ["email", "username", "first_name", "last_name", "display_name", "status"];

/// Whether a text says nothing. As in a record, it is no value then.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Null)
}

/// What came where something else was expected. A text is repeated; anything larger is not: it can hold a password.
fn what(came: &Value) -> String {
    match came {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => other.to_string(),
    }
}

/// A payload whose ids have been checked against `R`.
pub(super) struct Draft<R: Resource> {
    payload: wire::Payload,
    id: Option<R::Id>,
    _resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Draft<R> {
    pub(super) fn read(payload: wire::Payload) -> Result<Self, PayloadError> {
        let id = match payload.account.as_ref().and_then(|account| account.get("id")) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) if !is_visible(text) => {
                return Err(PayloadError::new("`payload.account.id` is empty"));
            }
            Some(Value::String(text)) => Some(R::Id::from_wire(text).ok_or_else(|| {
                PayloadError::new(format_args!("`payload.account.id` is `{text}`, which is no id of `{}`", R::SLUG))
            })?),
            Some(other) => {
                return Err(PayloadError::new(format_args!(
                    "`payload.account.id` is {}, a text is expected",
                    what(other)
                )));
            }
        };
        let mut account = payload.account.iter().flatten();
        if let Some((field, _)) = account.find(|(field, value)| TEXTS.contains(&field.as_str()) && !is_text(value)) {
            return Err(PayloadError::new(format_args!("`payload.account.{field}` is no text")));
        }
        let draft = Draft { payload, id, _resource: PhantomData };
        R::EDGES.iter().try_for_each(|edge| {
            let Some(ids) = draft.edge(edge.kind, edge.slug) else { return Ok(()) };
            let place = format!("`{}.{}`", edge.kind.field(), edge.slug);
            let Value::Array(ids) = ids else {
                return Err(PayloadError::new(format_args!("{place} is {}, a list of ids is expected", what(ids))));
            };
            match ids.iter().find(|id| !id.as_str().is_some_and(|id| edge.is_id(id))) {
                Some(id) => Err(PayloadError::new(format_args!(
                    "{place} holds {}, which is no id of `{}`",
                    what(id),
                    edge.slug
                ))),
                None => Ok(()),
            }
        })?;
        draft.check_slugs()?;
        draft.check_status()?;
        Ok(draft)
    }

    /// A group or license type that `R` does not declare cannot be asked for by the handler: it would be dropped in
    /// silence.
    fn check_slugs(&self) -> Result<(), PayloadError> {
        for kind in [EdgeKind::Membership, EdgeKind::Assignment] {
            let all = self.payload.account.as_ref().and_then(|account| account.get(kind.field()));
            if let Some(other) = all.filter(|all| !all.is_object() && !all.is_null()) {
                return Err(PayloadError::new(format_args!(
                    "`payload.account.{}` is {}, an object of lists of ids is expected",
                    kind.field(),
                    what(other)
                )));
            }
            let within = all.and_then(Value::as_object);
            let beside = self.payload.memberships.as_ref().filter(|_| kind == EdgeKind::Membership);
            let declared = |slug: &str| R::EDGES.iter().any(|edge| edge.kind == kind && edge.slug == slug);
            if let Some(slug) = beside.into_iter().chain(within).flat_map(Map::keys).find(|slug| !declared(slug)) {
                let (field, own) = (kind.field(), R::SLUG);
                return Err(PayloadError::new(format_args!(
                    "`{field}.{slug}` is asked for, which `{own}` does not have"
                )));
            }
        }
        Ok(())
    }

    fn check_status(&self) -> Result<(), PayloadError> {
        match self.payload.account.as_ref().and_then(|account| account.get("status")) {
            None | Some(Value::Null) => Ok(()),
            Some(Value::String(word)) if is_blank(word) || Status::from_wire(word).is_some() => Ok(()),
            Some(other) => Err(PayloadError::new(format_args!(
                "`payload.account.status` is {}, and not `active`, `inactive` or `suspended`",
                what(other)
            ))),
        }
    }

    pub(super) fn has_account(&self) -> bool {
        self.payload.account.is_some()
    }

    pub(super) fn id(&self) -> Option<&R::Id> {
        self.id.as_ref()
    }

    pub(super) fn raw(&self) -> &Map<String, Value> {
        self.payload.raw()
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.payload.account.as_ref()?.get(field)?.as_str().filter(|text| !is_blank(text))
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.text("status").and_then(Status::from_wire)
    }

    pub(super) fn changes(&self) -> Vec<AccountChange> {
        let changes = self.payload.changes.iter().flatten();
        changes.map(|(field, value)| AccountChange::read(field, value)).collect()
    }

    /// Where a task may carry edges is an assumption (protocol.md section 6): memberships beside the account, and both
    /// kinds in the account as a record has them. The place beside the account wins.
    fn edge(&self, kind: EdgeKind, slug: &str) -> Option<&Value> {
        let beside = match kind {
            EdgeKind::Membership => self.payload.memberships.as_ref(),
            EdgeKind::Assignment => None,
        };
        let within = || self.payload.account.as_ref()?.get(kind.field())?.as_object();
        let ids = beside.and_then(|map| map.get(slug)).or_else(|| within()?.get(slug))?;
        (!ids.is_null()).then_some(ids)
    }

    pub(super) fn refs<T: Resource>(&self, kind: EdgeKind) -> Option<Vec<Ref<T>>> {
        let ids = self.edge(kind, T::SLUG)?.as_array()?;
        // Every id was checked when the payload was read.
        Some(ids.iter().filter_map(|id| Ref::from_wire(id.as_str()?)).collect())
    }
}

impl<R: Resource> Clone for Draft<R> {
    fn clone(&self) -> Self {
        let id = self.id.as_ref().map(BridgeId::duplicate);
        Draft { payload: self.payload.clone(), id, _resource: PhantomData }
    }
}
