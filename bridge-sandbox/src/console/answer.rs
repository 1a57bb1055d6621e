use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, Place};

/// What a page's handler returns.
pub(super) type Answer = Result<Response, Problem>;

/// A page, with status 200.
pub(super) fn page(page: &impl Template) -> Answer {
    render(StatusCode::OK, page)
}

/// A page with another status.
pub(super) fn render(status: StatusCode, page: &impl Template) -> Answer {
    let body = page.render().map_err(|error| {
        let words =
            format!("{error}. This is a mistake in the console: please report it with the address of the page.");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The page cannot be written", words)
    })?;
    Ok((status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response())
}

/// Sends the browser to another page, after a form: reloading that page sends nothing again.
pub(super) fn see(link: &str) -> Response {
    let location = HeaderValue::from_str(link).unwrap_or_else(|_| HeaderValue::from_static(super::links::HOME));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// A request that ends with an error, in the same frame as every page.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    problem: &'a Problem,
}

impl Problem {
    /// `words` say what was expected, what came, and what to do.
    pub(super) fn new(status: StatusCode, title: &'static str, words: impl Into<String>) -> Self {
        Self { status, title, words: words.into() }
    }

    /// 404: the address names something that is not there.
    pub(super) fn not_found(what: &'static str, words: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, what, words)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let frame = Frame::new(self.title, Place::Nowhere).still();
        match (ProblemPage { frame, problem: &self }).render() {
            Ok(body) => (self.status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response(),
            Err(_) => (self.status, self.words).into_response(),
        }
    }
}
