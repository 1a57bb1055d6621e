//! The console: what the sandbox holds, as pages for a person.
//!
//! Plain pages and forms, written by the server. A script keeps the live parts up to date; without it one reloads. Nothing is
//! loaded from elsewhere. [`guard`] says who may use it.
//!
//! A page's handler reads what it needs under the lock, and writes the page after it. Text from outside goes through
//! [`shown`], and is escaped by the templates.

mod answer;
mod app;
mod assets;
mod assumptions;
mod clock;
mod compose;
mod count;
mod draft;
mod events;
mod faults;
mod fields;
mod frame;
mod guard;
mod links;
mod moment;
mod overview;
mod pager;
mod passes;
mod record;
mod records;
mod requests;
mod sessions;
mod sign_in;
mod tally;
mod tasks;
mod tone;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::response::Redirect;
use axum::routing::{get, post};
use jiff::Timestamp;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::app::App;
use crate::sandbox::Sandbox;
use crate::server::Server;
use answer::Problem;
pub(crate) use passes::Passes;

/// What the pages share.
pub(crate) struct Console {
    server: Arc<Server>,
    /// The index of the tenant that the builder named.
    first: usize,
    /// A permit for each page that is kept up to date.
    streams: Arc<Semaphore>,
}

/// All pages, below `/console/`.
pub(crate) fn router(server: &Arc<Server>, first: usize) -> Router {
    let console = Arc::new(Console {
        server: Arc::clone(server),
        first,
        streams: Arc::new(Semaphore::new(events::MOST_STREAMS)),
    });
    Router::new()
        .route(links::HOME, get(overview::show))
        .route("/console/apps/{app}/", get(app::show))
        .route("/console/apps/{app}/records/", get(records::list))
        .route("/console/apps/{app}/record/", get(record::show))
        .route("/console/apps/{app}/sessions/", get(sessions::list))
        .route("/console/apps/{app}/sessions/{session}/", get(sessions::show))
        .route("/console/apps/{app}/tasks/", get(tasks::list))
        .route("/console/apps/{app}/tasks/new/", get(compose::ask).post(compose::send))
        .route("/console/apps/{app}/tasks/{task}/", get(tasks::show))
        .route(links::REQUESTS, get(requests::list))
        .route("/console/requests/clear/", post(requests::clear))
        .route("/console/requests/{number}/", get(requests::show))
        .route(links::FAULTS, get(faults::show).post(faults::add))
        .route("/console/faults/remove/", post(faults::remove))
        .route(links::CLOCK, get(clock::show).post(clock::advance))
        .route(links::ASSUMPTIONS, get(assumptions::show))
        .route(links::EVENTS, get(events::listen))
        .route(links::SIGN_IN, get(sign_in::ask).post(sign_in::sign_in))
        .route("/console/sign-out/", post(sign_in::sign_out))
        .route("/console/style.css", get(assets::style))
        .route("/console/script.js", get(assets::script))
        .route("/console/icon.svg", get(assets::icon))
        .route("/console", get(|| async { Redirect::to(links::HOME) }))
        .route("/console/{*path}", get(no_such_page))
        .method_not_allowed_fallback(wrong_method)
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&console), guard::pass))
        .with_state(console)
}

impl Sandbox {
    /// Returns an address that opens the console in a browser, once, and signs the browser in. Each call returns a new one; the
    /// last 100 are valid. A program without a browser sends the header of the Bridge API instead: `Authorization: Api-Key <key>`.
    pub fn console_url(&self) -> String {
        format!("http://{}{}?token={}", self.address(), links::SIGN_IN, self.server().passes.issue())
    }
}

impl Console {
    fn now(&self) -> Timestamp {
        self.server.state().clock.now()
    }

    /// The app that an address names.
    fn app(&self, id: &str) -> Result<App, Problem> {
        let found = id.parse().ok().and_then(|id: Uuid| self.apps().into_iter().find(|app| app.id() == id));
        found.ok_or_else(|| {
            Problem::not_found(
                "There is no such app",
                format!("No app has the id {id}. All apps stand at {}.", links::HOME),
            )
        })
    }

    /// All apps of all tenants.
    fn apps(&self) -> Vec<App> {
        let ids: Vec<_> = {
            let state = self.server.state();
            let ids = state
                .tenants
                .iter()
                .enumerate()
                .flat_map(|(index, tenant)| tenant.apps().map(move |app| (index, app.id)));
            ids.collect()
        };
        ids.into_iter().map(|(tenant, id)| App::new(&self.server, tenant, id)).collect()
    }

    /// What a connector of the first tenant needs as its base URL.
    fn base_url(&self) -> String {
        format!("http://{}/org/{}", self.server.address, self.server.state().tenants[self.first].slug)
    }

    /// Where the Bridge API has this app, for examples.
    fn api_of(&self, app: Uuid) -> String {
        format!("$BRIDGE_URL/api/v1/bridge/apps/{app}/")
    }

    /// The key that opens the console: the first tenant's, which the sandbox prints at its start.
    fn key(&self) -> String {
        self.server.state().tenants[self.first].keys.first().to_owned()
    }
}

async fn no_such_page(uri: Uri) -> Problem {
    Problem::not_found(
        "There is no such page",
        format!("Nothing stands at {}. Start from the list of apps.", uri.path()),
    )
}

async fn wrong_method(method: Method) -> Problem {
    let words = format!("This page does not take {method}. Open it, and use its forms.");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "The console does not do this", words)
}
