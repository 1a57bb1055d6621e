//! What all payloads have in common.

use std::{collections::BTreeSet, marker::PhantomData};

use serde_json::{Map, Value};

use super::{PayloadError, changes::AccountChange};
use crate::{
    BridgeId, EdgeKind, EdgeSchema, Ref, Resource, Status,
    id::is_visible,
    wire::{self, NamedLinks},
};

/// The fields of an account that are text (protocol.md section 5). One that is something else is refused: read as "not
/// there", a handler would make an account without it.
const TEXTS: [&str; 6] = ["email", "username", "first_name", "last_name", "display_name", "status"];

/// Whether a text says nothing. As in a record, it is no value then.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// What a payload consists of.
const PARTS: [&str; 4] = ["account", "memberships", "assignments", "changes"];

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
        draft.check_links()?;
        draft.check_status()?;
        Ok(draft)
    }

    /// A handler asks for the types that `R` declares. Any other type would be dropped silently.
    fn check_links(&self) -> Result<(), PayloadError> {
        self.check_maps()?;
        let unknown = |links: &NamedLinks<'_>| !declares::<R>(links.slug) && links.place != "payload.changes";
        if let Some(NamedLinks { place, slug, .. }) = self.payload.links().find(unknown) {
            let own = R::SLUG;
            return Err(PayloadError::new(format_args!("`{place}.{slug}` is asked for, which `{own}` does not have")));
        }
        R::EDGES.iter().try_for_each(|edge| self.check_ids(edge))
    }

    /// What holds links by the slug of their type has to be an object.
    fn check_maps(&self) -> Result<(), PayloadError> {
        for (part, fields) in [("account", &self.payload.account), ("changes", &self.payload.changes)] {
            for field in [EdgeKind::Membership, EdgeKind::Assignment].map(EdgeKind::field) {
                let map = fields.as_ref().and_then(|fields| fields.get(field));
                if let Some(other) = map.filter(|map| !map.is_object() && !map.is_null()) {
                    return Err(PayloadError::new(format_args!(
                        "`payload.{part}.{field}` is {}, an object of lists of ids is expected",
                        what(other)
                    )));
                }
            }
        }
        Ok(())
    }

    fn check_ids(&self, edge: &EdgeSchema) -> Result<(), PayloadError> {
        if let Some(change) = self.payload.changes.as_ref().and_then(|changes| changes.get(edge.slug))
            && !change.is_array()
            && !change.is_null()
        {
            let (slug, came) = (edge.slug, what(change));
            return Err(PayloadError::new(format_args!(
                "`payload.changes.{slug}` is {came}, a list of ids is expected"
            )));
        }
        let Some(NamedLinks { place, ids, .. }) = self.links(edge.slug) else { return Ok(()) };
        let place = format!("`{place}.{}`", edge.slug);
        let Value::Array(all) = ids else {
            return Err(PayloadError::new(format_args!("{place} is {}, a list of ids is expected", what(ids))));
        };
        if let Some(id) = all.iter().find(|id| !id.as_str().is_some_and(|id| edge.is_id(id))) {
            let (id, slug) = (what(id), edge.slug);
            return Err(PayloadError::new(format_args!("{place} holds {id}, which is no id of `{slug}`")));
        }
        let mut orders = self.payload.links().filter(|links| links.slug == edge.slug && !links.is_within_account());
        match orders.find(|links| set(links.ids) != set(ids)) {
            Some(other) => Err(PayloadError::new(format_args!(
                "{place} and `{}.{}` ask for different ids",
                other.place, edge.slug
            ))),
            None => Ok(()),
        }
    }

    /// Keys beside the known ones may be part of the order. Those of a task that ends access are ignored: nothing may keep
    /// it from being carried out.
    pub(super) fn check_keys(&self) -> Result<(), PayloadError> {
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::String(text) => is_blank(text),
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        match self.raw().iter().find(|(key, value)| !PARTS.contains(&key.as_str()) && !is_empty(value)) {
            Some((key, _)) => Err(PayloadError::new(format_args!("`payload.{key}` is not known to this connector"))),
            None => Ok(()),
        }
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

    /// Links in `changes` are read as links.
    pub(super) fn changes(&self) -> Vec<AccountChange> {
        let is_link = |field: &str, value: &Value| match value {
            Value::Array(_) => declares::<R>(field),
            Value::Object(_) => matches!(field, "memberships" | "assignments"),
            _ => false,
        };
        let changes = self.payload.changes.iter().flatten().filter(|(field, value)| !is_link(field, value));
        changes.map(|(field, value)| AccountChange::read(field, value)).collect()
    }

    /// The links to a type. Where the account itself names it, that may be what it has now: a place beside it goes first.
    fn links(&self, slug: &str) -> Option<NamedLinks<'_>> {
        self.payload.links().find(|links| links.slug == slug)
    }

    pub(super) fn refs<T: Resource>(&self) -> Option<Vec<Ref<T>>> {
        let ids = self.links(T::SLUG)?.ids.as_array()?;
        // Every id was checked when the payload was read.
        Some(ids.iter().filter_map(|id| Ref::from_wire(id.as_str()?)).collect())
    }
}

fn declares<R: Resource>(slug: &str) -> bool {
    R::EDGES.iter().any(|edge| edge.slug == slug)
}

