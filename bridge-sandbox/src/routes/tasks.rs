use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde_json::Value;

use super::list::List;
use super::place::Place;
use super::sent::Json;
use crate::error::Refusal;
use crate::server::Server;
use crate::state::task::TaskStatus;
use crate::validate::Report;

/// `GET …/tasks/`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    place: Place,
    list: List,
) -> Result<Answer<Value>, Refusal> {
    list.warn_beside(&server, &["status"]);
    let mut state = server.state();
    let scope = place.scope(&mut state)?;
    let status = list.parsed("status", TaskStatus::parse, &format!("one of {}", TaskStatus::NAMES))?;
    let now = scope.clock.now();
    let wanted = scope.tasks().filter(|task| status.is_none_or(|status| task.status(now) == status));
    Ok(Answer(list.frame(&wanted.collect::<Vec<_>>(), scope.assumptions.task_page_size, |task| task.json(now))))
}

/// `GET …/tasks/{task_id}/`
pub(crate) async fn detail(State(server): State<Arc<Server>>, place: Place) -> Result<Answer<Value>, Refusal> {
    let mut state = server.state();
    let scope = place.scope(&mut state)?;
    Ok(Answer(scope.task(place.task()?)?.json(scope.clock.now())))
}

/// `PATCH …/tasks/{task_id}/status/`
pub(crate) async fn report(
    State(server): State<Arc<Server>>,
    place: Place,
    Json(body): Json,
) -> Result<Answer<Value>, Refusal> {
    let mut state = server.state();
    let mut scope = place.scope(&mut state)?;
    let id = place.task()?;
    scope.task(id)?;
    let report = Report::read(&body)?;
    let now = scope.clock.now();
    Ok(Answer(scope.report(id, report)?.json(now)))
}
