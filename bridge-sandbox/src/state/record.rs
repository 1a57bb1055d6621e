use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::catalog::Kind;
use super::history::{History, difference};
use super::link::{LINKS, add_links};
use crate::assumptions::Assumptions;
use crate::view::{Cause, HistoryView, RecordChange, RecordView};

/// The fields that a search looks into.
const SEARCHED: [&str; 7] = ["id", "email", "username", "display_name", "first_name", "last_name", "name"];
/// Text of one field that a search looks into, and that a label shows.
const MOST_SEARCHED: usize = 256;

/// A record as it is held. Removing it only marks it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    fields: Map<String, Value>,
    removed: bool,
    /// Lighthouse names accounts by an id of its own.
    uuid: Uuid,
    history: History,
    /// The searched fields in lower case, one a line: a search goes through 100,000 records in a few milliseconds.
    #[serde(skip)]
    search: Box<str>,
}

/// What became of a record that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upserted {
    /// It is new, or was removed and is back.
    Created,
    /// It was held, and differs now.
    Changed,
    /// It was held as it is.
    Unchanged,
}

impl Record {
    fn new(fields: Map<String, Value>, at: Timestamp, cause: Cause) -> Self {
        let search = searched(&fields);
        Self { fields, removed: false, uuid: Uuid::new_v4(), history: History::new(at, cause), search }
    }

    /// Makes ready what was read from the state file.
    pub(crate) fn restore(&mut self) {
        self.search = searched(&self.fields);
    }

    /// Holds a record from now on, under this key.
    pub(crate) fn upsert(
        records: &mut BTreeMap<String, Record>,
        key: String,
        mut fields: Map<String, Value>,
        assumptions: &Assumptions,
        at: Timestamp,
        cause: Cause,
    ) -> Upserted {
        let Some(held) = records.get_mut(&key) else {
            records.insert(key, Record::new(fields, at, cause));
            return Upserted::Created;
        };
        if !assumptions.upsert_clears_left_out_fields {
            let pushed = std::mem::replace(&mut fields, held.fields.clone());
            merge(&mut fields, pushed);
        }
        if assumptions.links_end_at_completion && !held.removed {
            add_links(&mut fields, &held.fields);
        }
        held.update(fields, at, cause)
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.removed
    }

    /// Says whether there was anything to remove.
    pub(crate) fn remove(&mut self, at: Timestamp, cause: Cause) -> bool {
        let was_there = !std::mem::replace(&mut self.removed, true);
        if was_there {
            self.history.note(at, cause, RecordChange::Removed, vec![]);
        }
        was_there
    }

    fn update(&mut self, fields: Map<String, Value>, at: Timestamp, cause: Cause) -> Upserted {
        let came_back = std::mem::take(&mut self.removed);
        if self.fields == fields && !came_back {
            return Upserted::Unchanged;
        }
        let change = if came_back { RecordChange::CameBack } else { RecordChange::Changed };
        self.history.note(at, cause, change, difference(&self.fields, &fields));
        self.search = searched(&fields);
        self.fields = fields;
        if came_back { Upserted::Created } else { Upserted::Changed }
    }

    /// Ends the links that the pushes of a completed session did not list (question P14). Says whether there were any.
    pub(crate) fn set_links(
        &mut self,
        listed: Map<String, Value>,
        clear_left_out_fields: bool,
        at: Timestamp,
        cause: Cause,
    ) -> bool {
        if self.removed {
            return false;
        }
        let mut fields = self.fields.clone();
        if clear_left_out_fields {
            fields.retain(|name, _| LINKS.iter().all(|(field, _)| field != name));
        }
        merge(&mut fields, listed);
        self.update(fields, at, cause) == Upserted::Changed
    }

    pub(crate) fn view(&self, slug: &str, kind: Kind) -> RecordView {
        RecordView {
            slug: slug.to_owned(),
            id: self.id().to_owned(),
            label: self.label(),
            fields: Value::Object(self.fields.clone()),
            removed: self.removed,
            status: self.status(kind).to_owned(),
        }
    }

    pub(crate) fn history(&self) -> HistoryView {
        self.history.view()
    }

    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The id as it was pushed last.
    pub(crate) fn id(&self) -> &str {
        // Whatever is held was checked when it came.
        self.text("id").unwrap_or_default()
    }

    /// What a person would call it, cut where it is longer than a name.
    pub(crate) fn label(&self) -> String {
        let mut label = self.whole_label();
        if label.len() > MOST_SEARCHED {
            label.truncate(label.floor_char_boundary(MOST_SEARCHED));
            label.push('…');
        }
        label
    }

    fn whole_label(&self) -> String {
        let filled = |field| self.text(field).filter(|text| !text.trim().is_empty());
        if let Some(name) = filled("display_name") {
            return name.to_owned();
        }
        match (filled("first_name"), filled("last_name")) {
            (Some(first), Some(last)) => return format!("{first} {last}"),
            (Some(name), None) | (None, Some(name)) => return name.to_owned(),
            (None, None) => {}
        }
        ["name", "email", "username"].into_iter().find_map(filled).unwrap_or(self.id()).to_owned()
    }

    /// `text` is in lower case.
    pub(crate) fn mentions(&self, text: &str) -> bool {
        text.is_empty() || self.search.contains(text)
    }

    /// Whether it stands so; any does where `status` is empty.
    pub(crate) fn has_status(&self, status: &str, kind: Kind) -> bool {
        status.is_empty() || self.standing(kind) == status
    }

    /// `active`, `inactive`, `suspended`, or `removed` and nothing else.
    pub(crate) fn standing(&self, kind: Kind) -> &str {
        if self.removed { "removed" } else { self.status(kind) }
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

fn searched(fields: &Map<String, Value>) -> Box<str> {
    let texts = SEARCHED.into_iter().filter_map(|field| fields.get(field).and_then(Value::as_str));
    let mut search = String::new();
    for text in texts {
        search.extend(text[..text.floor_char_boundary(MOST_SEARCHED)].chars().flat_map(char::to_lowercase));
        search.push('\n');
    }
    search.into_boxed_str()
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