fn set(ids: &Value) -> BTreeSet<Option<&str>> {
    ids.as_array().into_iter().flatten().map(Value::as_str).collect()
}

impl<R: Resource> Clone for Draft<R> {
    fn clone(&self) -> Self {
        let id = self.id.as_ref().map(BridgeId::duplicate);
        Draft { payload: self.payload.clone(), id, _resource: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{BridgeResource, FieldError, Group, License, RecordWriter, wire::Kind};

    macro_rules! resource {
        ($name:ident, $slug:literal, $kind:expr, $edges:expr) => {
            struct $name;

            impl BridgeResource for $name {
                type Static = $name;
                type Id = String;
                const SLUG: &'static str = $slug;
                const NAME: &'static str = $slug;
                const KIND: Kind = $kind;
                const EDGES: &'static [EdgeSchema] = $edges;

                fn id(&self) -> String {
                    "1".to_owned()
                }

                fn write(&self, _: &mut RecordWriter) -> Result<(), FieldError> {
                    Ok(())
                }
            }
        };
    }

    resource!(Team, "team", Kind::Group, &[]);
    resource!(Seat, "seat", Kind::License, &[]);
    resource!(Person, "person", Kind::Account, &[EdgeSchema::membership::<Team>(), EdgeSchema::assignment::<Seat>()]);
    impl Group for Team {}
    impl License for Seat {}

    fn read(payload: Value) -> Result<Draft<Person>, PayloadError> {
        Draft::read(serde_json::from_value(payload).unwrap())
    }

    fn seats(payload: Value) -> Option<Vec<String>> {
        let seats = read(payload).unwrap().refs::<Seat>()?;
        Some(seats.iter().map(|seat| seat.id().clone()).collect())
    }

    #[track_caller]
    fn assert_refused(payload: Value, why: &str) {
        let error = read(payload).and_then(|draft| draft.check_keys().map(|()| draft)).err().expect("it is refused");
        assert_eq!(error.to_string(), why);
    }

    #[test]
    fn licenses_are_read_wherever_iden_may_name_them() {
        let account = || json!({"id": "7"});
        for payload in [
            json!({"account": account(), "memberships": {"seat": ["mail"]}}),
            json!({"account": account(), "assignments": {"seat": ["mail"]}}),
            json!({"account": account(), "changes": {"seat": ["mail"]}}),
            json!({"account": account(), "changes": {"assignments": {"seat": ["mail"]}}}),
            json!({"account": account(), "changes": {"memberships": {"seat": ["mail"]}}}),
            json!({"account": {"id": "7", "assignments": {"seat": ["mail"]}}}),
            json!({"account": {"id": "7", "memberships": {"seat": ["mail"]}}}),
        ] {
            assert_eq!(seats(payload.clone()), Some(vec!["mail".to_owned()]), "{payload}");
            let draft = read(payload.clone()).unwrap();
            assert!(draft.check_keys().is_ok() && draft.changes().is_empty(), "{payload}");
        }
        assert_eq!(seats(json!({"account": account(), "memberships": {"team": ["red"], "seat": null}})), None);
        assert_eq!(seats(json!({"account": account(), "memberships": {"seat": []}})), Some(Vec::new()));
    }

    #[test]
    fn what_a_task_asks_for_wins_over_what_the_account_has_now() {
        let account = json!({"id": "7", "assignments": {"seat": ["mail"]}, "memberships": {"team": "odd"}});
        let payload = json!({"account": account, "changes": {"seat": ["crm"]}, "memberships": {"team": ["red"]}});
        assert_eq!(seats(payload), Some(vec!["crm".to_owned()]));
    }

    #[test]
    fn two_places_that_disagree_are_refused() {
        let payload =
            |ids: Value| json!({"account": {}, "memberships": {"seat": ["a", "b"]}, "changes": {"seat": ids}});
        assert!(read(payload(json!(["b", "a"]))).is_ok());
        let why = "`payload.memberships.seat` and `payload.changes.seat` ask for different ids";
        assert_refused(payload(json!(["a"])), why);
    }

    #[test]
    fn nothing_that_is_unknown_is_dropped_silently() {
        assert_refused(
            json!({"account": {}, "assignments": {"desk": ["1"]}}),
            "`payload.assignments.desk` is asked for, which `person` does not have",
        );
        assert_refused(
            json!({"account": {}, "changes": {"memberships": {"crew": []}}}),
            "`payload.changes.memberships.crew` is asked for, which `person` does not have",
        );
        assert_refused(
            json!({"account": {}, "changes": {"seat": "mail"}}),
            "`payload.changes.seat` is \"mail\", a list of ids is expected",
        );
        assert_refused(
            json!({"account": {}, "changes": {"assignments": ["mail"]}}),
            "`payload.changes.assignments` is a list, an object of lists of ids is expected",
        );
        assert_refused(json!({"account": {}, "roles": ["admin"]}), "`payload.roles` is not known to this connector");
        assert!(read(json!({"account": {}, "roles": [], "note": null})).unwrap().check_keys().is_ok());
        // The handler sees it.
        let list = read(json!({"account": {}, "changes": {"phones": ["1"], "seat": null}})).unwrap().changes();
        assert_eq!(list.iter().map(AccountChange::field).collect::<Vec<_>>(), ["phones", "seat"]);
    }
}
