use std::collections::BTreeMap;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::catalog::Kind;
use crate::view::RecordView;

/// The two fields of an account that map slugs to lists of ids.
pub(crate) const LINKS: [(&str, Kind); 2] = [("memberships", Kind::Group), ("assignments", Kind::License)];

/// A record as it is held. Removing it only marks it.
pub(crate) struct Record {
    fields: Map<String, Value>,
    removed: bool,
    /// Lighthouse names accounts by an id of its own.
    uuid: Uuid,
}

impl Record {
    pub(crate) fn is_removed(&self) -> bool {
        self.removed
    }

    /// Says whether there was anything to remove.
    pub(crate) fn remove(&mut self) -> bool {
        !std::mem::replace(&mut self.removed, true)
    }

    pub(crate) fn view(&self, id: &str, kind: Kind) -> RecordView {
        RecordView {
            id: id.to_owned(),
            fields: Value::Object(self.fields.clone()),
            removed: self.removed,
            status: self.status(kind).to_owned(),
        }
    }

    fn status(&self, kind: Kind) -> &str {
        match (kind, self.removed) {
            (Kind::Account, true) => "inactive",
            (Kind::Account, false) => self.text("status").unwrap_or("active"),
            (_, true) => "removed",
            (_, false) => "active",
        }
    }

    pub(crate) fn lighthouse_uuid(&self) -> Uuid {
        self.uuid
    }

    /// Of an account, as the Lighthouse API writes it.
    pub(crate) fn lighthouse_status(&self) -> &'static str {
        match self.status(Kind::Account) {
            "suspended" => "SUSPENDED",
            "inactive" => "INACTIVE",
            _ => "ACTIVE",
        }
    }

    pub(crate) fn email(&self) -> Option<&str> {
        self.text("email")
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }
}

/// Holds a record from now on. Says whether it is new, or was removed and is back.
pub(crate) fn upsert(
    records: &mut BTreeMap<String, Record>,
    id: String,
    fields: Map<String, Value>,
    clear_left_out_fields: bool,
) -> bool {
    let Some(held) = records.get_mut(&id) else {
        records.insert(id, Record { fields, removed: false, uuid: Uuid::new_v4() });
        return true;
    };
    if clear_left_out_fields {
        held.fields = fields;
    } else {
        merge(&mut held.fields, fields);
    }
    std::mem::take(&mut held.removed)
}

/// Question P15, the other answer: what is left out stays, also a slug within memberships or assignments.
fn merge(held: &mut Map<String, Value>, pushed: Map<String, Value>) {
    for (name, value) in pushed {
        let is_link = LINKS.iter().any(|(field, _)| *field == name);
        match (held.get_mut(&name), value) {
            (Some(Value::Object(old)), Value::Object(new)) if is_link => old.extend(new),
            (_, value) => {
                held.insert(name, value);
            }
        }
    }
}
