//! All apps of all tenants.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::answer::{Answer, page};
use super::frame::{Frame, Place};
use super::{Console, links, tally};
use crate::app::App;
use crate::view::SessionSummary;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    now: Timestamp,
    tenants: Vec<TenantSheet>,
    warnings: Vec<String>,
    may_sign_out: bool,
}

struct TenantSheet {
    slug: String,
    base_url: String,
    /// The beginning of the key, to tell it from others. Never the whole.
    key: String,
    apps: Vec<AppRow>,
}

struct AppRow {
    link: String,
    name: String,
    cloned_from: Option<String>,
    records: usize,
    last: Option<SessionSummary>,
    last_synced_at: Option<Timestamp>,
    pending: usize,
    failed: usize,
}

pub(super) async fn show(State(console): State<Arc<Console>>) -> Answer {
    let (now, warnings) = {
        let state = console.server.state();
        (state.clock.now(), state.warnings())
    };
    page(&OverviewPage {
        frame: Frame::new("Apps", Place::Apps),
        now,
        tenants: console.tenants(),
        warnings,
        may_sign_out: !console.server.address.ip().is_loopback(),
    })
}

impl Console {
    fn tenants(&self) -> Vec<TenantSheet> {
        let tenants: Vec<_> = {
            let state = self.server.state();
            let ids = |tenant: &crate::state::tenant::TenantState| tenant.apps().map(|app| app.id).collect::<Vec<_>>();
            let tenants =
                state.tenants.iter().map(|tenant| (tenant.slug.clone(), masked(tenant.keys.first()), ids(tenant)));
            tenants.collect()
        };
        let sheet = |(index, (slug, key, ids)): (usize, (String, String, Vec<_>))| {
            let apps: Vec<_> = ids.into_iter().map(|id| App::new(&self.server, index, id)).collect();
            let rows = apps.iter().map(|app| row(app, &apps)).collect();
            TenantSheet { base_url: format!("http://{}/org/{slug}", self.server.address), slug, key, apps: rows }
        };
        tenants.into_iter().enumerate().map(sheet).collect()
    }
}

fn row(app: &App, apps: &[App]) -> AppRow {
    let parent = app.cloned_from().and_then(|id| apps.iter().find(|app| app.id() == id));
    AppRow {
        link: links::app(app.id()),
        name: app.name(),
        cloned_from: parent.map(App::name),
        records: tally::held(app),
        last: app.recent_sessions(0, 1).items.pop(),
        last_synced_at: app.last_synced_at(),
        pending: app.recent_tasks("pending", 0, 0).total + app.recent_tasks("scheduled", 0, 0).total,
        failed: app.recent_tasks("failed", 0, 0).total,
    }
}

/// Enough of a key to tell it from others.
fn masked(key: &str) -> String {
    match key.char_indices().nth_back(3) {
        Some((at, _)) if key.len() >= 16 => format!("…{}", &key[at..]),
        _ => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_is_never_shown_whole() {
        assert_eq!(super::masked("sandbox-0123456789abcdef"), "…cdef");
        assert_eq!(super::masked("dev"), "…");
    }
}
