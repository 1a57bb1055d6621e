use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::error::Refusal;
use crate::validate::nothing;

/// A body that is JSON and says so.
pub(crate) struct Json(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for Json {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        check_content_type(request.headers())?;
        let body = read(request.into_body()).await?;
        let value = serde_json::from_slice(&body);
        value.map(Json).map_err(|error| Refusal::bad_request(format!("the body is not valid JSON: {error}")))
    }
}

/// No body. An empty object counts as none.
pub(crate) struct Nothing;

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        nothing(&read(request.into_body()).await?).map(|()| Nothing)
    }
}

/// The gate has read the body and knows that it is not too large.
async fn read(body: Body) -> Result<Bytes, Refusal> {
    let bytes = axum::body::to_bytes(body, usize::MAX).await;
    bytes.map_err(|error| Refusal::bad_request(format!("the body cannot be read: {error}")))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    if essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) {
        return Ok(());
    }
    let detail = format!("the content type must be application/json, not {}", content_type.unwrap_or("left out"));
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}
