use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::place::Place;
use super::sent::Json;
use crate::error::Refusal;
use crate::server::Server;
use crate::validate::{NewType, display_name_only};

/// `POST …/resource-types/`
pub(crate) async fn register(
    State(server): State<Arc<Server>>,
    place: Place,
    Json(body): Json,
) -> Result<(StatusCode, Answer<Value>), Refusal> {
    let mut state = server.state();
    let mut scope = place.scope(&mut state)?;
    let new = NewType::read(&body)?;
    let registered = scope.register(new.slug, new.name, new.kind)?;
    Ok((StatusCode::CREATED, Answer(registered.json())))
}

/// `PATCH …/resource-types/{slug}/`
pub(crate) async fn rename(
    State(server): State<Arc<Server>>,
    place: Place,
    Json(body): Json,
) -> Result<Answer<Value>, Refusal> {
    let mut state = server.state();
    let mut scope = place.scope(&mut state)?;
    let name = display_name_only(&body)?;
    Ok(Answer(scope.rename(place.slug(), name)?.json()))
}
