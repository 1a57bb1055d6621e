//! The Lighthouse API, which reads back what Iden holds.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde_json::{Value, json};

use super::list::List;
use super::place::Place;
use crate::error::Refusal;
use crate::server::Server;
use crate::state::catalog::Kind;
use crate::validate::parse_uuid;

/// Results in a page where the query has no `limit`.
const PAGE_SIZE: usize = 50;

const STATUSES: [&str; 5] = ["NEW", "INVITED", "ACTIVE", "SUSPENDED", "INACTIVE"];

/// `GET api/apps/`
pub(crate) async fn apps(
    State(server): State<Arc<Server>>,
    place: Place,
    list: List,
) -> Result<Answer<Value>, Refusal> {
    list.warn_beside(&server, &[]);
    let state = server.state();
    let apps: Vec<_> = state.tenants[place.caller.tenant].reachable(&place.caller.access).map(|(app, _)| app).collect();
    Ok(Answer(list.frame(&apps, PAGE_SIZE, |app| app.lighthouse_json())))
}

/// `GET api/accounts/`
pub(crate) async fn accounts(
    State(server): State<Arc<Server>>,
    place: Place,
    list: List,
) -> Result<Answer<Value>, Refusal> {
    list.warn_beside(&server, &["app", "status", "email"]);
    let parse_status = |text: &str| STATUSES.into_iter().find(|status| *status == text);
    let status = list.parsed("status", parse_status, &format!("one of {}", STATUSES.join(", ")))?;
    let app_id = list.parsed("app", parse_uuid, "a UUID")?;
    let email = list.filter("email");

    let state = server.state();
    let apps = state.tenants[place.caller.tenant]
        .reachable(&place.caller.access)
        .filter(|(app, _)| app_id.is_none_or(|id| app.id == id));
    let accounts = apps.flat_map(|(app, types)| {
        let slugs = types.iter().filter(|known| known.kind == Kind::Account);
        slugs.flat_map(move |known| app.records.get(&known.slug).into_iter().flatten().map(move |held| (app, held.1)))
    });
    let wanted = accounts.filter(|(_, account)| {
        status.is_none_or(|status| account.lighthouse_status() == status)
            && email.is_none_or(|email| account.email() == Some(email))
    });
    Ok(Answer(list.frame(&wanted.collect::<Vec<_>>(), PAGE_SIZE, |(app, account)| {
        json!({
            "external_uuid": account.lighthouse_uuid(),
            "email": account.email(),
            "status": account.lighthouse_status(),
            "app": app.lighthouse_json(),
        })
    })))
}
