//! One app: its types, and what happened last.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Answer, page};
use super::frame::{Frame, Tab};
use super::tally::{self, Tally};
use super::{Console, links};
use crate::view::{SessionSummary, TaskView};

/// Sessions and tasks shown.
const LAST: usize = 5;

#[derive(Template)]
#[template(path = "app.html")]
struct AppPage {
    frame: Frame,
    now: Timestamp,
    id: Uuid,
    last_synced_at: Option<Timestamp>,
    types: Vec<Tally>,
    sessions: Vec<SessionSummary>,
    tasks: Vec<TaskView>,
    /// Where one registers a type.
    api: String,
}

impl AppPage {
    /// How many records there are with this status, over all types.
    fn sum(&self, status: &str) -> usize {
        let of = |known: &Tally| match status {
            "active" => known.active,
            "suspended" => known.suspended,
            "inactive" => known.inactive,
            _ => known.removed,
        };
        self.types.iter().map(of).sum()
    }
}

pub(super) async fn show(State(console): State<Arc<Console>>, Path(id): Path<String>) -> Answer {
    let app = console.app(&id)?;
    page(&AppPage {
        frame: Frame::of_app("Overview", &app, Tab::Overview),
        now: console.now(),
        id: app.id(),
        last_synced_at: app.last_synced_at(),
        types: tally::of(&app),
        sessions: app.recent_sessions(0, LAST).items,
        tasks: app.recent_tasks("", 0, LAST).items,
        api: console.api_of(app.id()),
    })
}
