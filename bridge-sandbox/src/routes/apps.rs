use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

use super::place::Place;
use super::sent::Json;
use crate::error::Refusal;
use crate::key::Access;
use crate::server::Server;
use crate::validate::NewApp;

/// `POST api/v1/bridge/apps/`
pub(crate) async fn create(
    State(server): State<Arc<Server>>,
    place: Place,
    Json(body): Json,
) -> Result<(StatusCode, Answer<Value>), Refusal> {
    if let Access::Only(_) = place.caller.access {
        return Err(Refusal::forbidden("this API key is limited to certain apps and cannot create one"));
    }
    let new = NewApp::read(&body)?;
    let mut state = server.state();
    let app = state.create_app(place.caller.tenant, &place.caller.access, new.name, new.clone_from)?;
    Ok((StatusCode::CREATED, Answer(app.json())))
}
