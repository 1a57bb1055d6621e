use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::catalog::ResourceType;
use super::coverage::{Coverage, Keys, PageNote};
use crate::view::{Removal, SessionSummary, SessionView, TypeProgress};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SessionStatus {
    InProgress,
    /// Completed, but what it did not hold is not removed yet.
    CleaningUp,
    Completed,
    Abandoned,
    /// Question P5.
    Expired,
}

impl SessionStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            SessionStatus::InProgress | SessionStatus::CleaningUp => "in_progress",
            SessionStatus::Completed => "completed",
            SessionStatus::Abandoned => "abandoned",
            SessionStatus::Expired => "expired",
        }
    }
}

/// One sync session.
#[derive(Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) status: SessionStatus,
    pub(crate) started_at: Timestamp,
    ended_at: Option<Timestamp>,
    /// When the clean-up is due that its completion asked for.
    pub(crate) clean_up_at: Option<Timestamp>,
    pages: usize,
    /// Kept for itself: it is large.
    #[serde(skip)]
    coverage: Coverage,
    /// Slug to what was pushed of it. Companion types stand here too, with their ids alone.
    tallies: BTreeMap<String, Tally>,
    removed: Vec<Removal>,
}

/// What was pushed of one type.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
struct Tally {
    pages: usize,
    records: usize,
    ids: usize,
    created: usize,
}

impl Session {
    pub(crate) fn new(snapshot: Keys, started_at: Timestamp) -> Self {
        Self {
            id: Uuid::new_v4(),
            status: SessionStatus::InProgress,
            started_at,
            ended_at: None,
            pages: 0,
            clean_up_at: None,
            coverage: Coverage::of(snapshot),
            tallies: BTreeMap::new(),
            removed: Vec::new(),
        }
    }

    /// The number of the page that comes next, counted from 1.
    pub(crate) fn next_page(&self) -> usize {
        self.pages + 1
    }

    pub(crate) fn take_page(&mut self, slug: &str, page: PageNote, records: usize, created: usize) {
        for (slug, new) in self.coverage.cover(page) {
            self.tallies.entry(slug).or_default().ids += new;
        }
        self.pages += 1;
        let tally = self.tallies.entry(slug.to_owned()).or_default();
        tally.pages += 1;
        tally.records += records;
        tally.created += created;
    }

    /// Gives back what was kept apart: the snapshot, and what each page held.
    pub(crate) fn restore(&mut self, snapshot: Keys, pages: impl IntoIterator<Item = PageNote>) {
        self.coverage = Coverage::of(snapshot);
        for page in pages {
            self.coverage.cover(page);
        }
    }

    /// The snapshot without what pages have held. `None` where nothing can come any more.
    pub(crate) fn open_snapshot(&self) -> Option<&Keys> {
        let can_end = matches!(self.status, SessionStatus::InProgress | SessionStatus::CleaningUp);
        (can_end || !self.coverage.is_empty()).then(|| self.coverage.unseen())
    }

    pub(crate) fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    /// How many different ids were pushed, or records in all. Companion types count different ids alone.
    pub(crate) fn count(&self, slug: &str, is_total: bool) -> usize {
        self.tallies.get(slug).map_or(0, |tally| if is_total { tally.records.max(tally.ids) } else { tally.ids })
    }

    /// Ends the session. `remove` is called with the slug and id of each record of the snapshot that no page held, and returns
    /// its id and what it was called, where it was still there.
    pub(crate) fn complete(&mut self, at: Timestamp, mut remove: impl FnMut(&str, &str) -> Option<(String, String)>) {
        for (slug, keys) in self.coverage.take_unseen() {
            let gone = keys.into_iter().filter_map(|key| {
                let (id, label) = remove(&slug, &key)?;
                Some(Removal { slug: slug.clone(), id, label })
            });
            self.removed.extend(gone);
        }
        self.end(SessionStatus::Completed, at);
    }

    /// Keeps what it knows where it can still be completed (question P3).
    pub(crate) fn abandon(&mut self, at: Timestamp, keep: bool) {
        if keep {
            (self.status, self.ended_at) = (SessionStatus::Abandoned, Some(at));
        } else {
            self.end(SessionStatus::Abandoned, at);
        }
    }

    pub(crate) fn expire(&mut self, at: Timestamp) {
        self.end(SessionStatus::Expired, at);
    }

    fn end(&mut self, status: SessionStatus, at: Timestamp) {
        (self.status, self.ended_at) = (status, Some(at));
        self.coverage = Coverage::default();
    }

    /// What completing it removed.
    pub(crate) fn removed(&self) -> &[Removal] {
        &self.removed
    }

    /// `is_type` tells the slugs of pushed records from those of companions, which are counted too.
    pub(crate) fn view(&self, is_type: impl Fn(&str) -> bool) -> SessionView {
        let pushed = self.tallies.iter().filter(|(slug, _)| is_type(slug));
        SessionView {
            id: self.id,
            status: self.status.name().to_owned(),
            pages: self.pages,
            pushed: pushed.map(|(slug, tally)| (slug.clone(), tally.ids)).collect(),
            removed: self.removed.iter().map(|gone| (gone.slug.clone(), gone.id.clone())).collect(),
        }
    }

    pub(crate) fn summary<'a>(&self, types: impl Iterator<Item = &'a ResourceType>) -> SessionSummary {
        let mut removed = BTreeMap::<_, usize>::new();
        for gone in &self.removed {
            *removed.entry(gone.slug.as_str()).or_default() += 1;
        }
        let progress = |known: &ResourceType| {
            let tally = self.tallies.get(&known.slug).copied().unwrap_or_default();
            TypeProgress {
                slug: known.slug.clone(),
                name: known.name.clone(),
                kind: known.kind.name().to_owned(),
                pages: tally.pages,
                records: tally.records,
                ids: tally.ids,
                created: tally.created,
                updated: tally.records - tally.created,
                removed: removed.get(known.slug.as_str()).copied().unwrap_or(0),
            }
        };
        SessionSummary {
            id: self.id,
            status: self.status.name().to_owned(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            pages: self.pages,
            types: types.map(progress).collect(),
            removed: self.removed.len(),
        }
    }
}
