use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::state::Scope;
use crate::state::catalog::Kind;
use crate::state::id::canonical;
use crate::state::record::Record;
use crate::state::session::Session;
use crate::state::task::{Task, TaskStatus};
use crate::view::{HistoryView, Listing, RecordQuery, RecordView, Removal, SessionSummary, TaskView};

/// Reading page by page what may be much. Only the page is copied, however much is held.
impl App {
    /// One page of the records that fit, and how many fit in all. Types stand in the order of registration, the records of a
    /// type in the order of their ids.
    pub fn find_records(&self, query: &RecordQuery) -> Listing<RecordView> {
        let text = query.text.trim().to_lowercase();
        self.with(|scope| {
            let fits = |kind, record: &Record| record.mentions(&text) && record.has_status(&query.status, kind);
            let fitting = records(scope, &query.slug).filter(|(_, kind, record)| fits(*kind, record));
            view(fitting, query.offset, query.limit)
        })
    }

    /// One page of the accounts that belong to this group or hold this license, and how many do in all. Removed accounts
    /// belong to nothing.
    pub fn holders(&self, slug: &str, id: &str, offset: usize, limit: usize) -> Listing<RecordView> {
        self.with(|scope| {
            let assumptions = scope.assumptions;
            let wanted = canonical(id, &assumptions);
            let field = scope.types.get(slug).and_then(|known| known.kind.link());
            let holds = |record: &Record| {
                let ids = record.fields().get(field?.0)?.get(slug)?.as_array()?;
                let is_wanted = |held: &str| canonical(held, &assumptions) == wanted;
                ids.iter().filter_map(Value::as_str).any(is_wanted).then_some(())
            };
            let fitting = records(scope, "")
                .filter(|(_, kind, record)| *kind == Kind::Account && !record.is_removed() && holds(record).is_some());
            view(fitting, offset, limit)
        })
    }

    /// What happened to a record. `None`: it was never held.
    pub fn history(&self, slug: &str, id: &str) -> Option<HistoryView> {
        self.with(|scope| scope.record(slug, id).map(Record::history))
    }

    /// One page of the sync sessions, newest first.
    pub fn recent_sessions(&self, offset: usize, limit: usize) -> Listing<SessionSummary> {
        self.with(|scope| {
            let types = &*scope.types;
            Listing::of(scope.app.sessions.iter().rev(), offset, limit, |session| session.summary(types.iter()))
        })
    }

    /// One sync session.
    pub fn session(&self, id: Uuid) -> Option<SessionSummary> {
        self.with(|scope| {
            let types = &*scope.types;
            find(&scope.app.sessions, id).map(|session| session.summary(types.iter()))
        })
    }

    /// One page of what completing this session removed, by type and id.
    pub fn removals(&self, session: Uuid, offset: usize, limit: usize) -> Listing<Removal> {
        self.with(|scope| {
            let removed = find(&scope.app.sessions, session).map_or(&[][..], Session::removed);
            Listing::of(removed.iter(), offset, limit, Clone::clone)
        })
    }

    /// One page of the tasks, newest first; only those that are `pending`, `scheduled`, `completed` or `failed`, or all
    /// where `status` is empty.
    pub fn recent_tasks(&self, status: &str, offset: usize, limit: usize) -> Listing<TaskView> {
        self.with(|scope| {
            let now = scope.clock.now();
            let wanted = TaskStatus::parse(status);
            let fits = |task: &&Task| status.is_empty() || wanted == Some(task.status(now));
            Listing::of(scope.app.tasks.iter().rev().filter(fits), offset, limit, |task| task.view(now))
        })
    }
}

type Found<'a> = (&'a str, Kind, &'a Record);

/// The records of one type, or of all where `slug` is empty.
fn records<'a>(scope: &'a Scope<'_>, slug: &'a str) -> impl Iterator<Item = Found<'a>> {
    let types = scope.types.iter().filter(move |known| slug.is_empty() || known.slug == slug);
    types.flat_map(|known| {
        let held = scope.app.records.get(&known.slug).into_iter().flatten();
        held.map(|(_, record)| (known.slug.as_str(), known.kind, record))
    })
}

fn view<'a>(found: impl Iterator<Item = Found<'a>>, offset: usize, limit: usize) -> Listing<RecordView> {
    Listing::of(found, offset, limit, |(slug, kind, record)| record.view(slug, kind))
}

fn find(sessions: &[Session], id: Uuid) -> Option<&Session> {
    sessions.iter().rev().find(|session| session.id == id)
}
