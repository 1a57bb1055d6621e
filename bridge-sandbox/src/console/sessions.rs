//! The sync sessions of an app, and one of them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Answer, Problem, page};
use super::fields::Fields;
use super::frame::{Frame, Tab};
use super::pager::Pager;
use super::{Console, links, moment, tally};
use crate::view::{Removal, SessionSummary};

/// Sessions, and removed records, on a page.
const ON_A_PAGE: usize = 50;

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    sessions: Vec<SessionSummary>,
    pager: Pager,
    api: String,
}

#[derive(Template)]
#[template(path = "session.html")]
struct SessionPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    session: SessionSummary,
    types: Vec<TypeRow>,
    removals: Vec<Removal>,
    pager: Pager,
}

/// How far a type has come.
struct TypeRow {
    progress: crate::view::TypeProgress,
    /// How many records of the type Iden holds now: what a whole sync is expected to push, more or less.
    held: usize,
}

pub(super) async fn list(State(console): State<Arc<Console>>, Path(id): Path<String>, fields: Fields) -> Answer {
    let app = console.app(&id)?;
    let pager = Pager::read(links::sessions(app.id()), &fields, &[], ON_A_PAGE);
    let found = app.recent_sessions(pager.offset, pager.limit);
    page(&SessionsPage {
        frame: Frame::of_app("Sync sessions", &app, Tab::Sessions),
        now: console.now(),
        id: app.id(),
        sessions: found.items,
        pager: pager.of(found.total),
        api: console.api_of(app.id()),
    })
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Path((id, session)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let app = console.app(&id)?;
    let found = session.parse().ok().and_then(|session| app.session(session));
    let Some(session) = found else {
        return Err(Problem::not_found(
            "There is no such sync session",
            format!(
                "App `{}` has no session {session}. The sessions stand at {}.",
                app.name(),
                links::sessions(app.id())
            ),
        ));
    };
    let pager = Pager::read(links::session(app.id(), session.id), &fields, &[], ON_A_PAGE);
    let removed = app.removals(session.id, pager.offset, pager.limit);
    let held = tally::held_of_each(&app);
    let row = |progress: &crate::view::TypeProgress| TypeRow {
        held: held.get(&progress.slug).copied().unwrap_or(0),
        progress: progress.clone(),
    };
    page(&SessionPage {
        frame: Frame::of_app("Sync session", &app, Tab::Sessions).below(),
        now: console.now(),
        id: app.id(),
        types: session.types.iter().map(row).collect(),
        session,
        removals: removed.items,
        pager: pager.of(removed.total),
    })
}

/// How many different records were pushed, over all types.
pub(crate) fn ids(session: &SessionSummary) -> usize {
    session.types.iter().map(|known| known.ids).sum()
}

/// How long it took, or takes so far.
pub(crate) fn took(session: &SessionSummary, now: &Timestamp) -> String {
    match session.ended_at {
        Some(end) => moment::between(&session.started_at, &end),
        None => format!("{} so far", moment::between(&session.started_at, now)),
    }
}
