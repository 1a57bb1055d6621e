use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::place::Place;
use super::sent::{Json, Nothing};
use crate::error::Refusal;
use crate::server::Server;

/// `POST …/sync/`
pub(crate) async fn start(
    State(server): State<Arc<Server>>,
    place: Place,
    _: Nothing,
) -> Result<(StatusCode, Answer<Value>), Refusal> {
    let sync = place.scope(&mut server.state())?.start_sync()?;
    Ok((StatusCode::CREATED, Answer(json!({ "sync_id": sync }))))
}

/// `PUT …/sync/{sync_id}/{slug}/`
pub(crate) async fn push(
    State(server): State<Arc<Server>>,
    place: Place,
    Json(body): Json,
) -> Result<Answer<Value>, Refusal> {
    let mut state = server.state();
    let counts = place.scope(&mut state)?.push(place.sync()?, place.slug(), body)?;
    let updated = counts.total - counts.created;
    Ok(Answer(json!({ "total": counts.total, "created": counts.created, "updated": updated })))
}

/// `GET …/sync/{sync_id}/`
pub(crate) async fn progress(State(server): State<Arc<Server>>, place: Place) -> Result<Answer<Value>, Refusal> {
    let mut state = server.state();
    Ok(Answer(place.scope(&mut state)?.progress(place.sync()?)?))
}

/// `POST …/sync/{sync_id}/complete/`
pub(crate) async fn complete(
    State(server): State<Arc<Server>>,
    place: Place,
    _: Nothing,
) -> Result<StatusCode, Refusal> {
    let mut state = server.state();
    place.scope(&mut state)?.complete(place.sync()?)?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST …/sync/{sync_id}/abandon/`
pub(crate) async fn abandon(
    State(server): State<Arc<Server>>,
    place: Place,
    _: Nothing,
) -> Result<StatusCode, Refusal> {
    let mut state = server.state();
    place.scope(&mut state)?.abandon(place.sync()?)?;
    Ok(StatusCode::NO_CONTENT)
}
