use std::collections::BTreeSet;

use uuid::Uuid;

use super::coverage::PageNote;
use crate::changes::{Change, Topic};

/// What was changed and neither published nor kept yet.
#[derive(Default)]
pub(crate) struct Touched {
    pub(crate) changes: BTreeSet<Change>,
    /// `None` where nothing is kept beyond the end of the sandbox.
    pub(crate) rows: Option<Rows>,
}

/// What has to be written to the state file.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) clock: bool,
    pub(crate) tenants: BTreeSet<usize>,
    pub(crate) apps: BTreeSet<Uuid>,
    /// App, slug, key.
    pub(crate) records: BTreeSet<(Uuid, String, String)>,
    /// App and session.
    pub(crate) sessions: BTreeSet<(Uuid, Uuid)>,
    /// Session and what a page of it held.
    pub(crate) pages: Vec<(Uuid, PageNote)>,
    /// App and task.
    pub(crate) tasks: BTreeSet<(Uuid, Uuid)>,
}

impl Rows {
    pub(crate) fn is_empty(&self) -> bool {
        let Self { clock, tenants, apps, records, sessions, pages, tasks } = self;
        !clock
            && tenants.is_empty()
            && apps.is_empty()
            && records.is_empty()
            && sessions.is_empty()
            && pages.is_empty()
            && tasks.is_empty()
    }
}

impl Touched {
    pub(crate) fn general(&mut self, topic: Topic) {
        self.changes.insert(Change::general(topic));
    }

    pub(crate) fn clock(&mut self) {
        self.general(Topic::Clock);
        self.note(|rows| rows.clock = true);
    }

    /// The keys of a tenant.
    pub(crate) fn tenant(&mut self, index: usize) {
        self.note(|rows| _ = rows.tenants.insert(index));
    }

    /// An app, its types included.
    pub(crate) fn app(&mut self, app: Uuid, topic: Topic) {
        self.changes.insert(Change::of(app, topic));
        self.note(|rows| _ = rows.apps.insert(app));
    }

    pub(crate) fn record(&mut self, app: Uuid, slug: &str, key: &str) {
        self.changes.insert(Change::of(app, Topic::Records));
        self.note(|rows| _ = rows.records.insert((app, slug.to_owned(), key.to_owned())));
    }

    pub(crate) fn session(&mut self, app: Uuid, sync: Uuid) {
        self.changes.insert(Change::of(app, Topic::Sessions));
        self.note(|rows| _ = rows.sessions.insert((app, sync)));
    }

    pub(crate) fn page(&mut self, sync: Uuid, page: &PageNote) {
        self.note(|rows| rows.pages.push((sync, page.clone())));
    }

    pub(crate) fn task(&mut self, app: Uuid, task: Uuid) {
        self.changes.insert(Change::of(app, Topic::Tasks));
        self.note(|rows| _ = rows.tasks.insert((app, task)));
    }

    fn note(&mut self, note: impl FnOnce(&mut Rows)) {
        if let Some(rows) = &mut self.rows {
            note(rows);
        }
    }
}
