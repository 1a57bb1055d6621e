//! The sandbox's own time, and the tasks that wait for it.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Answer, page, render, see};
use super::fields::Posted;
use super::frame::{Frame, Place};
use super::{Console, links, moment};
use crate::span;
use crate::view::TaskView;

/// Scheduled tasks shown of one app.
const MOST: usize = 20;
/// What one press of a button adds, with its words.
const STEPS: [(&str, &str); 4] = [("1m", "1 minute"), ("10m", "10 minutes"), ("1h", "1 hour"), ("24h", "1 day")];

#[derive(Template)]
#[template(path = "clock.html")]
struct ClockPage {
    frame: Frame,
    now: Timestamp,
    /// How far the sandbox is ahead of the system, in words. Empty where it is not.
    ahead: String,
    waiting: Vec<(Uuid, TaskView)>,
    mistake: String,
}

impl Console {
    fn clock_page(&self, mistake: String) -> ClockPage {
        let now = self.now();
        let ahead = now.duration_since(Timestamp::now());
        let waiting = self.apps().into_iter().flat_map(|app| {
            let id = app.id();
            app.recent_tasks("scheduled", 0, MOST).items.into_iter().map(move |task| (id, task))
        });
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by_key(|(_, task)| task.execute_after);
        ClockPage {
            frame: Frame::new("Clock", Place::Clock),
            now,
            ahead: if ahead.as_secs() > 0 { moment::Span(ahead).to_string() } else { String::new() },
            waiting,
            mistake,
        }
    }
}

pub(super) async fn show(State(console): State<Arc<Console>>) -> Answer {
    page(&console.clock_page(String::new()))
}

pub(super) async fn advance(State(console): State<Arc<Console>>, Posted(fields): Posted) -> Answer {
    let text = fields.get("by");
    match span::parse(text) {
        Some(by) => {
            console.server.advance(by);
            Ok(see(links::CLOCK))
        }
        None => {
            let mistake = format!("Expected {}, got `{text}`.", span::EXPECTED);
            render(StatusCode::BAD_REQUEST, &console.clock_page(mistake))
        }
    }
}

/// Not shorter than asked for: what is due by then is due.
pub(crate) fn until(at: &Timestamp, now: &Timestamp) -> String {
    let left = Duration::try_from(at.duration_since(*now)).unwrap_or_default();
    format!("{}s", left.as_secs().saturating_add(1))
}
