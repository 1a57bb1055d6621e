use std::collections::{BTreeMap, BTreeSet, HashSet};

use uuid::Uuid;

use crate::error::Refusal;
use crate::view::SessionView;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionStatus {
    InProgress,
    Completed,
    Abandoned,
}

impl SessionStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            SessionStatus::InProgress => "in_progress",
            SessionStatus::Completed => "completed",
            SessionStatus::Abandoned => "abandoned",
        }
    }
}

/// One sync session.
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) status: SessionStatus,
    pages: usize,
    /// Slug to the ids of the snapshot that no page has held so far. Emptied when the session ends.
    unseen: BTreeMap<String, BTreeSet<String>>,
    /// Slug to the ids pushed. Emptied when the session ends.
    seen: BTreeMap<String, HashSet<String>>,
    /// Slug to the number of ids pushed.
    counts: BTreeMap<String, usize>,
    /// Slug and id.
    removed: Vec<(String, String)>,
}

impl Session {
    pub(crate) fn new(snapshot: BTreeMap<String, BTreeSet<String>>) -> Self {
        Self {
            id: Uuid::new_v4(),
            status: SessionStatus::InProgress,
            pages: 0,
            unseen: snapshot,
            seen: BTreeMap::new(),
            counts: BTreeMap::new(),
            removed: Vec::new(),
        }
    }

    /// 400 unless the session is in progress.
    pub(crate) fn check_open(&self) -> Result<(), Refusal> {
        match self.status {
            SessionStatus::InProgress => Ok(()),
            ended => Err(Refusal::bad_request(format!("sync session {} is {} already", self.id, ended.name()))),
        }
    }

    pub(crate) fn note_page(&mut self) {
        self.pages += 1;
    }

    /// Notes that a page held this id.
    pub(crate) fn note(&mut self, slug: &str, id: &str) {
        if let Some(ids) = self.unseen.get_mut(slug) {
            ids.remove(id);
        }
        if self.seen.entry(slug.to_owned()).or_default().insert(id.to_owned()) {
            *self.counts.entry(slug.to_owned()).or_default() += 1;
        }
    }

    /// Takes the present records for its snapshot.
    pub(crate) fn snapshot_anew(&mut self, present: BTreeMap<String, BTreeSet<String>>) {
        self.unseen = present;
        for (slug, ids) in &self.seen {
            if let Some(unseen) = self.unseen.get_mut(slug) {
                unseen.retain(|id| !ids.contains(id));
            }
        }
    }

    /// How many different ids were pushed.
    pub(crate) fn count(&self, slug: &str) -> usize {
        self.counts.get(slug).copied().unwrap_or(0)
    }

    /// Ends the session. `remove` is called with the slug and id of each record of the snapshot that no page held, and says
    /// whether it was still there. `keep_untouched`: not with those of a type that no page was about.
    pub(crate) fn complete(&mut self, keep_untouched: bool, mut remove: impl FnMut(&str, &str) -> bool) {
        for (slug, ids) in std::mem::take(&mut self.unseen) {
            if keep_untouched && !self.counts.contains_key(&slug) {
                continue;
            }
            let gone = ids.into_iter().filter(|id| remove(&slug, id)).map(|id| (slug.clone(), id));
            self.removed.extend(gone);
        }
        self.end(SessionStatus::Completed);
    }

    pub(crate) fn abandon(&mut self) {
        self.end(SessionStatus::Abandoned);
    }

    fn end(&mut self, status: SessionStatus) {
        self.status = status;
        self.unseen = BTreeMap::new();
        self.seen = BTreeMap::new();
    }

    /// `is_type` tells the slugs of pushed records from those of companions, which are counted too.
    pub(crate) fn view(&self, is_type: impl Fn(&str) -> bool) -> SessionView {
        let pushed = self.counts.iter().filter(|(slug, _)| is_type(slug));
        SessionView {
            id: self.id,
            status: self.status.name().to_owned(),
            pages: self.pages,
            pushed: pushed.map(|(slug, count)| (slug.clone(), *count)).collect(),
            removed: self.removed.clone(),
        }
    }
}
