use std::convert::Infallible;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::{StatusCode, header, request};

use super::answer::Problem;

/// The largest form that is read. A custom fault with a body needs some space; nothing needs more.
const LARGEST_FORM: usize = 1024 * 1024;

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

/// A form that was sent.
pub(super) struct Posted(pub(super) Fields);

impl<S: Sync> FromRequest<S> for Posted {
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
        let body = to_bytes(request.into_body(), LARGEST_FORM).await.map_err(|_| {
            Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The form is too large",
                format!("The console reads forms of up to {LARGEST_FORM} bytes."),
            )
        })?;
        Ok(Self(Fields::parse(&body)))
    }
}
