//! What an answer means: for a reader, whether to come back; for a task, whether anything happened.

use std::time::Duration;

use iden_bridge::{BridgeError, SourceError};
use reqwest::{Response, StatusCode};

#[derive(Debug, BridgeError, thiserror::Error)]
pub enum ApiError {
    #[error("there is no such user")]
    #[bridge(code = "account_not_found")]
    NotFound,

    #[error("the directory has such a user already: {0}")]
    #[bridge(code = "account_already_exists")]
    Exists(String),

    #[error("the directory does not take it: {0}")]
    #[bridge(code = "invalid_payload")]
    Refused(String),

    #[error("a user needs a value in `{0}`")]
    #[bridge(code = "invalid_payload")]
    Missing(&'static str),

    #[error("`{0}` cannot be changed here")]
    #[bridge(code = "unsupported_change")]
    Unsupported(String),

    #[error("the directory refuses the token: check REST_PAGED_TOKEN")]
    #[bridge(code = "permission_denied")]
    Token,

    /// It says so instead of doing anything.
    #[error("the directory asks to come back later")]
    #[bridge(code = "rate_limited", retry)]
    Busy(Option<Duration>),

    /// No connection, so the request never left.
    #[error("the directory cannot be reached")]
    #[bridge(code = "external_system_error", retry)]
    Unreachable(#[source] reqwest::Error),

    /// It may have done what was asked and broken afterwards.
    #[error("the directory answered {0}")]
    #[bridge(code = "external_system_error", unknown)]
    Broken(StatusCode),

    /// The request may have arrived: a time-out, a connection that broke.
    #[error("the directory's answer was lost or is not understood")]
    #[bridge(code = "external_system_error", unknown)]
    Lost(#[source] reqwest::Error),
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() { ApiError::Unreachable(error) } else { ApiError::Lost(error) }
    }
}

impl ApiError {
    /// The answer, if it is one of success.
    pub async fn check(answer: Response) -> Result<Response, ApiError> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let retry_after = answer.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
        let message = async || match answer.json::<serde_json::Value>().await {
            Ok(body) => body["message"].as_str().unwrap_or("no reason given").to_owned(),
            Err(_) => "no reason given".to_owned(),
        };
        Err(match status {
            StatusCode::NOT_FOUND => ApiError::NotFound,
            StatusCode::CONFLICT => ApiError::Exists(message().await),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => ApiError::Refused(message().await),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ApiError::Token,
            StatusCode::TOO_MANY_REQUESTS => ApiError::Busy(retry_after.map(Duration::from_secs)),
            other => ApiError::Broken(other),
        })
    }

    /// The same for a reader: when the directory says how long to wait, that long is waited before a page is asked for
    /// again.
    pub fn reading(self) -> SourceError {
        match self {
            ApiError::Busy(after) => SourceError::busy(after, self),
            other => other.into(),
        }
    }
}
