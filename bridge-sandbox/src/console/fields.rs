use std::convert::Infallible;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{StatusCode, header, request};
use tokio::time::timeout;

use super::answer::Problem;

/// The largest form that is read. A custom fault with a body needs some space; nothing needs more.
const LARGEST_FORM: usize = 1024 * 1024;
/// How long a form may take to arrive.
const LONGEST: Duration = Duration::from_secs(30);

/// What a query or a form says. A name may stand several times.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The field's first value without blanks at its ends; empty where there is none.
    pub(super) fn get(&self, name: &'static str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// The field's first value as it came: ids and keys may have blanks.
    pub(super) fn exact(&self, name: &'static str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// All values of the field.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box with this name was ticked, or a button with this name pressed.
    pub(super) fn has(&self, name: &'static str) -> bool {
        self.all(name).next().is_some()
    }
}

/// The query.
impl<S: Sync> FromRequestParts<S> for Fields {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default().as_bytes()))
    }
}

/// A form that was sent, of up to so many bytes.
pub(super) struct Posted<const MOST: usize = LARGEST_FORM>(pub(super) Fields);

impl<S: Sync, const MOST: usize> FromRequest<S> for Posted<MOST> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The console reads forms only",
                format!(
                    "Expected `application/x-www-form-urlencoded`, got `{kind}`. To send JSON, use the Bridge API."
                ),
            ));
        }
        let late =
            |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "The form is late", "It did not arrive in 30 seconds.");
        let body = timeout(LONGEST, to_bytes(request.into_body(), MOST)).await.map_err(late)?.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The form is too large",
                format!("This form may have up to {MOST} bytes."),
            )
        })?;
        Ok(Self(Fields::parse(&body)))
    }
}
