//! What connectors sent, and what they were answered.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::answer::{Answer, Problem, page, see};
use super::fields::Fields;
use super::frame::{Frame, Place};
use super::pager::Pager;
use super::{Console, count, links};
use crate::changes::Topic;
use crate::view::{RequestQuery, RequestSummary, RequestView};
use crate::{secrets, shown};

const ON_A_PAGE: usize = 50;
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "PATCH"];
/// What one can filter by: how a status begins, and what that means.
const STATUSES: [(&str, &str); 5] =
    [("2", "2xx: done"), ("4", "4xx: refused"), ("429", "429: too many"), ("5", "5xx: failed"), ("none", "no answer")];

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage {
    frame: Frame,
    now: Timestamp,
    query: RequestQuery,
    requests: Vec<RequestSummary>,
    pager: Pager,
    base_url: String,
}

impl RequestsPage {
    /// Whether something is looked for.
    fn is_filtered(&self) -> bool {
        !(self.query.method.is_empty() && self.query.path.is_empty() && self.query.status.is_empty())
    }
}

#[derive(Template)]
#[template(path = "request.html")]
struct RequestPage {
    frame: Frame,
    now: Timestamp,
    request: RequestView,
}

pub(super) async fn list(State(console): State<Arc<Console>>, fields: Fields) -> Answer {
    let pager = Pager::read(links::REQUESTS.to_owned(), &fields, &["method", "path", "status"], ON_A_PAGE);
    let query = RequestQuery {
        method: fields.get("method").to_owned(),
        path: fields.get("path").to_owned(),
        status: fields.get("status").to_owned(),
        offset: pager.offset,
        limit: pager.limit,
    };
    let found = console.server.log().find(&query);
    page(&RequestsPage {
        frame: Frame::new("Requests", Place::Requests),
        now: console.now(),
        query,
        requests: found.items,
        pager: pager.of(found.total),
        base_url: console.base_url(),
    })
}

pub(super) async fn clear(State(console): State<Arc<Console>>) -> Response {
    console.server.log().clear();
    console.server.publish(Topic::Requests);
    see(links::REQUESTS)
}

pub(super) async fn show(State(console): State<Arc<Console>>, Path(number): Path<String>) -> Answer {
    let found = number.parse().ok().and_then(|number| console.server.log().get(number));
    let Some(request) = found else {
        let words = format!(
            "Request {number} never was, or is one of the old ones that are forgotten. The others stand at {}.",
            links::REQUESTS
        );
        return Err(Problem::not_found("There is no such request", words));
    };
    let title = format!("{} {}", request.method, request.path);
    page(&RequestPage { frame: Frame::new(&title, Place::Requests), now: console.now(), request })
}

/// A path with its long ids cut to their beginnings, for a line.
pub(crate) fn brief(path: &str) -> String {
    let part = |part: &str| if part.parse::<Uuid>().is_ok() { part.chars().take(8).collect() } else { part.to_owned() };
    shown::line(&path.split('/').map(part).collect::<Vec<String>>().join("/"))
}

/// A body for reading: JSON is indented, and secrets are hidden.
pub(crate) fn body(text: &str) -> String {
    match serde_json::from_str(text) {
        Ok(value) => shown::json(&value),
        Err(_) if secrets::may_be_in(text) => "Hidden: this is not valid JSON, and it may hold a password.".to_owned(),
        Err(_) => shown::block(text),
    }
}

/// A size in words, and whether all of it is kept.
pub(crate) fn size(kept: &str, bytes: &usize) -> String {
    let all = if kept.len() < *bytes { ", of which the beginning is kept" } else { "" };
    format!("{} bytes{all}", count::grouped(bytes))
}

/// How long an answer took.
pub(crate) fn took(took: &Option<Duration>) -> String {
    match took {
        None => "–".to_owned(),
        Some(took) if *took < Duration::from_millis(1) => "< 1 ms".to_owned(),
        Some(took) => format!("{} ms", count::grouped(&usize::try_from(took.as_millis()).unwrap_or(usize::MAX))),
    }
}

/// The status of an answer, or that there is none.
pub(crate) fn status(status: &Option<u16>) -> String {
    status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
}
