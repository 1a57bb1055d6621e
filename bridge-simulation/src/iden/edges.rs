//! Memberships and assignments at Iden (protocol.md section 5), and the ids that they are made of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    iden::{Key, Server},
    plan::Answers,
};

/// The fields that hold edges.
const FIELDS: [&str; 2] = ["memberships", "assignments"];

/// The memberships and the assignments of a record, as it has them.
pub type Edges = [Option<Value>; 2];

impl Answers {
    /// An id as Iden holds it (question P7).
    pub fn id(&self, id: &str) -> String {
        let mut id = if self.folds_ids { id.to_lowercase() } else { id.to_owned() };
        if self.trims_ids {
            id = id.trim().to_owned();
        }
        if self.composes_ids {
            // The letters with accents that there are.
            id = id.replace("e\u{301}", "\u{e9}").replace("E\u{301}", "\u{c9}");
        }
        id
    }

    /// Whether Iden writes some ids otherwise than they came.
    fn changes_ids(&self) -> bool {
        self.folds_ids || self.trims_ids || self.composes_ids
    }

    pub fn key(&self, slug: &str, id: &str) -> Key {
        (slug.to_owned(), self.id(id))
    }

    /// Writes the ids of a record, its own and those at the other ends of its edges, as Iden holds them.
    pub fn fold(&self, record: &mut Map<String, Value>) {
        if !self.changes_ids() {
            return;
        }
        let fold = |id: &mut Value| {
            if let Value::String(id) = id {
                *id = self.id(id);
            }
        };
        record.get_mut("id").into_iter().for_each(fold);
        let edges = FIELDS.map(|field| record.get(field).cloned());
        for (field, edges) in FIELDS.into_iter().zip(edges) {
            let Some(Value::Object(mut edges)) = edges else { continue };
            edges.values_mut().filter_map(Value::as_array_mut).flatten().for_each(fold);
            record.insert(field.to_owned(), Value::Object(edges));
        }
    }
}

pub fn edges_of(fields: &Map<String, Value>) -> Edges {
    FIELDS.map(|field| fields.get(field).cloned())
}

/// The groups and licenses at the other ends.
pub fn targets(edges: &Edges) -> BTreeSet<Key> {
    let mut targets = BTreeSet::new();
    for (slug, ids) in edges.iter().flatten().filter_map(Value::as_object).flatten() {
        let ids = ids.as_array().into_iter().flatten().filter_map(Value::as_str);
        targets.extend(ids.map(|id| (slug.clone(), id.to_owned())));
    }
    targets
}

pub fn count(edges: &Edges) -> u64 {
    let lists = edges.iter().flatten().filter_map(Value::as_object).flat_map(Map::values);
    lists.map(|ids| ids.as_array().map_or(0, Vec::len) as u64).sum()
}

/// All edges of both maps.
pub fn joined(one: Option<&Value>, other: Option<&Value>) -> Option<Value> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (slug, ids) in [one, other].into_iter().flatten().filter_map(Value::as_object).flatten() {
        all.entry(slug).or_default().extend(ids.as_array().into_iter().flatten().filter_map(Value::as_str));
    }
    (one.is_some() || other.is_some()).then(|| json!(all))
}

/// Keeps the edges of before, beside those that are to be left in the end.
pub(super) fn keep(fields: &mut Map<String, Value>, before: &Map<String, Value>) -> Edges {
    let next = edges_of(fields);
    for field in FIELDS {
        if let Some(joined) = joined(before.get(field), fields.get(field)) {
            fields.insert(field.to_owned(), joined);
        }
    }
    next
}

impl Server {
    /// A group or license that a record points to and Iden does not hold.
    pub(super) fn unknown_edge(&self, record: &Map<String, Value>) -> Option<String> {
        let is_held = |key: &Key| self.records.get(key).is_some_and(|held| held.active);
        let unknown = targets(&edges_of(record)).into_iter().find(|key| !is_held(key));
        unknown.map(|(slug, id)| format!("{slug} {id}"))
    }

    /// Edges that the last upsert did not name end now, if they did not end at once (question P14).
    pub(super) fn end_edges_of(&mut self, pushed: &[Key]) {
        for key in pushed {
            let Some(held) = self.records.get_mut(key) else { continue };
            let Some(edges) = held.next_edges.take() else { continue };
            for (field, ids) in FIELDS.into_iter().zip(edges) {
                if let Some(ids) = ids {
                    held.fields.insert(field.to_owned(), ids);
                }
            }
        }
    }

    pub(super) fn end_edges_to(&mut self, (slug, id): &Key) {
        for held in self.records.values_mut() {
            for field in FIELDS {
                if let Some(Value::Array(ids)) = held.fields.get_mut(field).and_then(|edges| edges.get_mut(slug)) {
                    ids.retain(|one| one.as_str() != Some(id.as_str()));
                }
            }
        }
    }
}
