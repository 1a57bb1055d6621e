use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Slug to keys of records.
pub(crate) type Keys = BTreeMap<String, BTreeSet<String>>;

/// What of its snapshot a session has held so far. Emptied when nothing can come any more.
#[derive(Default)]
pub(crate) struct Coverage {
    /// The snapshot without what pages have held.
    unseen: Keys,
    /// What pages have held.
    seen: BTreeMap<String, HashSet<String>>,
    /// Slug and key to the links that were pushed, where they count from the completion on (question P14).
    links: BTreeMap<(String, String), Map<String, Value>>,
}

/// What one page held. Companion types stand here too where they are counted.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PageNote {
    pub(crate) keys: BTreeMap<String, Vec<String>>,
    /// Slug, key and links.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<(String, String, Map<String, Value>)>,
}

impl PageNote {
    pub(crate) fn add(&mut self, slug: &str, key: String) {
        match self.keys.get_mut(slug) {
            Some(keys) => keys.push(key),
            None => drop(self.keys.insert(slug.to_owned(), vec![key])),
        }
    }
}

impl Coverage {
    pub(crate) fn of(snapshot: Keys) -> Self {
        Self { unseen: snapshot, ..Self::default() }
    }

    /// Says how many keys of each slug are new.
    pub(crate) fn cover(&mut self, page: PageNote) -> Vec<(String, usize)> {
        for (slug, key, links) in page.links {
            self.links.insert((slug, key), links);
        }
        let cover = |(slug, keys): (String, Vec<String>)| {
            let seen = self.seen.entry(slug.clone()).or_default();
            let before = seen.len();
            if let Some(unseen) = self.unseen.get_mut(&slug) {
                for key in &keys {
                    unseen.remove(key);
                }
            }
            seen.extend(keys);
            (slug, seen.len() - before)
        };
        page.keys.into_iter().map(cover).collect()
    }

    /// Takes the present records for the snapshot (question P4).
    pub(crate) fn snapshot_anew(&mut self, present: Keys) {
        self.unseen = present;
        for (slug, keys) in &self.seen {
            if let Some(unseen) = self.unseen.get_mut(slug) {
                unseen.retain(|key| !keys.contains(key));
            }
        }
    }

    /// Question P12, the other answer: what nothing was pushed of counts as held.
    pub(crate) fn spare_types_without_a_page(&mut self) {
        self.unseen.retain(|slug, _| self.seen.contains_key(slug));
    }

    pub(crate) fn unseen(&self) -> &Keys {
        &self.unseen
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.unseen.is_empty() && self.seen.is_empty()
    }

    pub(crate) fn take_unseen(&mut self) -> Keys {
        std::mem::take(&mut self.unseen)
    }

    /// Slug, key and links of each record whose links were noted.
    pub(crate) fn take_links(&mut self) -> impl Iterator<Item = ((String, String), Map<String, Value>)> + use<> {
        std::mem::take(&mut self.links).into_iter()
    }
}
