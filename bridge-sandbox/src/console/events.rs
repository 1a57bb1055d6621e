//! What changes, told to the pages that are open.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Console;
use super::answer::Problem;
use super::fields::Fields;
use crate::changes::{Change, Changes, Topic};

/// Open pages at most. Pages in the background close their stream by themselves.
pub(super) const MOST_STREAMS: usize = 64;
/// A scheduled task becomes pending, and `3 min ago` becomes `4 min ago`, without that anything happened.
const TICK: Duration = Duration::from_secs(10);
/// A proxy in between shall not take the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Tells that something changed, not what: the page loads its live parts anew. With `app`, changes of other apps are left out;
/// without `requests`, those of the request log, which come with every poll of a connector.
pub(super) async fn listen(State(console): State<Arc<Console>>, fields: Fields) -> Response {
    let Ok(place) = Arc::clone(&console.streams).try_acquire_owned() else {
        return Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many pages are open",
            format!("{MOST_STREAMS} pages are kept up to date already. Close some, or reload this one by hand."),
        )
        .into_response();
    };
    let listener = Listener {
        changes: console.server.signal.subscribe(),
        app: fields.get("app").parse().ok(),
        requests: fields.has("requests"),
        stopping: console.server.stopping.clone(),
        _place: place,
    };
    Sse::new(events(listener)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response()
}

struct Listener {
    changes: Changes,
    app: Option<Uuid>,
    requests: bool,
    /// A stream that outlives the server would hold up its shutdown.
    stopping: CancellationToken,
    _place: OwnedSemaphorePermit,
}

fn events(listener: Listener) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listener, |mut listener| async move {
        let stopping = listener.stopping.clone();
        tokio::select! {
            () = stopping.cancelled() => None,
            () = listener.something() => Some((Ok(Event::default().event("changed").data("look")), listener)),
        }
    })
}

impl Listener {
    /// Waits for a change, or until it is time to look again.
    async fn something(&mut self) {
        let change = async {
            while let Some(changes) = self.changes.next().await {
                if changes.into_iter().any(|change| self.concerns(change)) {
                    return;
                }
            }
            // The sandbox is gone; the stream ends by `stopping`.
            std::future::pending::<()>().await;
        };
        // A timeout is the tick.
        let _ = tokio::time::timeout(TICK, change).await;
    }

    fn concerns(&self, change: Change) -> bool {
        match change.topic {
            Topic::Requests => self.requests,
            _ => self.app.is_none() || change.app.is_none() || change.app == self.app,
        }
    }
}
